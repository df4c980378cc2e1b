// The same elements in another arrangement, copied: flip, roll, rot90, triangles, diagonals, repetition.
import { record } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { DTypeError, IndexError, ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { broadcastStrides, contiguousStrides, formatShape, normalizeDim } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { fromHost } from './host.ts'
import type { Methods } from './methods.ts'
import { transpose } from './permute.ts'
import { reshape } from './reshape.ts'
import { type DiagonalOptions, diagonal, narrow } from './slice.ts'
import { sum } from './reduce.ts'
import { cloneOf, embed, expand } from './view.ts'

type Dims = number | readonly number[]

/** The listed dimensions, each once. */
function dimsOf(op: string, dims: Dims, rank: number): number[] {
  const list = (typeof dims === 'number' ? [dims] : dims).map((d) => normalizeDim(op, d, rank))
  if (new Set(list).size !== list.length) throw new IndexError(`${op}: a dimension appears twice: ${formatShape(list)}`)
  return list
}

/** The order along `dims` reversed. Source: `torch.flip`. */
export function flip(x: Tensor, dims: Dims): Tensor {
  const list = dimsOf('flip', dims, x.ndim)
  const out = Tensor.empty(x.shape, x.dtype, x.device)
  if (x.numel() > 0) {
    // Read from the far end, backwards.
    const strides = x.strides.map((stride, d) => (list.includes(d) ? -stride : stride))
    const offset = list.reduce((sum, d) => sum + (x.ndim === 0 ? 0 : (x.shape[d] - 1) * x.strides[d]), x.offset)
    launch({ kind: 'copy', x: { storage: x.storage, dtype: x.dtype, shape: x.shape, strides, offset }, out })
  }
  return record('FlipBackward0', [x], out, [], (grad) => [flip(grad, list)])
}
/** The columns in reverse order. Source: `torch.fliplr`. */
export function fliplr(x: Tensor): Tensor {
  if (x.ndim < 2) throw new ShapeError(`fliplr: at least two dimensions are needed, got ${formatShape(x.shape)}`)
  return flip(x, 1)
}
/** The rows in reverse order. Source: `torch.flipud`. */
export function flipud(x: Tensor): Tensor {
  if (x.ndim < 1) throw new ShapeError('flipud: at least one dimension is needed, got []')
  return flip(x, 0)
}

/**
 * Elements moved by `shifts` along `dims`; what leaves at one end comes back at the other. Without `dims` the flattened tensor is rolled.
 * Source: `torch.roll`.
 */
export function roll(x: Tensor, shifts: Dims, dims?: Dims): Tensor {
  const by = typeof shifts === 'number' ? [shifts] : shifts
  const along = dims === undefined ? [] : typeof dims === 'number' ? [dims] : dims
  if (along.length === 0 && by.length === 1) {
    const rolled = rollOne(x.isContiguous() ? x.alias([x.numel()], [1]) : cloneOf(x).alias([x.numel()], [1]), by[0], 0)
    const out = rolled.alias(x.shape, contiguousStrides(x.shape))
    return record('RollBackward0', [x], detached(out), [], (grad) => [roll(grad, -by[0])])
  }
  if (by.length === 0 || by.length !== along.length)
    throw new ValueError(`roll: shifts and dims must be as many: ${by.length} and ${along.length}`)
  let out = x
  along.forEach((dim, k) => {
    out = rollOne(out, by[k], normalizeDim('roll', dim, x.ndim))
  })
  return record('RollBackward0', [x], out, [], (grad) => [
    roll(
      grad,
      by.map((shift) => -shift),
      along,
    ),
  ])
}

/** Not recorded; never `x` itself. */
function rollOne(x: Tensor, shift: number, dim: number): Tensor {
  const size = x.ndim === 0 ? 0 : x.shape[dim]
  const by = size === 0 ? 0 : ((shift % size) + size) % size
  if (by === 0) return cloneOf(x)
  const source = x.detach()
  const out = Tensor.empty(x.shape, x.dtype, x.device)
  launch({ kind: 'copy', x: narrow(source, dim, 0, size - by), out: narrow(out, dim, by, size - by) })
  launch({ kind: 'copy', x: narrow(source, dim, size - by, by), out: narrow(out, dim, 0, by) })
  return out
}

/** Turned by 90 degrees `k` times in the plane of `dims`, from the first towards the second. Source: `torch.rot90`. */
export function rot90(x: Tensor, k: number = 1, dims: readonly [number, number] | readonly number[] = [0, 1]): Tensor {
  const plane = dims.length === 2 ? dimsOf('rot90', dims, x.ndim) : []
  if (plane.length !== 2 || x.ndim < 2)
    throw new ShapeError(
      `rot90: two dimensions of the tensor are needed, got ${formatShape(dims)} for shape ${formatShape(x.shape)}`,
    )
  const [a, b] = plane
  const source = x.detach()
  const turns = ((k % 4) + 4) % 4
  const out =
    turns === 0
      ? cloneOf(source)
      : turns === 2
        ? flip(source, plane)
        : detached(transpose(flip(source, turns === 1 ? b : a), a, b))
  return record('Rot90Backward0', [x], out, [], (grad) => [rot90(grad, -k, plane)])
}

/** The same memory as a tensor that is no view. */
function detached(x: Tensor): Tensor {
  return new Tensor(x.storage.retain(), x.dtype, x.shape, x.strides, x.offset)
}
const column = E.sub(E.input(2), E.input(1))
const triangles = {
  tril: E.where(E.le(column, E.scalar(0)), E.input(0), 0),
  triu: E.where(E.ge(column, E.scalar(0)), E.input(0), 0),
}

function triangle(op: 'tril' | 'triu', x: Tensor, diagonal: number): Tensor {
  if (x.ndim < 2) throw new ShapeError(`${op}: at least two dimensions are needed, got ${formatShape(x.shape)}`)
  const out = Tensor.empty(x.shape, x.dtype, x.device)
  const numbered = (d: number) => {
    const line = fromHost(
      Int32Array.from({ length: x.shape[d] }, (_, i) => i),
      [x.shape[d]],
      'int32',
      x.device,
    )
    const shape = d === x.ndim - 1 ? line.shape : [x.shape[d], 1]
    const strides = d === x.ndim - 1 ? [1] : [1, 0]
    return {
      storage: line.storage,
      dtype: line.dtype,
      offset: 0,
      shape: x.shape,
      strides: broadcastStrides(shape, strides, x.shape),
    }
  }
  launch({
    kind: 'map',
    exprs: [triangles[op]],
    compute: computeType(x.dtype),
    inputs: [x, numbered(x.ndim - 2), numbered(x.ndim - 1)],
    outputs: [out],
    scalars: [diagonal],
  })
  return record(op === 'tril' ? 'TrilBackward0' : 'TriuBackward0', [x], out, [], (grad) => [
    triangle(op, grad, diagonal),
  ])
}
/** Matrices with zeros above the diagonal number `diagonal` (0 the main one, positive above). Source: `torch.tril`. */
export function tril(x: Tensor, diagonal: number = 0): Tensor {
  return triangle('tril', x, diagonal)
}
/** Matrices with zeros below the diagonal number `diagonal`. Source: `torch.triu`. */
export function triu(x: Tensor, diagonal: number = 0): Tensor {
  return triangle('triu', x, diagonal)
}

/** A list as the diagonal of a square matrix of zeros, or a copy of a matrix' diagonal. Source: `torch.diag`. */
export function diag(x: Tensor, offset: number = 0): Tensor {
  if (x.ndim === 1) {
    const side = x.shape[0] + Math.abs(offset)
    return embed(x, [side, side], (whole) => diagonal(whole, { offset }), 'DiagBackward0')
  }
  if (x.ndim !== 2)
    throw new ShapeError(
      `diag: one or two dimensions are needed, got ${formatShape(x.shape)}`,
      'use diagonal() or diagEmbed().',
    )
  const shape = x.shape
  return record('DiagBackward0', [x], cloneOf(diagonal(x.detach(), { offset })), [], (grad) => [
    embed(grad, shape, (whole) => diagonal(whole, { offset })),
  ])
}
/** All elements as the diagonal of a square matrix. Source: `torch.diagflat`. */
export function diagflat(x: Tensor, offset: number = 0): Tensor {
  return diag(x.ndim === 1 ? x : reshape(x, [-1]), offset)
}
/** The last dimension as the diagonal of new dimensions `dim1` and `dim2` (default the last two). Source: `torch.diag_embed`. */
export function diagEmbed(x: Tensor, { offset = 0, dim1 = -2, dim2 = -1 }: DiagonalOptions = {}): Tensor {
  const rank = x.ndim + 1
  const a = normalizeDim('diagEmbed', dim1, rank)
  const b = normalizeDim('diagEmbed', dim2, rank)
  if (x.ndim === 0 || a === b)
    throw new IndexError(
      `diagEmbed: two different dimensions are needed, got ${dim1} and ${dim2} for shape ${formatShape(x.shape)}`,
    )
  const side = (x.shape.at(-1) as number) + Math.abs(offset)
  const others = x.shape.slice(0, -1)
  const shape = Array.from({ length: rank }, (_, d) => (d === a || d === b ? side : (others.shift() as number)))
  return embed(x, shape, (whole) => diagonal(whole, { offset, dim1: a, dim2: b }), 'DiagEmbedBackward0')
}

/** The sum of a matrix' main diagonal. Source: `torch.trace`. */
export function trace(input: Tensor): Tensor {
  const [x] = underAutocast('trace', input)
  if (x.ndim !== 2) throw new ShapeError(`trace: a matrix is needed, got ${formatShape(x.shape)}`)
  if (x.dtype === 'bool') throw new DTypeError('trace: not defined for bool', 'convert first: x.long().')
  const shape = x.shape
  return record('TraceBackward0', [x], sum(diagonal(x.detach())), [], (grad) => [
    embed(expand(grad, [Math.min(shape[0], shape[1])]), shape, (whole) => diagonal(whole)),
  ])
}

export const methods = { flip, fliplr, flipud, roll, rot90, tril, triu, diag, diagflat, diagEmbed, trace }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
