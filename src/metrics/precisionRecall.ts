// Precision, recall and F1: one class against the rest, or a mean over classes.
import { ValueError } from '../base/errors.ts'
import { confusionMatrix } from './confusionMatrix.ts'
import { labelPair, type Labels, uniqueLabels } from './labels.ts'

export interface ScoreOptions {
  /**
   * 'binary' (the default): of the class `posLabel`, where there are at most two. 'macro': the mean over classes. 'weighted': the mean weighted by
   * the samples of each class. 'micro': over all samples at once. null: each class by itself, in the order of `labels`.
   */
  average?: 'binary' | 'macro' | 'micro' | 'weighted' | null
  /** The class that counts as positive with 'binary'. Default 1. */
  posLabel?: number
  /** The classes that take part, unless `average` is 'binary'. Default: all that occur, ascending. */
  labels?: readonly number[]
  /** The score where there is nothing to divide by: a class that is never predicted, or never true. Default 0. */
  zeroDivision?: number
}

interface Score {
  (yTrue: Labels, yPred: Labels, options: ScoreOptions & { average: null }): number[]
  (
    yTrue: Labels,
    yPred: Labels,
    options?: ScoreOptions & { average?: 'binary' | 'macro' | 'micro' | 'weighted' },
  ): number
}

/** Samples of a class: named right, predicted, and true. */
interface Counts {
  readonly hits: number
  readonly predicted: number
  readonly actual: number
}

/** Of all that was predicted to be of a class, the share that is. Throws ValueError with 'binary' and more than two classes. Source: `sklearn.metrics.precision_score`. */
export const precisionScore = score('precisionScore', ({ hits, predicted }) => [hits, predicted])
/** Of all that is of a class, the share that was found. Throws ValueError with 'binary' and more than two classes. Source: `sklearn.metrics.recall_score`. */
export const recallScore = score('recallScore', ({ hits, actual }) => [hits, actual])
/** The harmonic mean of precision and recall. Throws ValueError with 'binary' and more than two classes. Source: `sklearn.metrics.f1_score`. */
export const f1Score = score('f1Score', ({ hits, predicted, actual }) => [2 * hits, predicted + actual])

function score(op: string, fraction: (counts: Counts) => readonly [above: number, below: number]): Score {
  return ((yTrue: Labels, yPred: Labels, options: ScoreOptions = {}): number | number[] => {
    const { average = 'binary', posLabel = 1, zeroDivision = 0 } = options
    const [truth, predicted] = labelPair(op, yTrue, yPred)
    const present = uniqueLabels(truth, predicted)
    if (average === 'binary') checkBinary(op, present, posLabel)
    const classes = average === 'binary' ? [posLabel] : (options.labels ?? present)
    const counts = countClasses(truth, predicted, present, classes)
    const value = (of: Counts): number => {
      const [above, below] = fraction(of)
      return below === 0 ? zeroDivision : above / below
    }
    const all = total(counts)
    if (average === null) return counts.map(value)
    if (average === 'micro' || (average === 'weighted' && all.actual === 0)) return value(all)
    const weights = counts.map(({ actual }) => (average === 'weighted' ? actual / all.actual : 1 / counts.length))
    return counts.reduce((sum, of, i) => sum + weights[i] * value(of), 0)
  }) as Score
}

function checkBinary(op: string, present: readonly number[], posLabel: number): void {
  if (present.length > 2) {
    throw new ValueError(
      `${op}: average is 'binary', and there are ${present.length} classes: ${present.join(', ')}`,
      "choose the average 'macro', 'micro' or 'weighted', or null for each class.",
    )
  }
  if (present.length === 2 && !present.includes(posLabel))
    throw new ValueError(`${op}: posLabel must be one of the classes: ${posLabel} and ${present.join(', ')}`)
}

/** Samples outside `classes` count as well: they are what a class was wrongly taken for. */
function countClasses(
  truth: readonly number[],
  predicted: readonly number[],
  present: readonly number[],
  classes: readonly number[],
): Counts[] {
  const matrix = confusionMatrix(truth, predicted, { labels: present })
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  return classes.map((label) => {
    const at = present.indexOf(label)
    if (at < 0) return { hits: 0, predicted: 0, actual: 0 }
    return { hits: matrix[at][at], predicted: sum(matrix.map((row) => row[at])), actual: sum(matrix[at]) }
  })
}

const total = (counts: readonly Counts[]): Counts =>
  counts.reduce(
    (a, b) => ({ hits: a.hits + b.hits, predicted: a.predicted + b.predicted, actual: a.actual + b.actual }),
    { hits: 0, predicted: 0, actual: 0 },
  )
