// Values minus mean, divided by deviation, over some dimensions: what all normalisations (norm.ts, batchNorm.ts) are made of.
import { recordMany, withoutRecording } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Reduction } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type PointwiseRow, pointwise } from './pointwise.ts'
import { countOf, reduceKeepdim } from './reduce.ts'
import { expand } from './view.ts'

const [x, centre, scale, w, b] = [0, 1, 2, 3, 4].map((k) => E.input(k))
const acc = E.acc(0)

/** Variance and 1 / sqrt(variance + eps), the mean given as the second input; run-time numbers 1 / n and eps. */
const spreadRow: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [E.fma(E.sub(x, centre), E.sub(x, centre), acc)],
  combine: [E.add(acc, E.other(0))],
  finish: [E.mul(acc, E.scalar(0)), E.div(1, E.sqrt(E.add(E.mul(acc, E.scalar(0)), E.scalar(1))))],
}
/** Sum times the run-time number 1 / n. */
const meanRow: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [E.add(acc, x)],
  combine: [E.add(acc, E.other(0))],
  finish: [E.mul(acc, E.scalar(0))],
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
  return withoutRecording(() => {
    const x = input.detach()
    const [average] = reduceKeepdim(meanRow, [x], axes, [x.dtype], [1 / countOf(x, axes)], 'float64')
    const both = [x, expand(average, x.shape)]
    const [variance, rstd] = reduceKeepdim(
      spreadRow,
      both,
      axes,
      [x.dtype, x.dtype],
      [1 / countOf(x, axes), eps],
      'float64',
    )
    return { mean: average, variance, rstd }
  })
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
  const wide = [average, rstd].map((part) => withoutRecording(() => expand(part, shape)))
  launch({
    kind: 'map',
    exprs: [standardize],
    compute: computeType(dtype),
    inputs: [input, ...wide],
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

/** (1 - momentum) * old + momentum * new, written into the running statistic. */
const mix = E.add(E.mul(x, E.sub(1, E.scalar(0))), E.mul(centre, E.scalar(1)))
export function updateRunning(
  running: Tensor | null | undefined,
  statistic: Tensor,
  momentum: number,
  factor: number,
): void {
  if (!running) return
  const fresh = statistic.detach().reshape(running.shape)
  launch({
    kind: 'map',
    exprs: [mix],
    compute: computeType(running.dtype),
    inputs: [running, fresh],
    outputs: [running],
    scalars: [momentum, momentum * factor],
  })
  running.storage.version++
}
