// Views for tests of devices: made from numbers, with random layouts, the same on several devices; read back as numbers.
import { bytesOf, type DType, dtypes, isFloating, type TypedArray } from '../../src/base/dtype.ts'
import { halfFormatOf } from '../../src/base/half.ts'
import { contiguousStrides, numelOf } from '../../src/base/shape.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { View } from '../../src/runtime/spec.ts'
import { Storage } from '../../src/runtime/storage.ts'

export interface Layout {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
  /** Elements of the storage. */
  readonly length: number
}

export const contiguous = (shape: readonly number[]): Layout => ({
  shape,
  strides: contiguousStrides(shape),
  offset: 0,
  length: numelOf(shape),
})

/** Mulberry32: 0 <= x < 1. */
export class Random {
  private state: number
  constructor(seed: number) {
    this.state = seed
  }
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  /** low .. high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }
  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]
  }
  /** Another order of the items, in place, the same in every engine: a sort with a random comparison is not. */
  shuffle(items: unknown[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(0, i)
      ;[items[i], items[j]] = [items[j], items[i]]
    }
  }
  /** Roughly normal. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * Math.sqrt(3)
  }
}

/** Contiguous, or dimensions in another order of memory, with gaps between elements and an offset. */
export function randomLayout(random: Random, shape: readonly number[], plain = 0.4): Layout {
  if (random.next() < plain) return contiguous(shape)
  const order = shape.map((_, d) => d)
  if (random.next() < 0.6) random.shuffle(order)
  const strides = new Array<number>(shape.length)
  let step = random.pick([1, 1, 1, 2, 3])
  for (const d of order.reverse()) {
    strides[d] = step
    step *= shape[d] + random.pick([0, 0, 1, 3])
  }
  const offset = random.int(0, 5)
  const last = shape.reduce((sum, size, d) => sum + Math.max(size - 1, 0) * strides[d], 0)
  return { shape, strides, offset, length: offset + last + 1 + random.int(0, 3) }
}

/** The whole storage behind a view, as its typed array. */
export function memoryOf({ storage, dtype }: View): TypedArray {
  const bytes = storage.backend.bytes(storage.handle, 0, storage.bytes)
  return new dtypes[dtype].array(bytes.buffer, bytes.byteOffset, Math.floor(storage.bytes / bytesOf(dtype)))
}

const stored = (dtype: DType, x: number | bigint): never =>
  (halfFormatOf(dtype)?.toBits(Number(x)) ?? (dtype === 'int64' ? BigInt(x) : Number(x))) as never

/** A view whose storage holds `fill(i)` at element i of the storage, gaps included. */
export function makeView(backend: Backend, dtype: DType, layout: Layout, fill: (i: number) => number | bigint): View {
  const storage = new Storage(backend, Math.max(layout.length, 1) * bytesOf(dtype))
  const view = { storage, dtype, shape: layout.shape, strides: layout.strides, offset: layout.offset }
  const memory = memoryOf(view)
  for (let i = 0; i < memory.length; i++) memory[i] = stored(dtype, fill(i))
  return view
}

/** A contiguous view of the given values. */
export function fromValues(
  backend: Backend,
  dtype: DType,
  shape: readonly number[],
  values: readonly (number | bigint)[],
): View {
  return makeView(backend, dtype, contiguous(shape), (i) => values[i] ?? 0)
}

/** Positions of a view's elements in its storage, row-major. */
export function positionsOf(view: View): number[] {
  return view.shape.reduce<number[]>(
    (list, size, d) => list.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * view.strides[d])),
    [view.offset],
  )
}

const number = (dtype: DType, x: number | bigint): number => halfFormatOf(dtype)?.toNumber(x as number) ?? Number(x)

/** The elements of a view in row-major order. */
export function toNumbers(view: View): number[] {
  const memory = memoryOf(view)
  return positionsOf(view).map((at) => number(view.dtype, memory[at]))
}

/** The whole storage, gaps included: what a kernel must leave alone is compared too. */
export const storageNumbers = (view: View): number[] => {
  const memory = memoryOf(view)
  return Array.from({ length: memory.length }, (_, i) => number(view.dtype, memory[i]))
}

/**
 * Throws where two views' storages differ by more than `absolute + relative * |expected|`; NaN equals NaN. Integers must be equal.
 */
export function expectClose(actual: View, expected: View, relative = 0, absolute = 0, note = ''): void {
  const [a, b] = [storageNumbers(actual), storageNumbers(expected)]
  const exact = !isFloating(actual.dtype)
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue
    if (!exact && Math.abs(a[i] - b[i]) <= absolute + relative * Math.abs(b[i])) continue
    const layout = `${actual.dtype} [${actual.shape}] strides [${actual.strides}] offset ${actual.offset}`
    throw new Error(`${note} element ${i} of the storage is ${a[i]}, expected ${b[i]} (${layout})`)
  }
}
