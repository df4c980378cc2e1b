// Convolution layers over one, two and three dimensions, and their transposes.
import { ValueError } from '../base/errors.ts'
import * as C from '../ops/conv.ts'
import { pad, type PadMode } from '../ops/pad.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defaultWeightAndBias } from './init.ts'
import { Layer, pythonSize } from './layer.ts'
import { Parameter } from './parameter.ts'

/** One number for all dimensions, or one for each. */
export type Size1 = number | readonly [number]
export type Size2 = number | readonly [number, number]
export type Size3 = number | readonly [number, number, number]
export type Size = number | readonly number[]

export interface ConvOptions<S extends Size = Size> {
  /** Step of the window. Default 1. */
  stride?: S
  /** Added on both sides, or 'same' (keeps the size, stride 1 only), or 'valid' (none). Default 0. */
  padding?: S | 'same' | 'valid'
  /** Distance between the elements of the kernel. Default 1. */
  dilation?: S
  /** Input and output channels in so many independent groups. Default 1. */
  groups?: number
  /** Add a learned bias to each output channel. Default true. */
  bias?: boolean
  /** What is added: zeros (the default), mirrored, repeated or wrapped elements. */
  paddingMode?: 'zeros' | Exclude<PadMode, 'constant'>
}
export interface ConvTransposeOptions<S extends Size = Size> {
  /** Step between the places where the kernel is put. Default 1. */
  stride?: S
  /** Rows and columns taken off both ends of the output. Default 0. */
  padding?: S
  /** Rows and columns added at the end of the output. Default 0. */
  outputPadding?: S
  /** Input and output channels in so many independent groups. Default 1. */
  groups?: number
  /** Add a learned bias to each output channel. Default true. */
  bias?: boolean
  /** Distance between the elements of the kernel. Default 1. */
  dilation?: S
}

/** `size` for each of `rank` dimensions. */
function repeatSize(op: string, size: Size, rank: number): number[] {
  const list = typeof size === 'number' ? new Array<number>(rank).fill(size) : [...size]
  if (list.length !== rank) throw new ValueError(`${op}: expected one number or ${rank}, got [${list.join(', ')}]`)
  return list
}

interface Settings extends Omit<ConvOptions, 'padding'> {
  rank: number
  transposed: boolean
  padding?: Size | 'same' | 'valid'
  outputPadding?: Size
}

abstract class ConvBase extends Layer {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[] | 'same' | 'valid'
  readonly dilation: readonly number[]
  readonly outputPadding: readonly number[]
  readonly groups: number
  readonly paddingMode: 'zeros' | Exclude<PadMode, 'constant'>
  weight: Parameter
  bias: Parameter | null

  constructor(inChannels: number, outChannels: number, kernelSize: Size, settings: Settings) {
    super()
    const {
      rank,
      transposed,
      stride = 1,
      padding = 0,
      dilation = 1,
      outputPadding = 0,
      groups = 1,
      bias = true,
      paddingMode = 'zeros',
    } = settings
    const op = `nn.${this.constructor.name}`
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ValueError(
        `${op}: groups must divide both numbers of channels: ${inChannels} and ${outChannels} by ${groups}`,
      )
    }
    this.inChannels = inChannels
    this.outChannels = outChannels
    this.kernelSize = repeatSize(op, kernelSize, rank)
    this.stride = repeatSize(op, stride, rank)
    this.padding = typeof padding === 'string' ? padding : repeatSize(op, padding, rank)
    this.dilation = repeatSize(op, dilation, rank)
    this.outputPadding = repeatSize(op, outputPadding, rank)
    this.groups = groups
    this.paddingMode = paddingMode
    if (padding === 'same' && this.stride.some((step) => step !== 1)) {
      throw new ValueError(`${op}: padding 'same' needs stride 1, got ${pythonSize(this.stride)}`)
    }
    const [from, to] = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
    this.weight = new Parameter(Tensor.empty([from, to, ...this.kernelSize]))
    this.bias = bias ? new Parameter(Tensor.empty([outChannels])) : null
    this.resetParameters()
  }
  resetParameters(): void {
    defaultWeightAndBias(this.weight, this.bias)
  }
  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, bias, paddingMode } = this
    const parts = [
      `${this.inChannels}`,
      `${this.outChannels}`,
      `kernel_size=${pythonSize(this.kernelSize)}`,
      `stride=${pythonSize(this.stride)}`,
    ]
    if (typeof padding === 'string') parts.push(`padding=${padding}`)
    else if (padding.some((p) => p !== 0)) parts.push(`padding=${pythonSize(padding)}`)
    if (dilation.some((d) => d !== 1)) parts.push(`dilation=${pythonSize(dilation)}`)
    if (outputPadding.some((p) => p !== 0)) parts.push(`output_padding=${pythonSize(outputPadding)}`)
    if (groups !== 1) parts.push(`groups=${groups}`)
    if (bias === null) parts.push('bias=False')
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`)
    return parts.join(', ')
  }
}

abstract class Conv extends ConvBase {
  /** The input, already padded where the padding is not zeros, and the options of the functional form. */
  protected prepared(input: Tensor): [Tensor, C.ConvOptions] {
    const { stride, padding, dilation, groups, paddingMode } = this
    if (paddingMode === 'zeros') return [input, { stride, padding, dilation, groups }]
    // Left and right for each dimension, last dimension first, as `pad` takes them.
    const sides = this.kernelSize.map((size, d) => {
      if (padding === 'valid') return [0, 0]
      if (padding !== 'same') return [padding[d], padding[d]]
      const total = dilation[d] * (size - 1)
      return [Math.floor(total / 2), total - Math.floor(total / 2)]
    })
    return [pad(input, sides.reverse().flat(), { mode: paddingMode }), { stride, dilation, groups }]
  }
}

/** [N, inChannels, L] (or without N) -> [N, outChannels, L']. Source: `torch.nn.Conv1d`. */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvOptions<Size1> = {}) {
    super(inChannels, outChannels, kernelSize, { ...options, rank: 1, transposed: false })
  }
  forward(input: Tensor): Tensor {
    const [x, options] = this.prepared(input)
    return C.conv1d(x, this.weight, this.bias, options)
  }
}
/** [N, inChannels, H, W] (or without N) -> [N, outChannels, H', W']. Source: `torch.nn.Conv2d`. */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size2, options: ConvOptions<Size2> = {}) {
    super(inChannels, outChannels, kernelSize, { ...options, rank: 2, transposed: false })
  }
  forward(input: Tensor): Tensor {
    const [x, options] = this.prepared(input)
    return C.conv2d(x, this.weight, this.bias, options)
  }
}
/** [N, inChannels, D, H, W] (or without N) -> [N, outChannels, D', H', W']. Source: `torch.nn.Conv3d`. */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Size3, options: ConvOptions<Size3> = {}) {
    super(inChannels, outChannels, kernelSize, { ...options, rank: 3, transposed: false })
  }
  forward(input: Tensor): Tensor {
    const [x, options] = this.prepared(input)
    return C.conv3d(x, this.weight, this.bias, options)
  }
}

/** Base of the transposed convolutions: called with the input and, if wished, the size of the output. */
export abstract class ConvTranspose extends ConvBase {
  /** The options of the functional form; `outputSize` (without N and channels) decides the output padding. */
  protected options(input: Tensor, outputSize: readonly number[] | undefined): C.ConvTransposeOptions {
    const { stride, dilation, groups, kernelSize } = this
    const padding = this.padding as readonly number[]
    if (outputSize === undefined) return { stride, padding, outputPadding: this.outputPadding, groups, dilation }
    const rank = kernelSize.length
    const wanted = outputSize.slice(-rank)
    const outputPadding = kernelSize.map((size, d) => {
      const smallest =
        (input.shape[input.ndim - rank + d] - 1) * stride[d] - 2 * padding[d] + dilation[d] * (size - 1) + 1
      const extra = wanted[d] - smallest
      if (!(extra >= 0 && extra < stride[d])) {
        throw new ValueError(
          `nn.${this.constructor.name}: the output size ${wanted[d]} is not between ${smallest} and ${smallest + stride[d] - 1}`,
        )
      }
      return extra
    })
    return { stride, padding, outputPadding, groups, dilation }
  }
}
export interface ConvTranspose {
  (input: Tensor, outputSize?: readonly number[]): Tensor
}

/** [N, inChannels, L] -> [N, outChannels, L'], the gradient of `Conv1d` as a layer. Source: `torch.nn.ConvTranspose1d`. */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvTransposeOptions<Size1> = {}) {
    super(inChannels, outChannels, kernelSize, { ...options, rank: 1, transposed: true })
  }
  forward(input: Tensor, outputSize?: readonly number[]): Tensor {
    return C.convTranspose1d(input, this.weight, this.bias, this.options(input, outputSize))
  }
}
/** [N, inChannels, H, W] -> [N, outChannels, H', W'], the gradient of `Conv2d` as a layer. Source: `torch.nn.ConvTranspose2d`. */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Size2, options: ConvTransposeOptions<Size2> = {}) {
    super(inChannels, outChannels, kernelSize, { ...options, rank: 2, transposed: true })
  }
  forward(input: Tensor, outputSize?: readonly number[]): Tensor {
    return C.convTranspose2d(input, this.weight, this.bias, this.options(input, outputSize))
  }
}
/** [N, inChannels, D, H, W] -> [N, outChannels, D', H', W'], the gradient of `Conv3d` as a layer. Source: `torch.nn.ConvTranspose3d`. */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Size3, options: ConvTransposeOptions<Size3> = {}) {
    super(inChannels, outChannels, kernelSize, { ...options, rank: 3, transposed: true })
  }
  forward(input: Tensor, outputSize?: readonly number[]): Tensor {
    return C.convTranspose3d(input, this.weight, this.bias, this.options(input, outputSize))
  }
}
