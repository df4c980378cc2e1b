// The folder of one training run: config.json, metrics.jsonl, model.safetensors, report.html.
import { access, appendFile, constants, mkdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { OptimizerName } from './models.ts'
import { UserError } from './userError.ts'

export interface RunConfig {
  model: string
  data: string
  epochs: number
  batchSize: number
  optimizer: OptimizerName
  lr: number
  seed: number
  kindling: string
  node: string
  started: string
}

/** One line of metrics.jsonl. */
export interface EpochMetrics {
  epoch: number
  trainLoss: number
  trainAccuracy: number
  testAccuracy: number
  seconds: number
  imagesPerSecond: number
}

export class RunFolder {
  readonly path: string
  constructor(path: string) {
    this.path = resolve(path)
  }
  file(name: 'config.json' | 'metrics.jsonl' | 'model.safetensors' | 'optimizer.safetensors' | 'report.html'): string {
    return join(this.path, name)
  }

  /** Makes the folder. Throws UserError where that is not possible, or where it already holds a run that would be overwritten. */
  async create(config: RunConfig): Promise<void> {
    if (existsSync(this.file('config.json'))) {
      throw new UserError(`${this.path} already holds a run; choose another folder with --out, or continue it with --resume`)
    }
    try {
      await mkdir(this.path, { recursive: true })
      await access(this.path, constants.W_OK)
      await writeFile(this.file('config.json'), `${JSON.stringify(config, null, 2)}\n`)
      await writeFile(this.file('metrics.jsonl'), '')
    } catch (error) {
      throw new UserError(`cannot write into ${this.path}: ${(error as Error).message}`)
    }
  }

  async append(metrics: EpochMetrics): Promise<void> {
    await appendFile(this.file('metrics.jsonl'), `${JSON.stringify(metrics)}\n`)
  }

  async config(): Promise<RunConfig> {
    return JSON.parse(await this.read('config.json')) as RunConfig
  }
  async metrics(): Promise<EpochMetrics[]> {
    const lines = (await this.read('metrics.jsonl')).split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as EpochMetrics)
  }
  private async read(name: 'config.json' | 'metrics.jsonl'): Promise<string> {
    try {
      return await readFile(this.file(name), 'utf8')
    } catch {
      throw new UserError(`${this.path} is no run folder: it has no ${name}`)
    }
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
