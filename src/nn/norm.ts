// Normalisation layers: each holds the weight, bias and running statistics of one function of `ops/norm`.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { ones, zeros } from '../ops/creation.ts'
import { batchNorm } from '../ops/batchNorm.ts'
import * as N from '../ops/norm.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ones_, zeros_ } from './init.ts'
import { Layer, pythonBool, pythonFloat, pythonNumber, pythonSize } from './layer.ts'
import { Parameter } from './parameter.ts'
import { isLazy } from './uninitialized.ts'

export interface NormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number
  /** Part of the new statistics in the running ones; null weighs all batches alike. Default 0.1. */
  momentum?: number | null
  /** Learn a weight and a bias per channel. */
  affine?: boolean
  /** Keep the mean and variance of the batches for `eval()`; without them every batch is normalised by its own. */
  trackRunningStats?: boolean
}

/** Base of the layers with statistics per channel. */
abstract class StatisticsNorm extends Layer {
  static override readonly stateKeys: Readonly<Record<string, string>> = {
    runningMean: 'running_mean',
    runningVar: 'running_var',
    numBatchesTracked: 'num_batches_tracked',
  }
  readonly numFeatures: number
  readonly eps: number
  momentum: number | null
  readonly affine: boolean
  readonly trackRunningStats: boolean
  weight: Parameter | null
  bias: Parameter | null
  declare runningMean: Tensor | null
  declare runningVar: Tensor | null
  /** Batches seen in training, int64; instance normalisation, as in PyTorch, does not count. */
  declare numBatchesTracked: Tensor | null

  constructor(numFeatures: number, { eps = 1e-5, momentum = 0.1, affine, trackRunningStats }: NormOptions) {
    super()
    this.numFeatures = numFeatures
    this.eps = eps
    this.momentum = momentum
    this.affine = affine === true
    this.trackRunningStats = trackRunningStats === true
    this.weight = affine ? new Parameter(ones([numFeatures])) : null
    this.bias = affine ? new Parameter(zeros([numFeatures])) : null
    this.registerBuffer('runningMean', trackRunningStats ? zeros([numFeatures]) : null)
    this.registerBuffer('runningVar', trackRunningStats ? ones([numFeatures]) : null)
    this.registerBuffer('numBatchesTracked', trackRunningStats ? zeros([], { dtype: 'int64' }) : null)
  }
  /** Mean 0, variance 1, no batches seen. */
  resetRunningStats(): void {
    this.runningMean?.zero_()
    this.runningVar?.fill_(1)
    this.numBatchesTracked?.zero_()
  }
  /** The same, and weight 1, bias 0. What is lazy stays. */
  resetParameters(): void {
    if (isLazy(this.weight) || isLazy(this.runningMean)) return
    this.resetRunningStats()
    if (this.weight) ones_(this.weight)
    if (this.bias) zeros_(this.bias)
  }
  /** Throws ShapeError where the input has another number of dimensions. */
  protected checkRank(input: Tensor, ranks: readonly number[]): void {
    if (ranks.includes(input.ndim)) return
    throw new ShapeError(
      `nn.${this.constructor.name}: expected ${ranks.join(' or ')} dimensions, got ${input.ndim}: ${formatShape(input.shape)}`,
    )
  }
  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : pythonNumber(this.momentum)
    const numbers = `${this.numFeatures}, eps=${pythonNumber(this.eps)}, momentum=${momentum}`
    return `${numbers}, affine=${pythonBool(this.affine)}, track_running_stats=${pythonBool(this.trackRunningStats)}`
  }
}

abstract class BatchNorm extends StatisticsNorm {
  constructor(numFeatures: number, { affine = true, trackRunningStats = true, ...options }: NormOptions = {}) {
    super(numFeatures, { ...options, affine, trackRunningStats })
  }
  protected normalize(input: Tensor, ranks: readonly number[]): Tensor {
    this.checkRank(input, ranks)
    const { runningMean, runningVar, weight, bias, eps } = this
    const count = this.training ? this.numBatchesTracked : null
    const momentum = this.momentum ?? (count ? 1 / (count.item() + 1) : 0)
    const training = this.training || (runningMean === null && runningVar === null)
    const output = batchNorm(input, runningMean, runningVar, weight, bias, { training, momentum, eps })
    count?.add_(1)
    return output
  }
}
/**
 * Each channel of [N, C] or [N, C, L] to mean 0 and variance 1, times weight, plus bias: by the batch's statistics in training, by the running ones
 * after `eval()`. The running variance is the unbiased one. Throws ShapeError for other ranks, ValueError where a channel has one value in training.
 * Ioffe and Szegedy 2015. Source: `torch.nn.BatchNorm1d`.
 */
export class BatchNorm1d extends BatchNorm {
  forward(input: Tensor): Tensor {
    return this.normalize(input, [2, 3])
  }
}
/** The same for images [N, C, H, W]. Source: `torch.nn.BatchNorm2d`. */
export class BatchNorm2d extends BatchNorm {
  forward(input: Tensor): Tensor {
    return this.normalize(input, [4])
  }
}
/** The same for volumes [N, C, D, H, W]. Source: `torch.nn.BatchNorm3d`. */
export class BatchNorm3d extends BatchNorm {
  forward(input: Tensor): Tensor {
    return this.normalize(input, [5])
  }
}

export interface InstanceNormOptions extends NormOptions {
  /** Part of the new statistics in the running ones. Default 0.1. */
  momentum?: number
}
abstract class InstanceNorm extends StatisticsNorm {
  declare readonly momentum: number
  constructor(
    numFeatures: number,
    { affine = false, trackRunningStats = false, ...options }: InstanceNormOptions = {},
  ) {
    super(numFeatures, { ...options, affine, trackRunningStats })
  }
  protected normalize(input: Tensor, rank: number): Tensor {
    this.checkRank(input, [rank - 1, rank])
    if (input.ndim < rank) return this.normalize(input.unsqueeze(0), rank).squeeze(0)
    const { runningMean, runningVar, weight, bias, momentum, eps } = this
    const useInputStats = this.training || !this.trackRunningStats
    return N.instanceNorm(input, { runningMean, runningVar, weight, bias, useInputStats, momentum, eps })
  }
}
/**
 * Each channel of each instance of [N, C, L] (or without N) by its own mean and variance; with `trackRunningStats` by the running ones after `eval()`.
 * Throws ShapeError for other ranks, ValueError where a channel has one value. Ulyanov et al. 2016. Source: `torch.nn.InstanceNorm1d`.
 */
export class InstanceNorm1d extends InstanceNorm {
  forward(input: Tensor): Tensor {
    return this.normalize(input, 3)
  }
}
/** The same for images [N, C, H, W]. Source: `torch.nn.InstanceNorm2d`. */
export class InstanceNorm2d extends InstanceNorm {
  forward(input: Tensor): Tensor {
    return this.normalize(input, 4)
  }
}
/** The same for volumes [N, C, D, H, W]. Source: `torch.nn.InstanceNorm3d`. */
export class InstanceNorm3d extends InstanceNorm {
  forward(input: Tensor): Tensor {
    return this.normalize(input, 5)
  }
}

/**
 * Normalises over the last dimensions, which must be `normalizedShape`; weight and bias have that shape. The same in training and after.
 * Throws ShapeError where the input ends otherwise. Ba et al. 2016. Source: `torch.nn.LayerNorm`.
 */
export class LayerNorm extends Layer {
  readonly normalizedShape: readonly number[]
  readonly eps: number
  readonly elementwiseAffine: boolean
  weight: Parameter | null
  bias: Parameter | null
  constructor(
    normalizedShape: number | readonly number[],
    { eps = 1e-5, elementwiseAffine = true }: { eps?: number; elementwiseAffine?: boolean } = {},
  ) {
    super()
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape]
    this.eps = eps
    this.elementwiseAffine = elementwiseAffine
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape)) : null
    this.bias = elementwiseAffine ? new Parameter(zeros(this.normalizedShape)) : null
  }
  /** Weight 1, bias 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight)
    if (this.bias) zeros_(this.bias)
  }
  forward(input: Tensor): Tensor {
    return N.layerNorm(input, this.normalizedShape, this.weight, this.bias, { eps: this.eps })
  }
  override extraRepr(): string {
    const affine = pythonBool(this.elementwiseAffine)
    return `${pythonSize(this.normalizedShape)}, eps=${pythonNumber(this.eps)}, elementwise_affine=${affine}`
  }
}

/**
 * Normalises [N, C, ...] over groups of channels; weight and bias [C]. The same in training and after.
 * Throws ValueError where the groups do not divide the channels. Wu and He 2018. Source: `torch.nn.GroupNorm`.
 */
export class GroupNorm extends Layer {
  readonly numGroups: number
  readonly numChannels: number
  readonly eps: number
  readonly affine: boolean
  weight: Parameter | null
  bias: Parameter | null
  constructor(
    numGroups: number,
    numChannels: number,
    { eps = 1e-5, affine = true }: { eps?: number; affine?: boolean } = {},
  ) {
    super()
    if (numChannels % numGroups !== 0)
      throw new ValueError(`nn.GroupNorm: groups must divide the channels: ${numGroups} and ${numChannels}`)
    this.numGroups = numGroups
    this.numChannels = numChannels
    this.eps = eps
    this.affine = affine
    this.weight = affine ? new Parameter(ones([numChannels])) : null
    this.bias = affine ? new Parameter(zeros([numChannels])) : null
  }
  /** Weight 1, bias 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight)
    if (this.bias) zeros_(this.bias)
  }
  forward(input: Tensor): Tensor {
    return N.groupNorm(input, this.numGroups, this.weight, this.bias, { eps: this.eps })
  }
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pythonNumber(this.eps)}, affine=${pythonBool(this.affine)}`
  }
}

export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  alpha?: number
  /** Default 0.75. */
  beta?: number
  /** Default 1. */
  k?: number
}
/**
 * [N, C, ...] over (k + alpha * mean of squares over `size` neighbouring channels)^beta. Throws ShapeError below three dimensions.
 * Krizhevsky et al. 2012. Source: `torch.nn.LocalResponseNorm`.
 */
export class LocalResponseNorm extends Layer {
  readonly size: number
  readonly alpha: number
  readonly beta: number
  readonly k: number
  constructor(size: number, { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {}) {
    super()
    this.size = size
    this.alpha = alpha
    this.beta = beta
    this.k = k
  }
  forward(input: Tensor): Tensor {
    return N.localResponseNorm(input, this.size, this)
  }
  override extraRepr(): string {
    return `${this.size}, alpha=${pythonNumber(this.alpha)}, beta=${pythonNumber(this.beta)}, k=${pythonFloat(this.k)}`
  }
}
