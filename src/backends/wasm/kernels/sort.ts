// Stable sort along one axis, in JavaScript on the shared memory: elements become unsigned keys that sort as the values do,
// then short lines are sorted by insertion and long ones by radix, 8 bits at a time. Descending is the order of the inverted keys.
import { bytesOf, type DType } from '../../../base/dtype.ts'
import { numelOf } from '../../../base/shape.ts'
import type { SortSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine } from '../engine.ts'

const NAN_KEY = 0xffffffff

/** Keys of one line: the high words, and for 64-bit dtypes the low words. */
interface Keys {
  readonly high: Uint32Array
  readonly low: Uint32Array
}
type Memory = { u8: Uint8Array; u16: Uint16Array; u32: Uint32Array }
type KeyOf = (memory: Memory, at: number, i: number, keys: Keys) => void

const isWide = (dtype: DType): boolean => bytesOf(dtype) === 8
// Floats: negative numbers are turned over, -0 is 0, NaN is the largest.
const byteKey: KeyOf = ({ u8 }, at, i, { high }) => {
  high[i] = u8[at]
}
const halfKey =
  (infinity: number): KeyOf =>
  ({ u16 }, at, i, { high }) => {
    const bits = u16[at >>> 1]
    const magnitude = bits & 0x7fff
    high[i] = magnitude > infinity ? NAN_KEY : bits >>> 15 && magnitude ? ~bits & 0xffff : magnitude | 0x8000
  }
const keyOf: Readonly<Record<DType, KeyOf>> = {
  bool: byteKey,
  uint8: byteKey,
  float16: halfKey(0x7c00),
  bfloat16: halfKey(0x7f80),
  float32: ({ u32 }, at, i, { high }) => {
    const bits = u32[at >>> 2]
    const magnitude = bits & 0x7fffffff
    high[i] = magnitude > 0x7f800000 ? NAN_KEY : bits >>> 31 && magnitude ? ~bits : magnitude | 0x80000000
  },
  float64: ({ u32 }, at, i, { high, low }) => {
    const [l, h] = [u32[at >>> 2], u32[(at >>> 2) + 1]]
    const magnitude = h & 0x7fffffff
    const isNaN = magnitude > 0x7ff00000 || (magnitude === 0x7ff00000 && l !== 0)
    const negative = h >>> 31 !== 0 && (magnitude !== 0 || l !== 0)
    high[i] = isNaN ? NAN_KEY : negative ? ~h : magnitude | 0x80000000
    low[i] = isNaN ? NAN_KEY : negative ? ~l : l
  },
  int32: ({ u32 }, at, i, { high }) => {
    high[i] = u32[at >>> 2] ^ 0x80000000
  },
  int64: ({ u32 }, at, i, { high, low }) => {
    low[i] = u32[at >>> 2]
    high[i] = u32[(at >>> 2) + 1] ^ 0x80000000
  },
}

function insertionSort(order: Uint32Array, { high, low }: Keys): void {
  for (let i = 1; i < order.length; i++) {
    const item = order[i]
    let j = i
    for (; j > 0; j--) {
      const before = order[j - 1]
      if (high[before] < high[item] || (high[before] === high[item] && low[before] <= low[item])) break
      order[j] = before
    }
    order[j] = item
  }
}

/** One stable pass per byte, from the lowest; a byte that is the same everywhere costs only its count. */
function radixSort(order: Uint32Array, spare: Uint32Array, words: readonly Uint32Array[]): void {
  let [from, to] = [order, spare]
  const counts = new Uint32Array(256)
  for (const word of words) {
    for (let shift = 0; shift < 32; shift += 8) {
      counts.fill(0)
      for (let i = 0; i < word.length; i++) counts[(word[i] >>> shift) & 255]++
      if (counts[(word[0] >>> shift) & 255] === word.length) continue
      for (let b = 0, sum = 0; b < 256; b++) {
        const count = counts[b]
        counts[b] = sum
        sum += count
      }
      for (let i = 0; i < from.length; i++) to[counts[(word[from[i]] >>> shift) & 255]++] = from[i]
      const swap = from
      from = to
      to = swap
    }
  }
  if (from !== order) order.set(from)
}

/** Byte addresses of the first elements of all lines along `axis`. */
function lineStarts(view: View, axis: number): number[] {
  const bytes = bytesOf(view.dtype)
  let starts = [addressOf(view)]
  view.shape.forEach((size, d) => {
    if (d === axis) return
    starts = starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * view.strides[d] * bytes))
  })
  return starts
}

export const sort =
  (engine: Engine) =>
  ({ x, values, indices, axis, descending }: SortSpec): void => {
    if (numelOf(x.shape) === 0) return
    engine.host(() => {
      const { buffer } = engine.u8
      const memory = { u8: engine.u8, u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) }
      const length = x.shape[axis] ?? 1
      const keys: Keys = { high: new Uint32Array(length), low: new Uint32Array(isWide(x.dtype) ? length : 0) }
      const words = isWide(x.dtype) ? [keys.low, keys.high] : [keys.high]
      // Words that are not there compare as equal.
      const compared = isWide(x.dtype) ? keys : { high: keys.high, low: new Uint32Array(length) }
      const [order, spare] = [new Uint32Array(length), new Uint32Array(length)]
      const size = bytesOf(x.dtype)
      const [step, valueStep, indexStep] = [x, values, indices].map(
        (view) => (view.strides[axis] ?? 0) * bytesOf(view.dtype),
      )
      const elements = { 1: engine.u8, 2: memory.u16, 4: memory.u32, 8: engine.i64 }[size] as Uint32Array
      const [sources, targets, positions] = [x, values, indices].map((view) => lineStarts(view, axis))
      const line = new (elements.constructor as Uint32ArrayConstructor)(length)

      sources.forEach((start, k) => {
        for (let i = 0; i < length; i++) {
          const at = start + i * step
          keyOf[x.dtype](memory, at, i, keys)
          line[i] = elements[at / size]
          order[i] = i
        }
        if (descending) for (const word of words) for (let i = 0; i < length; i++) word[i] = ~word[i]
        if (length < 64) insertionSort(order, compared)
        else radixSort(order, spare, words)
        for (let i = 0; i < length; i++) {
          elements[(targets[k] + i * valueStep) / size] = line[order[i]]
          const position = (positions[k] + i * indexStep) / 4
          engine.i32[position] = order[i]
          engine.i32[position + 1] = 0
        }
      })
    })
  }
