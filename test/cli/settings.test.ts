import { expect, test } from 'vitest'
import { optim, zeros } from 'kindling'
import { scheduleNames, type ScheduleName } from '../../src/cli/catalog.ts'
import { makeSchedule } from '../../src/cli/schedule.ts'
import { settle } from '../../src/cli/settings.ts'

const settings = (schedule: ScheduleName, epochs: number) =>
  settle('mlp', { data: 'mnist', preset: 'quick', seed: 0, schedule, epochs, lr: 1 })

/** The learning rates of epochs `from` to the last. */
function rates(schedule: ScheduleName, epochs: number, from = 1): number[] {
  const optimizer = new optim.SGD([zeros(1).requiresGrad_()], { lr: 1 })
  const made = makeSchedule(settings(schedule, epochs), optimizer, from)
  return Array.from({ length: epochs - from + 1 }, () => {
    const { lr } = optimizer.paramGroups[0]
    made.step()
    return lr
  })
}
const expected: Readonly<Record<ScheduleName, (i: number, epochs: number) => number>> = {
  none: () => 1,
  step: (i, epochs) => 0.1 ** Math.floor(i / Math.ceil(epochs / 3)),
  exponential: (i, epochs) => 0.01 ** (i / epochs),
  cosine: (i, epochs) => (1 + Math.cos((Math.PI * i) / epochs)) / 2,
  'warmup-cosine': (i, epochs) => {
    const warm = Math.ceil(epochs / 10)
    return i < warm ? 0.1 + (0.9 * i) / warm : (1 + Math.cos((Math.PI * (i - warm)) / (epochs - warm))) / 2
  },
}

test.each(scheduleNames)(
  'the schedule %s follows its formula, and a resumed one goes on with the same numbers',
  (name) => {
    for (const epochs of [1, 2, 7, 20]) {
      const all = rates(name, epochs)
      all.forEach(
        (rate, i) => void expect(rate, `epoch ${i + 1} of ${epochs}`).toBeCloseTo(expected[name](i, epochs), 9),
      )
      for (const from of [2, 5, 20]) if (from <= epochs) expect(rates(name, epochs, from)).toEqual(all.slice(from - 1))
    }
  },
)

test('a preset fills in what the command line does not say', () => {
  const base = { data: 'mnist', preset: 'quick', seed: 0 } as const
  expect(settle('resnet18', { ...base, preset: 'full' })).toMatchObject({ optimizer: 'sgd', lr: 0.05, side: 96 })
  expect(settle('resnet18', { ...base, preset: 'full' })).not.toHaveProperty('limit')
  expect(settle('resnet18', { ...base, limit: 5, side: 64 })).toMatchObject({ optimizer: 'adam', limit: 5, side: 64 })
  expect(settle('lenet', { ...base, optimizer: 'sgd' }).lr).toBe(0.9)
  expect(settle('lenet', { ...base, preset: 'full', optimizer: 'adam' }).lr).toBe(0.005)
  expect(settle('mlp', { ...base, optimizer: 'adamw' }).lr).toBe(0.001)
  expect(settle('mlp', { ...base, patience: 3 }).valid).toBe(0.1)
  expect(settle('mlp', { ...base, patience: 3, valid: 0.4 }).valid).toBe(0.4)
  expect(settle('mlp', { ...base, patience: 3, kFold: 5 })).not.toHaveProperty('valid')
})
