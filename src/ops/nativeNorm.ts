// The operators behind batchNorm and layerNorm, which also give the statistics. PyTorch does not document them, but has tests of them.
import { ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { batchNorm, normalizeBatch } from './batchNorm.ts'
import { layerNorm } from './norm.ts'
import { requireFloating } from './reduce.ts'
import { checkChannels, statistics } from './standardize.ts'
import { zerosOf } from './view.ts'

/**
 * Batch norm with the batch's mean and 1 / sqrt(variance + eps) [C], which are empty outside of training. One value per channel is no error.
 * Source: `torch.native_batch_norm`.
 */
export function nativeBatchNorm(
  input: Tensor,
  weight: Tensor | null | undefined,
  bias: Tensor | null | undefined,
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  training: boolean,
  momentum: number,
  eps: number,
): [Tensor, Tensor, Tensor] {
  if (!training) {
    const out = batchNorm(input, runningMean, runningVar, weight, bias, { eps })
    return [out, zerosOf([0], input), zerosOf([0], input)]
  }
  requireFloating('nativeBatchNorm', input)
  checkChannels('nativeBatchNorm', input, { runningMean, runningVar, weight, bias })
  const { out, mean, rstd } = normalizeBatch(input, runningMean, runningVar, weight, bias, momentum, eps)
  const channels = [input.shape[1]]
  return [out, mean.alias(channels, [1]), rstd.alias(channels, [1])]
}

/**
 * Layer norm with mean and 1 / sqrt(variance + eps), whose normalised dimensions have size 1. Source: `torch.native_layer_norm`.
 */
export function nativeLayerNorm(
  input: Tensor,
  normalizedShape: readonly number[],
  weight: Tensor | null | undefined,
  bias: Tensor | null | undefined,
  eps: number,
): [Tensor, Tensor, Tensor] {
  if (normalizedShape.length === 0)
    throw new ShapeError(`nativeLayerNorm: at least one dimension is normalised, got ${formatShape(normalizedShape)}`)
  const out = layerNorm(input, normalizedShape, weight, bias, { eps })
  const axes = normalizedShape.map((_, d) => input.ndim - normalizedShape.length + d)
  const { mean, rstd } = statistics(input, axes, eps)
  return [out, mean, rstd]
}
