// Activation functions: one row each; options are run-time numbers, so that changing them compiles nothing. Those that tensors have as methods are in
// `rectifiers.ts`.
import { isFloating } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Generator } from '../base/random.ts'
import { formatShape, normalizeDim } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { g, type PointwiseRow, pointwise, pointwiseInPlace } from './pointwise.ts'
import { defaultGenerator } from './random.ts'
import type { InplaceOptions } from './rectifiers.ts'
import { narrow } from './slice.ts'
import { fromTypedArray } from './tensorOf.ts'

export { hardshrink, type InplaceOptions, prelu, relu, relu_ } from './rectifiers.ts'

const x = E.input(0)
const [p, q] = [E.scalar(0), E.scalar(1)]

const times = (factor: E.ExprLike): E.Expr => E.mul(g, factor)
const gaussian = E.mul(0.5, E.add(1, E.erf(E.mul(x, Math.SQRT1_2))))
const density = E.mul(1 / Math.sqrt(2 * Math.PI), E.exp(E.mul(-0.5, E.mul(x, x))))
const gaussianGuess = E.tanh(E.mul(Math.sqrt(2 / Math.PI), E.add(x, E.mul(0.044715, E.mul(x, E.mul(x, x))))))
const softened = E.tanh(E.log1p(E.exp(x)))
const expAbs = E.exp(E.neg(E.abs(x)))
const outside = (low: E.ExprLike, high: E.ExprLike): E.Expr => E.or(E.le(x, low), E.ge(x, high))
const shrunk = E.and(E.ge(x, E.neg(p)), E.le(x, p))
const ramp = E.min(E.max(E.add(x, 3), 0), 6)
const expBeta = E.exp(E.mul(x, p))
/** alpha * (exp(inner) - 1) where x is negative, else x; both scaled: ELU and its kin. */
const eluRow = (alpha: E.ExprLike, scale: E.ExprLike, inner: E.Expr): PointwiseRow => ({
  name: 'Elu',
  expr: E.where(E.le(x, 0), E.mul(E.mul(alpha, scale), E.expm1(inner)), E.mul(x, scale)),
})
const seluScale = 1.0507009873554805

const rows = {
  relu6: { name: 'Hardtanh', expr: E.min(E.max(x, 0), 6), grad: [E.where(outside(0, 6), 0, g)] },
  leakyRelu: { name: 'LeakyRelu', expr: E.where(E.gt(x, 0), x, E.mul(x, p)), grad: [E.where(E.gt(x, 0), g, times(p))] },
  elu: { ...eluRow(p, 1, x), grad: [E.where(E.le(x, 0), times(E.mul(p, E.exp(x))), g)] },
  selu: {
    ...eluRow(1.6732632423543772, seluScale, x),
    grad: [E.where(E.le(x, 0), times(E.mul(1.6732632423543772 * seluScale, E.exp(x))), times(seluScale))],
  },
  celu: { ...eluRow(p, 1, E.div(x, p)), grad: [E.where(E.le(x, 0), times(E.exp(E.div(x, p))), g)] },
  gelu: { name: 'Gelu', expr: E.mul(x, gaussian), grad: [times(E.add(gaussian, E.mul(x, density)))] },
  geluTanh: { name: 'Gelu', expr: E.mul(E.mul(0.5, x), E.add(1, gaussianGuess)) },
  silu: {
    name: 'Silu',
    expr: E.mul(x, E.sigmoid(x)),
    grad: [times(E.mul(E.sigmoid(x), E.add(1, E.mul(x, E.sub(1, E.sigmoid(x))))))],
  },
  mish: {
    name: 'Mish',
    expr: E.mul(x, softened),
    grad: [times(E.add(softened, E.mul(x, E.mul(E.sigmoid(x), E.sub(1, E.mul(softened, softened))))))],
  },
  softplus: {
    name: 'Softplus',
    expr: E.where(E.gt(E.mul(x, p), q), x, E.div(E.log1p(expBeta), p)),
    grad: [E.where(E.gt(E.mul(x, p), q), g, times(E.div(expBeta, E.add(expBeta, 1))))],
  },
  softsign: {
    name: 'Softsign',
    expr: E.div(x, E.add(1, E.abs(x))),
    grad: [E.div(g, E.mul(E.add(1, E.abs(x)), E.add(1, E.abs(x))))],
  },
  tanhshrink: { name: 'Tanhshrink', expr: E.sub(x, E.tanh(x)), grad: [times(E.mul(E.tanh(x), E.tanh(x)))] },
  softshrink: {
    name: 'Softshrink',
    expr: E.where(E.gt(x, p), E.sub(x, p), E.where(E.lt(x, E.neg(p)), E.add(x, p), E.where(E.isNaN(x), x, 0))),
    grad: [E.where(shrunk, 0, g)],
  },
  hardtanh: { name: 'Hardtanh', expr: E.min(E.max(x, p), q), grad: [E.where(outside(p, q), 0, g)] },
  hardsigmoid: { name: 'Hardsigmoid', expr: E.div(ramp, 6), grad: [E.where(outside(-3, 3), 0, E.div(g, 6))] },
  hardswish: {
    name: 'Hardswish',
    expr: E.div(E.mul(x, ramp), 6),
    grad: [E.where(E.lt(x, -3), 0, E.where(E.le(x, 3), times(E.add(E.div(x, 3), 0.5)), g))],
  },
  threshold: { name: 'Threshold', expr: E.where(E.le(x, p), q, x), grad: [E.where(E.le(x, p), 0, g)] },
  logsigmoid: {
    name: 'LogSigmoid',
    expr: E.sub(E.min(x, 0), E.log1p(expAbs)),
    grad: [times(E.div(E.where(E.lt(x, 0), 1, expAbs), E.add(1, expAbs)))],
  },
} satisfies Record<string, PointwiseRow>

const real = new Set<keyof typeof rows>(['relu6', 'hardtanh', 'threshold'])

/** Integers are lifted to float32 where the values are real. */
function activate(
  name: keyof typeof rows,
  x: Tensor,
  scalars: readonly number[],
  { inplace = false }: InplaceOptions,
): Tensor {
  if (inplace) return pointwiseInPlace(rows[name], [x], scalars)
  return pointwise(rows[name], [isFloating(x.dtype) || real.has(name) ? x : x.float()], scalars)
}

/** min(max(x, 0), 6). Source: `torch.nn.functional.relu6`. */
export function relu6(x: Tensor, options: InplaceOptions = {}): Tensor {
  return activate('relu6', x, [], options)
}

/** The one parameter of a function, as a number or by name. */
type OrOptions<O> = number | (O & InplaceOptions)
const named = <K extends string>(
  given: OrOptions<{ [N in K]?: number }>,
  name: K,
  otherwise: number,
): { value: number; options: InplaceOptions } =>
  typeof given === 'number' ? { value: given, options: {} } : { value: given[name] ?? otherwise, options: given }

/** x where positive, else negativeSlope (0.01) * x. Source: `torch.nn.functional.leaky_relu`. */
export function leakyRelu(x: Tensor, negativeSlope: OrOptions<{ negativeSlope?: number }> = {}): Tensor {
  const { value, options } = named(negativeSlope, 'negativeSlope', 0.01)
  return activate('leakyRelu', x, [value], options)
}
/** `leakyRelu` into `x`. */
export function leakyRelu_(x: Tensor, negativeSlope = 0.01): Tensor {
  return leakyRelu(x, { negativeSlope, inplace: true })
}
/** x where positive, else alpha (1) * (exp(x) - 1). Source: `torch.nn.functional.elu`. */
export function elu(x: Tensor, alpha: OrOptions<{ alpha?: number }> = {}): Tensor {
  const { value, options } = named(alpha, 'alpha', 1)
  return activate('elu', x, [value], options)
}
/** `elu` into `x`. */
export function elu_(x: Tensor, alpha = 1): Tensor {
  return elu(x, { alpha, inplace: true })
}
/** ELU scaled so that mean 0 and variance 1 stay. Source: `torch.nn.functional.selu`. */
export function selu(x: Tensor, options: InplaceOptions = {}): Tensor {
  return activate('selu', x, [], options)
}
/** x where positive, else alpha (1) * (exp(x / alpha) - 1). Source: `torch.nn.functional.celu`. */
export function celu(x: Tensor, alpha: OrOptions<{ alpha?: number }> = {}): Tensor {
  const { value, options } = named(alpha, 'alpha', 1)
  return activate('celu', x, [value], options)
}
/** x times the normal distribution function of x; `approximate: 'tanh'` for the formula with tanh. Source: `torch.nn.functional.gelu`. */
export function gelu(x: Tensor, { approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  if (approximate !== 'none' && approximate !== 'tanh')
    throw new ValueError(`gelu: approximate must be 'none' or 'tanh', got '${approximate}'`)
  return activate(approximate === 'tanh' ? 'geluTanh' : 'gelu', x, [], {})
}
/** x * sigmoid(x). Source: `torch.nn.functional.silu`. */
export function silu(x: Tensor, options: InplaceOptions = {}): Tensor {
  return activate('silu', x, [], options)
}
/** x * tanh(softplus(x)). Source: `torch.nn.functional.mish`. */
export function mish(x: Tensor, options: InplaceOptions = {}): Tensor {
  return activate('mish', x, [], options)
}
/** log(1 + exp(beta * x)) / beta; x itself where beta * x exceeds `threshold`. Source: `torch.nn.functional.softplus`. */
export function softplus(x: Tensor, { beta = 1, threshold = 20 }: { beta?: number; threshold?: number } = {}): Tensor {
  return activate('softplus', x, [beta, threshold], {})
}
/** x / (1 + |x|). Source: `torch.nn.functional.softsign`. */
export function softsign(x: Tensor): Tensor {
  return activate('softsign', x, [], {})
}
/** x - tanh(x). Source: `torch.nn.functional.tanhshrink`. */
export function tanhshrink(x: Tensor): Tensor {
  return activate('tanhshrink', x, [], {})
}
/** x moved towards 0 by lambd, 0 where |x| <= lambd. Throws ValueError for a negative lambd. Source: `torch.nn.functional.softshrink`. */
export function softshrink(x: Tensor, { lambd = 0.5 }: { lambd?: number } = {}): Tensor {
  if (!(lambd >= 0)) throw new ValueError(`softshrink: lambd must be >= 0, got ${lambd}`)
  return activate('softshrink', x, [lambd], {})
}
/** x kept between minVal and maxVal. Source: `torch.nn.functional.hardtanh`. */
export function hardtanh(
  x: Tensor,
  { minVal = -1, maxVal = 1, ...options }: InplaceOptions & { minVal?: number; maxVal?: number } = {},
): Tensor {
  return activate('hardtanh', x, [minVal, maxVal], options)
}
/** relu6(x + 3) / 6. Source: `torch.nn.functional.hardsigmoid`. */
export function hardsigmoid(x: Tensor, options: InplaceOptions = {}): Tensor {
  return activate('hardsigmoid', x, [], options)
}
/** x * relu6(x + 3) / 6. Source: `torch.nn.functional.hardswish`. */
export function hardswish(x: Tensor, options: InplaceOptions = {}): Tensor {
  return activate('hardswish', x, [], options)
}
/** x where it exceeds `threshold`, else `value`. Source: `torch.nn.functional.threshold`. */
export function threshold(x: Tensor, threshold: number, value: number, options: InplaceOptions = {}): Tensor {
  return activate('threshold', x, [threshold, value], options)
}
/** log(sigmoid(x)). Source: `torch.nn.functional.logsigmoid`. */
export function logsigmoid(x: Tensor): Tensor {
  return activate('logsigmoid', x, [], {})
}

/** The first half along `dim` times the sigmoid of the second. Throws ShapeError where the size is odd. Source: `torch.nn.functional.glu`. */
export function glu(x: Tensor, dim = -1): Tensor {
  const d = normalizeDim('glu', dim, x.ndim)
  const size = x.shape[d] ?? 1
  if (size % 2 !== 0)
    throw new ShapeError(`glu: the size along dimension ${dim} must be even: ${size} in ${formatShape(x.shape)}`)
  return narrow(x, d, 0, size / 2).mul(narrow(x, d, size / 2, size / 2).sigmoid())
}

export interface RreluOptions extends InplaceOptions {
  /** Default 1 / 8. */
  lower?: number
  /** Default 1 / 3. */
  upper?: number
  /** Draw a slope for every negative element; else the slope is the mean of both. Default false. */
  training?: boolean
  /** Source of the random numbers. Default `defaultGenerator`. */
  generator?: Generator
}
/** Leaky ReLU with random slopes between lower and upper while training. Source: `torch.nn.functional.rrelu`. */
export function rrelu(
  x: Tensor,
  { lower = 1 / 8, upper = 1 / 3, training = false, inplace = false, generator = defaultGenerator }: RreluOptions = {},
): Tensor {
  if (!training) return leakyRelu(x, { negativeSlope: (lower + upper) / 2, inplace })
  // The bounds are numbers of the tensor's dtype, the slope between them is drawn in double precision.
  const [low, high] = x.dtype === 'float64' ? [lower, upper] : [Math.fround(lower), Math.fround(upper)]
  const slopes = Float64Array.from(x.numbers(), (value) =>
    value <= 0 ? generator.uniform53() * (high - low) + low : 1,
  )
  const factors = fromTypedArray(slopes, x.shape, { dtype: x.dtype, device: x.device })
  return inplace ? x.mul_(factors) : x.mul(factors)
}
