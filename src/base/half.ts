// The two floats of 16 bits, kept as bits: IEEE half precision (float16), and the upper half of a float32 (bfloat16).
// Conversions for devices and for printing. Round to nearest, ties to even.
import { type DType, type HalfDType, isHalf } from './dtype.ts'

const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/** The number that 16 bits stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The bits nearest to `value` after rounding it to float32 (as PyTorch converts). */
export function numberToHalf(value: number): number {
  scratch[0] = value
  const bits = scratchBits[0]
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Subnormal: the unit is 2^-24, and rint is half to even by adding and taking away 2^52.
    const units = Math.abs(scratch[0]) * 2 ** 24
    return sign | (units + 2 ** 52 - 2 ** 52)
  }
  const rebased = magnitude - 0x38000000
  const roundUp = 0xfff + ((rebased >>> 13) & 1)
  return sign | ((rebased + roundUp) >>> 13)
}

/** The number that the upper 16 bits of a float32 stand for. */
export function bfloatToNumber(bits: number): number {
  scratchBits[0] = bits << 16
  return scratch[0]
}

/** The bfloat16 bits nearest to `value` after rounding it to float32 (as PyTorch converts). */
export function numberToBfloat(value: number): number {
  scratch[0] = value
  const bits = scratchBits[0]
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

export interface HalfFormat {
  /** Bits of the significand, the hidden one included. */
  readonly digits: number
  readonly toNumber: (bits: number) => number
  readonly toBits: (value: number) => number
  /** The nearest number that the format has. */
  readonly round: (value: number) => number
}
const halfFormats: { readonly [D in HalfDType]: HalfFormat } = {
  float16: {
    digits: 11,
    toNumber: halfToNumber,
    toBits: numberToHalf,
    round: (value) => halfToNumber(numberToHalf(value)),
  },
  bfloat16: {
    digits: 8,
    toNumber: bfloatToNumber,
    toBits: numberToBfloat,
    round: (value) => bfloatToNumber(numberToBfloat(value)),
  },
}

/** How the bits in the dtype's typed array are read and written; null where its elements are numbers (or bigints). */
export const halfFormatOf = (dtype: DType): HalfFormat | null => (isHalf(dtype) ? halfFormats[dtype] : null)
