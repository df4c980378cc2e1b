// What a run needs to go on where it stopped: the model, the optimizer's state, the random numbers and the next epoch.
import * as torch from '../index.ts'
import type { nn, optim } from '../index.ts'
import { decodeSafetensors, save } from '../io/index.ts'
import { readFile } from 'node:fs/promises'
import type { RunFolder } from './runFolder.ts'
import { UserError } from './userError.ts'

type Optimizer = optim.SGD | optim.Adam

/** Writes model.safetensors and optimizer.safetensors; `epoch` is the one to go on with. */
export async function saveCheckpoint(folder: RunFolder, net: nn.Module, optimizer: Optimizer, epoch: number): Promise<void> {
  const { state } = optimizer.stateDict()
  const tensors: Record<string, torch.Tensor> = { 'random.state': torch.getRngState() }
  const numbers: Record<string, number> = {}
  for (const [index, values] of Object.entries(state)) {
    for (const [name, value] of Object.entries(values)) {
      if (value instanceof torch.Tensor) tensors[`${index}.${name}`] = value
      else numbers[`${index}.${name}`] = value
    }
  }
  await save(net.stateDict(), folder.file('model.safetensors'))
  await save(tensors, folder.file('optimizer.safetensors'), { metadata: { epoch: String(epoch), numbers: JSON.stringify(numbers) } })
}

/** Reads both back; gives the epoch to go on with. */
export async function loadCheckpoint(folder: RunFolder, net: nn.Module, optimizer: Optimizer): Promise<number> {
  net.loadStateDict((await open(folder, 'model.safetensors')).tensors)
  const { tensors, metadata } = await open(folder, 'optimizer.safetensors')
  const { 'random.state': random, ...rest } = tensors
  const entries = [...Object.entries(rest), ...Object.entries(JSON.parse(metadata.numbers) as Record<string, number>)]
  const state: optim.OptimizerStateDict['state'] = {}
  for (const [key, value] of entries) {
    const [index, name] = key.split('.')
    state[index] ??= {}
    state[index][name] = value
  }
  optimizer.loadStateDict({ ...optimizer.stateDict(), state })
  torch.setRngState(random)
  return Number(metadata.epoch)
}

async function open(folder: RunFolder, name: 'model.safetensors' | 'optimizer.safetensors') {
  let bytes: Uint8Array
  try {
    bytes = await readFile(folder.file(name))
  } catch {
    throw new UserError(`${folder.path} cannot be continued: it has no ${name}`)
  }
  return decodeSafetensors(bytes, folder.file(name))
}
