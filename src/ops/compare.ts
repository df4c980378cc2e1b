// Comparisons: bool tensors element by element, and `allclose` and `equal` as one answer.
import { isFloating } from '../base/dtype.ts'
import { DTypeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { sameShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { signBit } from './binary.ts'
import { filled } from './fill.ts'
import type { Methods } from './methods.ts'
import { type PointwiseRow, pointwise, pointwiseInPlace, type TensorOrNumber } from './pointwise.ts'
import { sumTo } from './sumTo.ts'

const a = E.input(0)
const b = E.input(1)
const mask = (name: string, holds: E.Expr): PointwiseRow => ({ name, expr: E.fromMask(holds), dtype: 'bool' })

const rows = {
  eq: mask('Eq', E.eq(a, b)),
  ne: mask('Ne', E.ne(a, b)),
  lt: mask('Lt', E.lt(a, b)),
  le: mask('Le', E.le(a, b)),
  gt: mask('Gt', E.gt(a, b)),
  ge: mask('Ge', E.ge(a, b)),
  isnan: mask('Isnan', E.isNaN(a)),
  isinf: mask('Isinf', E.eq(E.abs(a), Infinity)),
  isfinite: mask('Isfinite', E.lt(E.abs(a), Infinity)),
  isposinf: mask('Isposinf', E.eq(a, Infinity)),
  isneginf: mask('Isneginf', E.eq(a, -Infinity)),
  signbit: mask('Signbit', signBit(a)),
}

type Comparison = (x: Tensor, other: TensorOrNumber) => Tensor
const comparison =
  (row: PointwiseRow): Comparison =>
  (x, other) =>
    pointwise(row, [x, other])
const inPlace =
  (row: PointwiseRow): Comparison =>
  (x, other) =>
    pointwiseInPlace(row, [x, other])

/** `x == other`, broadcast. Source: `torch.eq`. */
export const eq: Comparison = comparison(rows.eq)
/** `x != other`, broadcast. Source: `torch.ne`. */
export const ne: Comparison = comparison(rows.ne)
/** `x < other`, broadcast. Source: `torch.lt`. */
export const lt: Comparison = comparison(rows.lt)
/** `x <= other`, broadcast. Source: `torch.le`. */
export const le: Comparison = comparison(rows.le)
/** `x > other`, broadcast. Source: `torch.gt`. */
export const gt: Comparison = comparison(rows.gt)
/** `x >= other`, broadcast. Source: `torch.ge`. */
export const ge: Comparison = comparison(rows.ge)
/** Another name of `ne`. */
export const notEqual: Comparison = ne
/** Another name of `lt`. */
export const less: Comparison = lt
/** Another name of `le`. */
export const lessEqual: Comparison = le
/** Another name of `gt`. */
export const greater: Comparison = gt
/** Another name of `ge`. */
export const greaterEqual: Comparison = ge
const eq_ = inPlace(rows.eq)
const ne_ = inPlace(rows.ne)
const lt_ = inPlace(rows.lt)
const le_ = inPlace(rows.le)
const gt_ = inPlace(rows.gt)
const ge_ = inPlace(rows.ge)

/** Integers are never NaN nor infinite. */
const ofFloats =
  (row: PointwiseRow, ofIntegers: 0 | 1) =>
  (x: Tensor): Tensor =>
    isFloating(x.dtype) ? pointwise(row, [x]) : filled(x.shape, ofIntegers, 'bool', x.device)

type Test = (x: Tensor) => Tensor
/** Source: `torch.isnan`. */
export const isnan: Test = ofFloats(rows.isnan, 0)
/** Source: `torch.isinf`. */
export const isinf: Test = ofFloats(rows.isinf, 0)
/** Neither NaN nor infinite. Source: `torch.isfinite`. */
export const isfinite: Test = ofFloats(rows.isfinite, 1)
/** Source: `torch.isposinf`. */
export const isposinf: Test = ofFloats(rows.isposinf, 0)
/** Source: `torch.isneginf`. */
export const isneginf: Test = ofFloats(rows.isneginf, 0)
/** Negative, or -0. Source: `torch.signbit`. */
export function signbit(x: Tensor): Tensor {
  return pointwise(rows.signbit, [x])
}

const difference = E.abs(E.sub(a, b))
const near = E.or(
  E.eq(a, b),
  E.and(E.lt(difference, Infinity), E.le(difference, E.add(E.scalar(1), E.abs(E.mul(E.scalar(0), b))))),
)
const closeRow = mask('Isclose', near)
const closeOrNanRow = mask('Isclose', E.or(near, E.and(E.isNaN(a), E.isNaN(b))))

export interface CloseOptions {
  /** Default 1e-5. */
  rtol?: number
  /** Default 1e-8. */
  atol?: number
  /** NaN equals NaN. Default false. */
  equalNan?: boolean
}

/** `|x - other| <= atol + rtol * |other|`. Throws DTypeError where the dtypes differ. Source: `torch.isclose`. */
export function isclose(
  x: Tensor,
  other: Tensor,
  { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions = {},
): Tensor {
  if (x.dtype !== other.dtype) throw new DTypeError(`isclose: dtypes differ: ${x.dtype} and ${other.dtype}`)
  if (!(rtol >= 0 && atol >= 0)) throw new ValueError(`isclose: rtol and atol must be >= 0, got ${rtol} and ${atol}`)
  const [left, right] = isFloating(x.dtype) ? [x, other] : [x.float(), other.float()]
  return pointwise(equalNan ? closeOrNanRow : closeRow, [left, right], [rtol, atol])
}

/** Are all elements close? Source: `torch.allclose`. */
export function allclose(x: Tensor, other: Tensor, options: CloseOptions = {}): boolean {
  return holdsEverywhere(isclose(x, other, options))
}

/** Have both the same shape and the same values? Source: `torch.equal`. */
export function equal(x: Tensor, other: Tensor): boolean {
  return sameShape(x.shape, other.shape) && holdsEverywhere(eq(x, other))
}

const holdsEverywhere = (mask: Tensor): boolean => sumTo(mask.long(), []).item() === mask.numel()

export const methods = {
  eq,
  eq_,
  ne,
  ne_,
  lt,
  lt_,
  le,
  le_,
  gt,
  gt_,
  ge,
  ge_,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  isnan,
  isinf,
  isfinite,
  isposinf,
  isneginf,
  signbit,
  isclose,
  allclose,
  equal,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
