// Elements of a view as JavaScript values, and the arithmetic of each compute type. Every kernel of this device starts here.
// int64 elements are bigint, all others are numbers.
import { computeType, type ComputeType, type DType, dtypes, type TypedArray } from '../../base/dtype.ts'
import { halfFormatOf, numberToBfloat, numberToHalf } from '../../base/half.ts'
import type { View } from '../../runtime/spec.ts'

export type Value = number | bigint

const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)

/** Fraction dropped, NaN to 0, held at the ends of the range. */
function toInt32(x: Value): number {
  if (typeof x === 'bigint') return Number(BigInt.asIntN(32, x))
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) | 0
}
function toInt64(x: Value): bigint {
  if (typeof x === 'bigint') return x
  if (Number.isNaN(x)) return 0n
  return x >= 2 ** 63 ? MAX_INT64 : x <= -(2 ** 63) ? MIN_INT64 : BigInt(Math.trunc(x))
}

/** What a value becomes when it is read to be computed with. */
export const toCompute: Readonly<Record<ComputeType, (x: Value) => Value>> = {
  float32: (x) => Math.fround(Number(x)),
  float64: (x) => Number(x),
  int32: toInt32,
  int64: toInt64,
}

/** What a typed array of the dtype stores for a value. */
const toStored: Readonly<Record<DType, (x: Value) => Value>> = {
  float16: (x) => numberToHalf(Number(x)),
  bfloat16: (x) => numberToBfloat(Number(x)),
  float32: (x) => Number(x),
  float64: (x) => Number(x),
  int32: toInt32,
  int64: toInt64,
  uint8: (x) => toInt32(x) & 255,
  // NaN counts as true.
  bool: (x) => (Number(x) === 0 ? 0 : 1),
}

interface Arithmetic {
  add(a: Value, b: Value): Value
  mul(a: Value, b: Value): Value
}
const real: Arithmetic = {
  add: (a, b) => (a as number) + (b as number),
  mul: (a, b) => (a as number) * (b as number),
}
/**
 * Sums and products of a compute type. float32 is computed in double and rounded once, when the result is stored:
 * as an oracle this device must not add rounding errors of its own.
 */
export const arithmetic: Readonly<Record<ComputeType, Arithmetic>> = {
  float32: real,
  float64: real,
  int32: {
    add: (a, b) => ((a as number) + (b as number)) | 0,
    mul: (a, b) => Math.imul(a as number, b as number),
  },
  int64: {
    add: (a, b) => BigInt.asIntN(64, (a as bigint) + (b as bigint)),
    mul: (a, b) => BigInt.asIntN(64, (a as bigint) * (b as bigint)),
  },
}
export const arithmeticOf = (dtype: DType): Arithmetic => arithmetic[computeType(dtype)]
/** A number in the compute type of `dtype`, to start a sum or to scale by. */
export const constantOf = (dtype: DType, x: number): Value => toCompute[computeType(dtype)](x)

/** The elements of a view: by index (`get`, `set`), or by their position in the storage (`read`, `write`). */
export class Elements {
  readonly view: View
  /** The storage's memory, of which the view shows a part. */
  readonly raw: TypedArray
  private readonly store: (x: Value) => Value
  private readonly half: ReturnType<typeof halfFormatOf>

  constructor(view: View) {
    this.view = view
    this.raw = new dtypes[view.dtype].array(view.storage.handle as ArrayBuffer)
    this.store = toStored[view.dtype]
    this.half = halfFormatOf(view.dtype)
  }

  at(...index: number[]): number {
    let position = this.view.offset
    for (let d = 0; d < index.length; d++) position += index[d] * this.view.strides[d]
    return position
  }
  get(...index: number[]): Value {
    return this.read(this.at(...index))
  }
  set(value: Value, ...index: number[]): void {
    this.write(this.at(...index), value)
  }

  read(position: number): Value {
    const x = this.raw[position]
    return this.half === null ? x : this.half.toNumber(x as number)
  }
  write(position: number, value: Value): void {
    this.raw[position] = this.store(value)
  }
  /** Of floating views, which hold numbers only. */
  number(position: number): number {
    return this.read(position) as number
  }

  fill(value: Value): void {
    for (const position of positions(this.view)) this.write(position, value)
  }
}

/** Positions in the storage of all elements of a view, in row-major order; `without` leaves dimensions out (index 0 there). */
export function positions(view: View, without: readonly number[] = []): number[] {
  let list = [view.offset]
  for (let d = 0; d < view.shape.length; d++) {
    if (without.includes(d)) continue
    const steps = Array.from({ length: view.shape[d] }, (_, i) => i * view.strides[d])
    list = list.flatMap((start) => steps.map((step) => start + step))
  }
  return list
}

/** Positions relative to the first one, along the dimensions `axes` only, in row-major order. */
export function positionsAlong(view: View, axes: readonly number[]): number[] {
  const others = view.shape.map((_, d) => d).filter((d) => !axes.includes(d))
  return positions({ ...view, storage: view.storage, offset: 0 }, others)
}
