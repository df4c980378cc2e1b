// Linear algebra: `torch.linalg`.
export { LinAlgError } from '../../base/errors.ts'
export { diagonal } from '../slice.ts'
export { matmul } from '../matmul.ts'
export { cholesky, choleskyEx, type CholeskyOptions } from './cholesky.ts'
export { det, slogdet } from './determinant.ts'
export { eigh, type EighOptions, eigvalsh } from './eigh.ts'
export { lu, luFactor, luFactorEx, luSolve, type LuSolveOptions } from './lu.ts'
export {
  cond,
  linalgNorm as norm,
  type MatrixNormOptions,
  matrixNorm,
  type MatrixOrder,
  vectorNorm,
} from './norms.ts'
export { linalgCross as cross, matrixExp, matrixPower, multiDot, vecdot } from './products.ts'
export { lstsq, type LstsqOptions, matrixRank, pinv, type RankOptions } from './pseudoInverse.ts'
export { qr, type QRMode } from './qr.ts'
export { inv, invEx, solve, solveTriangular, type TriangularOptions } from './solve.ts'
export { svd, svdvals } from './svd.ts'
export { tensorinv, tensorsolve, vander } from './tensors.ts'
