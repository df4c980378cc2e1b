// Sorting along a dimension and what is read off a sorted row: topk, kthvalue, median, mode. NaN counts as the largest value.
import { record } from '../autograd/record.ts'
import { isFloating } from '../base/dtype.ts'
import { IndexError, ShapeError } from '../base/errors.ts'
import { formatShape, normalizeDim } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { cat } from './join.ts'
import { argmax, selectGradient, type ValuesAndIndices } from './extreme.ts'
import { atLeast1 } from './gather.ts'
import type { Methods } from './methods.ts'
import { named } from './named.ts'
import { arange } from './ranges.ts'
import { cummax } from './scan.ts'

export interface SortOptions {
  /** The largest first. Default false. */
  descending?: boolean
  /** Keep the order of equal values: always so here. */
  stable?: boolean
}

/** Sorted values and their positions, of a tensor with dimensions; not recorded. */
function sorted(x: Tensor, axis: number, descending: boolean): [Tensor, Tensor] {
  const values = Tensor.empty(x.shape, x.dtype, x.device)
  const indices = Tensor.empty(x.shape, 'int64', x.device)
  if (x.numel() > 0) launch({ kind: 'sort', x, values, indices, axis, descending })
  return [values, indices]
}

/** Records values that were taken from `input` along `axis` at `indices`. */
function chosen(node: string, input: Tensor, axis: number, values: Tensor, indices: Tensor): ValuesAndIndices {
  const { shape } = input
  record(node, [input], values, [indices], (grad, [at]) => [selectGradient(grad, at, shape, axis)])
  return named([values, indices], ['values', 'indices'])
}

const axisOf = (op: string, input: Tensor, dim: number): number => normalizeDim(op, dim, input.ndim)

/** Values in order along `dim`, and the positions (int64) that they had. Stable. Source: `torch.sort`. */
export function sort(input: Tensor, dim: number = -1, { descending = false }: SortOptions = {}): ValuesAndIndices {
  const axis = axisOf('sort', input, dim)
  const parts = sorted(atLeast1(input.detach()), axis, descending).map((x) =>
    input.ndim === 0 ? x.reshape([]).detach() : x,
  )
  return chosen('SortBackward0', input, axis, parts[0], parts[1])
}
/** The positions (int64) that would sort along `dim`. Source: `torch.argsort`. */
export function argsort(input: Tensor, dim: number = -1, options: SortOptions = {}): Tensor {
  return sort(input.detach(), dim, options).indices
}
/** Sorted along the first dimension. Source: `torch.msort`. */
export function msort(input: Tensor): Tensor {
  return sort(input, 0).values
}

/** `count` sorted values from position `start` on, as tensors of their own. */
function part(input: Tensor, axis: number, descending: boolean, start: number, count: number): [Tensor, Tensor] {
  const [values, indices] = sorted(atLeast1(input.detach()), axis, descending)
  return [values, indices].map((x) => x.narrow(axis, start, count).clone()) as [Tensor, Tensor]
}

/** The `k` largest (or smallest) values along `dim` and their positions (int64), in order. Throws IndexError for k out of range. Source: `torch.topk`. */
export function topk(
  input: Tensor,
  k: number,
  dim: number = -1,
  { largest = true }: { largest?: boolean; sorted?: boolean } = {},
): ValuesAndIndices {
  const axis = axisOf('topk', input, dim)
  const size = input.shape[axis] ?? 1
  if (!Number.isInteger(k) || k < 0 || k > size) throw new IndexError(`topk: k is out of range: ${k} of ${size} values`)
  // A 0-d tensor has one value, whatever is asked for.
  const [values, indices] = part(input, axis, largest, 0, input.ndim === 0 ? 1 : k)
  return input.ndim === 0
    ? chosen('TopkBackward0', input, axis, values.reshape([]).detach(), indices.reshape([]).detach())
    : chosen('TopkBackward0', input, axis, values, indices)
}

/** Takes the values at positions `at` [..., 1, ...] of the sorted rows; squeezes the dimension unless `keepdim`. */
function pick(
  node: string,
  input: Tensor,
  axis: number,
  [values, indices]: readonly [Tensor, Tensor],
  keepdim: boolean,
): ValuesAndIndices {
  const { shape } = input
  const squeeze = (x: Tensor): Tensor =>
    input.ndim === 0 ? x.reshape([]).detach() : keepdim ? x : x.squeeze(axis).detach()
  const [value, place] = [squeeze(values), squeeze(indices)]
  record(node, [input], value, [place], (grad, [at]) => {
    const whole = (x: Tensor): Tensor => (keepdim || shape.length === 0 ? x : x.unsqueeze(axis))
    return [selectGradient(whole(grad), whole(at), shape, axis)]
  })
  return named([value, place], ['values', 'indices'])
}

interface KeepOptions {
  /** Keep the dimension with size 1. Default false. */
  keepdim?: boolean
}

/** The `k`-th smallest value along `dim` (k from 1) and its position (int64). Throws IndexError for k out of range. Source: `torch.kthvalue`. */
export function kthvalue(
  input: Tensor,
  k: number,
  dim: number = -1,
  { keepdim = false }: KeepOptions = {},
): ValuesAndIndices {
  const axis = axisOf('kthvalue', input, dim)
  const size = input.shape[axis] ?? 1
  if (!Number.isInteger(k) || k < 1 || k > size)
    throw new IndexError(`kthvalue: k is out of range: ${k}, expected 1 to ${size}`)
  return pick('KthvalueBackward0', input, axis, part(input, axis, false, k - 1, 1), keepdim)
}

function checkNotEmpty(op: string, input: Tensor, axis: number): void {
  if ((input.shape[axis] ?? 1) === 0)
    throw new ShapeError(`${op}: no elements to choose from: shape ${formatShape(input.shape)}, dimension ${axis}`)
}

/** Position [..., 1, ...] of the median in sorted rows: a NaN if there is one, unless NaN is left out. */
function middle(values: Tensor, axis: number, ignoreNan: boolean): Tensor {
  const size = values.shape[axis]
  const nans = values.ne(values).sum(axis, { keepdim: true })
  if (ignoreNan) {
    // A row of nothing but NaN has its first one.
    return nans
      .neg()
      .add(size - 1)
      .clampMin(0)
      .floorDivide(2)
  }
  const some = nans.ne(0)
  return nans
    .neg()
    .add(size)
    .mul(some)
    .add(some.logicalNot().mul(Math.floor((size - 1) / 2)))
}

function medianAlong(op: 'median' | 'nanmedian', input: Tensor, dim: number, keepdim: boolean): ValuesAndIndices {
  const axis = axisOf(op, input, dim)
  checkNotEmpty(op, input, axis)
  const [values, indices] = sorted(atLeast1(input.detach()), axis, false)
  const at = middle(values, axis, op === 'nanmedian')
  const node = op === 'median' ? 'MedianBackward1' : 'NanmedianBackward1'
  return pick(node, input, axis, [values.gather(axis, at), indices.gather(axis, at)], keepdim)
}
function medianOfAll(op: 'median' | 'nanmedian', input: Tensor): Tensor {
  const { shape } = input
  const flat = input.detach().reshape(-1)
  if (flat.numel() === 0) {
    if (!isFloating(input.dtype)) throw new ShapeError(`${op}: no elements to choose from: shape ${formatShape(shape)}`)
    return input.sum().add(Number.NaN)
  }
  const [values] = sorted(flat, 0, false)
  const out = values
    .gather(0, middle(values, 0, op === 'nanmedian'))
    .reshape([])
    .detach()
  return record(
    op === 'median' ? 'MedianBackward0' : 'NanmedianBackward0',
    [input],
    out,
    [input, out],
    (grad, [x, result]) => {
      const [a, b] = [x.detach(), result.detach()]
      const same = a.eq(b).logicalOr(a.ne(a).logicalAnd(b.ne(b)))
      return [same.mul(grad.div(same.sum()))]
    },
  )
}

/** The middle value of all (the lower of two); with `dim` `[values, indices]` along it. NaN wins. Source: `torch.median`. */
export function median(input: Tensor): Tensor
export function median(input: Tensor, dim: number, options?: KeepOptions): ValuesAndIndices
export function median(input: Tensor, dim?: number, { keepdim = false }: KeepOptions = {}): Tensor | ValuesAndIndices {
  return dim === undefined ? medianOfAll('median', input) : medianAlong('median', input, dim, keepdim)
}
/** `median` that leaves NaN out. Source: `torch.nanmedian`. */
export function nanmedian(input: Tensor): Tensor
export function nanmedian(input: Tensor, dim: number, options?: KeepOptions): ValuesAndIndices
export function nanmedian(
  input: Tensor,
  dim?: number,
  { keepdim = false }: KeepOptions = {},
): Tensor | ValuesAndIndices {
  return dim === undefined ? medianOfAll('nanmedian', input) : medianAlong('nanmedian', input, dim, keepdim)
}

/** The most frequent value along `dim` (the smallest of several) and the position (int64) of its last occurrence. Source: `torch.mode`. */
export function mode(input: Tensor, dim: number = -1, { keepdim = false }: KeepOptions = {}): ValuesAndIndices {
  const axis = axisOf('mode', input, dim)
  checkNotEmpty('mode', input, axis)
  const [values, indices] = sorted(atLeast1(input.detach()), axis, false)
  const size = values.shape[axis]
  const along = values.shape.map((n, d) => (d === axis ? n : 1))
  const places = arange(size, { device: input.device }).reshape(along)
  // Position of the first value of the run that each value belongs to; the longest run ends where its length is first reached.
  const changed = values.narrow(axis, 1, size - 1).ne(values.narrow(axis, 0, size - 1))
  const starts = cat(
    [places.narrow(axis, 0, 1).expand(values.shape.with(axis, 1)), places.narrow(axis, 1, size - 1).mul(changed)],
    axis,
  )
  const lengths = places.sub(cummax(starts, axis).values)
  const at = argmax(lengths, axis, { keepdim: true })
  return pick('ModeBackward0', input, axis, [values.gather(axis, at), indices.gather(axis, at)], keepdim)
}

export const methods = { sort, argsort, msort, topk, kthvalue, mode, median, nanmedian }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<Omit<typeof methods, 'median' | 'nanmedian'>> {
    /** The middle value of all (the lower of two). */
    median(): Tensor
    median(dim: number, options?: { keepdim?: boolean }): ValuesAndIndices
    /** `median` that leaves NaN out. */
    nanmedian(): Tensor
    nanmedian(dim: number, options?: { keepdim?: boolean }): ValuesAndIndices
  }
}
