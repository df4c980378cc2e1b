// kindling/model-selection: splits, folds and searches, under the names of scikit-learn.
import '../devices.ts'
import '../ops/install.ts'

export { balancedSplit, computeClassWeight } from './balance.ts'
export { type Fold, type FoldOptions, KFold, kFold, StratifiedKFold } from './folds.ts'
export {
  gridSearch,
  type Objective,
  randomSearch,
  type SearchOptions,
  type SearchResult,
  type Trial,
} from './search.ts'
export {
  type Choice,
  choice,
  type Distribution,
  type FiniteSpace,
  logUniform,
  ParameterGrid,
  ParameterSampler,
  type Params,
  randint,
  type Space,
  uniform,
} from './space.ts'
export { type SplitOptions, type ThreeWayOptions, trainTestSplit, trainValidTestSplit } from './split.ts'
