// Activation layers: each is one function of `ops/activation`, with its options.
import * as A from '../ops/activation.ts'
import { Tensor } from '../tensor/tensor.ts'
import { constant_ } from './init.ts'
import { Layer, pythonFloat, pythonNumber } from './layer.ts'
import { Parameter } from './parameter.ts'

export interface InplaceOptions {
  /** Write the result into the input. Default false. */
  inplace?: boolean
}
/** An option as the only argument, or among named options. */
export type OneOption<Name extends string, More = object> = number | ({ readonly [N in Name]?: number } & More)

const chosen = <Name extends string>(option: OneOption<Name>, name: Name, normal: number): number =>
  typeof option === 'number' ? option : (option[name] ?? normal)
const inplaceOf = (options: OneOption<never, InplaceOptions>): boolean =>
  typeof options === 'object' && options.inplace === true

/** Base of the activations that can write into their input. */
abstract class Activation extends Layer {
  readonly inplace: boolean
  constructor(options: OneOption<never, InplaceOptions> = {}) {
    super()
    this.inplace = inplaceOf(options)
  }
  /** What is printed before `inplace=True`. */
  protected parts(): string[] {
    return []
  }
  override extraRepr(): string {
    return [...this.parts(), ...(this.inplace ? ['inplace=True'] : [])].join(', ')
  }
}

/** max(x, 0). Source: `torch.nn.ReLU`. */
export class ReLU extends Activation {
  forward(input: Tensor): Tensor {
    return A.relu(input, this)
  }
}
/** min(max(x, 0), 6). Source: `torch.nn.ReLU6`. */
export class ReLU6 extends Activation {
  forward(input: Tensor): Tensor {
    return A.relu6(input, this)
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
/** x * sigmoid(x). Source: `torch.nn.SiLU`. */
export class SiLU extends Activation {
  forward(input: Tensor): Tensor {
    return A.silu(input, this)
  }
}
/** x * tanh(softplus(x)). Misra 2019. Source: `torch.nn.Mish`. */
export class Mish extends Activation {
  forward(input: Tensor): Tensor {
    return A.mish(input, this)
  }
}
/** ELU scaled so that mean 0 and variance 1 persist. Klambauer et al. 2017. Source: `torch.nn.SELU`. */
export class SELU extends Activation {
  forward(input: Tensor): Tensor {
    return A.selu(input, this)
  }
}
/** x / (1 + |x|). Source: `torch.nn.Softsign`. */
export class Softsign extends Layer {
  forward(input: Tensor): Tensor {
    return A.softsign(input)
  }
}
/** x - tanh(x). Source: `torch.nn.Tanhshrink`. */
export class Tanhshrink extends Layer {
  forward(input: Tensor): Tensor {
    return A.tanhshrink(input)
  }
}
/** log(sigmoid(x)). Source: `torch.nn.LogSigmoid`. */
export class LogSigmoid extends Layer {
  forward(input: Tensor): Tensor {
    return A.logsigmoid(input)
  }
}
/** relu6(x + 3) / 6. Source: `torch.nn.Hardsigmoid`. */
export class Hardsigmoid extends Activation {
  override extraRepr(): string {
    return ''
  }
  forward(input: Tensor): Tensor {
    return A.hardsigmoid(input, this)
  }
}
/** x * relu6(x + 3) / 6. Source: `torch.nn.Hardswish`. */
export class Hardswish extends Activation {
  override extraRepr(): string {
    return ''
  }
  forward(input: Tensor): Tensor {
    return A.hardswish(input, this)
  }
}
/** x where positive, else negativeSlope * x. Source: `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Activation {
  readonly negativeSlope: number
  constructor(negativeSlope: OneOption<'negativeSlope', InplaceOptions> = {}) {
    super(negativeSlope)
    this.negativeSlope = chosen(negativeSlope, 'negativeSlope', 0.01)
  }
  forward(input: Tensor): Tensor {
    return A.leakyRelu(input, this)
  }
  protected override parts(): string[] {
    return [`negative_slope=${pythonFloat(this.negativeSlope)}`]
  }
}
/** x where positive, else alpha * (exp(x) - 1). Source: `torch.nn.ELU`. */
export class ELU extends Activation {
  readonly alpha: number
  constructor(alpha: OneOption<'alpha', InplaceOptions> = {}) {
    super(alpha)
    this.alpha = chosen(alpha, 'alpha', 1)
  }
  forward(input: Tensor): Tensor {
    return A.elu(input, this)
  }
  protected override parts(): string[] {
    return [`alpha=${pythonFloat(this.alpha)}`]
  }
}
/** x where positive, else alpha * (exp(x / alpha) - 1). Source: `torch.nn.CELU`. */
export class CELU extends Activation {
  readonly alpha: number
  constructor(alpha: OneOption<'alpha', InplaceOptions> = {}) {
    super(alpha)
    this.alpha = chosen(alpha, 'alpha', 1)
  }
  forward(input: Tensor): Tensor {
    return A.celu(input, this)
  }
  protected override parts(): string[] {
    return [`alpha=${pythonFloat(this.alpha)}`]
  }
}
/** 0 where |x| <= lambd, else x. Source: `torch.nn.Hardshrink`. */
export class Hardshrink extends Layer {
  readonly lambd: number
  constructor(lambd: OneOption<'lambd'> = {}) {
    super()
    this.lambd = chosen(lambd, 'lambd', 0.5)
  }
  forward(input: Tensor): Tensor {
    return A.hardshrink(input, this)
  }
  override extraRepr(): string {
    return pythonNumber(this.lambd)
  }
}
/** x moved towards 0 by lambd. Source: `torch.nn.Softshrink`. */
export class Softshrink extends Layer {
  readonly lambd: number
  constructor(lambd: OneOption<'lambd'> = {}) {
    super()
    this.lambd = chosen(lambd, 'lambd', 0.5)
  }
  forward(input: Tensor): Tensor {
    return A.softshrink(input, this)
  }
  override extraRepr(): string {
    return pythonNumber(this.lambd)
  }
}
/** The first half along `dim` times the sigmoid of the second. Source: `torch.nn.GLU`. */
export class GLU extends Layer {
  readonly dim: number
  constructor(dim: OneOption<'dim'> = {}) {
    super()
    this.dim = chosen(dim, 'dim', -1)
  }
  forward(input: Tensor): Tensor {
    return A.glu(input, this.dim)
  }
  override extraRepr(): string {
    return `dim=${this.dim}`
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
    return A.gelu(input, this)
  }
  override extraRepr(): string {
    return `approximate='${this.approximate}'`
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
    return A.softplus(input, this)
  }
  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`
  }
}
/** x kept between minVal and maxVal. Source: `torch.nn.Hardtanh`. */
export class Hardtanh extends Activation {
  readonly minVal: number
  readonly maxVal: number
  constructor(minVal = -1, maxVal = 1, options: InplaceOptions = {}) {
    super(options)
    this.minVal = minVal
    this.maxVal = maxVal
  }
  forward(input: Tensor): Tensor {
    return A.hardtanh(input, this)
  }
  protected override parts(): string[] {
    return [`min_val=${pythonFloat(this.minVal)}, max_val=${pythonFloat(this.maxVal)}`]
  }
}
/** x where it exceeds `threshold`, else `value`. Source: `torch.nn.Threshold`. */
export class Threshold extends Activation {
  readonly threshold: number
  readonly value: number
  constructor(threshold: number, value: number, options: InplaceOptions = {}) {
    super(options)
    this.threshold = threshold
    this.value = value
  }
  forward(input: Tensor): Tensor {
    return A.threshold(input, this.threshold, this.value, this)
  }
  protected override parts(): string[] {
    return [`threshold=${this.threshold}, value=${this.value}`]
  }
}
/** Leaky ReLU with random slopes between lower and upper while training, their mean after `eval()`. Source: `torch.nn.RReLU`. */
export class RReLU extends Activation {
  readonly lower: number
  readonly upper: number
  constructor(lower = 1 / 8, upper = 1 / 3, options: InplaceOptions = {}) {
    super(options)
    this.lower = lower
    this.upper = upper
  }
  forward(input: Tensor): Tensor {
    const { lower, upper, training, inplace } = this
    return A.rrelu(input, { lower, upper, training, inplace })
  }
  protected override parts(): string[] {
    return [`lower=${this.lower}, upper=${this.upper}`]
  }
}
/** x where positive, else weight * x, with a learned weight, or one for each channel. Source: `torch.nn.PReLU`. */
export class PReLU extends Layer {
  readonly numParameters: number
  weight: Parameter
  constructor(numParameters = 1, { init = 0.25 }: { init?: number } = {}) {
    super()
    this.numParameters = numParameters
    this.weight = new Parameter(constant_(Tensor.empty([numParameters]), init))
  }
  forward(input: Tensor): Tensor {
    return A.prelu(input, this.weight)
  }
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`
  }
}
