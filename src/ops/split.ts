// A tensor in parts along one dimension, all of them views; and the iterator over the first dimension.
import { recordMany } from '../autograd/record.ts'
import { IndexError, ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { cat, stack } from './join.ts'
import type { Methods } from './methods.ts'
import { dimOf, slice } from './slice.ts'
import { zerosOf } from './view.ts'

/** Gradients of the parts; zeros stand in for a part that nobody used. */
function filled(grads: readonly (Tensor | null)[], shapes: readonly (readonly number[])[]): Tensor[] {
  const like = grads.find((grad) => grad !== null) as Tensor
  return shapes.map((shape, i) => grads[i] ?? zerosOf(shape, like))
}

/** One view for each position along `dim`, which disappears. Source: `torch.unbind`. */
export function unbind(x: Tensor, dim: number = 0): Tensor[] {
  const at = dimOf('unbind', x, dim)
  const shape = x.shape.toSpliced(at, 1)
  const strides = x.strides.toSpliced(at, 1)
  const outs = Array.from({ length: x.shape[at] }, (_, i) => x.alias(shape, strides, x.offset + i * x.strides[at]))
  return recordMany('UnbindBackward0', [x], outs, [], (grads) => [
    stack(
      filled(
        grads,
        outs.map(() => shape),
      ),
      at,
    ),
  ])
}

function parts(name: string, x: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  let start = 0
  const outs = sizes.map((size) => {
    const out = x.alias(x.shape.with(dim, size), x.strides, x.offset + start * x.strides[dim])
    start += size
    return out
  })
  const shapes = outs.map((out) => out.shape)
  return recordMany(name, [x], outs, [], (grads) => [cat(filled(grads, shapes), dim)])
}

function equalParts(x: Tensor, dim: number, size: number): Tensor[] {
  const full = x.shape[dim]
  const count = size === 0 ? 1 : Math.max(1, Math.ceil(full / size))
  return parts(
    'SplitBackward0',
    x,
    dim,
    Array.from({ length: count }, (_, i) => Math.min(size, full - i * size)),
  )
}

/** Parts of `sizeOrSizes` along `dim` (the last may be smaller), or of the listed sizes. Source: `torch.split`. */
export function split(x: Tensor, sizeOrSizes: number | readonly number[], dim: number = 0): Tensor[] {
  if (typeof sizeOrSizes !== 'number') return splitWithSizes(x, sizeOrSizes, dim)
  const at = dimOf('split', x, dim)
  if (!Number.isInteger(sizeOrSizes) || sizeOrSizes < 0 || (sizeOrSizes === 0 && x.shape[at] > 0)) {
    throw new ValueError(
      `split: the size of a part must be a whole number greater than zero, got ${sizeOrSizes} for dimension ${at} with size ${x.shape[at]}`,
    )
  }
  return equalParts(x, at, sizeOrSizes)
}

/** Parts of the listed sizes, which must add up to the size of `dim`. Source: `torch.split_with_sizes`. */
export function splitWithSizes(x: Tensor, sizes: readonly number[], dim: number = 0): Tensor[] {
  const at = dimOf('splitWithSizes', x, dim)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total !== x.shape[at] || sizes.some((size) => size < 0)) {
    throw new ShapeError(
      `splitWithSizes: sizes ${formatShape(sizes)} add up to ${total}, dimension ${at} has size ${x.shape[at]}`,
    )
  }
  return parts('SplitWithSizesBackward0', x, at, sizes)
}

/** At most `chunks` parts of equal size (the last may be smaller) along `dim`. Source: `torch.chunk`. */
export function chunk(x: Tensor, chunks: number, dim: number = 0): Tensor[] {
  const at = dimOf('chunk', x, dim)
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new ValueError(`chunk: chunks must be a whole number greater than zero, got ${chunks}`)
  const size = Math.ceil(x.shape[at] / chunks)
  if (size === 0) return parts('SplitWithSizesBackward0', x, at, new Array<number>(chunks).fill(0))
  return equalParts(x, at, size)
}

/** A number of sections, positions at which to cut, or a 0-d (sections) or 1-d (positions) int64 tensor of them. */
export type Cuts = number | readonly number[] | Tensor

/**
 * Sections as equal as possible (the first ones larger), or cuts at positions, which are clamped like the bounds of a slice.
 * Source: `torch.tensor_split`.
 */
export function tensorSplit(x: Tensor, indicesOrSections: Cuts, dim: number = 0): Tensor[] {
  const at = dimOf('tensorSplit', x, dim)
  const cuts = plainCuts(indicesOrSections)
  if (typeof cuts === 'number') {
    if (!Number.isInteger(cuts) || cuts < 1)
      throw new ValueError(`tensorSplit: the number of sections must be a whole number greater than zero, got ${cuts}`)
    const size = Math.floor(x.shape[at] / cuts)
    const larger = x.shape[at] % cuts
    const start = (i: number): number => i * size + Math.min(i, larger)
    return Array.from({ length: cuts }, (_, i) => slice(x, at, start(i), start(i + 1)))
  }
  return [...cuts, null].map((end, i) => slice(x, at, i === 0 ? 0 : cuts[i - 1], end))
}

function plainCuts(cuts: Cuts): number | readonly number[] {
  if (!(cuts instanceof Tensor)) return cuts
  if (cuts.dtype !== 'int64' || cuts.ndim > 1) {
    throw new ValueError(
      `tensorSplit: a tensor of cuts must be int64 with at most one dimension, got ${cuts.dtype} ${formatShape(cuts.shape)}`,
    )
  }
  return cuts.ndim === 0 ? cuts.item() : cuts.numbers()
}

function splitAlong(op: string, x: Tensor, cuts: number | readonly number[], dim: number): Tensor[] {
  if (x.ndim <= dim && !(op === 'hsplit' && x.ndim === 1)) {
    throw new ShapeError(
      `${op}: at least ${op === 'hsplit' ? 1 : dim + 1} dimension(s) are needed, got shape ${formatShape(x.shape)}`,
    )
  }
  const at = Math.min(dim, x.ndim - 1)
  if (typeof cuts === 'number' && (cuts < 1 || x.shape[at] % cuts !== 0)) {
    throw new ShapeError(`${op}: dimension ${at} with size ${x.shape[at]} cannot be split into ${cuts} equal sections`)
  }
  return tensorSplit(x, cuts, at)
}
/** Equal sections, or cuts, of the columns (of the elements of a 1-d tensor). Source: `torch.hsplit`. */
export function hsplit(x: Tensor, indicesOrSections: number | readonly number[]): Tensor[] {
  return splitAlong('hsplit', x, indicesOrSections, 1)
}
/** Equal sections, or cuts, of the rows. Source: `torch.vsplit`. */
export function vsplit(x: Tensor, indicesOrSections: number | readonly number[]): Tensor[] {
  if (x.ndim < 2) throw new ShapeError(`vsplit: at least two dimensions are needed, got shape ${formatShape(x.shape)}`)
  return splitAlong('vsplit', x, indicesOrSections, 0)
}
/** Equal sections, or cuts, along the third dimension. Source: `torch.dsplit`. */
export function dsplit(x: Tensor, indicesOrSections: number | readonly number[]): Tensor[] {
  return splitAlong('dsplit', x, indicesOrSections, 2)
}

function rows(x: Tensor): ArrayIterator<Tensor> {
  if (x.ndim === 0) throw new IndexError('iterate: a 0-d tensor has no rows')
  return unbind(x).values()
}

export const methods = {
  unbind,
  split,
  splitWithSizes,
  chunk,
  tensorSplit,
  hsplit,
  vsplit,
  dsplit,
  [Symbol.iterator]: rows,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<Omit<typeof methods, typeof Symbol.iterator>> {
    /** The rows: `for (const row of x)`. */
    [Symbol.iterator](): ArrayIterator<Tensor>
  }
}
