// Adam and AdamW: steps scaled by running means of the gradient and of its square.
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fused, type ParamGroup, ParameterwiseOptimizer, type Params, type ParamState } from './optimizer.ts'

export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  lr: number
  /** Decay of the two running means. */
  betas: readonly [number, number]
  /** Added to the root in the denominator. Default 1e-8. */
  eps: number
  /** Default 0 for Adam, 0.01 for AdamW. */
  weightDecay: number
  /** Divide by the largest second moment seen so far. Reddi et al. 2018. */
  amsgrad: boolean
  /** Climb instead of descend. Default false. */
  maximize: boolean
}

const [p, grad, mean, square, largest] = [0, 1, 2, 3, 4].map(E.input)
// 1 - beta comes as a number of its own: in float32 the difference would lose digits.
const [stepSize, beta1, beta2, rest1, rest2, rootCorrection, eps, decay, shrink, sign] = Array.from(
  { length: 10 },
  (_, k) => E.scalar(k),
)

/** `decay` adds weightDecay * p to the gradient (Adam); `shrink` multiplies p before the step (AdamW). One of them is neutral. */
const direction = E.add(E.mul(sign, grad), E.mul(decay, p))
const newMean = E.add(E.mul(mean, beta1), E.mul(rest1, direction))
const newSquare = E.add(E.mul(square, beta2), E.mul(E.mul(rest2, direction), direction))
const newLargest = E.max(largest, newSquare)
const stepped = (second: E.Expr): E.Expr =>
  E.sub(E.mul(p, shrink), E.div(E.mul(stepSize, newMean), E.add(E.div(E.sqrt(second), rootCorrection), eps)))
const rules = {
  plain: [stepped(newSquare), newMean, newSquare],
  amsgrad: [stepped(newLargest), newMean, newSquare, newLargest],
}

/** Source: `torch.optim.Adam`; Kingma & Ba 2015. */
export class Adam extends ParameterwiseOptimizer<AdamOptions> {
  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
      amsgrad: false,
      maximize: false,
      ...options,
    })
  }

  protected override check(options: AdamOptions): void {
    super.check(options)
    this.checkBetas(options.betas)
    const { eps, weightDecay } = options
    this.checkNotNegative({ eps, weightDecay })
  }

  /** How weight decay enters: into the gradient, or as a factor of the parameter. */
  protected decayOf({ weightDecay }: AdamOptions): { decay: number; shrink: number } {
    return { decay: weightDecay, shrink: 1 }
  }

  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<AdamOptions>, state: ParamState): void {
    const step = this.count(state)
    const [b1, b2] = group.betas
    const { decay, shrink } = this.decayOf(group)
    const scalars = [
      group.lr / (1 - b1 ** step),
      b1,
      b2,
      1 - b1,
      1 - b2,
      Math.sqrt(1 - b2 ** step),
      group.eps,
      decay,
      shrink,
      group.maximize ? -1 : 1,
    ]
    const slots = [this.slot(param, state, 'exp_avg'), this.slot(param, state, 'exp_avg_sq')]
    if (group.amsgrad) slots.push(this.slot(param, state, 'max_exp_avg_sq'))
    fused(group.amsgrad ? rules.amsgrad : rules.plain, [param, gradient, ...slots], [param, ...slots], scalars)
  }
}

/** Adam whose weight decay does not go through the gradient; `weightDecay` defaults to 0.01. Source: `torch.optim.AdamW`; Loshchilov & Hutter 2019. */
export class AdamW extends Adam {
  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { weightDecay: 1e-2, ...options })
  }
  protected override decayOf({ lr, weightDecay }: AdamOptions): { decay: number; shrink: number } {
    return { decay: 0, shrink: 1 - lr * weightDecay }
  }
}
