// Mathematical functions of two tensors: powers, angles, logarithms of sums, larger and smaller.
import { isFloating, resultType } from '../base/dtype.ts'
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { Tensor } from '../tensor/tensor.ts'
import { mul, mul_ } from './arithmetic.ts'
import type { Methods } from './methods.ts'
import { byOperand, g, type PointwiseRow, pointwise, pointwiseInPlace, type TensorOrNumber, y } from './pointwise.ts'
import { exp2 } from './unary.ts'

const a = E.input(0)
const b = E.input(1)

/** The sign bit is set: also of -0. */
export const signBit = (x: E.Expr): E.Expr => E.or(E.lt(x, 0), E.and(E.eq(x, 0), E.lt(E.div(1, x), 0)))

const larger = E.max(a, b)
const logAddExp = (exp: (x: E.Expr) => E.Expr, log1pOf: (x: E.Expr) => E.Expr): E.Expr =>
  E.where(E.and(E.eq(a, b), E.eq(E.abs(a), Infinity)), a, E.add(larger, log1pOf(exp(E.neg(E.abs(E.sub(a, b)))))))
const half = E.mul(g, 0.5)
const squares = E.add(E.mul(a, a), E.mul(b, b))
const perSquares = E.where(E.eq(squares, 0), 0, E.div(g, squares))
const [big, small] = [E.max(E.abs(a), E.abs(b)), E.min(E.abs(a), E.abs(b))]
const ratio = E.div(small, big)

const rows = {
  // The gradient of the exponent uses the result, as PyTorch's does.
  pow: {
    name: 'Pow',
    expr: E.pow(a, b),
    notBool: true,
    overload: byOperand(1, 0, 1),
    grad: [
      E.where(E.eq(b, 0), 0, E.mul(g, E.mul(b, E.pow(a, E.sub(b, 1))))),
      E.where(E.and(E.eq(a, 0), E.ge(b, 0)), E.mul(g, 0), E.mul(g, E.mul(y, E.log(a)))),
    ],
  },
  square: { name: 'Pow', expr: E.mul(a, a), grad: [E.mul(g, E.mul(2, a))] },
  cube: { name: 'Pow', expr: E.mul(E.mul(a, a), a), grad: [E.mul(g, E.mul(3, E.mul(a, a)))] },
  root: { name: 'Pow', expr: E.sqrt(a), grad: [E.mul(g, E.mul(0.5, E.div(1, E.sqrt(a))))] },
  atan2: {
    name: 'Atan2',
    expr: E.atan2(a, b),
    dtype: 'float',
    grad: [E.mul(perSquares, b), E.neg(E.mul(perSquares, a))],
  },
  hypot: {
    name: 'Hypot',
    expr: E.where(E.or(E.eq(big, 0), E.eq(big, Infinity)), big, E.mul(big, E.sqrt(E.add(1, E.mul(ratio, ratio))))),
    floating: true,
    grad: [E.mul(g, E.div(a, y)), E.mul(g, E.div(b, y))],
  },
  maximum: {
    name: 'Maximum',
    expr: larger,
    grad: [E.where(E.eq(a, b), half, E.where(E.lt(a, b), 0, g)), E.where(E.eq(a, b), half, E.where(E.gt(a, b), 0, g))],
  },
  minimum: {
    name: 'Minimum',
    expr: E.min(a, b),
    grad: [E.where(E.eq(a, b), half, E.where(E.gt(a, b), 0, g)), E.where(E.eq(a, b), half, E.where(E.lt(a, b), 0, g))],
  },
  fmax: {
    name: 'Fmax',
    expr: E.where(E.or(E.ge(a, b), E.isNaN(b)), a, b),
    grad: [E.where(E.or(E.ge(a, b), E.isNaN(b)), g, 0), E.where(E.or(E.ge(a, b), E.isNaN(b)), 0, g)],
  },
  fmin: {
    name: 'Fmin',
    expr: E.where(E.or(E.le(a, b), E.isNaN(b)), a, b),
    grad: [E.where(E.or(E.le(a, b), E.isNaN(b)), g, 0), E.where(E.or(E.le(a, b), E.isNaN(b)), 0, g)],
  },
  copysign: {
    name: 'Copysign',
    expr: E.where(signBit(b), E.neg(E.abs(a)), E.abs(a)),
    dtype: 'float',
    grad: [E.where(E.eq(a, 0), 0, E.mul(g, E.div(y, a))), E.constant(0)],
    overload: byOperand(1, 1, 0),
  },
  heaviside: {
    name: 'Heaviside',
    expr: E.where(E.eq(a, 0), b, E.where(E.lt(a, 0), 0, E.where(E.isNaN(a), a, 1))),
    grad: [E.constant(0), E.constant(0)],
  },
  xlogy: {
    name: 'Xlogy',
    overload: (operands) => (!(operands[0] instanceof Tensor) ? 1 : operands[1] instanceof Tensor ? 0 : 2),
    expr: E.where(E.isNaN(b), b, E.where(E.eq(a, 0), 0, E.mul(a, E.log(b)))),
    dtype: 'float',
    grad: [E.where(E.and(E.eq(a, 0), E.le(b, 0)), 0, E.mul(g, E.log(b))), E.div(E.mul(g, a), b)],
  },
  logaddexp: {
    name: 'Logaddexp',
    expr: logAddExp(E.exp, E.log1p),
    floating: true,
    grad: [E.div(g, E.add(1, E.exp(E.sub(b, a)))), E.div(g, E.add(1, E.exp(E.sub(a, b))))],
  },
  logaddexp2: {
    name: 'Logaddexp2',
    expr: logAddExp(E.exp2, (x) => E.mul(E.log1p(x), Math.LOG2E)),
    floating: true,
    grad: [E.div(g, E.add(1, E.exp2(E.sub(b, a)))), E.div(g, E.add(1, E.exp2(E.sub(a, b))))],
  },
} satisfies Record<string, PointwiseRow>

type Binary = (x: Tensor, other: TensorOrNumber) => Tensor
const binary =
  (row: PointwiseRow): Binary =>
  (x, other) =>
    pointwise(row, [x, other])
const inPlace =
  (row: PointwiseRow): Binary =>
  (x, other) =>
    pointwiseInPlace(row, [x, other])

/** Powers that are cheaper without a logarithm, and exact. */
function powRow(x: TensorOrNumber, exponent: TensorOrNumber): PointwiseRow | null {
  if (!(x instanceof Tensor) || x.dtype === 'bool') return null
  if (exponent === 2) return rows.square
  if (exponent === 3) return rows.cube
  return exponent === 0.5 && isFloating(x.dtype) ? rows.root : null
}

function checkPower(x: TensorOrNumber, exponent: TensorOrNumber): void {
  if (typeof exponent === 'number' && exponent < 0 && !isFloating(resultType(x, exponent))) {
    throw new ValueError(
      `pow: integers cannot be raised to a negative power: ${exponent}`,
      'convert first: x.float().pow(n).',
    )
  }
}

/** `x ** exponent`, broadcast; one of the two may be a number. Throws ValueError for integers to a negative number. Source: `torch.pow`. */
export function pow(x: TensorOrNumber, exponent: TensorOrNumber): Tensor {
  const fast = powRow(x, exponent)
  if (fast !== null) return pointwise(fast, [x])
  checkPower(x, exponent)
  return pointwise(rows.pow, [x, exponent])
}
/** `pow` into `x`. */
export function pow_(x: Tensor, exponent: TensorOrNumber): Tensor {
  const fast = powRow(x, exponent)
  if (fast !== null) return pointwiseInPlace(fast, [x])
  checkPower(x, exponent)
  return pointwiseInPlace(rows.pow, [x, exponent])
}
/** `pow` in float64. Source: `torch.float_power`. */
export function floatPower(x: TensorOrNumber, exponent: TensorOrNumber): Tensor {
  const wide = (value: TensorOrNumber): TensorOrNumber => (value instanceof Tensor ? value.double() : value)
  return pow(wide(x), wide(exponent))
}

/** The angle of the point (other, x), in radians. Source: `torch.atan2`. */
export const atan2: Binary = binary(rows.atan2)
/** `sqrt(x ** 2 + other ** 2)` without overflow. Source: `torch.hypot`. */
export const hypot: Binary = binary(rows.hypot)
/** The larger of two; NaN if one is. At a tie each gets half of the gradient. Source: `torch.maximum`. */
export const maximum: Binary = binary(rows.maximum)
/** The smaller of two; NaN if one is. At a tie each gets half of the gradient. Source: `torch.minimum`. */
export const minimum: Binary = binary(rows.minimum)
/** The larger of two; NaN only if both are. Source: `torch.fmax`. */
export const fmax: Binary = binary(rows.fmax)
/** The smaller of two; NaN only if both are. Source: `torch.fmin`. */
export const fmin: Binary = binary(rows.fmin)
/** `|x|` with the sign of `other`, -0 included. Source: `torch.copysign`. */
export const copysign: Binary = binary(rows.copysign)
/** 0 below zero, 1 above, `other` at zero. Source: `torch.heaviside`. */
export const heaviside: Binary = binary(rows.heaviside)
/** `x * log(other)`, 0 where x is 0. Source: `torch.xlogy`. */
export function xlogy(x: TensorOrNumber, other: TensorOrNumber): Tensor {
  return pointwise(rows.xlogy, [x, other])
}
/** `log(exp(x) + exp(other))`. Source: `torch.logaddexp`. */
export const logaddexp: Binary = binary(rows.logaddexp)
/** `log2(2 ** x + 2 ** other)`. Source: `torch.logaddexp2`. */
export const logaddexp2: Binary = binary(rows.logaddexp2)
const powerOf2 = (exponent: TensorOrNumber): TensorOrNumber =>
  exponent instanceof Tensor ? exp2(exponent) : 2 ** Number(exponent)
/** `x * 2 ** other`. Source: `torch.ldexp`. */
export function ldexp(x: Tensor, other: TensorOrNumber): Tensor {
  return mul(x, powerOf2(other))
}
function ldexp_(x: Tensor, other: TensorOrNumber): Tensor {
  return mul_(x, powerOf2(other))
}
/** Another name of `atan2`. */
export const arctan2: Binary = atan2

const atan2_ = inPlace(rows.atan2)
const hypot_ = inPlace(rows.hypot)
const copysign_ = inPlace(rows.copysign)
const heaviside_ = inPlace(rows.heaviside)
const xlogy_ = inPlace(rows.xlogy)

export const methods = {
  pow,
  pow_,
  floatPower,
  atan2,
  atan2_,
  hypot,
  hypot_,
  maximum,
  minimum,
  fmax,
  fmin,
  copysign,
  copysign_,
  heaviside,
  heaviside_,
  xlogy,
  xlogy_,
  logaddexp,
  logaddexp2,
  ldexp,
  ldexp_,
  arctan2,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
