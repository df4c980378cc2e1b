// kindling/d2l: the helpers of the book "Dive into Deep Learning" (2nd edition), under its names in camelCase.
export { Animator, plot, showHeatmaps, showImages } from '../plot/index.ts'
export { Residual } from '../models/index.ts'
export { Accumulator } from './accumulator.ts'
export { getFashionMnistLabels, type ImageLoader, loadArray, loadDataFashionMnist } from './data.ts'
export { accuracy, evaluateAccuracy, evaluateLoss, type Net, predictCh3 } from './evaluate.ts'
export { RNNModel, RNNModelScratch, type SequenceNet, type State } from './recurrent.ts'
export { corr2d, linreg, sgd, squaredLoss, syntheticData } from './scratch.ts'
export {
  loadDataTimeMachine,
  SeqDataLoader,
  type SeqDataOptions,
  seqDataIterRandom,
  seqDataIterSequential,
  type SequenceBatches,
} from './sequences.ts'
export {
  type CorpusOptions,
  countCorpus,
  loadCorpusTimeMachine,
  readTimeMachine,
  type Tokens,
  tokenize,
  Vocab,
  type VocabOptions,
} from './text.ts'
export { Timer } from './timer.ts'
export { type Curves, type Updater, trainCh3, trainCh6, trainEpochCh3 } from './train.ts'
export {
  gradClipping,
  predictCh8,
  type SequenceCurves,
  type SequenceOptions,
  trainCh8,
  trainEpochCh8,
} from './trainSequences.ts'
