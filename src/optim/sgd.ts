// Stochastic gradient descent with momentum, dampening, Nesterov momentum and weight decay.
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fused, type ParamGroup, ParameterwiseOptimizer, type Params, type ParamState } from './optimizer.ts'

export interface SGDOptions {
  /** Learning rate. */
  lr: number
  /** Part of the last step that is made again. Default 0. */
  momentum: number
  /** Part of the gradient that is left out of the momentum. Default 0. */
  dampening: number
  /** Times the parameter, added to the gradient. Default 0. */
  weightDecay: number
  /** Look ahead by the momentum. Default false. */
  nesterov: boolean
  /** Climb instead of descend. */
  maximize: boolean
}

const [p, grad, buffer] = [E.input(0), E.input(1), E.input(2)]
const [lr, weightDecay, momentum, undamped, sign] = [0, 1, 2, 3, 4].map(E.scalar)
const direction = E.add(E.mul(sign, grad), E.mul(weightDecay, p))
const velocity = E.add(E.mul(momentum, buffer), E.mul(undamped, direction))
const descend = (step: E.Expr): E.Expr => E.sub(p, E.mul(lr, step))

/** New parameter and new momentum buffer; on the first step the buffer is the gradient itself. */
const rules = {
  plain: [descend(direction)],
  first: [descend(direction), direction],
  firstNesterov: [descend(E.add(direction, E.mul(momentum, direction))), direction],
  momentum: [descend(velocity), velocity],
  nesterov: [descend(E.add(direction, E.mul(momentum, velocity))), velocity],
}

/** `lr` is required, as in PyTorch 1. Source: `torch.optim.SGD`; Sutskever et al. 2013. */
export class SGD extends ParameterwiseOptimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> & { lr: number }) {
    super(params, { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, ...options })
  }

  protected override check(options: SGDOptions): void {
    super.check(options)
    const { momentum, dampening, weightDecay, nesterov } = options
    this.checkNotNegative({ momentum, weightDecay })
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError(
        `SGD: Nesterov momentum needs momentum > 0 and dampening 0, got ${momentum} and ${dampening}`,
      )
    }
  }

  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<SGDOptions>, state: ParamState): void {
    const scalars = [group.lr, group.weightDecay, group.momentum, 1 - group.dampening, group.maximize ? -1 : 1]
    if (group.momentum === 0) {
      fused(rules.plain, [param, gradient], [param], scalars)
      return
    }
    const first = state.momentum_buffer === undefined
    const slot = this.slot(param, state, 'momentum_buffer')
    const rule = first
      ? group.nesterov
        ? rules.firstNesterov
        : rules.first
      : group.nesterov
        ? rules.nesterov
        : rules.momentum
    fused(rule, [param, gradient, slot], [param, slot], scalars)
  }
}
