// Views: other geometry on the same storage. The few that other families build on; the rest is in `reshape.ts`, `permute.ts` and `slice.ts`.
import { record } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import { scalar } from '../base/expr.ts'
import { broadcastStrides, formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { sumTo } from './sumTo.ts'

/** A contiguous copy, not recorded. */
export function cloneOf(x: Tensor): Tensor {
  const out = Tensor.empty(x.shape, x.dtype, x.device)
  launch({ kind: 'copy', x, out })
  return out
}

/** A tensor of zeros, not recorded: where the gradient of a view is put back into the shape of its source. */
export function zerosOf(shape: readonly number[], like: Tensor): Tensor {
  const out = Tensor.empty(shape, like.dtype, like.device)
  const compute = computeType(like.dtype)
  launch({ kind: 'map', exprs: [scalar(0)], compute, inputs: [], outputs: [out], scalars: [0] })
  return out
}

/**
 * Zeros of `shape`, with `part` where `take` shows it: the gradient of a view of a part. Its own gradient is that view.
 * `take` must show every element at most once.
 */
export function embed(
  part: Tensor,
  shape: readonly number[],
  take: (whole: Tensor) => Tensor,
  name = 'EmbedBackward0',
): Tensor {
  const whole = zerosOf(shape, part)
  launch({ kind: 'copy', x: part, out: take(whole) })
  return record(name, [part], whole, [], (grad) => [take(grad)])
}

/** Sizes or dimensions, as separate numbers or as one list. */
export type SizeList = number[] | [readonly number[]]
export const sizesOf = (sizes: SizeList): readonly number[] =>
  typeof sizes[0] === 'object' ? sizes[0] : (sizes as number[])

/** `x.expand(shape)`: repeats dimensions of size 1 (and new ones in front) without copying; -1 keeps a size. */
export function expand(x: Tensor, ...sizes: SizeList): Tensor {
  const wanted = sizesOf(sizes)
  const lead = wanted.length - x.shape.length
  const shape = wanted.map((size, d) => (size === -1 && d >= lead ? x.shape[d - lead] : size))
  const fits =
    lead >= 0 && x.shape.every((size, d) => size === shape[d + lead] || size === 1) && shape.every((size) => size >= 0)
  if (!fits)
    throw new ShapeError(
      `expand: ${formatShape(x.shape)} cannot be expanded to ${formatShape(wanted)}`,
      'only dimensions of size 1 can be expanded.',
    )
  if (sameShape(shape, x.shape)) return recordExpand(x, x.alias())
  return recordExpand(x, x.alias(shape, broadcastStrides(x.shape, x.strides, shape)))
}

function recordExpand(x: Tensor, out: Tensor): Tensor {
  const from = x.shape
  return record('ExpandBackward0', [x], out, [], (grad) => [sumTo(grad, from)])
}
