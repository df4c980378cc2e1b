// Repetition with copying: repeat, tile, repeatInterleave.
import { record } from '../autograd/record.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, normalizeDim } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { indexSelect } from './gather.ts'
import { fromHost } from './host.ts'
import type { Methods } from './methods.ts'
import { reshape } from './reshape.ts'
import { sumTo } from './sumTo.ts'
import { cloneOf, expand, type SizeList, sizesOf } from './view.ts'

/** The tensor `sizes[d]` times along dimension d; more sizes than dimensions add dimensions in front. Source: `torch.Tensor.repeat`. */
export function repeat(x: Tensor, ...sizes: SizeList): Tensor {
  const times = sizesOf(sizes)
  if (times.length < x.ndim || times.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ShapeError(
      `repeat: a whole number >= 0 is needed for each dimension: ${formatShape(times)} for shape ${formatShape(x.shape)}`,
    )
  }
  const from = x.shape
  const padded = [...new Array<number>(times.length - x.ndim).fill(1), ...x.shape]
  // Each dimension n becomes [1, n], is expanded to [times, n] and joined again.
  const apart = padded.flatMap((size) => [1, size])
  const spread = padded.flatMap((size, d) => [times[d], size])
  const joined = padded.map((size, d) => times[d] * size)
  const out = cloneOf(expand(reshape(x.detach(), apart), spread))
  const whole = new Tensor(out.storage.retain(), out.dtype, joined, reshape(out, joined).strides)
  return record('RepeatBackward0', [x], whole, [], (grad) => [reshape(sumTo(reshape(grad, spread), apart), from)])
}

/** `repeat` with missing dimensions, on either side, counted as 1. Source: `torch.tile`. */
export function tile(x: Tensor, ...dims: SizeList): Tensor {
  const times = sizesOf(dims)
  return repeat(x, [...new Array<number>(Math.max(0, x.ndim - times.length)).fill(1), ...times])
}

/**
 * Each part along `dim` repeated on the spot, `repeats` times or as often as the tensor (or list) `repeats` says; without `dim` the flattened elements.
 * Source: `torch.repeat_interleave`.
 */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[] | Tensor, dim?: number): Tensor {
  if (dim === undefined) return repeatInterleave(reshape(x, [-1]), repeats, 0)
  const at = normalizeDim('repeatInterleave', dim, x.ndim)
  const size = x.ndim === 0 ? 1 : x.shape[at]
  const times = timesOf(repeats, size)
  const places: bigint[] = []
  for (let i = 0; i < size; i++) for (let k = 0; k < times[i]; k++) places.push(BigInt(i))
  return indexSelect(
    x.ndim === 0 ? reshape(x, [1]) : x,
    at,
    fromHost(BigInt64Array.from(places), [places.length], 'int64', x.device),
  )
}

function timesOf(repeats: number | readonly number[] | Tensor, size: number): readonly number[] {
  if (repeats instanceof Tensor && repeats.dtype !== 'int64' && repeats.dtype !== 'int32')
    throw new DTypeError(`repeatInterleave: repeats must be int64 or int32, got ${repeats.dtype}`)
  const list = typeof repeats === 'number' ? [repeats] : repeats instanceof Tensor ? repeats.numbers() : repeats
  if (list.some((n) => !Number.isInteger(n) || n < 0))
    throw new ValueError(`repeatInterleave: repeats must be whole numbers >= 0, got ${formatShape(list)}`)
  if (list.length === 1) return new Array<number>(size).fill(list[0])
  if (list.length !== size)
    throw new ShapeError(`repeatInterleave: repeats has ${list.length} numbers, the dimension size ${size}`)
  return list
}

export const methods = { repeat, tile, repeatInterleave }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
