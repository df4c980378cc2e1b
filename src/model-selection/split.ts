// One split into samples to learn from and samples held out.
import { ShapeError, ValueError } from '../base/errors.ts'
import { type Generator, permutation } from '../base/random.ts'
import { type Dataset, Subset } from '../data/dataset.ts'
import type { Labels } from '../metrics/labels.ts'
import { defaultGenerator } from '../ops/random.ts'
import { tensor } from '../ops/tensorOf.ts'
import { Tensor } from '../tensor/tensor.ts'
import { checkCount, countOf, type SplitSizes, splitSizes } from './sizes.ts'
import { labelsFor, stratifiedIndices } from './stratify.ts'

interface Choices {
  /** Mix the samples first; false takes the held-out samples from the end. Default true. */
  shuffle?: boolean
  /** A label per sample: every part gets the classes in the same shares. */
  stratify?: Labels
  /** Where the order comes from. Default: the default generator. */
  generator?: Generator
}
export type SplitOptions = SplitSizes & Choices
export interface ThreeWayOptions extends Choices {
  /** Samples to choose hyper-parameters with: a fraction of all, rounded up, or a whole number. Default 0.2. */
  validSize?: number
  /** Samples to measure with in the end: a fraction of all, rounded up, or a whole number. Default 0.2. */
  testSize?: number
}

type Sample = readonly unknown[]
type Data = number | Tensor | Dataset<Sample>

/**
 * Splits data in two: a number of samples into lists of indices, a data set into subsets, tensors along their first dimension into copies.
 * Throws ValueError for sizes that do not fit, a class of one sample in `stratify`, and `stratify` without shuffling; ShapeError where lengths differ.
 * Source: `sklearn.model_selection.train_test_split`.
 */
export function trainTestSplit(n: number, options?: SplitOptions): [train: number[], test: number[]]
export function trainTestSplit(x: Tensor, options?: SplitOptions): [train: Tensor, test: Tensor]
export function trainTestSplit(
  x: Tensor,
  y: Tensor,
  options?: SplitOptions,
): [xTrain: Tensor, xTest: Tensor, yTrain: Tensor, yTest: Tensor]
export function trainTestSplit<S extends Sample>(
  dataset: Dataset<S>,
  options?: SplitOptions,
): [train: Subset<S>, test: Subset<S>]
export function trainTestSplit(x: Data, second?: Tensor | SplitOptions, third?: SplitOptions): unknown[] {
  const op = 'trainTestSplit'
  const [data, options = {}] = second instanceof Tensor ? [[x, second], third] : [[x], second]
  const n = lengthOf(op, data)
  const parts = splitIndices(op, n, splitSizes(op, n, options), options)
  return data.flatMap((one) => parts.map((indices) => pick(one, indices)))
}

/**
 * Splits data in three, so that no sample is in two parts: to learn from, to choose hyper-parameters with, and to measure with once in the end.
 * Data and errors as in `trainTestSplit`; `stratify` needs three samples of each class.
 */
export function trainValidTestSplit(
  n: number,
  options?: ThreeWayOptions,
): [train: number[], valid: number[], test: number[]]
export function trainValidTestSplit(x: Tensor, options?: ThreeWayOptions): [train: Tensor, valid: Tensor, test: Tensor]
export function trainValidTestSplit<S extends Sample>(
  dataset: Dataset<S>,
  options?: ThreeWayOptions,
): [train: Subset<S>, valid: Subset<S>, test: Subset<S>]
export function trainValidTestSplit(data: Data, options: ThreeWayOptions = {}): unknown[] {
  const op = 'trainValidTestSplit'
  const { validSize = 0.2, testSize = 0.2 } = options
  const n = lengthOf(op, [data])
  checkCount(op, n)
  const valid = countOf(op, 'validSize', validSize, n, Math.ceil)
  const test = countOf(op, 'testSize', testSize, n, Math.ceil)
  const train = n - valid - test
  if (train < 1) {
    throw new ValueError(
      `${op}: validSize ${validSize} and testSize ${testSize} make ${valid} + ${test} of ${n} samples: none is left to learn from`,
    )
  }
  return splitIndices(op, n, [train, valid, test], options).map((indices) => pick(data, indices))
}

/** Indices for parts of the given sizes, which begin with the part to learn from. */
function splitIndices(op: string, n: number, sizes: readonly number[], choices: Choices): number[][] {
  const { shuffle = true, stratify, generator = defaultGenerator } = choices
  if (stratify !== undefined) {
    if (!shuffle) throw new ValueError(`${op}: stratify needs shuffle: true, got false`)
    return stratifiedIndices(op, labelsFor(op, 'stratify', stratify, n), sizes, generator)
  }
  let from = 0
  const cut = (order: readonly number[], size: number): number[] => order.slice(from, (from += size))
  if (!shuffle) {
    const order = Array.from({ length: n }, (_, i) => i)
    return sizes.map((size) => cut(order, size))
  }
  // What is held out is drawn first, so that it stays the same while the part to learn from grows.
  const order = Array.from(permutation(generator, n))
  return sizes
    .toReversed()
    .map((size) => cut(order, size))
    .reverse()
}

function lengthOf(op: string, data: readonly Data[]): number {
  const lengths = data.map((one) => (typeof one === 'number' ? one : one.length))
  if (lengths.some((length) => length !== lengths[0]))
    throw new ShapeError(`${op}: the tensors have ${lengths.join(' and ')} samples`)
  return lengths[0]
}

function pick(data: Data, indices: number[]): number[] | Tensor | Subset<Sample> {
  if (typeof data === 'number') return indices
  return data instanceof Tensor ? data.indexSelect(0, tensor(indices)) : new Subset(data, indices)
}
