// ASGD and Rprop: descent that also keeps the mean of all parameters, and steps by the signs of gradients alone.
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fused, type ParamGroup, ParameterwiseOptimizer, type Params, type ParamState } from './optimizer.ts'

const [p, grad, i2, i3] = [0, 1, 2, 3].map(E.input)
const [s0, s1, s2, s3, s4] = [0, 1, 2, 3, 4].map(E.scalar)

export interface ASGDOptions {
  /** Learning rate at the start. Default 0.01. */
  lr: number
  /** Decay of the parameters in each step, times the learning rate of that step. */
  lambd: number
  /** Power with which the learning rate falls. */
  alpha: number
  /** Step at which averaging begins. */
  t0: number
  /** Times the parameter, added to the gradient. Default 0. */
  weightDecay: number
  /** Climb instead of descend. Default false. */
  maximize: boolean
}
/** Numbers: sign, weight decay, what is left of the parameter, learning rate, part of the new parameter in the mean. */
const moved = E.sub(E.mul(p, s2), E.mul(s3, E.add(E.mul(s0, grad), E.mul(s1, p))))
const asgd = {
  first: [moved, moved],
  mean: [moved, E.add(i2, E.mul(E.sub(moved, i2), s4))],
}

/** Averaged stochastic gradient descent: the mean is `ax` in the state. Source: `torch.optim.ASGD`; Polyak & Juditsky 1992. */
export class ASGD extends ParameterwiseOptimizer<ASGDOptions> {
  constructor(params: Params<ASGDOptions>, options: Partial<ASGDOptions> = {}) {
    super(params, { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false, ...options })
  }
  protected override check(options: ASGDOptions): void {
    super.check(options)
    this.checkNotNegative({ weightDecay: options.weightDecay })
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<ASGDOptions>, state: ParamState): void {
    const { lr, lambd, alpha, t0, weightDecay, maximize } = group
    const step = this.count(state)
    const eta = (state.eta as number | undefined) ?? lr
    const mu = (state.mu as number | undefined) ?? 1
    const slot = this.slot(param, state, 'ax')
    const scalars = [maximize ? -1 : 1, weightDecay, 1 - lambd * eta, eta, mu]
    fused(mu === 1 ? asgd.first : asgd.mean, [param, gradient, slot], [param, slot], scalars)
    state.eta = lr / (1 + lambd * lr * step) ** alpha
    state.mu = 1 / Math.max(1, step - t0)
  }
}

export interface RpropOptions {
  /** Size of the first steps. */
  lr: number
  /** Factors of a step's size where the gradient changed its sign, and where it did not. */
  etas: readonly [number, number]
  /** Bounds of the sizes. */
  stepSizes: readonly [number, number]
  /** Climb instead of descend. Default false. */
  maximize: boolean
}
/** Operands: gradient before, size; numbers: sign, both factors, both bounds. */
const signed = E.mul(s0, grad)
const agreement = E.mul(signed, i2)
const turned = E.lt(agreement, 0)
const factor = E.where(E.gt(agreement, 0), s2, E.where(turned, s1, 1))
const size = E.min(E.max(E.mul(i3, factor), s3), s4)
const kept = E.where(turned, 0, signed)
const rprop = [E.sub(p, E.mul(E.sign(kept), size)), kept, size]

/** For gradients of all data. Source: `torch.optim.Rprop`; Riedmiller & Braun 1993. */
export class Rprop extends ParameterwiseOptimizer<RpropOptions> {
  constructor(params: Params<RpropOptions>, options: Partial<RpropOptions> = {}) {
    super(params, { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false, ...options })
  }
  protected override check(options: RpropOptions): void {
    super.check(options)
    const [less, more] = options.etas
    if (!(less > 0 && less < 1 && more > 1))
      throw new ValueError(`Rprop: etas must lie between 0 and 1 and above 1, got ${less} and ${more}`)
  }
  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<RpropOptions>, state: ParamState): void {
    const { lr, etas, stepSizes, maximize } = group
    this.count(state)
    const slots = [this.slot(param, state, 'prev'), this.slot(param, state, 'step_size', lr)]
    fused(rprop, [param, gradient, ...slots], [param, ...slots], [maximize ? -1 : 1, ...etas, ...stepSizes])
  }
}
