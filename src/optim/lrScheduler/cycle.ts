// Schedules that go up and down, batch by batch, the momentum the other way. Smith 2017; Smith & Topin 2018.
import { ValueError } from '../../base/errors.ts'
import { LRScheduler, perGroup, type Scheduled, type ScheduledGroup, type ScheduleOptions } from './scheduler.ts'

type PerGroup = number | readonly number[]

/** Writes a momentum into a group, or the first beta of Adam and its kin. */
function setMomentum(group: ScheduledGroup, momentum: number, beta: boolean): void {
  if (beta) group.betas = [momentum, (group.betas as readonly [number, number])[1]]
  else group.momentum = momentum
}

const modes = {
  triangular: { scaleMode: 'cycle', scale: () => 1 },
  triangular2: { scaleMode: 'cycle', scale: (cycle: number) => 1 / 2 ** (cycle - 1) },
  expRange: { scaleMode: 'iterations', scale: (step: number, gamma: number) => gamma ** step },
} as const

export interface CyclicOptions extends ScheduleOptions {
  /** Steps from the lower to the upper bound. Default 2000. */
  stepSizeUp?: number
  /** Steps back. Default: as many. */
  stepSizeDown?: number
  /** How the height of the cycles changes: not, halved each time, or times gamma each step. Default 'triangular'. */
  mode?: keyof typeof modes
  /** Default 1. */
  gamma?: number
  /** A factor of the height in place of `mode`, of the number of the cycle (from 1) or of the step. */
  scaleFn?: (x: number) => number
  /** What `scaleFn` is given. Default 'cycle'. */
  scaleMode?: 'cycle' | 'iterations'
  /** Move the momentum too, between the two bounds, from the upper down. Default true. */
  cycleMomentum?: boolean
  /** Default 0.8. */
  baseMomentum?: PerGroup
  /** Default 0.9. */
  maxMomentum?: PerGroup
}
/** Up from `baseLr` to `maxLr` and down again in straight lines. Source: `torch.optim.lr_scheduler.CyclicLR`. */
export class CyclicLR extends LRScheduler {
  maxLrs: number[]
  totalSize: number
  stepRatio: number
  mode: keyof typeof modes
  gamma: number
  scaleMode: 'cycle' | 'iterations'
  cycleMomentum: boolean
  protected baseMomentums: number[] = []
  protected maxMomentums: number[] = []
  protected readonly scaleFn: ((x: number) => number) | null

  constructor(optimizer: Scheduled, baseLr: PerGroup, maxLr: PerGroup, options: CyclicOptions = {}) {
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = 'triangular', gamma = 1 } = options
    const { scaleFn = null, scaleMode = 'cycle', cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = options
    const { lastEpoch = -1 } = options
    const split = (name: string, value: PerGroup): number[] => perGroup('CyclicLR', name, optimizer, value)
    const groups = optimizer.paramGroups as ScheduledGroup[]
    const baseLrs = split('baseLr', baseLr)
    const maxLrs = split('maxLr', maxLr)
    if (scaleFn === null && !(mode in modes))
      throw new ValueError(`CyclicLR: mode must be one of ${Object.keys(modes).join(', ')}, got '${mode}'`)
    if (cycleMomentum && !('momentum' in optimizer.defaults))
      throw new ValueError(
        `CyclicLR: ${optimizer.constructor.name} has no momentum to move`,
        'pass { cycleMomentum: false }.',
      )
    if (lastEpoch === -1) for (const [i, group] of groups.entries()) group.lr = baseLrs[i]
    super(optimizer, options)
    this.maxLrs = maxLrs
    this.totalSize = stepSizeUp + stepSizeDown
    this.stepRatio = stepSizeUp / this.totalSize
    this.mode = mode
    this.gamma = gamma
    this.scaleFn = scaleFn
    this.scaleMode = scaleFn ? scaleMode : modes[mode].scaleMode
    this.cycleMomentum = cycleMomentum
    if (cycleMomentum) {
      const lower = split('baseMomentum', baseMomentum)
      if (lastEpoch === -1) for (const [i, group] of groups.entries()) group.momentum = lower[i]
      this.baseMomentums = groups.map((group) => group.momentum as number)
      this.maxMomentums = split('maxMomentum', maxMomentum)
    }
    this.begin()
    this.baseLrs = baseLrs
  }

  override getLr(): number[] {
    const { lastEpoch, totalSize, stepRatio } = this
    const cycle = Math.floor(1 + lastEpoch / totalSize)
    const x = 1 + lastEpoch / totalSize - cycle
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1)
    const at = this.scaleMode === 'cycle' ? cycle : lastEpoch
    const scale = this.scaleFn ? this.scaleFn(at) : modes[this.mode].scale(at, this.gamma)
    if (this.cycleMomentum) {
      this.groups.forEach((group, i) => {
        group.momentum = this.maxMomentums[i] - (this.maxMomentums[i] - this.baseMomentums[i]) * height * scale
      })
    }
    return this.maxLrs.map((top, i) => this.baseLrs[i] + (top - this.baseLrs[i]) * height * scale)
  }
}

type Bound = 'initialLr' | 'maxLr' | 'minLr' | 'baseMomentum' | 'maxMomentum'
interface Phase {
  readonly endStep: number
  readonly lr: readonly [from: Bound, to: Bound]
  readonly momentum: readonly [from: Bound, to: Bound]
}
/** From a start to an end as `part` goes from 0 to 1. */
const annealing = {
  cos: (start: number, end: number, part: number) => end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1),
  linear: (start: number, end: number, part: number) => (end - start) * part + start,
} as const

export interface OneCycleOptions extends ScheduleOptions {
  /** Steps of the cycle; or `epochs` times `stepsPerEpoch`. */
  totalSteps?: number
  /** With `stepsPerEpoch`, instead of `totalSteps`. */
  epochs?: number
  /** Batches of an epoch. */
  stepsPerEpoch?: number
  /** Part of the steps that go up. Default 0.3. */
  pctStart?: number
  /** Default 'cos'. */
  annealStrategy?: keyof typeof annealing
  /** Move the momentum (the first beta of Adam) too, down and up. Default true. */
  cycleMomentum?: boolean
  /** Default 0.85. */
  baseMomentum?: PerGroup
  /** Default 0.95. */
  maxMomentum?: PerGroup
  /** The first learning rate is `maxLr / divFactor`. Default 25. */
  divFactor?: number
  /** The last one is the first divided by this. Default 10,000. */
  finalDivFactor?: number
  /** Back to the first in as many steps as up, then to the last. Default false: straight to the last. */
  threePhase?: boolean
}

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleOptions): number {
  const counts = Object.entries(totalSteps === undefined ? { epochs, stepsPerEpoch } : { totalSteps })
  for (const [name, value] of counts) {
    if (value === undefined)
      throw new ValueError(`OneCycleLR: ${name} is missing`, 'pass totalSteps, or epochs and stepsPerEpoch.')
    if (!Number.isInteger(value) || value < 1)
      throw new ValueError(`OneCycleLR: ${name} must be a whole number of at least 1, got ${value}`)
  }
  return counts.reduce((product, [, value]) => product * (value as number), 1)
}

/**
 * Up to `maxLr` and down far below the start, once. Throws ValueError for a step beyond the last. Source: `torch.optim.lr_scheduler.OneCycleLR`.
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number
  cycleMomentum: boolean
  protected readonly annealStrategy: keyof typeof annealing
  protected readonly phases: readonly Phase[]
  /** The momentum is the first of two betas. */
  protected readonly useBeta1: boolean

  constructor(optimizer: Scheduled, maxLr: PerGroup, options: OneCycleOptions = {}) {
    const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, baseMomentum = 0.85 } = options
    const { maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4, threePhase = false, lastEpoch = -1 } = options
    const totalSteps = stepsOf(options)
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ValueError(`OneCycleLR: pctStart must be between 0 and 1, got ${pctStart}`)
    if (!(annealStrategy in annealing))
      throw new ValueError(`OneCycleLR: annealStrategy must be 'cos' or 'linear', got '${annealStrategy}'`)
    const useBeta1 = 'betas' in optimizer.defaults
    if (cycleMomentum && !useBeta1 && !('momentum' in optimizer.defaults))
      throw new ValueError(
        `OneCycleLR: ${optimizer.constructor.name} has no momentum to move`,
        'pass { cycleMomentum: false }.',
      )
    const split = (name: string, value: PerGroup): number[] => perGroup('OneCycleLR', name, optimizer, value)
    const tops = split('maxLr', maxLr)
    const [lower, upper] = [split('baseMomentum', baseMomentum), split('maxMomentum', maxMomentum)]
    if (lastEpoch === -1) {
      for (const [i, group] of (optimizer.paramGroups as ScheduledGroup[]).entries()) {
        group.initialLr = tops[i] / divFactor
        group.maxLr = tops[i]
        group.minLr = group.initialLr / finalDivFactor
        if (!cycleMomentum) continue
        setMomentum(group, upper[i], useBeta1)
        group.maxMomentum = upper[i]
        group.baseMomentum = lower[i]
      }
    }
    super(optimizer, options)
    this.totalSteps = totalSteps
    this.cycleMomentum = cycleMomentum
    this.annealStrategy = annealStrategy
    this.useBeta1 = useBeta1
    const up: Phase = {
      endStep: pctStart * totalSteps - 1,
      lr: ['initialLr', 'maxLr'],
      momentum: ['maxMomentum', 'baseMomentum'],
    }
    const last = totalSteps - 1
    this.phases = threePhase
      ? [
          up,
          {
            endStep: 2 * pctStart * totalSteps - 2,
            lr: ['maxLr', 'initialLr'],
            momentum: ['baseMomentum', 'maxMomentum'],
          },
          { endStep: last, lr: ['initialLr', 'minLr'], momentum: ['maxMomentum', 'maxMomentum'] },
        ]
      : [up, { endStep: last, lr: ['maxLr', 'minLr'], momentum: ['baseMomentum', 'maxMomentum'] }]
    this.begin()
  }

  override getLr(): number[] {
    const { lastEpoch, totalSteps, phases } = this
    if (lastEpoch > totalSteps)
      throw new ValueError(`OneCycleLR: the cycle has ${totalSteps} steps, this would be step ${lastEpoch + 1}`)
    const found = phases.findIndex(({ endStep }) => lastEpoch <= endStep)
    const k = found < 0 ? phases.length - 1 : found
    const start = k === 0 ? 0 : phases[k - 1].endStep
    const part = (lastEpoch - start) / (phases[k].endStep - start)
    const between = (group: ScheduledGroup, [from, to]: readonly [Bound, Bound]): number =>
      annealing[this.annealStrategy](group[from] as number, group[to] as number, part)
    if (this.cycleMomentum)
      for (const group of this.groups) setMomentum(group, between(group, phases[k].momentum), this.useBeta1)
    return this.groups.map((group) => between(group, phases[k].lr))
  }
}
