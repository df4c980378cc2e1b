// Loading a state dict: everything is compared first, then everything is copied.
import { KindlingError } from '../base/errors.ts'
import { withoutRecording } from '../autograd/record.ts'
import { sameShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { isLazy } from './uninitialized.ts'

/** Tensors by PyTorch's dotted names. */
export type StateDict = Record<string, Tensor>

export interface LoadResult {
  /** Of the module, not in the state. */
  missingKeys: string[]
  /** In the state, not of the module. */
  unexpectedKeys: string[]
}

const quote = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(', ')
const pythonSize = (shape: readonly number[]): string => `torch.Size([${shape.join(', ')}])`

/** Copies `state` into `entries` (name and tensor). Throws KindlingError in PyTorch's words, with nothing written. */
export function loadInto(
  owner: string,
  entries: readonly (readonly [string, Tensor])[],
  state: StateDict,
  strict: boolean,
): LoadResult {
  const own = new Map(entries)
  const missingKeys = [...own.keys()].filter((key) => !Object.hasOwn(state, key))
  const unexpectedKeys = Object.keys(state).filter((key) => !own.has(key))
  const problems: string[] = []
  if (strict && missingKeys.length > 0) problems.push(`Missing key(s) in state_dict: ${quote(missingKeys)}. `)
  if (strict && unexpectedKeys.length > 0) problems.push(`Unexpected key(s) in state_dict: ${quote(unexpectedKeys)}. `)
  for (const [key, target] of own) {
    if (!Object.hasOwn(state, key)) continue
    if (!(state[key] instanceof Tensor)) {
      problems.push(
        `While copying the parameter named "${key}", expected a Tensor from checkpoint but received ${typeof state[key]}.`,
      )
      continue
    }
    // What has no shape yet takes any, and stays as it is where the state has none either.
    if (isLazy(target) || sameShape(state[key].shape, target.shape)) continue
    problems.push(
      `size mismatch for ${key}: copying a param with shape ${pythonSize(state[key].shape)} from checkpoint, the shape in current model is ${pythonSize(target.shape)}.`,
    )
  }
  if (problems.length > 0) {
    throw new KindlingError(
      `Error(s) in loading state_dict for ${owner}:\n\t${problems.join('\n\t')}`,
      'build the model with the options it was saved with, or pass { strict: false } to skip missing and unexpected keys.',
    )
  }
  withoutRecording(() => {
    for (const [key, target] of own) {
      if (!Object.hasOwn(state, key) || isLazy(state[key])) continue
      if (isLazy(target)) target.materialize(state[key].shape)
      target.copy_(state[key])
    }
  })
  return { missingKeys, unexpectedKeys }
}
