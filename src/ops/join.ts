// Tensors put together: cat, stack and their kin. One kernel-side idea: each part is copied into its slice of the result.
import { record } from '../autograd/record.ts'
import { type DType, resultType } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, normalizeDim, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { cast } from './pointwise.ts'
import { atleast1d, atleast2d, atleast3d, reshape } from './reshape.ts'
import { narrow, select } from './slice.ts'
import { zerosOf } from './view.ts'

/** An empty tensor of one dimension joins anything: PyTorch's old rule. */
const isNothing = (x: Tensor): boolean => x.ndim === 1 && x.shape[0] === 0

/**
 * The tensors one after the other along `dim`; all other sizes are equal. The dtype is promoted.
 * Throws ShapeError where sizes differ or a tensor is 0-d, ValueError for an empty list. Source: `torch.cat`.
 */
export function cat(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new ValueError('cat: the list of tensors is empty')
  tensors.forEach((x, i) => {
    if (x.ndim === 0) throw new ShapeError(`cat: the tensor at position ${i} has no dimension`, 'use stack().')
  })
  const first = tensors.find((x) => !isNothing(x)) ?? tensors[0]
  const at = normalizeDim('cat', dim, first.ndim)
  const joined = tensors.filter((x) => !isNothing(x) || first.ndim === 1)
  for (const x of joined) {
    if (x.ndim !== first.ndim || x.shape.some((size, d) => d !== at && size !== first.shape[d])) {
      throw new ShapeError(
        `cat: sizes must be equal except in dimension ${at}: ${formatShape(first.shape)} and ${formatShape(x.shape)}`,
      )
    }
  }
  const dtype = resultType(...tensors)
  const out = Tensor.empty(
    first.shape.with(
      at,
      joined.reduce((sum, x) => sum + x.shape[at], 0),
    ),
    dtype,
    first.device,
  )
  let start = 0
  const spans = tensors.map((x) => {
    const length = joined.includes(x) ? x.shape[at] : 0
    if (length > 0) place(x, out, x.shape, out.strides, start * out.strides[at])
    start += length
    return { start: start - length, length, shape: x.shape, dtype: x.dtype }
  })
  return record('CatBackward0', tensors, out, [], (grad, _saved, needs) =>
    spans.map(({ start, length, shape, dtype }, i) => {
      if (!needs[i]) return null
      return sameShape(shape, grad.shape.with(at, length))
        ? cast(narrow(grad, at, start, length), dtype)
        : cast(zerosOf(shape, grad), dtype)
    }),
  )
}

function place(x: Tensor, out: Tensor, shape: readonly number[], strides: readonly number[], offset: number): void {
  launch({ kind: 'copy', x, out: { storage: out.storage, dtype: out.dtype, shape, strides, offset } })
}

/** Tensors of one shape side by side along a new dimension `dim`. Throws ShapeError where shapes differ, ValueError for an empty list. Source: `torch.stack`. */
export function stack(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new ValueError('stack: the list of tensors is empty')
  const { shape, device } = tensors[0]
  const at = normalizeDim('stack', dim, shape.length + 1)
  tensors.forEach((x, i) => {
    if (!sameShape(x.shape, shape)) {
      throw new ShapeError(
        `stack: all tensors must have one shape: ${formatShape(shape)} at position 0 and ${formatShape(x.shape)} at position ${i}`,
      )
    }
  })
  const dtypes: readonly DType[] = tensors.map((x) => x.dtype)
  const out = Tensor.empty(shape.toSpliced(at, 0, tensors.length), resultType(...tensors), device)
  tensors.forEach((x, i) => {
    place(x, out, shape, out.strides.toSpliced(at, 1), i * out.strides[at])
  })
  return record('StackBackward0', tensors, out, [], (grad, _saved, needs) =>
    dtypes.map((dtype, i) => (needs[i] ? cast(select(grad, at, i), dtype) : null)),
  )
}

const list = (tensors: readonly Tensor[], f: (x: Tensor) => Tensor): Tensor[] => tensors.map((x) => f(x))

/** Side by side: along the columns (1-d tensors along their only dimension). Source: `torch.hstack`. */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const parts = list(tensors, (x) => atleast1d(x))
  return cat(parts, parts[0]?.ndim === 1 ? 0 : 1)
}
/** On top of each other: along the rows, 1-d tensors as rows. Source: `torch.vstack`. */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return cat(
    list(tensors, (x) => atleast2d(x)),
    0,
  )
}
/** Behind each other: along the third dimension. Source: `torch.dstack`. */
export function dstack(tensors: readonly Tensor[]): Tensor {
  return cat(
    list(tensors, (x) => atleast3d(x)),
    2,
  )
}
/** Columns of a matrix: 1-d tensors as columns, matrices as they are. Source: `torch.column_stack`. */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  return cat(
    list(tensors, (x) => (x.ndim <= 1 ? reshape(x, [x.numel(), 1]) : x)),
    1,
  )
}

/** Another name of `cat`. Source: `torch.concat`. */
export const concat = cat

/** Matrices (or rows, or numbers) along the diagonal of zeros. Source: `torch.block_diag`. */
export function blockDiag(...tensors: Tensor[]): Tensor {
  if (tensors.length === 0) return Tensor.empty([1, 0])
  const blocks = tensors.map((x, i) => {
    if (x.ndim > 2)
      throw new ShapeError(
        `blockDiag: at most two dimensions are allowed, got ${formatShape(x.shape)} at position ${i}`,
      )
    return {
      shape: x.shape,
      dtype: x.dtype,
      rows: x.ndim < 2 ? 1 : x.shape[0],
      columns: x.shape.at(-1) ?? 1,
      row: 0,
      column: 0,
    }
  })
  let row = 0
  let column = 0
  for (const block of blocks) {
    Object.assign(block, { row, column })
    row += block.rows
    column += block.columns
  }
  const dtype = resultType(...tensors)
  const zeros = zerosOf([row, column], tensors[0])
  const out = cast(zeros, dtype)
  tensors.forEach((x, i) => {
    const { rows, columns, row, column } = blocks[i]
    place(reshape(x.detach(), [rows, columns]), out, [rows, columns], out.strides, row * out.strides[0] + column)
  })
  return record('BlockDiagBackward0', tensors, out, [], (grad, _saved, needs) =>
    blocks.map(({ shape, dtype, rows, columns, row, column }, i) =>
      needs[i] ? cast(reshape(narrow(narrow(grad, 0, row, rows), 1, column, columns), shape), dtype) : null,
    ),
  )
}
