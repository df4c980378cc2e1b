// Reductions: sums, means, products, variances, norms, any/all. Each is a row: how to accumulate, how to merge, how to finish.
// `extreme.ts` has those that also give a position.
import { record, withoutRecording } from '../autograd/record.ts'
import { type ComputeType, computeType, type DType, isFloating } from '../base/dtype.ts'
import { DTypeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { contiguousStrides, normalizeDims, numelOf } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Reduction, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { cat } from './join.ts'
import type { Methods } from './methods.ts'
import { cast } from './pointwise.ts'
import { sumReduction } from './sumTo.ts'
import { expand } from './view.ts'

/** One dimension, several, or (undefined, null, []) all. */
export type Dims = number | readonly number[] | null | undefined

export interface ReduceOptions {
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: boolean
  /** Convert to this dtype before reducing. */
  dtype?: DType
}

const x = E.input(0)
const acc = E.acc(0)
const other = E.other(0)

/** A reduction with one accumulator. */
const row = (init: number, step: E.Expr, combine: E.Expr, finish: E.Expr = acc): Reduction => ({
  accTypes: ['v'],
  init: [init],
  step: [step],
  combine: [combine],
  finish: [finish],
})

const plus = E.add(acc, other)
const rows = {
  sum: sumReduction,
  mean: row(0, E.add(acc, x), plus, E.mul(acc, E.scalar(0))),
  prod: row(1, E.mul(acc, x), E.mul(acc, other)),
  any: row(0, E.max(acc, E.fromMask(E.ne(x, 0))), E.max(acc, other)),
  all: row(1, E.min(acc, E.fromMask(E.ne(x, 0))), E.min(acc, other)),
  nansum: row(0, E.add(acc, E.where(E.isNaN(x), 0, x)), plus),
  countNonzero: row(0, E.add(acc, E.fromMask(E.ne(x, 0))), plus),
  /** Sum of (x - mean)^2, the mean given as the second input, divided by the scalar. */
  squaredDeviation: row(0, E.fma(E.sub(x, E.input(1)), E.sub(x, E.input(1)), acc), plus, E.mul(acc, E.scalar(0))),
} satisfies Record<string, Reduction>

/** Reduces `inputs` (of one shape) over `axes`; the result keeps the reduced dimensions with size 1. */
export function reduceKeepdim(
  reduction: Reduction,
  inputs: readonly View[],
  axes: readonly number[],
  outputs: readonly DType[],
  scalars: readonly number[] = [],
  compute: ComputeType = computeType(inputs[0].dtype),
): Tensor[] {
  const { shape, storage } = inputs[0]
  const kept = shape.slice()
  for (let k = 0; k < axes.length; k++) kept[axes[k]] = 1
  const results = outputs.map((dtype) => Tensor.empty(kept, dtype, storage.backend.name))
  launch({ kind: 'reduce', reduction, compute, axes, inputs, outputs: results, scalars })
  return results
}

/** The same memory without the reduced dimensions, unless `keepdim`. Takes `full` over. */
export function dropDims(full: Tensor, axes: readonly number[], keepdim: boolean): Tensor {
  if (keepdim || axes.length === 0) return full
  const shape = full.shape.filter((_, d) => !axes.includes(d))
  const out = new Tensor(full.storage.retain(), full.dtype, shape, contiguousStrides(shape))
  full.dispose()
  return out
}

/** A gradient of the reduced shape, spread over the shape that was reduced. */
export function spread(grad: Tensor, shape: readonly number[], axes: readonly number[], keepdim: boolean): Tensor {
  return expand(keepdim ? grad : restoreDims(grad, shape, axes), shape)
}

/** Puts the reduced dimensions back with size 1. */
export function restoreDims(grad: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
  return grad.reshape(shape.map((size, d) => (axes.includes(d) ? 1 : size)))
}

const summed = (dtype: DType): DType => (isFloating(dtype) ? dtype : 'int64')
const nameOf = (op: string, dims: Dims): string => `${op}Backward${dims === undefined || dims === null ? 0 : 1}`

/** Sum over `dim` (default all). Integers and bool give int64. Source: `torch.sum`. */
export function sum(input: Tensor, dim?: Dims, { keepdim = false, dtype }: ReduceOptions = {}): Tensor {
  const from = cast(input, dtype ?? summed(input.dtype))
  const axes = normalizeDims('sum', dim, from.ndim)
  const [full] = reduceKeepdim(rows.sum, [from], axes, [from.dtype])
  const { shape } = from
  return record(nameOf('Sum', dim), [from], dropDims(full, axes, keepdim), [], (grad) => [
    spread(grad, shape, axes, keepdim),
  ])
}

/** Mean over `dim` (default all). Floating dtypes only (DTypeError). Source: `torch.mean`. */
export function mean(input: Tensor, dim?: Dims, { keepdim = false, dtype }: ReduceOptions = {}): Tensor {
  const from = cast(input, dtype ?? input.dtype)
  requireFloating('mean', from)
  const axes = normalizeDims('mean', dim, from.ndim)
  const count = countOf(from, axes)
  const [full] = reduceKeepdim(rows.mean, [from], axes, [from.dtype], [1 / count])
  const { shape } = from
  return record(nameOf('Mean', dim), [from], dropDims(full, axes, keepdim), [], (grad) => [
    spread(grad, shape, axes, keepdim).div(count),
  ])
}

export function requireFloating(op: string, input: Tensor): void {
  if (!isFloating(input.dtype)) {
    throw new DTypeError(
      `${op}: needs a floating-point dtype, got ${input.dtype}`,
      "convert first: x.float() or { dtype: 'float32' }.",
    )
  }
}

export const countOf = (input: Tensor, axes: readonly number[]): number => numelOf(axes.map((d) => input.shape[d]))

/** True where any element is not zero. uint8 stays uint8, as in PyTorch. Source: `torch.any`. */
export function any(input: Tensor, dim?: Dims, { keepdim = false }: { keepdim?: boolean } = {}): Tensor {
  return test('any', rows.any, input, dim, keepdim)
}
/** True where all elements are not zero. Source: `torch.all`. */
export function all(input: Tensor, dim?: Dims, { keepdim = false }: { keepdim?: boolean } = {}): Tensor {
  return test('all', rows.all, input, dim, keepdim)
}
function test(op: string, reduction: Reduction, input: Tensor, dim: Dims, keepdim: boolean): Tensor {
  const axes = normalizeDims(op, dim, input.ndim)
  const [full] = reduceKeepdim(reduction, [input], axes, [input.dtype === 'uint8' ? 'uint8' : 'bool'])
  return dropDims(full, axes, keepdim)
}

/** Number of elements that are not zero (int64). Source: `torch.count_nonzero`. */
export function countNonzero(input: Tensor, dim?: Dims): Tensor {
  const axes = normalizeDims('countNonzero', dim, input.ndim)
  const counted = isFloating(input.dtype) && input.dtype !== 'float64' ? input.ne(0) : input
  const [full] = reduceKeepdim(rows.countNonzero, [counted], axes, ['int64'])
  return dropDims(full, axes, false)
}

/** Sum that counts NaN as 0. Source: `torch.nansum`. */
export function nansum(input: Tensor, dim?: Dims, { keepdim = false, dtype }: ReduceOptions = {}): Tensor {
  const from = cast(input, dtype ?? summed(input.dtype))
  if (!isFloating(from.dtype)) return sum(from, dim, { keepdim })
  const axes = normalizeDims('nansum', dim, from.ndim)
  const [full] = reduceKeepdim(rows.nansum, [from], axes, [from.dtype])
  const { shape } = from
  return record('NansumBackward0', [from], dropDims(full, axes, keepdim), [from], (grad, [saved]) => [
    spread(grad, shape, axes, keepdim).mul(saved.eq(saved)),
  ])
}

/** Mean that leaves NaN out. Source: `torch.nanmean`. */
export function nanmean(input: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
  requireFloating('nanmean', cast(input, options.dtype ?? input.dtype))
  const counts = sum(input.detach().eq(input.detach()), dim, { keepdim: options.keepdim })
  return nansum(input, dim, options).div(counts)
}

/** Product over `dim` (one dimension, default all). Source: `torch.prod`. */
export function prod(x: Tensor, dim?: number | null, { keepdim = false, dtype }: ReduceOptions = {}): Tensor {
  const [input] = underAutocast('prod', x)
  const from = cast(input, dtype ?? summed(input.dtype))
  const axes = normalizeDims('prod', dim, from.ndim)
  const [full] = reduceKeepdim(rows.prod, [from], axes, [from.dtype])
  const { shape } = from
  return record(
    dim === undefined || dim === null ? 'ProdBackward0' : 'ProdBackward1',
    [from],
    dropDims(full, axes, keepdim),
    [from],
    (grad, [saved]) => [spread(grad, shape, axes, keepdim).mul(productOfOthers(saved, axes))],
  )
}

/** For every element the product of all others along `axes`: right also where elements are zero. */
export function productOfOthers(input: Tensor, axes: readonly number[]): Tensor {
  if (input.numel() === 0 || axes.length === 0) return input.mul(0).add(1)
  const last = input.ndim - 1
  const order = [...input.shape.keys()].filter((d) => !axes.includes(d)).concat(axes)
  const flat = input.permute(order).flatten(input.ndim - axes.length)
  const n = flat.size(-1)
  const one = flat.narrow(-1, 0, 1).mul(0).add(1)
  const before = cat([one, flat.narrow(-1, 0, n - 1)], -1).cumprod(-1)
  const after = cat([one, flat.flip([-1]).narrow(-1, 0, n - 1)], -1)
    .cumprod(-1)
    .flip([-1])
  const back = order.map((_, d) => order.indexOf(d))
  return last < 0
    ? input
    : before
        .mul(after)
        .reshape(order.map((d) => input.shape[d]))
        .permute(back)
}

export interface VarOptions {
  /** Take N - 1 instead of N as the divisor. Default true. */
  unbiased?: boolean
  /** Takes N - correction instead; overrides `unbiased`. */
  correction?: number
  /** Keep the reduced dimensions, with size 1. Default false. */
  keepdim?: boolean
}

/** What variance and standard deviation share: the squared deviations from the mean, and the gradient of their sum. */
function deviations(
  op: string,
  input: Tensor,
  dim: Dims,
  { unbiased = true, correction = unbiased ? 1 : 0, keepdim = false }: VarOptions,
) {
  requireFloating(op, input)
  const axes = normalizeDims(op, dim, input.ndim)
  const { shape } = input
  const divisor = Math.max(0, countOf(input, axes) - correction)
  const average = mean(input, dim, { keepdim })
  const centre = expand(restoreDims(average.detach(), shape, axes), shape)
  const [full] = reduceKeepdim(rows.squaredDeviation, [input, centre], axes, [input.dtype], [1 / divisor])
  const gradient = (grad: Tensor, saved: Tensor): Tensor =>
    saved
      .sub(spread(mean(saved, dim, { keepdim }), shape, axes, keepdim))
      .mul(spread(grad.mul(2 / divisor), shape, axes, keepdim))
  return { variance: dropDims(full, axes, keepdim), average, gradient }
}

/** Variance and mean over `dim` (default all). Floating dtypes only. Source: `torch.var_mean`. */
export function varMean(input: Tensor, dim?: Dims, options: VarOptions = {}): [Tensor, Tensor] {
  const { variance: out, average, gradient } = deviations('var', input, dim, options)
  return [record('VarBackward0', [input], out, [input], (grad, [saved]) => [gradient(grad, saved)]), average]
}
/** Variance over `dim` (default all). Source: `torch.var`. */
export function variance(input: Tensor, dim?: Dims, options: VarOptions = {}): Tensor {
  return varMean(input, dim, options)[0]
}

/** Standard deviation and mean over `dim` (default all). Floating dtypes only. Source: `torch.std_mean`. */
export function stdMean(input: Tensor, dim?: Dims, options: VarOptions = {}): [Tensor, Tensor] {
  const { variance: squared, average, gradient } = deviations('std', input, dim, options)
  const out = withoutRecording(() => squared.sqrt())
  return [
    record('StdBackward0', [input], out, [input, out], (grad, [saved, result]) => [
      gradient(grad.div(result.mul(2)).maskedFill(result.eq(0), 0), saved),
    ]),
    average,
  ]
}
/** Standard deviation over `dim` (default all). Source: `torch.std`. */
export function std(input: Tensor, dim?: Dims, options: VarOptions = {}): Tensor {
  return stdMean(input, dim, options)[0]
}

export const methods = { sum, mean, any, all, countNonzero, nansum, nanmean, prod, var: variance, std }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
