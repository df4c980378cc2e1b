// Singular values and vectors.
import { needsGraph, recordMany } from '../../autograd/record.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { diagEmbed } from '../arrange.ts'
import { matmul } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { type Named, named } from '../named.ts'
import { zerosOf } from '../view.ts'
import { onesOnDiagonal } from './eigh.ts'
import { largest, transposed } from './matrix/rows.ts'
import { singularValues, type Vectors } from './matrix/svd.ts'
import { checkMatrix, precise, fail, matrixOf, stackOf, tensorLike } from './stack.ts'

interface Decomposed {
  readonly S: Tensor
  readonly U: Tensor | null
  readonly Vh: Tensor | null
}

function decompose(op: string, input: Tensor, want: Vectors): Decomposed {
  checkMatrix(op, input)
  const a = precise(op, input)
  const stack = stackOf(a)
  const { rows: m, columns: n, count, batch } = stack
  const k = Math.min(m, n)
  const [p, q] = want === 'full' ? [m, n] : [k, k]
  const s = new Float64Array(count * k)
  const u = new Float64Array(want === 'none' ? 0 : count * m * p)
  const vh = new Float64Array(want === 'none' ? 0 : count * q * n)
  for (let i = 0; i < count; i++) {
    const one = matrixOf(stack, i)
    if (!Number.isFinite(largest(one)))
      return fail(op, stack, i, 'the singular values of a matrix with NaN or infinity cannot be computed')
    const found = singularValues(one, m, n, want)
    if (found === null) return fail(op, stack, i, 'the singular values did not converge')
    s.set(found.values, i * k)
    if (found.left !== null) u.set(transposed(found.left, p, m), i * m * p)
    if (found.right !== null) vh.set(found.right, i * q * n)
  }
  const S = tensorLike(s, [...batch, k], a)
  if (want === 'none') return { S, U: null, Vh: null }
  const U = tensorLike(u, [...batch, m, p], a)
  const Vh = tensorLike(vh, [...batch, q, n], a)
  const whole = want === 'full' && m !== n
  recordMany('LinalgSvdBackward0', [a], [U, S, Vh] as const, [U, S, Vh], ([gu, gs, gv], [su, ss, sv]) => {
    if (!whole) return [svdGrad(gu, gs, gv, su, ss, sv)]
    // The vectors beyond the singular values are any basis of what is left: what arrives there is dropped, as in PyTorch.
    const part = (x: Tensor | null, dim: number): Tensor | null => x && x.narrow(dim, 0, k)
    return [svdGrad(part(gu, -1), gs, part(gv, -2), su.narrow(-1, 0, k), ss, sv.narrow(-2, 0, k))]
  })
  return { S, U, Vh }
}

/** PyTorch's formula; E_ij = S_j^2 - S_i^2, so the part of the vectors is infinite where two singular values are equal. */
function svdGrad(gu: Tensor | null, gs: Tensor | null, gv: Tensor | null, u: Tensor, s: Tensor, vh: Tensor): Tensor {
  const [m, n] = [u.size(-2), vh.size(-1)]
  if (!gu && !gv) {
    const g = gs as Tensor
    return m >= n ? matmul(u, vh.mul(g.unsqueeze(-1))) : matmul(u.mul(g.unsqueeze(-2)), vh)
  }
  const squares = s.mul(s)
  const gaps = squares.unsqueeze(-2).sub(squares.unsqueeze(-1)).add(onesOnDiagonal(s))
  const skew = (x: Tensor): Tensor => x.sub(x.mT)
  const [row, column] = [s.unsqueeze(-2), s.unsqueeze(-1)]
  let inner: Tensor | null = gs ? diagEmbed(gs) : null
  const add = (x: Tensor): void => {
    inner = inner === null ? x : inner.add(x)
  }
  if (gu) add(skew(matmul(u.mT, gu)).div(gaps).mul(row))
  if (gv) add(skew(matmul(vh, gv.mT)).div(gaps).mul(column))
  let left = matmul(u, inner as unknown as Tensor)
  if (gu && m > s.size(-1)) {
    const scaled = gu.div(row)
    left = left.add(scaled.sub(matmul(u, matmul(u.mT, scaled))))
  }
  let out = matmul(left, vh)
  if (gv && n > s.size(-1)) {
    const scaled = gv.div(column)
    out = out.add(matmul(u, scaled.sub(matmul(matmul(scaled, vh.mT), vh))))
  }
  return out
}

/**
 * A = U diag(S) Vh for matrices [..., m, n]: S [..., k] descending, k = min(m, n); U [..., m, m], Vh [..., n, n], with `fullMatrices: false` [..., m, k]
 * and [..., k, n]. The signs of the vectors mean nothing; their gradients need distinct singular values.
 * Throws LinAlgError for NaN and infinity. Source: `torch.linalg.svd`.
 */
export function svd(
  a: Tensor,
  { fullMatrices = true }: { fullMatrices?: boolean } = {},
): Named<readonly [Tensor, Tensor, Tensor], 'U' | 'S' | 'Vh'> {
  const { U, S, Vh } = decompose('linalg.svd', a, fullMatrices ? 'full' : 'reduced')
  return named([U as Tensor, S, Vh as Tensor], ['U', 'S', 'Vh'])
}

/** The singular values alone [..., min(m, n)], descending. Source: `torch.linalg.svdvals`. */
export function svdvals(a: Tensor): Tensor {
  return decompose('linalg.svdvals', a, needsGraph([a]) ? 'reduced' : 'none').S
}

/** A = U diag(S) V^T under the older name: reduced unless `some` is false, V not transposed; zeros for U and V without `computeUv`. Source: `torch.svd`. */
export function svdOf(
  a: Tensor,
  { some = true, computeUv = true }: { some?: boolean; computeUv?: boolean } = {},
): Named<readonly [Tensor, Tensor, Tensor], 'U' | 'S' | 'V'> {
  if (computeUv) {
    const { U, S, Vh } = svd(a, { fullMatrices: !some })
    return named([U, S, Vh.mT], ['U', 'S', 'V'])
  }
  const S = svdvals(a)
  const [m, n] = a.shape.slice(-2)
  const batch = a.shape.slice(0, -2)
  return named([zerosOf([...batch, m, m], a), S, zerosOf([...batch, n, n], a)], ['U', 'S', 'V'])
}

export const methods = { svd: svdOf }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
