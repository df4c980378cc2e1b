// Random views for the tests of matrix products and convolutions: any order of dimensions, gaps, an offset; the same on every device.
import { bytesOf, type DType, dtypes } from '../../src/base/dtype.ts'
import { numelOf } from '../../src/base/shape.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { View } from '../../src/runtime/spec.ts'
import { Storage } from '../../src/runtime/storage.ts'

export interface Dice {
  /** low .. high, both included. */
  int(low: number, high: number): number
  pick<T>(choices: readonly T[]): T
}
export function dice(seed: number): Dice {
  let state = seed * 2654435761
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return { int, pick: (choices) => choices[int(0, choices.length - 1)] }
}

export interface Layout {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
  /** Elements of the storage. */
  readonly length: number
}

export function layoutOf(d: Dice, shape: readonly number[], contiguous = false): Layout {
  const order = shape.map((_, k) => k).reverse()
  const shuffled = !contiguous && d.int(0, 2) === 0
  if (shuffled) for (let k = order.length - 1; k > 0; k--) {
    const other = d.int(0, k)
    ;[order[k], order[other]] = [order[other], order[k]]
  }
  const gaps = !contiguous && d.int(0, 2) === 0
  const strides = new Array<number>(shape.length).fill(1)
  let step = gaps ? d.int(1, 2) : 1
  for (const k of order) {
    strides[k] = step
    step *= Math.max(shape[k], 1) + (gaps ? d.int(0, 1) : 0)
  }
  const offset = contiguous ? 0 : d.int(0, 3)
  return { shape, strides, offset, length: step + offset + 4 }
}

/** A view of that layout over a new storage filled from `seed`: floats in -0.5 .. 0.5, integers in -9 .. 9; `absolute` drops the signs. */
export function place(backend: Backend, dtype: DType, layout: Layout, seed: number, absolute = false): View {
  const storage = new Storage(backend, layout.length * bytesOf(dtype))
  const d = dice(seed)
  const values = elementsOf(storage, dtype)
  const floating = dtypes[dtype].category === 'floating'
  for (let k = 0; k < layout.length; k++) {
    const signed = floating ? d.int(-(2 ** 20), 2 ** 20) / 2 ** 21 : d.int(-9, 9)
    const value = absolute ? Math.abs(signed) : signed
    if (dtype === 'int64') (values as BigInt64Array)[k] = BigInt(value)
    else (values as Float64Array)[k] = value
  }
  return { storage, dtype, shape: layout.shape, strides: layout.strides, offset: layout.offset }
}

const rawBytes = (storage: Storage): Uint8Array => storage.backend.bytes(storage.handle, 0, storage.bytes)
function elementsOf(storage: Storage, dtype: DType): ArrayLike<number | bigint> {
  const { buffer, byteOffset } = rawBytes(storage)
  return new dtypes[dtype].array(buffer, byteOffset, storage.bytes / bytesOf(dtype)) as ArrayLike<number | bigint>
}

/** A copy of the whole storage, gaps included. */
export const readBytes = (view: View): Uint8Array => new Uint8Array(rawBytes(view.storage))

/** The view's elements in row-major order. */
export function readElements(view: View): number[] {
  const raw = elementsOf(view.storage, view.dtype)
  const out = new Array<number>(numelOf(view.shape))
  for (let k = 0; k < out.length; k++) {
    let rest = k
    let at = view.offset
    for (let d = view.shape.length - 1; d >= 0; d--) {
      at += (rest % view.shape[d]) * view.strides[d]
      rest = Math.floor(rest / view.shape[d])
    }
    out[k] = Number(raw[at])
  }
  return out
}

/** The elements as scales of errors: sums of absolute values, at least the smallest normal number. */
export const magnitudes = (view: View): number[] => readElements(view).map((x) => Math.max(Math.abs(x), 1e-30))
