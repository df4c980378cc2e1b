// Reading and writing through index tensors: the one addressing that indexing, gather, scatter and embedding share.
// Some dimensions of the source follow dimensions of the common shape, the others follow an index tensor. Reading and adding are each other's gradients.
import { record } from '../autograd/record.ts'
import { DTypeError, IndexError } from '../base/errors.ts'
import { broadcastStrides, numelOf } from '../base/shape.ts'
import { withValues } from '../runtime/capture.ts'
import { launch } from '../runtime/launch.ts'
import type { GatherSpec, IndexOperand, ScatterSpec, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { cast } from './pointwise.ts'
import { cloneOf, zerosOf } from './view.ts'

export interface Addressing {
  /** Shape of what is read, or written from. */
  readonly common: readonly number[]
  /** For each dimension of the source the dimension of the common shape that it follows, or -1: an index says where. */
  readonly follows: readonly number[]
  /** For each index tensor: the dimension of the source that it addresses, and the dimension of the common shape at which its own dimensions start. */
  readonly indexed: readonly { readonly dim: number; readonly start: number }[]
}

/** The source with the common shape: stride 0 where an index decides. */
function sourceView(x: View, { common, follows }: Addressing): View {
  const strides = common.map((_, c) => {
    const d = follows.indexOf(c)
    return d < 0 ? 0 : x.strides[d]
  })
  return { storage: x.storage, dtype: x.dtype, shape: common, strides, offset: x.offset }
}

function operands(x: View, indices: readonly Tensor[], { common, indexed }: Addressing): IndexOperand[] {
  return indices.map((index, k) => {
    const { dim, start } = indexed[k]
    const end = start + index.ndim
    const own = broadcastStrides(index.shape, index.strides, common.slice(start, end))
    const strides = common.map((_, c) => (c < start || c >= end ? 0 : own[c - start]))
    const view = { storage: index.storage, dtype: index.dtype, shape: common, strides, offset: index.offset }
    return { index: view, stride: x.strides[dim], size: x.shape[dim] }
  })
}

/** An index tensor as the kernels take it. Throws DTypeError unless it holds integers; an empty one, which indexes nothing, may be of any dtype. */
export function indexOf(op: string, index: Tensor): Tensor {
  if (index.numel() > 0 && index.dtype !== 'int64' && index.dtype !== 'int32') {
    throw new DTypeError(`${op}: an index must be int64 or int32, got ${index.dtype}`, 'convert it: index.long().')
  }
  return cast(index, 'int64')
}

/** Throws IndexError for a negative index, where PyTorch takes none. Devices without synchronous reads let it pass, counting from the end. */
export function checkNotNegative(op: string, index: Tensor): void {
  if (!index.isContiguous() || index.device === 'webgpu' || index.numel() === 0) return
  const { backend, handle } = index.storage
  withValues(backend, () => {
    const { buffer, byteOffset } = backend.bytes(handle, 8 * index.offset, 8 * index.numel())
    // High words of little-endian int64.
    const words = new Int32Array(buffer, byteOffset, 2 * index.numel())
    for (let i = 1; i < words.length; i += 2) {
      if (words[i] < 0) {
        const value = new BigInt64Array(buffer, byteOffset, index.numel())[(i - 1) / 2]
        throw new IndexError(`${op}: index ${value} is out of range: negative indices are not accepted here`)
      }
    }
  })
}

/** Runs a kernel; names op, dimension and size where an index is out of range. */
function launchAt(
  op: string,
  spec: GatherSpec | ScatterSpec,
  target: View,
  indices: readonly Tensor[],
  { common, indexed }: Addressing,
): void {
  // Nothing is read or written: indices that nobody follows are not checked, as in PyTorch.
  if (numelOf(common) === 0) return
  try {
    launch(spec)
  } catch (error) {
    if (!(error instanceof IndexError)) throw error
    indices.forEach((index, k) => {
      const { dim } = indexed[k]
      const size = target.shape[dim]
      const wrong = index.numbers().find((i) => i < -size || i >= size)
      if (wrong !== undefined)
        throw new IndexError(`${op}: index ${wrong} is out of range for dimension ${dim} with size ${size}`)
    })
    throw error
  }
}

/** `at` from `IndexBackward0`. */
const opOf = (name: string): string =>
  name === 'IndexBackward0' ? 'at' : name.charAt(0).toLowerCase() + name.replace(/Backward\d$/, '').slice(1)

/** `out[i] = x[addressed by i]`, recorded as `name`. */
export function readAt(name: string, x: Tensor, indices: readonly Tensor[], where: Addressing): Tensor {
  const out = Tensor.empty(where.common, x.dtype, x.device)
  launchAt(
    opOf(name),
    { kind: 'gather', x: sourceView(x, where), indices: operands(x, indices, where), out },
    x,
    indices,
    where,
  )
  const from = x.shape
  return record(name, [x], out, indices, (grad, saved) => [sumAt(grad, from, saved, where)])
}

/** Zeros of `shape` with `x` added at the addressed places. */
export function sumAt(x: Tensor, shape: readonly number[], indices: readonly Tensor[], where: Addressing): Tensor {
  const out = zerosOf(shape, x)
  writeAt('add', out, x, indices, where)
  return record('IndexPutBackward0', [x], out, indices, (grad, saved) => [readAt('IndexBackward0', grad, saved, where)])
}

/** `target` is written in place, not recorded; `x` has the common shape. */
export function writeAt(
  op: ScatterSpec['op'],
  target: Tensor,
  x: View,
  indices: readonly Tensor[],
  where: Addressing,
): void {
  launchAt(
    'index',
    { kind: 'scatter', op, x, indices: operands(target, indices, where), out: sourceView(target, where) },
    target,
    indices,
    where,
  )
}

/** A copy of `x` with zeros at the addressed places: what is left of a gradient where new values were written. */
export function clearedAt(x: Tensor, indices: readonly Tensor[], where: Addressing): Tensor {
  const out = cloneOf(x)
  const zero = zerosOf([], x)
  writeAt(
    'set',
    out,
    {
      storage: zero.storage,
      dtype: zero.dtype,
      offset: zero.offset,
      shape: where.common,
      strides: where.common.map(() => 0),
    },
    indices,
    where,
  )
  return record('IndexFillBackward0', [x], out, indices, (grad, saved) => [clearedAt(grad, saved, where)])
}

/** A copy of `x` with `values` (the common shape) written at the addressed places, or added there. Recorded as `name`. */
export function putAt(
  name: string,
  x: Tensor,
  values: Tensor,
  accumulate: boolean,
  indices: readonly Tensor[],
  where: Addressing,
): Tensor {
  const out = cloneOf(x)
  writeAt(accumulate ? 'add' : 'set', out, values, indices, where)
  return record(name, [x, values], out, indices, (grad, saved, needs) => [
    needs[0] ? (accumulate ? grad : clearedAt(grad, saved, where)) : null,
    needs[1] ? readAt('IndexBackward0', grad, saved, where) : null,
  ])
}
