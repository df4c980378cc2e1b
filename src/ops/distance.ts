// Distances and similarities of vectors: dist, cdist, pairwiseDistance, cosineSimilarity, and scaling to length 1.
import { record } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { broadcastShapes, formatShape, normalizeDim } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { where } from './logic.ts'
import type { Methods } from './methods.ts'
import { cast, pointwise } from './pointwise.ts'
import { dropDims, reduceKeepdim } from './reduce.ts'
import { sameDType } from './matmul.ts'
import { sumTo } from './sumTo.ts'
import { gradients, kindOf, normOf, ofDifferences } from './vectorNorm.ts'
import { expand, zerosOf } from './view.ts'

/** Norm of order `p` of a - b, over all elements. Source: `torch.dist`. */
export function dist(a: Tensor, b: Tensor, p: number = 2): Tensor {
  return normOf(a.sub(b), p)
}

/**
 * Distances of order `p` between all rows: [..., P, M] and [..., R, M] give [..., P, R]; leading dimensions broadcast.
 * The differences are never stored. Source: `torch.cdist`.
 */
export function cdist(left: Tensor, right: Tensor, { p = 2 }: { p?: number; computeMode?: string } = {}): Tensor {
  const [a, b] = underAutocast('cdist', left, right)
  sameDType('cdist', a, b)
  if (a.ndim < 2 || b.ndim < 2 || a.size(-1) !== b.size(-1)) {
    throw new ShapeError(
      `cdist: expected [..., P, M] and [..., R, M], got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    )
  }
  if (p < 0) throw new ValueError(`cdist: p must not be negative, got ${p}`)
  const batch = broadcastShapes('cdist', a.shape.slice(0, -2), b.shape.slice(0, -2))
  const shape = [...batch, a.size(-2), b.size(-2), a.size(-1)]
  const axis = shape.length - 1
  const kind = kindOf(p)
  const sides = [a.detach().unsqueeze(-2), b.detach().unsqueeze(-3)].map((x) => expand(x, shape))
  const [full] = reduceKeepdim(ofDifferences[kind], sides, [axis], [a.dtype], [p])
  const out = dropDims(full, [axis], false)
  return record('CdistBackward0', [a, b], out, [a, b, out], (grad, [x, y, distance], needs) => {
    const difference = x.unsqueeze(-2).sub(y.unsqueeze(-3))
    const part = pointwise(gradients[kind], [difference, distance.unsqueeze(-1), grad.unsqueeze(-1)], [p])
    const whole = kind === 'zero' ? zerosOf(difference.shape, grad) : part
    return [
      needs[0] ? sumTo(whole, [...batch, x.size(-2), 1, x.size(-1)]).squeeze(-2) : null,
      needs[1]
        ? sumTo(whole, [...batch, 1, y.size(-2), y.size(-1)])
            .squeeze(-3)
            .neg()
        : null,
    ].map((g, k) => g && sumTo(g, [x, y][k].shape))
  })
}

/** Norm of order `p` of x1 - x2 + eps over the last dimension. Source: `torch.nn.functional.pairwise_distance`. */
export function pairwiseDistance(
  x1: Tensor,
  x2: Tensor,
  { p = 2, eps = 1e-6, keepdim = false }: { p?: number; eps?: number; keepdim?: boolean } = {},
): Tensor {
  return normOf(x1.sub(x2).add(eps), p, { dim: -1, keepdim })
}

/** x1 · x2 / (max(|x1|, eps) max(|x2|, eps)) along `dim`. Source: `torch.nn.functional.cosine_similarity`. */
export function cosineSimilarity(
  x1: Tensor,
  x2: Tensor,
  { dim = 1, eps = 1e-8 }: { dim?: number; eps?: number } = {},
): Tensor {
  const shape = broadcastShapes('cosineSimilarity', x1.shape, x2.shape)
  const [a, b] = [x1, x2].map((x) => {
    const wide = expand(cast(x, x.isFloatingPoint() ? x.dtype : 'float32'), shape)
    return wide.div(normOf(wide, 2, { dim, keepdim: true }).clampMin(eps))
  })
  return a.mul(b).sum(dim)
}

/** x / max(norm of order `p` along `dim`, eps). Source: `torch.nn.functional.normalize`. */
export function normalize(
  input: Tensor,
  { p = 2, dim = 1, eps = 1e-12 }: { p?: number; dim?: number; eps?: number } = {},
): Tensor {
  return input.div(normOf(input, p, { dim, keepdim: true }).clampMin(eps))
}

/** Scales each slice along `dim` whose norm of order `p` exceeds `maxnorm` down to it. Source: `torch.renorm`. */
export function renorm(input: Tensor, p: number, dim: number, maxnorm: number): Tensor {
  const axis = normalizeDim('renorm', dim, input.ndim)
  if (input.ndim < 2) throw new ShapeError(`renorm: expected at least 2 dimensions, got ${formatShape(input.shape)}`)
  if (p <= 0 || maxnorm < 0)
    throw new ValueError(`renorm: p must be positive and maxnorm not negative, got ${p} and ${maxnorm}`)
  const others = input.shape.map((_, d) => d).filter((d) => d !== axis)
  const lengths = normOf(input, p, { dim: others, keepdim: true })
  return input.mul(where(lengths.gt(maxnorm), lengths.add(1e-7).reciprocal().mul(maxnorm), 1))
}

export const methods = { dist, renorm }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
