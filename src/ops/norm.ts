// Layer, group and instance norm: one op (standardize.ts) over different dimensions, followed by weight and bias; and local response norm.
import { withoutRecording } from '../autograd/record.ts'
import { isHalf } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, numelOf, sameShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { batchNorm } from './batchNorm.ts'
import { throughFloat32 } from './pointwise.ts'
import { avgPool2d } from './pool.ts'
import { countOf, requireFloating } from './reduce.ts'
import { affine, checkChannels, perChannel, standardized, updateRunning } from './standardize.ts'
import { embed } from './view.ts'

/** Normalises over the last dimensions, which have the shape `normalizedShape`, as weight and bias. Source: `torch.nn.functional.layer_norm`. */
export function layerNorm(
  input: Tensor,
  normalizedShape: number | readonly number[],
  weight?: Tensor | null,
  bias?: Tensor | null,
  { eps = 1e-5 }: { eps?: number } = {},
): Tensor {
  requireFloating('layerNorm', input)
  if (isHalf(input.dtype))
    return throughFloat32(input, [weight, bias], (x, w, b) => layerNorm(x, normalizedShape, w, b, { eps }))
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
  if (isHalf(input.dtype))
    return throughFloat32(input, [weight, bias], (x, w, b) => groupNorm(x, numGroups, w, b, { eps }))
  checkChannels('groupNorm', input, { weight, bias })
  const [n, channels] = input.shape
  if (numGroups < 1 || channels % numGroups !== 0)
    throw new ShapeError(`groupNorm: groups must divide the channels: ${numGroups} and ${channels}`)
  if (n * (channels / numGroups) * numelOf(input.shape.slice(2)) === 1) {
    throw new ValueError(`groupNorm: expected more than 1 value per channel, got ${formatShape(input.shape)}`)
  }
  const grouped = input.reshape([n, numGroups, numelOf(input.shape.slice(1)) / numGroups])
  const out = standardized('NativeGroupNormBackward0', grouped, [2], eps).out
  return affine(out.reshape(input.shape), weight, bias, perChannel(input))
}

export interface InstanceNormOptions {
  /** [C]; moved towards the statistics of the input, or used instead of them. */
  runningMean?: Tensor | null
  /** [C], as `runningMean`. */
  runningVar?: Tensor | null
  /** Factors of the normalised values, [C]. */
  weight?: Tensor | null
  /** Added to the normalised values, [C]. */
  bias?: Tensor | null
  /** Use each instance's own statistics. Default true. */
  useInputStats?: boolean
  /** How far the running statistics move. Default 0.1. */
  momentum?: number
  /** Added to the variance. Default 1e-5. */
  eps?: number
}
/** Normalises each channel of each instance of [N, C, ...] over its own values. Source: `torch.nn.functional.instance_norm`. */
export function instanceNorm(input: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { runningMean, runningVar, weight, bias, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options
  if (!useInputStats) return batchNorm(input, runningMean, runningVar, weight, bias, { eps })
  requireFloating('instanceNorm', input)
  if (isHalf(input.dtype))
    return throughFloat32(input, [weight, bias], (x, w, b) => instanceNorm(x, { ...options, weight: w, bias: b }))
  checkChannels('instanceNorm', input, { runningMean, runningVar, weight, bias })
  const axes = input.shape.map((_, d) => d).slice(2)
  const count = countOf(input, axes)
  if (count === 1)
    throw new ValueError(
      `instanceNorm: expected more than 1 spatial element when training, got ${formatShape(input.shape)}`,
    )
  const { out, mean: average, variance } = standardized('NativeBatchNormBackward0', input, axes, eps)
  if (runningMean || runningVar) {
    withoutRecording(() => {
      const fresh = { mean: average.mean(0), variance: variance.mean(0) }
      updateRunning(runningMean, runningVar, fresh, momentum, count / (count - 1))
    })
  }
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
