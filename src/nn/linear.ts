// Layers that are one matrix product, and those that only change the shape.
import { bilinear } from '../ops/attention.ts'
import { linear } from '../ops/matmul.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defaultWeightAndBias, uniform_ } from './init.ts'
import { Layer, pythonBool } from './layer.ts'
import { Module } from './module.ts'
import { Parameter } from './parameter.ts'

export interface LinearOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean
}

/** `x @ weight.T + bias`: [..., inFeatures] -> [..., outFeatures]. Source: `torch.nn.Linear`. */
export class Linear extends Layer {
  readonly inFeatures: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  constructor(inFeatures: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super()
    this.inFeatures = inFeatures
    this.outFeatures = outFeatures
    this.weight = new Parameter(Tensor.empty([outFeatures, inFeatures]))
    this.bias = bias ? new Parameter(Tensor.empty([outFeatures])) : null
    this.resetParameters()
  }
  /** Draws weight and bias anew, as the constructor does. */
  resetParameters(): void {
    defaultWeightAndBias(this.weight, this.bias)
  }
  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias)
  }
  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pythonBool(this.bias !== null)}`
  }
}

/**
 * `x1 @ weight[o] @ x2 + bias[o]` for each output o: [..., in1Features] and [..., in2Features] -> [..., outFeatures]; weight
 * [outFeatures, in1Features, in2Features]. Throws ShapeError for inputs that do not fit. Source: `torch.nn.Bilinear`.
 */
export class Bilinear extends Module {
  readonly in1Features: number
  readonly in2Features: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  constructor(in1Features: number, in2Features: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super()
    this.in1Features = in1Features
    this.in2Features = in2Features
    this.outFeatures = outFeatures
    this.weight = new Parameter(Tensor.empty([outFeatures, in1Features, in2Features]))
    this.bias = bias ? new Parameter(Tensor.empty([outFeatures])) : null
    this.resetParameters()
  }
  /** Draws weight and bias anew: U(-b, b) with b = 1 / sqrt(in1Features). */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features)
    for (const parameter of this.parameters()) uniform_(parameter, -bound, bound)
  }
  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias)
  }
  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures } = this
    return `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}, bias=${pythonBool(this.bias !== null)}`
  }
}
export interface Bilinear {
  (input1: Tensor, input2: Tensor): Tensor
}

/** Gives its input back; takes and ignores any arguments. Source: `torch.nn.Identity`. */
export class Identity extends Layer {
  constructor(..._ignored: unknown[]) {
    super()
  }
  forward(input: Tensor): Tensor {
    return input
  }
}

/** Merges dimensions startDim .. endDim into one. Source: `torch.nn.Flatten`. */
export class Flatten extends Layer {
  readonly startDim: number
  readonly endDim: number
  constructor(startDim = 1, endDim = -1) {
    super()
    this.startDim = startDim
    this.endDim = endDim
  }
  forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim)
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`
  }
}

/** Splits dimension `dim` into `sizes`. Source: `torch.nn.Unflatten`. */
export class Unflatten extends Layer {
  readonly dim: number
  readonly sizes: readonly number[]
  constructor(dim: number, sizes: readonly number[]) {
    super()
    this.dim = dim
    this.sizes = sizes
  }
  forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.sizes)
  }
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=(${this.sizes.join(', ')})`
  }
}
