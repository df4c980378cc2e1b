// Views of a part: select, slice, narrow, diagonal, unfold. Their gradients put the part back into zeros.
import { record } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { IndexError, ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { normalizeDim } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { embed, zerosOf } from './view.ts'

/** A dimension that must exist: a 0-d tensor has none. */
export function dimOf(op: string, x: Tensor, dim: number): number {
  if (x.ndim === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension ${dim}`)
  return normalizeDim(op, dim, x.ndim)
}

/** The part at `index` along `dim`, which disappears; negative counts from the end. Throws IndexError out of range. Source: `torch.select`. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  const at = dimOf('select', x, dim)
  const size = x.shape[at]
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new IndexError(`select: index ${index} is out of range for dimension ${at} with size ${size}`)
  }
  const from = x.shape
  const place = index < 0 ? index + size : index
  const out = x.alias(x.shape.toSpliced(at, 1), x.strides.toSpliced(at, 1), x.offset + place * x.strides[at])
  return record('SelectBackward0', [x], out, [], (grad) => [embed(grad, from, (whole) => select(whole, at, place))])
}

/**
 * Every `step`-th part from `start` up to, not including, `end` along `dim`. Negative bounds count from the end; bounds out of range are clamped.
 * Throws ValueError for a step below 1. Source: `x[start:end:step]`.
 */
export function slice(
  x: Tensor,
  dim: number = 0,
  start: number | null = null,
  end: number | null = null,
  step: number = 1,
): Tensor {
  const at = dimOf('slice', x, dim)
  if (!Number.isInteger(step) || step < 1)
    throw new ValueError(`slice: step must be a whole number greater than zero, got ${step}`)
  const size = x.shape[at]
  const clamped = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size)
  const first = clamped(start ?? 0)
  const count = Math.ceil(Math.max(clamped(end ?? size) - first, 0) / step)
  return sliced(x, at, first, count, step)
}

function sliced(x: Tensor, dim: number, first: number, count: number, step: number): Tensor {
  const from = x.shape
  const out = x.alias(
    x.shape.with(dim, count),
    x.strides.with(dim, x.strides[dim] * step),
    x.offset + first * x.strides[dim],
  )
  return record('SliceBackward0', [x], out, [], (grad) => [
    embed(grad, from, (whole) => sliced(whole, dim, first, count, step)),
  ])
}

/** `length` parts from `start` on along `dim`. Throws IndexError where they are not all there. Source: `torch.narrow`. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const at = dimOf('narrow', x, dim)
  const size = x.shape[at]
  const first = start < 0 ? start + size : start
  if (!Number.isInteger(first) || !Number.isInteger(length) || first < 0 || length < 0 || first + length > size) {
    throw new IndexError(`narrow: start ${start} and length ${length} exceed dimension ${at} with size ${size}`)
  }
  return sliced(x, at, first, length, 1)
}

/** Which diagonal of which two dimensions. */
export interface DiagonalOptions {
  /** 0 the main diagonal, positive above, negative below. Default 0. */
  offset?: number
  /** Default 0. */
  dim1?: number
  /** Default 1. */
  dim2?: number
}

/** The diagonal of `dim1` and `dim2` as the last dimension of a view. Source: `torch.diagonal`. */
export function diagonal(x: Tensor, { offset = 0, dim1 = 0, dim2 = 1 }: DiagonalOptions = {}): Tensor {
  const a = dimOf('diagonal', x, dim1)
  const b = dimOf('diagonal', x, dim2)
  if (a === b) throw new IndexError(`diagonal: dim1 and dim2 must differ: ${dim1} and ${dim2}`)
  const length = Math.max(
    0,
    offset >= 0 ? Math.min(x.shape[a], x.shape[b] - offset) : Math.min(x.shape[a] + offset, x.shape[b]),
  )
  const skip = length === 0 ? 0 : offset >= 0 ? offset * x.strides[b] : -offset * x.strides[a]
  const others = x.shape.map((_, d) => d).filter((d) => d !== a && d !== b)
  const shape = [...others.map((d) => x.shape[d]), length]
  const strides = [...others.map((d) => x.strides[d]), x.strides[a] + x.strides[b]]
  const from = x.shape
  return record('DiagonalBackward0', [x], x.alias(shape, strides, x.offset + skip), [], (grad) => [
    embed(grad, from, (whole) => diagonal(whole, { offset, dim1: a, dim2: b })),
  ])
}

/** All windows of `size` along `dim`, `step` apart, as a view: the window becomes the last dimension. Throws ShapeError if a window does not fit. Source: `torch.Tensor.unfold`. */
function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  const at = normalizeDim('unfold', dim, x.ndim)
  const full = x.ndim === 0 ? 1 : x.shape[at]
  if (size < 0 || size > full)
    throw new ShapeError(`unfold: a window of ${size} does not fit into dimension ${at} with size ${full}`)
  if (!Number.isInteger(step) || step < 1)
    throw new ValueError(`unfold: step must be a whole number greater than zero, got ${step}`)
  const count = Math.floor((full - size) / step) + 1
  const from = x.shape
  const out =
    x.ndim === 0
      ? x.alias([size], [1])
      : x.alias([...x.shape.with(at, count), size], [...x.strides.with(at, x.strides[at] * step), x.strides[at]])
  return record('UnfoldBackward0', [x], out, [], (grad) => [folded(grad, from, at, step)])
}

const sum = E.add(E.input(0), E.input(1))

/** The sum of all windows at their places in zeros of `shape`: windows overlap, their elements at one position k do not. */
function folded(windows: Tensor, shape: readonly number[], dim: number, step: number): Tensor {
  const size = windows.size(-1)
  const whole = zerosOf(shape, windows)
  const target = shape.length === 0 ? whole.alias([1], [1]) : whole
  const parts = shape.length === 0 ? windows.alias([1, size], [1, 1]) : windows
  for (let k = 0; k < size; k++) {
    const place = sliced(target, dim, k, parts.shape[dim], step)
    launch({
      kind: 'map',
      exprs: [sum],
      compute: computeType(whole.dtype),
      inputs: [place, select(parts, -1, k)],
      outputs: [place],
      scalars: [],
    })
  }
  return record('UnfoldBackwardBackward0', [windows], whole, [], (grad) => [unfold(grad, dim, size, step)])
}

export const methods = { select, narrow, diagonal, unfold, slice }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
