// What small singular values decide: pseudo-inverse, rank, least squares.
import { record } from '../../autograd/record.ts'
import { ShapeError, ValueError } from '../../base/errors.ts'
import { formatShape, sameShape } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { autocast } from '../autocast.ts'
import { matmul, sameDType } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { type Named, named } from '../named.ts'
import { zerosOf } from '../view.ts'
import { type EighOptions, eigh, eigvalsh } from './eigh.ts'
import { addRow, dotRow, largest } from './matrix/rows.ts'
import { singularValues } from './matrix/svd.ts'
import { checkMatrix, precise, checkSquare, countsOf, fail, matrixOf, stackOf, tensorLike } from './stack.ts'
import { svdvals } from './svd.ts'

export interface RankOptions {
  /** Singular values up to this count as 0. Default 0. */
  atol?: number
  /** The same, as part of the largest one. Default max(m, n) times the dtype's epsilon, or 0 where `atol` is given. */
  rtol?: number
  /** The matrices are symmetric: eigenvalues are taken, of the lower triangle. Default false. */
  hermitian?: boolean
}

const epsilonOf = (x: Tensor): number => (x.dtype === 'float64' ? Number.EPSILON : 2 ** -23)

/** The value up to which singular values count as 0, given the largest. */
function thresholdOf(x: Tensor, { atol, rtol }: RankOptions): (most: number) => number {
  const part = rtol ?? ((atol ?? 0) > 0 ? 0 : epsilonOf(x) * Math.max(x.size(-2), x.size(-1)))
  return (most) => Math.max(atol ?? 0, part * most)
}

/** The number (int64) of singular values [...] above a threshold. Source: `torch.linalg.matrix_rank`. */
export function matrixRank(a: Tensor, options: RankOptions = {}): Tensor {
  const op = 'linalg.matrixRank'
  checkMatrix(op, a)
  const x = precise(op, a.detach())
  const values = (options.hermitian ? eigvalsh(x) : svdvals(x)).abs().numbers()
  const threshold = thresholdOf(x, options)
  const batch = x.shape.slice(0, -2)
  const k = Math.min(x.size(-2), x.size(-1))
  const ranks = Array.from({ length: batch.reduce((n, size) => n * size, 1) }, (_, i) => {
    const own = values.slice(i * k, (i + 1) * k)
    const most = Math.max(0, ...own)
    return own.filter((value) => value > threshold(most)).length
  })
  return countsOf(ranks, batch, 'int64', a)
}

/** V diag(1 / s) U^T B of an m x n matrix for an m x k one, and what of the singular values counts. */
function leastSquares(
  a: Float64Array,
  m: number,
  n: number,
  b: Float64Array | null,
  k: number,
  threshold: (most: number) => number,
) {
  const found = singularValues(a, m, n, 'reduced')
  if (found === null || found.left === null || found.right === null) return null
  const { values, left, right } = found
  const x = new Float64Array(n * k)
  const limit = threshold(values[0] ?? 0)
  let rank = 0
  for (const [i, value] of values.entries()) {
    if (!(value > limit)) continue
    rank++
    const row = new Float64Array(k)
    if (b === null) row.set(left.subarray(i * m, (i + 1) * m))
    else for (let j = 0; j < m; j++) addRow(row, 0, b, j * k, k, left[i * m + j])
    for (let j = 0; j < n; j++) addRow(x, j * k, row, 0, k, right[i * n + j] / value)
  }
  return { x, rank, values }
}

/**
 * The pseudo-inverses [..., n, m] of matrices [..., m, n]: singular values up to the threshold count as 0. The gradient takes the rank as fixed.
 * Source: `torch.linalg.pinv`.
 */
export function pinv(input: Tensor, options: RankOptions = {}): Tensor {
  const op = 'linalg.pinv'
  checkMatrix(op, input)
  const a = precise(op, input)
  if (options.hermitian) return symmetricPinv(a, options)
  const stack = stackOf(a)
  const { rows: m, columns: n, count, batch } = stack
  const out = new Float64Array(count * n * m)
  for (let i = 0; i < count; i++) {
    const one = matrixOf(stack, i)
    if (!Number.isFinite(largest(one))) return fail(op, stack, i, 'the matrix has NaN or infinity')
    const found = leastSquares(one, m, n, null, m, thresholdOf(a, options))
    if (found === null) return fail(op, stack, i, 'the singular values did not converge')
    out.set(found.x, i * n * m)
  }
  const inverse = tensorLike(out, [...batch, n, m], a)
  return record('LinalgPinvBackward0', [a], inverse, [a, inverse], (g, [x, p]) => [pinvGrad(g, x, p)])
}

/** Golub & Pereyra 1973, as PyTorch orders the products. */
function pinvGrad(g: Tensor, a: Tensor, p: Tensor): Tensor {
  const [gt, pt] = [g.mT, p.mT]
  if (a.size(-2) <= a.size(-1)) {
    const k = matmul(gt, p)
    const kpt = matmul(k, pt)
    return matmul(p, k)
      .mT.neg()
      .add(kpt)
      .sub(matmul(matmul(a, p), kpt))
      .add(matmul(matmul(pt, p), gt.sub(matmul(k, a))))
  }
  const k = matmul(p, gt)
  const ptk = matmul(pt, k)
  return matmul(k, p)
    .mT.neg()
    .add(matmul(matmul(gt.sub(matmul(a, k)), p), pt))
    .add(ptk)
    .sub(matmul(matmul(ptk, p), a))
}

function symmetricPinv(a: Tensor, options: RankOptions & EighOptions): Tensor {
  checkSquare('linalg.pinv', a)
  const { eigenvalues, eigenvectors } = eigh(a)
  const sizes = eigenvalues.detach().abs()
  const n = a.size(-1)
  if (a.numel() === 0) return zerosOf(a.shape, a)
  const threshold = thresholdOf(a, options)
  const numbers = sizes.numbers()
  const kept = Float64Array.from(numbers, (value, i) => {
    const from = i - (i % n)
    return value > threshold(Math.max(...numbers.slice(from, from + n))) ? 1 : 0
  })
  const keep = tensorLike(kept, sizes.shape, a).eq(1)
  const inverted = eigenvalues.maskedFill(keep.logicalNot(), 1).reciprocal().maskedFill(keep.logicalNot(), 0)
  return autocast({ enabled: false }, () => matmul(eigenvectors.mul(inverted.unsqueeze(-2)), eigenvectors.mT))
}

/** `linalg.pinv` under its older name. Source: `torch.pinverse`. */
export function pinverse(a: Tensor, { rcond = 1e-15 }: { rcond?: number } = {}): Tensor {
  return pinv(a, { rtol: rcond })
}

export interface LstsqOptions {
  /** Singular values up to this part of the largest count as 0. Default max(m, n) times the dtype's epsilon. */
  rcond?: number
  /** Which results are given, as LAPACK's drivers do: 'gelsy' (default) the rank, 'gels' residuals, 'gelsd' and 'gelss' all. */
  driver?: 'gels' | 'gelsy' | 'gelsd' | 'gelss'
}
type Lstsq = Named<readonly [Tensor, Tensor, Tensor, Tensor], 'solution' | 'residuals' | 'rank' | 'singularValues'>

/**
 * The X of least ||A X - B||, of several the one of least norm, by singular values: A [..., m, n], B [..., m, k] (or [..., m]). Residuals [..., k] are
 * there where m > n and all ranks are n; what the driver does not give is empty. Source: `torch.linalg.lstsq`.
 */
export function lstsq(matrices: Tensor, right: Tensor, { rcond, driver = 'gelsy' }: LstsqOptions = {}): Lstsq {
  const op = 'linalg.lstsq'
  if (!['gels', 'gelsy', 'gelsd', 'gelss'].includes(driver))
    throw new ValueError(`${op}: driver must be gels, gelsy, gelsd or gelss, got '${driver}'`)
  checkMatrix(op, matrices)
  const [a, b] = [precise(op, matrices), precise(op, right)]
  sameDType(op, a, b)
  const vectors = b.ndim === a.ndim - 1
  if (!vectors && b.ndim !== a.ndim)
    throw new ShapeError(
      `${op}: B has as many dimensions as A, or one less: ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    )
  const wide = vectors ? b.unsqueeze(-1) : b
  if (!sameShape(a.shape.slice(0, -1), wide.shape.slice(0, -1)))
    throw new ShapeError(
      `${op}: rows and leading dimensions differ: ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    )
  const [stack, given] = [stackOf(a), stackOf(wide)]
  const kept = stack.values.slice()
  const { rows: m, columns: n, count, batch } = stack
  const k = given.columns
  const [solution, values] = [new Float64Array(count * n * k), new Float64Array(count * Math.min(m, n))]
  const [residuals, ranks] = [new Float64Array(count * k), new Array<number>(count).fill(0)]
  for (let i = 0; i < count; i++) {
    const one = matrixOf(stack, i)
    if (!Number.isFinite(largest(one))) return fail(op, stack, i, 'the matrix has NaN or infinity')
    const found = leastSquares(one, m, n, matrixOf(given, i), k, thresholdOf(a, { rtol: rcond }))
    if (found === null) return fail(op, stack, i, 'the singular values did not converge')
    solution.set(found.x, i * n * k)
    values.set(found.values, i * Math.min(m, n))
    ranks[i] = found.rank
    for (let row = 0; row < m; row++) {
      const error = matrixOf(given, i).slice(row * k, (row + 1) * k)
      for (let j = 0; j < n; j++) addRow(error, 0, found.x, j * k, k, -kept[(i * m + row) * n + j])
      for (let c = 0; c < k; c++) residuals[i * k + c] += dotRow(error, c, error, c, 1)
    }
  }
  const x = tensorLike(solution, [...batch, n, k], a)
  record('LinalgLstsqBackward0', [a, wide], x, [a, wide], (g, [sa, sb], needs) => {
    const p = pinv(sa, { rtol: rcond })
    return [needs[0] ? pinvGrad(matmul(g, sb.mT), sa, p) : null, matmul(p.mT, g)]
  })
  const empty = (): Tensor => tensorLike(new Float64Array(0), [0], a)
  const fits = driver !== 'gelsy' && m > n && ranks.every((rank) => rank === n)
  const all = driver === 'gelsd' || driver === 'gelss'
  return named(
    [
      vectors ? x.squeeze(-1) : x,
      fits ? tensorLike(residuals, vectors ? batch : [...batch, k], a) : empty(),
      driver === 'gels' ? countsOf([], [0], 'int64', a) : countsOf(ranks, batch, 'int64', a),
      all ? tensorLike(values, [...batch, Math.min(m, n)], a) : empty(),
    ],
    ['solution', 'residuals', 'rank', 'singularValues'],
  )
}

export const methods = { pinverse }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
