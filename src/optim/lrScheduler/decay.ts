// Schedules that multiply learning rates: by a function, at steps, always, or on the way from one factor to another.
import { ValueError } from '../../base/errors.ts'
import { LRScheduler, perGroup, type Scheduled, type ScheduleOptions } from './scheduler.ts'

type Factor = (epoch: number) => number

/** How many of the milestones are reached. */
export const reached = (milestones: readonly number[], epoch: number): number =>
  milestones.filter((milestone) => milestone <= epoch).length

function checkFactor(op: string, name: string, factor: number, zero: boolean): void {
  if (factor <= 1 && (zero ? factor >= 0 : factor > 0)) return
  throw new ValueError(`${op}: ${name} must be ${zero ? 'between 0 and 1' : 'above 0 and at most 1'}, got ${factor}`)
}

/** Initial learning rates times `lrLambda(step)`: one function, or one for each group. Source: `torch.optim.lr_scheduler.LambdaLR`. */
export class LambdaLR extends LRScheduler {
  protected readonly lrLambdas: readonly Factor[]
  constructor(optimizer: Scheduled, lrLambda: Factor | readonly Factor[], options: ScheduleOptions = {}) {
    super(optimizer, options)
    this.lrLambdas = perGroup('LambdaLR', 'lrLambda', optimizer, lrLambda)
    this.begin()
  }
  override getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambdas[i](this.lastEpoch))
  }
}

/** Every step multiplies by `lrLambda(step)`. Source: `torch.optim.lr_scheduler.MultiplicativeLR`. */
export class MultiplicativeLR extends LRScheduler {
  protected readonly lrLambdas: readonly Factor[]
  constructor(optimizer: Scheduled, lrLambda: Factor | readonly Factor[], options: ScheduleOptions = {}) {
    super(optimizer, options)
    this.lrLambdas = perGroup('MultiplicativeLR', 'lrLambda', optimizer, lrLambda)
    this.begin()
  }
  override getLr(): number[] {
    return this.groups.map(({ lr }, i) => (this.lastEpoch > 0 ? lr * this.lrLambdas[i](this.lastEpoch) : lr))
  }
}

/** Times `gamma` (default 0.1) after every `stepSize` steps. Source: `torch.optim.lr_scheduler.StepLR`. */
export class StepLR extends LRScheduler {
  stepSize: number
  gamma: number
  constructor(
    optimizer: Scheduled,
    stepSize: number,
    { gamma = 0.1, ...options }: ScheduleOptions & { gamma?: number } = {},
  ) {
    super(optimizer, options)
    if (!(stepSize > 0)) throw new ValueError(`StepLR: stepSize must be greater than 0, got ${stepSize}`)
    this.stepSize = stepSize
    this.gamma = gamma
    this.begin()
  }
  override getLr(): number[] {
    const stays = this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0
    return this.groups.map(({ lr }) => (stays ? lr : lr * this.gamma))
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize))
  }
}

/** Times `gamma` (default 0.1) at each of the steps `milestones`. Source: `torch.optim.lr_scheduler.MultiStepLR`. */
export class MultiStepLR extends LRScheduler {
  milestones: number[]
  gamma: number
  constructor(
    optimizer: Scheduled,
    milestones: readonly number[],
    { gamma = 0.1, ...options }: ScheduleOptions & { gamma?: number } = {},
  ) {
    super(optimizer, options)
    this.milestones = [...milestones]
    this.gamma = gamma
    this.begin()
  }
  override getLr(): number[] {
    const times = this.milestones.filter((milestone) => milestone === this.lastEpoch).length
    return this.groups.map(({ lr }) => lr * this.gamma ** times)
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** reached(this.milestones, this.lastEpoch))
  }
}

export interface ConstantOptions extends ScheduleOptions {
  /** Default 1 / 3. */
  factor?: number
  /** Default 5. */
  totalIters?: number
}
/** Times `factor` for the first `totalIters` steps. Source: `torch.optim.lr_scheduler.ConstantLR`. */
export class ConstantLR extends LRScheduler {
  factor: number
  totalIters: number
  constructor(optimizer: Scheduled, { factor = 1 / 3, totalIters = 5, ...options }: ConstantOptions = {}) {
    super(optimizer, options)
    // A factor of 0 could not be undone.
    checkFactor('ConstantLR', 'factor', factor, false)
    this.factor = factor
    this.totalIters = totalIters
    this.begin()
  }
  override getLr(): number[] {
    const change = this.lastEpoch === 0 ? this.factor : this.lastEpoch === this.totalIters ? 1 / this.factor : 1
    return this.groups.map(({ lr }) => lr * change)
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * (this.lastEpoch >= this.totalIters ? 1 : this.factor))
  }
}

export interface LinearOptions extends ScheduleOptions {
  /** Default 1 / 3. */
  startFactor?: number
  /** Default 1. */
  endFactor?: number
  /** Default 5. */
  totalIters?: number
}
/** From `startFactor` to `endFactor` in equal steps. Source: `torch.optim.lr_scheduler.LinearLR`. */
export class LinearLR extends LRScheduler {
  startFactor: number
  endFactor: number
  totalIters: number
  constructor(
    optimizer: Scheduled,
    { startFactor = 1 / 3, endFactor = 1, totalIters = 5, ...options }: LinearOptions = {},
  ) {
    super(optimizer, options)
    checkFactor('LinearLR', 'startFactor', startFactor, false)
    checkFactor('LinearLR', 'endFactor', endFactor, true)
    this.startFactor = startFactor
    this.endFactor = endFactor
    this.totalIters = totalIters
    this.begin()
  }
  override getLr(): number[] {
    const { startFactor, endFactor, totalIters, lastEpoch } = this
    if (lastEpoch === 0) return this.groups.map(({ lr }) => lr * startFactor)
    if (lastEpoch > totalIters) return this.groups.map(({ lr }) => lr)
    const change = endFactor - startFactor
    return this.groups.map(({ lr }) => lr * (1 + change / (totalIters * startFactor + (lastEpoch - 1) * change)))
  }
  protected override closedForm(): number[] {
    const { startFactor, endFactor, totalIters, lastEpoch } = this
    return this.baseLrs.map(
      (lr) => lr * (startFactor + ((endFactor - startFactor) * Math.min(totalIters, lastEpoch)) / totalIters),
    )
  }
}

/** Times `gamma` every step. Source: `torch.optim.lr_scheduler.ExponentialLR`. */
export class ExponentialLR extends LRScheduler {
  gamma: number
  constructor(optimizer: Scheduled, gamma: number, options: ScheduleOptions = {}) {
    super(optimizer, options)
    this.gamma = gamma
    this.begin()
  }
  override getLr(): number[] {
    return this.groups.map(({ lr }) => (this.lastEpoch === 0 ? lr : lr * this.gamma))
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** this.lastEpoch)
  }
}

export interface PolynomialOptions extends ScheduleOptions {
  /** Steps until 0 is reached. Default 5. */
  totalIters?: number
  /** Default 1: a straight line. */
  power?: number
}
/** (1 - step / totalIters)^power of the initial learning rates. Source: `torch.optim.lr_scheduler.PolynomialLR`. */
export class PolynomialLR extends LRScheduler {
  totalIters: number
  power: number
  constructor(optimizer: Scheduled, { totalIters = 5, power = 1, ...options }: PolynomialOptions = {}) {
    super(optimizer, options)
    this.totalIters = totalIters
    this.power = power
    this.begin()
  }
  override getLr(): number[] {
    const { totalIters, lastEpoch, power } = this
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.groups.map(({ lr }) => lr)
    const change = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power
    return this.groups.map(({ lr }) => lr * change)
  }
  protected override closedForm(): number[] {
    const { totalIters, lastEpoch, power } = this
    return this.baseLrs.map((lr) => lr * (1 - Math.min(totalIters, lastEpoch) / totalIters) ** power)
  }
}
