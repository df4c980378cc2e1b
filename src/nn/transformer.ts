// Transformers: encoder and decoder layers, stacks of them, and both stacks together. Vaswani et al. 2017.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { gelu, relu } from '../ops/activation.ts'
import { triu } from '../ops/arrange.ts'
import { full } from '../ops/creation.ts'
import { reluDropout } from '../ops/reluDropout.ts'
import type { DeviceName } from '../runtime/backend.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { MultiheadAttention } from './attention.ts'
import { ModuleList } from './container.ts'
import { deepcopy } from './copy.ts'
import { Dropout } from './dropout.ts'
import { xavierUniform_ } from './init.ts'
import { Linear } from './linear.ts'
import { hasHooks, Module } from './module.ts'
import { LayerNorm } from './norm.ts'

export interface TransformerLayerOptions {
  /** Width between the two linear layers. Default 2048. */
  dimFeedforward?: number
  /** Part dropped while training: of attention weights, of what each block adds, between the linear layers. Default 0.1. */
  dropout?: number
  /** Between the two linear layers: a name, a function or a module. Default 'relu'. */
  activation?: 'relu' | 'gelu' | ((x: Tensor) => Tensor)
  /** Default 1e-5. */
  layerNormEps?: number
  /** Inputs and output are [batch, time, features] instead of [time, batch, features]. Default false. */
  batchFirst?: boolean
  /** Normalise what goes into each block instead of the sum after it. Default false. */
  normFirst?: boolean
}

/** Masks of an encoder layer; what they may be, see `MultiheadAttention`. */
export interface EncoderMasks {
  /** [S, S], or [N * nhead, S, S]: what each position does not see of the source. */
  srcMask?: Tensor | null
  /** Positions of the source to leave out, [N, S]. */
  srcKeyPaddingMask?: Tensor | null
}
/** Masks of a decoder. */
export interface DecoderMasks {
  /** [T, T], or [N * nhead, T, T]: what each position does not see of the target, such as what comes after it. */
  tgtMask?: Tensor | null
  /** [T, S], or [N * nhead, T, S]: what each position of the target does not see of the memory. */
  memoryMask?: Tensor | null
  /** Positions of the target to leave out, [N, T]. */
  tgtKeyPaddingMask?: Tensor | null
  /** Positions of the memory to leave out, [N, S]. */
  memoryKeyPaddingMask?: Tensor | null
}

const plainRelu = (x: Tensor): Tensor => relu(x)
function activationOf(name: string, activation: 'relu' | 'gelu' | ((x: Tensor) => Tensor)): (x: Tensor) => Tensor {
  if (typeof activation === 'function') return activation
  if (activation === 'relu') return plainRelu
  if (activation === 'gelu') return (x) => gelu(x)
  throw new ValueError(`nn.${name}: activation must be 'relu', 'gelu' or a function, got '${activation}'`)
}

/** The blocks of which both kinds of layers are made. */
abstract class TransformerLayer extends Module {
  static override readonly stateKeys: Readonly<Record<string, string>> = {
    selfAttn: 'self_attn',
    multiheadAttn: 'multihead_attn',
  }
  abstract readonly linear1: Linear
  abstract readonly dropout: Dropout
  abstract readonly linear2: Linear
  abstract readonly normFirst: boolean
  abstract readonly activation: (x: Tensor) => Tensor

  /** `x` and what the block makes of it, normalised before the block or after the sum. */
  protected residual(x: Tensor, norm: LayerNorm, block: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? x.add(block(norm(x))) : norm(x.add(block(x)))
  }
  protected attend(
    attention: MultiheadAttention,
    dropout: Dropout,
    [query, memory]: readonly [query: Tensor, memory: Tensor],
    attnMask: Tensor | null = null,
    keyPaddingMask: Tensor | null = null,
  ): Tensor {
    const [x] = attention(query, memory, memory, { attnMask, keyPaddingMask, needWeights: false })
    return dropout(x)
  }
  protected feedForward(x: Tensor, dropout: Dropout): Tensor {
    return dropout(this.linear2(this.activated(this.linear1(x))))
  }
  /** The activation and its dropout: in one pass, where they are the usual ones. */
  private activated(x: Tensor): Tensor {
    const { activation, dropout } = this
    const usual = activation === plainRelu && dropout.constructor === Dropout && !dropout.inplace && !hasHooks(dropout)
    return usual && dropout.training ? reluDropout(x, dropout.p) : dropout(activation(x))
  }
}

/**
 * Self-attention and two linear layers, each added to its input and normalised: [S, N, dModel] (batch first on request, or without a batch)
 * -> the same shape. Source: `torch.nn.TransformerEncoderLayer`.
 */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly selfAttn: MultiheadAttention
  readonly linear1: Linear
  readonly dropout: Dropout
  readonly linear2: Linear
  readonly normFirst: boolean
  readonly norm1: LayerNorm
  readonly norm2: LayerNorm
  readonly dropout1: Dropout
  readonly dropout2: Dropout
  readonly activation: (x: Tensor) => Tensor

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super()
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', layerNormEps: eps = 1e-5 } = options
    const { batchFirst = false, normFirst = false } = options
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.linear1 = new Linear(dModel, dimFeedforward)
    this.dropout = new Dropout(dropout)
    this.linear2 = new Linear(dimFeedforward, dModel)
    this.normFirst = normFirst
    this.norm1 = new LayerNorm(dModel, { eps })
    this.norm2 = new LayerNorm(dModel, { eps })
    this.dropout1 = new Dropout(dropout)
    this.dropout2 = new Dropout(dropout)
    this.activation = activationOf('TransformerEncoderLayer', activation)
  }

  override forward(src: Tensor, { srcMask, srcKeyPaddingMask }: EncoderMasks = {}): Tensor {
    const attended = this.residual(src, this.norm1, (x) =>
      this.attend(this.selfAttn, this.dropout1, [x, x], srcMask, srcKeyPaddingMask),
    )
    return this.residual(attended, this.norm2, (x) => this.feedForward(x, this.dropout2))
  }
}
export interface TransformerEncoderLayer {
  (src: Tensor, masks?: EncoderMasks): Tensor
}

/**
 * Self-attention, attention to `memory` and two linear layers, each added to its input and normalised: tgt [T, N, dModel] and memory [S, N, dModel]
 * (batch first on request, or without a batch) -> [T, N, dModel]. Source: `torch.nn.TransformerDecoderLayer`.
 */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly selfAttn: MultiheadAttention
  readonly multiheadAttn: MultiheadAttention
  readonly linear1: Linear
  readonly dropout: Dropout
  readonly linear2: Linear
  readonly normFirst: boolean
  readonly norm1: LayerNorm
  readonly norm2: LayerNorm
  readonly norm3: LayerNorm
  readonly dropout1: Dropout
  readonly dropout2: Dropout
  readonly dropout3: Dropout
  readonly activation: (x: Tensor) => Tensor

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super()
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', layerNormEps: eps = 1e-5 } = options
    const { batchFirst = false, normFirst = false } = options
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.linear1 = new Linear(dModel, dimFeedforward)
    this.dropout = new Dropout(dropout)
    this.linear2 = new Linear(dimFeedforward, dModel)
    this.normFirst = normFirst
    this.norm1 = new LayerNorm(dModel, { eps })
    this.norm2 = new LayerNorm(dModel, { eps })
    this.norm3 = new LayerNorm(dModel, { eps })
    this.dropout1 = new Dropout(dropout)
    this.dropout2 = new Dropout(dropout)
    this.dropout3 = new Dropout(dropout)
    this.activation = activationOf('TransformerDecoderLayer', activation)
  }

  override forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const { tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask } = masks
    const own = this.residual(tgt, this.norm1, (x) =>
      this.attend(this.selfAttn, this.dropout1, [x, x], tgtMask, tgtKeyPaddingMask),
    )
    const attended = this.residual(own, this.norm2, (x) =>
      this.attend(this.multiheadAttn, this.dropout2, [x, memory], memoryMask, memoryKeyPaddingMask),
    )
    return this.residual(attended, this.norm3, (x) => this.feedForward(x, this.dropout3))
  }
}
export interface TransformerDecoderLayer {
  (tgt: Tensor, memory: Tensor, masks?: DecoderMasks): Tensor
}

export interface StackOptions {
  /** Applied to the output of the last layer. Default: nothing. */
  norm?: Module | null
}

/** The layers of a stack: equal at the start, as copies of one, but each with parameters of its own. */
const copies = (layer: Module, count: number): ModuleList =>
  new ModuleList(Array.from({ length: count }, () => deepcopy(layer)))

/** `numLayers` copies of an encoder layer, one on the output of the other. Source: `torch.nn.TransformerEncoder`. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList
  readonly numLayers: number
  readonly norm: Module | null

  constructor(encoderLayer: Module, numLayers: number, { norm = null }: StackOptions = {}) {
    super()
    this.layers = copies(encoderLayer, numLayers)
    this.numLayers = numLayers
    this.norm = norm
  }

  override forward(
    src: Tensor,
    { mask, srcKeyPaddingMask }: { mask?: Tensor | null; srcKeyPaddingMask?: Tensor | null } = {},
  ): Tensor {
    let output = src
    for (const layer of this.layers) output = layer(output, { srcMask: mask, srcKeyPaddingMask })
    return this.norm ? this.norm(output) : output
  }
}
export interface TransformerEncoder {
  (src: Tensor, masks?: { mask?: Tensor | null; srcKeyPaddingMask?: Tensor | null }): Tensor
}

/** `numLayers` copies of a decoder layer, one on the output of the other, all with the same memory. Source: `torch.nn.TransformerDecoder`. */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList
  readonly numLayers: number
  readonly norm: Module | null

  constructor(decoderLayer: Module, numLayers: number, { norm = null }: StackOptions = {}) {
    super()
    this.layers = copies(decoderLayer, numLayers)
    this.numLayers = numLayers
    this.norm = norm
  }

  override forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let output = tgt
    for (const layer of this.layers) output = layer(output, memory, masks)
    return this.norm ? this.norm(output) : output
  }
}
export interface TransformerDecoder {
  (tgt: Tensor, memory: Tensor, masks?: DecoderMasks): Tensor
}

export interface TransformerOptions extends TransformerLayerOptions {
  /** Features of the inputs and the output. Default 512. */
  dModel?: number
  /** Heads of each attention. Default 8. */
  nhead?: number
  /** Default 6. */
  numEncoderLayers?: number
  /** Default 6. */
  numDecoderLayers?: number
  /** In place of the encoder: called as `encoder(src, { mask, srcKeyPaddingMask })`. */
  customEncoder?: Module | null
  /** In place of the decoder: called as `decoder(tgt, memory, masks)`. */
  customDecoder?: Module | null
}

/**
 * An encoder of `src` and a decoder of `tgt` that looks at the encoder's output: [S, N, dModel] and [T, N, dModel] (batch first on request, or without a
 * batch) -> [T, N, dModel]. All matrices begin as xavierUniform_. Throws ShapeError where batches or features differ. Source: `torch.nn.Transformer`.
 */
export class Transformer extends Module {
  readonly encoder: Module
  readonly decoder: Module
  readonly dModel: number
  readonly nhead: number
  readonly batchFirst: boolean

  constructor(options: TransformerOptions = {}) {
    super()
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6 } = options
    const { customEncoder = null, customDecoder = null, layerNormEps: eps = 1e-5, batchFirst = false } = options
    const norm = (): StackOptions => ({ norm: new LayerNorm(dModel, { eps }) })
    this.encoder =
      customEncoder ??
      new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, options), numEncoderLayers, norm())
    this.decoder =
      customDecoder ??
      new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, options), numDecoderLayers, norm())
    this.resetParameters()
    this.dModel = dModel
    this.nhead = nhead
    this.batchFirst = batchFirst
  }

  /** xavierUniform_ for everything that has two dimensions or more. */
  resetParameters(): void {
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter)
  }

  override forward(src: Tensor, tgt: Tensor, masks: EncoderMasks & DecoderMasks = {}): Tensor {
    const shapes = `${formatShape(src.shape)} and ${formatShape(tgt.shape)}`
    const batchDim = this.batchFirst ? 0 : 1
    if (src.ndim === 3 && src.shape[batchDim] !== tgt.shape[batchDim])
      throw new ShapeError(`nn.Transformer: src and tgt must have the same batch size, got ${shapes}`)
    if (src.shape.at(-1) !== this.dModel || tgt.shape.at(-1) !== this.dModel)
      throw new ShapeError(`nn.Transformer: src and tgt must have dModel ${this.dModel} features, got ${shapes}`)
    const { srcMask, srcKeyPaddingMask, ...decoderMasks } = masks
    const memory: Tensor = this.encoder(src, { mask: srcMask, srcKeyPaddingMask })
    return this.decoder(tgt, memory, decoderMasks)
  }

  /** [size, size] of float32: -infinity above the diagonal, else 0. As `tgtMask` it hides from each position what comes after it. */
  static generateSquareSubsequentMask(size: number, { device }: { device?: DeviceName } = {}): Tensor {
    return triu(full([size, size], Number.NEGATIVE_INFINITY, { dtype: 'float32', device }), 1)
  }
}
export interface Transformer {
  (src: Tensor, tgt: Tensor, masks?: EncoderMasks & DecoderMasks): Tensor
}
