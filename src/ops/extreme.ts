// Largest and smallest values, and where they are. NaN wins over every number; of equal values the first position counts.
import { record } from '../autograd/record.ts'
import { DTypeError, ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape, normalizeDim, normalizeDims } from '../base/shape.ts'
import type { Reduction } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { sumAt } from './address.ts'
import { maximum, minimum } from './binary.ts'
import { elementwise } from './gather.ts'
import type { Methods } from './methods.ts'
import { type Named, named } from './named.ts'
import { type Dims, dropDims, reduceKeepdim, restoreDims, spread } from './reduce.ts'

type Side = 'max' | 'min'
const better = { max: E.max, min: E.min }
const worst: Record<Side, number> = { max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY }

/** The value alone. */
const valueRow = (side: Side): Reduction => ({
  accTypes: ['v'],
  init: [worst[side]],
  step: [better[side](E.acc(0), E.input(0))],
  combine: [better[side](E.acc(0), E.other(0))],
  finish: [E.acc(0)],
})

/** The value and its position. */
function positionRow(side: Side): Reduction {
  const [value, place, x] = [E.acc(0), E.acc(1), E.input(0)]
  const beats = side === 'max' ? E.gt : E.lt
  const wins = (a: E.Expr, b: E.Expr): E.Expr => E.or(beats(a, b), E.and(E.isNaN(a), E.not(E.isNaN(b))))
  const taken = wins(x, value)
  const [theirs, theirPlace] = [E.other(0), E.other(1)]
  const equal = E.or(E.eq(theirs, value), E.and(E.isNaN(theirs), E.isNaN(value)))
  const merged = E.or(wins(theirs, value), E.and(equal, E.lt(theirPlace, place)))
  return {
    accTypes: ['v', 'i'],
    init: [worst[side], 0],
    step: [E.where(taken, x, value), E.where(taken, E.position, place)],
    combine: [E.where(merged, theirs, value), E.where(merged, theirPlace, place)],
    finish: [value, place],
  }
}
const values = { max: valueRow('max'), min: valueRow('min') }
const positions = { max: positionRow('max'), min: positionRow('min') }

function checkNotEmpty(op: string, input: Tensor, axes: readonly number[]): void {
  if (axes.some((d) => input.shape[d] === 0)) {
    throw new ShapeError(
      `${op}: no elements to choose from: shape ${formatShape(input.shape)}, dimensions ${formatShape(axes)}`,
    )
  }
}

interface KeepOptions {
  /** Keep the reduced dimensions with size 1. Default false. */
  keepdim?: boolean
}
export type ValuesAndIndices = Named<readonly [Tensor, Tensor], 'values' | 'indices'>

/** The gradient of a chosen value, where equal values share it. `result` and `grad` have the reduced shape. */
function shared(grad: Tensor, saved: Tensor, result: Tensor, axes: readonly number[], keepdim: boolean): Tensor {
  const { shape } = saved
  const best = keepdim ? result : restoreDims(result, shape, axes)
  const plain = saved.detach()
  const [low, high] = [plain.eq(best.detach()), plain.ne(plain)]
  const chosen = low.logicalOr(high.logicalAnd(best.detach().ne(best.detach())))
  return spread(grad, shape, axes, keepdim)
    .mul(chosen)
    .div(chosen.sum(axes, { keepdim: true }))
}

function valueOf(op: string, node: string, side: Side, input: Tensor, dim: Dims, keepdim: boolean): Tensor {
  const axes = normalizeDims(op, dim, input.ndim)
  checkNotEmpty(op, input, axes)
  const [full] = reduceKeepdim(values[side], [input], axes, [input.dtype])
  const out = dropDims(full, axes, keepdim)
  return record(node, [input], out, [input, out], (grad, [saved, result]) => [
    shared(grad, saved, result, axes, keepdim),
  ])
}

/** The gradient of values taken along one dimension at `indices`: it goes to these positions. */
export function selectGradient(grad: Tensor, indices: Tensor, shape: readonly number[], axis: number): Tensor {
  return shape.length === 0 ? grad.reshape([]) : sumAt(grad, shape, [indices], elementwise(shape, axis, indices.shape))
}

function withPosition(side: Side, input: Tensor, dim: number, keepdim: boolean): ValuesAndIndices {
  const axis = normalizeDim(side, dim, input.ndim)
  const axes = input.ndim === 0 ? [] : [axis]
  checkNotEmpty(side, input, axes)
  const [value, place] = reduceKeepdim(positions[side], [input], axes, [input.dtype, 'int64']).map((full) =>
    dropDims(full, axes, keepdim),
  )
  const { shape } = input
  record(side === 'max' ? 'MaxBackward0' : 'MinBackward0', [input], value, [place], (grad, [at]) => {
    const [whole, where] = keepdim || axes.length === 0 ? [grad, at] : [grad.unsqueeze(axis), at.unsqueeze(axis)]
    return [selectGradient(whole, where, shape, axis)]
  })
  return named([value, place], ['values', 'indices'])
}

function positionOf(side: Side, input: Tensor, dim: number | null | undefined, keepdim: boolean): Tensor {
  const op = `arg${side}`
  if (input.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`, 'convert first: x.long().')
  const axes = normalizeDims(op, dim, input.ndim)
  checkNotEmpty(op, input, axes)
  const [value, place] = reduceKeepdim(positions[side], [input], axes, [input.dtype, 'int64'])
  value.dispose()
  return dropDims(place, axes, keepdim)
}

/** Largest value over `dim` (default all); equal ones share the gradient. Throws ShapeError for no elements. Source: `torch.amax`. */
export function amax(input: Tensor, dim?: Dims, { keepdim = false }: KeepOptions = {}): Tensor {
  return valueOf('amax', 'AmaxBackward0', 'max', input, dim, keepdim)
}
/** Smallest value over `dim` (default all); equal ones share the gradient. Throws ShapeError for no elements. Source: `torch.amin`. */
export function amin(input: Tensor, dim?: Dims, { keepdim = false }: KeepOptions = {}): Tensor {
  return valueOf('amin', 'AminBackward0', 'min', input, dim, keepdim)
}
/** Smallest and largest value along `dim` (default: of all): `[min, max]`. Source: `torch.aminmax`. */
export function aminmax(
  input: Tensor,
  { dim, keepdim = false }: { dim?: number; keepdim?: boolean } = {},
): Named<readonly [Tensor, Tensor], 'min' | 'max'> {
  const both: [Tensor, Tensor] = [amin(input, dim, { keepdim }), amax(input, dim, { keepdim })]
  // Of a 0-d tensor PyTorch keeps a dimension that was not there.
  const grown = input.ndim === 0 && dim !== undefined && keepdim
  return named(grown ? [both[0].reshape(1), both[1].reshape(1)] : both, ['min', 'max'])
}

/** Position (int64) of the largest value along `dim`, or in the flattened tensor. Source: `torch.argmax`. */
export function argmax(input: Tensor, dim?: number | null, { keepdim = false }: KeepOptions = {}): Tensor {
  return positionOf('max', input, dim, keepdim)
}
/** Position (int64) of the smallest value along `dim`, or in the flattened tensor. Source: `torch.argmin`. */
export function argmin(input: Tensor, dim?: number | null, { keepdim = false }: KeepOptions = {}): Tensor {
  return positionOf('min', input, dim, keepdim)
}

/**
 * The largest value of all; with `dim` `[values, indices]` (int64) along it; with a second tensor the larger of both, element by element.
 * Source: `torch.max`.
 */
export function max(input: Tensor): Tensor
export function max(input: Tensor, other: Tensor): Tensor
export function max(input: Tensor, dim: number, options?: KeepOptions): ValuesAndIndices
export function max(
  input: Tensor,
  dim?: number | Tensor,
  { keepdim = false }: KeepOptions = {},
): Tensor | ValuesAndIndices {
  if (dim instanceof Tensor) return maximum(input, dim)
  return dim === undefined
    ? valueOf('max', 'MaxBackward1', 'max', input, dim, false)
    : withPosition('max', input, dim, keepdim)
}
/**
 * The smallest value of all; with `dim` `[values, indices]` (int64) along it; with a second tensor the smaller of both, element by element.
 * Source: `torch.min`.
 */
export function min(input: Tensor): Tensor
export function min(input: Tensor, other: Tensor): Tensor
export function min(input: Tensor, dim: number, options?: KeepOptions): ValuesAndIndices
export function min(
  input: Tensor,
  dim?: number | Tensor,
  { keepdim = false }: KeepOptions = {},
): Tensor | ValuesAndIndices {
  if (dim instanceof Tensor) return minimum(input, dim)
  return dim === undefined
    ? valueOf('min', 'MinBackward1', 'min', input, dim, false)
    : withPosition('min', input, dim, keepdim)
}

export const methods = { amax, amin, aminmax, argmax, argmin, max, min }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<Omit<typeof methods, 'max' | 'min'>> {
    /** The largest value of all. */
    max(): Tensor
    max(other: Tensor): Tensor
    max(dim: number, options?: { keepdim?: boolean }): Named<readonly [Tensor, Tensor], 'values' | 'indices'>
    /** The smallest value of all. */
    min(): Tensor
    min(other: Tensor): Tensor
    min(dim: number, options?: { keepdim?: boolean }): Named<readonly [Tensor, Tensor], 'values' | 'indices'>
  }
}
