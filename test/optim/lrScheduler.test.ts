// Learning-rate schedules against PyTorch, saved and resumed, errors. Fixture: scripts/oracle/schedulers.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { optim, ValueError } from '../../src/index.ts'

const S = optim.lrScheduler

interface Case {
  readonly source: string
  readonly optimizer: string
  /** What each call of `step` is given. */
  readonly steps: readonly (number | null)[]
  /** Factor of all learning rates before the sixth. */
  readonly outside: number | null
  /** Learning rate and momentum of each group, at first and after each step. */
  readonly rates: readonly (readonly (readonly [number, number])[])[]
  readonly last: readonly number[]
}
const path = join(import.meta.dirname, '../fixtures/schedulers.json.gz')
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(path)).toString())

interface Group {
  lr: number
  momentum?: number
  betas?: [number, number]
}
interface Scheduler {
  step(argument?: number): void
  getLastLr(): number[]
  stateDict(): Record<string, unknown>
  loadStateDict(state: Record<string, unknown>): void
}
function build({ source, optimizer }: Pick<Case, 'source' | 'optimizer'>) {
  const groups = [0.5, 0.08].map((lr) => ({ params: [torch.zeros([1], { requiresGrad: true })], lr }))
  const made = new Function('optim', 'groups', `return ${optimizer}`)(optim, groups) as optim.SGD
  const scheduler = new Function('S', 'o', `return ${source}`)(S, made) as Scheduler
  return { optimizer: made, scheduler, groups: made.paramGroups as Group[] }
}
const ratesOf = (groups: readonly Group[]): number[] =>
  groups.flatMap(({ lr, momentum, betas }) => [lr, betas?.[0] ?? (momentum as number)])
function expectClose(got: readonly number[], wanted: readonly number[], when: string): void {
  expect(got.length, when).toBe(wanted.length)
  got.forEach((value, i) =>
    expect(Math.abs(value - wanted[i]), when).toBeLessThanOrEqual(1e-12 * Math.max(1, wanted[i])),
  )
}
function stepTo({ optimizer, scheduler, groups }: ReturnType<typeof build>, one: Case, step: number): void {
  optimizer.step()
  if (one.outside !== null && step === 5) for (const group of groups) group.lr *= one.outside
  scheduler.step(one.steps[step] ?? undefined)
}

describe('PyTorch gives the same learning rates and momenta', () => {
  test.each(cases)('under $source', (one) => {
    const run = build(one)
    expectClose(ratesOf(run.groups), one.rates[0].flat(), 'at first')
    one.steps.forEach((_, step) => {
      stepTo(run, one, step)
      expectClose(ratesOf(run.groups), one.rates[step + 1].flat(), `after step ${step + 1}`)
    })
    expectClose(run.scheduler.getLastLr(), one.last, 'getLastLr')
  })
  test.each(cases)('under $source, saved and taken up again', (one) => {
    let run = build(one)
    one.steps.forEach((_, step) => {
      if (step % 4 === 3) {
        const saved = JSON.stringify(
          [run.optimizer.stateDict().paramGroups, run.scheduler.stateDict()],
          (_key, value) => (value === Infinity ? 'Infinity' : value === -Infinity ? '-Infinity' : value),
        )
        const [paramGroups, state] = JSON.parse(saved, (_key, value) =>
          value === 'Infinity' || value === '-Infinity' ? Number(value) : value,
        )
        run = build(one)
        run.optimizer.loadStateDict({ state: {}, paramGroups })
        run.scheduler.loadStateDict(state)
      }
      stepTo(run, one, step)
      expectClose(ratesOf(run.groups), one.rates[step + 1].flat(), `after step ${step + 1}`)
    })
  })
})

const sgd = (lr = 1, momentum = 0.9): optim.SGD =>
  new optim.SGD([torch.zeros([1], { requiresGrad: true })], { lr, momentum })

describe('a scheduler', () => {
  test('does not change with what its state dict is changed to', () => {
    const scheduler = new S.MultiStepLR(sgd(), [2, 3])
    const state = scheduler.stateDict() as { milestones: number[] }
    state.milestones[0] = 1
    expect(scheduler.milestones).toEqual([2, 3])
    expect(Object.keys(new S.LambdaLR(sgd(), () => 1).stateDict())).toEqual([
      'baseLrs',
      'lastEpoch',
      'stepCount',
      'verbose',
      'lastLr',
    ])
  })
  test('goes on at a step when the optimizer knows its first learning rates', () => {
    const optimizer = sgd(0.25)
    expect(() => new S.StepLR(optimizer, 2, { lastEpoch: 3 })).toThrow(
      /StepLR: group 0 of the optimizer has no initialLr, which is needed to go on at step 3/,
    )
    Object.assign(optimizer.paramGroups[0], { initialLr: 1 })
    const scheduler = new S.StepLR(optimizer, 2, { lastEpoch: 3, gamma: 0.5 })
    expect([scheduler.lastEpoch, optimizer.paramGroups[0].lr, scheduler.baseLrs]).toEqual([4, 0.125, [1]])
  })
  test('can be written by hand', () => {
    class Halved extends S.LRScheduler {
      constructor(optimizer: optim.SGD) {
        super(optimizer, {})
        this.begin()
      }
      override getLr(): number[] {
        return this.baseLrs.map((lr) => lr / (this.lastEpoch + 1))
      }
    }
    const optimizer = sgd()
    const scheduler = new Halved(optimizer)
    scheduler.step()
    expect(optimizer.paramGroups[0].lr).toBe(0.5)
    scheduler.step()
    expect(scheduler.getLastLr()).toEqual([1 / 3])
  })
  test('of the plateau takes a tensor with one element', () => {
    const optimizer = sgd()
    const scheduler = new S.ReduceLROnPlateau(optimizer, { patience: 0 })
    scheduler.step(torch.tensor(2))
    scheduler.step(torch.tensor([3]))
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.1, 12)
  })
  test('can be one of several, and several one again', () => {
    const optimizer = sgd()
    const inner = new S.ChainedScheduler([new S.ExponentialLR(optimizer, 0.5), new S.ExponentialLR(optimizer, 0.25)])
    const outer = new S.ChainedScheduler([inner, new S.StepLR(optimizer, 1)])
    outer.step()
    expect(outer.getLastLr()[0]).toBeCloseTo(0.0125, 15)
  })
})

describe('with verbose', () => {
  const printed = (body: () => void): string[] => {
    const { log } = console
    const lines: string[] = []
    console.log = (text: string) => void lines.push(text)
    try {
      body()
    } finally {
      console.log = log
    }
    return lines
  }
  test('changes are printed as PyTorch prints them', () => {
    const lines = printed(() => {
      const scheduler = new S.ExponentialLR(sgd(0.25), 0.5, { verbose: true })
      scheduler.step()
      scheduler.step(7)
    })
    expect(lines).toEqual([
      'Adjusting learning rate of group 0 to 2.5000e-01.',
      'Adjusting learning rate of group 0 to 1.2500e-01.',
      'Epoch 00007: adjusting learning rate of group 0 to 1.9531e-03.',
    ])
    const restarts = printed(() => {
      const scheduler = new S.CosineAnnealingWarmRestarts(sgd(0.25), 2, { verbose: true })
      scheduler.step(0.5)
      scheduler.step()
    })
    expect(restarts).toEqual([
      'Epoch 00000: adjusting learning rate of group 0 to 2.5000e-01.',
      'Epoch 0.50: adjusting learning rate of group 0 to 2.1339e-01.',
      'Epoch 00001: adjusting learning rate of group 0 to 3.6612e-02.',
    ])
    const plateau = printed(() => {
      const scheduler = new S.ReduceLROnPlateau(sgd(1e-12), { patience: 0, eps: 0, verbose: true })
      for (const figure of [1, 2]) scheduler.step(figure)
    })
    expect(plateau).toEqual(['Epoch 00002: reducing learning rate of group 0 to 1.0000e-13.'])
  })
})

describe('refused are', () => {
  test.each<[string, () => unknown, string]>([
    [
      'functions for other groups',
      () => new S.LambdaLR(sgd(), [() => 1, () => 2]),
      'LambdaLR: lrLambda needs a value for each of 1 parameter groups, got 2',
    ],
    ['a step of nothing', () => new S.StepLR(sgd(), 0), 'StepLR: stepSize must be greater than 0, got 0'],
    [
      'a factor above 1',
      () => new S.ConstantLR(sgd(), { factor: 1.5 }),
      'ConstantLR: factor must be above 0 and at most 1, got 1.5',
    ],
    [
      'a start from 0',
      () => new S.LinearLR(sgd(), { startFactor: 0 }),
      'LinearLR: startFactor must be above 0 and at most 1, got 0',
    ],
    [
      'an end above 1',
      () => new S.LinearLR(sgd(), { endFactor: 2 }),
      'LinearLR: endFactor must be between 0 and 1, got 2',
    ],
    [
      'half a cosine of nothing',
      () => new S.CosineAnnealingLR(sgd(), 0),
      'CosineAnnealingLR: TMax must be greater than 0, got 0',
    ],
    [
      'half a run',
      () => new S.CosineAnnealingWarmRestarts(sgd(), 1.5),
      'CosineAnnealingWarmRestarts: T0 must be a whole number of at least 1, got 1.5',
    ],
    [
      'runs that shrink',
      () => new S.CosineAnnealingWarmRestarts(sgd(), 2, { TMult: 0 }),
      'CosineAnnealingWarmRestarts: TMult must be a whole number of at least 1, got 0',
    ],
    [
      'an epoch before the first',
      () => new S.CosineAnnealingWarmRestarts(sgd(), 2).step(-1),
      'CosineAnnealingWarmRestarts: an epoch must not be negative, got -1',
    ],
    [
      'an unknown mode',
      () => new S.CyclicLR(sgd(), 0.1, 1, { mode: 'square' as 'triangular' }),
      "CyclicLR: mode must be one of triangular, triangular2, expRange, got 'square'",
    ],
    [
      'momentum that is not there',
      () => new S.CyclicLR(new optim.Adam([torch.zeros([1], { requiresGrad: true })]), 0.1, 1),
      'CyclicLR: Adam has no momentum to move',
    ],
    [
      'a cycle of unknown length',
      () => new S.OneCycleLR(sgd(), 1, { epochs: 3 }),
      'OneCycleLR: stepsPerEpoch is missing',
    ],
    [
      'a cycle of no steps',
      () => new S.OneCycleLR(sgd(), 1, { totalSteps: 0 }),
      'OneCycleLR: totalSteps must be a whole number of at least 1, got 0',
    ],
    [
      'more than a whole',
      () => new S.OneCycleLR(sgd(), 1, { totalSteps: 5, pctStart: 30 }),
      'OneCycleLR: pctStart must be between 0 and 1, got 30',
    ],
    [
      'another curve',
      () => new S.OneCycleLR(sgd(), 1, { totalSteps: 5, annealStrategy: 'sin' as 'cos' }),
      "OneCycleLR: annealStrategy must be 'cos' or 'linear', got 'sin'",
    ],
    [
      'a factor that grows',
      () => new S.ReduceLROnPlateau(sgd(), { factor: 1 }),
      'ReduceLROnPlateau: factor must be below 1, got 1',
    ],
    [
      'neither up nor down',
      () => new S.ReduceLROnPlateau(sgd(), { mode: 'up' as 'max' }),
      "ReduceLROnPlateau: mode must be 'min' or 'max', got 'up'",
    ],
    [
      'another threshold',
      () => new S.ReduceLROnPlateau(sgd(), { thresholdMode: 'x' as 'abs' }),
      "ReduceLROnPlateau: thresholdMode must be 'rel' or 'abs', got 'x'",
    ],
    [
      'as many milestones as schedulers',
      () => {
        const optimizer = sgd()
        return new S.SequentialLR(optimizer, [new S.StepLR(optimizer, 1)], [1])
      },
      'SequentialLR: there must be one milestone fewer than schedulers: 1 and 1',
    ],
    [
      'two optimizers',
      () => new S.ChainedScheduler([new S.StepLR(sgd(), 1), new S.StepLR(sgd(), 1)]),
      'ChainedScheduler: scheduler 1 belongs to another optimizer',
    ],
    ['nothing to chain', () => new S.ChainedScheduler([]), 'ChainedScheduler: the list of schedulers is empty'],
  ])('%s', (_, body, message) => {
    expect(body).toThrow(ValueError)
    expect(body).toThrow(message)
  })
  test('steps behind the end of the one cycle', () => {
    const scheduler = new S.OneCycleLR(sgd(), 1, { totalSteps: 2 })
    scheduler.step()
    scheduler.step()
    expect(() => scheduler.step()).toThrow('OneCycleLR: the cycle has 2 steps, this would be step 4')
  })
})
