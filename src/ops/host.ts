// Values made in JavaScript on their way into device memory: the one place where creation and random ops write bytes.
import { bytesOf, checkDType, type DType, dtypes, type TypedArray } from '../base/dtype.ts'
import { ValueError } from '../base/errors.ts'
import { halfFormatOf } from '../base/half.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { isCapturing, withValues } from '../runtime/capture.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'

/** A typed array for `count` elements of `dtype` (floats of 16 bits as bits). */
export function hostArray(dtype: DType, count: number): TypedArray {
  checkDType('tensor', dtype)
  return new dtypes[dtype].array(new ArrayBuffer(count * bytesOf(dtype)))
}

/** A contiguous tensor with the raw elements `data`, copied. */
export function fromHost(data: TypedArray, shape: readonly number[], dtype: DType, device?: DeviceName): Tensor {
  const out = Tensor.empty(shape, dtype, device)
  const { backend, handle } = out.storage
  if (data.length > 0) backend.write(handle, 0, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return out
}

/**
 * Lets `write` set all elements of `x`: in its own memory where that is possible, else in an array that is then copied over.
 * Where the elements fill a block without gaps (a transposed matrix), they are written in the order of the memory, as PyTorch does; else row-major.
 */
export function fillFromHost(x: Tensor, write: (out: TypedArray) => void): Tensor {
  const { storage, dtype, offset } = x
  const { backend } = storage
  const count = x.numel()
  const inMemoryOrder = x.isContiguous() || isDense(x)
  if (inMemoryOrder && backend.live && !isCapturing()) {
    write(x.hostView())
    return x
  }
  const data = hostArray(dtype, count)
  const made = Tensor.empty(inMemoryOrder ? [count] : x.shape, dtype, x.device)
  const { handle } = made.storage
  // In a captured step the numbers are drawn anew for each replay, not written again.
  withValues(backend, () => {
    write(data)
    if (count > 0) backend.write(handle, 0, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  })
  launch({ kind: 'copy', x: made, out: inMemoryOrder ? { storage, dtype, offset, shape: [count], strides: [1] } : x })
  made.dispose()
  return x
}

/** The elements, in some order of the dimensions, follow each other without gaps. */
function isDense(x: Tensor): boolean {
  let step = 1
  const dims = x.shape.map((size, d) => ({ size, stride: x.strides[d] })).filter(({ size }) => size !== 1)
  return dims
    .sort((a, b) => a.stride - b.stride)
    .every(({ size, stride }) => {
      const follows = stride === step
      step *= size
      return follows
    })
}

/** A JavaScript value as a raw element: integers truncate, bool is "not zero", floats of 16 bits become bits. Throws ValueError for NaN or infinity as an integer. */
export function encoderOf(op: string, dtype: DType): (value: number | bigint | boolean) => number | bigint {
  const whole = (value: number | bigint | boolean): number => {
    const number = Number(value)
    if (!Number.isFinite(number)) throw new ValueError(`${op}: ${number} cannot be converted to ${dtype}`)
    return Math.trunc(number)
  }
  if (dtype === 'int64') return (value) => (typeof value === 'bigint' ? value : BigInt(whole(value)))
  if (dtype === 'bool') return (value) => (value ? 1 : Number.isNaN(value) ? 1 : 0)
  const half = halfFormatOf(dtype)
  if (half !== null) return (value) => half.toBits(Number(value))
  return dtype === 'float32' || dtype === 'float64' ? Number : whole
}
