// Loss layers: each holds the options of one function of `ops/loss`.
import * as L from '../ops/loss.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

export type Reduction = L.Reduction

export interface Loss {
  (input: Tensor, target: Tensor): Tensor
}
/** Base of the losses that compare an output with a target. `options` are those of the functional form. */
export abstract class Loss<Options extends object = object> extends Module {
  readonly options: Options
  constructor(options: Options = {} as Options) {
    super()
    this.options = options
    const { weight } = options as { weight?: Tensor | null }
    if ('weight' in options) this.registerBuffer('weight', weight ?? null)
  }
  abstract override forward(input: Tensor, target: Tensor): Tensor
}

/** Cross-entropy of logits [N, C, ...] and class numbers [N, ...] or probabilities. Source: `torch.nn.CrossEntropyLoss`. */
export class CrossEntropyLoss extends Loss<L.CrossEntropyOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.crossEntropy(input, target, this.options)
  }
}
/** Negative log-likelihood of log-probabilities. Source: `torch.nn.NLLLoss`. */
export class NLLLoss extends Loss<L.NllLossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.nllLoss(input, target, this.options)
  }
}
/** (input - target)^2. Source: `torch.nn.MSELoss`. */
export class MSELoss extends Loss<L.LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.mseLoss(input, target, this.options)
  }
}
/** |input - target|. Source: `torch.nn.L1Loss`. */
export class L1Loss extends Loss<L.LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.l1Loss(input, target, this.options)
  }
}
/** Squared below `beta`, linear above. Source: `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends Loss<L.LossOptions & { beta?: number }> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.smoothL1Loss(input, target, this.options)
  }
}
/** Squared below `delta`, linear above. Source: `torch.nn.HuberLoss`. */
export class HuberLoss extends Loss<L.LossOptions & { delta?: number }> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.huberLoss(input, target, this.options)
  }
}
/** Binary cross-entropy of probabilities. Source: `torch.nn.BCELoss`. */
export class BCELoss extends Loss<L.BinaryLossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.binaryCrossEntropy(input, target, this.options)
  }
}
/** Binary cross-entropy of logits; `posWeight` multiplies the loss of the positive class. Source: `torch.nn.BCEWithLogitsLoss`. */
export class BCEWithLogitsLoss extends Loss<L.BinaryLossOptions & { posWeight?: Tensor | null }> {
  static override readonly stateKeys = { posWeight: 'pos_weight' }
  constructor(options: L.BinaryLossOptions & { posWeight?: Tensor | null } = {}) {
    super(options)
    if ('posWeight' in options) this.registerBuffer('posWeight', options.posWeight ?? null)
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.binaryCrossEntropyWithLogits(input, target, this.options)
  }
}
/** Kullback-Leibler divergence of log-probabilities from a target. Source: `torch.nn.KLDivLoss`. */
export class KLDivLoss extends Loss<{ reduction?: Reduction | 'batchmean'; logTarget?: boolean }> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.klDiv(input, target, this.options)
  }
}
/** Negative log-likelihood of counts with Poisson distribution. Source: `torch.nn.PoissonNLLLoss`. */
export class PoissonNLLLoss extends Loss<L.PoissonNllLossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.poissonNllLoss(input, target, this.options)
  }
}
/** log(1 + exp(-target * input)) for targets 1 and -1. Source: `torch.nn.SoftMarginLoss`. */
export class SoftMarginLoss extends Loss<L.LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.softMarginLoss(input, target, this.options)
  }
}
/** The input where the target is 1, max(0, margin - input) where it is -1. Source: `torch.nn.HingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Loss<L.LossOptions & { margin?: number }> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.hingeEmbeddingLoss(input, target, this.options)
  }
}
/** Multi-class hinge loss: input [N, C], target [N]. Source: `torch.nn.MultiMarginLoss`. */
export class MultiMarginLoss extends Loss<L.MultiMarginLossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.multiMarginLoss(input, target, this.options)
  }
}
/** Multi-label hinge loss: the target [N, C] lists classes. Source: `torch.nn.MultiLabelMarginLoss`. */
export class MultiLabelMarginLoss extends Loss<L.LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.multilabelMarginLoss(input, target, this.options)
  }
}
/** Mean over classes of the binary cross-entropy of logits. Source: `torch.nn.MultiLabelSoftMarginLoss`. */
export class MultiLabelSoftMarginLoss extends Loss<L.LossOptions & { weight?: Tensor | null }> {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.multilabelSoftMarginLoss(input, target, this.options)
  }
}

/** Base of the losses of three tensors. */
export interface TripleLoss {
  (a: Tensor, b: Tensor, c: Tensor): Tensor
}
export abstract class TripleLoss<Options extends object = object> extends Module {
  readonly options: Options
  constructor(options: Options = {} as Options) {
    super()
    this.options = options
  }
  abstract override forward(a: Tensor, b: Tensor, c: Tensor): Tensor
}
/** Negative log-likelihood of targets with Gaussian distribution. Source: `torch.nn.GaussianNLLLoss`. */
export class GaussianNLLLoss extends TripleLoss<L.LossOptions & { full?: boolean; eps?: number }> {
  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return L.gaussianNllLoss(input, target, variance, this.options)
  }
}
/** max(0, -target * (x1 - x2) + margin). Source: `torch.nn.MarginRankingLoss`. */
export class MarginRankingLoss extends TripleLoss<L.LossOptions & { margin?: number }> {
  forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    return L.marginRankingLoss(x1, x2, target, this.options)
  }
}
/** 1 - cos(x1, x2) where the target is 1, max(0, cos - margin) where it is -1. Source: `torch.nn.CosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends TripleLoss<L.LossOptions & { margin?: number }> {
  forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    return L.cosineEmbeddingLoss(x1, x2, target, this.options)
  }
}
/** max(0, d(anchor, positive) - d(anchor, negative) + margin). Source: `torch.nn.TripletMarginLoss`. */
export class TripletMarginLoss extends TripleLoss<L.TripletMarginLossOptions> {
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return L.tripletMarginLoss(anchor, positive, negative, this.options)
  }
}
