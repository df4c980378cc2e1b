// Normalisation: batch, layer, group and instance norm are one op, values minus mean divided by deviation over some dimensions,
// followed by weight and bias.
import { recordMany, withoutRecording } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape, numelOf, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Reduction } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type PointwiseRow, pointwise } from './pointwise.ts'
import { avgPool2d } from './pool.ts'
import { countOf, mean, reduceKeepdim, requireFloating } from './reduce.ts'
import { embed, expand } from './view.ts'

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
const standardize = E.mul(E.sub(x, centre), scale)

/** For the gradient: mean of g and mean of g times the second input; the run-time number is 1 / n. */
const momentsRow: Reduction = {
  accTypes: ['v', 'v'],
  init: [0, 0],
  step: [E.add(acc, x), E.fma(x, E.input(1), E.acc(1))],
  combine: [E.add(acc, E.other(0)), E.add(E.acc(1), E.other(1))],
  finish: [E.mul(acc, E.scalar(0)), E.mul(E.acc(1), E.scalar(0))],
}

interface Standardized {
  readonly out: Tensor
  readonly mean: Tensor
  readonly variance: Tensor
  /** 1 / sqrt(variance + eps). */
  readonly rstd: Tensor
}

/** (x - mean) / sqrt(variance + eps) over `axes`. Statistics keep the dimensions with size 1; gradients of any order go through `out` and `rstd`. */
function standardized(name: string, input: Tensor, axes: readonly number[], eps: number): Standardized {
  const { shape, dtype } = input
  const count = countOf(input, axes)
  const [average, variance, rstd] = withoutRecording(() => {
    const centres = mean(input.detach(), axes.length === 0 ? undefined : axes, { keepdim: true })
    return [
      centres,
      ...reduceKeepdim(spreadRow, [input.detach(), expand(centres, shape)], axes, [dtype, dtype], [1 / count, eps]),
    ]
  })
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
function standardizedGrad(g: Tensor, y: Tensor, rstd: Tensor, axes: readonly number[], count: number): Tensor {
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
function affine(
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
const perChannel = (input: Tensor): number[] => input.shape.slice(1).map((size, d) => (d === 0 ? size : 1))

function checkChannels(op: string, input: Tensor, parts: Readonly<Record<string, Tensor | null | undefined>>): void {
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
function updateRunning(running: Tensor | null | undefined, statistic: Tensor, momentum: number, factor: number): void {
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

export interface BatchNormOptions {
  /** Use the statistics of the batch, and mix them into the running ones. Default false. */
  training?: boolean
  /** Part of the new statistics in the running ones. Default 0.1. */
  momentum?: number
  /** Added to the variance. Default 1e-5. */
  eps?: number
}
const fixedRow: PointwiseRow = {
  name: 'NativeBatchNorm',
  expr: E.mul(E.sub(x, centre), E.div(1, E.sqrt(E.add(scale, E.scalar(0))))),
}

/**
 * Normalises each channel of [N, C, ...] over all other dimensions: with the batch's statistics in training, else with the running ones [C], which
 * training updates in place (with the unbiased variance). Throws ValueError where a channel has only one value in training.
 * Source: `torch.nn.functional.batch_norm`.
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  weight?: Tensor | null,
  bias?: Tensor | null,
  { training = false, momentum = 0.1, eps = 1e-5 }: BatchNormOptions = {},
): Tensor {
  requireFloating('batchNorm', input)
  if (input.ndim === 1 && input.numel() === 0) return input.clone()
  checkChannels('batchNorm', input, { runningMean, runningVar, weight, bias })
  const shape = perChannel(input)
  if (training) {
    const axes = input.shape.map((_, d) => d).filter((d) => d !== 1)
    const count = countOf(input, axes)
    if (count === 1)
      throw new ValueError(
        `batchNorm: expected more than 1 value per channel when training, got ${formatShape(input.shape)}`,
      )
    const { out, mean: average, variance } = standardized('NativeBatchNormBackward0', input, axes, eps)
    updateRunning(runningMean, average, momentum, 1)
    updateRunning(runningVar, variance, momentum, count / (count - 1))
    return affine(out, weight, bias, shape)
  }
  if (!runningMean || !runningVar)
    throw new ValueError(
      'batchNorm: running mean and variance are needed outside of training',
      'pass { training: true } to use the statistics of the batch.',
    )
  return affine(
    pointwise(fixedRow, [input, runningMean.reshape(shape), runningVar.reshape(shape)], [eps]),
    weight,
    bias,
    shape,
  )
}

/** Normalises over the last dimensions, which have the shape `normalizedShape`, as weight and bias. Source: `torch.nn.functional.layer_norm`. */
export function layerNorm(
  input: Tensor,
  normalizedShape: number | readonly number[],
  weight?: Tensor | null,
  bias?: Tensor | null,
  { eps = 1e-5 }: { eps?: number } = {},
): Tensor {
  requireFloating('layerNorm', input)
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape
  const last = input.shape.slice(Math.max(input.ndim - shape.length, 0))
  if (shape.length === 0 || !sameShape(last, shape)) {
    throw new ShapeError(
      `layerNorm: the input ${formatShape(input.shape)} must end with the normalized shape ${formatShape(shape)}`,
    )
  }
  for (const part of [weight, bias]) {
    if (part && !sameShape(part.shape, shape))
      throw new ShapeError(
        `layerNorm: weight and bias have the normalized shape: ${formatShape(part.shape)} and ${formatShape(shape)}`,
      )
  }
  const axes = shape.map((_, d) => input.ndim - shape.length + d)
  return affine(standardized('NativeLayerNormBackward0', input, axes, eps).out, weight, bias, shape)
}

/** Normalises [N, C, ...] in `numGroups` groups of channels; weight and bias [C]. Source: `torch.nn.functional.group_norm`. */
export function groupNorm(
  input: Tensor,
  numGroups: number,
  weight?: Tensor | null,
  bias?: Tensor | null,
  { eps = 1e-5 }: { eps?: number } = {},
): Tensor {
  requireFloating('groupNorm', input)
  checkChannels('groupNorm', input, { weight, bias })
  const [n, channels] = input.shape
  if (numGroups < 1 || channels % numGroups !== 0)
    throw new ShapeError(`groupNorm: groups must divide the channels: ${numGroups} and ${channels}`)
  const grouped = input.reshape([n, numGroups, numelOf(input.shape.slice(1)) / numGroups])
  const out = standardized('NativeGroupNormBackward0', grouped, [2], eps).out
  return affine(out.reshape(input.shape), weight, bias, perChannel(input))
}

export interface InstanceNormOptions {
  runningMean?: Tensor | null
  runningVar?: Tensor | null
  weight?: Tensor | null
  bias?: Tensor | null
  /** Use each instance's own statistics. Default true. */
  useInputStats?: boolean
  momentum?: number
  eps?: number
}
/** Normalises each channel of each instance of [N, C, ...] over its own values. Source: `torch.nn.functional.instance_norm`. */
export function instanceNorm(input: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { runningMean, runningVar, weight, bias, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options
  if (!useInputStats) return batchNorm(input, runningMean, runningVar, weight, bias, { eps })
  requireFloating('instanceNorm', input)
  checkChannels('instanceNorm', input, { runningMean, runningVar, weight, bias })
  const axes = input.shape.map((_, d) => d).slice(2)
  const count = countOf(input, axes)
  if (count === 1)
    throw new ValueError(
      `instanceNorm: expected more than 1 spatial element when training, got ${formatShape(input.shape)}`,
    )
  const { out, mean: average, variance } = standardized('NativeBatchNormBackward0', input, axes, eps)
  withoutRecording(() => {
    updateRunning(runningMean, average.detach().mean(0), momentum, 1)
    updateRunning(runningVar, variance.mean(0), momentum, count / (count - 1))
  })
  return affine(out, weight, bias, perChannel(input))
}

/** Divides by (k + alpha * mean of squares over `size` neighbouring channels)^beta. Source: `torch.nn.functional.local_response_norm`. */
export function localResponseNorm(
  input: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: { alpha?: number; beta?: number; k?: number } = {},
): Tensor {
  if (input.ndim < 3)
    throw new ShapeError(
      `localResponseNorm: expected at least 3 dimensions [N, C, ...], got ${formatShape(input.shape)}`,
    )
  if (input.numel() === 0) return input
  const [n, channels] = input.shape
  const squares = input.mul(input).reshape([n, channels, -1])
  const before = Math.floor(size / 2)
  const padded = embed(squares, [n, channels + size - 1, squares.shape[2]], (whole) =>
    whole.narrow(1, before, channels),
  )
  const means = avgPool2d(padded, [size, 1], { stride: 1 }).reshape(input.shape)
  return input.div(means.mul(alpha).add(k).pow(beta))
}
