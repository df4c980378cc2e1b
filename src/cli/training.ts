// Training into a run folder: epochs with progress, a checkpoint after each, Ctrl-C, resume, and the report at the end.
import * as torch from '../index.ts'
import { F, type nn } from '../index.ts'
import { DataLoader } from '../data/index.ts'
import type { ImageDataset } from '../vision/index.ts'
import { dataTitle, type ModelName, type OptimizerName, recipes } from './catalog.ts'
import { loadCheckpoint, type Progress, type RandomStates, saveCheckpoint, startOf } from './checkpoint.ts'
import { checkData, openData } from './data.ts'
import { accuracyOn, countRight } from './evaluate.ts'
import { formatSeconds, grouped, percent } from './format.ts'
import { type Interrupt, listenForInterrupt } from './interrupt.ts'
import { buildModel, initialize, makeOptimizer, type Optimizer, resizedShape, sideOf } from './models.ts'
import { ProgressBar } from './progress.ts'
import { writeReport } from './report.ts'
import { type EpochMetrics, freshFolder, type RunConfig, RunFolder } from './runFolder.ts'
import { UserError } from './userError.ts'

export interface StartOptions {
  data: string
  epochs?: number
  batchSize?: number
  optimizer?: OptimizerName
  lr?: number
  side?: number
  seed: number
  out?: string
}

interface Run {
  readonly folder: RunFolder
  readonly config: RunConfig
  readonly net: nn.Sequential
  readonly optimizer: Optimizer
  readonly data: { train: ImageDataset; test: ImageDataset }
  /** Where to begin; with random states where that is a checkpoint's. */
  readonly progress: Progress
  readonly random?: RandomStates
}

/** A new run. Whatever goes wrong before the first checkpoint leaves no folder behind. */
export async function startRun(model: ModelName, options: StartOptions): Promise<void> {
  const recipe = recipes[model]
  const optimizerName = options.optimizer ?? recipe.optimizer
  const folder = new RunFolder(options.out ?? freshFolder(model))
  const source = checkData(options.data)
  const side = options.side ?? recipe.side
  const data = await openData(source, side)
  const config: RunConfig = {
    model,
    data: source,
    classes: data.train.classes,
    epochs: options.epochs ?? recipe.epochs,
    batchSize: options.batchSize ?? recipe.batchSize,
    optimizer: optimizerName,
    lr: options.lr ?? (optimizerName === recipe.optimizer ? recipe.lr : recipe.otherLr),
    side,
    seed: options.seed,
    kindling: torch.version,
    node: process.versions.node,
    started: new Date().toISOString(),
  }
  torch.manualSeed(config.seed)
  const net = buildModel(model, resizedShape(side), config.classes.length)
  initialize(net)
  const optimizer = makeOptimizer(optimizerName, net, config.lr)
  await folder.create(config)
  try {
    await train({ folder, config, net, optimizer, data, progress: startOf(1) })
  } catch (error) {
    if (!folder.has('checkpoint')) folder.discard()
    throw error
  }
}

/** Goes on with a run from its checkpoint: the result is that of a run that never stopped. */
export async function resumeRun(path: string, epochs: number | undefined): Promise<void> {
  const folder = new RunFolder(path)
  const saved = await folder.config()
  const config = { ...saved, epochs: epochs ?? saved.epochs }
  if (!Object.hasOwn(recipes, config.model)) throw new UserError(`${folder.path}: unknown model '${config.model}'`)
  const net = buildModel(config.model, resizedShape(sideOf(config)), config.classes.length)
  const optimizer = makeOptimizer(config.optimizer, net, config.lr)
  const { progress, random } = await loadCheckpoint(folder, net, optimizer)
  if (progress.epoch > config.epochs) {
    const done = progress.epoch - 1
    throw new UserError(`${folder.path} has finished its ${done} epochs\n  help: add some with --epochs ${done + 4}`)
  }
  const data = await openData(checkData(config.data), sideOf(config))
  // Lines of epochs that the checkpoint does not know yet are made again.
  await folder.writeMetrics((await folder.metrics()).filter(({ epoch }) => epoch < progress.epoch))
  await folder.writeConfig(config)
  await train({ folder, config, net, optimizer, data, progress, random })
}

async function train(run: Run): Promise<void> {
  const { folder, config, net, optimizer, data } = run
  const interrupt = listenForInterrupt(() => {
    if (!folder.has('checkpoint')) folder.discard()
  })
  process.stdout.write(
    `${recipes[config.model].title} on ${dataTitle(config.data)}: ${grouped(data.train.length)} images${resizedText(config)}, ` +
      `epochs ${run.progress.epoch} to ${config.epochs}, batch ${config.batchSize}, ` +
      `${config.optimizer} lr ${config.lr}, seed ${config.seed}\n`,
  )
  const began = performance.now()
  let progress = run.progress
  // A stop at the beginning of an epoch has no order of images yet: it starts from the random numbers of now.
  let random = run.random
  if (random !== undefined) torch.setRngState(progress.steps > 0 ? random.epoch : random.now)
  try {
    while (progress.epoch <= config.epochs) {
      const { epoch } = progress
      const pass = await trainEpoch(run, progress, random, interrupt)
      if (pass.interrupted) {
        await saveCheckpoint(folder, config, net, optimizer, pass.progress, pass.random)
        return stopped(folder, `stopped in epoch ${epoch}, at ${grouped(pass.progress.seen)} images`)
      }
      const { seen, lossSum, correct, seconds } = pass.progress
      const metrics: EpochMetrics = {
        epoch,
        trainLoss: lossSum / seen,
        trainAccuracy: correct / seen,
        testAccuracy: await accuracyOn(net, data.test),
        seconds,
        imagesPerSecond: seen / seconds,
      }
      await folder.append(metrics)
      progress = startOf(epoch + 1)
      random = undefined
      const now = torch.getRngState()
      await saveCheckpoint(folder, config, net, optimizer, progress, { epoch: now, now })
      process.stdout.write(
        `epoch ${epoch}/${config.epochs}: loss ${metrics.trainLoss.toFixed(4)}, train ${percent(metrics.trainAccuracy)}, ` +
          `test ${percent(metrics.testAccuracy)}, ${seconds.toFixed(1)} s, ${grouped(metrics.imagesPerSecond)} images/s\n`,
      )
      if (interrupt.requested && epoch < config.epochs) return stopped(folder, `stopped after epoch ${epoch}`)
    }
    await writeReport(folder, net, data.test)
    const spent = formatSeconds((performance.now() - began) / 1000)
    process.stdout.write(`done in ${spent}\nreport: ${folder.file('report')}\n`)
  } finally {
    interrupt.stop()
  }
}

const resizedText = (config: RunConfig): string =>
  config.side === undefined || config.side === sideOf({}) ? '' : ` of ${config.side} x ${config.side}`

function stopped(folder: RunFolder, where: string): void {
  process.stdout.write(
    `${where}; saved in ${folder.path}\ngo on with: kindling train --resume ${shellWord(folder.path)}\n`,
  )
  process.exitCode = 130
}

const shellWord = (text: string): string => (/^[\w./:\\-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

interface Pass {
  interrupted: boolean
  progress: Progress
  random: RandomStates
}

/**
 * The rest of an epoch from `from` on. The loader draws the epoch's order anew from the random state that it began with, so the
 * steps that are done already are passed over. Throws UserError when the loss is no number any more.
 */
async function trainEpoch(run: Run, from: Progress, saved: RandomStates | undefined, stop: Interrupt): Promise<Pass> {
  const { net, optimizer, config, data } = run
  const title = `epoch ${from.epoch}/${config.epochs}`
  const bar = new ProgressBar(title)
  const began = performance.now()
  const atStart = torch.getRngState()
  const progress = { ...from }
  let step = 0
  net.train()
  for await (const [images, labels] of new DataLoader(data.train, { batchSize: config.batchSize, shuffle: true })) {
    if (step++ < from.steps) continue
    if (step === from.steps + 1 && from.steps > 0 && saved !== undefined) torch.setRngState(saved.now)
    optimizer.zeroGrad()
    const scores = net(images)
    const loss = F.crossEntropy(scores, labels)
    const value = loss.item()
    if (!Number.isFinite(value)) {
      bar.clear()
      throw new UserError(lossMessage(run, title, value, progress))
    }
    loss.backward()
    optimizer.step()
    progress.steps = step
    progress.seen += labels.length
    progress.lossSum += value * labels.length
    progress.correct += countRight(scores, labels)
    progress.seconds = from.seconds + (performance.now() - began) / 1000
    bar.update({
      done: progress.seen,
      total: data.train.length,
      loss: progress.lossSum / progress.seen,
      accuracy: progress.correct / progress.seen,
      imagesPerSecond: progress.seen / progress.seconds,
    })
    if (stop.requested) break
  }
  bar.clear()
  const interrupted = stop.requested && progress.seen < data.train.length
  return { interrupted, progress, random: { epoch: atStart, now: torch.getRngState() } }
}

function lossMessage({ folder, config }: Run, title: string, value: number, { seen }: Progress): string {
  const kept = folder.has('checkpoint') ? `\n  the model as it was saved last is in ${folder.path}` : ''
  return `${title}: the loss became ${value} after ${grouped(seen)} images${kept}\n  help: the steps are too large; try a smaller --lr (it is ${config.lr})`
}
