// Accuracy over all samples, and over classes that count alike.
import { confusionMatrix } from './confusionMatrix.ts'
import { labelPair, type Labels } from './labels.ts'

/** The share of right predictions; their number with `normalize: false`. Source: `sklearn.metrics.accuracy_score`. */
export function accuracyScore(
  yTrue: Labels,
  yPred: Labels,
  { normalize = true }: { normalize?: boolean } = {},
): number {
  const [truth, predicted] = labelPair('accuracyScore', yTrue, yPred)
  const right = truth.filter((label, i) => label === predicted[i]).length
  return normalize ? right / truth.length : right
}

/**
 * The mean of each class's share of right predictions, over the classes among the true labels: a rare class counts as much as a frequent one.
 * `adjusted` moves it so that guessing is 0 and perfection 1. Source: `sklearn.metrics.balanced_accuracy_score`.
 */
export function balancedAccuracyScore(
  yTrue: Labels,
  yPred: Labels,
  { adjusted = false }: { adjusted?: boolean } = {},
): number {
  const [truth, predicted] = labelPair('balancedAccuracyScore', yTrue, yPred)
  const recalls = confusionMatrix(truth, predicted)
    .map((row, i) => row[i] / row.reduce((a, b) => a + b, 0))
    .filter((recall) => !Number.isNaN(recall))
  const mean = recalls.reduce((a, b) => a + b, 0) / recalls.length
  const guessing = 1 / recalls.length
  return adjusted ? (mean - guessing) / (1 - guessing) : mean
}
