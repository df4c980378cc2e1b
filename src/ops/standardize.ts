// Values minus mean, divided by deviation, over some dimensions: what all normalisations (norm.ts, batchNorm.ts) are made of.
import { recordMany } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { broadcastStrides, formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Reduction, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type PointwiseRow, pointwise } from './pointwise.ts'
import { countOf, reduceKeepdim } from './reduce.ts'
import { expand } from './view.ts'

const [x, centre, scale, w, b] = [0, 1, 2, 3, 4].map((k) => E.input(k))
const acc = E.acc(0)

const meanRow: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [E.add(acc, x)],
  combine: [E.add(acc, E.other(0))],
  finish: [E.mul(acc, E.scalar(0))],
}
/** Variance and 1 / sqrt(variance + eps), the mean given as the second input; run-time numbers 1 / n and eps. */
const spreadRow: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [E.fma(E.sub(x, centre), E.sub(x, centre), acc)],
  combine: [E.add(acc, E.other(0))],
  finish: [E.mul(acc, E.scalar(0)), E.div(1, E.sqrt(E.add(E.mul(acc, E.scalar(0)), E.scalar(1))))],
}
const standardize = E.mul(E.sub(x, centre), scale)

/** For the gradient: mean of g and mean of g times the second input; the run-time number is 1 / n. */
const momentsRow: Reduction = {
  accTypes: ['v', 'v'],
  init: [0, 0],
  step: [E.add(acc, x), E.fma(x, E.input(1), E.acc(1))],
  combine: [E.add(acc, E.other(0)), E.add(E.acc(1), E.other(1))],
  finish: [E.mul(acc, E.scalar(0)), E.mul(E.acc(1), E.scalar(0))],
}

interface Statistics {
  readonly mean: Tensor
  readonly variance: Tensor
  /** 1 / sqrt(variance + eps). */
  readonly rstd: Tensor
}

/** Of the values over `axes`, which stay as dimensions of size 1; summed in double precision, as PyTorch does. No gradient goes through them. */
export function statistics(input: Tensor, axes: readonly number[], eps: number): Statistics {
  const { dtype } = input
  const part = 1 / countOf(input, axes)
  const average = reduceKeepdim(meanRow, [input], axes, [dtype], [part], 'float64')[0]
  const spread = reduceKeepdim(
    spreadRow,
    [input, broadcast(average, input.shape)],
    axes,
    [dtype, dtype],
    [part, eps],
    'float64',
  )
  return { mean: average, variance: spread[0], rstd: spread[1] }
}

/** `x`, whose dimensions are 1 where they differ, seen as `shape`: no tensor, no history. */
export const broadcast = (x: View, shape: readonly number[]): View => ({
  storage: x.storage,
  dtype: x.dtype,
  offset: x.offset,
  shape,
  strides: broadcastStrides(x.shape, x.strides, shape),
})
/** The same for one value per channel [C] of `shape` [N, C, ...]. */
export function ofChannels(x: View, shape: readonly number[]): View {
  const strides = new Array<number>(shape.length).fill(0)
  strides[1] = x.strides[0]
  return { storage: x.storage, dtype: x.dtype, offset: x.offset, shape, strides }
}

interface Standardized extends Statistics {
  readonly out: Tensor
}

/** (x - mean) / sqrt(variance + eps) over `axes`; gradients of any order go through `out` and `rstd`. */
export function standardized(name: string, input: Tensor, axes: readonly number[], eps: number): Standardized {
  const { shape, dtype } = input
  const count = countOf(input, axes)
  const { mean: average, variance, rstd } = statistics(input, axes, eps)
  const out = Tensor.empty(shape, dtype, input.device)
  launch({
    kind: 'map',
    exprs: [standardize],
    compute: computeType(dtype),
    inputs: [input, broadcast(average, shape), broadcast(rstd, shape)],
    outputs: [out],
    scalars: [],
  })
  recordMany(name, [input], [out, rstd] as const, [out, rstd], ([g, gScale], [y, r]) => {
    const byOut = g && standardizedGrad(g, y, r, axes, count)
    // d rstd / dx = -rstd^2 * y / n
    const byScale =
      gScale &&
      gScale
        .mul(r)
        .mul(r)
        .mul(y)
        .mul(-1 / count)
    return [byOut && byScale ? byOut.add(byScale) : (byOut ?? byScale)]
  })
  return { out, mean: average, variance, rstd }
}

const gradRow: PointwiseRow = {
  name: 'StandardizedGrad',
  // rstd * (g - mean(g) - y * mean(g * y)); operands g, y, rstd, mean(g), mean(g * y).
  expr: E.mul(scale, E.sub(E.sub(x, w), E.mul(centre, b))),
}
export function standardizedGrad(g: Tensor, y: Tensor, rstd: Tensor, axes: readonly number[], count: number): Tensor {
  return pointwise(gradRow, [g, y, rstd, ...moments(g, y, axes, count)])
}
/** Means of g and of g * y, in one kernel. */
function moments(g: Tensor, y: Tensor, axes: readonly number[], count: number): readonly [Tensor, Tensor] {
  const [first, second] = reduceKeepdim(momentsRow, [g, y], axes, [g.dtype, g.dtype], [1 / count])
  const { shape } = g
  return recordMany('MomentsBackward0', [g, y], [first, second] as const, [g, y], ([ga, gb], [sg, sy], needs) => {
    const a = ga && expand(ga.div(count), shape)
    const both = gb && gb.div(count)
    const byG = both && both.mul(sy)
    return [needs[0] ? (a && byG ? a.add(byG) : (a ?? byG)) : null, needs[1] && both ? both.mul(sg) : null]
  })
}

const affineRow: PointwiseRow = { name: 'Addcmul', expr: E.fma(x, centre, scale) }
/** y * weight + bias, each of a shape that broadcasts. */
export function affine(
  y: Tensor,
  weight: Tensor | null | undefined,
  bias: Tensor | null | undefined,
  shape: readonly number[],
): Tensor {
  const [scaling, shift] = [weight ?? null, bias ?? null].map(
    (part) => part && (sameShape(part.shape, shape) ? part : part.reshape(shape)),
  )
  if (scaling && shift) return pointwise(affineRow, [y, scaling, shift])
  return scaling ? y.mul(scaling) : shift ? y.add(shift) : y
}

/** Shape of one value per channel, against [N, C, ...]. */
export const perChannel = (input: Tensor): number[] => input.shape.slice(1).map((size, d) => (d === 0 ? size : 1))

export function checkChannels(
  op: string,
  input: Tensor,
  parts: Readonly<Record<string, Tensor | null | undefined>>,
): void {
  if (input.ndim < 2) throw new ShapeError(`${op}: expected an input [N, C, ...], got ${formatShape(input.shape)}`)
  for (const [name, part] of Object.entries(parts)) {
    if (part && (part.ndim !== 1 || part.shape[0] !== input.shape[1])) {
      throw new ShapeError(
        `${op}: ${name} must have one value for each of ${input.shape[1]} channels, got ${formatShape(part.shape)}`,
      )
    }
  }
}

/** One value per channel, side by side, as [C]. */
export const asChannels = ({ storage, dtype, offset }: View, channels: number): View => ({
  storage,
  dtype,
  offset,
  shape: [channels],
  strides: [1],
})

/** (1 - momentum) * old + factor * new, for up to two statistics at once. */
const mixes = [0, 1].map((k) =>
  E.add(E.mul(E.input(2 * k), E.sub(1, E.scalar(0))), E.mul(E.input(2 * k + 1), E.scalar(1 + k))),
)
/** Mixes fresh statistics, one value per channel, into the running ones [C], where there are some; variances times `correction`. */
export function updateRunning(
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  fresh: { readonly mean: View; readonly variance: View },
  momentum: number,
  correction: number,
): void {
  const running: Tensor[] = []
  const inputs: View[] = []
  const scalars = [momentum]
  const add = (old: Tensor, part: View, factor: number): void => {
    running.push(old)
    inputs.push(old, asChannels(part, old.shape[0]))
    scalars.push(factor)
  }
  if (runningMean) add(runningMean, fresh.mean, momentum)
  if (runningVar) add(runningVar, fresh.variance, momentum * correction)
  if (running.length === 0) return
  const exprs = mixes.slice(0, running.length)
  launch({ kind: 'map', exprs, compute: computeType(running[0].dtype), inputs, outputs: running, scalars })
  for (const one of running) one.storage.version++
}
