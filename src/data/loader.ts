// DataLoader: batches of a data set, in order or shuffled as PyTorch shuffles. Each iteration is a memory scope:
// what the loop body makes is freed when the next batch is asked for.
import { nextTask } from '#platform'
import { ValueError } from '../base/errors.ts'
import { Generator, loaderSeeds, permutation } from '../base/random.ts'
import { defaultGenerator } from '../ops/random.ts'
import { context } from '../runtime/context.ts'
import { eachOwned, Scope } from '../runtime/scope.ts'
import { collate } from './collate.ts'
import type { Dataset } from './dataset.ts'

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
    if (!Number.isInteger(batchSize) || batchSize < 1) throw new ValueError(`DataLoader: batchSize must be a whole number >= 1, got ${batchSize}`)
    if (!Number.isInteger(prefetch) || prefetch < 0) throw new ValueError(`DataLoader: prefetch must be a whole number >= 0, got ${prefetch}`)
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

  *[Symbol.iterator](): Iterator<Sample> {
    const scopes = new IterationScopes()
    try {
      for (const indices of this.indexBatches()) yield scopes.next(() => this.load(indices))
    } finally {
      scopes.end()
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Sample> {
    const scopes = new IterationScopes()
    const batches = this.indexBatches()
    const ahead: Promise<Sample>[] = []
    const refill = (): void => {
      while (ahead.length <= this.prefetch) {
        const { value, done } = batches.next()
        if (done) return
        ahead.push(this.loadAsync(value))
      }
    }
    const isSync = this.dataset.batch !== undefined && !this.customJoin
    // `next` is no async function: it must switch the scope in the context of the loop itself, before the loop waits.
    return {
      next: () => {
        const scope = scopes.begin()
        const step = isSync ? this.nextSync(batches) : (refill(), ahead.shift())
        if (step === undefined) {
          scopes.end()
          return Promise.resolve({ value: undefined, done: true })
        }
        return nextTask().then(async () => {
          const value = await step
          eachOwned(value, (item) => scope.adopt(item))
          return { value, done: false }
        })
      },
      return: () => {
        scopes.end()
        for (const batch of ahead) batch.then((value) => eachOwned(value, (item) => item.dispose())).catch(() => {})
        return Promise.resolve({ value: undefined, done: true })
      },
    }
  }

  private nextSync(batches: globalThis.Generator<number[]>): Sample | undefined {
    const { value, done } = batches.next()
    return done ? undefined : this.load(value)
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

  private load(indices: readonly number[]): Sample {
    if (this.dataset.batch && !this.customJoin) return this.dataset.batch(indices)
    const samples = indices.map((index) => this.dataset.get(index))
    if (samples.some((sample) => sample instanceof Promise)) {
      throw new ValueError('DataLoader: this data set loads asynchronously', 'iterate with `for await (const batch of loader)`.')
    }
    return this.join(samples as Sample[])
  }

  /** A batch that belongs to no scope yet. */
  private loadAsync(indices: readonly number[]): Promise<Sample> {
    return context.run({ ...context.get(), scope: null }, async () => this.join(await Promise.all(indices.map((index) => this.dataset.get(index)))))
  }
}

/** The scope of the running iteration; the next one ends it. */
class IterationScopes {
  private current: Scope | null = null
  private readonly outside = context.get()

  begin(): Scope {
    this.current?.end()
    this.current = new Scope(this.outside.scope)
    context.enter({ ...context.get(), scope: this.current })
    return this.current
  }
  next<T>(load: () => T): T {
    this.begin()
    return load()
  }
  end(): void {
    this.current?.end()
    this.current = null
    context.enter({ ...context.get(), scope: this.outside.scope })
  }
}
