// kindling/optim: optimizers and learning-rate schedules.
import '../devices.ts'
import '../ops/install.ts'
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  RMSprop,
  type RMSpropOptions,
} from './adagrad.ts'
export { Adam, type AdamOptions, AdamW } from './adam.ts'
export { Adamax, type AdamaxOptions, NAdam, type NAdamOptions, RAdam, type RAdamOptions } from './adamax.ts'
export { ASGD, type ASGDOptions, Rprop, type RpropOptions } from './asgd.ts'
export { LBFGS, type LBFGSOptions } from './lbfgs.ts'
export * as lrScheduler from './lrScheduler/index.ts'
export {
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  ParameterwiseOptimizer,
  type Params,
  type ParamState,
} from './optimizer.ts'
export { SGD, type SGDOptions } from './sgd.ts'
export * as swaUtils from './swaUtils.ts'
