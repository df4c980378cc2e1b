// Pooling layers: each holds the options of one function of `ops/pool` or `ops/poolVolumes`.
import * as P from '../ops/pool.ts'
import * as V from '../ops/poolVolumes.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Size, Size1, Size2, Size3 } from './conv.ts'
import { Layer, pythonBool, pythonSize } from './layer.ts'

export interface MaxPoolOptions<S extends Size = Size> {
  /** Default: the kernel size. */
  stride?: S
  /** Added on both sides, at most half the kernel; never the largest. Default 0. */
  padding?: S | number
  /** Distance between the elements of the window. Default 1. */
  dilation?: S | number
  /** Round the size of the output up: the last window may hang over. Default false. */
  ceilMode?: boolean
}
export interface AvgPoolOptions<S extends Size = Size> {
  /** Default: the kernel size. */
  stride?: S
  /** Zeros added on both sides, at most half the kernel. Default 0. */
  padding?: S | number
  /** Round the size of the output up: the last window may hang over. Default false. */
  ceilMode?: boolean
  /** Count the padding among the elements that are averaged. Default true. */
  countIncludePad?: boolean
  /** Of `AvgPool2d`: divide the sums by this instead of the size of the window. */
  divisorOverride?: number
}

abstract class MaxPool<S extends Size> extends Layer {
  readonly kernelSize: S
  readonly stride: S
  readonly padding: S | number
  readonly dilation: S | number
  readonly ceilMode: boolean
  constructor(
    kernelSize: S,
    { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false }: MaxPoolOptions<S> = {},
  ) {
    super()
    this.kernelSize = kernelSize
    this.stride = stride
    this.padding = padding
    this.dilation = dilation
    this.ceilMode = ceilMode
  }
  protected get options() {
    const { stride, padding, dilation, ceilMode } = this
    return { stride, padding, dilation, ceilMode }
  }
  override extraRepr(): string {
    const sizes = `kernel_size=${pythonSize(this.kernelSize)}, stride=${pythonSize(this.stride)}, padding=${pythonSize(this.padding)}`
    return `${sizes}, dilation=${pythonSize(this.dilation)}, ceil_mode=${pythonBool(this.ceilMode)}`
  }
}
/** Largest value of each window: [N, C, L] -> [N, C, L']. Source: `torch.nn.MaxPool1d`. */
export class MaxPool1d extends MaxPool<Size1> {
  forward(input: Tensor): Tensor {
    return P.maxPool1d(input, this.kernelSize, this.options)
  }
}
/** Largest value of each window: [N, C, H, W] -> [N, C, H', W']. Source: `torch.nn.MaxPool2d`. */
export class MaxPool2d extends MaxPool<Size2> {
  forward(input: Tensor): Tensor {
    return P.maxPool2d(input, this.kernelSize, this.options)
  }
}
/** Largest value of each window: [N, C, D, H, W] -> [N, C, D', H', W']. Source: `torch.nn.MaxPool3d`. */
export class MaxPool3d extends MaxPool<Size3> {
  forward(input: Tensor): Tensor {
    return V.maxPool3d(input, this.kernelSize, this.options)
  }
}

abstract class AvgPool<S extends Size> extends Layer {
  readonly kernelSize: S
  readonly stride: S
  readonly padding: S | number
  readonly ceilMode: boolean
  readonly countIncludePad: boolean
  constructor(
    kernelSize: S,
    { stride = kernelSize, padding = 0, ceilMode = false, countIncludePad = true }: AvgPoolOptions<S> = {},
  ) {
    super()
    this.kernelSize = kernelSize
    this.stride = stride
    this.padding = padding
    this.ceilMode = ceilMode
    this.countIncludePad = countIncludePad
  }
  protected get options() {
    const { stride, padding, ceilMode, countIncludePad } = this
    return { stride, padding, ceilMode, countIncludePad }
  }
  override extraRepr(): string {
    return `kernel_size=${pythonSize(this.kernelSize)}, stride=${pythonSize(this.stride)}, padding=${pythonSize(this.padding)}`
  }
}
/** Mean of each window: [N, C, L] -> [N, C, L']. Source: `torch.nn.AvgPool1d`. */
export class AvgPool1d extends AvgPool<Size1> {
  forward(input: Tensor): Tensor {
    return P.avgPool1d(input, this.kernelSize, this.options)
  }
  override extraRepr(): string {
    const [kernel, stride, padding] = [this.kernelSize, this.stride, this.padding].map((size) =>
      pythonSize(typeof size === 'number' ? [size] : size),
    )
    return `kernel_size=${kernel}, stride=${stride}, padding=${padding}`
  }
}
abstract class AvgPoolWithDivisor<S extends Size> extends AvgPool<S> {
  readonly divisorOverride: number | undefined
  constructor(kernelSize: S, options: AvgPoolOptions<S> = {}) {
    super(kernelSize, options)
    this.divisorOverride = options.divisorOverride
  }
  protected override get options() {
    return { ...super.options, divisorOverride: this.divisorOverride }
  }
}
/** Mean of each window: [N, C, H, W] -> [N, C, H', W']. Source: `torch.nn.AvgPool2d`. */
export class AvgPool2d extends AvgPoolWithDivisor<Size2> {
  forward(input: Tensor): Tensor {
    return P.avgPool2d(input, this.kernelSize, this.options)
  }
}
/** Mean of each window: [N, C, D, H, W] -> [N, C, D', H', W']. Source: `torch.nn.AvgPool3d`. */
export class AvgPool3d extends AvgPoolWithDivisor<Size3> {
  forward(input: Tensor): Tensor {
    return V.avgPool3d(input, this.kernelSize, this.options)
  }
}

abstract class AdaptivePool extends Layer {
  /** null keeps the input's size. */
  readonly outputSize: P.OutputSize
  constructor(outputSize: P.OutputSize) {
    super()
    this.outputSize = outputSize
  }
  override extraRepr(): string {
    return `output_size=${pythonSize(this.outputSize)}`
  }
}
/** Mean over windows chosen so that the output has `outputSize`. Source: `torch.nn.AdaptiveAvgPool1d`. */
export class AdaptiveAvgPool1d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveAvgPool1d(input, this.outputSize)
  }
}
/** Mean over windows chosen so that the output has `outputSize`. Source: `torch.nn.AdaptiveAvgPool2d`. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveAvgPool2d(input, this.outputSize)
  }
}
/** Mean over windows chosen so that the output has `outputSize`. Source: `torch.nn.AdaptiveAvgPool3d`. */
export class AdaptiveAvgPool3d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return V.adaptiveAvgPool3d(input, this.outputSize)
  }
}
/** Maximum over windows chosen so that the output has `outputSize`. Source: `torch.nn.AdaptiveMaxPool1d`. */
export class AdaptiveMaxPool1d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveMaxPool1d(input, this.outputSize)
  }
}
/** Maximum over windows chosen so that the output has `outputSize`. Source: `torch.nn.AdaptiveMaxPool2d`. */
export class AdaptiveMaxPool2d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveMaxPool2d(input, this.outputSize)
  }
}
/** Maximum over windows chosen so that the output has `outputSize`. Source: `torch.nn.AdaptiveMaxPool3d`. */
export class AdaptiveMaxPool3d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return V.adaptiveMaxPool3d(input, this.outputSize)
  }
}

export interface LPPoolOptions {
  /** Default: the kernel size. */
  stride?: Size
  /** Round the size of the output up: the last window may hang over. Default false. */
  ceilMode?: boolean
}
abstract class LPPool<Kernel extends Size> extends Layer {
  readonly normType: number
  readonly kernelSize: Kernel
  readonly stride: Size | undefined
  readonly ceilMode: boolean
  constructor(normType: number, kernelSize: Kernel, { stride, ceilMode = false }: LPPoolOptions = {}) {
    super()
    this.normType = normType
    this.kernelSize = kernelSize
    this.stride = stride
    this.ceilMode = ceilMode
  }
  override extraRepr(): string {
    const stride = this.stride === undefined ? 'None' : pythonSize(this.stride)
    return `norm_type=${this.normType}, kernel_size=${pythonSize(this.kernelSize)}, stride=${stride}, ceil_mode=${pythonBool(this.ceilMode)}`
  }
}
/** (sum of x^normType)^(1/normType) of each window: [N, C, L] -> [N, C, L']. Source: `torch.nn.LPPool1d`. */
export class LPPool1d extends LPPool<number> {
  forward(input: Tensor): Tensor {
    return P.lpPool1d(input, this.normType, this.kernelSize, { stride: this.stride, ceilMode: this.ceilMode })
  }
}
/** (sum of x^normType)^(1/normType) of each window: [N, C, H, W] -> [N, C, H', W']. Source: `torch.nn.LPPool2d`. */
export class LPPool2d extends LPPool<Size2> {
  forward(input: Tensor): Tensor {
    return P.lpPool2d(input, this.normType, this.kernelSize, { stride: this.stride, ceilMode: this.ceilMode })
  }
}
