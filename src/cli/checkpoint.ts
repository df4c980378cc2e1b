// What a run needs to go on as if it had never stopped: weights, the best weights, optimizer state, random numbers, and the place in the epoch.
// It is one file, so that its parts always belong together; model.safetensors beside it is the weights alone.
import { readFile } from 'node:fs/promises'
import * as torch from '../index.ts'
import type { optim } from '../index.ts'
import { decodeSafetensors } from '../io/index.ts'
import { fileWork } from './files.ts'
import type { LayerSample } from './layerSamples.ts'
import type { Run } from './training.ts'
import { UserError } from './userError.ts'

/** How far an epoch has come; `steps` 0 is its beginning. */
export interface Progress {
  epoch: number
  steps: number
  seen: number
  lossSum: number
  correct: number
  seconds: number
  layers: readonly LayerSample[]
}

export const startOf = (epoch: number): Progress => {
  return { epoch, steps: 0, seen: 0, lossSum: 0, correct: 0, seconds: 0, layers: [] }
}

/** Random states: when the epoch began (its order of images is drawn then), and now. */
export interface RandomStates {
  epoch: torch.Tensor
  now: torch.Tensor
}

/** The parts of a run that are saved. */
type Saved = Pick<Run, 'folder' | 'config' | 'net' | 'optimizer' | 'best'>

export async function saveCheckpoint(run: Saved, progress: Progress, random: RandomStates): Promise<void> {
  const { folder, net, optimizer, best } = run
  const tensors: Record<string, torch.Tensor> = { 'random.epoch': random.epoch, 'random.now': random.now }
  for (const [key, value] of Object.entries(net.stateDict())) tensors[`model.${key}`] = value
  for (const [key, value] of Object.entries(best.state)) tensors[`best.${key}`] = value
  const numbers: Record<string, number> = {}
  for (const [index, values] of Object.entries(optimizer.stateDict().state)) {
    for (const [name, value] of Object.entries(values)) {
      if (value instanceof torch.Tensor) tensors[`optimizer.${index}.${name}`] = value
      else if (typeof value === 'number') numbers[`${index}.${name}`] = value
    }
  }
  const metadata: Record<string, string> = { progress: JSON.stringify(progress), numbers: JSON.stringify(numbers) }
  if (best.epoch > 0) metadata.best = JSON.stringify({ epoch: best.epoch, loss: best.loss })
  await torch.save(tensors, folder.file('checkpoint'), { metadata })
  await saveModel(run)
}

/** model.safetensors: the best weights where the run looks for them, else those of now. */
async function saveModel({ folder, config, net, best }: Saved): Promise<void> {
  await torch.save(best.epoch > 0 ? best.state : net.stateDict(), folder.file('model'), {
    metadata: { format: 'pt', model: config.model, data: config.data },
  })
}

/** Puts weights and optimizer state back; gives the place to go on from. */
export async function loadCheckpoint({
  folder,
  net,
  optimizer,
  best,
}: Omit<Saved, 'config'>): Promise<{ progress: Progress; random: RandomStates }> {
  const path = folder.file('checkpoint')
  if (!folder.has('checkpoint')) throw new UserError(`${folder.path} cannot be continued: it has no checkpoint`)
  const { tensors, metadata } = decodeSafetensors(await fileWork(`cannot read ${path}`, () => readFile(path)), path)
  const part = (prefix: string): [string, torch.Tensor][] =>
    Object.entries(tensors)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, tensor]) => [key.slice(prefix.length), tensor])
  const random = Object.fromEntries(part('random.')) as Partial<RandomStates>
  if (metadata.progress === undefined || metadata.numbers === undefined || !random.epoch || !random.now) {
    throw new UserError(`${path} is no checkpoint of a run`)
  }
  net.loadStateDict(Object.fromEntries(part('model.')))
  const numbers = JSON.parse(metadata.numbers) as Record<string, number>
  const state: optim.OptimizerStateDict['state'] = {}
  for (const [key, value] of [...part('optimizer.'), ...Object.entries(numbers)]) {
    const [index, name] = key.split('.')
    state[index] ??= {}
    state[index][name] = value
  }
  optimizer.loadStateDict({ ...optimizer.stateDict(), state })
  if (metadata.best !== undefined) {
    const { epoch, loss } = JSON.parse(metadata.best) as { epoch: number; loss: number }
    best.restore(epoch, loss, Object.fromEntries(part('best.').map(([key, value]) => [key, value.keep()])))
  }
  const progress = { ...startOf(1), ...(JSON.parse(metadata.progress) as Partial<Progress>) }
  return { progress, random: { epoch: random.epoch, now: random.now } }
}
