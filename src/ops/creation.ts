// Tensors from sizes and numbers: zeros, full, arange, eye and their kind.
import { computeType, type DType, isFloating } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { Tensor } from '../tensor/tensor.ts'
import { filled, fillWith } from './fill.ts'
import { encoderOf, fromHost, hostArray } from './host.ts'
import { installMethods, type Methods } from './methods.ts'
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

/** Elements computed in JavaScript, one after another. */
function generate(count: number, dtype: DType, device: DeviceName | undefined, element: (i: number) => number): Tensor {
  const data = hostArray(dtype, count)
  const encode = encoderOf('arange', dtype)
  for (let i = 0; i < count; i++) data[i] = encode(element(i))
  return fromHost(data, [count], dtype, device)
}

/**
 * Numbers from `start` (default 0) up to `end`, which is left out, in steps of `step` (default 1): shape [ceil((end - start) / step)].
 * int64 if all three are whole numbers, else float32. Throws ValueError where the step leads away from the end. Source: `torch.arange`.
 */
export function arange(end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number, step: number, options?: CreationOptions): Tensor
export function arange(...args: readonly (number | CreationOptions | undefined)[]): Tensor {
  const numbers = args.filter((arg) => typeof arg === 'number')
  const options = args.find((arg) => typeof arg === 'object') ?? {}
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1]
  const range = `start ${start}, end ${end}, step ${step}`
  if (step === 0 || !Number.isFinite((end - start) / step))
    throw new ValueError(`arange: the range is not finite: ${range}`)
  if ((end - start) / step < 0) throw new ValueError(`arange: the step leads away from the end: ${range}`)
  const dtype = options.dtype ?? ([start, end, step].every(Number.isInteger) ? 'int64' : 'float32')
  // As PyTorch does: in double precision for floating dtypes, in whole steps for integers.
  const whole = isFloating(dtype) ? (x: number) => x : Math.trunc
  const count = Math.ceil((whole(end) - whole(start)) / whole(step))
  return finish(
    generate(count, dtype, options.device, (i) => whole(start) + i * whole(step)),
    options,
  )
}

/** The rounding of the dtype in which PyTorch computes. */
const roundingOf = (dtype: DType): ((x: number) => number) =>
  computeType(dtype) === 'float32' ? Math.fround : (x) => x

function evenlySpaced(op: string, start: number, end: number, steps: number, dtype: DType): (i: number) => number {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ValueError(`${op}: steps must be a whole number >= 0, got ${steps}`)
  const round = roundingOf(dtype)
  const [first, last] = [round(start), round(end)]
  const step = round(round(last - first) / Math.max(steps - 1, 1))
  // From both ends, so that the last element is exact.
  return (i) => (i < steps / 2 ? round(first + step * i) : round(last - step * (steps - 1 - i)))
}

/** `steps` numbers at equal distances from `start` to `end`, both included: shape [steps]. Source: `torch.linspace`. */
export function linspace(start: number, end: number, steps: number, options: CreationOptions = {}): Tensor {
  const { dtype = 'float32' } = options
  return finish(generate(steps, dtype, options.device, evenlySpaced('linspace', start, end, steps, dtype)), options)
}

/** `base ** x` for x of `linspace(start, end, steps)`: shape [steps]. Source: `torch.logspace`. */
export function logspace(
  start: number,
  end: number,
  steps: number,
  options: CreationOptions & { base?: number } = {},
): Tensor {
  const { dtype = 'float32', base = 10 } = options
  const exponent = evenlySpaced('logspace', start, end, steps, dtype)
  return finish(
    generate(steps, dtype, options.device, (i) => base ** exponent(i)),
    options,
  )
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

const methods = { newEmpty, newZeros, newOnes, newFull }
installMethods(methods)
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
