// Writing one number everywhere: fill_, zero_, and the constant tensors of `creation.ts`.
import { record } from '../autograd/record.ts'
import { computeType, type DType } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape } from '../base/shape.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { copyAs } from './copy.ts'
import { writeInPlace } from './inPlace.ts'
import type { Methods } from './methods.ts'
import { zerosOf } from './view.ts'

const number = E.scalar(0)

/** Writes `value` into every element, without any record. */
export function fillWith(out: Tensor, value: number): Tensor {
  const stored = out.dtype === 'bool' ? Number(value !== 0) : value
  launch({
    kind: 'map',
    exprs: [number],
    compute: computeType(out.dtype),
    inputs: [],
    outputs: [out],
    scalars: [stored],
  })
  return out
}

/** A new tensor full of `value`. */
export const filled = (shape: readonly number[], value: number, dtype: DType, device?: DeviceName): Tensor =>
  fillWith(Tensor.empty(shape, dtype, device), value)

/** Writes `value` (a number, or a 0-d tensor) into every element. Source: `torch.Tensor.fill_`. */
export function fill_(x: Tensor, value: number | bigint | boolean | Tensor): Tensor {
  if (value instanceof Tensor) {
    if (value.shape.length > 0)
      throw new ShapeError(`fill_: the value must be a number or a 0-d tensor, got shape ${formatShape(value.shape)}`)
    return copyAs('FillBackward3', x, value)
  }
  return writeNumber(x, Number(value), 'FillBackward2')
}

function writeNumber(x: Tensor, constant: number, name: string): Tensor {
  const compute = (self: Tensor): Tensor =>
    record(name, [self], filled(self.shape, constant, self.dtype, self.device), [], (grad) => [
      zerosOf(grad.shape, grad),
    ])
  return writeInPlace('fill_', x, [], compute, () => fillWith(x, constant))
}

/** A copy of `x` full of `value`. Source: `torch.fill`. */
export function fill(x: Tensor, value: number | bigint | boolean | Tensor): Tensor {
  return fill_(x.clone(), value)
}

/** Writes 0 into every element. Source: `torch.Tensor.zero_`. */
export function zero_(x: Tensor): Tensor {
  return writeNumber(x, 0, 'ZeroBackward0')
}

export const methods = { fill_, zero_ }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
