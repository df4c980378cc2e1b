// Activation layers: each is one function of `ops/activation`, with its options.
import * as A from '../ops/activation.ts'
import { logSoftmax, softmax } from '../ops/softmax.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Layer, pythonFloat } from './layer.ts'

/** max(x, 0). Source: `torch.nn.ReLU`. */
export class ReLU extends Layer {
  forward(input: Tensor): Tensor {
    return A.relu(input)
  }
}
/** min(max(x, 0), 6). Source: `torch.nn.ReLU6`. */
export class ReLU6 extends Layer {
  forward(input: Tensor): Tensor {
    return A.relu6(input)
  }
}
/** 1 / (1 + exp(-x)). Source: `torch.nn.Sigmoid`. */
export class Sigmoid extends Layer {
  forward(input: Tensor): Tensor {
    return input.sigmoid()
  }
}
/** tanh(x). Source: `torch.nn.Tanh`. */
export class Tanh extends Layer {
  forward(input: Tensor): Tensor {
    return input.tanh()
  }
}
/** x where positive, else negativeSlope * x. Source: `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Layer {
  readonly negativeSlope: number
  constructor(negativeSlope = 0.01) {
    super()
    this.negativeSlope = negativeSlope
  }
  forward(input: Tensor): Tensor {
    return A.leakyRelu(input, this.negativeSlope)
  }
  override extraRepr(): string {
    return `negative_slope=${pythonFloat(this.negativeSlope)}`
  }
}
/** x where positive, else alpha * (exp(x) - 1). Source: `torch.nn.ELU`. */
export class ELU extends Layer {
  readonly alpha: number
  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }
  forward(input: Tensor): Tensor {
    return A.elu(input, this.alpha)
  }
  override extraRepr(): string {
    return `alpha=${pythonFloat(this.alpha)}`
  }
}
/** x * Phi(x), the Gaussian distribution function; `approximate: 'tanh'` for the usual formula. Source: `torch.nn.GELU`. */
export class GELU extends Layer {
  readonly approximate: 'none' | 'tanh'
  constructor({ approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}) {
    super()
    this.approximate = approximate
  }
  forward(input: Tensor): Tensor {
    return A.gelu(input, { approximate: this.approximate })
  }
  override extraRepr(): string {
    return `approximate='${this.approximate}'`
  }
}
/** x * sigmoid(x). Source: `torch.nn.SiLU`. */
export class SiLU extends Layer {
  forward(input: Tensor): Tensor {
    return A.silu(input)
  }
}
/** log(1 + exp(beta * x)) / beta, x itself above `threshold`. Source: `torch.nn.Softplus`. */
export class Softplus extends Layer {
  readonly beta: number
  readonly threshold: number
  constructor(beta = 1, threshold = 20) {
    super()
    this.beta = beta
    this.threshold = threshold
  }
  forward(input: Tensor): Tensor {
    return A.softplus(input, { beta: this.beta, threshold: this.threshold })
  }
  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`
  }
}
/** exp(x) normalised over `dim`. Source: `torch.nn.Softmax`. */
export class Softmax extends Layer {
  readonly dim: number
  constructor(dim: number) {
    super()
    this.dim = dim
  }
  forward(input: Tensor): Tensor {
    return softmax(input, this.dim)
  }
  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}
/** log(softmax(x)) over `dim`. Source: `torch.nn.LogSoftmax`. */
export class LogSoftmax extends Layer {
  readonly dim: number
  constructor(dim: number) {
    super()
    this.dim = dim
  }
  forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim)
  }
  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}
