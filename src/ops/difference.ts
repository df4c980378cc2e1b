// Differences and integrals of samples along a dimension: diff, gradient, trapezoid.
import { IndexError, ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, normalizeDim } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { cat } from './join.ts'
import type { Methods } from './methods.ts'
import { cast, floatOf } from './pointwise.ts'
import { cumsum } from './scan.ts'

export interface DiffOptions {
  /** How often to take differences. Default 1. */
  n?: number
  /** Default the last. */
  dim?: number
  /** Put before the input along `dim`. */
  prepend?: Tensor | null
  /** Put behind the input along `dim`. */
  append?: Tensor | null
}
/** Differences of neighbours along `dim` (default the last), `n` times. Source: `torch.diff`. */
export function diff(input: Tensor, { n = 1, dim = -1, prepend = null, append = null }: DiffOptions = {}): Tensor {
  if (input.ndim === 0) throw new ShapeError('diff: expected at least 1 dimension, got a 0-d tensor')
  if (!Number.isInteger(n) || n < 0) throw new ValueError(`diff: n must be a whole number of at least 0, got ${n}`)
  const axis = normalizeDim('diff', dim, input.ndim)
  if (n === 0) return input
  const parts = [prepend, input, append].filter((part) => part !== null)
  let out = parts.length === 1 ? input : cat(parts, axis)
  for (let k = 0; k < n; k++) {
    const size = out.shape[axis]
    if (size < 2) return out.narrow(axis, 0, 0)
    const [high, low] = [out.narrow(axis, 1, size - 1), out.narrow(axis, 0, size - 1)]
    out = out.dtype === 'bool' ? high.logicalXor(low) : high.sub(low)
  }
  return out
}

/** Areas of the trapezoids between neighbours along `axis`. */
function areas(op: string, y: Tensor, x: Tensor | null, dx: number, axis: number): Tensor {
  const size = y.shape[axis]
  const values = cast(y, floatOf(y.dtype))
  const sums = values.narrow(axis, 1, size - 1).add(values.narrow(axis, 0, size - 1))
  if (x === null) return sums.mul(dx / 2)
  const along = x.ndim === 1 ? x.reshape(y.shape.map((_, d) => (d === axis ? x.shape[0] : 1))) : x
  const xAxis = along.ndim - (y.ndim - axis)
  if (along.shape[xAxis] !== size)
    throw new ShapeError(
      `${op}: as many places as values are needed along dimension ${axis}: ${formatShape(x.shape)} and ${formatShape(y.shape)}`,
    )
  return sums.mul(diff(along, { dim: xAxis })).div(2)
}

export interface TrapezoidOptions {
  /** Distance of neighbours where no places are given. Default 1. */
  dx?: number
  /** Default the last. */
  dim?: number
}
/** Integral of `y` along `dim` (default the last) by trapezoids, at places `x` or `dx` apart. Source: `torch.trapezoid`. */
export function trapezoid(y: Tensor, x?: Tensor | null, { dx = 1, dim = -1 }: TrapezoidOptions = {}): Tensor {
  const axis = normalizeDim('trapezoid', dim, y.ndim)
  if (y.shape[axis] === 0) return y.sum(axis, { dtype: y.dtype })
  return areas('trapezoid', y, x ?? null, dx, axis).sum(axis)
}
/** `trapezoid` up to each place. Source: `torch.cumulative_trapezoid`. */
export function cumulativeTrapezoid(y: Tensor, x?: Tensor | null, { dx = 1, dim = -1 }: TrapezoidOptions = {}): Tensor {
  const axis = normalizeDim('cumulativeTrapezoid', dim, y.ndim)
  if (y.shape[axis] === 0) return cast(y, floatOf(y.dtype)).clone()
  return cumsum(areas('cumulativeTrapezoid', y, x ?? null, dx, axis), axis)
}

export interface GradientOptions {
  /** Distance of neighbours, or for each dimension its distance or the places themselves. Default 1. */
  spacing?: number | readonly number[] | readonly Tensor[]
  /** Default all. */
  dim?: number | readonly number[]
  /** Accuracy at the ends: 1 or 2. Default 1. */
  edgeOrder?: 1 | 2
}
/** Central differences of the samples in each dimension, one tensor for each. Source: `torch.gradient`. */
export function gradient(input: Tensor, { spacing = 1, dim, edgeOrder = 1 }: GradientOptions = {}): Tensor[] {
  if (edgeOrder !== 1 && edgeOrder !== 2) throw new ValueError(`gradient: edgeOrder must be 1 or 2, got ${edgeOrder}`)
  const dims = (dim === undefined ? input.shape.map((_, d) => d) : typeof dim === 'number' ? [dim] : dim).map((d) =>
    normalizeDim('gradient', d, input.ndim),
  )
  const list = typeof spacing === 'number' ? dims.map(() => spacing) : spacing
  if (list.length !== dims.length)
    throw new ValueError(`gradient: one spacing for each dimension is needed: ${list.length} and ${dims.length}`)
  return dims.map((axis, k) => {
    const size = input.shape[axis]
    if (size < edgeOrder + 1)
      throw new IndexError(
        `gradient: at least ${edgeOrder + 1} samples are needed along dimension ${axis}, got shape ${formatShape(input.shape)}`,
      )
    return slopes(input, axis, list[k], edgeOrder)
  })
}

function slopes(input: Tensor, axis: number, spacing: number | Tensor, edgeOrder: 1 | 2): Tensor {
  const size = input.shape[axis]
  const part = (start: number, length: number): Tensor => input.narrow(axis, start, length)
  const steps =
    spacing instanceof Tensor ? diff(spacing).reshape(input.shape.map((_, d) => (d === axis ? size - 1 : 1))) : null
  /** Distances from places start .. start + length - 1 to the next ones. */
  const step = (start: number, length: number): Tensor | number =>
    steps?.narrow(axis, start, length) ?? (spacing as number)
  const weighted = (x: Tensor, weight: Tensor | number): Tensor => x.mul(weight)

  const middle = (): Tensor => {
    const [a, b, c] = [part(0, size - 2), part(1, size - 2), part(2, size - 2)]
    if (steps === null) return c.sub(a).div(2 * (spacing as number))
    const [left, right] = [step(0, size - 2) as Tensor, step(1, size - 2) as Tensor]
    const both = left.add(right)
    return weighted(a, right.div(left.mul(both)).neg())
      .add(weighted(b, right.sub(left).div(left.mul(right))))
      .add(weighted(c, left.div(right.mul(both))))
  }
  const oneSided = (start: number): Tensor =>
    part(start + 1, 1)
      .sub(part(start, 1))
      .div(step(start, 1))
  const ends = (): [Tensor, Tensor] => {
    if (edgeOrder === 1) return [oneSided(0), oneSided(size - 2)]
    // A parabola through the three samples at each end: the slope there is the outer difference corrected by the change of slope.
    const [first, second] = [oneSided(0), oneSided(1)]
    const [last, before] = [oneSided(size - 2), oneSided(size - 3)]
    const share = (outer: number, inner: number): Tensor | number => {
      const [p, q] = [step(outer, 1), step(inner, 1)]
      return p instanceof Tensor ? p.div(p.add(q as Tensor)) : 0.5
    }
    return [
      first.sub(weighted(second.sub(first), share(0, 1))),
      last.add(weighted(last.sub(before), share(size - 2, size - 3))),
    ]
  }
  const [start, end] = ends()
  return size === 2 ? cat([start, end], axis) : cat([start, middle(), end], axis)
}

export const methods = { diff }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
