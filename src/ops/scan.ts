// Running sums, products, maxima, minima and log-sum-exps along a dimension.
import { record } from '../autograd/record.ts'
import { type DType, isFloating } from '../base/dtype.ts'
import * as E from '../base/expr.ts'
import { normalizeDim } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { ScanSpec } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { sumAt } from './address.ts'
import { flip } from './arrange.ts'
import { elementwise } from './gather.ts'
import { where } from './logic.ts'
import type { Methods } from './methods.ts'
import { type Named, named } from './named.ts'
import { cast, pointwise } from './pointwise.ts'
import { requireFloating } from './reduce.ts'

const running = (x: Tensor, op: ScanSpec['op'], axis: number, indices: Tensor | null): Tensor => {
  const out = Tensor.empty(x.shape, x.dtype, x.device)
  if (x.numel() === 0) return out
  if (x.ndim > 0) launch({ kind: 'scan', op, x, out, indices, axis })
  else {
    const row = (view: Tensor) => ({
      storage: view.storage,
      dtype: view.dtype,
      offset: view.offset,
      shape: [1],
      strides: [1],
    })
    launch({ kind: 'scan', op, x: row(x), out: row(out), indices: indices && row(indices), axis: 0 })
  }
  return out
}

export interface ScanOptions {
  /** Convert to this dtype first. Default: integers and bool become int64. */
  dtype?: DType
}
const scanned = (x: Tensor, { dtype }: ScanOptions): Tensor =>
  cast(x, dtype ?? (isFloating(x.dtype) ? x.dtype : 'int64'))
const axisOf = (op: string, x: Tensor, dim: number): number => normalizeDim(op, dim, x.ndim)

/** Sum of the elements from each one to the last. */
const sumFrom = (x: Tensor, axis: number): Tensor => (x.ndim === 0 ? x : flip(cumsum(flip(x, [axis]), axis), [axis]))

/** Running sum along `dim`. Source: `torch.cumsum`. */
export function cumsum(input: Tensor, dim: number, options: ScanOptions = {}): Tensor {
  const x = scanned(input, options)
  const axis = axisOf('cumsum', x, dim)
  return record('CumsumBackward0', [x], running(x, 'sum', axis, null), [], (grad) => [sumFrom(grad, axis)])
}

/** Running product along `dim`. Source: `torch.cumprod`. */
export function cumprod(input: Tensor, dim: number, options: ScanOptions = {}): Tensor {
  const x = scanned(input, options)
  const axis = axisOf('cumprod', x, dim)
  return record('CumprodBackward0', [x], running(x, 'prod', axis, null), [x], (grad, [saved]) => [
    cumprodGrad(grad, saved, axis),
  ])
}

/**
 * Before the first zero: sum of g * y from there on, divided by x. At the first zero: the same sum of products without it.
 * After it: nothing, for every product holds the zero.
 */
function cumprodGrad(grad: Tensor, x: Tensor, axis: number): Tensor {
  const zero = x.detach().eq(0)
  const zeros = cumsum(zero, axis)
  const first = zero.logicalAnd(zeros.eq(1))
  const without = sumFrom(grad.mul(cumprod(where(first, 1, x), axis)), axis)
  const before = sumFrom(grad.mul(cumprod(x, axis)), axis).div(where(zero, 1, x))
  return where(zeros.eq(0), before, where(first, without, 0))
}

type WithIndices = Named<readonly [Tensor, Tensor], 'values' | 'indices'>

function extremes(op: 'max' | 'min', input: Tensor, dim: number): WithIndices {
  const axis = axisOf(`cum${op}`, input, dim)
  const indices = Tensor.empty(input.shape, 'int64', input.device)
  const values = running(input, op, axis, indices)
  const { shape } = input
  const name = op === 'max' ? 'CummaxBackward0' : 'CumminBackward0'
  record(name, [input], values, [indices], (grad, [at]) => [
    shape.length === 0 ? grad : sumAt(grad, shape, [at], elementwise(shape, axis, shape)),
  ])
  return named([values, indices], ['values', 'indices'])
}
/** Running maximum along `dim` and its position (int64; the last of equal ones). Source: `torch.cummax`. */
export function cummax(input: Tensor, dim: number): WithIndices {
  return extremes('max', input, dim)
}
/** Running minimum along `dim` and its position (int64; the last of equal ones). Source: `torch.cummin`. */
export function cummin(input: Tensor, dim: number): WithIndices {
  return extremes('min', input, dim)
}

const minusInfinity = Number.NEGATIVE_INFINITY
const [g, y] = [E.input(0), E.input(1)]
/** log(g) - y where g is positive; the same for -g. */
const logPart = (sign: 1 | -1) => {
  const part = E.mul(g, sign)
  return {
    name: 'LogPart',
    expr: E.where(E.gt(part, 0), E.sub(E.log(E.where(E.gt(part, 0), part, 1)), y), minusInfinity),
  }
}
const [positive, negative] = [logPart(1), logPart(-1)]

/** Logarithm of the running sum of exponentials along `dim`. Source: `torch.logcumsumexp`. */
export function logcumsumexp(input: Tensor, dim: number): Tensor {
  requireFloating('logcumsumexp', input)
  const axis = axisOf('logcumsumexp', input, dim)
  const out = running(input, 'logsumexp', axis, null)
  return record('LogcumsumexpBackward0', [input], out, [input, out], (grad, [x, sums]) => {
    // Sums of g * exp(x - y), taken in logarithms so that nothing overflows.
    const [up, down] = [positive, negative].map((row) => {
      const logs = pointwise(row, [grad, sums])
      const reversed = logs.ndim === 0 ? logs : flip(logcumsumexp(flip(logs, [axis]), axis), [axis])
      return reversed.add(x).exp()
    })
    return [up.sub(down)]
  })
}

export const methods = { cumsum, cumprod, cummax, cummin, logcumsumexp }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
