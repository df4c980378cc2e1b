// Arithmetic with two or three operands, one row per op. `add_` and its kind write into the first operand.
import { type DType, isFloating, resultType } from '../base/dtype.ts'
import { DTypeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import {
  byOperand,
  floatOf,
  g,
  type PointwiseRow,
  pointwise,
  pointwiseInPlace,
  type TensorOrNumber,
} from './pointwise.ts'

const a = E.input(0)
const b = E.input(1)
const c = E.input(2)
const factor = E.scalar(0)

/** The quotient rounded down, computed through the remainder as Python does: exact where a / b would round up. */
const floorQuotient = ((): E.Expr => {
  const rest = E.rem(a, b)
  const exact = E.div(E.sub(a, rest), b)
  const lowered = E.sub(exact, E.fromMask(E.and(E.ne(rest, 0), E.lt(E.mul(E.sign(b), E.sign(rest)), 0))))
  const down = E.floor(lowered)
  const nearest = E.where(E.gt(E.sub(lowered, down), 0.5), E.add(down, 1), down)
  return E.where(E.eq(b, 0), E.div(a, b), E.where(E.eq(lowered, 0), E.mul(0, E.div(a, b)), nearest))
})()
const rest = E.rem(a, b)
const restWithSignOfB = E.where(E.and(E.ne(rest, 0), E.lt(E.mul(E.sign(b), E.sign(rest)), 0)), E.add(rest, b), rest)
const integerFloorQuotient = E.sub(
  E.div(a, b),
  E.fromMask(E.and(E.ne(rest, 0), E.lt(E.mul(E.sign(b), E.sign(rest)), 0))),
)

const none = E.constant(0)
const rows = {
  add: { name: 'Add', expr: E.add(a, b), grad: [g, g] },
  addScaled: { name: 'Add', expr: E.add(a, E.mul(b, factor)), grad: [g, E.mul(g, factor)] },
  sub: { name: 'Sub', expr: E.sub(a, b), grad: [g, E.neg(g)] },
  subScaled: { name: 'Sub', expr: E.sub(a, E.mul(b, factor)), grad: [g, E.neg(E.mul(g, factor))] },
  rsub: { name: 'Rsub', expr: E.sub(b, E.mul(a, factor)), grad: [E.neg(E.mul(g, factor)), g] },
  mul: { name: 'Mul', expr: E.mul(a, b) },
  div: { name: 'Div', expr: E.div(a, b), dtype: 'float', grad: [E.div(g, b), E.neg(E.mul(g, E.div(E.div(a, b), b)))] },
  divTrunc: { name: 'Div', expr: E.trunc(E.div(a, b)), grad: [none, none], notBool: true, overload: () => 2 },
  divFloor: { name: 'Div', expr: floorQuotient, grad: [none, none], overload: () => 2 },
  divFloorInteger: { name: 'Div', expr: integerFloorQuotient, notBool: true },
  remainder: {
    name: 'Remainder',
    expr: restWithSignOfB,
    grad: [g, E.neg(E.mul(g, floorQuotient))],
    notBool: true,
    overload: byOperand(1, 0, 1),
  },
  fmod: {
    name: 'Fmod',
    expr: E.rem(a, b),
    grad: [g, E.neg(E.mul(g, E.trunc(E.div(a, b))))],
    notBool: true,
    overload: byOperand(1, 0, 1),
  },
  addcmul: { name: 'Addcmul', expr: E.add(a, E.mul(E.mul(b, c), factor)) },
  addcdiv: { name: 'Addcdiv', expr: E.add(a, E.div(E.mul(b, factor), c)) },
  lerp: {
    name: 'Lerp',
    expr: E.where(E.lt(E.abs(c), 0.5), E.add(a, E.mul(c, E.sub(b, a))), E.sub(b, E.mul(E.sub(b, a), E.sub(1, c)))),
    grad: [E.mul(g, E.sub(1, c)), E.mul(g, c), E.mul(g, E.sub(b, a))],
    overload: byOperand(2, 0, 1),
  },
} satisfies Record<string, PointwiseRow>

/** `alpha` multiplies the second operand. */
export interface AlphaOptions {
  /** Factor of the second operand. Default 1. */
  alpha?: number
}

const dtypeOf = (...operands: readonly TensorOrNumber[]): DType => resultType(...operands)

function checkAlpha(op: string, alpha: number, ...operands: TensorOrNumber[]): void {
  if (!Number.isInteger(alpha) && !isFloating(dtypeOf(...operands))) {
    throw new DTypeError(`${op}: alpha must be a whole number for integer tensors, got ${alpha}`)
  }
}

/** The row and its run-time numbers for `x + alpha * other`. */
function scaled(op: 'add' | 'sub', x: TensorOrNumber, other: TensorOrNumber, alpha: number): [PointwiseRow, number[]] {
  if (op === 'sub') checkNotBools(x, other)
  if (alpha === 1) return [rows[op], []]
  checkAlpha(op, alpha, x, other)
  return [rows[`${op}Scaled`], [alpha]]
}

function checkNotBools(x: TensorOrNumber, other: TensorOrNumber): void {
  const isBool = (operand: TensorOrNumber): boolean =>
    operand instanceof Tensor ? operand.dtype === 'bool' : typeof operand === 'boolean'
  if (isBool(x) || isBool(other))
    throw new DTypeError('sub: bool tensors cannot be subtracted', 'use logicalXor or logicalNot.')
}

/** `x + alpha * other`, broadcast. Source: `torch.add`. */
export function add(x: TensorOrNumber, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  const [row, scalars] = scaled('add', x, other, alpha)
  return pointwise(row, [x, other], scalars)
}
/** `add` into `x`. */
export function add_(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  const [row, scalars] = scaled('add', x, other, alpha)
  return pointwiseInPlace(row, [x, other], scalars)
}
/** `x - alpha * other`, broadcast. Source: `torch.sub`. */
export function sub(x: TensorOrNumber, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  const [row, scalars] = scaled('sub', x, other, alpha)
  return pointwise(row, [x, other], scalars)
}
/** `sub` into `x`. */
export function sub_(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  const [row, scalars] = scaled('sub', x, other, alpha)
  return pointwiseInPlace(row, [x, other], scalars)
}
/** `other - alpha * x`, broadcast. Source: `torch.rsub`. */
export function rsub(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  checkNotBools(x, other)
  checkAlpha('rsub', alpha, x, other)
  return pointwise(rows.rsub, [x, other], [alpha])
}
/** `x * other`, broadcast. Source: `torch.mul`. */
export function mul(x: TensorOrNumber, other: TensorOrNumber): Tensor {
  return pointwise(rows.mul, [x, other])
}
/** `mul` into `x`. */
export function mul_(x: Tensor, other: TensorOrNumber): Tensor {
  return pointwiseInPlace(rows.mul, [x, other])
}

export interface DivOptions {
  /** `trunc` rounds the quotient towards zero, `floor` down; left out: true division, integers give float32. */
  roundingMode?: 'trunc' | 'floor' | null
}

function divRow(mode: DivOptions['roundingMode'], x: TensorOrNumber, other: TensorOrNumber): PointwiseRow {
  if (mode === undefined || mode === null) return rows.div
  if (mode === 'trunc') return rows.divTrunc
  if (mode === 'floor') return isFloating(dtypeOf(x, other)) ? rows.divFloor : rows.divFloorInteger
  throw new ValueError(`div: roundingMode must be 'trunc', 'floor' or left out, got '${mode}'`)
}

/** `x / other`, broadcast. Integers divided by zero with rounding give 0. Source: `torch.div`. */
export function div(x: TensorOrNumber, other: TensorOrNumber, { roundingMode }: DivOptions = {}): Tensor {
  return pointwise(divRow(roundingMode, x, other), [x, other])
}
/** `div` into `x`. */
export function div_(x: Tensor, other: TensorOrNumber, { roundingMode }: DivOptions = {}): Tensor {
  return pointwiseInPlace(divRow(roundingMode, x, other), [x, other])
}
/** `x / other`, never rounded. Source: `torch.true_divide`. */
export function trueDivide(x: TensorOrNumber, other: TensorOrNumber): Tensor {
  return div(x, other)
}
/** `x / other` rounded down: Python's `//`. Source: `torch.floor_divide`. */
export function floorDivide(x: TensorOrNumber, other: TensorOrNumber): Tensor {
  return div(x, other, { roundingMode: 'floor' })
}
/** `floorDivide` into `x`. */
export function floorDivide_(x: Tensor, other: TensorOrNumber): Tensor {
  return div_(x, other, { roundingMode: 'floor' })
}
/** The rest of `x / other` with the sign of `other`: Python's `%`. Source: `torch.remainder`. */
export function remainder(x: TensorOrNumber, other: TensorOrNumber): Tensor {
  return pointwise(rows.remainder, [x, other])
}
/** `remainder` into `x`. */
export function remainder_(x: Tensor, other: TensorOrNumber): Tensor {
  return pointwiseInPlace(rows.remainder, [x, other])
}
/** The rest of `x / other` with the sign of `x`: C's `fmod`. Source: `torch.fmod`. */
export function fmod(x: TensorOrNumber, other: TensorOrNumber): Tensor {
  return pointwise(rows.fmod, [x, other])
}
/** `fmod` into `x`. */
export function fmod_(x: Tensor, other: TensorOrNumber): Tensor {
  return pointwiseInPlace(rows.fmod, [x, other])
}

export interface ValueOptions {
  /** Multiplies the product or quotient. Default 1. */
  value?: number
}
/** `x + value * a * b`, broadcast. Source: `torch.addcmul`. */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: ValueOptions = {}): Tensor {
  return pointwise(rows.addcmul, [x, a, b], [value])
}
/** `addcmul` into `x`. */
export function addcmul_(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: ValueOptions = {}): Tensor {
  return pointwiseInPlace(rows.addcmul, [x, a, b], [value])
}
/** `x + value * a / b`, broadcast. Throws DTypeError for integers. Source: `torch.addcdiv`. */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: ValueOptions = {}): Tensor {
  checkFloating('addcdiv', x, a, b)
  return pointwise(rows.addcdiv, [x, a, b], [value])
}
/** `addcdiv` into `x`. */
export function addcdiv_(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: ValueOptions = {}): Tensor {
  checkFloating('addcdiv_', x, a, b)
  return pointwiseInPlace(rows.addcdiv, [x, a, b], [value])
}
/** `x + weight * (end - x)`, broadcast. Source: `torch.lerp`. */
export function lerp(x: Tensor, end: Tensor, weight: TensorOrNumber): Tensor {
  checkFloating('lerp', x, end)
  return pointwise(rows.lerp, [x, end, weight])
}
/** `lerp` into `x`. */
export function lerp_(x: Tensor, end: Tensor, weight: TensorOrNumber): Tensor {
  checkFloating('lerp_', x, end)
  return pointwiseInPlace(rows.lerp, [x, end, weight])
}

function checkFloating(op: string, ...operands: Tensor[]): void {
  const dtype = dtypeOf(...operands)
  if (dtype !== floatOf(dtype))
    throw new DTypeError(`${op}: needs a floating dtype, got ${dtype}`, 'convert first: x.float().')
}

/** Another name of `sub`. */
export const subtract: typeof sub = sub
/** Another name of `mul`. */
export const multiply: typeof mul = mul
/** Another name of `div`. */
export const divide: typeof div = div

export const methods = {
  add,
  add_,
  sub,
  sub_,
  rsub,
  mul,
  mul_,
  div,
  div_,
  trueDivide,
  floorDivide,
  floorDivide_,
  remainder,
  remainder_,
  fmod,
  fmod_,
  addcmul,
  addcmul_,
  addcdiv,
  addcdiv_,
  lerp,
  lerp_,
  subtract,
  multiply,
  divide,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
