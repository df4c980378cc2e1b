// ReduceLROnPlateau: smaller learning rates when a figure no longer improves.
import { ValueError } from '../../base/errors.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { epochText, fieldsOf, perGroup, scientific, type Scheduled, type SchedulerStateDict } from './scheduler.ts'

export interface PlateauOptions {
  /** Whether the figure should fall ('min', the default) or rise. */
  mode?: 'min' | 'max'
  /** Factor of the learning rates, below 1. Default 0.1. */
  factor?: number
  /** Steps without an improvement that are let pass. Default 10. */
  patience?: number
  /** What counts as an improvement. Default 1e-4. */
  threshold?: number
  /** The threshold is a part of the best figure ('rel', the default), or a difference. */
  thresholdMode?: 'rel' | 'abs'
  /** Steps after a reduction in which nothing is counted. Default 0. */
  cooldown?: number
  /** Learning rates do not fall below; one for all groups or one for each. Default 0. */
  minLr?: number | readonly number[]
  /** Smaller changes are left out. Default 1e-8. */
  eps?: number
  /** Print every change. Default false. */
  verbose?: boolean
}

/** Call `step(figure)` after every validation. Source: `torch.optim.lr_scheduler.ReduceLROnPlateau`. */
export class ReduceLROnPlateau {
  readonly optimizer: Scheduled
  mode: 'min' | 'max'
  factor: number
  patience: number
  threshold: number
  thresholdMode: 'rel' | 'abs'
  cooldown: number
  minLrs: number[]
  eps: number
  best: number
  numBadEpochs = 0
  cooldownCounter = 0
  lastEpoch = 0
  protected verbose: boolean
  protected lastLr: number[]

  constructor(
    optimizer: Scheduled,
    {
      mode = 'min',
      factor = 0.1,
      patience = 10,
      threshold = 1e-4,
      thresholdMode = 'rel',
      cooldown = 0,
      minLr = 0,
      eps = 1e-8,
      verbose = false,
    }: PlateauOptions = {},
  ) {
    const name = 'ReduceLROnPlateau'
    if (!(factor < 1)) throw new ValueError(`${name}: factor must be below 1, got ${factor}`)
    if (mode !== 'min' && mode !== 'max') throw new ValueError(`${name}: mode must be 'min' or 'max', got '${mode}'`)
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs')
      throw new ValueError(`${name}: thresholdMode must be 'rel' or 'abs', got '${thresholdMode}'`)
    this.optimizer = optimizer
    this.mode = mode
    this.factor = factor
    this.patience = patience
    this.threshold = threshold
    this.thresholdMode = thresholdMode
    this.cooldown = cooldown
    this.minLrs = perGroup(name, 'minLr', optimizer, minLr)
    this.eps = eps
    this.verbose = verbose
    this.best = mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    this.lastLr = this.currentLrs()
  }

  private currentLrs(): number[] {
    return this.optimizer.paramGroups.map((group) => group.lr)
  }

  /** Whether bad epochs do not count yet, after a reduction. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0
  }

  /** Whether `value` betters `best` by more than the threshold. */
  isBetter(value: number, best: number): boolean {
    const { mode, threshold, thresholdMode } = this
    if (mode === 'min') return value < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold)
    return value > (thresholdMode === 'rel' ? best * (threshold + 1) : best + threshold)
  }

  /** Looks at a figure, a number or a tensor with one element. `epoch` counts by itself where it is left out. */
  step(metrics: number | Tensor, epoch: number = this.lastEpoch + 1): void {
    const current = typeof metrics === 'number' ? metrics : metrics.item()
    this.lastEpoch = epoch
    if (this.isBetter(current, this.best)) {
      this.best = current
      this.numBadEpochs = 0
    } else this.numBadEpochs++
    if (this.inCooldown) {
      this.cooldownCounter--
      this.numBadEpochs = 0
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce()
      this.cooldownCounter = this.cooldown
      this.numBadEpochs = 0
    }
    this.lastLr = this.currentLrs()
  }

  private reduce(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      const lr = Math.max(group.lr * this.factor, this.minLrs[i])
      if (!(group.lr - lr > this.eps)) return
      group.lr = lr
      if (!this.verbose) return
      console.log(`Epoch ${epochText(this.lastEpoch)}: reducing learning rate of group ${i} to ${scientific(lr)}.`)
    })
  }

  /** The learning rates after the last step. */
  getLastLr(): number[] {
    return this.lastLr
  }
  /** Everything that `loadStateDict` needs to go on, without the optimizer. */
  stateDict(): SchedulerStateDict {
    return fieldsOf(this)
  }
  /** Goes on from what `stateDict` gave. */
  loadStateDict(state: SchedulerStateDict): void {
    Object.assign(this, structuredClone(state))
  }
}
