// kindling/d2l: the helpers of the book "Dive into Deep Learning" (2nd edition), under its names in camelCase.
export { Animator, plot, showHeatmaps, showImages } from '../plot/index.ts'
export { Residual } from '../models/index.ts'
export { Accumulator } from './accumulator.ts'
export { getFashionMnistLabels, type ImageLoader, loadArray, loadDataFashionMnist } from './data.ts'
export { accuracy, evaluateAccuracy, evaluateLoss, type Net, predictCh3 } from './evaluate.ts'
export { corr2d, linreg, sgd, squaredLoss, syntheticData } from './scratch.ts'
export { Timer } from './timer.ts'
export { type Curves, type Updater, trainCh3, trainCh6, trainEpochCh3 } from './train.ts'
