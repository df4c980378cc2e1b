// kindling/metrics: how good predictions are, under the names of scikit-learn.
import '../devices.ts'
import '../ops/install.ts'

export { accuracyScore, balancedAccuracyScore } from './accuracy.ts'
export { confusionMatrix, type ConfusionMatrixOptions } from './confusionMatrix.ts'
export type { Labels } from './labels.ts'
export { f1Score, precisionScore, recallScore, type ScoreOptions } from './precisionRecall.ts'
