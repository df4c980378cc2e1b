// Functions of one tensor, element by element: one row each, with an in-place form. Integers give float32 where the values are real.
import { type DType, isFloating } from '../base/dtype.ts'
import { DTypeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { g, type PointwiseRow, pointwise, pointwiseInPlace, y } from './pointwise.ts'

const x = E.input(0)
const scale = E.scalar(0)
/** Times the gradient that arrives. */
const times = (factor: E.ExprLike): E.Expr[] => [E.mul(g, factor)]
const none = [E.constant(0)]
const piX = E.mul(Math.PI, x)

// Gradients that use `y` are PyTorch's that use the result; the others follow from the expression.
const rows = {
  neg: { name: 'Neg', expr: E.neg(x) },
  abs: { name: 'Abs', expr: E.abs(x), notBool: true },
  sign: { name: 'Sign', expr: E.sign(x), grad: none },
  sgn: { name: 'Sgn', expr: E.sign(x), grad: none },
  square: { name: 'Pow', expr: E.mul(x, x), grad: times(E.mul(2, x)), notBool: true },
  sqrt: { name: 'Sqrt', expr: E.sqrt(x), dtype: 'float', grad: [E.div(g, E.mul(2, y))] },
  rsqrt: { name: 'Rsqrt', expr: E.div(1, E.sqrt(x)), dtype: 'float', grad: times(E.mul(-0.5, E.mul(y, E.mul(y, y)))) },
  reciprocal: { name: 'Reciprocal', expr: E.div(1, x), dtype: 'float', grad: times(E.neg(E.mul(y, y))) },
  exp: { name: 'Exp', expr: E.exp(x), dtype: 'float', grad: times(y) },
  exp2: { name: 'Exp2', expr: E.exp2(x), dtype: 'float', grad: times(E.mul(y, Math.LN2)) },
  expm1: { name: 'Expm1', expr: E.expm1(x), dtype: 'float', grad: times(E.add(y, 1)) },
  log: { name: 'Log', expr: E.log(x), dtype: 'float', grad: [E.div(g, x)] },
  log2: { name: 'Log2', expr: E.log2(x), dtype: 'float', grad: [E.div(g, E.mul(x, Math.LN2))] },
  log10: { name: 'Log10', expr: E.log10(x), dtype: 'float', grad: [E.div(g, E.mul(x, Math.LN10))] },
  log1p: { name: 'Log1P', expr: E.log1p(x), dtype: 'float', grad: [E.div(g, E.add(x, 1))] },
  sin: { name: 'Sin', expr: E.sin(x), dtype: 'float' },
  cos: { name: 'Cos', expr: E.cos(x), dtype: 'float' },
  tan: { name: 'Tan', expr: E.tan(x), dtype: 'float', grad: times(E.add(1, E.mul(y, y))) },
  asin: { name: 'Asin', expr: E.asin(x), dtype: 'float' },
  acos: { name: 'Acos', expr: E.acos(x), dtype: 'float' },
  atan: { name: 'Atan', expr: E.atan(x), dtype: 'float' },
  sinh: { name: 'Sinh', expr: E.sinh(x), dtype: 'float' },
  cosh: { name: 'Cosh', expr: E.cosh(x), dtype: 'float' },
  tanh: { name: 'Tanh', expr: E.tanh(x), dtype: 'float', grad: times(E.sub(1, E.mul(y, y))) },
  asinh: { name: 'Asinh', expr: E.asinh(x), dtype: 'float' },
  acosh: { name: 'Acosh', expr: E.acosh(x), dtype: 'float' },
  atanh: { name: 'Atanh', expr: E.atanh(x), dtype: 'float' },
  sigmoid: { name: 'Sigmoid', expr: E.sigmoid(x), dtype: 'float', grad: times(E.mul(y, E.sub(1, y))) },
  erf: { name: 'Erf', expr: E.erf(x), dtype: 'float' },
  erfc: { name: 'Erfc', expr: E.erfc(x), dtype: 'float' },
  erfinv: { name: 'Erfinv', expr: E.erfinv(x), dtype: 'float' },
  lgamma: { name: 'Lgamma', expr: E.lgamma(x), dtype: 'float' },
  digamma: { name: 'Digamma', expr: E.digamma(x), dtype: 'float' },
  floor: { name: 'Floor', expr: E.floor(x), grad: none, notBool: true },
  ceil: { name: 'Ceil', expr: E.ceil(x), grad: none, notBool: true },
  trunc: { name: 'Trunc', expr: E.trunc(x), grad: none, notBool: true },
  frac: { name: 'Frac', expr: E.sub(x, E.trunc(x)), grad: [g] },
  deg2rad: { name: 'Deg2Rad', expr: E.mul(x, Math.PI / 180), dtype: 'float' },
  rad2deg: { name: 'Rad2Deg', expr: E.mul(x, 180 / Math.PI), dtype: 'float' },
  sinc: {
    name: 'Sinc',
    expr: E.where(E.eq(x, 0), 1, E.div(E.sin(piX), piX)),
    dtype: 'float',
    grad: times(E.where(E.eq(x, 0), 0, E.div(E.sub(E.mul(piX, E.cos(piX)), E.sin(piX)), E.mul(piX, x)))),
  },
} satisfies Record<string, PointwiseRow>

type Name = keyof typeof rows
type Unary = (x: Tensor) => Tensor

/** Dtypes for which PyTorch has no such function. */
const refused: { readonly [K in Name]?: { readonly dtypes: readonly DType[]; readonly help?: string } } = {
  neg: { dtypes: ['bool'], help: 'use logicalNot.' },
  frac: { dtypes: ['bool', 'uint8', 'int32', 'int64'] },
}
function check(name: Name, x: Tensor): void {
  const found = refused[name]
  if (found?.dtypes.includes(x.dtype)) throw new DTypeError(`${name}: not defined for ${x.dtype}`, found.help)
}

const unary =
  (name: Name): Unary =>
  (x) => {
    if (name in refused) check(name, x)
    return pointwise(rows[name], [x])
  }

/** `-x`. */
export const neg: Unary = unary('neg')
/** `|x|`. */
export const abs: Unary = unary('abs')
/** -1, 0 or 1; its gradient is 0. */
export const sign: Unary = unary('sign')
/** `sign`. */
export const sgn: Unary = unary('sgn')
/** `x * x`; int64 for bool. */
export function square(x: Tensor): Tensor {
  return pointwise(rows.square, [x.dtype === 'bool' ? x.long() : x])
}
/** Square root: NaN below 0. */
export const sqrt: Unary = unary('sqrt')
/** `1 / sqrt(x)`. */
export const rsqrt: Unary = unary('rsqrt')
/** `1 / x`. */
export const reciprocal: Unary = unary('reciprocal')
/** `e ** x`. */
export const exp: Unary = unary('exp')
/** `2 ** x`. */
export const exp2: Unary = unary('exp2')
/** `exp(x) - 1`, exact near 0. */
export const expm1: Unary = unary('expm1')
/** Natural logarithm. */
export const log: Unary = unary('log')
/** Logarithm to base 2. */
export const log2: Unary = unary('log2')
/** Logarithm to base 10. */
export const log10: Unary = unary('log10')
/** `log(1 + x)`, exact near 0. */
export const log1p: Unary = unary('log1p')
/** Sine of radians, as all angles here. */
export const sin: Unary = unary('sin')
/** Cosine. */
export const cos: Unary = unary('cos')
/** Tangent. */
export const tan: Unary = unary('tan')
/** Inverse of `sin` on [-1, 1], from -pi / 2 to pi / 2; NaN elsewhere. */
export const asin: Unary = unary('asin')
/** Inverse of `cos` on [-1, 1], from 0 to pi; NaN elsewhere. */
export const acos: Unary = unary('acos')
/** Inverse of `tan`, from -pi / 2 to pi / 2. */
export const atan: Unary = unary('atan')
/** `(exp(x) - exp(-x)) / 2`. */
export const sinh: Unary = unary('sinh')
/** `(exp(x) + exp(-x)) / 2`. */
export const cosh: Unary = unary('cosh')
/** `sinh(x) / cosh(x)`, from -1 to 1. */
export const tanh: Unary = unary('tanh')
/** Inverse of `sinh`. */
export const asinh: Unary = unary('asinh')
/** Inverse of `cosh` on [1, infinity); NaN below 1. */
export const acosh: Unary = unary('acosh')
/** Inverse of `tanh` on [-1, 1]; NaN elsewhere. */
export const atanh: Unary = unary('atanh')
/** `1 / (1 + exp(-x))`. */
export const sigmoid: Unary = unary('sigmoid')
/** The error function. */
export const erf: Unary = unary('erf')
/** `1 - erf(x)`. */
export const erfc: Unary = unary('erfc')
/** The inverse of `erf` on (-1, 1). */
export const erfinv: Unary = unary('erfinv')
/** Logarithm of the absolute value of the gamma function. */
export const lgamma: Unary = unary('lgamma')
/** Derivative of `lgamma`. Its own gradient can be taken once. */
export const digamma: Unary = unary('digamma')
/** Rounded down. */
export const floor: Unary = unary('floor')
/** Rounded up. */
export const ceil: Unary = unary('ceil')
/** Rounded towards zero. */
export const trunc: Unary = unary('trunc')
/** `x - trunc(x)`. */
export const frac: Unary = unary('frac')
/** Degrees to radians. */
export const deg2rad: Unary = unary('deg2rad')
/** Radians to degrees. */
export const rad2deg: Unary = unary('rad2deg')
/** `sin(pi x) / (pi x)`, 1 at 0. */
export const sinc: Unary = unary('sinc')

const rounding = {
  whole: { name: 'Round', expr: E.round(x), grad: none, notBool: true },
  /** To `decimals` digits after the point: the scale is 10 ** decimals. */
  after: { name: 'Round', expr: E.div(E.round(E.mul(x, scale)), scale), grad: none },
  /** To whole tens, hundreds, ...: the scale is 10 ** -decimals. */
  before: { name: 'Round', expr: E.mul(E.round(E.div(x, scale)), scale), grad: none },
} satisfies Record<string, PointwiseRow>

export interface RoundOptions {
  /** Digits after the point that stay; negative: that many digits before it become 0. Default 0. */
  decimals?: number
}
const roundingRow = (decimals: number): [PointwiseRow, number[]] =>
  decimals === 0 ? [rounding.whole, []] : [decimals > 0 ? rounding.after : rounding.before, [10 ** Math.abs(decimals)]]

/** To the nearest whole number, ties to the even one. Source: `torch.round`. */
export function round(x: Tensor, { decimals = 0 }: RoundOptions = {}): Tensor {
  const [row, scalars] = roundingRow(decimals)
  return pointwise(row, [x], scalars)
}
/** `round` into `x`. */
export function round_(x: Tensor, { decimals = 0 }: RoundOptions = {}): Tensor {
  const [row, scalars] = roundingRow(decimals)
  return pointwiseInPlace(row, [x], scalars)
}

/** `x` itself. Throws DTypeError for bool. Source: `torch.positive`. */
export function positive(x: Tensor): Tensor {
  if (x.dtype === 'bool') throw new DTypeError('positive: not defined for bool')
  return x
}

const eps = E.scalar(0)
const clipped = E.min(E.max(x, eps), E.sub(1, eps))
const logitRows = {
  plain: {
    name: 'Logit',
    expr: E.log(E.div(x, E.sub(1, x))),
    dtype: 'float',
    grad: [E.where(E.or(E.lt(x, 0), E.gt(x, 1)), Number.NaN, E.div(g, E.mul(x, E.sub(1, x))))],
  },
  clipped: {
    name: 'Logit',
    expr: E.log(E.div(clipped, E.sub(1, clipped))),
    dtype: 'float',
    grad: [E.where(E.or(E.lt(x, eps), E.gt(x, E.sub(1, eps))), 0, E.div(g, E.mul(x, E.sub(1, x))))],
  },
} satisfies Record<string, PointwiseRow>

/** `log(x / (1 - x))`, the inverse of sigmoid; with `eps`, x is first clamped to [eps, 1 - eps]. Source: `torch.logit`. */
export function logit(x: Tensor, { eps }: { eps?: number | null } = {}): Tensor {
  return eps === undefined || eps === null ? pointwise(logitRows.plain, [x]) : pointwise(logitRows.clipped, [x], [eps])
}

/** The largest finite number of a dtype. */
const largest: { readonly [D in DType]: number } = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
  int64: 0,
  int32: 0,
  uint8: 0,
  bool: 0,
}
const finiteRow: PointwiseRow = {
  name: 'NanToNum',
  expr: E.where(
    E.isNaN(x),
    E.scalar(0),
    E.where(E.eq(x, Infinity), E.scalar(1), E.where(E.eq(x, -Infinity), E.scalar(2), x)),
  ),
  grad: [E.where(E.lt(E.abs(x), Infinity), g, 0)],
}

/** NaN becomes `nan` (0), infinities `posinf` and `neginf` (the largest and smallest numbers of the dtype). Source: `torch.nan_to_num`. */
export function nanToNum(
  x: Tensor,
  options: { nan?: number | null; posinf?: number | null; neginf?: number | null } = {},
): Tensor {
  if (!isFloating(x.dtype)) return x.clone()
  const { nan, posinf, neginf } = options
  return pointwise(finiteRow, [x], [nan ?? 0, posinf ?? largest[x.dtype], neginf ?? -largest[x.dtype]])
}

/** Another name of `abs`. */
export const absolute: Unary = abs
/** Another name of `neg`. */
export const negative: Unary = neg
/** Another name of `trunc`. */
export const fix: Unary = trunc
/** Another name of `asin`. */
export const arcsin: Unary = asin
/** Another name of `acos`. */
export const arccos: Unary = acos
/** Another name of `atan`. */
export const arctan: Unary = atan
/** Another name of `asinh`. */
export const arcsinh: Unary = asinh
/** Another name of `acosh`. */
export const arccosh: Unary = acosh
/** Another name of `atanh`. */
export const arctanh: Unary = atanh

/** `sin_` and its kind: written into the tensor. */
export const inPlace = Object.fromEntries(
  (Object.keys(rows) as Name[]).map((name) => [
    `${name}_`,
    (x: Tensor): Tensor => {
      check(name, x)
      return pointwiseInPlace(rows[name], [x])
    },
  ]),
) as { [K in Name as `${K}_`]: Unary }

export const methods = {
  neg,
  abs,
  sign,
  sgn,
  square,
  sqrt,
  rsqrt,
  reciprocal,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  sigmoid,
  erf,
  erfc,
  erfinv,
  lgamma,
  digamma,
  floor,
  ceil,
  trunc,
  frac,
  deg2rad,
  rad2deg,
  sinc,
  round,
  round_,
  positive,
  logit,
  nanToNum,
  absolute,
  negative,
  fix,
  arcsin,
  arccos,
  arctan,
  arcsinh,
  arccosh,
  arctanh,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods>, Methods<typeof inPlace> {}
}
