// kindling/optim: optimizers.
import '../devices.ts'
import '../ops/autograd.ts'
import '../ops/index.ts'
export * as lrScheduler from './lrScheduler/index.ts'
export { Adam, type AdamOptions, AdamW } from './adam.ts'
export { Optimizer, type OptimizerStateDict, type ParamGroup, type Params, type ParamState } from './optimizer.ts'
export { SGD, type SGDOptions } from './sgd.ts'
