// The method that undoes broadcasting; `sumTo.ts` is what gradients use.
import { ShapeError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { sum } from './reduce.ts'
import { reshape } from './reshape.ts'
import { type SizeList, sizesOf } from './view.ts'

/** Summed over the dimensions in which it is larger than the given sizes, from which it could have been broadcast. Source: `torch.Tensor.sum_to_size`. */
export function sumToSize(x: Tensor, ...sizes: SizeList): Tensor {
  const shape = sizesOf(sizes)
  const lead = x.ndim - shape.length
  if (lead < 0 || shape.some((size, d) => size !== x.shape[lead + d] && size !== 1))
    throw new ShapeError(`sumToSize: ${formatShape(shape)} does not broadcast to ${formatShape(x.shape)}`)
  if (sameShape(shape, x.shape)) return x
  if (shape.length === 0) return sum(x)
  const dims = [...x.shape.keys()].filter((d) => d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1))
  const summed = sum(x, dims, { keepdim: true })
  return lead > 0 ? reshape(summed, shape) : summed
}

export const methods = { sumToSize }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
