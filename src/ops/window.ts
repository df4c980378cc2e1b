// What convolution and pooling share: sizes given once or per dimension, and tensors of any rank as [N, C, H, W].
import { ValueError } from '../base/errors.ts'
import { contiguousStrides } from '../base/shape.ts'
import type { View } from '../runtime/spec.ts'

/** One number for all spatial dimensions, or one for each. */
export type Size = number | readonly number[]

/** `size` for each of `rank` dimensions. Throws ValueError for a list of another length. */
export function sizePerDim(op: string, name: string, size: Size, rank: number): number[] {
  if (typeof size === 'number') return new Array<number>(rank).fill(size)
  if (size.length === 1) return new Array<number>(rank).fill(size[0])
  if (size.length !== rank)
    throw new ValueError(`${op}: ${name} must be one number or ${rank}, got [${size.join(', ')}]`)
  return [...size]
}

/** Another geometry on the same elements. */
export const viewOf = (x: View, shape: readonly number[], strides: readonly number[], offset = x.offset): View => ({
  storage: x.storage,
  dtype: x.dtype,
  shape,
  strides,
  offset,
})
/** The first elements of a contiguous tensor in another shape. */
export const asShape = (x: View, shape: readonly number[]): View => viewOf(x, shape, contiguousStrides(shape))

/** [N, C, L] as [N, C, 1, L]; four dimensions as they are. */
export function asPlanes(x: View): View {
  if (x.shape.length === 4) return x
  const [n, c, l] = x.shape
  const [sn, sc, sl] = x.strides
  return viewOf(x, [n, c, 1, l], [sn, sc, l * sl, sl])
}
