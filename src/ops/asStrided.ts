// Any geometry over a storage, and its gradient: what in-place writes through views stand on.
import { record } from '../autograd/record.ts'
import { bytesOf } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import { formatShape, isContiguous, numelOf } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { elementOffsets, Tensor } from '../tensor/tensor.ts'
import { fromHost } from './host.ts'
import type { Methods } from './methods.ts'
import { cloneOf, zerosOf } from './view.ts'

export interface Geometry {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** The position after the last element shown. */
function endOf({ shape, strides, offset }: Geometry): number {
  return numelOf(shape) === 0 ? offset : shape.reduce((last, size, d) => last + (size - 1) * strides[d], offset) + 1
}

/** May one element be shown twice? Exact for geometries whose dimensions nest; else it says yes. */
function overlaps({ shape, strides }: Geometry): boolean {
  const order = shape
    .map((_, d) => d)
    .filter((d) => shape[d] > 1)
    .sort((a, b) => strides[a] - strides[b])
  let reach = 0
  for (const d of order) {
    if (strides[d] <= reach) return true
    reach += (shape[d] - 1) * strides[d]
  }
  return false
}

/**
 * `x`, laid out as `from` in a storage of zeros, read as `to`. Elements that `from` shows several times are summed.
 * Its gradient is the same with `from` and `to` exchanged. Contiguous.
 */
export function relaid(x: Tensor, from: Geometry, to: Geometry): Tensor {
  const low = Math.min(from.offset, to.offset)
  const plain = isContiguous(from.shape, from.strides) && from.offset <= to.offset && endOf(to) <= endOf(from)
  const whole = plain
    ? x.isContiguous()
      ? x
      : cloneOf(x)
    : laidOut(x, from, low, Math.max(endOf(from), endOf(to)) - low)
  const start = whole.offset + to.offset - (plain ? from.offset : low)
  return record('AsStridedBackward0', [x], cloneOf(whole.alias(to.shape, to.strides, start)), [], (grad) => [
    relaid(grad, to, from),
  ])
}

function laidOut(x: Tensor, { shape, strides, offset }: Geometry, low: number, size: number): Tensor {
  const whole = zerosOf([size], x)
  if (!overlaps({ shape, strides, offset })) {
    launch({ kind: 'copy', x, out: whole.alias(shape, strides, offset - low) })
    return whole
  }
  const places = BigInt64Array.from(elementOffsets(shape, strides), (place) => BigInt(place + offset - low))
  const index = fromHost(places, shape, 'int64', x.device)
  const out = whole.alias(
    shape,
    shape.map(() => 0),
    0,
  )
  launch({ kind: 'scatter', op: 'add', x, indices: [{ index, stride: 1, size }], out })
  return whole
}

/** `x` with zeros at the elements that `hole` shows. Its gradient is itself. */
export function withHole(x: Tensor, own: Geometry, hole: Geometry): Tensor {
  const plain = isContiguous(own.shape, own.strides)
  const low = plain ? own.offset : Math.min(own.offset, hole.offset)
  const whole = plain ? cloneOf(x) : laidOut(x, own, low, Math.max(endOf(own), endOf(hole)) - low)
  launch({ kind: 'copy', x: zerosOf(hole.shape, x), out: whole.alias(hole.shape, hole.strides, hole.offset - low) })
  const out = plain ? whole : cloneOf(whole.alias(own.shape, own.strides, own.offset - low))
  return record('FillBackward0', [x], out, [], (grad) => [withHole(grad, own, hole)])
}

/**
 * Any geometry over the storage of `x`; `offset` in elements from the start of the storage. Elements shown several times get the sum of their
 * gradients. Throws ShapeError for a geometry that leaves the storage. Source: `torch.as_strided`.
 */
export function asStrided(
  x: Tensor,
  shape: readonly number[],
  strides: readonly number[],
  offset: number = x.offset,
): Tensor {
  const from: Geometry = { shape: x.shape, strides: x.strides, offset: x.offset }
  const to: Geometry = { shape: [...shape], strides: [...strides], offset }
  if (shape.length !== strides.length) {
    throw new ShapeError(
      `asStrided: as many strides as sizes are needed: ${formatShape(shape)} and ${formatShape(strides)}`,
    )
  }
  const capacity = Math.floor(x.storage.bytes / bytesOf(x.dtype))
  if (strides.some((stride) => stride < 0) || offset < 0 || (numelOf(shape) > 0 && endOf(to) > capacity)) {
    throw new ShapeError(
      `asStrided: size ${formatShape(shape)}, stride ${formatShape(strides)} and offset ${offset} leave a storage of ${capacity} elements`,
    )
  }
  return record('AsStridedBackward0', [x], x.alias(to.shape, to.strides, offset), [], (grad) => [
    relaid(grad, to, from),
  ])
}

export const methods = { asStrided }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
