// Loss layers: each holds the options of one function of `ops/loss`.
import * as L from '../ops/loss.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

export type Reduction = 'mean' | 'sum' | 'none'

export interface Loss {
  (input: Tensor, target: Tensor): Tensor
}
/** Base of the losses that compare an output with a target. */
export abstract class Loss extends Module {
  abstract override forward(input: Tensor, target: Tensor): Tensor
}

export interface CrossEntropyOptions {
  /** Weight of each class [C]. */
  weight?: Tensor | null
  /** Class index that counts for nothing. Default -100. */
  ignoreIndex?: number
  reduction?: Reduction
  labelSmoothing?: number
}

/** Cross-entropy of logits [N, C, ...] and class indices [N, ...] or probabilities. Source: `torch.nn.CrossEntropyLoss`. */
export class CrossEntropyLoss extends Loss {
  readonly options: CrossEntropyOptions
  constructor(options: CrossEntropyOptions = {}) {
    super()
    this.options = options
    this.registerBuffer('weight', options.weight ?? null)
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.crossEntropy(input, target, this.options)
  }
}
/** Negative log-likelihood of log-probabilities. Source: `torch.nn.NLLLoss`. */
export class NLLLoss extends Loss {
  readonly options: Omit<CrossEntropyOptions, 'labelSmoothing'>
  constructor(options: Omit<CrossEntropyOptions, 'labelSmoothing'> = {}) {
    super()
    this.options = options
    this.registerBuffer('weight', options.weight ?? null)
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.nllLoss(input, target, this.options)
  }
}

abstract class ReducedLoss extends Loss {
  readonly reduction: Reduction
  constructor({ reduction = 'mean' }: { reduction?: Reduction } = {}) {
    super()
    this.reduction = reduction
  }
}
/** (input - target)^2. Source: `torch.nn.MSELoss`. */
export class MSELoss extends ReducedLoss {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.mseLoss(input, target, { reduction: this.reduction })
  }
}
/** |input - target|. Source: `torch.nn.L1Loss`. */
export class L1Loss extends ReducedLoss {
  forward(input: Tensor, target: Tensor): Tensor {
    return L.l1Loss(input, target, { reduction: this.reduction })
  }
}
/** Squared below `beta`, linear above. Source: `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends ReducedLoss {
  readonly beta: number
  constructor({ reduction = 'mean', beta = 1 }: { reduction?: Reduction; beta?: number } = {}) {
    super({ reduction })
    this.beta = beta
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta })
  }
}
/** Squared below `delta`, linear above. Source: `torch.nn.HuberLoss`. */
export class HuberLoss extends ReducedLoss {
  readonly delta: number
  constructor({ reduction = 'mean', delta = 1 }: { reduction?: Reduction; delta?: number } = {}) {
    super({ reduction })
    this.delta = delta
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.huberLoss(input, target, { reduction: this.reduction, delta: this.delta })
  }
}

export interface BinaryOptions {
  /** Weight of each element, broadcast. */
  weight?: Tensor | null
  reduction?: Reduction
}
/** Binary cross-entropy of probabilities. Source: `torch.nn.BCELoss`. */
export class BCELoss extends Loss {
  readonly options: BinaryOptions
  constructor(options: BinaryOptions = {}) {
    super()
    this.options = options
    this.registerBuffer('weight', options.weight ?? null)
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.binaryCrossEntropy(input, target, this.options)
  }
}
/** Binary cross-entropy of logits. Source: `torch.nn.BCEWithLogitsLoss`. */
export class BCEWithLogitsLoss extends Loss {
  readonly options: BinaryOptions & { posWeight?: Tensor | null }
  constructor(options: BinaryOptions & { posWeight?: Tensor | null } = {}) {
    super()
    this.options = options
    this.registerBuffer('weight', options.weight ?? null)
    this.registerBuffer('posWeight', options.posWeight ?? null)
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.binaryCrossEntropyWithLogits(input, target, this.options)
  }
}
/** Kullback-Leibler divergence of log-probabilities from a target. Source: `torch.nn.KLDivLoss`. */
export class KLDivLoss extends Loss {
  readonly options: { reduction?: Reduction | 'batchmean'; logTarget?: boolean }
  constructor(options: { reduction?: Reduction | 'batchmean'; logTarget?: boolean } = {}) {
    super()
    this.options = options
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return L.klDiv(input, target, this.options)
  }
}
