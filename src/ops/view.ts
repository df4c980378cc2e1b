// Views: other geometry on the same storage. The few that other families build on; the rest is in `reshape.ts` and `slice.ts`.
import { record } from '../autograd/record.ts'
import { ShapeError } from '../base/errors.ts'
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
  const zero = Tensor.empty([], like.dtype, like.device)
  zero.storage.backend.write(zero.storage.handle, 0, new Uint8Array(zero.storage.bytes))
  launch({ kind: 'copy', x: { storage: zero.storage, dtype: zero.dtype, offset: 0, shape, strides: shape.map(() => 0) }, out })
  zero.dispose()
  return out
}

/**
 * `x.as_strided(size, stride, offset)`: any geometry over the storage of `x`; `offset` in elements from the start of the storage.
 * The gradient goes back to the elements shown, once each: windows that overlap are not for training.
 */
export function asStrided(x: Tensor, shape: readonly number[], strides: readonly number[], offset = x.offset): Tensor {
  const from = x.shape
  const start = x.offset
  const out = x.alias([...shape], [...strides], offset)
  return record('AsStridedBackward0', [x], out, [], (grad) => {
    const whole = zerosOf(from, grad)
    launch({ kind: 'copy', x: grad, out: whole.alias(shape, strides, offset - start) })
    return [whole]
  })
}

/** `x.expand(shape)`: repeats dimensions of size 1 (and new ones in front) without copying; -1 keeps a size. */
export function expand(x: Tensor, ...sizes: number[] | [readonly number[]]): Tensor {
  const wanted = (typeof sizes[0] === 'object' ? sizes[0] : sizes) as readonly number[]
  const lead = wanted.length - x.shape.length
  const shape = wanted.map((size, d) => (size === -1 && d >= lead ? x.shape[d - lead] : size))
  const fits = lead >= 0 && x.shape.every((size, d) => size === shape[d + lead] || size === 1) && shape.every((size) => size >= 0)
  if (!fits) throw new ShapeError(`expand: ${formatShape(x.shape)} cannot be expanded to ${formatShape(wanted)}`, 'only dimensions of size 1 can be expanded.')
  if (sameShape(shape, x.shape)) return recordExpand(x, x.alias())
  return recordExpand(x, x.alias(shape, broadcastStrides(x.shape, x.strides, shape)))
}

function recordExpand(x: Tensor, out: Tensor): Tensor {
  const from = x.shape
  return record('ExpandBackward0', [x], out, [], (grad) => [sumTo(grad, from)])
}
