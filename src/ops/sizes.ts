// How creation functions take their sizes: `zeros(2, 3)`, `zeros([2, 3])`, either with an options object at the end.
import type { DType } from '../base/dtype.ts'
import type { DeviceName } from '../runtime/backend.ts'
import type { Tensor } from '../tensor/tensor.ts'

export interface CreationOptions {
  /** Default float32, or what the values ask for. */
  dtype?: DType
  /** Default: the default device. */
  device?: DeviceName
  /** Record operations on the new tensor. Default false. */
  requiresGrad?: boolean
}

/** Sizes as separate numbers or as one list, then options. */
export type Sizes<O extends object = CreationOptions> = number[] | [...number[], O] | [readonly number[], O?]

export function splitSizes<O extends object = CreationOptions>(
  args: Sizes<O>,
): { shape: readonly number[]; options: Partial<O> } {
  const last = args.at(-1)
  const hasOptions = typeof last === 'object' && last !== null && !Array.isArray(last)
  const sizes = (hasOptions ? args.slice(0, -1) : args.filter((arg) => arg !== undefined)) as readonly (
    | number
    | readonly number[]
  )[]
  const shape = (typeof sizes[0] === 'object' ? sizes[0] : sizes) as readonly number[]
  return { shape, options: (hasOptions ? last : {}) as Partial<O> }
}

/** The new tensor, asking for gradients if the options say so. */
export function finish(x: Tensor, { requiresGrad = false }: { requiresGrad?: boolean }): Tensor {
  return requiresGrad ? x.requiresGrad_() : x
}
