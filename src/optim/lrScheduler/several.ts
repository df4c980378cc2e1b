// Several schedulers on one optimizer: one after the other, or all at every step.
import { ValueError } from '../../base/errors.ts'
import { reached } from './decay.ts'
import type { LRScheduler, Scheduled, SchedulerStateDict } from './scheduler.ts'

interface SeveralState extends SchedulerStateDict {
  schedulers: SchedulerStateDict[]
}

/** What `ChainedScheduler` needs of a scheduler: it may be one of several itself. */
interface Stepping {
  readonly optimizer: Scheduled
  step(): void
  stateDict(): SchedulerStateDict
  loadStateDict(state: SchedulerStateDict): void
}

function checkOptimizer(op: string, optimizer: Scheduled, schedulers: readonly Stepping[]): void {
  const other = schedulers.findIndex((one) => one.optimizer !== optimizer)
  if (other >= 0) throw new ValueError(`${op}: scheduler ${other} belongs to another optimizer`)
}

/**
 * Each scheduler until the next of `milestones`, of which there is one fewer. Throws ValueError where numbers or optimizers do not fit.
 * Source: `torch.optim.lr_scheduler.SequentialLR`.
 */
export class SequentialLR {
  readonly optimizer: Scheduled
  lastEpoch: number
  protected readonly schedulers: readonly LRScheduler[]
  protected milestones: number[]
  protected lastLr: number[]

  constructor(
    optimizer: Scheduled,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    { lastEpoch = -1 }: { lastEpoch?: number } = {},
  ) {
    checkOptimizer('SequentialLR', optimizer, schedulers)
    if (milestones.length !== schedulers.length - 1)
      throw new ValueError(
        `SequentialLR: there must be one milestone fewer than schedulers: ${milestones.length} and ${schedulers.length}`,
      )
    this.optimizer = optimizer
    this.schedulers = [...schedulers]
    this.milestones = [...milestones]
    this.lastEpoch = lastEpoch + 1
    for (const group of optimizer.paramGroups as { lr: number; initialLr?: number }[])
      group.lr = group.initialLr as number
    // Each has made its first step when it was made; only the first begins now.
    for (const one of schedulers) one.lastEpoch--
    schedulers[0].begin()
    this.lastLr = schedulers[0].getLastLr()
  }

  /** One step of the scheduler whose turn it is; at a milestone the next one begins at its epoch 0. */
  step(): void {
    this.lastEpoch++
    const k = reached(this.milestones, this.lastEpoch)
    const now = this.schedulers[k]
    if (k > 0 && this.milestones[k - 1] === this.lastEpoch) now.step(0)
    else now.step()
    this.lastLr = now.getLastLr()
  }
  /** The learning rates after the last step. */
  getLastLr(): number[] {
    return this.lastLr
  }
  /** Its own state and that of each scheduler. */
  stateDict(): SeveralState {
    const { lastEpoch, milestones, lastLr } = this
    return {
      lastEpoch,
      milestones: [...milestones],
      lastLr: [...lastLr],
      schedulers: this.schedulers.map((one) => one.stateDict()),
    }
  }
  /** Goes on from what `stateDict` gave. */
  loadStateDict({ schedulers, ...own }: SeveralState): void {
    Object.assign(this, structuredClone(own))
    schedulers.forEach((state, i) => this.schedulers[i].loadStateDict(state))
  }
}

/** One step of each of the schedulers at every step. Throws ValueError where optimizers differ. Source: `torch.optim.lr_scheduler.ChainedScheduler`. */
export class ChainedScheduler {
  readonly optimizer: Scheduled
  protected readonly schedulers: readonly Stepping[]
  protected lastLr: number[]

  constructor(schedulers: readonly Stepping[]) {
    if (schedulers.length === 0) throw new ValueError('ChainedScheduler: the list of schedulers is empty')
    this.optimizer = schedulers[0].optimizer
    checkOptimizer('ChainedScheduler', this.optimizer, schedulers)
    this.schedulers = [...schedulers]
    this.lastLr = this.optimizer.paramGroups.map((group) => group.lr)
  }

  /** One step of each scheduler. */
  step(): void {
    for (const one of this.schedulers) one.step()
    this.lastLr = this.optimizer.paramGroups.map((group) => group.lr)
  }
  /** The learning rates after the last step. */
  getLastLr(): number[] {
    return this.lastLr
  }
  /** Its own state and that of each scheduler. */
  stateDict(): SeveralState {
    return { lastLr: [...this.lastLr], schedulers: this.schedulers.map((one) => one.stateDict()) }
  }
  /** Goes on from what `stateDict` gave. */
  loadStateDict({ schedulers, ...own }: SeveralState): void {
    Object.assign(this, structuredClone(own))
    schedulers.forEach((state, i) => this.schedulers[i].loadStateDict(state))
  }
}
