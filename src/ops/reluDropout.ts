// `dropout(relu(x))` in one pass over large activations, and one backward; called by the transformer's layers. Where the result is not
// positive no gradient flows, where it is the factor is known: the gradient needs neither the factors nor what lies between.
import * as E from '../base/expr.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { relu } from './activation.ts'
import { g, type PointwiseRow, pointwise, y } from './pointwise.ts'
import { defaultGenerator, dropout, keepFactors } from './random.ts'

/** Operands: x and the factors of dropout; the run-time number is the factor of what is kept. */
const row: PointwiseRow = {
  name: 'ReluDropout',
  expr: E.mul(E.max(E.input(0), 0), E.input(1)),
  grad: [E.where(E.le(y, 0), 0, E.mul(g, E.scalar(0))), null],
}

/** The same numbers as `dropout(relu(x), { p })`, with the same draws. */
export function reluDropout(x: Tensor, p: number): Tensor {
  if (!(p > 0 && p < 1) || x.dtype !== 'float32' || x.numel() === 0) return dropout(relu(x), { p })
  const factors = keepFactors(x.shape, x, p, defaultGenerator)
  return pointwise(row, [x, factors], [1 / Math.fround(1 - p)], factors)
}
