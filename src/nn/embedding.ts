// Embedding: a learned table of rows, looked up by number.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { embedding, type EmbeddingOptions } from '../ops/embedding.ts'
import { Tensor } from '../tensor/tensor.ts'
import { normal_, zeros_ } from './init.ts'
import { Layer, pythonBool, pythonNumber } from './layer.ts'
import { Parameter } from './parameter.ts'

export interface EmbeddingLayerOptions extends EmbeddingOptions {
  /** Start with these rows, whose memory is shared, in place of random ones: PyTorch's `_weight`. */
  weight?: Tensor
}

/**
 * Numbers of any shape -> [..., embeddingDim]: rows of `weight` [numEmbeddings, embeddingDim], which begins as N(0, 1), the row `paddingIdx` as 0.
 * Throws ValueError for a `paddingIdx` outside the table. Source: `torch.nn.Embedding`.
 */
export class Embedding extends Layer {
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | undefined
  readonly maxNorm: number | undefined
  readonly normType: number
  readonly scaleGradByFreq: boolean
  weight: Parameter

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    { paddingIdx, maxNorm, normType = 2, scaleGradByFreq = false, weight }: EmbeddingLayerOptions = {},
  ) {
    super()
    if (paddingIdx !== undefined && (paddingIdx < -numEmbeddings || paddingIdx >= numEmbeddings))
      throw new ValueError(`nn.Embedding: paddingIdx must name one of ${numEmbeddings} rows, got ${paddingIdx}`)
    const shape = [numEmbeddings, embeddingDim]
    if (weight && !sameShape(weight.shape, shape))
      throw new ShapeError(
        `nn.Embedding: the weight must have shape ${formatShape(shape)}, got ${formatShape(weight.shape)}`,
      )
    this.numEmbeddings = numEmbeddings
    this.embeddingDim = embeddingDim
    this.paddingIdx = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx
    this.maxNorm = maxNorm
    this.normType = normType
    this.scaleGradByFreq = scaleGradByFreq
    this.weight = new Parameter(weight ?? Tensor.empty(shape))
    if (weight === undefined) this.resetParameters()
  }

  /** An embedding of the given rows [numEmbeddings, embeddingDim], which stay as they are unless `freeze: false`. */
  static fromPretrained(
    embeddings: Tensor,
    { freeze = true, ...options }: EmbeddingOptions & { freeze?: boolean } = {},
  ): Embedding {
    if (embeddings.ndim !== 2)
      throw new ShapeError(`nn.Embedding.fromPretrained: expected a matrix, got ${formatShape(embeddings.shape)}`)
    const [rows, columns] = embeddings.shape
    const layer = new Embedding(rows, columns, { ...options, weight: embeddings })
    layer.weight.requiresGrad_(!freeze)
    return layer
  }

  /** Draws the weight anew: N(0, 1), zeros for the padding. */
  resetParameters(): void {
    normal_(this.weight)
    if (this.paddingIdx !== undefined) zeros_(this.weight.detach().select(0, this.paddingIdx))
  }
  forward(input: Tensor): Tensor {
    return embedding(input, this.weight, this)
  }
  override extraRepr(): string {
    const said = [`${this.numEmbeddings}, ${this.embeddingDim}`]
    if (this.paddingIdx !== undefined) said.push(`padding_idx=${this.paddingIdx}`)
    if (this.maxNorm !== undefined) said.push(`max_norm=${pythonNumber(this.maxNorm)}`)
    if (this.normType !== 2) said.push(`norm_type=${pythonNumber(this.normType)}`)
    if (this.scaleGradByFreq) said.push(`scale_grad_by_freq=${pythonBool(this.scaleGradByFreq)}`)
    return said.join(', ')
  }
}
