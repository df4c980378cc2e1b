// Logic on masks, and choosing by a mask. Anything that is not zero counts as true.
import { DTypeError, ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { byOperand, g, type PointwiseRow, pointwise, pointwiseInPlace, type TensorOrNumber } from './pointwise.ts'
import { any } from './reduce.ts'
import { narrow } from './slice.ts'
import { expand } from './view.ts'

const a = E.input(0)
const b = E.input(1)
const c = E.input(2)
const [aHolds, bHolds] = [E.ne(a, 0), E.ne(b, 0)]
const mask = (name: string, holds: E.Expr): PointwiseRow => ({ name, expr: E.fromMask(holds), dtype: 'bool' })

const rows = {
  and: mask('LogicalAnd', E.and(aHolds, bHolds)),
  or: mask('LogicalOr', E.or(aHolds, bHolds)),
  xor: mask('LogicalXor', E.or(E.and(aHolds, E.eq(b, 0)), E.and(E.eq(a, 0), bHolds))),
  not: mask('LogicalNot', E.eq(a, 0)),
  where: {
    name: 'Where',
    expr: E.where(aHolds, b, c),
    promoted: [1, 2],
    grad: [null, E.where(aHolds, g, 0), E.where(aHolds, 0, g)],
  },
  maskedFill: {
    name: 'MaskedFill',
    expr: E.where(bHolds, c, a),
    promoted: [0],
    overload: byOperand(2, 0, 1),
    grad: [E.where(bHolds, 0, g), null, E.where(bHolds, g, 0)],
  },
} satisfies Record<string, PointwiseRow>

type Logic = (x: Tensor, other: TensorOrNumber) => Tensor
/** Source: `torch.logical_and`. */
export const logicalAnd: Logic = (x, other) => pointwise(rows.and, [x, other])
/** Source: `torch.logical_or`. */
export const logicalOr: Logic = (x, other) => pointwise(rows.or, [x, other])
/** Source: `torch.logical_xor`. */
export const logicalXor: Logic = (x, other) => pointwise(rows.xor, [x, other])
/** Source: `torch.logical_not`. */
export function logicalNot(x: Tensor): Tensor {
  return pointwise(rows.not, [x])
}
const logicalAnd_: Logic = (x, other) => pointwiseInPlace(rows.and, [x, other])
const logicalOr_: Logic = (x, other) => pointwiseInPlace(rows.or, [x, other])
const logicalXor_: Logic = (x, other) => pointwiseInPlace(rows.xor, [x, other])
const logicalNot_ = (x: Tensor): Tensor => pointwiseInPlace(rows.not, [x])

/** The element of `x` where `condition` holds, else that of `other`; all broadcast. Throws DTypeError unless `condition` is bool (or uint8). Source: `torch.where`. */
export function where(condition: Tensor, x: TensorOrNumber, other: TensorOrNumber): Tensor {
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8') {
    throw new DTypeError(
      `where: the condition must be bool, got ${condition.dtype}`,
      'compare first: where(x.gt(0), a, b).',
    )
  }
  return pointwise(rows.where, [condition, x, other])
}

function checkMask(op: string, mask: Tensor, value: TensorOrNumber): void {
  if (mask.dtype !== 'bool')
    throw new DTypeError(`${op}: the mask must be bool, got ${mask.dtype}`, 'compare first: x.maskedFill(x.lt(0), 0).')
  if (value instanceof Tensor && value.shape.length > 0) {
    throw new ShapeError(`${op}: the value must be a number or a 0-d tensor, got shape ${formatShape(value.shape)}`)
  }
}

/** Numbers become elements of `x` first: in bool every number but 0 is true. */
const stored = (x: Tensor, value: TensorOrNumber): TensorOrNumber =>
  typeof value === 'number' && x.dtype === 'bool' ? value !== 0 : value

/** `value` (a number or a 0-d tensor) where `mask` holds, else `x`. Source: `torch.masked_fill`. */
export function maskedFill(x: Tensor, mask: Tensor, value: TensorOrNumber): Tensor {
  checkMask('maskedFill', mask, value)
  return pointwise(rows.maskedFill, [x, mask, stored(x, value)])
}
/** `maskedFill` into `x`. */
export function maskedFill_(x: Tensor, mask: Tensor, value: TensorOrNumber): Tensor {
  checkMask('maskedFill_', mask, value)
  const repeated = x.shape.map((_, d) => d).filter((d) => x.strides[d] === 0 && x.shape[d] > 1)
  if (repeated.length > 0) {
    // An element that is shown several times is filled where any of its masks holds.
    const once = repeated.reduce((part, d) => narrow(part, d, 0, 1), x)
    maskedFill_(once, any(expand(mask, x.shape), repeated, { keepdim: true }), value)
    return x
  }
  return pointwiseInPlace(rows.maskedFill, [x, mask, stored(x, value)])
}

/** The element of `x` where `condition` holds, else that of `other`; all broadcast. Source: `torch.Tensor.where`. */
const whereMethod = (x: Tensor, condition: Tensor, other: TensorOrNumber): Tensor => where(condition, x, other)

export const methods = {
  logicalAnd,
  logicalAnd_,
  logicalOr,
  logicalOr_,
  logicalXor,
  logicalXor_,
  logicalNot,
  logicalNot_,
  maskedFill,
  maskedFill_,
  where: whereMethod,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
