// LRScheduler: the base of what changes learning rates from step to step. A subclass says how the next ones follow from those before.
import { ValueError } from '../../base/errors.ts'
import type { Optimizer } from '../optimizer.ts'

/** Any optimizer: all have a learning rate. */
export type Scheduled = Optimizer<{ lr: number }>
/** What schedulers keep in a parameter group, or find there; it is saved with the optimizer. */
export interface ScheduledGroup {
  lr: number
  initialLr?: number
  maxLr?: number
  minLr?: number
  momentum?: number
  betas?: readonly [number, number]
  baseMomentum?: number
  maxMomentum?: number
  swaLr?: number
}

export interface ScheduleOptions {
  /** The step at which to go on, when the optimizer's state was loaded. Default -1: begin. */
  lastEpoch?: number
  /** Print every change. Default false. */
  verbose?: boolean
}
/** Numbers, names and lists by the names of the fields. */
export type SchedulerStateDict = Record<string, unknown>

/** As Python's `:.4e`. */
export function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(4).split('e')
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** An epoch as PyTorch prints it: with five digits, or a fraction. */
export const epochText = (epoch: number): string =>
  Number.isInteger(epoch) ? String(epoch).padStart(5, '0') : epoch.toFixed(2)

/** One value for each parameter group, from a list of them or one for all. */
export function perGroup<T>(op: string, name: string, optimizer: Scheduled, value: T | readonly T[]): T[] {
  const count = optimizer.paramGroups.length
  if (!Array.isArray(value)) return new Array<T>(count).fill(value as T)
  if (value.length !== count)
    throw new ValueError(`${op}: ${name} needs a value for each of ${count} parameter groups, got ${value.length}`)
  return [...value]
}

/** Fields of `scheduler` that can be saved: not the optimizer, functions or other schedulers. */
export function fieldsOf(scheduler: object): SchedulerStateDict {
  const saved = Object.entries(scheduler).filter(
    ([key, value]) => key !== 'optimizer' && ![value].flat().some((item) => typeof item === 'function'),
  )
  return structuredClone(Object.fromEntries(saved))
}

/**
 * Base of the schedulers. A subclass sets its fields, then calls `begin()` at the end of its constructor. Call `step()` after the optimizer's step: once an
 * epoch, or once a batch where the schedule counts batches. Source: `torch.optim.lr_scheduler._LRScheduler`.
 */
export abstract class LRScheduler {
  readonly optimizer: Scheduled
  /** Learning rates of the groups at the beginning. */
  baseLrs: number[]
  /** Steps made so far; 0 at the beginning. */
  lastEpoch: number
  protected stepCount = 0
  protected verbose: boolean
  protected lastLr: number[] = []

  constructor(optimizer: Scheduled, { lastEpoch = -1, verbose = false }: ScheduleOptions) {
    this.optimizer = optimizer
    this.lastEpoch = lastEpoch
    this.verbose = verbose
    this.baseLrs = this.groups.map((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr
      else if (group.initialLr === undefined)
        throw new ValueError(
          `${this.constructor.name}: group ${i} of the optimizer has no initialLr, which is needed to go on at step ${lastEpoch}`,
          "load the optimizer's state first, or set group.initialLr.",
        )
      return group.initialLr
    })
  }

  protected get groups(): ScheduledGroup[] {
    return this.optimizer.paramGroups
  }

  /** Sets the learning rates of the first step. */
  begin(): void {
    this.stepCount = 0
    this.step()
  }

  /** The learning rates of step `lastEpoch`, from those that the optimizer has. */
  abstract getLr(): number[]
  /** The same from the initial ones alone, where there is such a formula. */
  protected closedForm(): number[] | null {
    return null
  }

  /** Goes on by one step, or to the step `epoch`. */
  step(epoch?: number): void {
    this.stepCount++
    this.lastEpoch = epoch ?? this.lastEpoch + 1
    this.assign((epoch === undefined ? null : this.closedForm()) ?? this.getLr(), epoch)
  }

  protected assign(lrs: readonly number[], epoch?: number): void {
    this.groups.forEach((group, i) => {
      group.lr = lrs[i]
      if (!this.verbose) return
      const [when, adjusting] = epoch === undefined ? ['', 'Adjusting'] : [`Epoch ${epochText(epoch)}: `, 'adjusting']
      console.log(`${when}${adjusting} learning rate of group ${i} to ${scientific(lrs[i])}.`)
    })
    this.lastLr = this.groups.map((group) => group.lr)
  }

  /** The learning rates that the last step set. */
  getLastLr(): number[] {
    return this.lastLr
  }

  /** All numbers of the schedule. Functions are not saved; the optimizer has a state dict of its own. */
  stateDict(): SchedulerStateDict {
    return fieldsOf(this)
  }
  /** Takes over what `stateDict` gave. The optimizer's learning rates are loaded with the optimizer. */
  loadStateDict(state: SchedulerStateDict): void {
    Object.assign(this, structuredClone(state))
  }
}
