// Cholesky decomposition, and systems and inverses by way of it.
import { record, withoutRecording } from '../../autograd/record.ts'
import { ShapeError } from '../../base/errors.ts'
import { formatShape } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { diagEmbed } from '../arrange.ts'
import { eye } from '../creation.ts'
import { matmul } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { type Named, named } from '../named.ts'
import { factorCholesky } from './matrix/cholesky.ts'
import { solveTriangular } from './solve.ts'
import {
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

export interface CholeskyOptions {
  /** U of A = U^T U instead of L of A = L L^T. Default false. */
  upper?: boolean
}

/** The factors, and for each matrix the order of the first leading minor that is not positive, 0 where all are. */
function factors(node: string, a: Tensor, upper: boolean) {
  // Of a symmetric matrix the upper triangle is the lower one of the transposed.
  const stack = stackOf(upper ? a.detach().mT : a)
  const info = Array.from({ length: stack.count }, (_, i) => factorCholesky(matrixOf(stack, i), stack.rows))
  const lower = tensorLike(stack.values, a.shape, a)
  const out = upper ? lower.mT.contiguous() : lower
  record(node, [a], out, [out], (g, [factor]) => [gradOf(upper ? g.mT : g, upper ? factor.mT : factor)])
  return { out, info, batch: stack.batch }
}

/** L^-T S L^-1 / 2, with S the symmetric matrix that has the lower triangle of L^T g. */
function gradOf(g: Tensor, l: Tensor): Tensor {
  const phi = matmul(l.mT, g).tril()
  const symmetric = phi.add(phi.mT).sub(diagEmbed(phi.diagonal({ dim1: -2, dim2: -1 })))
  const half = solveTriangular(l.mT, symmetric, { upper: true })
  return solveTriangular(l, half, { upper: false, left: false }).mul(0.5)
}

function checkedFactors(op: string, node: string, input: Tensor, upper: boolean): Tensor {
  const a = preciseSquare(op, input)
  const { out, info, batch } = factors(node, a, upper)
  const at = info.findIndex((order) => order > 0)
  if (at >= 0)
    fail(
      op,
      { batch },
      at,
      `the input is not positive-definite: its leading minor of order ${info[at]} is not positive`,
      'adding a small multiple of the identity makes a nearly positive-definite matrix so.',
    )
  return out
}

/**
 * L of A = L L^T (or U of A = U^T U) for symmetric positive-definite matrices [..., n, n], of which one triangle is read.
 * Throws LinAlgError where one is not. Source: `torch.linalg.cholesky`.
 */
export function cholesky(a: Tensor, { upper = false }: CholeskyOptions = {}): Tensor {
  return checkedFactors('linalg.cholesky', 'LinalgCholeskyExBackward0', a, upper)
}

/**
 * The factors, and for each matrix the order of its first leading minor that is not positive (int32), 0 where all are: nothing is thrown.
 * Source: `torch.linalg.cholesky_ex`.
 */
export function choleskyEx(
  a: Tensor,
  { upper = false }: CholeskyOptions = {},
): Named<readonly [Tensor, Tensor], 'L' | 'info'> {
  const x = preciseSquare('linalg.choleskyEx', a)
  const { out, info, batch } = factors('LinalgCholeskyExBackward0', x, upper)
  return named([out, countsOf(info, batch, 'int32', a)], ['L', 'info'])
}

/** `linalg.cholesky` under its older name. Source: `torch.cholesky`. */
export function choleskyFactor(a: Tensor, { upper = false }: CholeskyOptions = {}): Tensor {
  return checkedFactors('cholesky', 'CholeskyBackward0', a, upper)
}

/** X of A X = B, given the factor of A: B [..., n, k], factor [..., n, n]; leading dimensions broadcast. Source: `torch.cholesky_solve`. */
export function choleskySolve(b: Tensor, factor: Tensor, { upper = false }: CholeskyOptions = {}): Tensor {
  checkMatrix('choleskySolve', b)
  if (b.size(-2) !== factor.size(-1))
    throw new ShapeError(
      `choleskySolve: sizes do not fit A X = B: ${formatShape(factor.shape)} and ${formatShape(b.shape)}`,
    )
  const [l, right] = broadcastBatches(
    'choleskySolve',
    preciseSquare('choleskySolve', factor),
    precise('choleskySolve', b),
  )
  const out = withoutRecording(() => {
    const [first, second] = upper ? [l.mT, l] : [l, l.mT]
    return solveTriangular(second, solveTriangular(first, right, { upper: false }), { upper: true })
  })
  return record('CholeskySolveBackward0', [right, l], out, [l, out], (g, [sl, x], needs) => {
    const gb = choleskySolve(g, sl, { upper })
    return [gb, needs[1] ? factorGrad(matmul(gb, x.mT), sl, upper) : null]
  })
}

/** From the gradient of A, negated, that of its factor: of all its elements, as if the other triangle were read, too, as in PyTorch. */
function factorGrad(ga: Tensor, l: Tensor, upper: boolean): Tensor {
  const both = ga.add(ga.mT)
  return (upper ? matmul(l, both) : matmul(both, l)).neg()
}

/** The inverse of A, given its factor [..., n, n]. Source: `torch.cholesky_inverse`. */
export function choleskyInverse(input: Tensor, { upper = false }: CholeskyOptions = {}): Tensor {
  const factor = preciseSquare('choleskyInverse', input)
  const one = eye(factor.size(-1), { dtype: factor.dtype, device: factor.device })
  const out = withoutRecording(() => choleskySolve(one, factor, { upper }))
  return record('CholeskyInverseBackward0', [factor], out, [factor, out], (g, [l, x]) => [
    factorGrad(matmul(matmul(x, g), x), l, upper),
  ])
}

export const methods = { cholesky: choleskyFactor, choleskySolve, choleskyInverse }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
