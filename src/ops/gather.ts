// Reading by index tensors: indexSelect, gather, take, maskedSelect, oneHot. All are `readAt` with another addressing.
import { DTypeError, IndexError, ShapeError, ValueError } from '../base/errors.ts'
import { broadcastShapes, formatShape, normalizeDim, numelOf, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Addressing, checkNotNegative, indexOf, readAt } from './address.ts'
import type { Methods } from './methods.ts'
import { indicesOf } from './nonzero.ts'
import { reshape } from './reshape.ts'
import { expand, zerosOf } from './view.ts'

/** The addressing of `indexSelect`: dimension `dim` follows a 1-d index, the others themselves. */
export function alongDim(shape: readonly number[], dim: number, count: number): Addressing {
  return {
    common: shape.with(dim, count),
    follows: shape.map((_, d) => (d === dim ? -1 : d)),
    indexed: [{ dim, start: dim }],
  }
}
/** The addressing of `gather`: an index for every element, of its own shape. */
export function elementwise(shape: readonly number[], dim: number, index: readonly number[]): Addressing {
  return { common: index, follows: shape.map((_, d) => (d === dim ? -1 : d)), indexed: [{ dim, start: 0 }] }
}
/** One index for each dimension of the source. */
export function pointwiseAddress(shape: readonly number[], index: readonly number[]): Addressing {
  return { common: index, follows: shape.map(() => -1), indexed: shape.map((_, dim) => ({ dim, start: 0 })) }
}

/** An index with at most one dimension, as one with exactly one. */
export function listIndex(op: string, index: Tensor): Tensor {
  if (index.ndim > 1)
    throw new ShapeError(`${op}: index must have at most one dimension, got ${formatShape(index.shape)}`)
  const list = indexOf(op, index)
  return list.ndim === 0 ? reshape(list, [1]) : list
}

/** A 0-d tensor as one with one dimension: what the dimension-wise ops take it for. */
export const atLeast1 = (x: Tensor): Tensor => (x.ndim === 0 ? reshape(x, [1]) : x)

/** The parts at `index` (at most 1-d) along `dim`. Throws IndexError out of range. Source: `torch.index_select`. */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const at = normalizeDim('indexSelect', dim, x.ndim)
  const list = listIndex('indexSelect', index)
  if (x.shape[at] === 0 && list.numel() > 0)
    throw new IndexError(`indexSelect: dimension ${at} of ${formatShape(x.shape)} has nothing to select`)
  checkNotNegative('indexSelect', list)
  if (x.ndim === 0)
    return reshape(readAt('IndexSelectBackward0', reshape(x, [1]), [list], alongDim([1], 0, list.shape[0])), [])
  return readAt('IndexSelectBackward0', x, [list], alongDim(x.shape, at, list.shape[0]))
}

/** Checks an index that has a value for each element: as many dimensions as `x`, and no larger than it, `dim` aside. */
export function checkElementIndex(op: string, x: Tensor, dim: number, index: Tensor): void {
  if (index.numel() === 0) return
  if (index.ndim !== x.ndim || index.shape.some((size, d) => d !== dim && size > x.shape[d])) {
    throw new ShapeError(
      `${op}: index ${formatShape(index.shape)} must be no larger than input ${formatShape(x.shape)} apart from dimension ${dim}`,
    )
  }
}

/** `out[i][j] = x[index[i][j]][j]` for dim 0, and so on: the shape of `index`. Source: `torch.gather`. */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  const at = normalizeDim('gather', dim, x.ndim)
  const [source, list] = [atLeast1(x), atLeast1(indexOf('gather', index))]
  checkElementIndex('gather', source, at, list)
  checkNotNegative('gather', list)
  const out = readAt('GatherBackward0', source, [list], elementwise(source.shape, at, list.shape))
  return index.ndim === 0 ? reshape(out, []) : out
}

/** Elements by their position in the flattened tensor; the shape of `index`. Negative positions count from the end. Source: `torch.take`. */
export function take(x: Tensor, index: Tensor): Tensor {
  const list = indexOf('take', index)
  return readAt('TakeBackward0', x.ndim === 1 ? x : reshape(x, [-1]), [list], {
    common: list.shape,
    follows: [-1],
    indexed: [{ dim: 0, start: 0 }],
  })
}

/** `gather` with broadcasting; without `dim` both are flattened. Fits the results of argsort and argmax. Source: `torch.take_along_dim`. */
export function takeAlongDim(x: Tensor, indices: Tensor, dim?: number): Tensor {
  if (dim === undefined) return gather(reshape(x, [-1]), 0, reshape(indices, [-1]))
  const at = normalizeDim('takeAlongDim', dim, x.ndim)
  if (x.ndim !== indices.ndim)
    throw new ShapeError(
      `takeAlongDim: input and indices must have as many dimensions: ${formatShape(x.shape)} and ${formatShape(indices.shape)}`,
    )
  if (x.ndim === 0) return gather(x, dim, indices)
  const rest = broadcastShapes('takeAlongDim', x.shape.with(at, 1), indices.shape.with(at, 1))
  return gather(widened(x, rest.with(at, x.shape[at])), at, widened(indices, rest.with(at, indices.shape[at])))
}

const widened = (x: Tensor, shape: readonly number[]): Tensor => (sameShape(x.shape, shape) ? x : expand(x, shape))

/** The mask and the tensor with one shape. Throws DTypeError unless the mask is bool (or uint8). */
export function withMask(
  op: string,
  x: Tensor,
  mask: Tensor,
): { source: Tensor; indices: Tensor[]; where: Addressing } {
  if (mask.dtype !== 'bool' && mask.dtype !== 'uint8')
    throw new DTypeError(
      `${op}: the mask must be bool, got ${mask.dtype}`,
      'compare: x.gt(0), or convert it: mask.bool().',
    )
  const shape = broadcastShapes(op, x.shape, mask.shape)
  const whole = shape.length === 0 ? [1] : shape
  const source = shape.length === 0 ? reshape(x, [1]) : widened(x, shape)
  const indices = indicesOf(expand(mask, whole))
  return { source, indices, where: pointwiseAddress(whole, indices[0].shape) }
}

/** The elements where the mask is true, in one dimension; both are broadcast. Source: `torch.masked_select`. */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const { source, indices, where } = withMask('maskedSelect', x, mask)
  return readAt('MaskedSelectBackward0', source, indices, where)
}

/** Class numbers (int64, any shape) as rows of 0 with one 1: [..., numClasses] int64. Without `numClasses` one more than the largest. Source: `torch.nn.functional.one_hot`. */
export function oneHot(x: Tensor, numClasses: number = -1): Tensor {
  if (x.dtype !== 'int64')
    throw new DTypeError(`oneHot: class numbers must be int64, got ${x.dtype}`, 'convert them: x.long().')
  const values = x.numbers()
  if (values.length === 0 && numClasses <= 0)
    throw new ValueError('oneHot: the number of classes cannot be read off an empty tensor', 'pass numClasses.')
  let most = 0
  for (const value of values) {
    if (value < 0) throw new ValueError(`oneHot: class numbers must not be negative, got ${value}`)
    most = Math.max(most, value)
  }
  const classes = numClasses === -1 ? most + 1 : numClasses
  if (classes < 1 || (values.length > 0 && most >= classes))
    throw new ValueError(`oneHot: class ${most} is not below the number of classes ${classes}`)
  const out = zerosOf([...x.shape, classes], x)
  const one = zerosOf([], x)
  one.storage.backend.write(one.storage.handle, 0, new Uint8Array(BigInt64Array.of(1n).buffer))
  const common = [...x.shape, 1]
  const strides = [...out.strides.slice(0, -1), 0]
  if (numelOf(common) > 0) {
    launch({
      kind: 'scatter',
      op: 'set',
      x: { storage: one.storage, dtype: 'int64', shape: common, strides: common.map(() => 0), offset: 0 },
      indices: [
        {
          index: { storage: x.storage, dtype: 'int64', shape: common, strides: [...x.strides, 0], offset: x.offset },
          stride: 1,
          size: classes,
        },
      ],
      out: { storage: out.storage, dtype: 'int64', shape: common, strides, offset: out.offset },
    })
  }
  return out
}

export const methods = { indexSelect, gather, take, takeAlongDim, maskedSelect }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
