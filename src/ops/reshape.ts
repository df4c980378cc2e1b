// Other sizes for the same elements in row-major order: views wherever the strides allow it.
import { record } from '../autograd/record.ts'
import { IndexError, ShapeError } from '../base/errors.ts'
import { contiguousStrides, formatShape, inferShape, normalizeDim, viewStrides } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { clone } from './copy.ts'
import type { Methods } from './methods.ts'
import { type SizeList, sizesOf } from './view.ts'

/** `x` as `shape`, whose strides are known; `name` is the node's. The gradient takes the old shape back. */
function reshaped(name: string, x: Tensor, shape: readonly number[], strides: readonly number[]): Tensor {
  const from = x.shape
  return record(name, [x], x.alias(shape, strides), [], (grad) => [reshape(grad, from)])
}

/**
 * The same memory as `shape`; one size may be -1. Throws ShapeError where only a copy could have that shape.
 * Source: `torch.Tensor.view`.
 */
export function view(x: Tensor, ...sizes: SizeList): Tensor {
  const shape = inferShape('view', sizesOf(sizes), x.numel())
  const strides = viewStrides(x.shape, x.strides, shape)
  if (strides === null) {
    throw new ShapeError(
      `view: strides do not allow this view: ${formatShape(x.shape)} with strides ${formatShape(x.strides)} as ${formatShape(shape)}`,
      'use reshape(), which copies where it must.',
    )
  }
  return reshaped('ViewBackward0', x, shape, strides)
}
/** `x.view(other.shape)`. Source: `torch.Tensor.view_as`. */
export function viewAs(x: Tensor, other: Tensor): Tensor {
  return view(x, other.shape)
}

/** The elements as `shape`; one size may be -1. A view where the strides allow it, else a copy. Throws ShapeError if the sizes do not fit. Source: `torch.reshape`. */
export function reshape(x: Tensor, ...sizes: SizeList): Tensor {
  const shape = inferShape('reshape', sizesOf(sizes), x.numel())
  const strides = viewStrides(x.shape, x.strides, shape)
  if (strides !== null) return reshaped('ReshapeAliasBackward0', x, shape, strides)
  // The only handle on fresh memory: not a view.
  const whole = clone(x)
  const out = new Tensor(whole.storage.retain(), x.dtype, shape, contiguousStrides(shape), whole.offset)
  const from = x.shape
  return record('UnsafeViewBackward0', [whole], out, [], (grad) => [reshape(grad, from)])
}
/** `x.reshape(other.shape)`. Source: `torch.Tensor.reshape_as`. */
export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  return reshape(x, other.shape)
}

/** Dimensions `startDim` to `endDim` as one; `x` itself where there is nothing to join. Source: `torch.flatten`. */
export function flatten(x: Tensor, startDim: number = 0, endDim: number = -1): Tensor {
  const start = normalizeDim('flatten', startDim, x.ndim)
  const end = normalizeDim('flatten', endDim, x.ndim)
  if (start > end) throw new IndexError(`flatten: startDim comes after endDim: ${startDim} and ${endDim}`)
  if (x.ndim === 0) return reshape(x, [1])
  if (start === end) return x
  const joined = x.shape.slice(start, end + 1).reduce((n, size) => n * size, 1)
  return reshape(x, [...x.shape.slice(0, start), joined, ...x.shape.slice(end + 1)])
}

/** Dimension `dim` as several; one of `sizes` may be -1. Source: `torch.Tensor.unflatten`. */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const at = normalizeDim('unflatten', dim, x.ndim)
  if (sizes.length === 0) throw new ShapeError('unflatten: sizes must not be empty')
  const parts = inferShape('unflatten', sizes, x.shape[at])
  return view(x, [...x.shape.slice(0, at), ...parts, ...x.shape.slice(at + 1)])
}

/** All elements in one dimension, contiguous. Source: `torch.ravel`. */
export function ravel(x: Tensor): Tensor {
  return view(x.isContiguous() ? x : clone(x), [-1])
}

/** Without dimensions of size 1: all of them, or `dim` if it has size 1. Source: `torch.squeeze`. */
export function squeeze(x: Tensor, dim?: number): Tensor {
  const at = dim === undefined ? -1 : normalizeDim('squeeze', dim, x.ndim)
  const keeps = (size: number, d: number): boolean => size !== 1 || (dim !== undefined && d !== at)
  const name = dim === undefined ? 'SqueezeBackward0' : 'SqueezeBackward1'
  return reshaped(
    name,
    x,
    x.shape.filter(keeps),
    x.strides.filter((_, d) => keeps(x.shape[d], d)),
  )
}

/** With a new dimension of size 1 at `dim`. Source: `torch.unsqueeze`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  const at = normalizeDim('unsqueeze', dim, x.ndim + 1)
  const step = at < x.ndim ? x.shape[at] * x.strides[at] : 1
  return reshaped('UnsqueezeBackward0', x, x.shape.toSpliced(at, 0, 1), x.strides.toSpliced(at, 0, step))
}

type OneOrMany<T extends readonly Tensor[]> = T extends readonly [Tensor] ? Tensor : Tensor[]
const each = <T extends readonly Tensor[]>(tensors: T, f: (x: Tensor) => Tensor): OneOrMany<T> =>
  (tensors.length === 1 ? f(tensors[0]) : tensors.map(f)) as OneOrMany<T>

/** At least one dimension each; one tensor gives a tensor, several a list. Source: `torch.atleast_1d`. */
export function atleast1d<T extends readonly Tensor[]>(...tensors: T): OneOrMany<T> {
  return each(tensors, (x) => (x.ndim === 0 ? reshape(x, [1]) : x))
}
/** At least two dimensions each, new ones in front. Source: `torch.atleast_2d`. */
export function atleast2d<T extends readonly Tensor[]>(...tensors: T): OneOrMany<T> {
  return each(tensors, (x) => (x.ndim === 0 ? reshape(x, [1, 1]) : x.ndim === 1 ? unsqueeze(x, 0) : x))
}
/** At least three dimensions each: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. Source: `torch.atleast_3d`. */
export function atleast3d<T extends readonly Tensor[]>(...tensors: T): OneOrMany<T> {
  return each(tensors, (x) => {
    if (x.ndim === 0) return reshape(x, [1, 1, 1])
    return x.ndim === 1 ? unsqueeze(unsqueeze(x, 0), 2) : x.ndim === 2 ? unsqueeze(x, 2) : x
  })
}

export const methods = { view, viewAs, reshape, reshapeAs, flatten, unflatten, ravel, squeeze, unsqueeze }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
