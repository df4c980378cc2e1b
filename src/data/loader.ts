// DataLoader: batches of a data set, in order or shuffled as PyTorch shuffles. Each iteration is a memory scope:
// what the loop body makes is freed when the next batch is asked for.
import { nextTask } from '#platform'
import { ValueError } from '../base/errors.ts'
import { Generator, loaderSeeds, permutation } from '../base/random.ts'
import { defaultGenerator } from '../ops/random.ts'
import { context } from '../runtime/context.ts'
import { isThenable, Scope, scope } from '../runtime/scope.ts'
import { collate } from './collate.ts'
import { type Dataset, fetchFrom } from './dataset.ts'

export interface DataLoaderOptions<Sample extends readonly unknown[]> {
  /** Samples per batch. Default 1. */
  batchSize?: number
  /** A new random order for each pass. Default false. */
  shuffle?: boolean
  /** Leave out a last batch that is not full. Default false. */
  dropLast?: boolean
  /** Batches that are read ahead while the loop body runs, for data sets whose `get` is async. Default 2. */
  prefetch?: number
  /** Makes one batch of samples. Default: stacks tensors. */
  collate?: (samples: readonly Sample[]) => Sample
  /** Where the order comes from. Default: the default generator, as PyTorch uses it. */
  generator?: Generator
}

/** Iterate with `for (const [x, y] of loader)`, or with `for await`, which also lets timers and Ctrl-C through. Source: `torch.utils.data.DataLoader`. */
export class DataLoader<Sample extends readonly unknown[]> implements Iterable<Sample>, AsyncIterable<Sample> {
  readonly dataset: Dataset<Sample>
  readonly batchSize: number
  readonly shuffle: boolean
  readonly dropLast: boolean
  readonly prefetch: number
  private readonly join: (samples: readonly Sample[]) => Sample
  private readonly customJoin: boolean
  private readonly generator: Generator | undefined

  constructor(dataset: Dataset<Sample>, options: DataLoaderOptions<Sample> = {}) {
    const { batchSize = 1, shuffle = false, dropLast = false, prefetch = 2, generator } = options
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ValueError(`DataLoader: batchSize must be a whole number >= 1, got ${batchSize}`)
    if (!Number.isInteger(prefetch) || prefetch < 0)
      throw new ValueError(`DataLoader: prefetch must be a whole number >= 0, got ${prefetch}`)
    this.dataset = dataset
    this.batchSize = batchSize
    this.shuffle = shuffle
    this.dropLast = dropLast
    this.prefetch = prefetch
    this.join = options.collate ?? collate
    this.customJoin = options.collate !== undefined
    this.generator = generator
  }

  /** Number of batches of one pass. */
  get length(): number {
    const full = this.dataset.length / this.batchSize
    return this.dropLast ? Math.floor(full) : Math.ceil(full)
  }

  /** One pass over the data set; each iteration is a memory scope. Throws ValueError where the data set loads asynchronously. */
  *[Symbol.iterator](): Iterator<Sample> {
    const scopes = new IterationScopes()
    try {
      for (const indices of this.indexBatches()) {
        const { scope, batch, turn } = this.start(indices, scopes.outside)
        scopes.enter(scope)
        if (isThenable(batch)) {
          batch.catch(() => {})
          turn(false)
          throw new ValueError(
            'DataLoader: this data set loads asynchronously',
            'iterate with `for await (const batch of loader)`.',
          )
        }
        yield batch
      }
    } finally {
      scopes.end()
    }
  }

  /** The same for `for await`: samples may be promises, and `prefetch` batches are read ahead. */
  [Symbol.asyncIterator](): AsyncIterator<Sample> {
    const scopes = new IterationScopes()
    const indices = this.indexBatches()
    const ahead: Loading<Sample>[] = []
    const refill = (): void => {
      while (ahead.length <= this.prefetch) {
        const { value, done } = indices.next()
        if (done) return
        const loading = this.start(value, scopes.outside)
        ahead.push(loading)
        // A data set that does not wait is not read ahead: its random choices come in the order of a plain loop.
        if (!isThenable(loading.batch)) return
        loading.batch.catch(() => {})
      }
    }
    const stop = (): void => {
      scopes.end()
      for (const { scope, batch, turn } of ahead.splice(0)) {
        const end = (): void => scope.end()
        turn(false)
        if (isThenable(batch)) batch.then(end, end)
        else end()
      }
    }
    // Neither is an async function: they must switch the scope in the context of the loop itself, before the loop waits.
    return {
      next: () => {
        try {
          scopes.leave()
          if (ahead.length === 0 || isThenable(ahead[0].batch)) refill()
        } catch (error) {
          stop()
          return Promise.reject(error)
        }
        const loading = ahead.shift()
        if (loading === undefined) {
          stop()
          return Promise.resolve({ value: undefined, done: true })
        }
        const { scope, batch, turn } = loading
        scopes.enter(scope)
        scope.wait(true)
        turn(true)
        const arrived = async (): Promise<IteratorResult<Sample>> => {
          try {
            return { value: await batch, done: false }
          } catch (error) {
            stop()
            throw error
          } finally {
            scope.wait(false)
          }
        }
        return nextTask().then(arrived)
      },
      return: () => {
        stop()
        return Promise.resolve({ value: undefined, done: true })
      },
    }
  }

  /** The samples' indices, batch by batch; draws the order from the generator when it is first asked. */
  private *indexBatches(): globalThis.Generator<number[]> {
    const count = this.dataset.length
    const order = this.order(count)
    for (let from = 0; from < count; from += this.batchSize) {
      const to = Math.min(from + this.batchSize, count)
      if (this.dropLast && to - from < this.batchSize) break
      yield Array.from({ length: to - from }, (_, i) => (order ? order[from + i] : from + i))
    }
    // PyTorch's sampler draws once more at the end of a pass over a generator of one's own.
    if (this.shuffle && this.generator) permutation(this.generator, count)
  }

  private order(count: number): Int32Array | null {
    const source = this.generator ?? defaultGenerator
    if (!this.shuffle || this.generator) {
      source.random64()
      return this.shuffle ? permutation(source, count) : null
    }
    return permutation(new Generator(loaderSeeds(source).sampler), count)
  }

  /** Loads a batch into a scope of its own, inside `outside`. What is made on the way is freed at once. */
  private start(indices: readonly number[], outside: Scope | null): Loading<Sample> {
    const own = new Scope(outside)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const load = (): Sample | Promise<Sample> =>
      scope(() => (this.dataset.prefetch ? this.loadAhead(indices, promise) : this.load(indices)))
    try {
      return { scope: own, batch: context.run({ ...context.get(), scope: own }, load), turn: resolve }
    } catch (error) {
      own.end()
      throw error
    }
  }

  private load(indices: readonly number[]): Sample | Promise<Sample> {
    if (this.dataset.batch && !this.customJoin) return this.dataset.batch(indices)
    return this.joined(indices.map((index) => this.dataset.get(index)))
  }

  /** Reads what can be read ahead, and makes the samples of it when the turn of the batch has come. */
  private async loadAhead(indices: readonly number[], turn: Promise<boolean>): Promise<Sample> {
    const makers = await Promise.all(indices.map((index) => fetchFrom(this.dataset, index)))
    if (!(await turn)) throw new ValueError('DataLoader: the loop has ended')
    return this.joined(makers.map((make) => make()))
  }

  private joined(samples: readonly (Sample | Promise<Sample>)[]): Sample | Promise<Sample> {
    if (!samples.some(isThenable)) return this.join(samples as Sample[])
    return Promise.all(samples).then((list) => this.join(list))
  }
}

/** A batch that has come, or will, and the scope that its tensors belong to. */
interface Loading<Sample> {
  readonly scope: Scope
  readonly batch: Sample | Promise<Sample>
  /** Tells that the turn of the batch has come, or (false) that it never will. */
  turn(comes: boolean): void
}

/** The scope of the running iteration; the next one ends it. */
class IterationScopes {
  readonly outside = context.get().scope?.current ?? null
  private current: Scope | null = null

  enter(scope: Scope): void {
    this.leave()
    this.current = scope
    context.enter({ ...context.get(), scope })
  }
  /** Ends the running iteration. */
  leave(): void {
    this.current?.end()
    this.current = null
  }
  end(): void {
    this.leave()
    context.enter({ ...context.get(), scope: this.outside })
  }
}
