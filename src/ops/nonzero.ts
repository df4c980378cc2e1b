// Where a tensor is not zero: found on the host, since the number of places decides the shape of the result.
import { isHalf, type TypedArray } from '../base/dtype.ts'
import { launch } from '../runtime/launch.ts'
import { elementOffsets, Tensor } from '../tensor/tensor.ts'
import { fromHost } from './host.ts'
import type { Methods } from './methods.ts'

/** Row-major positions of the elements that are not zero (NaN is not). */
function places(x: Tensor): Int32Array {
  const data: TypedArray = x.hostView()
  const count = x.numel()
  const found = new Int32Array(count)
  let n = 0
  const half = isHalf(x.dtype)
  const offsets = x.isContiguous() ? null : elementOffsets(x.shape, x.strides)
  for (let i = 0; i < count; i++) {
    const value = data[offsets === null ? i : offsets[i]]
    // -0 as the bits of a float16 or bfloat16.
    if ((value || Number.isNaN(value)) && !(half && value === 0x8000)) found[n++] = i
  }
  return found.subarray(0, n)
}

/** For each dimension of the mask a contiguous row of indices: [ndim, count]. */
function coordinates(x: Tensor): Tensor {
  const found = places(x)
  const count = found.length
  const data = new BigInt64Array(x.ndim * count)
  // Low words of little-endian int64: indices fit, and no bigint is made.
  const words = new Int32Array(data.buffer)
  let inner = 1
  for (let d = x.ndim - 1; d >= 0; d--) {
    const size = x.shape[d]
    for (let i = 0; i < count; i++) words[2 * (d * count + i)] = Math.floor(found[i] / inner) % size
    inner *= size
  }
  return fromHost(data, [x.ndim, count], 'int64', x.device)
}

/** One index tensor for each dimension of the mask. */
export function indicesOf(mask: Tensor): Tensor[] {
  const rows = coordinates(mask)
  return mask.shape.map((_, d) => rows.alias([rows.shape[1]], [1], d * rows.shape[1]))
}

export interface NonzeroOptions {
  /** A list with one index tensor for each dimension instead of one table. Default false. */
  asTuple?: boolean
}

/**
 * Indices (int64) of the elements that are not zero, in row-major order: a table [count, ndim], or with `asTuple` one tensor for each dimension.
 * Waits for the device. Source: `torch.nonzero`.
 */
export function nonzero(x: Tensor, options: { asTuple: true }): Tensor[]
export function nonzero(x: Tensor, options?: { asTuple?: false }): Tensor
export function nonzero(x: Tensor, options?: NonzeroOptions): Tensor | Tensor[]
export function nonzero(x: Tensor, { asTuple = false }: NonzeroOptions = {}): Tensor | Tensor[] {
  if (asTuple) return indicesOf(x.ndim === 0 ? x.alias([1], [1]) : x)
  const rows = coordinates(x)
  // A 0-d tensor has a table without columns, and its rows must be counted apart.
  const count = x.ndim === 0 ? places(x).length : rows.shape[1]
  const out = Tensor.empty([count, x.ndim], 'int64', x.device)
  launch({ kind: 'copy', x: rows.alias([count, x.ndim], [1, count]), out })
  return out
}
/** `nonzero` as a table. Source: `torch.argwhere`. */
export function argwhere(x: Tensor): Tensor {
  return nonzero(x)
}

export const methods = { argwhere, nonzero }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<Omit<typeof methods, 'nonzero'>> {
    /** Indices (int64) of the elements that are not zero: a table [count, ndim], or with `asTuple` one tensor for each dimension. Source: `torch.nonzero`. */
    nonzero(options: { asTuple: true }): Tensor[]
    nonzero(options?: { asTuple?: false }): Tensor
  }
}
