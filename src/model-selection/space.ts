// Spaces of hyper-parameters: what each may be, all combinations, and random draws. The types of the draws follow from the space.
import { ValueError } from '../base/errors.ts'
import type { Generator } from '../base/random.ts'
import { defaultGenerator } from '../ops/random.ts'

/** What values a hyper-parameter may take, and how likely. */
export interface Distribution<T> {
  /** One value. */
  sample(generator: Generator): T
}
/** One of a list, each as likely. */
export interface Choice<T> extends Distribution<T> {
  /** The list. */
  readonly values: readonly T[]
}

/** Distributions by name; a plain list is a choice. */
export type Space = Readonly<Record<string, readonly unknown[] | Distribution<unknown>>>
/** A space of finitely many points. */
export type FiniteSpace = Readonly<Record<string, readonly unknown[] | Choice<unknown>>>
/** One point of a space. */
export type Params<S extends Space> = {
  -readonly [K in keyof S]: S[K] extends Distribution<infer T> ? T : S[K] extends readonly (infer T)[] ? T : never
}

/** Throws ValueError for an empty list. */
export function choice<const T>(values: readonly T[]): Choice<T> {
  if (values.length === 0) throw new ValueError('choice: expected at least one value, got none')
  return { values, sample: (generator) => values[below(generator, values.length)] }
}

/** Evenly on [low, high). Source: `scipy.stats.uniform`, with both ends. */
export function uniform(low: number, high: number): Distribution<number> {
  checkRange('uniform', low, high)
  return { sample: (generator) => low + (high - low) * generator.uniform53() }
}

/** Evenly on [low, high) in the logarithm: each power of ten is as likely. Throws ValueError unless low > 0. Source: `scipy.stats.loguniform`. */
export function logUniform(low: number, high: number): Distribution<number> {
  checkRange('logUniform', low, high)
  if (low <= 0) throw new ValueError(`logUniform: low must be above 0, got ${low}`)
  const [from, to] = [Math.log(low), Math.log(high)]
  return { sample: (generator) => Math.min(high, Math.max(low, Math.exp(from + (to - from) * generator.uniform53()))) }
}

/** Whole numbers of [low, high). Source: `scipy.stats.randint`. */
export function randint(low: number, high: number): Distribution<number> {
  checkRange('randint', low, high)
  if (!Number.isInteger(low) || !Number.isInteger(high))
    throw new ValueError(`randint: low and high must be whole numbers, got ${low} and ${high}`)
  return { sample: (generator) => low + below(generator, high - low) }
}

function checkRange(op: string, low: number, high: number): void {
  if (!(low < high) || !Number.isFinite(high - low))
    throw new ValueError(`${op}: low must be less than high, and both finite, got ${low} and ${high}`)
}

/** A whole number of [0, n). */
const below = (generator: Generator, n: number): number => Math.floor(generator.uniform53() * n)

const namesOf = (space: Space): string[] => Object.keys(space).sort()

/** The list of a finite hyper-parameter, undefined for a range. */
function valuesOf(values: readonly unknown[] | Distribution<unknown>): readonly unknown[] | undefined {
  if (!('sample' in values)) return values
  return 'values' in values ? (values as Choice<unknown>).values : undefined
}

/**
 * All combinations of lists of values, the last name (in alphabetical order) changing fastest. Throws ValueError for an empty list and for a range.
 * Source: `sklearn.model_selection.ParameterGrid`.
 */
export class ParameterGrid<S extends FiniteSpace> implements Iterable<Params<S>> {
  private readonly lists: readonly (readonly [name: string, values: readonly unknown[]])[]
  readonly length: number

  constructor(space: S) {
    this.lists = namesOf(space).map((name) => {
      const values = valuesOf(space[name])
      if (values === undefined)
        throw new ValueError(
          `ParameterGrid: ${name} is a range, not a list`,
          'give the values to try, or sample the space.',
        )
      if (values.length === 0) throw new ValueError(`ParameterGrid: ${name} has no values: []`)
      return [name, values]
    })
    this.length = this.lists.reduce((n, [, values]) => n * values.length, 1)
  }

  /** The combination at a place of the order. Throws ValueError beyond the end. */
  get(index: number): Params<S> {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw new ValueError(`ParameterGrid: index ${index} is out of range for ${this.length} combinations`)
    const picked: [string, unknown][] = []
    let rest = index
    for (const [name, values] of this.lists.toReversed()) {
      picked.unshift([name, values[rest % values.length]])
      rest = Math.floor(rest / values.length)
    }
    return Object.fromEntries(picked) as Params<S>
  }

  /** All combinations in order. */
  *[Symbol.iterator](): Iterator<Params<S>> {
    for (let i = 0; i < this.length; i++) yield this.get(i)
  }
}

/**
 * `nIter` random points of a space. Where every hyper-parameter is a list, no point comes twice, and there are no more than there are combinations.
 * Each iteration draws anew. Throws ValueError for an empty list and for `nIter` that is no positive whole number. Source: `sklearn.model_selection.ParameterSampler`.
 */
export class ParameterSampler<S extends Space> implements Iterable<Params<S>> {
  readonly length: number
  private readonly draw: () => Iterator<Params<S>>

  constructor(space: S, nIter: number, { generator = defaultGenerator }: { generator?: Generator } = {}) {
    if (!Number.isInteger(nIter) || nIter < 1)
      throw new ValueError(`ParameterSampler: nIter must be a whole number of at least 1, got ${nIter}`)
    if (Object.values(space).every((values) => valuesOf(values) !== undefined)) {
      const grid = new ParameterGrid(space as FiniteSpace) as unknown as ParameterGrid<S & FiniteSpace>
      this.length = Math.min(nIter, grid.length)
      this.draw = () => distinct(grid, this.length, generator)
      return
    }
    const parts = namesOf(space).map((name) => {
      const values = valuesOf(space[name])
      return [name, values ? choice(values) : (space[name] as Distribution<unknown>)] as const
    })
    this.length = nIter
    this.draw = function* () {
      for (let i = 0; i < nIter; i++)
        yield Object.fromEntries(parts.map(([name, part]) => [name, part.sample(generator)])) as Params<S>
    }
  }

  /** The points, drawn anew. */
  [Symbol.iterator](): Iterator<Params<S>> {
    return this.draw()
  }
}

/** The first `count` combinations of a random order, which is known only as far as it was drawn. */
function* distinct<S extends FiniteSpace>(
  grid: ParameterGrid<S>,
  count: number,
  generator: Generator,
): globalThis.Generator<Params<S>, void> {
  const moved = new Map<number, number>()
  for (let i = 0; i < count; i++) {
    const j = i + below(generator, grid.length - i)
    yield grid.get(moved.get(j) ?? j)
    moved.set(j, moved.get(i) ?? i)
  }
}
