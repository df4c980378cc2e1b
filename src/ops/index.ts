// Every public operation, as `torch` has it. The neural functions of `F` are collected in `functional.ts`.
export { relu, relu_ } from './activation.ts'
export {
  add,
  addcdiv,
  addcmul,
  div,
  divide,
  floorDivide,
  fmod,
  lerp,
  mul,
  multiply,
  remainder,
  rsub,
  sub,
  subtract,
  trueDivide,
  type AlphaOptions,
  type DivOptions,
  type ValueOptions,
} from './arithmetic.ts'
export { diag, diagEmbed, diagflat, flip, fliplr, flipud, roll, rot90, trace, tril, triu } from './arrange.ts'
export { asStrided } from './asStrided.ts'
export {
  autocast,
  type AutocastOptions,
  clearAutocastCache,
  getAutocastDtype,
  isAutocastEnabled,
} from './autocast.ts'
export {
  arctan2,
  atan2,
  copysign,
  floatPower,
  fmax,
  fmin,
  heaviside,
  hypot,
  ldexp,
  logaddexp,
  logaddexp2,
  maximum,
  minimum,
  pow,
  xlogy,
} from './binary.ts'
export { bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from './bitwise.ts'
export { broadcastTensors, broadcastTo } from './broadcast.ts'
export { type ToOptions } from './cast.ts'
export { clamp, clampMax, clampMin, clip, type ClampOptions } from './clamp.ts'
export {
  allclose,
  eq,
  equal,
  ge,
  greater,
  greaterEqual,
  gt,
  isclose,
  isfinite,
  isinf,
  isnan,
  isneginf,
  isposinf,
  le,
  less,
  lessEqual,
  lt,
  ne,
  notEqual,
  signbit,
  type CloseOptions,
} from './compare.ts'
export { clone, detach } from './copy.ts'
export {
  empty,
  emptyLike,
  eye,
  full,
  fullLike,
  ones,
  onesLike,
  zeros,
  zerosLike,
  type LikeOptions,
} from './creation.ts'
export {
  cumulativeTrapezoid,
  diff,
  gradient,
  trapezoid,
  type DiffOptions,
  type GradientOptions,
  type TrapezoidOptions,
} from './difference.ts'
export { cdist, dist, renorm } from './distance.ts'
export { einsum } from './einsum.ts'
export { amax, amin, aminmax, argmax, argmin, max, min, type ValuesAndIndices } from './extreme.ts'
export { fill } from './fill.ts'
export { gather, indexSelect, maskedSelect, take, takeAlongDim } from './gather.ts'
export { type Index, type IndexArray } from './indexing.ts'
export { isin, type IsinOptions } from './isin.ts'
export { blockDiag, cat, columnStack, concat, dstack, hstack, stack, vstack } from './join.ts'
export { choleskyFactor as cholesky, choleskyInverse, choleskySolve } from './linalg/cholesky.ts'
export { det, logdet, slogdet } from './linalg/determinant.ts'
export * as linalg from './linalg/index.ts'
export { luUnpack } from './linalg/lu.ts'
export { norm } from './linalg/norms.ts'
export { chainMatmul, cross, matrixExp, matrixPower } from './linalg/products.ts'
export { pinverse } from './linalg/pseudoInverse.ts'
export { qrOf as qr } from './linalg/qr.ts'
export { inverse } from './linalg/solve.ts'
export { svdOf as svd } from './linalg/svd.ts'
export { logicalAnd, logicalNot, logicalOr, logicalXor, maskedFill, where } from './logic.ts'
export {
  addbmm,
  addmm,
  addmv,
  addr,
  baddbmm,
  bmm,
  dot,
  inner,
  matmul,
  mm,
  mv,
  outer,
  tensordot,
  vdot,
} from './matmul.ts'
export { cartesianProd, combinations, kron, meshgrid, type CombinationsOptions, type MeshgridOptions } from './mesh.ts'
export { nativeBatchNorm, nativeLayerNorm } from './nativeNorm.ts'
export { argwhere, nonzero, type NonzeroOptions } from './nonzero.ts'
export { moveaxis, movedim, permute, swapaxes, swapdims, t, transpose } from './permute.ts'
export {
  Generator,
  bernoulli,
  defaultGenerator,
  getRngState,
  initialSeed,
  manualSeed,
  multinomial,
  normal,
  rand,
  randLike,
  randint,
  randintLike,
  randn,
  randnLike,
  randperm,
  seed,
  setRngState,
  type RandomOptions,
} from './random.ts'
export { arange, linspace, logspace } from './ranges.ts'
export {
  all,
  any,
  countNonzero,
  mean,
  nanmean,
  nansum,
  prod,
  std,
  stdMean,
  sum,
  varMean,
  variance,
  type Dims,
  type ReduceOptions,
  type VarOptions,
} from './reduce.ts'
export { repeatInterleave, tile } from './repeat.ts'
export { atleast1d, atleast2d, atleast3d, flatten, ravel, reshape, squeeze, unflatten, unsqueeze } from './reshape.ts'
export { cummax, cummin, cumprod, cumsum, logcumsumexp, type ScanOptions } from './scan.ts'
export {
  indexAdd,
  indexCopy,
  indexFill,
  indexPut,
  maskedScatter,
  put,
  scatter,
  scatterAdd,
  type AccumulateOptions,
  type ScatterOptions,
} from './scatter.ts'
export { scatterReduce, type Reduce, type ScatterReduceOptions } from './scatterReduce.ts'
export { diagonalScatter, selectScatter, sliceScatter } from './scatterView.ts'
export { bucketize, searchsorted, type SearchOptions } from './search.ts'
export { diagonal, narrow, select, slice, type DiagonalOptions } from './slice.ts'
export { type Slice, type SliceString } from './sliceString.ts'
export { logSoftmax, softmax, type SoftmaxOptions } from './softmax.ts'
export { argsort, kthvalue, median, mode, msort, nanmedian, sort, topk, type SortOptions } from './sort.ts'
export { chunk, dsplit, hsplit, split, splitWithSizes, tensorSplit, unbind, vsplit, type Cuts } from './split.ts'
export {
  corrcoef,
  cov,
  histc,
  logsumexp,
  nanquantile,
  quantile,
  type CovOptions,
  type Interpolation,
  type QuantileOptions,
} from './statistics.ts'
export { asTensor, fromTypedArray, tensor, type NumericArray, type TensorData } from './tensorOf.ts'
export {
  abs,
  absolute,
  acos,
  acosh,
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctan,
  arctanh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  deg2rad,
  digamma,
  erf,
  erfc,
  erfinv,
  exp,
  exp2,
  expm1,
  fix,
  floor,
  frac,
  lgamma,
  log,
  log10,
  log1p,
  log2,
  logit,
  nanToNum,
  neg,
  negative,
  positive,
  rad2deg,
  reciprocal,
  round,
  rsqrt,
  sgn,
  sigmoid,
  sign,
  sin,
  sinc,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
  type RoundOptions,
} from './unary.ts'
export { unique, uniqueConsecutive, type UniqueOptions, type UniqueResult } from './unique.ts'
export { type NormOptions } from './vectorNorm.ts'
