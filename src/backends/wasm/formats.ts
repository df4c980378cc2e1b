// How elements of each dtype become lanes of a compute type and go back: one table row per pair. operands.ts loads and stores by it.
// An element is first loaded `raw` (a vector of the compute type, or bits that `convert` turns into one).
import type { ComputeType, DType, HalfDType } from '../../base/dtype.ts'
import type { Func, Local } from './asm.ts'
import { type Lanes, type LaneType, laneCount, type Word } from './lanes.ts'
import { copySign } from './math.ts'

export const laneTypes: Record<ComputeType, LaneType> = {
  float32: 'f32x4',
  float64: 'f64x2',
  int32: 'i32x4',
  int64: 'i64x2',
}
export const bitsOf = (type: LaneType): 32 | 64 => (laneCount[type] === 4 ? 32 : 64)

export interface Format {
  /** Lane type of the raw vector. */
  readonly raw: LaneType
  /** Scalar load, then conversions to the raw lane type. */
  readonly load: readonly string[]
  /** A whole block at once: the address is pushed by `at(offset)`. */
  readonly loadBlock?: (f: Func, at: () => void, offset: number) => void
  readonly convert?: (l: Lanes, raw: Word) => Word
  /** The way back: a vector of lane type `stored`, then per lane conversions and a store. */
  readonly stored: LaneType
  readonly revert?: (l: Lanes, value: Word) => Word
  readonly store: readonly string[]
  readonly storeBlock?: (f: Func, at: () => void, value: Local, offset: number) => void
}

/**
 * IEEE half bits in 32-bit lanes to float32: the exponent moves by 112. Subnormal halves, which small gradients are, are the difference of two
 * normal numbers: an operation on subnormal float32 takes the processor forty times as long.
 */
function halfToFloat(l: Lanes, bits: Word): Word {
  const and = (a: Word, b: Word): Word => l.op('v128.and', a, b)
  const add = (a: Word, b: Word): Word => l.op('i32x4.add', a, b)
  const rest = and(bits, l.i32(0x7fff))
  const normal = add(l.shift('i32x4.shl', rest, 13), l.i32(112 << 23))
  const subnormal = l.op('f32x4.sub', add(normal, l.i32(1 << 23)), l.f32(2 ** -14))
  const value = l.select(32, l.op('i32x4.gt_s', rest, l.i32(0x3ff)), normal, subnormal)
  const special = and(l.op('i32x4.gt_s', rest, l.i32(0x7bff)), l.i32(0x7f800000))
  return copySign(l, l.op('v128.or', value, special), l.shift('i32x4.shl', bits, 16))
}
/** float32 to half bits, to nearest even: adding a power of two of the right size rounds the mantissa in place. */
function floatToHalf(l: Lanes, x: Word): Word {
  const add = (a: Word, b: Word): Word => l.op('i32x4.add', a, b)
  const and = (a: Word, b: Word): Word => l.op('v128.and', a, b)
  const magnitude = and(x, l.i32(0x7fffffff))
  // Saturates to infinity from 65536 on, then leaves 4 times the value.
  const scaled = l.op('f32x4.mul', l.op('f32x4.mul', magnitude, l.f32(2 ** 112)), l.f32(2 ** -110))
  const exponent = l.op('i32x4.max_s', and(magnitude, l.i32(0x7f800000)), l.i32(0x38800000))
  const sum = l.op('f32x4.add', scaled, add(exponent, l.i32(0x07800000)))
  const bits = add(and(l.shift('i32x4.shr_u', sum, 13), l.i32(0x7c00)), and(sum, l.i32(0xfff)))
  const isNaN = l.op('i32x4.gt_s', magnitude, l.i32(0x7f800000))
  const sign = and(l.shift('i32x4.shr_u', x, 16), l.i32(0x8000))
  return l.op('v128.or', sign, l.select(32, isNaN, l.i32(0x7e00), bits))
}

/** bfloat16 bits in 32-bit lanes to float32: they are its upper half. */
const bfloatToFloat = (l: Lanes, bits: Word): Word => l.shift('i32x4.shl', bits, 16)
/** float32 to bfloat16 bits, to nearest even: half a unit is added, a bit less before an even one. */
function floatToBfloat(l: Lanes, x: Word): Word {
  const upper = l.shift('i32x4.shr_u', x, 16)
  const half = l.op('i32x4.add', l.op('v128.and', upper, l.i32(1)), l.i32(0x7fff))
  const rounded = l.shift('i32x4.shr_u', l.op('i32x4.add', x, half), 16)
  const isNaN = l.op('i32x4.gt_s', l.op('v128.and', x, l.i32(0x7fffffff)), l.i32(0x7f800000))
  return l.select(32, isNaN, l.op('v128.or', upper, l.i32(0x40)), rounded)
}
/** The floats of 16 bits as lanes of float32 and back. */
export const halfLanes: Record<HalfDType, { toFloat: Convert; fromFloat: Convert }> = {
  float16: { toFloat: halfToFloat, fromFloat: floatToHalf },
  bfloat16: { toFloat: bfloatToFloat, fromFloat: floatToBfloat },
}
type Convert = (l: Lanes, x: Word) => Word

const then =
  (name: string, ...ops: string[]) =>
  (f: Func, at: () => void, offset: number): void => {
    at()
    f.load(name, offset)
    f.op(...ops)
  }
/** Two loads of 64-bit elements, from which 32 bits each remain. */
const pair =
  (lanes: [number, number, number, number], ...ops: string[]) =>
  (f: Func, at: () => void, offset: number): void => {
    for (const o of [offset, offset + 16]) {
      at()
      f.load('v128.load', o)
      f.op(...ops)
    }
    f.shuffle32(...lanes)
  }
const whole = (f: Func, at: () => void, value: Local, offset: number): void => {
  at()
  f.get(value)
  f.store('v128.store', offset)
}
/** Lane 0 of 32 or 64 bits, after operations that take the value twice or once. */
const firstLane =
  (width: 32 | 64, ...ops: string[]) =>
  (f: Func, at: () => void, value: Local, offset: number): void => {
    at()
    f.get(value)
    for (const op of ops) {
      if (op.includes('narrow')) f.get(value)
      f.op(op)
      f.set(value)
      f.get(value)
    }
    f.memoryLane(`v128.store${width}_lane`, 0, offset)
  }
const halves =
  (low: string, high: string) =>
  (f: Func, at: () => void, value: Local, offset: number): void => {
    for (const [k, op] of [low, high].entries()) {
      at()
      f.get(value)
      f.op(op)
      f.store('v128.store', offset + 16 * k)
    }
  }

const loadBytes = then('v128.load32_zero', 'i16x8.extend_low_i8x16_u', 'i32x4.extend_low_i16x8_u')
const storeBytes = firstLane(32, 'i16x8.narrow_i32x4_u', 'i8x16.narrow_i16x8_u')
const lowByte = (l: Lanes, x: Word): Word => l.op('v128.and', x, l.i32(255))
const truncated = (l: Lanes, x: Word): Word => l.op('i32x4.trunc_sat_f32x4_s', x)
const converted = (l: Lanes, x: Word): Word => l.op('f32x4.convert_i32x4_s', x)
/** Lanes of 64 bits from 32-bit lanes 0 and 1 and back, for floats of 16 bits. */
const evens = (l: Lanes, x: Word): Word => l.shuffle32(x, x, [0, 2, 0, 2])

const u8 = { load: ['i32.load8_u'], raw: 'i32x4', stored: 'i32x4', store: ['i32.store8'] } as const
const short = { load: ['i32.load16_u'], raw: 'i32x4', stored: 'i32x4', store: ['i32.store16'] } as const
const shorts = { loadBlock: then('v128.load16x4_u'), storeBlock: firstLane(64, 'i16x8.narrow_i32x4_u') }
const wideShort = { load: ['i64.load16_u'], raw: 'i64x2', stored: 'i64x2', store: ['i64.store16'] } as const

/** A float of 16 bits for each compute type. */
const halfFormats: Record<ComputeType, (dtype: HalfDType) => Format> = {
  float32: (dtype) => ({
    ...short,
    ...shorts,
    convert: halfLanes[dtype].toFloat,
    revert: halfLanes[dtype].fromFloat,
  }),
  int32: (dtype) => ({
    ...short,
    ...shorts,
    convert: (l, x) => truncated(l, halfLanes[dtype].toFloat(l, x)),
    revert: (l, x) => halfLanes[dtype].fromFloat(l, converted(l, x)),
  }),
  float64: (dtype) => ({
    ...wideShort,
    convert: (l, x) => l.op('f64x2.promote_low_f32x4', halfLanes[dtype].toFloat(l, evens(l, x))),
    revert: (l, x) =>
      l.op('i64x2.extend_low_i32x4_u', halfLanes[dtype].fromFloat(l, l.op('f32x4.demote_f64x2_zero', x))),
  }),
  int64: (dtype) => ({
    ...wideShort,
    convert: (l, x) => l.op('i64x2.extend_low_i32x4_s', truncated(l, halfLanes[dtype].toFloat(l, evens(l, x)))),
    revert: (l, x) => {
      const toFloat = l.perLane('toFloat', 'i64x2', 'f64x2', [x], (f) => f.op('f64.convert_i64_s'))
      return l.op('i64x2.extend_low_i32x4_u', halfLanes[dtype].fromFloat(l, l.op('f32x4.demote_f64x2_zero', toFloat)))
    },
  }),
}
const halvesOf = (compute: ComputeType): Record<HalfDType, Format> => ({
  float16: halfFormats[compute]('float16'),
  bfloat16: halfFormats[compute]('bfloat16'),
})

type Row = Record<Exclude<DType, 'bool'>, Format>
const formats: Record<ComputeType, Row> = {
  float32: {
    ...halvesOf('float32'),
    float32: {
      raw: 'f32x4',
      load: ['f32.load'],
      loadBlock: then('v128.load'),
      stored: 'f32x4',
      store: ['f32.store'],
      storeBlock: whole,
    },
    int32: {
      raw: 'i32x4',
      load: ['i32.load'],
      loadBlock: then('v128.load'),
      convert: converted,
      stored: 'i32x4',
      revert: truncated,
      store: ['i32.store'],
      storeBlock: whole,
    },
    uint8: {
      ...u8,
      loadBlock: loadBytes,
      convert: converted,
      revert: (l, x) => lowByte(l, truncated(l, x)),
      storeBlock: storeBytes,
    },
    int64: {
      raw: 'f32x4',
      load: ['i64.load', 'f32.convert_i64_s'],
      stored: 'f32x4',
      store: ['i64.trunc_sat_f32_s', 'i64.store'],
    },
    float64: {
      raw: 'f32x4',
      load: ['f64.load', 'f32.demote_f64'],
      loadBlock: pair([0, 1, 4, 5], 'f32x4.demote_f64x2_zero'),
      stored: 'f32x4',
      store: ['f64.promote_f32', 'f64.store'],
    },
  },
  int32: {
    ...halvesOf('int32'),
    int32: {
      raw: 'i32x4',
      load: ['i32.load'],
      loadBlock: then('v128.load'),
      stored: 'i32x4',
      store: ['i32.store'],
      storeBlock: whole,
    },
    float32: {
      raw: 'f32x4',
      load: ['f32.load'],
      loadBlock: then('v128.load'),
      convert: truncated,
      stored: 'f32x4',
      revert: converted,
      store: ['f32.store'],
      storeBlock: whole,
    },
    uint8: { ...u8, loadBlock: loadBytes, revert: lowByte, storeBlock: storeBytes },
    int64: {
      raw: 'i32x4',
      load: ['i32.load'],
      loadBlock: pair([0, 2, 4, 6]),
      stored: 'i32x4',
      store: ['i64.extend_i32_s', 'i64.store'],
      storeBlock: halves('i64x2.extend_low_i32x4_s', 'i64x2.extend_high_i32x4_s'),
    },
    float64: {
      raw: 'i32x4',
      load: ['f64.load', 'i32.trunc_sat_f64_s'],
      stored: 'i32x4',
      store: ['f64.convert_i32_s', 'f64.store'],
    },
  },
  float64: {
    ...halvesOf('float64'),
    float64: {
      raw: 'f64x2',
      load: ['f64.load'],
      loadBlock: then('v128.load'),
      stored: 'f64x2',
      store: ['f64.store'],
      storeBlock: whole,
    },
    float32: {
      raw: 'f64x2',
      load: ['f32.load', 'f64.promote_f32'],
      loadBlock: then('v128.load64_zero', 'f64x2.promote_low_f32x4'),
      stored: 'f64x2',
      store: ['f32.demote_f64', 'f32.store'],
      storeBlock: firstLane(64, 'f32x4.demote_f64x2_zero'),
    },
    int32: {
      raw: 'f64x2',
      load: ['i32.load', 'f64.convert_i32_s'],
      loadBlock: then('v128.load64_zero', 'f64x2.convert_low_i32x4_s'),
      stored: 'f64x2',
      store: ['i32.trunc_sat_f64_s', 'i32.store'],
    },
    uint8: {
      raw: 'f64x2',
      load: ['i32.load8_u', 'f64.convert_i32_u'],
      stored: 'f64x2',
      store: ['i32.trunc_sat_f64_s', 'i32.store8'],
    },
    int64: {
      raw: 'f64x2',
      load: ['i64.load', 'f64.convert_i64_s'],
      stored: 'f64x2',
      store: ['i64.trunc_sat_f64_s', 'i64.store'],
    },
  },
  int64: {
    ...halvesOf('int64'),
    int64: {
      raw: 'i64x2',
      load: ['i64.load'],
      loadBlock: then('v128.load'),
      stored: 'i64x2',
      store: ['i64.store'],
      storeBlock: whole,
    },
    int32: {
      raw: 'i64x2',
      load: ['i64.load32_s'],
      loadBlock: then('v128.load32x2_s'),
      stored: 'i64x2',
      store: ['i64.store32'],
    },
    uint8: { raw: 'i64x2', load: ['i64.load8_u'], stored: 'i64x2', store: ['i64.store8'] },
    float32: {
      raw: 'i64x2',
      load: ['f32.load', 'i64.trunc_sat_f32_s'],
      stored: 'i64x2',
      store: ['f32.convert_i64_s', 'f32.store'],
    },
    float64: {
      raw: 'i64x2',
      load: ['f64.load', 'i64.trunc_sat_f64_s'],
      stored: 'i64x2',
      store: ['f64.convert_i64_s', 'f64.store'],
    },
  },
}

export const formatOf = (compute: ComputeType, dtype: DType): Format =>
  formats[compute][dtype === 'bool' ? 'uint8' : dtype]

/** The value of a raw leaf. */
export const fromRaw = (l: Lanes, format: Format, raw: Word): Word => (format.convert ? format.convert(l, raw) : raw)
/** What is stored for a value; bool is 1 where the value is not 0. */
export function toStored(l: Lanes, compute: ComputeType, dtype: DType, value: Word): Word {
  const type = laneTypes[compute]
  if (dtype === 'bool') {
    const mask = l.op(`${type}.ne`, value, l.constant(type, 0))
    value = l.op('v128.and', mask, l.constant(type, 1))
  }
  const { revert } = formatOf(compute, dtype)
  return revert ? revert(l, value) : value
}
