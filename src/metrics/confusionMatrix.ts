// The confusion matrix: how often each class was taken for each. The other metrics are sums over it.
import { ValueError } from '../base/errors.ts'
import { labelPair, type Labels, uniqueLabels } from './labels.ts'

export interface ConfusionMatrixOptions {
  /** The classes, in the order of rows and columns; samples of others are left out. Default: all that occur, ascending. */
  labels?: readonly number[]
  /** Shares of each row ('true'), of each column ('pred') or of all samples instead of counts; 0 where there are no samples. */
  normalize?: 'true' | 'pred' | 'all'
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/**
 * `matrix[i][j]`: how many samples of class i were taken for class j. Rows are the true classes, columns the predicted ones.
 * Throws ValueError where none of `labels` is among the true ones. Source: `sklearn.metrics.confusion_matrix`.
 */
export function confusionMatrix(
  yTrue: Labels,
  yPred: Labels,
  { labels, normalize }: ConfusionMatrixOptions = {},
): number[][] {
  const [truth, predicted] = labelPair('confusionMatrix', yTrue, yPred)
  const classes = labels ?? uniqueLabels(truth, predicted)
  const place = new Map(classes.map((label, i) => [label, i]))
  if (!truth.some((label) => place.has(label))) {
    throw new ValueError(
      `confusionMatrix: at least one of labels must be a true label: [${classes.join(', ')}] and [${uniqueLabels(truth).join(', ')}]`,
    )
  }
  const counts = classes.map(() => new Array<number>(classes.length).fill(0))
  truth.forEach((label, i) => {
    const [row, column] = [place.get(label), place.get(predicted[i])]
    if (row !== undefined && column !== undefined) counts[row][column]++
  })
  return normalize === undefined ? counts : shares(counts, normalize)
}

function shares(counts: readonly (readonly number[])[], of: 'true' | 'pred' | 'all'): number[][] {
  const rows = counts.map(sum)
  const columns = counts.map((_, j) => sum(counts.map((row) => row[j])))
  const total = sum(rows)
  const parts = { true: (i: number) => rows[i], pred: (_: number, j: number) => columns[j], all: () => total }
  return counts.map((row, i) => row.map((count, j) => (count === 0 ? 0 : count / parts[of](i, j))))
}
