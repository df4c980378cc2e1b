// kindling/data: data sets, loaders and tables.
import '../devices.ts'
import '../ops/install.ts'

export { collate } from './collate.ts'
export { ConcatDataset, type Dataset, randomSplit, Subset, TensorDataset } from './dataset.ts'
export { type HousePrices, type HousePricesOptions, housePrices } from './housePrices.ts'
export { DataLoader, type DataLoaderOptions } from './loader.ts'
export * from './tables.ts'
export { type TimeMachine, type TimeMachineOptions, timeMachine } from './timeMachine.ts'
