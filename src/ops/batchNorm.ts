// Batch normalisation. Forward is one kernel behind the statistics, backward one reduction and one kernel: the normalised values are never stored.
// Ioffe & Szegedy 2015 (arXiv:1502.03167).
import { mayOverwrite, record } from '../autograd/record.ts'
import { computeType, isHalf } from '../base/dtype.ts'
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape } from '../base/shape.ts'
import { isGradEnabled } from '../runtime/context.ts'
import { launch } from '../runtime/launch.ts'
import type { Reduction, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import {
  asChannels,
  broadcast,
  checkChannels,
  ofChannels,
  perChannel,
  standardized,
  standardizedGrad,
  statistics,
  updateRunning,
} from './standardize.ts'
import { type PointwiseRow, pointwise, throughFloat32 } from './pointwise.ts'
import { countOf, dropDims, reduceKeepdim, requireFloating } from './reduce.ts'
import { sumTo } from './sumTo.ts'

const [in0, in1, in2, in3, in4, in5] = [0, 1, 2, 3, 4, 5].map((k) => E.input(k))

export interface BatchNormOptions {
  /** Use the statistics of the batch, and mix them into the running ones. Default false. */
  training?: boolean
  /** Part of the new statistics in the running ones. Default 0.1. */
  momentum?: number
  /** Added to the variance. Default 1e-5. */
  eps?: number
}
/** x, mean, rstd, and weight and bias where there are some. */
const normalized = E.mul(E.sub(in0, in1), in2)
const forwardExpr = {
  both: E.fma(normalized, in3, in4),
  weight: E.mul(normalized, in3),
  bias: E.add(normalized, in3),
  none: normalized,
}
/** The same with a variance (and eps as run-time number) in place of rstd. */
const fixed = E.mul(E.sub(in0, in1), E.div(1, E.sqrt(E.add(in2, E.scalar(0)))))
const fixedRows: Readonly<Record<keyof typeof forwardExpr, PointwiseRow>> = {
  both: { name: 'NativeBatchNorm', expr: E.fma(fixed, in3, in4) },
  weight: { name: 'NativeBatchNorm', expr: E.mul(fixed, in3) },
  bias: { name: 'NativeBatchNorm', expr: E.add(fixed, in3) },
  none: { name: 'NativeBatchNorm', expr: fixed },
}
const parts = (weight: unknown, bias: unknown): keyof typeof forwardExpr =>
  weight && bias ? 'both' : weight ? 'weight' : bias ? 'bias' : 'none'

/** Sums of g and of g * (x - mean). */
const gradSums: Reduction = {
  accTypes: ['v', 'v'],
  init: [0, 0],
  step: [E.add(E.acc(0), in0), E.fma(in0, E.sub(in1, in2), E.acc(1))],
  combine: [E.add(E.acc(0), E.other(0)), E.add(E.acc(1), E.other(1))],
  finish: [E.acc(0), E.acc(1)],
}
/** From both sums, rstd and weight (1 if there is none): what inputGrad needs of each channel, and the gradient of the weight; the run-time number is 1 / n. */
const coefficients = (weight: E.Expr): E.Expr[] => [
  E.mul(weight, in2),
  E.mul(in0, E.scalar(0)),
  E.mul(E.mul(E.mul(in2, in2), in1), E.scalar(0)),
  E.mul(in1, in2),
]
const withWeight = coefficients(in3)
const withoutWeight = coefficients(E.constant(1))
/** From g, x, mean and three coefficients. */
const inputGrad = E.mul(in3, E.sub(E.sub(in0, in4), E.mul(E.sub(in1, in2), in5)))

function map(
  exprs: readonly E.Expr[],
  inputs: readonly View[],
  outputs: readonly Tensor[],
  scalars: number[] = [],
): void {
  launch({ kind: 'map', exprs, compute: computeType(outputs[0].dtype), inputs, outputs, scalars })
}

/** Gradients of input, weight and bias by kernels of their own. */
function fusedGrads(
  g: Tensor,
  saved: readonly Tensor[],
  axes: readonly number[],
  needs: readonly boolean[],
): (Tensor | null)[] {
  const { 0: x, 1: average, 2: rstd, 3: weight } = saved
  const { shape, dtype, device } = x
  const channels = shape[1]
  const mean = broadcast(average, shape)
  const sums = reduceKeepdim(gradSums, [g, x, mean], axes, [dtype, dtype], [], 'float64').map((sum) =>
    dropDims(sum, axes, false),
  )
  const operands = [...sums, asChannels(rstd, channels), ...(weight ? [weight] : [])]
  const [scale, shift, slope, weightGrad] = [0, 1, 2, 3].map(() => Tensor.empty([channels], dtype, device))
  map(weight ? withWeight : withoutWeight, operands, [scale, shift, slope, weightGrad], [1 / countOf(x, axes)])
  let out: Tensor | null = null
  if (needs[0]) {
    out = mayOverwrite(g) ? g.aliasWithEdge() : Tensor.empty(shape, dtype, device)
    const wide = [scale, shift, slope].map((part) => ofChannels(part, shape))
    map([inputGrad], [g, x, mean, ...wide], [out])
  }
  return [out, weightGrad, sums[0]]
}

/** The same by ops that are recorded in turn, for gradients of gradients. */
function recordedGrads(
  g: Tensor,
  [x, , , weight]: readonly Tensor[],
  axes: readonly number[],
  eps: number,
): (Tensor | null)[] {
  const { out, rstd } = standardized('NativeBatchNormBackward0', x, axes, eps)
  const scaled = weight ? g.mul(weight.reshape(perChannel(x))) : g
  const perWeight = (part: Tensor): Tensor => sumTo(part, perChannel(x)).reshape(x.shape[1])
  return [standardizedGrad(scaled, out, rstd, axes, countOf(x, axes)), perWeight(g.mul(out)), perWeight(g)]
}

/** What training does, with mean and 1 / sqrt(variance + eps) of each channel [1, C, 1, ...]. */
export function normalizeBatch(
  input: Tensor,
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  weight: Tensor | null | undefined,
  bias: Tensor | null | undefined,
  momentum: number,
  eps: number,
): { readonly out: Tensor; readonly mean: Tensor; readonly rstd: Tensor } {
  const axes = input.shape.map((_, d) => d).filter((d) => d !== 1)
  const count = countOf(input, axes)
  const fresh = statistics(input, axes, eps)
  const { mean: average, rstd } = fresh
  updateRunning(runningMean, runningVar, fresh, momentum, count / (count - 1))
  const given = [weight, bias].filter((part): part is Tensor => !!part)
  const out = Tensor.empty(input.shape, input.dtype, input.device)
  const wide = [average, rstd].map((part) => broadcast(part, input.shape))
  for (const part of given) wide.push(ofChannels(part, input.shape))
  map([forwardExpr[parts(weight, bias)]], [input, ...wide], [out])
  const saved = [input, average, rstd, ...(weight ? [weight] : [])]
  record('NativeBatchNormBackward0', [input, ...given], out, saved, (g, tensors, needs) => {
    const grads = isGradEnabled() ? recordedGrads(g, tensors, axes, eps) : fusedGrads(g, tensors, axes, needs)
    return [grads[0], ...(weight ? [grads[1]] : []), ...(bias ? [grads[2]] : [])]
  })
  return { out, mean: average, rstd }
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
  if (isHalf(input.dtype))
    return throughFloat32(input, [weight, bias], (x, w, b) =>
      batchNorm(x, runningMean, runningVar, w, b, { training, momentum, eps }),
    )
  if (input.ndim === 1 && input.numel() === 0) return input.clone()
  checkChannels('batchNorm', input, { runningMean, runningVar, weight, bias })
  const shape = perChannel(input)
  if (training) {
    if (
      countOf(
        input,
        input.shape.map((_, d) => d).filter((d) => d !== 1),
      ) === 1
    )
      throw new ValueError(
        `batchNorm: expected more than 1 value per channel when training, got ${formatShape(input.shape)}`,
      )
    return normalizeBatch(input, runningMean, runningVar, weight, bias, momentum, eps).out
  }
  if (!runningMean || !runningVar)
    throw new ValueError(
      'batchNorm: running mean and variance are needed outside of training',
      'pass { training: true } to use the statistics of the batch.',
    )
  const operands = [
    input,
    ...[runningMean, runningVar, weight, bias].flatMap((part) => (part ? [part.reshape(shape)] : [])),
  ]
  return pointwise(fixedRows[parts(weight, bias)], operands, [eps])
}
