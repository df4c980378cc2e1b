// Search for hyper-parameters, at random or over a grid. What was tried is kept, whatever happens to a trial or to the search.
import { ValueError } from '../base/errors.ts'
import { Generator } from '../base/random.ts'
import { type FiniteSpace, ParameterGrid, ParameterSampler, type Params, type Space } from './space.ts'

/** One point that was tried; plain data, so that a search can be saved as JSON. */
export interface Trial<P> {
  /** From 0. */
  readonly number: number
  /** The point. */
  readonly params: P
  /** Given to the objective: with `manualSeed(seed)` a trial can be repeated. */
  readonly seed: number
  /** null where the objective threw, or gave what is no finite number. */
  readonly value: number | null
  /** Why there is no value. */
  readonly error: string | null
  /** How long it took. */
  readonly seconds: number
}

export interface SearchResult<P> {
  /** All that were tried, in order. */
  readonly trials: readonly Trial<P>[]
  /** The best of those that have a value. */
  readonly best: Trial<P> | null
  /** After each trial the best value so far; null as long as none has a value. */
  readonly bestSoFar: readonly (number | null)[]
  /** False where `signal` stopped the search. */
  readonly finished: boolean
}

export interface SearchOptions<P> {
  /** Of the random points, and of the trials' own seeds. Default 0. */
  seed?: number
  /** Default 'minimize'. */
  direction?: 'minimize' | 'maximize'
  /** Called after each trial, and awaited: the place to print and to save. */
  onTrial?: (trial: Trial<P>, soFar: SearchResult<P>) => unknown
  /** Trials of the same search that was stopped; it goes on behind them. */
  trials?: readonly Trial<P>[]
  /** Stops the search. A trial that throws then is not counted, and comes again when the search goes on. */
  signal?: AbortSignal
}

/** The figure to make small (or large) for a point, now or later. */
export type Objective<P> = (
  params: P,
  trial: { number: number; seed: number; signal?: AbortSignal },
) => number | Promise<number>

/**
 * Tries `n` random points of a space. A trial that throws or gives no finite number has failed, and the search goes on.
 * Throws ValueError where `trials` are not those of this space and seed. Bergstra and Bengio 2012.
 */
export function randomSearch<S extends Space>(
  space: S,
  objective: Objective<Params<S>>,
  { n, ...options }: SearchOptions<Params<S>> & { n: number },
): Promise<SearchResult<Params<S>>> {
  const generator = new Generator(options.seed)
  return search('randomSearch', new ParameterSampler(space, n, { generator }), generator, objective, options)
}

/** Tries every combination of lists of values: the rest as `randomSearch`. */
export function gridSearch<S extends FiniteSpace>(
  space: S,
  objective: Objective<Params<S>>,
  options: SearchOptions<Params<S>> = {},
): Promise<SearchResult<Params<S>>> {
  return search('gridSearch', new ParameterGrid(space), new Generator(options.seed), objective, options)
}

async function search<P>(
  op: string,
  points: Iterable<P>,
  generator: Generator,
  objective: Objective<P>,
  { direction = 'minimize', onTrial, trials: done = [], signal }: SearchOptions<P>,
): Promise<SearchResult<P>> {
  const trials: Trial<P>[] = []
  const result = (finished: boolean): SearchResult<P> => summarize(trials, direction, finished)
  for (const params of points) {
    const number = trials.length
    const seed = generator.random32()
    if (number < done.length) {
      trials.push(takeOver(op, done[number], { number, params, seed }))
      continue
    }
    if (signal?.aborted) return result(false)
    const trial = await attempt(objective, { number, params, seed }, signal)
    if (trial === null) return result(false)
    trials.push(trial)
    await onTrial?.(trial, result(false))
  }
  if (done.length > trials.length)
    throw new ValueError(`${op}: the search has ${trials.length} trials, and ${done.length} are done already`)
  return result(true)
}

type Point<P> = Pick<Trial<P>, 'number' | 'params' | 'seed'>

/** null for a trial that the signal broke off. */
async function attempt<P>(objective: Objective<P>, point: Point<P>, signal?: AbortSignal): Promise<Trial<P> | null> {
  const { params, number, seed } = point
  const began = performance.now()
  const end = (value: number | null, error: string | null): Trial<P> => {
    return { ...point, value, error, seconds: (performance.now() - began) / 1000 }
  }
  try {
    const value = await objective(params, { number, seed, signal })
    return Number.isFinite(value) ? end(value, null) : end(null, `the objective gave ${value}`)
  } catch (error) {
    if (signal?.aborted) return null
    return end(null, error instanceof Error ? error.message : String(error))
  }
}

function takeOver<P>(op: string, done: Trial<P>, point: Point<P>): Trial<P> {
  const [was, is] = [done.params, point.params].map((params) => JSON.stringify(params))
  if (was !== is || done.seed !== point.seed) {
    throw new ValueError(
      `${op}: trial ${point.number} that is done is not of this search: ${was} with seed ${done.seed}, expected ${is} with ${point.seed}`,
      'go on with the space and the seed that the search began with.',
    )
  }
  return { ...done, ...point }
}

function summarize<P>(
  trials: readonly Trial<P>[],
  direction: 'minimize' | 'maximize',
  finished: boolean,
): SearchResult<P> {
  const sign = direction === 'minimize' ? 1 : -1
  let best: Trial<P> | null = null
  const bestSoFar: (number | null)[] = []
  for (const trial of trials) {
    if (trial.value !== null && (best === null || sign * trial.value < sign * (best.value as number))) best = trial
    bestSoFar.push(best?.value ?? null)
  }
  return { trials: [...trials], best, bestSoFar, finished }
}
