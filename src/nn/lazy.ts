// Lazy layers: they learn the number of their inputs from the first call, and are ordinary layers from then on.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
  type Size1,
  type Size2,
  type Size3,
} from './conv.ts'
import { Linear, type LinearOptions } from './linear.ts'
import type { Module } from './module.ts'
import {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormOptions,
  type NormOptions,
} from './norm.ts'
import { isLazy, UninitializedBuffer, UninitializedParameter } from './uninitialized.ts'

interface Resettable extends Module {
  resetParameters(): void
}

/** At the first call `infer` looks at the input, and the module becomes one of class `become`, the same object. */
function onFirstCall(module: Module, become: { readonly prototype: Module }, infer: (input: Tensor) => void): void {
  const hook = module.registerForwardPreHook((_, [input]) => {
    infer(input as Tensor)
    hook.remove()
    Object.setPrototypeOf(module, become.prototype)
  })
}

/** Shapes and initial values for all that is lazy; what a state dict has brought stays as it is. Throws ValueError where it has brought a part. */
function materialize(module: Resettable, shapes: readonly (readonly [Tensor | null, readonly number[]])[]): void {
  const wanted = shapes.filter(([tensor]) => tensor !== null)
  const missing = wanted.filter(([tensor]) => isLazy(tensor))
  if (missing.length === 0) return
  if (missing.length < wanted.length) {
    throw new ValueError(
      `nn.${module.constructor.name}: a state was loaded for ${wanted.length - missing.length} of its ${wanted.length} tensors`,
      'load all of them, or none.',
    )
  }
  for (const [tensor, shape] of missing) if (isLazy(tensor)) tensor.materialize(shape)
  module.resetParameters()
}

/** `Linear` with as many inputs as the last dimension of its first batch has. Throws ShapeError for a scalar. Source: `torch.nn.LazyLinear`. */
export class LazyLinear extends Linear {
  constructor(outFeatures: number, { bias = true }: LinearOptions = {}) {
    super(0, outFeatures, { bias: false })
    this.weight = new UninitializedParameter()
    this.bias = bias ? new UninitializedParameter() : null
    onFirstCall(this, Linear, ({ shape }) => {
      if (shape.length === 0) throw new ShapeError('nn.LazyLinear: expected an input [..., features], got a scalar')
      const inFeatures = shape[shape.length - 1]
      ;(this as { inFeatures: number }).inFeatures = inFeatures
      materialize(this, [
        [this.weight, [outFeatures, inFeatures]],
        [this.bias, [outFeatures]],
      ])
    })
  }
}

type AnyConv = Conv1d | Conv2d | Conv3d | ConvTranspose1d | ConvTranspose2d | ConvTranspose3d

function lazyConv(conv: AnyConv, become: { readonly prototype: AnyConv }, bias = true): void {
  conv.weight = new UninitializedParameter()
  conv.bias = bias ? new UninitializedParameter() : null
  const { outChannels, groups, kernelSize } = conv
  onFirstCall(conv, become, ({ shape }) => {
    const rank = kernelSize.length
    const name = `nn.${conv.constructor.name}`
    if (shape.length !== rank + 1 && shape.length !== rank + 2) {
      throw new ShapeError(
        `${name}: expected ${rank + 1} dimensions, or ${rank + 2} with a batch, got ${formatShape(shape)}`,
      )
    }
    const inChannels = shape[shape.length - rank - 1]
    if (inChannels % groups !== 0)
      throw new ValueError(`${name}: groups must divide the channels of the input: ${inChannels} by ${groups}`)
    ;(conv as { inChannels: number }).inChannels = inChannels
    const [from, to] =
      conv instanceof ConvTranspose ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
    materialize(conv, [
      [conv.weight, [from, to, ...kernelSize]],
      [conv.bias, [outChannels]],
    ])
  })
}

/** `Conv1d` with as many input channels as its first batch has. Throws ShapeError for other ranks. Source: `torch.nn.LazyConv1d`. */
export class LazyConv1d extends Conv1d {
  constructor(outChannels: number, kernelSize: Size1, { bias, ...options }: ConvOptions<Size1> = {}) {
    super(0, outChannels, kernelSize, { ...options, bias: false })
    lazyConv(this, Conv1d, bias)
  }
}
/** `Conv2d` with as many input channels as its first batch has. Throws ShapeError for other ranks. Source: `torch.nn.LazyConv2d`. */
export class LazyConv2d extends Conv2d {
  constructor(outChannels: number, kernelSize: Size2, { bias, ...options }: ConvOptions<Size2> = {}) {
    super(0, outChannels, kernelSize, { ...options, bias: false })
    lazyConv(this, Conv2d, bias)
  }
}
/** `Conv3d` with as many input channels as its first batch has. Throws ShapeError for other ranks. Source: `torch.nn.LazyConv3d`. */
export class LazyConv3d extends Conv3d {
  constructor(outChannels: number, kernelSize: Size3, { bias, ...options }: ConvOptions<Size3> = {}) {
    super(0, outChannels, kernelSize, { ...options, bias: false })
    lazyConv(this, Conv3d, bias)
  }
}
/** `ConvTranspose1d` with as many input channels as its first batch has. Source: `torch.nn.LazyConvTranspose1d`. */
export class LazyConvTranspose1d extends ConvTranspose1d {
  constructor(outChannels: number, kernelSize: Size1, { bias, ...options }: ConvTransposeOptions<Size1> = {}) {
    super(0, outChannels, kernelSize, { ...options, bias: false })
    lazyConv(this, ConvTranspose1d, bias)
  }
}
/** `ConvTranspose2d` with as many input channels as its first batch has. Source: `torch.nn.LazyConvTranspose2d`. */
export class LazyConvTranspose2d extends ConvTranspose2d {
  constructor(outChannels: number, kernelSize: Size2, { bias, ...options }: ConvTransposeOptions<Size2> = {}) {
    super(0, outChannels, kernelSize, { ...options, bias: false })
    lazyConv(this, ConvTranspose2d, bias)
  }
}
/** `ConvTranspose3d` with as many input channels as its first batch has. Source: `torch.nn.LazyConvTranspose3d`. */
export class LazyConvTranspose3d extends ConvTranspose3d {
  constructor(outChannels: number, kernelSize: Size3, { bias, ...options }: ConvTransposeOptions<Size3> = {}) {
    super(0, outChannels, kernelSize, { ...options, bias: false })
    lazyConv(this, ConvTranspose3d, bias)
  }
}

type AnyNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d | InstanceNorm1d | InstanceNorm2d | InstanceNorm3d

function lazyNorm(norm: AnyNorm, become: { readonly prototype: AnyNorm }): void {
  if (norm.affine) {
    norm.weight = new UninitializedParameter()
    norm.bias = new UninitializedParameter()
  }
  if (norm.trackRunningStats) {
    norm.registerBuffer('runningMean', new UninitializedBuffer())
    norm.registerBuffer('runningVar', new UninitializedBuffer())
  }
  onFirstCall(norm, become, ({ shape }) => {
    if (shape.length < 2)
      throw new ShapeError(`nn.${norm.constructor.name}: expected an input [N, C, ...], got ${formatShape(shape)}`)
    ;(norm as { numFeatures: number }).numFeatures = shape[1]
    materialize(
      norm,
      [norm.weight, norm.bias, norm.runningMean, norm.runningVar].map((tensor) => [tensor, [shape[1]]]),
    )
  })
}

/** `BatchNorm1d` with as many features as its first batch has. Source: `torch.nn.LazyBatchNorm1d`. */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(options: NormOptions = {}) {
    super(0, options)
    lazyNorm(this, BatchNorm1d)
  }
}
/** `BatchNorm2d` with as many features as its first batch has. Source: `torch.nn.LazyBatchNorm2d`. */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(options: NormOptions = {}) {
    super(0, options)
    lazyNorm(this, BatchNorm2d)
  }
}
/** `BatchNorm3d` with as many features as its first batch has. Source: `torch.nn.LazyBatchNorm3d`. */
export class LazyBatchNorm3d extends BatchNorm3d {
  constructor(options: NormOptions = {}) {
    super(0, options)
    lazyNorm(this, BatchNorm3d)
  }
}
/** `InstanceNorm1d` with as many features as its first batch has; unlike there, `affine` and `trackRunningStats` are on by default. Source: `torch.nn.LazyInstanceNorm1d`. */
export class LazyInstanceNorm1d extends InstanceNorm1d {
  constructor({ affine = true, trackRunningStats = true, ...options }: InstanceNormOptions = {}) {
    super(0, { ...options, affine, trackRunningStats })
    lazyNorm(this, InstanceNorm1d)
  }
}
/** `InstanceNorm2d` with as many features as its first batch has; unlike there, `affine` and `trackRunningStats` are on by default. Source: `torch.nn.LazyInstanceNorm2d`. */
export class LazyInstanceNorm2d extends InstanceNorm2d {
  constructor({ affine = true, trackRunningStats = true, ...options }: InstanceNormOptions = {}) {
    super(0, { ...options, affine, trackRunningStats })
    lazyNorm(this, InstanceNorm2d)
  }
}
/** `InstanceNorm3d` with as many features as its first batch has; unlike there, `affine` and `trackRunningStats` are on by default. Source: `torch.nn.LazyInstanceNorm3d`. */
export class LazyInstanceNorm3d extends InstanceNorm3d {
  constructor({ affine = true, trackRunningStats = true, ...options }: InstanceNormOptions = {}) {
    super(0, { ...options, affine, trackRunningStats })
    lazyNorm(this, InstanceNorm3d)
  }
}
