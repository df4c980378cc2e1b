// Schedules along half a cosine, without and with restarts. Loshchilov & Hutter 2017.
import { ValueError } from '../../base/errors.ts'
import { LRScheduler, type Scheduled, type ScheduleOptions } from './scheduler.ts'

export interface CosineOptions extends ScheduleOptions {
  /** The smallest learning rate. Default 0. */
  etaMin?: number
}
/** The part of half a cosine at `position` of `length`: 1 at 0, 0 at the end. */
const along = (position: number, length: number): number => (1 + Math.cos((Math.PI * position) / length)) / 2

/** From the initial learning rate to `etaMin` in `TMax` steps, and back in as many. Source: `torch.optim.lr_scheduler.CosineAnnealingLR`. */
export class CosineAnnealingLR extends LRScheduler {
  TMax: number
  etaMin: number
  constructor(optimizer: Scheduled, TMax: number, { etaMin = 0, ...options }: CosineOptions = {}) {
    super(optimizer, options)
    if (!(TMax > 0)) throw new ValueError(`CosineAnnealingLR: TMax must be greater than 0, got ${TMax}`)
    this.TMax = TMax
    this.etaMin = etaMin
    this.begin()
  }
  override getLr(): number[] {
    const { TMax, etaMin, lastEpoch, baseLrs } = this
    if (lastEpoch === 0) return this.groups.map(({ lr }) => lr)
    if (this.stepCount === 1 && lastEpoch > 0) return this.closedForm()
    // The step before was at the bottom, where nothing is left to be multiplied.
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0)
      return this.groups.map(({ lr }, i) => lr + ((baseLrs[i] - etaMin) * (1 - Math.cos(Math.PI / TMax))) / 2)
    const change = along(lastEpoch, TMax) / along(lastEpoch - 1, TMax)
    return this.groups.map(({ lr }) => change * (lr - etaMin) + etaMin)
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * along(this.lastEpoch, this.TMax))
  }
}

export interface WarmRestartOptions extends CosineOptions {
  /** Each run is that many times as long as the one before. Default 1. */
  TMult?: number
}
/**
 * From the initial learning rate to `etaMin` in `T0` steps, then again from the start. `step(epoch)` takes fractions of epochs.
 * Source: `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly T0: number
  readonly TMult: number
  etaMin: number
  /** Length of this run, and steps made in it. */
  protected Ti: number
  protected TCur: number
  constructor(optimizer: Scheduled, T0: number, { TMult = 1, etaMin = 0, ...options }: WarmRestartOptions = {}) {
    super(optimizer, options)
    for (const [name, value] of Object.entries({ T0, TMult }))
      if (!Number.isInteger(value) || value < 1)
        throw new ValueError(`CosineAnnealingWarmRestarts: ${name} must be a whole number of at least 1, got ${value}`)
    this.T0 = T0
    this.TMult = TMult
    this.etaMin = etaMin
    this.Ti = T0
    this.TCur = this.lastEpoch
    this.begin()
  }
  override getLr(): number[] {
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * along(this.TCur, this.Ti))
  }
  override step(epoch?: number): void {
    const to = epoch ?? (this.lastEpoch < 0 ? 0 : undefined)
    if (to === undefined) this.goOn()
    else this.goTo(to)
    this.stepCount++
    this.lastEpoch = Math.floor(to ?? this.lastEpoch + 1)
    this.assign(this.getLr(), to ?? this.lastEpoch)
  }
  private goOn(): void {
    this.TCur++
    if (this.TCur < this.Ti) return
    this.TCur -= this.Ti
    this.Ti *= this.TMult
  }
  private goTo(epoch: number): void {
    const { T0, TMult } = this
    if (!(epoch >= 0)) throw new ValueError(`CosineAnnealingWarmRestarts: an epoch must not be negative, got ${epoch}`)
    if (epoch < T0) {
      this.Ti = T0
      this.TCur = epoch
    } else if (TMult === 1) this.TCur = epoch % T0
    else {
      const runs = Math.trunc(Math.log((epoch / T0) * (TMult - 1) + 1) / Math.log(TMult))
      this.TCur = epoch - (T0 * (TMult ** runs - 1)) / (TMult - 1)
      this.Ti = T0 * TMult ** runs
    }
  }
}
