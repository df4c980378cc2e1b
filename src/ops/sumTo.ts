// Undoes broadcasting: sums a gradient over the dimensions along which its operand was repeated.
import { record } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import * as E from '../base/expr.ts'
import { contiguousStrides, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Reduction } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { expand } from './view.ts'

/** acc + x: the plain sum. */
export const sumReduction: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [E.add(E.acc(0), E.input(0))],
  combine: [E.add(E.acc(0), E.other(0))],
  finish: [E.acc(0)],
}

/** `x` summed to `shape`, to which it could have been broadcast from. Returns `x` itself when there is nothing to sum. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = x.shape.map((_, d) => d).filter((d) => d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1))
  const kept = x.shape.map((size, d) => (axes.includes(d) ? 1 : size))
  const full = Tensor.empty(kept, x.dtype, x.device)
  launch({
    kind: 'reduce',
    reduction: sumReduction,
    compute: computeType(x.dtype),
    axes,
    inputs: [x],
    outputs: [full],
    scalars: [],
  })
  const out = new Tensor(full.storage.retain(), x.dtype, shape, contiguousStrides(shape))
  const from = x.shape
  return record('SumBackward1', [x], out, [], (grad) => [expand(grad, from)])
}
