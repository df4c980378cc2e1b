// Convolution layers over one and two dimensions.
import { ValueError } from '../base/errors.ts'
import { conv1d, conv2d } from '../ops/conv.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defaultWeightAndBias } from './init.ts'
import { Layer, pythonSize } from './layer.ts'
import { Parameter } from './parameter.ts'

export type Size = number | readonly number[]

export interface ConvOptions {
  stride?: Size
  /** Zeros added on both sides, or 'same' / 'valid'. */
  padding?: Size | 'same' | 'valid'
  dilation?: Size
  groups?: number
  bias?: boolean
}

/** `size` for each of `rank` dimensions. */
export function repeatSize(op: string, size: Size, rank: number): number[] {
  const list = typeof size === 'number' ? new Array<number>(rank).fill(size) : [...size]
  if (list.length !== rank) throw new ValueError(`${op}: expected one number or ${rank}, got [${list.join(', ')}]`)
  return list
}

abstract class Conv extends Layer {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[] | 'same' | 'valid'
  readonly dilation: readonly number[]
  readonly groups: number
  weight: Parameter
  bias: Parameter | null

  constructor(rank: number, inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super()
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options
    const op = `nn.Conv${rank}d`
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ValueError(`${op}: groups must divide both numbers of channels: ${inChannels} and ${outChannels} by ${groups}`)
    }
    this.inChannels = inChannels
    this.outChannels = outChannels
    this.kernelSize = repeatSize(op, kernelSize, rank)
    this.stride = repeatSize(op, stride, rank)
    this.padding = typeof padding === 'string' ? padding : repeatSize(op, padding, rank)
    this.dilation = repeatSize(op, dilation, rank)
    this.groups = groups
    this.weight = new Parameter(Tensor.empty([outChannels, inChannels / groups, ...this.kernelSize]))
    this.bias = bias ? new Parameter(Tensor.empty([outChannels])) : null
    this.resetParameters()
  }
  resetParameters(): void {
    defaultWeightAndBias(this.weight, this.bias)
  }
  /** The options of the functional form. */
  protected get options() {
    const { stride, padding, dilation, groups } = this
    return { stride, padding, dilation, groups }
  }
  override extraRepr(): string {
    const parts = [`${this.inChannels}`, `${this.outChannels}`, `kernel_size=${pythonSize(this.kernelSize)}`, `stride=${pythonSize(this.stride)}`]
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`)
    else if (this.padding.some((p) => p !== 0)) parts.push(`padding=${pythonSize(this.padding)}`)
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${pythonSize(this.dilation)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (this.bias === null) parts.push('bias=False')
    return parts.join(', ')
  }
}

/** [N, inChannels, L] (or without N) -> [N, outChannels, L']. Source: `torch.nn.Conv1d`. */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options)
  }
  forward(input: Tensor): Tensor {
    return conv1d(input, this.weight, this.bias, this.options)
  }
}

/** [N, inChannels, H, W] (or without N) -> [N, outChannels, H', W']. Source: `torch.nn.Conv2d`. */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options)
  }
  forward(input: Tensor): Tensor {
    return conv2d(input, this.weight, this.bias, this.options)
  }
}
