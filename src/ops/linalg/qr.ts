// QR decomposition.
import { recordMany } from '../../autograd/record.ts'
import { AutogradError, ValueError } from '../../base/errors.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { diagEmbed } from '../arrange.ts'
import { cat } from '../join.ts'
import { matmul } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { type Named, named } from '../named.ts'
import { factorQR } from './matrix/qr.ts'
import { solveTriangular } from './solve.ts'
import { checkMatrix, precise, matrixOf, stackOf, tensorLike } from './stack.ts'

export type QRMode = 'reduced' | 'complete' | 'r'

type QR = Named<readonly [Tensor, Tensor], 'Q' | 'R'>

/**
 * A = Q R for matrices [..., m, n]: Q [..., m, k] with orthonormal columns, R [..., k, n] upper triangular; k = min(m, n) for mode 'reduced', m for 'complete'.
 * Mode 'r' gives only R, and an empty Q. Source: `torch.linalg.qr`.
 */
export function qr(input: Tensor, { mode = 'reduced' }: { mode?: QRMode } = {}): QR {
  const op = 'linalg.qr'
  if (mode !== 'reduced' && mode !== 'complete' && mode !== 'r')
    throw new ValueError(`${op}: mode must be 'reduced', 'complete' or 'r', got '${mode}'`)
  checkMatrix(op, input)
  const a = precise(op, input)
  const stack = stackOf(a)
  const { rows: m, columns: n, count, batch } = stack
  const k = mode === 'complete' ? m : Math.min(m, n)
  const width = mode === 'r' ? 0 : k
  const q = new Float64Array(count * m * width)
  const r = new Float64Array(count * k * n)
  for (let i = 0; i < count; i++) {
    const one = matrixOf(stack, i)
    q.set(factorQR(one, m, n, width), i * m * width)
    r.set(one.subarray(0, k * n), i * k * n)
  }
  const Q = tensorLike(q, mode === 'r' ? [0] : [...batch, m, k], a)
  const R = tensorLike(r, [...batch, k, n], a)
  recordMany('LinalgQrBackward0', [a], [Q, R] as const, [Q, R], ([gq, gr], [sq, sr]) => {
    if (mode === 'r')
      throw new AutogradError(`${op}: mode 'r' has no gradient, because Q is not computed`, "use mode: 'reduced'.")
    if (mode === 'complete' && m > n)
      throw new AutogradError(
        `${op}: mode 'complete' has no gradient for more rows than columns: ${m} and ${n}`,
        "use mode: 'reduced'.",
      )
    return [m >= n ? tallGrad(gq, gr, sq, sr) : wideGrad(gq, gr, sq, sr)]
  })
  return named([Q, R], ['Q', 'R'])
}

const plus = (a: Tensor | null, b: Tensor | null): Tensor | null => (a && b ? a.add(b) : (a ?? b))

/** (gQ + Q S) R^-T, with S the symmetric matrix that has the upper triangle of gR R^T - Q^T gQ. */
function tallGrad(gq: Tensor | null, gr: Tensor | null, q: Tensor, r: Tensor): Tensor {
  const inner = plus(gr && matmul(gr, r.mT), gq && matmul(q.mT, gq).neg()) as Tensor
  const upper = inner.triu()
  const symmetric = upper.add(upper.mT).sub(diagEmbed(upper.diagonal({ dim1: -2, dim2: -1 })))
  const right = plus(matmul(q, symmetric), gq) as Tensor
  return solveTriangular(r.mT, right, { upper: false, left: false })
}

/** A = [A1 A2] with A1 square: Q and R1 are those of A1, and R2 = Q^T A2. */
function wideGrad(gq: Tensor | null, gr: Tensor | null, q: Tensor, r: Tensor): Tensor {
  const [m, n] = r.shape.slice(-2)
  const [r1, r2] = [r.narrow(-1, 0, m), r.narrow(-1, m, n - m)]
  if (!gr) return cat([tallGrad(gq, null, q, r1), matmul(q, r2).mul(0)], -1)
  const [g1, g2] = [gr.narrow(-1, 0, m), gr.narrow(-1, m, n - m)]
  const through = matmul(matmul(q, r2), g2.mT)
  return cat([tallGrad(plus(gq, through), g1, q, r1), matmul(q, g2)], -1)
}

/** `linalg.qr`, in mode 'reduced' or (`some: false`) 'complete'. Source: `torch.qr`. */
export function qrOf(a: Tensor, { some = true }: { some?: boolean } = {}): QR {
  return qr(a, { mode: some ? 'reduced' : 'complete' })
}

export const methods = { qr: qrOf }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
