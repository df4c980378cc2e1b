// Initialisers: fill a parameter in place, with PyTorch's formulas and random numbers. Source: `torch.nn.init`.
import { withoutRecording } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, numelOf } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

export type FanMode = 'fanIn' | 'fanOut'
export type Nonlinearity = 'linear' | 'conv1d' | 'conv2d' | 'conv3d' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

const gains: Record<Nonlinearity, (param: number) => number> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.sqrt(2),
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
}

/** The factor that keeps the variance through a nonlinearity; `param` is the slope of leakyRelu. */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  const gain = gains[nonlinearity]
  if (gain === undefined) throw new ValueError(`calculateGain: unknown nonlinearity '${nonlinearity}', known: ${Object.keys(gains).join(', ')}`)
  return gain(param)
}

/** Inputs and outputs of one unit of a weight [out, in, ...kernel]. Throws ShapeError below two dimensions. */
export function fans(tensor: Tensor): { fanIn: number; fanOut: number } {
  const [out, into, ...kernel] = tensor.shape
  if (into === undefined) {
    throw new ShapeError(`init: fan in and fan out need at least 2 dimensions, got ${formatShape(tensor.shape)}`)
  }
  const field = numelOf(kernel)
  return { fanIn: into * field, fanOut: out * field }
}

const inPlace = <T extends Tensor>(tensor: T, fill: (x: Tensor) => unknown): T => {
  withoutRecording(() => fill(tensor))
  return tensor
}

export function uniform_<T extends Tensor>(tensor: T, a = 0, b = 1): T {
  return inPlace(tensor, (x) => x.uniform_(a, b))
}
export function normal_<T extends Tensor>(tensor: T, mean = 0, std = 1): T {
  return inPlace(tensor, (x) => x.normal_(mean, std))
}
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  return inPlace(tensor, (x) => x.fill_(value))
}
export function ones_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 1)
}
export function zeros_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 0)
}
/** Ones on the diagonal of a matrix, zeros elsewhere. */
export function eye_<T extends Tensor>(tensor: T): T {
  if (tensor.ndim !== 2) throw new ShapeError(`init.eye_: needs 2 dimensions, got ${formatShape(tensor.shape)}`)
  return inPlace(tensor, (x) => {
    x.zero_()
    x.diagonal().fill_(1)
  })
}

/** U(-a, a) with a = gain * sqrt(6 / (fanIn + fanOut)). Glorot & Bengio 2010. */
export function xavierUniform_<T extends Tensor>(tensor: T, { gain = 1 }: { gain?: number } = {}): T {
  const { fanIn, fanOut } = fans(tensor)
  const std = gain * Math.sqrt(2 / (fanIn + fanOut))
  const bound = Math.sqrt(3) * std
  return uniform_(tensor, -bound, bound)
}
/** N(0, std^2) with std = gain * sqrt(2 / (fanIn + fanOut)). Glorot & Bengio 2010. */
export function xavierNormal_<T extends Tensor>(tensor: T, { gain = 1 }: { gain?: number } = {}): T {
  const { fanIn, fanOut } = fans(tensor)
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)))
}

export interface KaimingOptions {
  /** Slope of the leakyRelu that follows. Default 0. */
  a?: number
  mode?: FanMode
  nonlinearity?: Nonlinearity
}
function kaimingStd(tensor: Tensor, { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions): number {
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(tensor)[mode])
}
/** U(-b, b) with b = gain * sqrt(3 / fan). He et al. 2015. */
export function kaimingUniform_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * kaimingStd(tensor, options)
  return uniform_(tensor, -bound, bound)
}
/** N(0, std^2) with std = gain / sqrt(fan). He et al. 2015. */
export function kaimingNormal_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  return normal_(tensor, 0, kaimingStd(tensor, options))
}

/** The default of Linear and the convolutions: kaimingUniform_ with a = sqrt(5) for the weight, U(-1/sqrt(fanIn), 1/sqrt(fanIn)) for the bias. */
export function defaultWeightAndBias(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) })
  if (bias === null) return
  const { fanIn } = fans(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  uniform_(bias, -bound, bound)
}
