// Losses that ask for a margin: between classes, between pairs and triples of vectors. All are compositions of other ops.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { checkReduction, type Reduction } from './crossEntropy.ts'
import { pairwiseDistance } from './distance.ts'
import { arange } from './ranges.ts'
import { cumsum } from './scan.ts'

interface MarginOptions {
  margin?: number
  /** Default 'mean'. */
  reduction?: Reduction
}

const reduce = (op: string, losses: Tensor, reduction: Reduction): Tensor => {
  checkReduction(op, reduction)
  return reduction === 'mean' ? losses.mean() : reduction === 'sum' ? losses.sum() : losses
}

/** The input where the target is 1, max(0, margin - input) where it is -1. Source: `torch.nn.functional.hinge_embedding_loss`. */
export function hingeEmbeddingLoss(
  input: Tensor,
  target: Tensor,
  { margin = 1, reduction = 'mean' }: MarginOptions = {},
): Tensor {
  const [x, t] = underAutocast('hingeEmbeddingLoss', input, target)
  const far = x.neg().add(margin).clampMin(0).mul(t.ne(1))
  return reduce('hingeEmbeddingLoss', far.add(x.mul(t.ne(-1))), reduction)
}

/** max(0, -target * (x1 - x2) + margin). Source: `torch.nn.functional.margin_ranking_loss`. */
export function marginRankingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  { margin = 0, reduction = 'mean' }: MarginOptions = {},
): Tensor {
  const [a, b, t] = underAutocast('marginRankingLoss', x1, x2, target)
  return reduce('marginRankingLoss', t.neg().mul(a.sub(b)).add(margin).clampMin(0), reduction)
}

/** 1 - cos(x1, x2) where the target is 1, max(0, cos - margin) where it is -1; over the last dimension. Source: `torch.nn.functional.cosine_embedding_loss`. */
export function cosineEmbeddingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  { margin = 0, reduction = 'mean' }: MarginOptions = {},
): Tensor {
  const dim = target.ndim
  const vectors = underAutocast('cosineEmbeddingLoss', x1, x2)
  const product = vectors[0].mul(vectors[1]).sum(dim)
  const [a, b] = vectors.map((x) => x.mul(x).sum(dim).add(1e-12))
  const cosine = product.div(a.mul(b).sqrt())
  const near = cosine.neg().add(1).mul(target.eq(1))
  return reduce('cosineEmbeddingLoss', near.add(cosine.sub(margin).clampMin(0).mul(target.eq(-1))), reduction)
}

export interface TripletMarginLossOptions extends MarginOptions {
  /** Order of the norm. Default 2. */
  p?: number
  /** Added to differences before the norm. Default 1e-6. */
  eps?: number
  /** Take the distance between positive and negative where it is smaller. Default false. */
  swap?: boolean
}
/** max(0, d(anchor, positive) - d(anchor, negative) + margin). Source: `torch.nn.functional.triplet_margin_loss`. */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = 'mean' } = options
  const vectors = underAutocast('tripletMarginLoss', anchor, positive, negative)
  return tripletMarginWithDistanceLoss(...vectors, {
    distanceFunction: (a, b) => pairwiseDistance(a, b, { p, eps }),
    margin,
    swap,
    reduction,
  })
}
/** `tripletMarginLoss` with a distance of one's own. Source: `torch.nn.functional.triplet_margin_with_distance_loss`. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: MarginOptions & { distanceFunction?: (a: Tensor, b: Tensor) => Tensor; swap?: boolean } = {},
): Tensor {
  const { distanceFunction: distance = pairwiseDistance, margin = 1, swap = false, reduction = 'mean' } = options
  const near = distance(anchor, positive)
  const direct = distance(anchor, negative)
  const far = swap ? direct.minimum(distance(positive, negative)) : direct
  return reduce('tripletMarginLoss', near.sub(far).add(margin).clampMin(0), reduction)
}

/** Input as [N, C] and target as its rows. */
function rowsOf(
  op: string,
  input: Tensor,
  target: Tensor,
  targetRank: number,
): { x: Tensor; t: Tensor; single: boolean } {
  const single = input.ndim < 2
  const [values] = underAutocast(op, input)
  const x = single ? values.reshape(1, -1) : values
  const t =
    single && target.ndim < targetRank
      ? target.reshape([1, -1].slice(0, targetRank - 1).concat(targetRank === 1 ? [1] : [-1]))
      : target
  if (x.ndim !== 2 || t.ndim !== targetRank || t.shape[0] !== x.shape[0]) {
    throw new ShapeError(
      `${op}: input and target do not fit together: ${formatShape(input.shape)} and ${formatShape(target.shape)}`,
    )
  }
  return { x, t, single }
}

export interface MultiMarginLossOptions extends MarginOptions {
  /** 1 or 2. Default 1. */
  p?: 1 | 2
  /** Weight of each class [C]. */
  weight?: Tensor | null
}
/** sum over other classes of max(0, margin - x[target] + x[c])^p, divided by C. Input [N, C], target [N] int64. Source: `torch.nn.functional.multi_margin_loss`. */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginLossOptions = {}): Tensor {
  const { p = 1, margin = 1, weight = null, reduction = 'mean' } = options
  if (p !== 1 && p !== 2) throw new ValueError(`multiMarginLoss: p must be 1 or 2, got ${p}`)
  const { x, t, single } = rowsOf('multiMarginLoss', input, target, 1)
  const at = t.unsqueeze(1)
  const short = x.sub(x.gather(1, at)).add(margin).clampMin(0)
  const cost = p === 2 ? short.mul(short) : short
  const weighted = weight === null ? cost : cost.mul(weight.indexSelect(0, t).unsqueeze(1))
  const others = classNumbers(x).ne(at)
  const losses = weighted.mul(others).sum(1).div(x.shape[1])
  return reduce('multiMarginLoss', single ? losses.squeeze(0) : losses, reduction)
}

/** 0 .. C-1 as a row [1, C] of int64. */
const classNumbers = (x: Tensor): Tensor => arange(x.shape[1], { device: x.device }).unsqueeze(0)

/**
 * sum over target classes y and other classes c of max(0, 1 - x[y] + x[c]), divided by C. The target [N, C] lists classes; the first -1 ends the list.
 * Source: `torch.nn.functional.multilabel_margin_loss`.
 */
export function multilabelMarginLoss(
  input: Tensor,
  target: Tensor,
  { reduction = 'mean' }: MarginOptions = {},
): Tensor {
  const { x, t, single } = rowsOf('multilabelMarginLoss', input, target, 2)
  const listed = cumsum(t.lt(0), 1).eq(0)
  const at = t.mul(listed)
  const classes = x.shape[1]
  // isTarget[n, c]: some listed entry of row n is c.
  const isTarget = at
    .unsqueeze(2)
    .eq(classNumbers(x).reshape(1, 1, classes))
    .logicalAnd(listed.unsqueeze(2))
    .any(1)
  const short = x.unsqueeze(1).sub(x.gather(1, at).unsqueeze(2)).add(1).clampMin(0)
  const counted = listed.unsqueeze(2).logicalAnd(isTarget.logicalNot().unsqueeze(1))
  const losses = short.mul(counted).sum([1, 2]).div(classes)
  return reduce('multilabelMarginLoss', single ? losses.squeeze(0) : losses, reduction)
}

/** Mean over classes of the binary cross-entropy of logits. Source: `torch.nn.functional.multilabel_soft_margin_loss`. */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  { weight = null, reduction = 'mean' }: { weight?: Tensor | null; reduction?: Reduction } = {},
): Tensor {
  // log sigmoid(x) = x - softplus(x): both halves from one softplus.
  const softplus = input.neg().abs().neg().exp().log1p().add(input.neg().clampMin(0))
  const losses = softplus.add(input.mul(target.neg().add(1)))
  return reduce('multilabelSoftMarginLoss', (weight === null ? losses : losses.mul(weight)).mean(-1), reduction)
}
