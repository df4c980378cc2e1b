// Kindling as the checks see it: names looked up at run time, so that what is not there can be skipped.
import * as kindling from '../../src/index.ts'
import { dtypes } from '../../src/base/dtype.ts'
import type { DeviceName } from '../../src/runtime/backend.ts'
import { setDefaultDevice } from '../../src/runtime/device.ts'
import { Tensor } from '../../src/tensor/tensor.ts'
import type { StoredTensor } from '../support/safetensors.ts'
import { compareOnGpu } from './compare.ts'
import type { Callable } from './ops.ts'
import { Missing } from './report.ts'

/** What a dotted path of the public API holds, or undefined. */
export function lookup(path: string): unknown {
  let value: unknown = kindling
  for (const name of path.split('.')) {
    if (value === undefined || value === null) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

export function functionAt(path: string): Callable {
  const found = lookup(path)
  if (typeof found !== 'function') throw new Missing(`no ${path}`)
  return found as Callable
}

export type Class = new (...args: unknown[]) => unknown

export function classAt(path: string): Class {
  return functionAt(path) as unknown as Class
}

export const hasMethod = (name: string): boolean => name in Tensor.prototype

/** A new leaf with the stored values. */
export function tensorFrom(stored: StoredTensor, requiresGrad = false): Tensor {
  const tensor = Tensor.empty(stored.shape, stored.dtype)
  const bytes = new Uint8Array(
    stored.data.buffer,
    stored.data.byteOffset,
    stored.data.length * dtypes[stored.dtype].bytes,
  )
  tensor.storage.backend.write(tensor.storage.handle, 0, bytes)
  return requiresGrad ? tensor.requiresGrad_() : tensor
}

/** The tensors and plain values of a result, in order: of lists and of named results alike. */
export function outputsOf(result: unknown): unknown[] {
  if (result instanceof Tensor || typeof result !== 'object' || result === null) return [result]
  return Object.values(result).flatMap(outputsOf)
}

/** Makes every tensor of the run on `device`. */
export function useDevice(device: DeviceName): void {
  setDefaultDevice(device)
  compareOnGpu(device === 'webgpu')
}
