// Dimensions in another order: always views.
import { record } from '../autograd/record.ts'
import { IndexError, ShapeError } from '../base/errors.ts'
import { formatShape, normalizeDim } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { type SizeList, sizesOf } from './view.ts'

/** Dimension d of the result is dimension `order[d]` of `x`. */
function reordered(name: string, x: Tensor, order: readonly number[]): Tensor {
  const out = x.alias(
    order.map((d) => x.shape[d]),
    order.map((d) => x.strides[d]),
  )
  const back = order.map((_, d) => order.indexOf(d))
  return record(name, [x], out, [], (grad) => [permute(grad, back)])
}

/** The dimensions in the order `dims`, a list of all of them. Throws IndexError otherwise. Source: `torch.permute`. */
export function permute(x: Tensor, ...dims: SizeList): Tensor {
  const order = sizesOf(dims).map((d) => normalizeDim('permute', d, x.ndim))
  if (order.length !== x.ndim || new Set(order).size !== order.length) {
    throw new IndexError(
      `permute: dims must name each dimension once: ${formatShape(sizesOf(dims))} for shape ${formatShape(x.shape)}`,
    )
  }
  return reordered('PermuteBackward0', x, order)
}

const swapped = (x: Tensor, a: number, b: number): number[] => x.shape.map((_, d) => (d === a ? b : d === b ? a : d))

/** Dimensions `dim0` and `dim1` exchanged. Source: `torch.transpose`. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const a = normalizeDim('transpose', dim0, x.ndim)
  const b = normalizeDim('transpose', dim1, x.ndim)
  return reordered('TransposeBackward0', x, swapped(x, a, b))
}
/** Another name of `transpose`. Source: `torch.swapaxes`. */
export const swapaxes = transpose
/** Another name of `transpose`. Source: `torch.swapdims`. */
export const swapdims = transpose

/** A matrix with rows and columns exchanged; fewer than two dimensions stay as they are. Throws ShapeError for more. Source: `torch.t`. */
export function t(x: Tensor): Tensor {
  if (x.ndim > 2)
    throw new ShapeError(
      `t: at most two dimensions are allowed, got shape ${formatShape(x.shape)}`,
      'use transpose(dim0, dim1) or mT.',
    )
  return reordered('TBackward0', x, x.ndim < 2 ? x.shape.map((_, d) => d) : [1, 0])
}

/** Dimension(s) `source` moved to the place(s) `destination`; the others keep their order. Source: `torch.movedim`. */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const from = typeof source === 'number' ? [source] : source
  const to = typeof destination === 'number' ? [destination] : destination
  const sources = from.map((d) => normalizeDim('movedim', d, x.ndim))
  const places = to.map((d) => normalizeDim('movedim', d, x.ndim))
  if (
    sources.length !== places.length ||
    new Set(sources).size !== sources.length ||
    new Set(places).size !== places.length
  ) {
    throw new IndexError(
      `movedim: source and destination must have the same length, without repeats: ${formatShape(from)} and ${formatShape(to)}`,
    )
  }
  const rest = x.shape.map((_, d) => d).filter((d) => !sources.includes(d))
  const order = x.shape.map((_, d) => (places.includes(d) ? sources[places.indexOf(d)] : (rest.shift() as number)))
  return reordered('PermuteBackward0', x, order)
}
/** Another name of `movedim`. Source: `torch.moveaxis`. */
export const moveaxis = movedim

/** Installed as properties: `x.T` all dimensions reversed, `x.mT` the last two exchanged, `x.H` the transposed matrix. */
export const getters: Record<'T' | 'mT' | 'H', (x: Tensor) => Tensor> = {
  T: (x) =>
    reordered(
      'PermuteBackward0',
      x,
      x.shape.map((_, d) => x.ndim - 1 - d),
    ),
  mT: (x) => {
    if (x.ndim < 2) throw new ShapeError(`mT: at least two dimensions are needed, got shape ${formatShape(x.shape)}`)
    return transpose(x, -2, -1)
  },
  H: (x) => {
    if (x.ndim !== 2 && x.ndim !== 0)
      throw new ShapeError(`H: a matrix is needed, got shape ${formatShape(x.shape)}`, 'use mT for stacks of matrices.')
    return transpose(x, 0, -1)
  },
}
export const methods = { permute, transpose, swapaxes, swapdims, t, movedim, moveaxis }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {
    /** All dimensions in reverse order. */
    readonly T: Tensor
    /** The last two dimensions exchanged. */
    readonly mT: Tensor
    /** The matrix transposed. */
    readonly H: Tensor
  }
}
