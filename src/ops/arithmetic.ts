// Arithmetic with two operands: one row per op. `add_` and its kind write into the first operand.
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { installMethods, type Methods } from './methods.ts'
import { g, type PointwiseRow, pointwise, pointwiseInPlace, type TensorOrNumber } from './pointwise.ts'

const a = E.input(0)
const b = E.input(1)
const alpha = E.scalar(0)

const rows = {
  add: { name: 'Add', expr: E.add(a, E.mul(b, alpha)), grad: [g, E.mul(g, alpha)] },
  sub: { name: 'Sub', expr: E.sub(a, E.mul(b, alpha)), grad: [g, E.neg(E.mul(g, alpha))] },
  mul: { name: 'Mul', expr: E.mul(a, b) },
} satisfies Record<string, PointwiseRow>

/** `alpha` multiplies the second operand. */
export interface AlphaOptions {
  alpha?: number
}

/** `x + alpha * other`, broadcast. Source: `torch.add`. */
export function add(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  return pointwise(rows.add, [x, other], [alpha])
}
/** `x - alpha * other`, broadcast. Source: `torch.sub`. */
export function sub(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  return pointwise(rows.sub, [x, other], [alpha])
}
/** `x * other`, broadcast. Source: `torch.mul`. */
export function mul(x: Tensor, other: TensorOrNumber): Tensor {
  return pointwise(rows.mul, [x, other])
}
/** `add` into `x`. */
export function add_(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  return pointwiseInPlace(rows.add, [x, other], [alpha])
}
/** `sub` into `x`. */
export function sub_(x: Tensor, other: TensorOrNumber, { alpha = 1 }: AlphaOptions = {}): Tensor {
  return pointwiseInPlace(rows.sub, [x, other], [alpha])
}
/** `mul` into `x`. */
export function mul_(x: Tensor, other: TensorOrNumber): Tensor {
  return pointwiseInPlace(rows.mul, [x, other])
}

const methods = { add, sub, mul, add_, sub_, mul_ }
installMethods(methods)
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
