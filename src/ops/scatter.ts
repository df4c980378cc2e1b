// Writing by index tensors: scatter, scatterAdd, indexAdd, indexCopy, indexFill, indexPut, put, maskedScatter, and their in-place forms.
// Each op names its addressing and its values once (`Write`); copy, gradient and in-place form follow.
import { DTypeError, IndexError, ShapeError } from '../base/errors.ts'
import { formatShape, normalizeDim, sameShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { type Addressing, checkNotNegative, indexOf, putAt, writeAt } from './address.ts'
import { mul } from './arithmetic.ts'
import { alongDim, atLeast1, elementwise, listIndex, withMask } from './gather.ts'
import { addressing, fitted } from './indexing.ts'
import { writeInPlace } from './inPlace.ts'
import type { Methods } from './methods.ts'
import { indicesOf } from './nonzero.ts'
import { cast } from './pointwise.ts'
import { reshape } from './reshape.ts'
import { scatterReduce } from './scatterReduce.ts'
import { slice } from './slice.ts'
import { tensor } from './tensorOf.ts'
import { expand } from './view.ts'

/** What is written where. `values` have the common shape; `shape` is the shape in which the target is addressed. */
interface Write {
  readonly name: string
  readonly values: Tensor
  readonly accumulate: boolean
  readonly indices: readonly Tensor[]
  readonly where: Addressing
  readonly shape: readonly number[]
}

function written(x: Tensor, { name, values, accumulate, indices, where, shape }: Write): Tensor {
  const target = sameShape(x.shape, shape) ? x : reshape(x, shape)
  const out = putAt(`${name}Backward0`, target, values, accumulate, indices, where)
  return target === x ? out : reshape(out, x.shape)
}

function writtenInPlace(x: Tensor, write: Write): Tensor {
  const { values, accumulate, indices, where, shape } = write
  const direct = sameShape(x.shape, shape) && values.storage !== x.storage
  return writeInPlace(
    `${write.name.charAt(0).toLowerCase()}${write.name.slice(1)}_`,
    x,
    [values],
    (self) => written(self, write),
    direct ? () => writeAt(accumulate ? 'add' : 'set', x, values, indices, where) : undefined,
  )
}

function sameDType(op: string, x: Tensor, values: Tensor): void {
  if (x.dtype !== values.dtype)
    throw new DTypeError(
      `${op}: input and values must have one dtype: ${x.dtype} and ${values.dtype}`,
      `convert the values: .to('${x.dtype}').`,
    )
}

/** A number, or a 0-d tensor, as a view of `shape` in the dtype of `x`. */
const filling = (x: Tensor, value: number | boolean | Tensor, shape: readonly number[]): Tensor =>
  expand(value instanceof Tensor ? cast(value, x.dtype) : tensor(value, { dtype: x.dtype, device: x.device }), shape)

/** The corner of `src` that has the shape of the index. */
export function corner(op: string, src: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(src.shape, shape)) return src
  if (src.ndim !== shape.length || shape.some((size, d) => size > src.shape[d])) {
    throw new ShapeError(`${op}: index ${formatShape(shape)} must be no larger than src ${formatShape(src.shape)}`)
  }
  return shape.reduce((part, size, d) => (part.shape[d] === size ? part : slice(part, d, 0, size)), src)
}

/** The addressing of the scatter family, checked. */
export function elementWrite(
  name: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  accumulate: boolean,
): Write {
  const op = `${name.charAt(0).toLowerCase()}${name.slice(1)}`
  const at = normalizeDim(op, dim, x.ndim)
  const list = atLeast1(indexOf(op, index))
  const shape = x.ndim === 0 ? [1] : x.shape
  if (list.numel() > 0 && (list.ndim !== shape.length || list.shape.some((size, d) => d !== at && size > shape[d]))) {
    throw new ShapeError(
      `${op}: index ${formatShape(index.shape)} must be no larger than input ${formatShape(x.shape)} apart from dimension ${at}`,
    )
  }
  if (src instanceof Tensor) sameDType(op, x, src)
  checkNotNegative(op, list)
  if (list.numel() === 0) return nothing(name, x)
  const values = src instanceof Tensor ? corner(op, atLeast1(src), list.shape) : filling(x, src, list.shape)
  return { name, values, accumulate, indices: [list], where: elementwise(shape, at, list.shape), shape }
}

/** A write of no element. */
function nothing(name: string, x: Tensor): Write {
  const empty = tensor([], { dtype: 'int64', device: x.device })
  return {
    name,
    values: tensor([], { dtype: x.dtype, device: x.device }),
    accumulate: true,
    indices: [empty],
    where: { common: [0], follows: [-1], indexed: [{ dim: 0, start: 0 }] },
    shape: [x.numel()],
  }
}

export interface ScatterOptions {
  /** Adds to, or multiplies, what is there instead of replacing it. */
  reduce?: 'add' | 'multiply'
}

/**
 * A copy of `x` with `out[index[i][j]][j] = src[i][j]` for dim 0, and so on; `src` may be a number. Where two values meet, the last one wins.
 * Source: `torch.scatter`.
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  { reduce }: ScatterOptions = {},
): Tensor {
  if (reduce === 'multiply')
    return scatterReduce(x, dim, index, src instanceof Tensor ? src : filling(x, src, index.shape), 'prod')
  return written(x, elementWrite('Scatter', x, dim, index, src, reduce === 'add'))
}
/** `scatter` into `x`. */
export function scatter_(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  options: ScatterOptions = {},
): Tensor {
  if (options.reduce === 'multiply')
    return writeInPlace('scatter_', x, src instanceof Tensor ? [src] : [], (self) =>
      scatter(self, dim, index, src, options),
    )
  return writtenInPlace(x, elementWrite('Scatter', x, dim, index, src, options.reduce === 'add'))
}
/** A copy of `x` with `src` added at the places of `scatter`. Source: `torch.scatter_add`. */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  return written(x, elementWrite('ScatterAdd', x, dim, index, src, true))
}
/** `scatterAdd` into `x`. */
export function scatterAdd_(x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  return writtenInPlace(x, elementWrite('ScatterAdd', x, dim, index, src, true))
}

/** A write of whole parts along `dim`. */
function partsWrite(
  name: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  values: (shape: readonly number[]) => Tensor,
  accumulate: boolean,
): Write {
  const op = `${name.charAt(0).toLowerCase()}${name.slice(1)}`
  const at = normalizeDim(op, dim, x.ndim)
  const list = listIndex(op, index)
  const shape = x.ndim === 0 ? [1] : x.shape
  const where = alongDim(shape, at, list.shape[0])
  return { name, values: values(where.common), accumulate, indices: [list], where, shape }
}

function source(op: string, x: Tensor, src: Tensor, shape: readonly number[]): Tensor {
  sameDType(op, x, src)
  if (
    src.numel() === shape.reduce((n, size) => n * size, 1) &&
    Math.max(src.ndim, 1) === shape.length &&
    sameShape(atLeast1(src).shape, shape)
  )
    return atLeast1(src)
  throw new ShapeError(`${op}: source has shape ${formatShape(src.shape)}, expected ${formatShape(shape)}`)
}

const addWrite = (x: Tensor, dim: number, index: Tensor, src: Tensor, alpha: number): Write =>
  partsWrite(
    'IndexAdd',
    x,
    dim,
    index,
    (shape) => {
      const values = source('indexAdd', x, src, shape)
      return alpha === 1 ? values : cast(mul(values, alpha), x.dtype)
    },
    true,
  )
const copyWrite = (x: Tensor, dim: number, index: Tensor, src: Tensor): Write =>
  partsWrite('IndexCopy', x, dim, index, (shape) => source('indexCopy', x, src, shape), false)
const fillWrite = (x: Tensor, dim: number, index: Tensor, value: number | boolean | Tensor): Write =>
  partsWrite('IndexFill', x, dim, index, (shape) => filling(x, value, shape), false)

/** A copy of `x` with `alpha * source` added to the parts at `index` along `dim`. Source: `torch.index_add`. */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { alpha?: number } = {},
): Tensor {
  return written(x, addWrite(x, dim, index, source, alpha))
}
/** `indexAdd` into `x`. */
export function indexAdd_(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { alpha?: number } = {},
): Tensor {
  return writtenInPlace(x, addWrite(x, dim, index, source, alpha))
}
/** A copy of `x` with the parts at `index` along `dim` replaced by `source`. Source: `torch.index_copy`. */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const [target, parts] = underAutocast('indexCopy', x, source)
  return written(target, copyWrite(target, dim, index, parts))
}
/** `indexCopy` into `x`. */
export function indexCopy_(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return writtenInPlace(x, copyWrite(x, dim, index, source))
}
/** A copy of `x` with the parts at `index` along `dim` filled with `value` (a number or a 0-d tensor). Source: `torch.index_fill`. */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: number | boolean | Tensor): Tensor {
  return written(x, fillWrite(x, dim, index, value))
}
/** `indexFill` into `x`. */
export function indexFill_(x: Tensor, dim: number, index: Tensor, value: number | boolean | Tensor): Tensor {
  return writtenInPlace(x, fillWrite(x, dim, index, value))
}

export interface AccumulateOptions {
  /** Add to what is there instead of replacing it. Default false. */
  accumulate?: boolean
}

function putWrite(x: Tensor, given: readonly Tensor[], values: Tensor, accumulate: boolean): Write {
  sameDType('indexPut', x, values)
  const columns = given.flatMap((index) =>
    index.dtype === 'bool' || index.dtype === 'uint8' ? indicesOf(index) : [indexOf('indexPut', index)],
  )
  if (columns.length > x.ndim)
    throw new IndexError(`indexPut: too many indices: ${columns.length} for a tensor of ${x.ndim} dimensions`)
  const { where, indices } = addressing('indexPut', x.shape, columns)
  return {
    name: 'IndexPut',
    values: fitted('indexPut', values, where.common),
    accumulate,
    indices,
    where,
    shape: x.shape,
  }
}
/** A copy of `x` with `values` at the places that one index tensor (or mask) for each leading dimension names. Source: `torch.index_put`. */
export function indexPut(
  x: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
  { accumulate = false }: AccumulateOptions = {},
): Tensor {
  return written(x, putWrite(x, indices, values, accumulate))
}
/** `indexPut` into `x`. */
export function indexPut_(
  x: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
  { accumulate = false }: AccumulateOptions = {},
): Tensor {
  return writtenInPlace(x, putWrite(x, indices, values, accumulate))
}

function flatWrite(x: Tensor, index: Tensor, values: Tensor, accumulate: boolean): Write {
  sameDType('put', x, values)
  if (index.numel() !== values.numel())
    throw new ShapeError(`put: index and source must hold as many elements: ${index.numel()} and ${values.numel()}`)
  const list = indexOf('put', index)
  const where = { common: list.shape, follows: [-1], indexed: [{ dim: 0, start: 0 }] }
  return { name: 'Put', values: reshape(values, list.shape), accumulate, indices: [list], where, shape: [x.numel()] }
}
/** A copy of `x` with `source` at positions `index` of the flattened tensor; negative positions count from the end. Source: `torch.put`. */
export function put(x: Tensor, index: Tensor, source: Tensor, accumulate: boolean | AccumulateOptions = false): Tensor {
  return written(x, flatWrite(x, index, source, flag(accumulate)))
}
/** `put` into `x`. */
export function put_(
  x: Tensor,
  index: Tensor,
  source: Tensor,
  accumulate: boolean | AccumulateOptions = false,
): Tensor {
  return writtenInPlace(x, flatWrite(x, index, source, flag(accumulate)))
}
const flag = (accumulate: boolean | AccumulateOptions): boolean =>
  typeof accumulate === 'boolean' ? accumulate : (accumulate.accumulate ?? false)

function maskWrite(x: Tensor, mask: Tensor, source: Tensor): { target: Tensor; write: Write } {
  sameDType('maskedScatter', x, source)
  const { source: target, indices, where } = withMask('maskedScatter', x, mask)
  const count = where.common[0]
  if (count > source.numel())
    throw new ShapeError(`maskedScatter: source holds ${source.numel()} elements, the mask is true at ${count}`)
  const values = slice(reshape(source, [-1]), 0, 0, count)
  return { target, write: { name: 'MaskedScatter', values, accumulate: false, indices, where, shape: target.shape } }
}
/** A copy of `x` (broadcast with the mask) with the first elements of `source`, in order, where the mask is true. Source: `torch.masked_scatter`. */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  const { target, write } = maskWrite(x, mask, source)
  const out = written(target, write)
  return x.ndim === 0 && mask.ndim === 0 ? reshape(out, []) : out
}
/** `maskedScatter` into `x`. */
export function maskedScatter_(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  return writtenInPlace(x, maskWrite(x, expand(mask, x.shape), source).write)
}

export const methods = {
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  indexAdd,
  indexAdd_,
  indexCopy,
  indexCopy_,
  indexFill,
  indexFill_,
  indexPut,
  indexPut_,
  put,
  put_,
  maskedScatter,
  maskedScatter_,
}
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
