// Attention and the bilinear form: products of several inputs that layers build on.
import { ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ones } from './creation.ts'
import { tril } from './arrange.ts'
import { maskedFill } from './logic.ts'
import { matmul } from './matmul.ts'
import { dropout } from './random.ts'
import { softmax } from './softmax.ts'

export interface AttentionOptions {
  /** Of shape [..., L, S]: bool, true where a query may look; or numbers added to the scores. */
  attnMask?: Tensor | null
  /** Part of the weights that is dropped. Default 0. */
  dropoutP?: number
  /** Query i looks at keys 0 .. i only. Default false. */
  isCausal?: boolean
  /** Also give the weights [..., L, S]. Default false. */
  needAttnWeights?: boolean
}

/**
 * softmax(query keyᵀ / sqrt(E)) value: query [..., L, E], key [..., S, E], value [..., S, V] give [..., L, V].
 * Source: `torch.nn.functional.scaled_dot_product_attention`.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions & { needAttnWeights: true },
): [Tensor, Tensor]
export function scaledDotProductAttention(query: Tensor, key: Tensor, value: Tensor, options?: AttentionOptions): Tensor
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor | [Tensor, Tensor] {
  const { attnMask = null, dropoutP = 0, isCausal = false, needAttnWeights = false } = options
  if (query.ndim < 2 || query.size(-1) !== key.size(-1) || key.size(-2) !== value.size(-2)) {
    throw new ShapeError(
      `scaledDotProductAttention: query [..., L, E], key [..., S, E] and value [..., S, V] do not fit together: ${formatShape(query.shape)}, ${formatShape(key.shape)} and ${formatShape(value.shape)}`,
    )
  }
  const scores = matmul(query.div(Math.sqrt(query.size(-1))), key.transpose(-2, -1))
  const causal = (): Tensor => tril(ones([query.size(-2), key.size(-2)], { dtype: 'bool', device: query.device }))
  const mask = isCausal ? causal() : attnMask
  const masked =
    mask === null
      ? scores
      : mask.dtype === 'bool'
        ? maskedFill(scores, mask.logicalNot(), Number.NEGATIVE_INFINITY)
        : scores.add(mask)
  const weights = softmax(masked, -1)
  const kept = dropoutP > 0 ? dropout(weights, { p: dropoutP }) : weights
  const out = matmul(kept, value)
  return needAttnWeights ? [out, kept] : out
}

/** x1 A x2ᵀ + bias for each of O matrices: x1 [..., I], x2 [..., J], weight [O, I, J], bias [O] give [..., O]. Source: `torch.nn.functional.bilinear`. */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  const [outputs, rows, columns] = weight.shape
  const lead = x1.shape.slice(0, -1)
  const fits =
    weight.ndim === 3 && x1.size(-1) === rows && x2.size(-1) === columns && lead.join() === x2.shape.slice(0, -1).join()
  if (!fits) {
    throw new ShapeError(
      `bilinear: inputs and weight do not fit together: ${formatShape(x1.shape)}, ${formatShape(x2.shape)} and ${formatShape(weight.shape)}`,
    )
  }
  const flat = x1.reshape(-1, rows)
  // [N, O * J]: each row times all matrices at once, then against the second input.
  const sides = matmul(flat, weight.movedim(1, 0).reshape(rows, outputs * columns)).reshape(-1, outputs, columns)
  const out = matmul(sides, x2.reshape(-1, columns, 1)).reshape([...lead, outputs])
  return bias ? out.add(bias) : out
}
