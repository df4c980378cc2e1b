// Tensors from sizes and a number: zeros, full, eye and their kind.
import type { DType } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import { Tensor } from '../tensor/tensor.ts'
import { filled, fillWith } from './fill.ts'
import type { Methods } from './methods.ts'
import { type CreationOptions, finish, type Sizes, splitSizes } from './sizes.ts'

/** Uninitialised memory of the given sizes. Source: `torch.empty`. */
export function empty(...sizes: Sizes): Tensor {
  const { shape, options } = splitSizes(sizes)
  return finish(Tensor.empty(shape, options.dtype, options.device), options)
}
/** Source: `torch.zeros`. */
export function zeros(...sizes: Sizes): Tensor {
  const { shape, options } = splitSizes(sizes)
  return full(shape, 0, { ...options, dtype: options.dtype ?? 'float32' })
}
/** Source: `torch.ones`. */
export function ones(...sizes: Sizes): Tensor {
  const { shape, options } = splitSizes(sizes)
  return full(shape, 1, { ...options, dtype: options.dtype ?? 'float32' })
}

const dtypeOfValue = (value: number | bigint | boolean): DType =>
  typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float32'

/**
 * A tensor full of `value`; its dtype follows the value as in `tensor()`: int64 for a whole number, bool for a boolean, else float32.
 * Source: `torch.full`.
 */
export function full(
  shape: readonly number[] | number,
  value: number | bigint | boolean,
  options: CreationOptions = {},
): Tensor {
  const sizes = typeof shape === 'number' ? [shape] : shape
  return finish(filled(sizes, Number(value), options.dtype ?? dtypeOfValue(value), options.device), options)
}

/** Options of the `...Like` functions: what is left out is taken from the tensor. */
export type LikeOptions = CreationOptions

const like = (
  x: Tensor,
  options: LikeOptions,
): Required<Pick<CreationOptions, 'dtype' | 'device'>> & CreationOptions => ({
  ...options,
  dtype: options.dtype ?? x.dtype,
  device: options.device ?? x.device,
})

/** Uninitialised memory with the shape, dtype and device of `x`. Source: `torch.empty_like`. */
export function emptyLike(x: Tensor, options: LikeOptions = {}): Tensor {
  return newEmpty(x, x.shape, options)
}
/** Source: `torch.zeros_like`. */
export function zerosLike(x: Tensor, options: LikeOptions = {}): Tensor {
  return full(x.shape, 0, like(x, options))
}
/** Source: `torch.ones_like`. */
export function onesLike(x: Tensor, options: LikeOptions = {}): Tensor {
  return full(x.shape, 1, like(x, options))
}
/** Source: `torch.full_like`. */
export function fullLike(x: Tensor, value: number | bigint | boolean, options: LikeOptions = {}): Tensor {
  return full(x.shape, value, like(x, options))
}

/** Uninitialised memory of the given sizes with the dtype and device of `x`. Source: `torch.Tensor.new_empty`. */
export function newEmpty(x: Tensor, ...sizes: Sizes): Tensor {
  const { shape, options } = splitSizes(sizes)
  const { dtype, device } = like(x, options)
  return finish(Tensor.empty(shape, dtype, device), options)
}
/** Zeros of the given sizes with the dtype and device of `x`. Source: `torch.Tensor.new_zeros`. */
export function newZeros(x: Tensor, ...sizes: Sizes): Tensor {
  const { shape, options } = splitSizes(sizes)
  return full(shape, 0, like(x, options))
}
/** Ones of the given sizes with the dtype and device of `x`. Source: `torch.Tensor.new_ones`. */
export function newOnes(x: Tensor, ...sizes: Sizes): Tensor {
  const { shape, options } = splitSizes(sizes)
  return full(shape, 1, like(x, options))
}
/** `value` in the given sizes with the dtype and device of `x`. Source: `torch.Tensor.new_full`. */
export function newFull(
  x: Tensor,
  shape: readonly number[],
  value: number | bigint | boolean,
  options: LikeOptions = {},
): Tensor {
  return full(shape, value, like(x, options))
}

/** Ones on the main diagonal of an n x m matrix, zeros elsewhere; m is n by default. Source: `torch.eye`. */
export function eye(n: number, m: number | CreationOptions = n, options: CreationOptions = {}): Tensor {
  const columns = typeof m === 'number' ? m : n
  const { dtype = 'float32', device, ...rest } = typeof m === 'number' ? options : m
  for (const size of [n, columns]) {
    if (!Number.isInteger(size) || size < 0)
      throw new ShapeError(`eye: sizes must be whole numbers >= 0: ${n} x ${columns}`)
  }
  const out = filled([n, columns], 0, dtype, device)
  const diagonal = Math.min(n, columns)
  if (diagonal > 0) fillWith(out.alias([diagonal], [columns + 1], 0), 1).dispose()
  return finish(out, rest)
}

export const methods = { newEmpty, newZeros, newOnes, newFull }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
