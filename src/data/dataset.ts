// Data sets: something with a length and samples by index. A sample is a tuple of tensors.
import { IndexError, ShapeError, ValueError } from '../base/errors.ts'
import { type Generator, permutation } from '../base/random.ts'
import { defaultGenerator } from '../ops/random.ts'
import { tensor as indexTensor } from '../ops/tensorOf.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Samples by index. `get` may return a promise: then only `for await` over a loader works. */
export interface Dataset<Sample extends readonly unknown[] = readonly Tensor[]> {
  /** Number of samples. */
  readonly length: number
  /** The sample at `index`, or a promise of it. */
  get(index: number): Sample | Promise<Sample>
  /** The samples at `indices` already stacked, where that is cheaper than one by one. */
  batch?(indices: readonly number[]): Sample
  /**
   * What of `get` can run ahead of time, such as reading a file; it promises a function that makes the sample. A loader calls that when it hands
   * the batch out, so that random choices come in the order of a plain loop however long the files take.
   */
  prefetch?(index: number): Promise<() => Sample | Promise<Sample>>
}

/** `prefetch` of any data set: where it has none, nothing is done ahead. */
export function fetchFrom<Sample extends readonly unknown[]>(
  dataset: Dataset<Sample>,
  index: number,
): Promise<() => Sample | Promise<Sample>> {
  return dataset.prefetch?.(index) ?? Promise.resolve(() => dataset.get(index))
}

export function checkIndex(op: string, index: number, length: number): number {
  const at = index < 0 ? index + length : index
  if (!Number.isInteger(at) || at < 0 || at >= length)
    throw new IndexError(`${op}: index ${index} is out of range for ${length} samples`)
  return at
}

/** Rows of tensors that have the same first size. Source: `torch.utils.data.TensorDataset`. */
export class TensorDataset<Tensors extends readonly Tensor[]> implements Dataset<Tensors> {
  readonly tensors: Tensors
  constructor(...tensors: Tensors) {
    const sizes = tensors.map((tensor) => tensor.shape[0])
    if (sizes.some((size) => size === undefined || size !== sizes[0])) {
      throw new ShapeError(
        `TensorDataset: the tensors must have the same first size, got ${sizes.map(String).join(' and ')}`,
      )
    }
    for (const tensor of tensors) tensor.keep()
    this.tensors = tensors
  }
  /** Number of rows. */
  get length(): number {
    return this.tensors[0]?.shape[0] ?? 0
  }
  /** Row `index` of each tensor; negative counts from the end. Throws IndexError. */
  get(index: number): Tensors {
    const at = checkIndex('TensorDataset', index, this.length)
    return this.tensors.map((tensor) => tensor.select(0, at)) as unknown as Tensors
  }
  /** These rows of each tensor at once: [indices.length, ...]. */
  batch(indices: readonly number[]): Tensors {
    return this.tensors.map((tensor) => rows(tensor, indices)) as unknown as Tensors
  }
}

/** Rows of a tensor; neighbours in order are a view, anything else a copy. */
export function rows(tensor: Tensor, indices: readonly number[]): Tensor {
  const start = indices[0]
  const isRun = indices.every((index, i) => index === start + i)
  return isRun && indices.length > 0
    ? tensor.narrow(0, start, indices.length)
    : tensor.indexSelect(0, indexTensor(indices))
}

/** Some samples of a data set, in the order given. Source: `torch.utils.data.Subset`. */
export class Subset<Sample extends readonly unknown[]> implements Dataset<Sample> {
  readonly dataset: Dataset<Sample>
  readonly indices: readonly number[]
  batch?: (indices: readonly number[]) => Sample
  prefetch?: Dataset<Sample>['prefetch']
  constructor(dataset: Dataset<Sample>, indices: Iterable<number>) {
    this.dataset = dataset
    this.indices = [...indices]
    for (const index of this.indices) checkIndex('Subset', index, dataset.length)
    if (dataset.batch) this.batch = (wanted) => dataset.batch?.(wanted.map((i) => this.indices[i])) as Sample
    if (dataset.prefetch) this.prefetch = (index) => fetchFrom(dataset, this.at(index))
  }
  /** Number of samples. */
  get length(): number {
    return this.indices.length
  }
  /** The sample at place `index` of the indices; negative counts from the end. Throws IndexError. */
  get(index: number): Sample | Promise<Sample> {
    return this.dataset.get(this.at(index))
  }
  private at(index: number): number {
    return this.indices[checkIndex('Subset', index, this.length)]
  }
}

/** Data sets one after another. Source: `torch.utils.data.ConcatDataset`. */
export class ConcatDataset<Sample extends readonly unknown[]> implements Dataset<Sample> {
  readonly datasets: readonly Dataset<Sample>[]
  prefetch?: Dataset<Sample>['prefetch']
  constructor(datasets: Iterable<Dataset<Sample>>) {
    this.datasets = [...datasets]
    if (this.datasets.some((dataset) => dataset.prefetch)) {
      this.prefetch = (index) => fetchFrom(...this.find(index))
    }
  }
  /** Number of samples of all data sets. */
  get length(): number {
    return this.datasets.reduce((sum, dataset) => sum + dataset.length, 0)
  }
  /** Sample `index`, counted through all data sets; negative counts from the end. Throws IndexError. */
  get(index: number): Sample | Promise<Sample> {
    const [dataset, at] = this.find(index)
    return dataset.get(at)
  }
  private find(index: number): [dataset: Dataset<Sample>, index: number] {
    let at = checkIndex('ConcatDataset', index, this.length)
    for (const dataset of this.datasets) {
      if (at < dataset.length) return [dataset, at]
      at -= dataset.length
    }
    throw new IndexError(`ConcatDataset: index ${index} is out of range`)
  }
}

/**
 * Splits at random into parts of the given lengths, or fractions that sum to 1 (what is left over goes to the parts in turn).
 * The same split as PyTorch's for the same seed. Source: `torch.utils.data.random_split`.
 */
export function randomSplit<Sample extends readonly unknown[]>(
  dataset: Dataset<Sample>,
  lengths: readonly number[],
  { generator = defaultGenerator }: { generator?: Generator } = {},
): Subset<Sample>[] {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const sizes = Math.abs(total - 1) < 1e-9 ? fromFractions(lengths, dataset.length) : [...lengths]
  if (sizes.reduce((sum, size) => sum + size, 0) !== dataset.length) {
    throw new ValueError(`randomSplit: the lengths sum to ${total}, the data set has ${dataset.length} samples`)
  }
  const order = permutation(generator, dataset.length)
  let from = 0
  return sizes.map((size) => {
    from += size
    return new Subset(dataset, order.subarray(from - size, from))
  })
}

function fromFractions(fractions: readonly number[], length: number): number[] {
  const sizes = fractions.map((fraction) => Math.floor(length * fraction))
  const left = length - sizes.reduce((sum, size) => sum + size, 0)
  for (let i = 0; i < left; i++) sizes[i % sizes.length]++
  return sizes
}
