// Multi-head attention: queries look at keys and gather values, in several heads side by side.
import { isFloating } from '../base/dtype.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { scaledDotProductAttention } from '../ops/attention.ts'
import { cat } from '../ops/join.ts'
import { linear } from '../ops/matmul.ts'
import { pad } from '../ops/pad.ts'
import { zerosOf } from '../ops/view.ts'
import { Tensor } from '../tensor/tensor.ts'
import { xavierNormal_, xavierUniform_, zeros_ } from './init.ts'
import { Linear } from './linear.ts'
import { Module } from './module.ts'
import { Parameter } from './parameter.ts'

export interface MultiheadAttentionOptions {
  /** Part of the weights that is dropped while training. Default 0. */
  dropout?: number
  /** Biases of the projections. Default true. */
  bias?: boolean
  /** One more key and value for all, learned. Default false. */
  addBiasKv?: boolean
  /** One more key and value for all, of zeros. Default false. */
  addZeroAttn?: boolean
  /** Features of the keys. Default: embedDim. */
  kdim?: number
  /** Features of the values. Default: embedDim. */
  vdim?: number
  /** Inputs and output are [batch, time, features] instead of [time, batch, features]. Default false. */
  batchFirst?: boolean
}

/** Masks: bool, true where nothing may look; or numbers, added to the scores. */
export interface AttentionMasks {
  /** [N, S], [S] without a batch: keys to leave out. */
  keyPaddingMask?: Tensor | null
  /** [L, S], or [N * numHeads, L, S]: pairs of query and key to leave out. */
  attnMask?: Tensor | null
}
export interface AttentionCallOptions extends AttentionMasks {
  /** Also give the weights. Default true. */
  needWeights?: boolean
  /** The weights are the mean over the heads; otherwise they are there for each head. Default true. */
  averageAttnWeights?: boolean
}

/** The output projection: a Linear that prints under the name it has in PyTorch. */
class NonDynamicallyQuantizableLinear extends Linear {}

/**
 * Queries [L, N, embedDim], keys [S, N, kdim] and values [S, N, vdim] (batch first on request, or without a batch) give
 * the output and the weights: [L, N, embedDim] and [N, L, S], or [N, numHeads, L, S] where they are not averaged, or null where they are not needed.
 * Throws ValueError where the heads do not divide embedDim, ShapeError and DTypeError for inputs and masks that do not fit.
 * Vaswani et al. 2017. Source: `torch.nn.MultiheadAttention`.
 */
export class MultiheadAttention extends Module {
  static override readonly stateKeys: Readonly<Record<string, string>> = {
    inProjWeight: 'in_proj_weight',
    qProjWeight: 'q_proj_weight',
    kProjWeight: 'k_proj_weight',
    vProjWeight: 'v_proj_weight',
    inProjBias: 'in_proj_bias',
    biasK: 'bias_k',
    biasV: 'bias_v',
    outProj: 'out_proj',
  }
  readonly embedDim: number
  readonly numHeads: number
  readonly headDim: number
  readonly kdim: number
  readonly vdim: number
  readonly dropout: number
  readonly addZeroAttn: boolean
  readonly batchFirst: boolean
  /** The three projections, one below the other; null where keys or values have other features than queries. */
  inProjWeight: Parameter | null
  qProjWeight: Parameter | null
  kProjWeight: Parameter | null
  vProjWeight: Parameter | null
  inProjBias: Parameter | null
  biasK: Parameter | null
  biasV: Parameter | null
  outProj: Linear

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super()
    const { dropout = 0, bias = true, addBiasKv = false, addZeroAttn = false, batchFirst = false } = options
    const { kdim = embedDim, vdim = embedDim } = options
    if (!Number.isInteger(embedDim / numHeads))
      throw new ValueError(`nn.MultiheadAttention: numHeads must divide embedDim: ${numHeads} and ${embedDim}`)
    if (!(dropout >= 0 && dropout <= 1))
      throw new ValueError(`nn.MultiheadAttention: dropout is a probability between 0 and 1, got ${dropout}`)
    this.embedDim = embedDim
    this.numHeads = numHeads
    this.headDim = embedDim / numHeads
    this.kdim = kdim
    this.vdim = vdim
    this.dropout = dropout
    this.addZeroAttn = addZeroAttn
    this.batchFirst = batchFirst

    const parameter = (wanted: boolean, ...shape: number[]): Parameter | null =>
      wanted ? new Parameter(Tensor.empty(shape)) : null
    const packed = kdim === embedDim && vdim === embedDim
    this.inProjWeight = parameter(packed, 3 * embedDim, embedDim)
    this.qProjWeight = parameter(!packed, embedDim, embedDim)
    this.kProjWeight = parameter(!packed, embedDim, kdim)
    this.vProjWeight = parameter(!packed, embedDim, vdim)
    this.inProjBias = parameter(bias, 3 * embedDim)
    this.biasK = parameter(addBiasKv, 1, 1, embedDim)
    this.biasV = parameter(addBiasKv, 1, 1, embedDim)
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias })
    this.resetParameters()
  }

  /** All but the weight of `outProj`, which begins as that of any Linear. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight])
      if (weight) xavierUniform_(weight)
    for (const bias of [this.inProjBias, this.outProj.bias]) if (bias) zeros_(bias)
    for (const bias of [this.biasK, this.biasV]) if (bias) xavierNormal_(bias)
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionCallOptions = {},
  ): [output: Tensor, weights: Tensor | null] {
    const { keyPaddingMask = null, attnMask = null, needWeights = true, averageAttnWeights = true } = options
    this.checkInputs(query, key, value)
    const batched = query.ndim === 3
    const batchDim = batched && this.batchFirst ? 0 : 1
    const inputs = [query, key, value].map((x) => (batched ? x : x.unsqueeze(batchDim)))
    const batch = inputs[0].shape[batchDim]
    const sequence = [inputs[0].shape[1 - batchDim], inputs[1].shape[1 - batchDim]] as const
    const masks = this.masks(query, batch, sequence, batched, keyPaddingMask, attnMask)

    const [q, ...kv] = this.project(inputs, batchDim)
    const [k, v] = [this.extended(kv[0], this.biasK), this.extended(kv[1], this.biasV)]
    const added = k.shape[2] - kv[0].shape[2]
    // The added keys come last, and all may look at them.
    const mask = masks && added > 0 ? pad(masks, [0, added]) : masks
    const dropoutP = this.training ? this.dropout : 0
    const [heads, shares] = scaledDotProductAttention(q, k, v, { attnMask: mask, dropoutP, needAttnWeights: true })

    const joined = heads.permute(batchDim === 0 ? [0, 2, 1, 3] : [2, 0, 1, 3]).flatten(2)
    const output = this.outProj(joined)
    const squeezed = (x: Tensor, dim: number): Tensor => (batched ? x : x.squeeze(dim))
    if (!needWeights) return [squeezed(output, batchDim), null]
    const seen = averageAttnWeights ? shares.sum(1).div(this.numHeads) : shares
    return [squeezed(output, batchDim), squeezed(seen, 0)]
  }

  /** Query, key and value projected and split into heads: [N, numHeads, time, headDim]. */
  private project(inputs: readonly Tensor[], batchDim: number): Tensor[] {
    const { inProjWeight, qProjWeight, kProjWeight, vProjWeight } = this
    const weights = inProjWeight ? inProjWeight.chunk(3) : [qProjWeight, kProjWeight, vProjWeight]
    const biases = this.inProjBias?.chunk(3)
    return inputs.map((x, i) =>
      linear(x, weights[i] as Tensor, biases?.[i])
        .unflatten(-1, [this.numHeads, this.headDim])
        .permute(batchDim === 0 ? [0, 2, 1, 3] : [1, 2, 0, 3]),
    )
  }

  /** Projected keys or values [N, numHeads, S, headDim], then the learned row if there is one, then the row of zeros. */
  private extended(x: Tensor, bias: Parameter | null): Tensor {
    const shape = [x.shape[0], this.numHeads, 1, this.headDim]
    const learned = bias ? [bias.reshape(1, this.numHeads, 1, this.headDim).expand(shape)] : []
    const zeros = this.addZeroAttn ? [zerosOf(shape, x)] : []
    return learned.length + zeros.length > 0 ? cat([x, ...learned, ...zeros], 2) : x
  }

  /** Both masks as one of numbers that fits scores [N, numHeads, L, S]. */
  private masks(
    query: Tensor,
    batch: number,
    [length, keys]: readonly [number, number],
    batched: boolean,
    padding: Tensor | null,
    attention: Tensor | null,
  ): Tensor | null {
    const found: Tensor[] = []
    if (attention) {
      const full = [batch * this.numHeads, length, keys]
      if (!sameShape(attention.shape, full) && !sameShape(attention.shape, full.slice(1)))
        throw new ShapeError(
          `nn.MultiheadAttention: expected attnMask of shape ${formatShape(full.slice(1))} or ${formatShape(full)}, got ${formatShape(attention.shape)}`,
        )
      const mask = attention.dtype === 'uint8' ? attention.bool() : attention
      found.push(additive('attnMask', mask.ndim === 2 ? mask : mask.unflatten(0, [batch, this.numHeads]), query))
    }
    if (padding) {
      const wanted = batched ? [batch, keys] : [keys]
      if (!sameShape(padding.shape, wanted))
        throw new ShapeError(
          `nn.MultiheadAttention: expected keyPaddingMask of shape ${formatShape(wanted)}, got ${formatShape(padding.shape)}`,
        )
      found.push(additive('keyPaddingMask', padding.reshape(batch, 1, 1, keys), query))
    }
    return found.length === 2 ? found[0].add(found[1]) : (found[0] ?? null)
  }

  private checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const { ndim } = query
    const shapes = `${formatShape(query.shape)}, ${formatShape(key.shape)} and ${formatShape(value.shape)}`
    const complain = (what: string): never => {
      throw new ShapeError(`nn.MultiheadAttention: ${what}: query, key and value have shapes ${shapes}`)
    }
    if ((ndim !== 2 && ndim !== 3) || key.ndim !== ndim || value.ndim !== ndim)
      complain('expected 3 dimensions, or 2 without a batch, for all inputs')
    const features = [this.embedDim, this.kdim, this.vdim]
    if ([query, key, value].some((x, i) => x.shape[ndim - 1] !== features[i]))
      complain(`expected ${features.join(', ')} features`)
    if (!sameShape(key.shape.slice(0, -1), value.shape.slice(0, -1))) complain('keys and values must be equally many')
    const batchDim = this.batchFirst ? 0 : 1
    if (ndim === 3 && query.shape[batchDim] !== key.shape[batchDim])
      complain('queries and keys must have the same batch size')
  }
}
export interface MultiheadAttention {
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionCallOptions & { needWeights: false },
  ): [output: Tensor, weights: null]
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options?: AttentionMasks & { needWeights?: true; averageAttnWeights?: boolean },
  ): [output: Tensor, weights: Tensor]
  (query: Tensor, key: Tensor, value: Tensor, options?: AttentionCallOptions): [output: Tensor, weights: Tensor | null]
}

/** A mask as numbers of the dtype of `like`: -infinity where it holds. */
function additive(name: string, mask: Tensor, like: Tensor): Tensor {
  if (mask.dtype === 'bool') return zerosOf(mask.shape, like).maskedFill(mask, Number.NEGATIVE_INFINITY)
  if (isFloating(mask.dtype)) return mask.to(like.dtype)
  throw new DTypeError(`nn.MultiheadAttention: ${name} must be bool or floating-point, got ${mask.dtype}`)
}
