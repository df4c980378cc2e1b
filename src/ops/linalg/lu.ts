// LU decomposition as a result: factors, packed factors, and systems by way of these.
import { record, recordMany } from '../../autograd/record.ts'
import { ShapeError } from '../../base/errors.ts'
import { formatShape } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { autocast } from '../autocast.ts'
import { eye } from '../creation.ts'
import { cat } from '../join.ts'
import { matmul, sameDType } from '../matmul.ts'
import { type Named, named } from '../named.ts'
import { zerosOf } from '../view.ts'
import { factorLU } from './matrix/lu.ts'
import { solveTriangular } from './solve.ts'
import { checkMatrix, countsOf, fail, matrixOf, precise, preciseSquare, stackOf, tensorLike } from './stack.ts'

interface Packed {
  readonly LU: Tensor
  /** Numbers of rows, from 1, one list of min(m, n) for each matrix. */
  readonly pivots: Tensor
  readonly P: Tensor
  /** The first zero on the diagonal of U, from 1; 0 where there is none. */
  readonly info: number[]
}

/** Not recorded. */
function pack(op: string, input: Tensor): Packed {
  checkMatrix(op, input)
  const a = precise(op, input)
  const stack = stackOf(a)
  const { rows: m, columns: n, count, batch } = stack
  const k = Math.min(m, n)
  const pivots = new Float64Array(count * k)
  const p = new Float64Array(count * m * m)
  const info = Array.from({ length: count }, (_, i) => {
    const lu = factorLU(matrixOf(stack, i), m, n)
    lu.pivots.forEach((row, step) => {
      pivots[i * k + step] = row + 1
    })
    lu.rows.forEach((row, column) => {
      p[(i * m + row) * m + column] = 1
    })
    return lu.zeroAt + 1
  })
  return {
    LU: tensorLike(stack.values, a.shape, a),
    pivots: countsOf(pivots, [...batch, k], 'int32', a),
    P: tensorLike(p, [...batch, m, m], a),
    info,
  }
}

/** L [..., m, k], with ones on the diagonal, and U [..., k, n] of packed factors. */
function unpacked(LU: Tensor): readonly [Tensor, Tensor] {
  const [m, n] = LU.shape.slice(-2)
  const k = Math.min(m, n)
  const one = eye(m, k, { dtype: LU.dtype, device: LU.device })
  return [LU.narrow(-1, 0, k).tril(-1).add(one), LU.narrow(-2, 0, k).triu()]
}

/**
 * P^T gA. For square factors L^-T (tril(L^T gL, -1) + triu(gU U^T)) U^-T; rows of L below the square are A2 U^-1, columns of U right of it L^-1 A2.
 */
function factorsGrad(gl: Tensor | null | undefined, gu: Tensor | null | undefined, l: Tensor, u: Tensor): Tensor {
  const [m, k, n] = [l.size(-2), l.size(-1), u.size(-1)]
  const [ofL, ofU] = [gl ?? zerosOf(l.shape, l), gu ?? zerosOf(u.shape, u)]
  const [l1, g1] = [l.narrow(-2, 0, k), ofL.narrow(-2, 0, k)]
  const [u1, h1] = [u.narrow(-1, 0, k), ofU.narrow(-1, 0, k)]
  const byU = (x: Tensor): Tensor => solveTriangular(u1.mT, x, { upper: false, left: false })
  const byL = (x: Tensor): Tensor => solveTriangular(l1.mT, x, { upper: true, unitriangular: true })
  let lower = matmul(l1.mT, g1)
  let upper = matmul(h1, u1.mT)
  const [right, below] = [ofU.narrow(-1, k, n - k), ofL.narrow(-2, k, m - k)]
  if (n > k) lower = lower.sub(matmul(right, u.narrow(-1, k, n - k).mT))
  if (m > k) upper = upper.sub(matmul(l.narrow(-2, k, m - k).mT, below))
  const square = byU(byL(lower.tril(-1).add(upper.triu())))
  if (n > k) return cat([square, byL(right)], -1)
  return m > k ? cat([square, byU(below)], -2) : square
}

/**
 * A = P L U for matrices [..., m, n], with k = min(m, n): P [..., m, m] exchanges rows, L [..., m, k] is lower triangular with ones on the diagonal,
 * U [..., k, n] upper triangular. Source: `torch.linalg.lu`.
 */
export function lu(a: Tensor): Named<readonly [Tensor, Tensor, Tensor], 'P' | 'L' | 'U'> {
  const { LU, P } = pack('linalg.lu', a)
  const [L, U] = unpacked(LU)
  recordMany('LinalgLuBackward0', [a], [L, U] as const, [L, U, P], ([gl, gu], [sl, su, sp]) => [
    matmul(sp, factorsGrad(gl, gu, sl, su)),
  ])
  return named([P, L, U], ['P', 'L', 'U'])
}

function recordPacked(a: Tensor, { LU, P }: Packed): void {
  record('LinalgLuFactorExBackward0', [a], LU, [LU, P], (g, [packed, sp]) => {
    const [l, u] = unpacked(packed)
    return [matmul(sp, factorsGrad(g.narrow(-1, 0, l.size(-1)), g.narrow(-2, 0, u.size(-2)), l, u))]
  })
}

/**
 * L and U in one matrix [..., m, n], and the rows (int32, from 1) that each step exchanged with its own. Throws LinAlgError where U has a zero on its
 * diagonal. Source: `torch.linalg.lu_factor`.
 */
export function luFactor(a: Tensor): Named<readonly [Tensor, Tensor], 'LU' | 'pivots'> {
  const op = 'linalg.luFactor'
  const packed = pack(op, a)
  const at = packed.info.findIndex((row) => row > 0)
  if (at >= 0)
    fail(
      op,
      { batch: a.shape.slice(0, -2) },
      at,
      `diagonal element ${packed.info[at]} of U is zero`,
      'linalg.lu and linalg.luFactorEx give the factors all the same.',
    )
  recordPacked(a, packed)
  return named([packed.LU, packed.pivots], ['LU', 'pivots'])
}

/** `luFactor` that throws nothing, but gives the number (int32) of the first zero on the diagonal of U, 0 where there is none. Source: `torch.linalg.lu_factor_ex`. */
export function luFactorEx(a: Tensor): Named<readonly [Tensor, Tensor, Tensor], 'LU' | 'pivots' | 'info'> {
  const packed = pack('linalg.luFactorEx', a)
  recordPacked(a, packed)
  const info = countsOf(packed.info, a.shape.slice(0, -2), 'int32', a)
  return named([packed.LU, packed.pivots, info], ['LU', 'pivots', 'info'])
}

/** P [..., m, m] of lists of exchanges. */
function permutation(pivots: Tensor, m: number, like: Tensor): Tensor {
  const [k, batch] = [pivots.size(-1), pivots.shape.slice(0, -1)]
  const steps = pivots.numbers()
  const count = batch.reduce((n, size) => n * size, 1)
  const out = new Float64Array(count * m * m)
  for (let i = 0; i < count; i++) {
    const rows = Array.from({ length: m }, (_, row) => row)
    for (let step = 0; step < k; step++) {
      const other = steps[i * k + step] - 1
      if (!(other >= 0 && other < m))
        throw new ShapeError(`lu: pivots are rows from 1 to ${m}, got ${steps[i * k + step]}`)
      ;[rows[step], rows[other]] = [rows[other], rows[step]]
    }
    rows.forEach((row, column) => {
      out[(i * m + row) * m + column] = 1
    })
  }
  return tensorLike(out, [...batch, m, m], like)
}

/** P, L and U of what `luFactor` gives. Source: `torch.lu_unpack`. */
export function luUnpack(LU: Tensor, pivots: Tensor): Named<readonly [Tensor, Tensor, Tensor], 'P' | 'L' | 'U'> {
  checkMatrix('luUnpack', LU)
  const packed = precise('luUnpack', LU)
  const [l, u] = unpacked(packed)
  return named([permutation(pivots, LU.size(-2), packed), l, u], ['P', 'L', 'U'])
}

export interface LuSolveOptions {
  /** A X = B; otherwise X A = B. Default true. */
  left?: boolean
  /** With the transposed of A. Default false. */
  adjoint?: boolean
}

/** X of A X = B (or X A = B), given what `luFactor` gives for A [..., n, n]; leading dimensions broadcast. Source: `torch.linalg.lu_solve`. */
export function luSolve(
  packed: Tensor,
  pivots: Tensor,
  right: Tensor,
  { left = true, adjoint = false }: LuSolveOptions = {},
): Tensor {
  const op = 'linalg.luSolve'
  checkMatrix(op, right)
  const [LU, b] = [preciseSquare(op, packed), precise(op, right)]
  sameDType(op, LU, b)
  // X A = B is A^T X^T = B^T.
  if (!left) return luSolve(LU, pivots, b.mT, { adjoint: !adjoint }).mT
  if (b.size(-2) !== LU.size(-1))
    throw new ShapeError(`${op}: sizes do not fit A X = B: ${formatShape(LU.shape)} and ${formatShape(b.shape)}`)
  const { P, L, U } = luUnpack(LU, pivots)
  // Products would be of 16 bits.
  return autocast({ enabled: false }, () => {
    if (adjoint) {
      const half = solveTriangular(U.mT, b, { upper: false })
      return matmul(P, solveTriangular(L.mT, half, { upper: true, unitriangular: true }))
    }
    const half = solveTriangular(L, matmul(P.mT, b), { upper: false, unitriangular: true })
    return solveTriangular(U, half, { upper: true })
  })
}
