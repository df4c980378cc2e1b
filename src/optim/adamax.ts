// Adamax, NAdam and RAdam: Adam with the largest gradient in place of the mean of squares, with Nesterov momentum, and with a rectified start.
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fused, type ParamGroup, ParameterwiseOptimizer, type Params, type ParamState } from './optimizer.ts'

interface MomentOptions {
  lr: number
  /** Decay of the two running means. */
  betas: readonly [number, number]
  eps: number
  weightDecay: number
}

/** In all rules: parameter, gradient, mean of gradients, and a second moment; run-time numbers weight decay, beta1, 1 - beta1, beta2, 1 - beta2, eps. */
const [p, grad, mean, second] = [0, 1, 2, 3].map(E.input)
const [decay, beta1, rest1, beta2, rest2, eps, s6, s7, s8] = Array.from({ length: 9 }, (_, k) => E.scalar(k))
const descent = E.add(grad, E.mul(decay, p))
const meanOf = (direction: E.Expr): E.Expr => E.add(E.mul(mean, beta1), E.mul(rest1, direction))
const squareOf = (direction: E.Expr): E.Expr => E.add(E.mul(second, beta2), E.mul(E.mul(rest2, direction), direction))
const scalarsOf = ({ weightDecay, betas: [b1, b2], eps: small }: MomentOptions): number[] => [
  weightDecay,
  b1,
  1 - b1,
  b2,
  1 - b2,
  small,
]

/** Base of the three: their options are checked alike. */
abstract class MomentOptimizer<O extends MomentOptions> extends ParameterwiseOptimizer<O> {
  protected override check(options: O): void {
    super.check(options)
    this.checkBetas(options.betas)
    const { eps: small, weightDecay } = options
    this.checkNotNegative({ eps: small, weightDecay })
  }
}

export interface AdamaxOptions extends MomentOptions {
  /** Climb instead of descend. Default false. */
  maximize: boolean
}
/** Numbers: lr / (1 - beta1^t), and the sign of the gradient. */
const signed = E.add(E.mul(s7, grad), E.mul(decay, p))
const largest = E.max(E.mul(second, beta2), E.add(E.abs(signed), eps))
const adamax = [E.sub(p, E.div(E.mul(s6, meanOf(signed)), largest)), meanOf(signed), largest]

/** Divides by the largest gradient, which decays. Source: `torch.optim.Adamax`; Kingma & Ba 2015. */
export class Adamax extends MomentOptimizer<AdamaxOptions> {
  constructor(params: Params<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false, ...options })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<AdamaxOptions>, state: ParamState): void {
    const step = this.count(state)
    const slots = [this.slot(param, state, 'exp_avg'), this.slot(param, state, 'exp_inf')]
    const scalars = [...scalarsOf(group), group.lr / (1 - group.betas[0] ** step), group.maximize ? -1 : 1]
    fused(adamax, [param, gradient, ...slots], [param, ...slots], scalars)
  }
}

export interface NAdamOptions extends MomentOptions {
  /** How fast the momentum grows to its full size. */
  momentumDecay: number
}
/** Numbers: factors of the gradient and of its mean, and 1 - beta2^t. */
const [newMean, newSquare] = [meanOf(descent), squareOf(descent)]
const denominator = E.add(E.sqrt(E.div(newSquare, s8)), eps)
const nadam = [
  E.sub(E.sub(p, E.div(E.mul(s6, descent), denominator)), E.div(E.mul(s7, newMean), denominator)),
  newMean,
  newSquare,
]

/** Adam with Nesterov momentum. Source: `torch.optim.NAdam`; Dozat 2016. */
export class NAdam extends MomentOptimizer<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3, ...options })
  }
  protected override check(options: NAdamOptions): void {
    super.check(options)
    this.checkNotNegative({ momentumDecay: options.momentumDecay })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<NAdamOptions>, state: ParamState): void {
    const { lr, betas, momentumDecay } = group
    const step = this.count(state)
    const momentum = (t: number): number => betas[0] * (1 - 0.5 * 0.96 ** (t * momentumDecay))
    const [now, next] = [momentum(step), momentum(step + 1)]
    const product = ((state.mu_product as number | undefined) ?? 1) * now
    state.mu_product = product
    const slots = [this.slot(param, state, 'exp_avg'), this.slot(param, state, 'exp_avg_sq')]
    const scalars = [
      ...scalarsOf(group),
      (lr * (1 - now)) / (1 - product),
      (lr * next) / (1 - product * now * next),
      1 - betas[1] ** step,
    ]
    fused(nadam, [param, gradient, ...slots], [param, ...slots], scalars)
  }
}

/** Numbers: factor of the mean, sqrt(1 - beta2^t). */
const radam = {
  rectified: [E.sub(p, E.mul(E.mul(s6, newMean), E.div(s7, E.add(E.sqrt(newSquare), eps)))), newMean, newSquare],
  plain: [E.sub(p, E.mul(s6, newMean)), newMean, newSquare],
}

/** Adam that divides only once the mean of squares is known well enough. Source: `torch.optim.RAdam`; Liu et al. 2020. */
export class RAdam extends MomentOptimizer<MomentOptions> {
  constructor(params: Params<MomentOptions>, options: Partial<MomentOptions> = {}) {
    super(params, { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, ...options })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<MomentOptions>, state: ParamState): void {
    const { lr, betas } = group
    const step = this.count(state)
    const [left1, left2] = betas.map((beta) => 1 - beta ** step)
    // Lengths of simple averages that know as much as the running one, in the end and now.
    const most = 2 / (1 - betas[1]) - 1
    const length = most - (2 * step * betas[1] ** step) / left2
    const rectified = length > 5
    const rect = rectified ? Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length)) : 1
    const slots = [this.slot(param, state, 'exp_avg'), this.slot(param, state, 'exp_avg_sq')]
    const scalars = [...scalarsOf(group), (lr * rect) / left1, Math.sqrt(left2)]
    fused(rectified ? radam.rectified : radam.plain, [param, gradient, ...slots], [param, ...slots], scalars)
  }
}
export type RAdamOptions = MomentOptions
