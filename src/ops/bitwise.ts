// Bitwise operations on integers and masks. Masks are logic on the device; integers go through JavaScript, one by one.
import { type DType, isFloating, resultType, type TypedArray } from '../base/dtype.ts'
import { DTypeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { broadcastShapes } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { fromHost, hostArray } from './host.ts'
import { logicalAnd, logicalNot, logicalOr, logicalXor } from './logic.ts'
import type { Methods } from './methods.ts'
import { cast, type PointwiseRow, pointwise, type TensorOrNumber } from './pointwise.ts'
import { expand } from './view.ts'

interface Bitwise {
  readonly name: string
  readonly onMasks: (x: Tensor, other: TensorOrNumber) => Tensor
  readonly on32: (a: number, b: number) => number
  readonly on64: (a: bigint, b: bigint) => bigint
}
const and: Bitwise = { name: 'bitwiseAnd', onMasks: logicalAnd, on32: (a, b) => a & b, on64: (a, b) => a & b }
const or: Bitwise = { name: 'bitwiseOr', onMasks: logicalOr, on32: (a, b) => a | b, on64: (a, b) => a | b }
const xor: Bitwise = { name: 'bitwiseXor', onMasks: logicalXor, on32: (a, b) => a ^ b, on64: (a, b) => a ^ b }

function apply({ name, onMasks, on32, on64 }: Bitwise, x: Tensor, other: TensorOrNumber): Tensor {
  const dtype = resultType(x, other)
  if (isFloating(dtype)) throw new DTypeError(`${name}: needs integers or bool, got ${dtype}`)
  if (dtype === 'bool') return onMasks(x, other)
  const shape = other instanceof Tensor ? broadcastShapes(name, x.shape, other.shape) : x.shape
  const values = (operand: Tensor): TypedArray => expand(cast(operand, dtype), shape).data()
  const a = values(x)
  const b = other instanceof Tensor ? values(other) : constants(dtype, a.length, Number(other))
  const out = hostArray(dtype, a.length)
  for (let i = 0; i < out.length; i++) {
    out[i] = dtype === 'int64' ? on64(a[i] as bigint, b[i] as bigint) : on32(a[i] as number, b[i] as number)
  }
  return fromHost(out, shape, dtype, x.device)
}

function constants(dtype: DType, count: number, value: number): TypedArray {
  const out = hostArray(dtype, count)
  return out instanceof BigInt64Array ? out.fill(BigInt(value)) : (out as Int32Array).fill(value)
}

/** `x & other`, broadcast; logical and for bool. Throws DTypeError for floats. Source: `torch.bitwise_and`. */
export function bitwiseAnd(x: Tensor, other: TensorOrNumber): Tensor {
  return apply(and, x, other)
}
/** `x | other`, broadcast; logical or for bool. Throws DTypeError for floats. Source: `torch.bitwise_or`. */
export function bitwiseOr(x: Tensor, other: TensorOrNumber): Tensor {
  return apply(or, x, other)
}
/** `x ^ other`, broadcast; exclusive or for bool. Throws DTypeError for floats. Source: `torch.bitwise_xor`. */
export function bitwiseXor(x: Tensor, other: TensorOrNumber): Tensor {
  return apply(xor, x, other)
}

const notRow: PointwiseRow = { name: 'BitwiseNot', expr: E.sub(E.neg(E.input(0)), 1) }

/** `~x`; logical not for bool. Throws DTypeError for floats. Source: `torch.bitwise_not`. */
export function bitwiseNot(x: Tensor): Tensor {
  if (isFloating(x.dtype)) throw new DTypeError(`bitwiseNot: needs integers or bool, got ${x.dtype}`)
  return x.dtype === 'bool' ? logicalNot(x) : pointwise(notRow, [x])
}

export const methods = { bitwiseAnd, bitwiseOr, bitwiseXor, bitwiseNot }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
