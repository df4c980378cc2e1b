// optim.lrScheduler: learning rates that change from step to step. Source: `torch.optim.lr_scheduler`.
export {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  type CosineOptions,
  type WarmRestartOptions,
} from './cosine.ts'
export { CyclicLR, type CyclicOptions, OneCycleLR, type OneCycleOptions } from './cycle.ts'
export {
  ConstantLR,
  type ConstantOptions,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LinearOptions,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  type PolynomialOptions,
  StepLR,
} from './decay.ts'
export { type PlateauOptions, ReduceLROnPlateau } from './plateau.ts'
export { LRScheduler, type ScheduleOptions, type SchedulerStateDict } from './scheduler.ts'
export { ChainedScheduler, SequentialLR } from './several.ts'
