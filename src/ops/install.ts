// The methods of tensors: every family of ops lists its functions, and here they become methods. Entry points import this file; apart from it, modules of
// ops change nothing when they are loaded, so that bundlers leave out the functions that a program does not use.
import { methods as arithmetic } from './arithmetic.ts'
import { methods as arrange } from './arrange.ts'
import { methods as asStrided } from './asStrided.ts'
import { methods as autograd } from './autograd.ts'
import { methods as binary } from './binary.ts'
import { methods as bitwise } from './bitwise.ts'
import { methods as broadcast } from './broadcast.ts'
import { methods as cast } from './cast.ts'
import { methods as clamp } from './clamp.ts'
import { methods as compare } from './compare.ts'
import { methods as copy } from './copy.ts'
import { methods as creation } from './creation.ts'
import { methods as difference } from './difference.ts'
import { methods as distance } from './distance.ts'
import { methods as extreme } from './extreme.ts'
import { methods as fill } from './fill.ts'
import { methods as gather } from './gather.ts'
import { regenerateEdge } from './inPlace.ts'
import { methods as indexing } from './indexing.ts'
import { methods as cholesky } from './linalg/cholesky.ts'
import { methods as determinant } from './linalg/determinant.ts'
import { methods as norms } from './linalg/norms.ts'
import { methods as products } from './linalg/products.ts'
import { methods as pseudoInverse } from './linalg/pseudoInverse.ts'
import { methods as qr } from './linalg/qr.ts'
import { methods as solve } from './linalg/solve.ts'
import { methods as svd } from './linalg/svd.ts'
import { methods as logic } from './logic.ts'
import { methods as matmul } from './matmul.ts'
import { methods as mesh } from './mesh.ts'
import { methods as nonzero } from './nonzero.ts'
import { getters, methods as permute } from './permute.ts'
import { methods as random } from './random.ts'
import { methods as rectifiers } from './rectifiers.ts'
import { methods as reduce } from './reduce.ts'
import { methods as repeat } from './repeat.ts'
import { methods as reshape } from './reshape.ts'
import { methods as scan } from './scan.ts'
import { methods as scatter } from './scatter.ts'
import { methods as scatterReduce } from './scatterReduce.ts'
import { methods as scatterView } from './scatterView.ts'
import { methods as search } from './search.ts'
import { methods as slice } from './slice.ts'
import { methods as softmax } from './softmax.ts'
import { methods as sort } from './sort.ts'
import { methods as split } from './split.ts'
import { methods as statistics } from './statistics.ts'
import { methods as sumToSize } from './sumToSize.ts'
import { inPlace, methods as unary } from './unary.ts'
import { methods as unique } from './unique.ts'
import { installGetters, installMethods } from './methods.ts'
import { Tensor } from '../tensor/tensor.ts'

const families = [
  arithmetic,
  arrange,
  asStrided,
  autograd,
  binary,
  bitwise,
  broadcast,
  cast,
  clamp,
  compare,
  copy,
  creation,
  difference,
  distance,
  extreme,
  fill,
  gather,
  indexing,
  cholesky,
  determinant,
  norms,
  products,
  pseudoInverse,
  qr,
  solve,
  svd,
  logic,
  matmul,
  mesh,
  nonzero,
  permute,
  random,
  rectifiers,
  reduce,
  repeat,
  reshape,
  scan,
  scatter,
  scatterReduce,
  scatterView,
  search,
  slice,
  softmax,
  sort,
  split,
  statistics,
  sumToSize,
  unary,
  inPlace,
  unique,
]
for (const family of families) installMethods(family)
installGetters(getters)
Tensor.regenerateEdge = regenerateEdge
