// Cross-validation: every sample is held out once.
import { ValueError } from '../base/errors.ts'
import { type Generator, permutation } from '../base/random.ts'
import { type Dataset, Subset } from '../data/dataset.ts'
import type { Labels } from '../metrics/labels.ts'
import { defaultGenerator } from '../ops/random.ts'
import { checkCount } from './sizes.ts'
import { classMembers, labelsFor, shuffled } from './stratify.ts'

export interface FoldOptions {
  /** Mix the samples first. Default false: the folds are blocks of neighbours. */
  shuffle?: boolean
  /** Where the order comes from. Default: the default generator. */
  generator?: Generator
}
/** Indices, ascending. */
export type Fold = [train: number[], valid: number[]]

abstract class Folds {
  readonly nSplits: number
  readonly shuffle: boolean
  protected readonly generator: Generator

  constructor(nSplits: number, { shuffle = false, generator }: FoldOptions) {
    const name = this.constructor.name
    if (!Number.isInteger(nSplits) || nSplits < 2)
      throw new ValueError(`${name}: nSplits must be a whole number of at least 2, got ${nSplits}`)
    if (generator !== undefined && !shuffle)
      throw new ValueError(`${name}: a generator has no effect without shuffle`, 'pass shuffle: true.')
    this.nSplits = nSplits
    this.shuffle = shuffle
    this.generator = generator ?? defaultGenerator
  }

  /** Throws ValueError where there are fewer samples than folds. */
  protected countOf(data: number | { readonly length: number }): number {
    const name = this.constructor.name
    const n = typeof data === 'number' ? data : data.length
    checkCount(name, n)
    if (this.nSplits > n) throw new ValueError(`${name}: ${this.nSplits} folds need as many samples, got ${n}`)
    return n
  }

  /** The folds, when `foldOf[i]` is the one that holds sample i out. */
  protected *folds(foldOf: ArrayLike<number>): globalThis.Generator<Fold, void> {
    for (let fold = 0; fold < this.nSplits; fold++) {
      const parts: Fold = [[], []]
      for (let i = 0; i < foldOf.length; i++) parts[foldOf[i] === fold ? 1 : 0].push(i)
      yield parts
    }
  }
}

/** `nSplits` folds of equal size; where the number of samples leaves a rest, the first folds have one more. Source: `sklearn.model_selection.KFold`. */
export class KFold extends Folds {
  constructor(nSplits = 5, options: FoldOptions = {}) {
    super(nSplits, options)
  }

  /** Pairs of indices for a number of samples, or anything that has a length. Throws ValueError for fewer samples than folds. */
  split(data: number | { readonly length: number }): globalThis.Generator<Fold, void> {
    const n = this.countOf(data)
    const [size, more] = [Math.floor(n / this.nSplits), n % this.nSplits]
    const foldOf = new Int32Array(n)
    const order = this.shuffle ? permutation(this.generator, n) : foldOf.map((_, i) => i)
    // The first `more` folds hold size + 1 samples each.
    order.forEach((sample, place) => {
      const inLarge = place < more * (size + 1)
      foldOf[sample] = inLarge ? Math.floor(place / (size + 1)) : more + Math.floor((place - more * (size + 1)) / size)
    })
    return this.folds(foldOf)
  }
}

/** Folds that hold the classes in the same shares. Source: `sklearn.model_selection.StratifiedKFold`. */
export class StratifiedKFold extends Folds {
  constructor(nSplits = 5, options: FoldOptions = {}) {
    super(nSplits, options)
  }

  /**
   * Pairs of indices for data and a label per sample. Throws ValueError for a class with fewer samples than folds, where scikit-learn only warns,
   * ShapeError where there is not one label per sample.
   */
  split(data: number | { readonly length: number }, labels: Labels): globalThis.Generator<Fold, void> {
    const n = this.countOf(data)
    const list = labelsFor('StratifiedKFold', 'labels', labels, n)
    const members = classMembers(list)
    for (const [label, { length }] of members) {
      if (length < this.nSplits) {
        throw new ValueError(
          `StratifiedKFold: class ${label} has ${length} samples, fewer than the ${this.nSplits} folds`,
          'take fewer folds, or KFold.',
        )
      }
    }
    const foldOf = new Int32Array(n)
    // Samples sorted by class are dealt out in turn, which says how many of a class a fold gets; classes come in the order of their first samples.
    let dealt = 0
    for (const group of [...members.values()].sort((a, b) => a[0] - b[0])) {
      const counts = new Array<number>(this.nSplits).fill(0)
      for (const _ of group) counts[dealt++ % this.nSplits]++
      const blocks = counts.flatMap((count, fold) => new Array<number>(count).fill(fold))
      const folds = this.shuffle ? shuffled(blocks, this.generator) : blocks
      group.forEach((sample, i) => {
        foldOf[sample] = folds[i]
      })
    }
    return this.folds(foldOf)
  }
}

/**
 * `k` pairs of subsets, each block of neighbours held out once: `KFold` without shuffling. The same folds as in the book (section 4.10) where k divides the
 * number of samples; the book drops what is left over, here the first folds have one more. Throws ValueError where k exceeds the samples.
 */
export function kFold<Sample extends readonly unknown[]>(
  dataset: Dataset<Sample>,
  k: number,
): [train: Subset<Sample>, valid: Subset<Sample>][] {
  return Array.from(new KFold(k).split(dataset), ([train, valid]) => [
    new Subset(dataset, train),
    new Subset(dataset, valid),
  ])
}
