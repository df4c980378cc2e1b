// Norms of vectors and matrices, as torch.linalg and torch.norm name them. Those of matrices are made of vector norms and singular values.
import { type DType, promoteTypes } from '../../base/dtype.ts'
import { DTypeError, ShapeError, ValueError } from '../../base/errors.ts'
import { formatShape, normalizeDim, normalizeDims } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { underAutocast } from '../autocast.ts'
import { amax, amin } from '../extreme.ts'
import { full } from '../creation.ts'
import type { Methods } from '../methods.ts'
import { cast } from '../pointwise.ts'
import { type Dims, sum } from '../reduce.ts'
import { moveaxis } from '../permute.ts'
import { unsqueeze } from '../reshape.ts'
import { normOf, type NormOptions, vectorNormOf } from '../vectorNorm.ts'
import { where } from '../logic.ts'
import { zerosOf } from '../view.ts'
import { invEx } from './solve.ts'
import { checkFloating, checkMatrix, precise, checkSquare } from './stack.ts'
import { svdvals } from './svd.ts'

/** 'fro': root of the sum of squares; 'nuc': sum of singular values; 1, -1: largest, smallest column; Infinity: row; 2: singular value. */
export type MatrixOrder = 'fro' | 'nuc' | number

export interface MatrixNormOptions {
  /** Rows and columns of the matrices. Default [-2, -1]. */
  dim?: readonly number[]
  /** Keep the reduced dimensions, with size 1. Default false. */
  keepdim?: boolean
  /** Convert to this dtype first; no narrower one. */
  dtype?: DType
}

/** The tensor in `dtype`, which must hold all its values. */
function widened(op: string, x: Tensor, dtype: DType | undefined): Tensor {
  checkFloating(op, x)
  if (dtype === undefined || dtype === null) return x
  if (promoteTypes(x.dtype, dtype) !== dtype)
    throw new DTypeError(`${op}: dtype must not be narrower than that of the input: ${dtype} and ${x.dtype}`)
  return cast(x, dtype)
}

/**
 * (sum |x|^ord)^(1/ord) over `dim` (default all); 0 counts what is not zero, Infinity and -Infinity take the largest and the smallest, which of
 * no elements do not exist, nor do negative orders. Source: `torch.linalg.vector_norm`.
 */
export function vectorNorm(x: Tensor, ord: number = 2, { dim, keepdim = false, dtype }: NormOptions = {}): Tensor {
  const op = 'linalg.vectorNorm'
  if (typeof ord !== 'number') throw new ValueError(`${op}: ord must be a number, got '${ord}'`)
  const from = widened(op, x, dtype)
  if (ord < 0 || ord === Number.POSITIVE_INFINITY) {
    const empty = normalizeDims(op, dim, from.ndim).filter((d) => from.shape[d] === 0)
    if (empty.length > 0)
      throw new ShapeError(
        `${op}: order ${ord} of no elements does not exist: dimension ${empty[0]} of ${formatShape(x.shape)}`,
      )
  }
  return vectorNormOf(from, ord, { dim, keepdim })
}

/** Which of a matrix' two dimensions is summed first, and how the sums are joined. */
const bySums = new Map<number, { summed: 0 | 1; join: typeof amax | typeof amin }>([
  [1, { summed: 0, join: amax }],
  [-1, { summed: 0, join: amin }],
  [Number.POSITIVE_INFINITY, { summed: 1, join: amax }],
  [Number.NEGATIVE_INFINITY, { summed: 1, join: amin }],
])

/** Norm of the matrices in `dim`: 'fro' (default), 'nuc', Infinity, -Infinity, 1, -1, 2 or -2. Source: `torch.linalg.matrix_norm`. */
export function matrixNorm(
  input: Tensor,
  ord: MatrixOrder = 'fro',
  { dim = [-2, -1], keepdim = false, dtype }: MatrixNormOptions = {},
): Tensor {
  const op = 'linalg.matrixNorm'
  const sums = typeof ord === 'number' ? bySums.get(ord) : undefined
  const spectral = ord === 'nuc' || ord === 2 || ord === -2
  if (!sums && !spectral && ord !== 'fro')
    throw new ValueError(
      `${op}: order ${ord} does not exist`,
      "there are: 'fro', 'nuc', Infinity, -Infinity, 1, -1, 2, -2.",
    )
  checkMatrix(op, input)
  const [x] = underAutocast('linalg', input)
  checkFloating(op, x)
  if (dim.length !== 2) throw new ShapeError(`${op}: dim must name two dimensions, got ${formatShape(dim)}`)
  const axes = dim.map((d) => normalizeDim(op, d, x.ndim))
  if (axes[0] === axes[1])
    throw new ShapeError(`${op}: dim must name two different dimensions, got ${formatShape(dim)}`)
  if (ord === 'fro') return vectorNorm(x, 2, { dim: axes, keepdim, dtype })
  const from = widened(op, x, dtype)
  if (sums) {
    const [first, second] = [axes[sums.summed], axes[1 - sums.summed]]
    const partial = vectorNormOf(from, 1, { dim: first, keepdim })
    return sums.join(partial, !keepdim && first < second ? second - 1 : second, { keepdim })
  }
  const values = svdvals(moveaxis(precise(op, from), axes, [-2, -1]))
  const out = ord === 'nuc' ? sum(values, -1) : (ord === 2 ? amax : amin)(values, -1)
  return keepdim ? unsqueeze(unsqueeze(out, Math.min(...axes)), Math.max(...axes)) : out
}

/**
 * Vector norm of all elements, or over one dimension; of matrices where `dim` names two, or where `ord` is given for a matrix.
 * Source: `torch.linalg.norm`.
 */
export function linalgNorm(
  x: Tensor,
  ord?: MatrixOrder | null,
  { dim, keepdim = false, dtype }: NormOptions = {},
): Tensor {
  const op = 'linalg.norm'
  const dims = dim === undefined || dim === null ? null : typeof dim === 'number' ? [dim] : dim
  if (dims !== null && dims.length !== 1 && dims.length !== 2)
    throw new ShapeError(`${op}: dim must name one or two dimensions, got ${formatShape(dims)}`)
  if (ord === undefined || ord === null) return vectorNorm(x, 2, { dim: dims, keepdim, dtype })
  if (dims === null && x.ndim !== 1 && x.ndim !== 2)
    throw new ShapeError(
      `${op}: with ord and without dim, one or two dimensions are needed, got ${formatShape(x.shape)}`,
      'name the dimensions: { dim: [-2, -1] }.',
    )
  const asVector = dims === null ? x.ndim === 1 : dims.length === 1
  if (typeof ord === 'number' && asVector) return vectorNorm(x, ord, { dim: dims, keepdim, dtype })
  return matrixNorm(x, ord, { dim: dims ?? [0, 1].slice(0, x.ndim), keepdim, dtype })
}

const twoOf = (op: string, x: Tensor, dim: Dims): readonly number[] => {
  const dims = dim === undefined || dim === null ? [...x.shape.keys()] : typeof dim === 'number' ? [dim] : dim
  if (dims.length !== 2) throw new ShapeError(`${op}: 'nuc' needs two dimensions, got ${formatShape(dims)}`)
  return dims
}

/**
 * Norm of order `p` over `dim` (default all): a number, 'fro' (2), or 'nuc', the sum of the singular values of matrices. The norm of no elements is 0.
 * Source: `torch.norm`.
 */
export function norm(x: Tensor, p: number | 'fro' | 'nuc' = 'fro', options: NormOptions = {}): Tensor {
  if (typeof p === 'number') return normOf(x, p, options)
  const { dim, keepdim, dtype } = options
  if (p !== 'fro' && p !== 'nuc') throw new ValueError(`norm: p must be a number, 'fro' or 'nuc', got '${p}'`)
  if (p === 'nuc') {
    if (dtype !== undefined) throw new ValueError("norm: there is no dtype for 'nuc'", 'convert first.')
    return matrixNorm(x, 'nuc', { dim: twoOf('norm', x, dim), keepdim })
  }
  if (Array.isArray(dim) && dim.length > 2)
    throw new ShapeError(`norm: 'fro' takes up to two dimensions, got ${formatShape(dim)}`, 'use 2 for any number.')
  return normOf(x, 2, options)
}

/**
 * Condition number [...] of matrices: by default the ratio of the largest to the smallest singular value (-2: the inverse ratio), else
 * `matrixNorm(A, p)` times that of the inverse, Infinity for a singular matrix. Source: `torch.linalg.cond`.
 */
export function cond(input: Tensor, p: MatrixOrder = 2): Tensor {
  const op = 'linalg.cond'
  checkMatrix(op, input)
  const a = precise(op, input)
  if (p === 2 || p === -2) {
    if (a.numel() === 0) return zerosOf(a.shape.slice(0, -2), a)
    const values = svdvals(a)
    const [first, last] = [values.select(-1, 0), values.select(-1, -1)]
    return p === 2 ? first.div(last) : last.div(first)
  }
  if (typeof p === 'string' || a.numel() > 0) checkSquare(op, a)
  if (a.numel() === 0) {
    // The order is checked all the same.
    matrixNorm(full([1, 1], 1, { dtype: a.dtype, device: a.device }), p)
    return zerosOf(a.shape.slice(0, -2), a)
  }
  const { inverse, info } = invEx(a)
  const singular = info.ne(0)
  // The inverse of a singular matrix has infinities and NaN, of which singular values cannot be taken.
  const finite = inverse.maskedFill(singular.unsqueeze(-1).unsqueeze(-1), 0)
  return where(singular, Number.POSITIVE_INFINITY, matrixNorm(a, p).mul(matrixNorm(finite, p)))
}

export const methods = { norm }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
