import { describe, expect, test } from 'vitest'
import { Generator, ValueError } from 'kindling'
import {
  choice,
  gridSearch,
  logUniform,
  ParameterGrid,
  ParameterSampler,
  randint,
  randomSearch,
  type SearchResult,
  type Trial,
  uniform,
} from 'kindling/model-selection'
import { selection } from '../support/selection.ts'

const space = { lr: logUniform(1e-4, 1), width: choice([16, 32, 64]), layers: randint(1, 4), decay: uniform(0, 0.1) }
type Point = { lr: number; width: 16 | 32 | 64; layers: number; decay: number }

describe('spaces', () => {
  test('a grid lists the combinations in the order of scikit-learn', () => {
    const grid = new ParameterGrid(selection.grid.space)
    expect([...grid]).toEqual(selection.grid.points)
    expect(grid.length).toBe(12)
    expect(grid.get(7)).toEqual(selection.grid.points[7])
    expect(() => grid.get(12)).toThrow(/index 12 is out of range for 12 combinations/)
  })

  test('draws stay in their ranges, and the types follow from the space', () => {
    const draws: Point[] = [...new ParameterSampler(space, 400, { generator: new Generator(1) })]
    expect(draws).toHaveLength(400)
    for (const { lr, width, layers, decay } of draws) {
      expect(lr >= 1e-4 && lr < 1 && decay >= 0 && decay < 0.1).toBe(true)
      expect([16, 32, 64]).toContain(width)
      expect([1, 2, 3]).toContain(layers)
    }
    // Half of the draws lie below the geometric middle; the standard error is 2.5 %.
    const low = draws.filter(({ lr }) => lr < 1e-2).length / 400
    expect(Math.abs(low - 0.5)).toBeLessThan(0.1)
    expect(new Set(draws.map(({ layers }) => layers)).size).toBe(3)
    const mean = draws.reduce((sum, { decay }) => sum + decay, 0) / 400
    expect(Math.abs(mean - 0.05)).toBeLessThan(0.006)
  })

  test('the same seed draws the same, whatever the order of the names', () => {
    const { lr, width } = space
    const draw = (s: { lr: typeof lr; width: typeof width }) => [
      ...new ParameterSampler(s, 5, { generator: new Generator(2) }),
    ]
    expect(draw({ width, lr })).toEqual(draw({ lr, width }))
  })

  test('where all are lists, no combination is drawn twice', () => {
    const sampler = new ParameterSampler({ a: [1, 2, 3], b: choice(['x', 'y']) }, 5, { generator: new Generator(3) })
    expect(new Set(Array.from(sampler, (point) => JSON.stringify(point))).size).toBe(5)
    const all = new ParameterSampler({ a: [1, 2, 3], b: ['x', 'y'] }, 99)
    expect(all.length).toBe(6)
    expect(new Set(Array.from(all, (point) => JSON.stringify(point))).size).toBe(6)
    const huge = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`p${i}`, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]))
    expect([...new ParameterSampler(huge, 3)]).toHaveLength(3)
  })

  test('ranges and lists that hold nothing are refused', () => {
    const errors: readonly (readonly [() => unknown, RegExp])[] = [
      [() => uniform(1, 1), /uniform: low must be less than high, and both finite, got 1 and 1/],
      [() => uniform(0, Number.POSITIVE_INFINITY), /got 0 and Infinity/],
      [() => logUniform(0, 1), /logUniform: low must be above 0, got 0/],
      [() => randint(0, 2.5), /whole numbers, got 0 and 2\.5/],
      [() => choice([]), /expected at least one value, got none/],
      [() => new ParameterGrid({ a: [1], b: [] }), /b has no values/],
      [() => new ParameterGrid({ lr: space.lr as never }), /lr is a range, not a list/],
      [() => new ParameterSampler(space, 0), /nIter must be a whole number of at least 1, got 0/],
      [() => new ParameterSampler({ a: [], lr: space.lr }, 1), /expected at least one value/],
    ]
    for (const [act, message] of errors) {
      expect(act).toThrow(ValueError)
      expect(act).toThrow(message)
    }
  })
})

describe('searches', () => {
  const far = ({ lr, width }: { lr: number; width: number }): number => Math.abs(Math.log10(lr) + 2) + width / 64

  test('a random search gives its trials, the best of them, and the best so far', async () => {
    const found = await randomSearch(space, far, { n: 20, seed: 4 })
    expect(found.finished).toBe(true)
    expect(found.trials).toHaveLength(20)
    const values = found.trials.map(({ value }) => value as number)
    expect(found.trials.map(({ params }) => far(params))).toEqual(values)
    expect(found.best?.value).toBe(Math.min(...values))
    expect(found.bestSoFar).toEqual(values.map((_, i) => Math.min(...values.slice(0, i + 1))))
    const again = await randomSearch(space, far, { n: 20, seed: 4 })
    const points = (of: SearchResult<Point>) => of.trials.map(({ params, seed }) => ({ params, seed }))
    expect(points(again)).toEqual(points(found))
    expect(points(await randomSearch(space, far, { n: 20, seed: 5 }))).not.toEqual(points(found))
  })

  test('a grid search tries every combination, and can look for the largest', async () => {
    const found = await gridSearch({ a: [1, 2, 3], b: [10, 20] }, async ({ a, b }) => a * b, { direction: 'maximize' })
    expect(found.trials.map(({ value }) => value)).toEqual([10, 20, 20, 40, 30, 60])
    expect(found.best?.params).toEqual({ a: 3, b: 20 })
    expect(found.bestSoFar).toEqual([10, 20, 20, 40, 40, 60])
  })

  test('a trial that throws or gives no number has failed, and nothing is lost', async () => {
    const told: string[] = []
    const found = await gridSearch(
      { x: [0, 1, 2, 3, 4] },
      ({ x }) => {
        if (x === 0) throw new Error('out of memory')
        if (x === 1) return Number.NaN
        if (x === 2) return Number.POSITIVE_INFINITY
        return x
      },
      { onTrial: (trial, soFar) => told.push(`${trial.number} ${trial.error} ${soFar.best?.value}`) },
    )
    expect(told).toEqual([
      '0 out of memory undefined',
      '1 the objective gave NaN undefined',
      '2 the objective gave Infinity undefined',
      '3 null 3',
      '4 null 3',
    ])
    expect(found.bestSoFar).toEqual([null, null, null, 3, 3])
    expect(found.trials.map(({ value }) => value)).toEqual([null, null, null, 3, 4])
  })

  test('a search that was stopped and saved goes on as if it had never stopped', async () => {
    const whole = await randomSearch(space, far, { n: 8, seed: 6 })
    const stop = new AbortController()
    const first = await randomSearch(
      space,
      (params, { number, signal }) => {
        if (number === 3) stop.abort()
        signal?.throwIfAborted()
        return far(params)
      },
      { n: 8, seed: 6, signal: stop.signal },
    )
    expect(first.finished).toBe(false)
    expect(first.trials).toHaveLength(3)
    const trials = JSON.parse(JSON.stringify(first.trials)) as Trial<Point>[]
    const ran: number[] = []
    const second = await randomSearch(space, (params, { number }) => (ran.push(number), far(params)), {
      n: 8,
      seed: 6,
      trials,
    })
    expect(ran).toEqual([3, 4, 5, 6, 7])
    const figures = (of: SearchResult<Point>) => of.trials.map(({ seconds, ...rest }) => rest)
    expect(figures(second)).toEqual(figures(whole))
    expect(second.bestSoFar).toEqual(whole.bestSoFar)
    const other = randomSearch(space, far, { n: 8, seed: 7, trials })
    await expect(other).rejects.toThrow(/trial 0 that is done is not of this search/)
    await expect(randomSearch(space, far, { n: 2, seed: 6, trials })).rejects.toThrow(/has 2 trials, and 3 are done/)
  })

  test('a stop after a trial keeps the trial', async () => {
    const stop = new AbortController()
    const found = await gridSearch({ x: [1, 2, 3] }, ({ x }) => x, {
      signal: stop.signal,
      onTrial: ({ number }) => {
        if (number === 1) stop.abort()
      },
    })
    expect(found.finished).toBe(false)
    expect(found.trials.map(({ value }) => value)).toEqual([1, 2])
  })
})
