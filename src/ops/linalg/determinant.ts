// Determinants: det, slogdet, logdet. The gradient of det exists for singular matrices, too: it is the matrix of cofactors.
import { record, recordMany } from '../../autograd/record.ts'
import { isGradEnabled } from '../../runtime/context.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { diagEmbed } from '../arrange.ts'
import { eye } from '../creation.ts'
import { where } from '../logic.ts'
import { matmul } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { type Named, named } from '../named.ts'
import { productOfOthers } from '../reduce.ts'
import { expand, zerosOf } from '../view.ts'
import { cofactors, determinant, factorLU, logDeterminant } from './matrix/lu.ts'
import { identity } from './matrix/rows.ts'
import { solveStacks } from './solve.ts'
import { blocks, preciseSquare, matrixOf, stackOf, tensorLike } from './stack.ts'
import { svd } from './svd.ts'

/** For each matrix a gradient [...] spread over its diagonal: [..., n, n]. */
const onDiagonal = (g: Tensor, n: number): Tensor => diagEmbed(expand(g.unsqueeze(-1), [...g.shape, n]))

/** The determinants [...] of square matrices [..., n, n], by LU in double precision; 1 for n = 0. Source: `torch.linalg.det`. */
export function det(input: Tensor): Tensor {
  const a = preciseSquare('linalg.det', input)
  const stack = stackOf(a)
  const values = Float64Array.from({ length: stack.count }, (_, i) =>
    determinant(factorLU(matrixOf(stack, i), stack.rows)),
  )
  const out = tensorLike(values, stack.batch, a)
  return record('LinalgDetBackward0', [a], out, [a, out], (g, [x, y]) => {
    if (x.numel() === 0) return [null]
    return [isGradEnabled() ? recordedGrad(x, y, g) : numericGrad(x).mul(g.unsqueeze(-1).unsqueeze(-1))]
  })
}

/** The matrices of cofactors, not recorded. */
function numericGrad(a: Tensor): Tensor {
  const stack = stackOf(a)
  const n = stack.rows
  return tensorLike(
    blocks(stack.count, n * n, (i) => cofactors(matrixOf(stack, i), n)),
    a.shape,
    a,
  )
}

/** The same by ops that have gradients: by the inverse where there is one, else by singular values, as in PyTorch. */
function recordedGrad(a: Tensor, detA: Tensor, g: Tensor): Tensor {
  const n = a.size(-1)
  const epsilon = a.dtype === 'float64' ? Number.EPSILON : 2 ** -23
  const singular = detA
    .detach()
    .abs()
    .lt(100 * epsilon)
  const mask = singular.unsqueeze(-1).unsqueeze(-1)
  // Matrices that take the other way are replaced by harmless ones: no NaN comes from there.
  const regular = where(mask, eye(n, { dtype: a.dtype, device: a.device }), a)
  const byInverse = solveStacks(regular.mT, onDiagonal(g.mul(detA), n))
  if (!singular.any().item()) return byInverse
  const spread = tensorLike(
    Float64Array.from(identity(n), (one, i) => one * (1 + i / n)),
    [n, n],
    a,
  )
  const { U, S, Vh } = svd(where(mask, a, spread))
  const turned = det(U).mul(det(Vh)).mul(g)
  const diagonal = productOfOthers(S, [S.ndim - 1]).mul(turned.unsqueeze(-1))
  return where(mask, matmul(U.mul(diagonal.unsqueeze(-2)), Vh), byInverse)
}

function signAndLog(op: string, input: Tensor): readonly [Tensor, Tensor] {
  const a = preciseSquare(op, input)
  const stack = stackOf(a)
  const [signs, logs] = [new Float64Array(stack.count), new Float64Array(stack.count)]
  for (let i = 0; i < stack.count; i++) {
    const { sign, log } = logDeterminant(factorLU(matrixOf(stack, i), stack.rows))
    signs[i] = sign
    logs[i] = log
  }
  const sign = tensorLike(signs, stack.batch, a)
  const log = tensorLike(logs, stack.batch, a)
  return recordMany('LinalgSlogdetBackward0', [a], [sign, log] as const, [a], ([, g], [x]) => [
    g ? solveStacks(x.mT, onDiagonal(g, x.size(-1)), { check: isGradEnabled() }) : zerosOf(x.shape, x),
  ])
}

/**
 * Sign (1, -1; 0 for a singular matrix) and logarithm of the size of the determinants of square matrices [..., n, n].
 * Source: `torch.linalg.slogdet`.
 */
export function slogdet(a: Tensor): Named<readonly [Tensor, Tensor], 'sign' | 'logabsdet'> {
  return named(signAndLog('linalg.slogdet', a), ['sign', 'logabsdet'])
}

/** Logarithm of the determinants: NaN where it is negative, -Infinity where it is 0. Source: `torch.logdet`. */
export function logdet(a: Tensor): Tensor {
  const [sign, log] = signAndLog('logdet', a)
  return where(sign.detach().eq(-1), Number.NaN, log)
}

export const methods = { det, slogdet, logdet }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
