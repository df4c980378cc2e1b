// Adagrad, RMSprop and Adadelta: steps divided by the root of sums or running means of squared gradients.
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fused, type ParamGroup, ParameterwiseOptimizer, type Params, type ParamState } from './optimizer.ts'

const [i0, i1, i2, i3, i4] = [0, 1, 2, 3, 4].map(E.input)
const [s0, s1, s2, s3, s4, s5] = [0, 1, 2, 3, 4, 5].map(E.scalar)
/** In all rules: parameter and gradient; the first two run-time numbers are the sign of the gradient and the weight decay. */
const direction = E.add(E.mul(s0, i1), E.mul(s1, i0))
const squared = E.mul(direction, direction)
/** rate * old + rest * value; the rest comes as a number of its own: in float32 the difference would lose digits. */
const mixed = (old: E.Expr, value: E.Expr, rate: E.Expr, rest: E.Expr): E.Expr =>
  E.add(E.mul(old, rate), E.mul(rest, value))

interface AdaptiveOptions {
  lr: number
  eps: number
  weightDecay: number
  maximize: boolean
}

export interface AdagradOptions extends AdaptiveOptions {
  /** The learning rate falls as 1 / (1 + steps * lrDecay). */
  lrDecay: number
  /** What the sums of squares begin with. */
  initialAccumulatorValue: number
}
/** The sum; run-time numbers: learning rate and eps. */
const sum = E.add(i2, squared)
const adagrad = [E.sub(i0, E.div(E.mul(s2, direction), E.add(E.sqrt(sum), s3))), sum]

/** Divides by the root of the sum of all squares so far. Source: `torch.optim.Adagrad`; Duchi et al. 2011. */
export class Adagrad extends ParameterwiseOptimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, {
      lr: 1e-2,
      lrDecay: 0,
      weightDecay: 0,
      initialAccumulatorValue: 0,
      eps: 1e-10,
      maximize: false,
      ...options,
    })
  }
  protected override check(options: AdagradOptions): void {
    super.check(options)
    const { lrDecay, weightDecay, initialAccumulatorValue, eps } = options
    this.checkNotNegative({ lrDecay, weightDecay, initialAccumulatorValue, eps })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<AdagradOptions>, state: ParamState): void {
    const step = this.count(state)
    const lr = group.lr / (1 + (step - 1) * group.lrDecay)
    const slot = this.slot(param, state, 'sum', group.initialAccumulatorValue)
    const scalars = [group.maximize ? -1 : 1, group.weightDecay, lr, group.eps]
    fused(adagrad, [param, gradient, slot], [param, slot], scalars)
  }
}

export interface RMSpropOptions extends AdaptiveOptions {
  /** Decay of the running mean of squares. */
  alpha: number
  /** Part of the last step that is made again. Default 0. */
  momentum: number
  /** Divide by the deviation instead: the running mean of the gradient is taken off. */
  centered: boolean
}
/** Operands: mean of squares, then the momentum buffer, then the mean of gradients, where there are some; numbers: alpha, 1 - alpha, eps, lr, momentum. */
const meanSquare = mixed(i2, squared, s2, s3)
function rmsprop(momentum: boolean, centered: boolean): E.Expr[] {
  const mean = mixed(momentum ? i4 : i3, direction, s2, s3)
  const spread = centered ? E.sub(meanSquare, E.mul(mean, mean)) : meanSquare
  const step = E.div(direction, E.add(E.sqrt(spread), s4))
  const velocity = E.add(E.mul(E.scalar(6), i3), step)
  const moved = E.sub(i0, E.mul(s5, momentum ? velocity : step))
  return [moved, meanSquare, ...(momentum ? [velocity] : []), ...(centered ? [mean] : [])]
}
const rmspropRules = [false, true].map((momentum) => [false, true].map((centered) => rmsprop(momentum, centered)))

/** Divides by the root of a running mean of squares. Source: `torch.optim.RMSprop`; Hinton's lectures of 2012, centered: Graves 2013. */
export class RMSprop extends ParameterwiseOptimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, {
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
      maximize: false,
      ...options,
    })
  }
  protected override check(options: RMSpropOptions): void {
    super.check(options)
    const { alpha, eps, weightDecay, momentum } = options
    this.checkNotNegative({ alpha, eps, weightDecay, momentum })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<RMSpropOptions>, state: ParamState): void {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group
    this.count(state)
    const slots = [this.slot(param, state, 'square_avg')]
    if (momentum > 0) slots.push(this.slot(param, state, 'momentum_buffer'))
    if (centered) slots.push(this.slot(param, state, 'grad_avg'))
    const scalars = [maximize ? -1 : 1, weightDecay, alpha, 1 - alpha, eps, lr, momentum]
    const rule = rmspropRules[Number(momentum > 0)][Number(centered)]
    fused(rule, [param, gradient, ...slots], [param, ...slots], scalars)
  }
}

export interface AdadeltaOptions extends AdaptiveOptions {
  /** Decay of both running means. */
  rho: number
}
/** Operands: means of squared gradients and of squared steps; numbers: rho, 1 - rho, eps, lr. */
const delta = E.mul(E.div(E.sqrt(E.add(i3, s4)), E.sqrt(E.add(meanSquare, s4))), direction)
const adadelta = [E.sub(i0, E.mul(s5, delta)), meanSquare, mixed(i3, E.mul(delta, delta), s2, s3)]

/** Steps as large as the steps before, divided by the root of a running mean of squares. Source: `torch.optim.Adadelta`; Zeiler 2012. */
export class Adadelta extends ParameterwiseOptimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false, ...options })
  }
  protected override check(options: AdadeltaOptions): void {
    super.check(options)
    const { rho, eps, weightDecay } = options
    if (!(rho >= 0 && rho <= 1)) throw new ValueError(`Adadelta: rho must be between 0 and 1, got ${rho}`)
    this.checkNotNegative({ eps, weightDecay })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<AdadeltaOptions>, state: ParamState): void {
    const { lr, rho, eps, weightDecay, maximize } = group
    this.count(state)
    const slots = [this.slot(param, state, 'square_avg'), this.slot(param, state, 'acc_delta')]
    const scalars = [maximize ? -1 : 1, weightDecay, rho, 1 - rho, eps, lr]
    fused(adadelta, [param, gradient, ...slots], [param, ...slots], scalars)
  }
}
