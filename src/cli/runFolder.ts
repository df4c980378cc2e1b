// The folder of one training run: config.json, metrics.jsonl, result.json, model.safetensors, checkpoint.safetensors, report.html.
// A run of k folds has config.json, report.html, and a folder like this for each fold.
import { existsSync, rmdirSync, rmSync } from 'node:fs'
import { access, appendFile, constants, mkdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileWork, writeAtomic } from './files.ts'
import type { LayerSample } from './layerSamples.ts'
import type { RunSettings } from './settings.ts'
import { UserError } from './userError.ts'

/** config.json. */
export interface RunConfig extends RunSettings {
  /** Names of the classes, by label. */
  classes: readonly string[]
  /** Which of how many: its images to validate with are this part, from 1. */
  fold?: { index: number; of: number }
  kindling: string
  node: string
  started: string
}

/** One line of metrics.jsonl. Where images are held out to validate with, the test images wait for the end. */
export interface EpochMetrics {
  epoch: number
  lr: number
  /** Means over the epoch, taken while the model learns. */
  trainLoss: number
  trainAccuracy: number
  validLoss?: number
  validAccuracy?: number
  testLoss?: number
  testAccuracy?: number
  /** Of training, without the test. */
  seconds: number
  imagesPerSecond: number
  /** From the first batch of the epoch; runs of earlier versions have none. */
  layers?: readonly LayerSample[]
}

/** result.json: what came out in the end. */
export interface RunResult {
  /** Epochs done, and the one that the model is of. */
  epochs: number
  modelEpoch: number
  /** Of that model, on the images named. */
  images: 'test' | 'validation'
  loss: number
  accuracy: number
  seconds: number
}

/** result.json of a run of k folds. */
export interface FoldsResult {
  /** On the validation images of each fold. */
  accuracies: readonly number[]
  mean: number
  /** Standard deviation, with k - 1. */
  deviation: number
}

const files = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  model: 'model.safetensors',
  checkpoint: 'checkpoint.safetensors',
  report: 'report.html',
} as const
type FileKey = keyof typeof files

export class RunFolder {
  readonly path: string
  /** The topmost folder that `create` made. */
  private made: string | undefined

  constructor(path: string) {
    this.path = resolve(path)
  }
  file(key: FileKey): string {
    return join(this.path, files[key])
  }
  has(key: FileKey): boolean {
    return existsSync(this.file(key))
  }
  /** The folder of a fold, from 1. */
  fold(index: number): RunFolder {
    return new RunFolder(join(this.path, `fold-${index}`))
  }

  /** Makes the folder with config.json and no figures yet. Throws UserError where that is not possible or something would be overwritten. */
  async create(config: RunConfig): Promise<void> {
    const taken = (Object.keys(files) as FileKey[]).find((key) => this.has(key))
    if (taken !== undefined) {
      const advice = this.has('checkpoint') ? `, or go on with it: kindling train --resume ${this.path}` : ''
      throw new UserError(
        `--out: ${this.path} already holds a run (${files[taken]})\n  help: choose another folder${advice}`,
      )
    }
    await fileWork(`--out: cannot write into ${this.path}`, async () => {
      this.made = await makeFolder(this.path)
      await access(this.path, constants.W_OK)
    })
    try {
      await this.writeConfig(config)
      if (config.kFold === undefined || config.fold !== undefined) await this.writeMetrics([])
    } catch (error) {
      this.discard()
      throw error
    }
  }

  /** Takes back what `create` made, where the run came to nothing. */
  discard(): void {
    for (const key of ['config', 'metrics'] as const) rmSync(this.file(key), { force: true })
    const top = this.made
    try {
      for (let path = this.path; top !== undefined && path.length >= top.length; path = dirname(path)) rmdirSync(path)
    } catch {
      // Someone else's files are in it: it stays.
    }
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeAtomic(this.file('config'), `${JSON.stringify(config, null, 2)}\n`)
  }
  async writeMetrics(metrics: readonly EpochMetrics[]): Promise<void> {
    await writeAtomic(this.file('metrics'), metrics.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
  async append(metrics: EpochMetrics): Promise<void> {
    await fileWork(`cannot write ${this.file('metrics')}`, () =>
      appendFile(this.file('metrics'), `${JSON.stringify(metrics)}\n`),
    )
  }

  async writeResult(result: RunResult | FoldsResult): Promise<void> {
    await writeAtomic(this.file('result'), `${JSON.stringify(result, null, 2)}\n`)
  }
  /** Takes the end of a run back, where it goes on. */
  reopen(): void {
    for (const key of ['result', 'report'] as const) rmSync(this.file(key), { force: true })
  }

  /** Throws UserError where there is no run, or its config.json is damaged. */
  async config(): Promise<RunConfig> {
    const text = await this.read('config')
    const parsed = parse(text)
    if (parsed === null || typeof parsed !== 'object' || !('model' in parsed) || !('data' in parsed)) {
      throw new UserError(`${this.file('config')} is damaged: it does not describe a run`)
    }
    return parsed as RunConfig
  }
  /** The epochs so far; a last line that was cut off is left out. */
  async metrics(): Promise<EpochMetrics[]> {
    const lines = (await this.read('metrics')).split('\n').filter((line) => line !== '')
    return lines.map(parse).filter((line): line is EpochMetrics => line !== null)
  }
  /** null for a run that has not come to its end. */
  async result(): Promise<RunResult | null> {
    return this.has('result') ? (parse(await this.read('result')) as RunResult | null) : null
  }
  private async read(key: FileKey): Promise<string> {
    if (!this.has(key)) throw new UserError(`${this.path} is no run folder: it has no ${files[key]}`)
    return await fileWork(`cannot read ${this.file(key)}`, () => readFile(this.file(key), 'utf8'))
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** `runs/lenet`, `runs/lenet-2`, ...: the first that does not exist. */
export function freshFolder(model: string, root = 'runs'): string {
  const first = join(root, model)
  for (let k = 1; ; k++) {
    const path = k === 1 ? first : `${first}-${k}`
    if (!existsSync(path)) return path
  }
}

/**
 * Makes a folder and those above it that are missing; gives the topmost one made, undefined where all were there.
 * Not `mkdir` with `recursive`, which tries for ever where the system refuses with ENOENT, as in /proc.
 */
async function makeFolder(path: string): Promise<string | undefined> {
  if (existsSync(path)) return undefined
  const above = await makeFolder(dirname(path))
  await mkdir(path)
  return above ?? path
}
