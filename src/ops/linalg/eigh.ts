// Eigenvalues and eigenvectors of symmetric matrices.
import { needsGraph, recordMany } from '../../autograd/record.ts'
import { ValueError } from '../../base/errors.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { diagEmbed } from '../arrange.ts'
import { matmul } from '../matmul.ts'
import { type Named, named } from '../named.ts'
import { eigenOfSymmetric } from './matrix/symmetric.ts'
import { transposed } from './matrix/rows.ts'
import { preciseSquare, fail, matrixOf, type Stack, stackOf, tensorLike } from './stack.ts'

export interface EighOptions {
  /** The triangle that is read: lower (default) or upper. */
  UPLO?: 'L' | 'U' | 'l' | 'u'
}

/** Copies the triangle that is read over the other. */
function mirror(a: Float64Array, n: number, upper: boolean): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (upper) a[i * n + j] = a[j * n + i]
      else a[j * n + i] = a[i * n + j]
    }
  }
}

function decompose(op: string, input: Tensor, uplo: string, wantVectors: boolean): readonly [Tensor, Tensor | null] {
  if (!['L', 'U', 'l', 'u'].includes(uplo)) throw new ValueError(`${op}: UPLO must be 'L' or 'U', got '${uplo}'`)
  const a = preciseSquare(op, input)
  const stack: Stack = stackOf(a)
  const { rows: n, count, batch } = stack
  const values = new Float64Array(count * n)
  const columns = wantVectors ? new Float64Array(count * n * n) : null
  for (let i = 0; i < count; i++) {
    const one = matrixOf(stack, i)
    mirror(one, n, uplo.toUpperCase() === 'U')
    const eigen = eigenOfSymmetric(one, n, wantVectors)
    if (eigen === null) return fail(op, stack, i, 'the eigenvalues did not converge')
    values.set(eigen.values, i * n)
    if (eigen.vectors !== null) columns?.set(transposed(eigen.vectors, n, n), i * n * n)
  }
  const l = tensorLike(values, [...batch, n], a)
  if (columns === null) return [l, null]
  const v = tensorLike(columns, a.shape, a)
  return recordMany('LinalgEighBackward0', [a], [l, v] as const, [l, v], ([gl, gv], [sl, sv]) => [
    eighGrad(gl, gv, sl, sv),
  ])
}

/** V (diag(gL) + (V^T gV) / E) V^T with E_ij = L_j - L_i: the part of V is infinite where two eigenvalues are equal. */
function eighGrad(gl: Tensor | null, gv: Tensor | null, l: Tensor, v: Tensor): Tensor {
  if (!gv) return matmul(v.mul((gl as Tensor).unsqueeze(-2)), v.mT)
  const gaps = l.unsqueeze(-2).sub(l.unsqueeze(-1)).add(onesOnDiagonal(l))
  const turned = matmul(v.mT, gv).div(gaps)
  const off = turned.sub(diagEmbed(turned.diagonal({ dim1: -2, dim2: -1 })))
  const inner = !gl ? off : off.add(diagEmbed(gl))
  return matmul(matmul(v, inner), v.mT)
}

export const onesOnDiagonal = (values: Tensor): Tensor => diagEmbed(values.detach().mul(0).add(1))

/**
 * Eigenvalues [..., n] in ascending order and eigenvectors [..., n, n], one a column, of symmetric matrices [..., n, n], of which one triangle is read.
 * The sign of a vector means nothing; its gradient is that of functions for which it means nothing, too, and needs distinct eigenvalues.
 * Source: `torch.linalg.eigh`.
 */
export function eigh(
  a: Tensor,
  { UPLO = 'L' }: EighOptions = {},
): Named<readonly [Tensor, Tensor], 'eigenvalues' | 'eigenvectors'> {
  const [l, v] = decompose('linalg.eigh', a, UPLO, true)
  return named([l, v as Tensor], ['eigenvalues', 'eigenvectors'])
}

/** The eigenvalues alone [..., n], ascending. Source: `torch.linalg.eigvalsh`. */
export function eigvalsh(a: Tensor, { UPLO = 'L' }: EighOptions = {}): Tensor {
  return decompose('linalg.eigvalsh', a, UPLO, needsGraph([a]))[0]
}
