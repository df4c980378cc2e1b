// Initialisers: fill a parameter in place, with PyTorch's formulas and random numbers. Source: `torch.nn.init`.
import { withoutRecording } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, numelOf } from '../base/shape.ts'
import { erf } from '../base/special.ts'
import { randperm } from '../ops/random.ts'
import { tensor as tensorOf } from '../ops/tensorOf.ts'
import { scope } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { isLazy } from './uninitialized.ts'

export type FanMode = 'fanIn' | 'fanOut'
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'selu'

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
  if (gain === undefined)
    throw new ValueError(
      `calculateGain: unknown nonlinearity '${nonlinearity}', known: ${Object.keys(gains).join(', ')}`,
    )
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
  withoutRecording(() =>
    scope(() => {
      fill(tensor)
    }),
  )
  return tensor
}

/** Fills with U(a, b). Source: `torch.nn.init.uniform_`. */
export function uniform_<T extends Tensor>(tensor: T, a = 0, b = 1): T {
  return inPlace(tensor, (x) => x.uniform_(a, b))
}
/** Fills with N(mean, std^2). Source: `torch.nn.init.normal_`. */
export function normal_<T extends Tensor>(tensor: T, mean = 0, std = 1): T {
  return inPlace(tensor, (x) => x.normal_(mean, std))
}
/** Fills with `value`. Source: `torch.nn.init.constant_`. */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  return inPlace(tensor, (x) => x.fill_(value))
}
/** Fills with 1. Source: `torch.nn.init.ones_`. */
export function ones_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 1)
}
/** Fills with 0. Source: `torch.nn.init.zeros_`. */
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

/** N(mean, std^2), limited to [a, b]. */
export function truncNormal_<T extends Tensor>(tensor: T, mean = 0, std = 1, a = -2, b = 2): T {
  const below = (limit: number): number => (1 + erf((limit - mean) / std / Math.SQRT2)) / 2
  const [low, high] = [below(a), below(b)]
  return inPlace(tensor, (x) => {
    x.uniform_(2 * low - 1, 2 * high - 1)
    x.copy_(
      x
        .erfinv()
        .mul_(std * Math.SQRT2)
        .add_(mean)
        .clamp_(a, b),
    )
  })
}

/** The kernel of a convolution that hands its channels on unchanged, as far as there are any. */
export function dirac_<T extends Tensor>(tensor: T, { groups = 1 }: { groups?: number } = {}): T {
  const [out, into, ...kernel] = tensor.shape
  if (![3, 4, 5].includes(tensor.ndim))
    throw new ShapeError(`init.dirac_: needs 3, 4 or 5 dimensions, got ${formatShape(tensor.shape)}`)
  if (out % groups !== 0) throw new ValueError(`init.dirac_: groups must divide the first size: ${out} by ${groups}`)
  const perGroup = out / groups
  const center = kernel.map((size) => Math.floor(size / 2))
  return inPlace(tensor, (x) => {
    x.zero_()
    for (let g = 0; g < groups; g++) {
      for (let d = 0; d < Math.min(perGroup, into); d++)
        [g * perGroup + d, d, ...center].reduce((part, at) => part.select(0, at), x).fill_(1)
    }
  })
}

/** A matrix (later dimensions are merged) with orthonormal rows or columns, times `gain`. Saxe et al. 2013. */
export function orthogonal_<T extends Tensor>(tensor: T, { gain = 1 }: { gain?: number } = {}): T {
  if (tensor.ndim < 2)
    throw new ShapeError(`init.orthogonal_: needs at least 2 dimensions, got ${formatShape(tensor.shape)}`)
  if (tensor.numel() === 0) return tensor
  return inPlace(tensor, (x) => {
    const rows = x.shape[0]
    const columns = x.numel() / rows
    const random = x.newEmpty([rows, columns]).normal_()
    // The vectors to make orthonormal are the columns, or the rows of a wide matrix.
    const wide = rows < columns
    const vectors = orthonormal((wide ? random : random.t()).tolist() as number[][])
    const q = tensorOf(vectors, { dtype: x.dtype, device: x.device })
    x.copy_((wide ? q : q.t()).reshape(x.shape).mul(gain))
  })
}

/** Gram-Schmidt, twice for precision. The same as Q of a QR decomposition whose R has a positive diagonal. */
function orthonormal(vectors: readonly number[][]): number[][] {
  const done: number[][] = []
  for (const vector of vectors) {
    const v = [...vector]
    for (const u of [...done, ...done]) {
      const along = dot(u, v)
      for (let i = 0; i < v.length; i++) v[i] -= along * u[i]
    }
    const length = Math.sqrt(dot(v, v))
    done.push(v.map((value) => value / length))
  }
  return done
}
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0)

/** N(0, std^2), with `sparsity` of each column set to 0. Martens 2010. */
export function sparse_<T extends Tensor>(tensor: T, sparsity: number, std = 0.01): T {
  if (tensor.ndim !== 2) throw new ShapeError(`init.sparse_: needs 2 dimensions, got ${formatShape(tensor.shape)}`)
  const [rows, columns] = tensor.shape
  const zeros = Math.ceil(sparsity * rows)
  return inPlace(tensor, (x) => {
    x.normal_(0, std)
    for (let c = 0; c < columns; c++) x.select(1, c).indexFill_(0, randperm(rows).narrow(0, 0, zeros), 0)
  })
}

export interface KaimingOptions {
  /** Slope of the leakyRelu that follows. Default 0. */
  a?: number
  /** Keep the variance of outputs ('fanIn', the default) or of gradients ('fanOut'). */
  mode?: FanMode
  /** The activation that follows. Default 'leakyRelu'. */
  nonlinearity?: Nonlinearity
}
function kaimingStd(tensor: Tensor, { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions): number {
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(tensor)[mode])
}
/** U(-b, b) with b = gain * sqrt(3 / fan). He et al. 2015. */
export function kaimingUniform_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  if (tensor.numel() === 0) return tensor
  const bound = Math.sqrt(3) * kaimingStd(tensor, options)
  return uniform_(tensor, -bound, bound)
}
/** N(0, std^2) with std = gain / sqrt(fan). He et al. 2015. */
export function kaimingNormal_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  if (tensor.numel() === 0) return tensor
  return normal_(tensor, 0, kaimingStd(tensor, options))
}

/** The default of Linear and the convolutions: kaimingUniform_ with a = sqrt(5) for the weight, U(-1/sqrt(fanIn), 1/sqrt(fanIn)) for the bias. Lazy ones stay. */
export function defaultWeightAndBias(weight: Tensor, bias: Tensor | null): void {
  if (isLazy(weight)) return
  kaimingUniform_(weight, { a: Math.sqrt(5) })
  if (bias === null) return
  const { fanIn } = fans(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  uniform_(bias, -bound, bound)
}
