// `x.at(...)` and `x.set(...)`: PyTorch's square brackets. Basic indices make a view, index tensors and masks then read or write through it.
import { record } from '../autograd/record.ts'
import { IndexError, ShapeError } from '../base/errors.ts'
import { broadcastShapes, formatShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type Addressing, indexOf, putAt, readAt, writeAt } from './address.ts'
import { copy_ } from './copy.ts'
import { writeInPlace } from './inPlace.ts'
import type { Methods } from './methods.ts'
import { indicesOf } from './nonzero.ts'
import { cast, type TensorOrNumber } from './pointwise.ts'
import { unsqueeze } from './reshape.ts'
import { select, slice } from './slice.ts'
import { parseSlice, type SliceString } from './sliceString.ts'
import { tensor } from './tensorOf.ts'
import { expand } from './view.ts'

/** Positions (or a mask) as a nested array. */
export type IndexArray = readonly (number | boolean | IndexArray)[]
/**
 * One index: a position, a slice `'start:stop:step'`, `'...'` for all other dimensions, `null` for a new one, `true` or `false`,
 * a tensor or array of positions (int64, int32), or a mask (bool; uint8 counts as one, as in PyTorch).
 */
export type Index = number | SliceString | '...' | null | boolean | Tensor | IndexArray

/** A view by the basic indices, and for some of its dimensions an index tensor. */
interface Place {
  readonly view: Tensor
  readonly indices: readonly (Tensor | undefined)[]
}

const isMask = (x: Tensor): boolean => x.dtype === 'bool' || x.dtype === 'uint8'
const isPosition = (x: Tensor): boolean => x.dtype === 'int64' || x.dtype === 'int32'

/** Dimensions of the tensor that an index uses up. */
function uses(index: Index | Tensor): number {
  if (index === null || index === '...' || typeof index === 'boolean') return 0
  return index instanceof Tensor && isMask(index) ? index.ndim : 1
}

function lifted(op: string, index: Index, x: Tensor): Exclude<Index, IndexArray> {
  if (Array.isArray(index))
    return tensor(index as never, { device: x.device, ...(index.length === 0 ? { dtype: 'int64' } : {}) })
  if (index instanceof Tensor && !isMask(index) && !isPosition(index)) {
    throw new IndexError(
      `${op}: a tensor of indices must be int64, int32, bool or uint8, got ${index.dtype}`,
      'convert it: index.long().',
    )
  }
  return index as Exclude<Index, IndexArray>
}

function resolve(op: string, x: Tensor, given: readonly Index[]): Place {
  const list = given.map((index) => lifted(op, index, x))
  const used = list.reduce<number>((sum, index) => sum + uses(index), 0)
  if (used > x.ndim)
    throw new IndexError(
      `${op}: too many indices: ${used} for a tensor of ${x.ndim} dimensions, shape ${formatShape(x.shape)}`,
    )
  const indices: (Tensor | undefined)[] = []
  let view = x
  let dim = 0
  // A value of one bit: a new dimension that is there or not.
  const bit = (on: boolean): void => {
    view = unsqueeze(view, dim)
    indices[dim++] = tensor(on ? [0] : [], { dtype: 'int64', device: x.device })
  }
  for (const index of list) {
    if (typeof index === 'number') view = selected(op, view, dim, index)
    else if (index === '...') dim += x.ndim - used
    else if (index === null) view = unsqueeze(view, dim++)
    else if (typeof index === 'boolean') bit(index)
    else if (typeof index === 'string') {
      const { start, stop, step } = parseSlice(op, index)
      view = slice(view, dim++, start, stop, step)
    } else if (index instanceof Tensor && index.ndim === 0) {
      if (isMask(index)) bit(index.item() !== 0)
      else view = selected(op, view, dim, index.item())
    } else if (index instanceof Tensor && isMask(index)) {
      index.shape.forEach((size, d) => {
        if (size !== view.shape[dim + d]) {
          throw new IndexError(
            `${op}: the mask's shape ${formatShape(index.shape)} does not match ${formatShape(view.shape)} at dimension ${dim + d}: ${size} and ${view.shape[dim + d]}`,
          )
        }
      })
      for (const column of indicesOf(index)) indices[dim++] = column
    } else if (index instanceof Tensor) indices[dim++] = indexOf(op, index)
    else
      throw new IndexError(
        `${op}: ${String(index)} is not an index`,
        "an index is a whole number, 'start:stop:step', '...', null, a tensor or an array.",
      )
  }
  return { view, indices }
}

function selected(op: string, x: Tensor, dim: number, index: number): Tensor {
  if (!Number.isInteger(index)) throw new IndexError(`${op}: an index must be a whole number, got ${index}`)
  const size = x.shape[dim]
  if (index < -size || index >= size)
    throw new IndexError(`${op}: index ${index} is out of range for dimension ${dim} with size ${size}`)
  return select(x, dim, index)
}

/** NumPy's rule: the indices' common shape stands where they stand, or in front if they are not neighbours. */
export function addressing(
  op: string,
  shape: readonly number[],
  given: readonly (Tensor | undefined)[],
): { where: Addressing; indices: Tensor[] } {
  const dims = shape.map((_, d) => d).filter((d) => given[d] !== undefined)
  const indices = dims.map((d) => given[d] as Tensor)
  let joint: number[]
  try {
    joint = broadcastShapes(op, ...indices.map((index) => index.shape))
  } catch {
    throw new IndexError(
      `${op}: index tensors do not broadcast: ${indices.map((index) => formatShape(index.shape)).join(' and ')}`,
    )
  }
  const neighbours = dims.every((d, k) => k === 0 || d === dims[k - 1] + 1)
  const start = neighbours ? dims[0] : 0
  const free = shape.map((_, d) => d).filter((d) => !dims.includes(d))
  const before = free.slice(0, start)
  const after = free.slice(start)
  const common = [...before.map((d) => shape[d]), ...joint, ...after.map((d) => shape[d])]
  const follows = shape.map((_, d) => {
    if (dims.includes(d)) return -1
    return before.includes(d) ? before.indexOf(d) : start + joint.length + after.indexOf(d)
  })
  const indexed = dims.map((dim, k) => ({ dim, start: start + joint.length - indices[k].ndim }))
  return { where: { common, follows, indexed }, indices }
}

/**
 * The part that the indices name, as `x[...]` in PyTorch: a view where all of them are numbers, slices, `'...'` or null, else a copy.
 * Throws IndexError for too many indices or one out of range. Source: `torch.Tensor.__getitem__`.
 */
export function at(x: Tensor, ...index: Index[]): Tensor {
  const { view, indices } = resolve('at', x, index)
  if (indices.some((i) => i !== undefined)) {
    const { where, indices: used } = addressing('at', view.shape, indices)
    return readAt('IndexBackward0', view, used, where)
  }
  return view === x ? record('AliasBackward0', [x], x.alias(), [], (grad) => [grad]) : view
}

/**
 * Writes `value` (broadcast, converted to the dtype of `x`) to the part that the indices name and returns `x`: `x[...] = value` in PyTorch.
 * Several indices are a list: `x.set([1, '0:2'], 5)`; a single one stands alone: `x.set(mask, 0)`. An array as an index is written as a tensor,
 * or inside the list: `x.set([[0, 2]], 1)`. Throws IndexError as `at`, ShapeError if the value does not fit. Source: `torch.Tensor.__setitem__`.
 */
export function set(x: Tensor, index: Exclude<Index, IndexArray> | readonly Index[], value: TensorOrNumber): Tensor {
  const { view, indices } = resolve('set', x, Array.isArray(index) ? (index as readonly Index[]) : [index as Index])
  const source = value instanceof Tensor ? value : tensor(value, { dtype: x.dtype, device: x.device })
  if (indices.some((i) => i !== undefined)) {
    const { where, indices: used } = addressing('set', view.shape, indices)
    putInto('set', view, withoutLead(cast(source, x.dtype), where.common.length), used, where, false)
  } else copy_(view, withoutLead(source, view.ndim))
  return x
}

/** Without leading dimensions of size 1 beyond `ndim`: PyTorch lets them go when it assigns. */
function withoutLead(value: Tensor, ndim: number): Tensor {
  let part = value
  while (part.ndim > ndim && part.shape[0] === 1) part = select(part, 0, 0)
  return part
}

/** Writes, or adds, `values` (broadcast to the common shape) into `x` at the addressed places. */
export function putInto(
  op: string,
  x: Tensor,
  values: Tensor,
  indices: readonly Tensor[],
  where: Addressing,
  accumulate: boolean,
): Tensor {
  const wide = fitted(op, values, where.common)
  const direct =
    values.storage === x.storage ? undefined : () => writeAt(accumulate ? 'add' : 'set', x, wide, indices, where)
  return writeInPlace(
    op,
    x,
    [wide],
    (self) => putAt('IndexPutBackward0', self, wide, accumulate, indices, where),
    direct,
  )
}

/** `values` broadcast to `shape`. */
export function fitted(op: string, values: Tensor, shape: readonly number[]): Tensor {
  if (
    values.ndim > shape.length ||
    values.shape.some((size, d) => size !== 1 && size !== shape[d + shape.length - values.ndim])
  ) {
    throw new ShapeError(
      `${op}: values of shape ${formatShape(values.shape)} do not broadcast to the indexed shape ${formatShape(shape)}`,
    )
  }
  return expand(values, shape)
}

export const methods = { at, set }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
