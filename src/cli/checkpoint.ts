// What a run needs to go on as if it had never stopped: weights, optimizer state, random numbers, and the place in the epoch.
// It is one file, so that its parts always belong together; model.safetensors beside it is the weights alone.
import * as torch from '../index.ts'
import type { nn, optim } from '../index.ts'
import { decodeSafetensors } from '../io/index.ts'
import { readFile } from 'node:fs/promises'
import { fileWork } from './files.ts'
import type { Optimizer } from './models.ts'
import type { RunConfig, RunFolder } from './runFolder.ts'
import { UserError } from './userError.ts'

/** How far an epoch has come; `steps` 0 is its beginning. */
export interface Progress {
  epoch: number
  steps: number
  seen: number
  lossSum: number
  correct: number
  seconds: number
}

export const startOf = (epoch: number): Progress => ({ epoch, steps: 0, seen: 0, lossSum: 0, correct: 0, seconds: 0 })

/** Random states: when the epoch began (its order of images is drawn then), and now. */
export interface RandomStates {
  epoch: torch.Tensor
  now: torch.Tensor
}

export async function saveCheckpoint(
  folder: RunFolder,
  config: RunConfig,
  net: nn.Module,
  optimizer: Optimizer,
  progress: Progress,
  random: RandomStates,
): Promise<void> {
  const tensors: Record<string, torch.Tensor> = { 'random.epoch': random.epoch, 'random.now': random.now }
  for (const [key, value] of Object.entries(net.stateDict())) tensors[`model.${key}`] = value
  const numbers: Record<string, number> = {}
  for (const [index, values] of Object.entries(optimizer.stateDict().state)) {
    for (const [name, value] of Object.entries(values)) {
      if (value instanceof torch.Tensor) tensors[`optimizer.${index}.${name}`] = value
      else if (typeof value === 'number') numbers[`${index}.${name}`] = value
    }
  }
  const metadata = { progress: JSON.stringify(progress), numbers: JSON.stringify(numbers) }
  await torch.save(tensors, folder.file('checkpoint'), { metadata })
  await torch.save(net.stateDict(), folder.file('model'), {
    metadata: { format: 'pt', model: config.model, data: config.data },
  })
}

/** Puts weights and optimizer state back; gives the place to go on from. */
export async function loadCheckpoint(
  folder: RunFolder,
  net: nn.Module,
  optimizer: Optimizer,
): Promise<{ progress: Progress; random: RandomStates }> {
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
  return { progress: JSON.parse(metadata.progress) as Progress, random: { epoch: random.epoch, now: random.now } }
}
