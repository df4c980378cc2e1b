// Evenly spaced numbers: arange, linspace, logspace. Rounded as PyTorch's vector code rounds, so that the last bits agree.
import { bytesOf, checkDType, type DType, isFloating } from '../base/dtype.ts'
import { ValueError } from '../base/errors.ts'
import { fma, fma64 } from '../base/float.ts'
import { halfFormatOf } from '../base/half.ts'
import { Tensor } from '../tensor/tensor.ts'
import { encoderOf, fromHost, hostArray } from './host.ts'
import { type CreationOptions, finish } from './sizes.ts'

/**
 * PyTorch fills two vectors at a time: each starts at its exact place and counts on in steps from there, the rest one by one.
 * `at(i)` is the number at position i; `from(base, k)` the one k steps further.
 */
function inVectors(
  count: number,
  dtype: DType,
  at: (i: number) => number,
  from: (base: number, k: number) => number,
): (i: number) => number {
  const lanes = 32 / bytesOf(dtype)
  const vectorised = isFloating(dtype) ? count - (count % (2 * lanes)) : 0
  return (i) => (i < vectorised ? from(at(i - (i % lanes)), i % lanes) : at(i))
}

function generate(
  op: string,
  count: number,
  options: CreationOptions,
  dtype: DType,
  element: (i: number) => number,
): Tensor {
  const data = hostArray(dtype, count)
  const encode = encoderOf(op, dtype)
  for (let i = 0; i < count; i++) data[i] = encode(element(i))
  return finish(fromHost(data, [count], dtype, options.device), options)
}

const roundingOf = (dtype: DType): ((x: number) => number) =>
  halfFormatOf(dtype)?.round ?? (dtype === 'float32' ? Math.fround : (x) => x)

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
  checkDType('arange', dtype)
  if (!isFloating(dtype)) {
    const [first, by] = [Math.trunc(start), Math.trunc(step)]
    if (by === 0) throw new ValueError(`arange: the step of ${dtype} is cut to 0: ${range}`)
    return generate('arange', Math.ceil((Math.trunc(end) - first) / by), options, dtype, (i) => first + i * by)
  }
  const count = Math.ceil((end - start) / step)
  const round = roundingOf(dtype)
  const element = inVectors(
    count,
    dtype,
    (i) => round(start + step * i),
    (base, k) => base + k * step,
  )
  return generate('arange', count, options, dtype, element)
}

function evenlySpaced(op: string, start: number, end: number, steps: number, dtype: DType): (i: number) => number {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ValueError(`${op}: steps must be a whole number >= 0, got ${steps}`)
  const round = roundingOf(dtype)
  const [first, last] = [round(start), round(end)]
  const step = round(round(last - first) / Math.max(steps - 1, 1))
  const half = halfFormatOf(dtype)
  const multiplyAdd =
    half !== null
      ? (a: number, b: number, c: number) => round(round(a * round(b)) + c)
      : dtype === 'float32'
        ? fma
        : fma64
  const middle = Math.trunc(steps / 2)
  // From both ends, so that the last element is exact.
  const at = (i: number): number => (i < middle ? multiplyAdd(step, i, first) : multiplyAdd(-step, steps - i - 1, last))
  return inVectors(steps, dtype, at, (base, k) => round(base + round(k * step)))
}

/** `steps` numbers at equal distances from `start` to `end`, both included: shape [steps]. Source: `torch.linspace`. */
export function linspace(start: number, end: number, steps: number, options: CreationOptions = {}): Tensor {
  const { dtype = 'float32' } = options
  // Whole numbers lie between whole ends.
  const [first, last] = isFloating(dtype) ? [start, end] : [Math.trunc(start), Math.trunc(end)]
  // One step is `start` alone.
  const element = steps === 1 ? () => first : evenlySpaced('linspace', first, last, steps, dtype)
  return generate('linspace', steps, options, dtype, element)
}

/** `base ** x` for x of `linspace(start, end, steps)`: shape [steps]. Source: `torch.logspace`. */
export function logspace(
  start: number,
  end: number,
  steps: number,
  options: CreationOptions & { base?: number } = {},
): Tensor {
  const { dtype = 'float32', base = 10 } = options
  const exponent = steps === 1 ? () => start : evenlySpaced('logspace', start, end, steps, dtype)
  return generate('logspace', steps, options, dtype, (i) => base ** exponent(i))
}
