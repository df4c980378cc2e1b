// Shape and stride arithmetic. Strides and offsets count elements, never bytes.
import { IndexError, ShapeError } from './errors.ts'

export type Shape = readonly number[]
export type Strides = readonly number[]

/** Number of elements: the product of all sizes, 1 for a 0-d shape. */
export function numelOf(shape: Shape): number {
  let n = 1
  for (let d = 0; d < shape.length; d++) n *= shape[d]
  return n
}

const ranges: number[][] = []
/** 0 .. rank - 1. Shared: not to be changed. */
export function dimsOf(shape: Shape): readonly number[] {
  const rank = shape.length
  ranges[rank] ??= Array.from({ length: rank }, (_, d) => d)
  return ranges[rank]
}

export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step
    step *= Math.max(shape[d], 1)
  }
  return strides
}

export function isContiguous(shape: Shape, strides: Strides): boolean {
  let step = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 0) return true
    if (shape[d] !== 1) {
      if (strides[d] !== step) return false
      step *= shape[d]
    }
  }
  return true
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false
  return true
}

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`

/** The shape that all broadcast to (NumPy's rule, as in PyTorch). */
export function broadcastShapes(op: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length))
  const out = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    for (let d = 0; d < shape.length; d++) {
      const at = rank - shape.length + d
      const size = shape[d]
      if (size === 1 || size === out[at]) continue
      if (out[at] !== 1) {
        throw new ShapeError(
          `${op}: shapes do not broadcast: ${shapes.map(formatShape).join(' and ')} (${out[at]} and ${size} at dimension ${at})`,
          'sizes must be equal, or one of them 1, counted from the last dimension.',
        )
      }
      out[at] = size
    }
  }
  return out
}

/** Strides that read `shape` as if it had the shape `target`; broadcast dimensions get stride 0. */
export function broadcastStrides(shape: Shape, strides: Strides, target: Shape): number[] {
  const lead = target.length - shape.length
  const out = new Array<number>(target.length)
  for (let d = 0; d < target.length; d++)
    out[d] = d < lead || (shape[d - lead] === 1 && target[d] !== 1) ? 0 : strides[d - lead]
  return out
}

/** Dimension `dim` of a tensor of `rank` dimensions as 0 .. rank-1; negative counts from the end; a 0-d tensor accepts 0 and -1. */
export function normalizeDim(op: string, dim: number, rank: number): number {
  const range = Math.max(rank, 1)
  if (!Number.isInteger(dim) || dim < -range || dim >= range) {
    throw new IndexError(`${op}: dimension out of range: got ${dim}, expected ${-range} to ${range - 1}`)
  }
  return dim < 0 ? dim + range : dim
}

/** A list of dimensions, each once; `undefined` and an empty list mean all, as in PyTorch's reductions. */
export function normalizeDims(op: string, dims: number | readonly number[] | undefined | null, rank: number): number[] {
  if (dims === undefined || dims === null || (Array.isArray(dims) && dims.length === 0))
    return Array.from({ length: rank }, (_, d) => d)
  const list = (typeof dims === 'number' ? [dims] : dims).map((dim) => normalizeDim(op, dim, rank))
  if (new Set(list).size !== list.length) throw new IndexError(`${op}: a dimension appears twice: [${list.join(', ')}]`)
  return rank === 0 ? [] : list
}

/** Replaces one -1 in `shape` by the size that makes it hold `numel` elements. */
export function inferShape(op: string, shape: Shape, numel: number): number[] {
  const unknown = shape.indexOf(-1)
  const invalid = shape.some((size, d) => (size < 0 && !(size === -1 && d === unknown)) || !Number.isInteger(size))
  const known = shape.reduce((n, size, d) => (d === unknown ? n : n * size), 1)
  const fits = unknown < 0 ? known === numel : known > 0 && numel % known === 0
  if (invalid || !fits) {
    throw new ShapeError(`${op}: shape ${formatShape(shape)} does not hold ${numel} elements`)
  }
  return shape.map((size, d) => (d === unknown ? numel / known : size))
}

/**
 * Strides that show the same memory under a new shape, or null where only a copy can (PyTorch's `computeStride`).
 * Walks both shapes from the back, one run of mergeable old dimensions at a time.
 */
export function viewStrides(shape: Shape, strides: Strides, target: Shape): number[] | null {
  if (numelOf(shape) === 0) return sameShape(shape, target) ? [...strides] : contiguousStrides(target)
  const out = new Array<number>(target.length)
  let t = target.length - 1
  let runNumel = 1
  let viewNumel = 1
  let base = strides.length > 0 ? strides[strides.length - 1] : 1
  for (let d = shape.length - 1; d >= 0; d--) {
    runNumel *= shape[d]
    const runEnds = d === 0 || (shape[d - 1] !== 1 && strides[d - 1] !== runNumel * base)
    if (!runEnds) continue
    while (t >= 0 && (viewNumel < runNumel || target[t] === 1)) {
      out[t] = viewNumel * base
      viewNumel *= target[t]
      t--
    }
    if (viewNumel !== runNumel) return null
    if (d > 0) {
      base = strides[d - 1]
      runNumel = 1
      viewNumel = 1
    }
  }
  if (shape.length === 0) for (; t >= 0; t--) out[t] = 1
  return t >= 0 ? null : out
}
