// One pass over the training images, or the rest of one.
import * as torch from '../index.ts'
import { F } from '../index.ts'
import { DataLoader } from '../data/index.ts'
import type { Progress, RandomStates } from './checkpoint.ts'
import { countRight } from './evaluate.ts'
import { grouped } from './format.ts'
import type { Interrupt } from './interrupt.ts'
import { watchLayers } from './layerSamples.ts'
import { ProgressBar } from './progress.ts'
import type { Run } from './training.ts'
import { UserError } from './userError.ts'

export interface Pass {
  interrupted: boolean
  progress: Progress
  random: RandomStates
}

/**
 * The rest of an epoch from `from` on. The loader draws the epoch's order anew from the random state that it began with, so the
 * steps that are done already are passed over. Throws UserError when the loss is no number any more.
 */
export async function trainEpoch(
  run: Run,
  from: Progress,
  saved: RandomStates | undefined,
  stop: Interrupt,
): Promise<Pass> {
  const { net, optimizer, config, data } = run
  const title = `epoch ${from.epoch}/${config.epochs}`
  const bar = new ProgressBar(title)
  const began = performance.now()
  const atStart = torch.getRngState()
  const progress = { ...from }
  let step = 0
  net.train()
  for await (const [images, labels] of new DataLoader(data.train, { batchSize: config.batchSize, shuffle: true })) {
    step++
    if (step <= from.steps) {
      // The next batch is loaded after this, and its images may be changed at random.
      if (step === from.steps && saved !== undefined) torch.setRngState(saved.now)
      continue
    }
    const layersOf = step === 1 ? watchLayers(net) : undefined
    optimizer.zeroGrad()
    const scores = net(images)
    const loss = F.crossEntropy(scores, labels)
    const value = loss.item()
    if (!Number.isFinite(value)) {
      bar.clear()
      throw new UserError(lossMessage(run, title, value, progress))
    }
    loss.backward()
    if (layersOf !== undefined) progress.layers = layersOf()
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
