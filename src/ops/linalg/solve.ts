// Linear systems: solve, inverse, triangular solve. Gradients are systems with the same matrix, transposed.
import { record } from '../../autograd/record.ts'
import { ShapeError } from '../../base/errors.ts'
import { formatShape, sameShape } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { matmul } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { type Named, named } from '../named.ts'
import { factorLU, solveLU } from './matrix/lu.ts'
import { identity } from './matrix/rows.ts'
import { solveTriangle } from './matrix/triangular.ts'
import {
  blocks,
  broadcastBatches,
  checkMatrix,
  precise,
  preciseSquare,
  countsOf,
  fail,
  matrixOf,
  stackOf,
  tensorLike,
} from './stack.ts'

const singularHelp = 'its determinant is 0; linalg.lstsq or linalg.pinv give a least-squares answer.'

/** The inverse of each matrix, and the number of its first zero pivot, 0 where there is none. */
function inverseOf(a: Tensor): { inverse: Tensor; info: number[]; batch: readonly number[] } {
  const stack = stackOf(a)
  const { rows: n, count, batch } = stack
  const one = identity(n)
  const info = new Array<number>(count).fill(0)
  const values = blocks(count, n * n, (i) => {
    const lu = factorLU(matrixOf(stack, i), n)
    info[i] = lu.zeroAt + 1
    return solveLU(lu, one, n)
  })
  const inverse = tensorLike(values, a.shape, a)
  record('LinalgInvExBackward0', [a], inverse, [inverse], (g, [x]) => [matmul(matmul(x.mT, g), x.mT).neg()])
  return { inverse, info, batch }
}

function checkedInverse(op: string, a: Tensor): Tensor {
  const { inverse, info, batch } = inverseOf(preciseSquare(op, a))
  const at = info.findIndex((pivot) => pivot > 0)
  if (at >= 0)
    fail(op, { batch }, at, `the matrix is singular: diagonal element ${info[at]} of U is zero`, singularHelp)
  return inverse
}

/** The inverses of square matrices [..., n, n], by LU in double precision. Throws LinAlgError for a singular one. Source: `torch.linalg.inv`. */
export function inv(a: Tensor): Tensor {
  return checkedInverse('linalg.inv', a)
}

/**
 * The inverses, and for each matrix the number of its first zero pivot (int32), 0 where there is none: nothing is thrown.
 * Source: `torch.linalg.inv_ex`.
 */
export function invEx(a: Tensor): Named<readonly [Tensor, Tensor], 'inverse' | 'info'> {
  const { inverse, info, batch } = inverseOf(preciseSquare('linalg.invEx', a))
  return named([inverse, countsOf(info, batch, 'int32', a)], ['inverse', 'info'])
}

/** `linalg.inv`. Source: `torch.inverse`. */
export function inverse(a: Tensor): Tensor {
  return checkedInverse('inverse', a)
}

interface Sides {
  /** A X = B; otherwise X A = B. Default true. */
  readonly left?: boolean
  /** Throw for a singular matrix; otherwise it gives infinities and NaN. Default true. */
  readonly check?: boolean
}

/** X of A X = B for equal leading dimensions. */
export function solveStacks(a: Tensor, b: Tensor, { left = true, check = true }: Sides = {}): Tensor {
  // X A = B is A^T X^T = B^T.
  const [matrices, right] = left ? [stackOf(a), stackOf(b)] : [stackOf(a.detach().mT), stackOf(b.detach().mT)]
  const { count, batch, rows: n, columns: k } = right
  const values = blocks(count, n * k, (i) => {
    const lu = factorLU(matrixOf(matrices, i), n)
    if (check && lu.zeroAt >= 0) fail('linalg.solve', matrices, i, 'the matrix is singular', singularHelp)
    return solveLU(lu, matrixOf(right, i), k)
  })
  const solved = tensorLike(values, [...batch, n, k], b)
  const out = left ? solved : solved.mT.contiguous()
  return record('LinalgSolveExBackward0', [a, b], out, [a, out], (g, [sa, x], needs) => {
    const gb = solveStacks(sa.mT, g, { left, check })
    return [needs[0] ? (left ? matmul(gb, x.mT) : matmul(x.mT, gb)).neg() : null, gb]
  })
}

/** B is a vector, or a stack of vectors just as A is a stack of matrices. */
const isVectors = (a: Tensor, b: Tensor): boolean =>
  b.ndim === 1 || (b.ndim === a.ndim - 1 && sameShape(b.shape, a.shape.slice(0, -1)))

function checkSides(op: string, a: Tensor, b: Tensor, left: boolean): void {
  const [n, size] = [a.size(-1), b.size(left ? -2 : -1)]
  if (n !== size)
    throw new ShapeError(
      `${op}: sizes do not fit ${left ? 'A X = B' : 'X A = B'}: ${formatShape(a.shape)} and ${formatShape(b.shape)} (${n} and ${size})`,
    )
}

/**
 * X of A X = B, or of X A = B with `left: false`. A [..., n, n]; B [..., n, k], or [n] or [..., n] with the leading dimensions of A for vectors;
 * leading dimensions broadcast. By LU in double precision. Throws LinAlgError for a singular matrix. Source: `torch.linalg.solve`.
 */
export function solve(matrices: Tensor, given: Tensor, { left = true }: { left?: boolean } = {}): Tensor {
  const op = 'linalg.solve'
  const [a, b] = [preciseSquare(op, matrices), precise(op, given)]
  const vectors = isVectors(a, b)
  if (!vectors) checkMatrix(op, b)
  const right = vectors ? b.unsqueeze(-1) : b
  checkSides(op, a, right, left)
  if (vectors && !left)
    throw new ShapeError(
      `${op}: a vector on the left is not X A = B: ${formatShape(b.shape)}`,
      'b.unsqueeze(-2) makes it a row.',
    )
  const x = solveStacks(...broadcastBatches(op, a, right), { left })
  return vectors ? x.squeeze(-1) : x
}

export interface TriangularOptions {
  /** A X = B; otherwise X A = B. Default true. */
  left?: boolean
  /** The diagonal counts as 1 and is not read. Default false. */
  unitriangular?: boolean
}

interface Triangular {
  readonly upper: boolean
  readonly left: boolean
  readonly unit: boolean
}

function solveTriangles(a: Tensor, b: Tensor, { upper, left, unit }: Triangular): Tensor {
  // X A = B is A^T X^T = B^T.
  const [t, right] = left ? [stackOf(a), stackOf(b)] : [stackOf(a.detach().mT), stackOf(b.detach().mT)]
  const [n, k] = [right.rows, right.columns]
  for (let i = 0; i < t.count; i++)
    solveTriangle(matrixOf(t, i), matrixOf(right, i), n, k, { upper: left ? upper : !upper, unit })
  const solved = tensorLike(right.values, [...right.batch, n, k], b)
  const out = left ? solved : solved.mT.contiguous()
  return record('LinalgSolveTriangularBackward0', [a, b], out, [a, out], (g, [sa, x], needs) => {
    const gb = solveTriangles(sa.mT, g, { upper: !upper, left, unit })
    if (!needs[0]) return [null, gb]
    const ga = (left ? matmul(gb, x.mT) : matmul(x.mT, gb)).neg()
    const offset = unit ? 1 : 0
    return [upper ? ga.triu(offset) : ga.tril(-offset), gb]
  })
}

/**
 * X of A X = B (or X A = B) for triangular matrices A [..., n, n] and B [..., n, k]; only the triangle that `upper` names is read, leading dimensions
 * broadcast. A zero on the diagonal gives infinities and NaN. Source: `torch.linalg.solve_triangular`.
 */
export function solveTriangular(
  matrices: Tensor,
  right: Tensor,
  { upper, left = true, unitriangular = false }: TriangularOptions & { upper: boolean },
): Tensor {
  const op = 'linalg.solveTriangular'
  checkMatrix(op, right)
  const [a, b] = [preciseSquare(op, matrices), precise(op, right)]
  checkSides(op, a, b, left)
  return solveTriangles(...broadcastBatches(op, a, b), { upper, left, unit: unitriangular })
}

export const methods = { inverse }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
