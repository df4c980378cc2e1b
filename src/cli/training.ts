// Training into a run folder: epochs with progress, a checkpoint after each, Ctrl-C, resume, early stopping, and the report at the end.
import { dirname } from 'node:path'
import * as torch from '../index.ts'
import type { nn } from '../index.ts'
import { BestModel } from './bestModel.ts'
import { dataTitle, type Recipe, recipes } from './catalog.ts'
import { loadCheckpoint, type Progress, type RandomStates, saveCheckpoint, startOf } from './checkpoint.ts'
import { checkData, openData, type RunData } from './data.ts'
import { useDevice } from './device.ts'
import { trainEpoch } from './epoch.ts'
import { measure, predictAll, summarize } from './evaluate.ts'
import { formatSeconds, grouped, percent } from './format.ts'
import { listenForInterrupt } from './interrupt.ts'
import { initialize, makeOptimizer, modelOf, type Optimizer, sideOf } from './models.ts'
import { writeReport } from './report.ts'
import { makeSchedule, type Schedule } from './schedule.ts'
import { type EpochMetrics, freshFolder, type RunConfig, RunFolder, type RunResult } from './runFolder.ts'
import type { RunSettings } from './settings.ts'
import { UserError } from './userError.ts'

export interface Run {
  readonly folder: RunFolder
  readonly config: RunConfig
  readonly net: nn.Sequential
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  readonly best: BestModel
  readonly data: RunData
  /** Where to begin; with random states where that is a checkpoint's. */
  readonly progress: Progress
  readonly random?: RandomStates
}

/** What config.json of a new run says, but for the classes, which the data decide. Throws UserError where there are no such data. */
export function describe(settings: RunSettings): Omit<RunConfig, 'classes'> {
  return {
    ...settings,
    data: checkData(settings.data),
    kindling: torch.version,
    node: process.versions.node,
    started: new Date().toISOString(),
  }
}

/** A new run; null where it was stopped. Whatever goes wrong before the first checkpoint leaves no folder behind. */
export async function startRun(settings: RunSettings, out?: string): Promise<void> {
  const config = describe(settings)
  await begin(new RunFolder(out ?? freshFolder(config.model)), config)
}

/** The same into a folder that is known, for one fold of several. */
export async function begin(folder: RunFolder, described: Omit<RunConfig, 'classes'>): Promise<RunResult | null> {
  await useDevice(described.device)
  const data = await openData(described)
  const config = { ...described, classes: data.train.classes }
  torch.manualSeed(config.seed)
  const net = modelOf(config)
  initialize(net, (recipes[config.model] as Recipe).std)
  const optimizer = makeOptimizer(config, net)
  await folder.create(config)
  try {
    const schedule = makeSchedule(config, optimizer, 1)
    return await train({ folder, config, net, optimizer, schedule, best: new BestModel(), data, progress: startOf(1) })
  } catch (error) {
    if (!folder.has('checkpoint')) folder.discard()
    throw error
  }
}

/** Goes on with a run from its checkpoint, perhaps for more epochs: the result is that of a run that never stopped. */
export async function resumeRun(folder: RunFolder, epochs: number | undefined): Promise<RunResult | null> {
  const saved = await folder.config()
  const config = { ...saved, epochs: epochs ?? saved.epochs }
  await useDevice(config.device)
  const net = modelOf(config)
  const optimizer = makeOptimizer(config, net)
  const best = new BestModel()
  const { progress, random } = await loadCheckpoint({ folder, net, optimizer, best })
  const done = progress.epoch - 1
  if (folder.has('result') && isOver(config, best, progress)) {
    throw new UserError(
      done < config.epochs
        ? `${folder.path} has stopped after ${done} epochs, the last ${config.patience} of them without a better model`
        : `${folder.path} has finished its ${done} epochs\n  help: add some with --epochs ${done + 4}`,
    )
  }
  const data = await openData({ ...config, data: checkData(config.data) })
  folder.reopen()
  // Lines of epochs that the checkpoint does not know yet are made again.
  await folder.writeMetrics((await folder.metrics()).filter(({ epoch }) => epoch < progress.epoch))
  await folder.writeConfig(config)
  const schedule = makeSchedule(config, optimizer, progress.epoch)
  return await train({ folder, config, net, optimizer, schedule, best, data, progress, random })
}

/** Whether an epoch that is at its beginning comes after the last one. */
const isOver = ({ epochs, patience }: RunConfig, best: BestModel, { epoch, steps }: Progress): boolean =>
  epoch > epochs || (steps === 0 && patience !== undefined && best.isStale(epoch - 1, patience))

/** null where the run was stopped. */
async function train(run: Run): Promise<RunResult | null> {
  const { folder, config, net, best, schedule } = run
  const interrupt = listenForInterrupt(() => {
    if (!folder.has('checkpoint')) folder.discard()
  })
  process.stdout.write(headline(run))
  const began = performance.now()
  let progress = run.progress
  // A stop at the beginning of an epoch has no order of images yet: it starts from the random numbers of now.
  let random = run.random
  if (random !== undefined) torch.setRngState(progress.steps > 0 ? random.epoch : random.now)
  try {
    while (!isOver(config, best, progress)) {
      const { epoch } = progress
      const pass = await trainEpoch(run, progress, random, interrupt)
      if (pass.interrupted) {
        await saveCheckpoint(run, pass.progress, pass.random)
        return stopped(run, `stopped in epoch ${epoch}, at ${grouped(pass.progress.seen)} images`)
      }
      const metrics = await measureEpoch(run, pass.progress)
      if (config.patience !== undefined) best.offer(epoch, metrics.validLoss as number, net)
      await folder.append(metrics)
      schedule.step()
      progress = startOf(epoch + 1)
      random = undefined
      const now = torch.getRngState()
      await saveCheckpoint(run, progress, { epoch: now, now })
      process.stdout.write(epochLine(config, metrics))
      if (interrupt.requested && !isOver(config, best, progress)) return stopped(run, `stopped after epoch ${epoch}`)
    }
    return await finish(run, progress.epoch - 1, began)
  } finally {
    interrupt.stop()
  }
}

async function measureEpoch({ net, optimizer, data }: Run, progress: Progress): Promise<EpochMetrics> {
  const { epoch, seen, lossSum, correct, seconds, layers } = progress
  const { loss, accuracy } = await measure(net, data.valid ?? data.test)
  return {
    epoch,
    lr: optimizer.paramGroups[0].lr,
    trainLoss: lossSum / seen,
    trainAccuracy: correct / seen,
    ...(data.valid ? { validLoss: loss, validAccuracy: accuracy } : { testLoss: loss, testAccuracy: accuracy }),
    seconds,
    imagesPerSecond: seen / seconds,
    layers,
  }
}

/** Measures the model that is kept, on images that decided nothing where there are some, and writes the report. */
async function finish(run: Run, epochs: number, began: number): Promise<RunResult> {
  const { folder, config, net, best, data } = run
  const keepsBest = best.epoch > 0
  if (keepsBest) net.loadStateDict(best.state)
  // Folds are compared by their own part: the test images wait for the model that is chosen.
  const held = config.fold === undefined ? null : data.valid
  const images = held === null ? 'test' : 'validation'
  const predictions = await predictAll(net, held ?? data.test)
  const seconds = (await folder.metrics()).reduce((sum, line) => sum + line.seconds, 0)
  const modelEpoch = keepsBest ? best.epoch : epochs
  const result: RunResult = { epochs, modelEpoch, images, ...summarize(predictions), seconds }
  await folder.writeResult(result)
  await writeReport(folder, net, held ?? data.test, predictions, result)
  if (keepsBest && modelEpoch < epochs) {
    const reason = epochs < config.epochs ? `no better model for ${config.patience} epochs: ` : ''
    process.stdout.write(`${reason}the model is that of epoch ${modelEpoch}\n`)
  }
  if (data.valid !== null) process.stdout.write(`${images} images: ${percent(result.accuracy)}\n`)
  const spent = formatSeconds((performance.now() - began) / 1000)
  process.stdout.write(`done in ${spent}\nreport: ${folder.file('report')}\n`)
  return result
}

function headline({ config, data, progress }: Run): string {
  const { width, valid, fold, schedule, momentum, weightDecay, dropout, augment, patience } = config
  const side = sideOf(config)
  const { train, available } = data
  const count = train.length < available ? `${grouped(train.length)} of ${grouped(available)}` : grouped(available)
  const parts = [
    `${recipes[config.model].title} on ${dataTitle(config.data)}: ${count} images${side === sideOf({}) ? '' : ` of ${side} x ${side}`}`,
    fold && `fold ${fold.index} of ${fold.of}`,
    (valid ?? fold) && `${grouped(data.valid?.length ?? 0)} to validate`,
    `epochs ${progress.epoch} to ${config.epochs}`,
    patience && `patience ${patience}`,
    `batch ${config.batchSize}`,
    `${config.optimizer} lr ${config.lr}`,
    schedule && schedule !== 'none' && `schedule ${schedule}`,
    momentum && `momentum ${momentum}`,
    weightDecay && `weight decay ${weightDecay}`,
    width && width !== 1 && `width ${width}`,
    dropout !== undefined && `dropout ${dropout}`,
    augment && 'augmented',
    `seed ${config.seed}`,
  ]
  const { quick, full }: Recipe = recipes[config.model]
  const isReduced = config.preset === 'quick' && (quick.limit !== undefined || quick.side !== full.side)
  const hint = isReduced ? "(the quick preset; --preset full has the book's settings, which take hours)\n" : ''
  return `${parts.filter((part) => typeof part === 'string').join(', ')}\n${hint}`
}

function epochLine({ epochs }: RunConfig, metrics: EpochMetrics): string {
  const { epoch, trainLoss, trainAccuracy, validAccuracy, testAccuracy, seconds, imagesPerSecond } = metrics
  const held =
    validAccuracy === undefined ? `test ${percent(testAccuracy as number)}` : `valid ${percent(validAccuracy)}`
  return (
    `epoch ${epoch}/${epochs}: loss ${trainLoss.toFixed(4)}, train ${percent(trainAccuracy)}, ${held}, ` +
    `${seconds.toFixed(1)} s, ${grouped(imagesPerSecond)} images/s\n`
  )
}

function stopped({ folder, config }: Run, where: string): null {
  const whole = config.fold === undefined ? folder.path : dirname(folder.path)
  process.stdout.write(`${where}; saved in ${folder.path}\ngo on with: kindling train --resume ${shellWord(whole)}\n`)
  process.exitCode = 130
  return null
}

const shellWord = (text: string): string => (/^[\w./:\\-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
