// Normally distributed numbers with PyTorch's bits on x86. Called by the random ops and by nn.init.
// From 16 numbers on, PyTorch fills with uniform numbers and turns blocks of 16 into normal ones, in float32 with the
// Cephes approximations of avx_mathfun (Giovanni Garberoglio, zlib licence), each a*b+c contracted; fewer go one by one.

import { fma, fma64 } from './float.ts'
import type { HalfFormat } from './half.ts'
import type { Generator } from './mt19937.ts'
import { uniform24s } from './randomRuns.ts'

export type FloatArray = Float32Array | Float64Array

const { fround } = Math
const BLOCK = 16
const HALF = 8

/** Fills `out` from the normal distribution; `half`: in a float of 16 bits, each operation rounded to it. */
export function normal(g: Generator, out: FloatArray, mean = 0, std = 1, half: HalfFormat | null = null): void {
  const n = out.length
  if (n < BLOCK) {
    for (let i = 0; i < n; i++) out[i] = fma64(g.normal(), std, mean)
    return
  }
  fillUniform(g, out, half)
  for (let at = 0; at + BLOCK <= n; at += BLOCK) transform(out, at, mean, std, half)
  if (n % BLOCK === 0) return
  // The last block overlaps the one before it and starts from fresh numbers.
  fillUniform(g, out.subarray(n - BLOCK), half)
  transform(out, n - BLOCK, mean, std, half)
}

function fillUniform(g: Generator, out: FloatArray, half: HalfFormat | null): void {
  const n = out.length
  if (half !== null) for (let i = 0; i < n; i++) out[i] = g.uniformOf(half.digits)
  else if (out instanceof Float32Array) uniform24s(g, out)
  else for (let i = 0; i < n; i++) out[i] = g.uniform53()
}

/** Box-Muller: eight radii, then eight angles, become eight cosines, then eight sines. */
function transform(out: FloatArray, at: number, mean: number, std: number, half: HalfFormat | null): void {
  if (half !== null) transformHalf(out, at, half.round(mean), half.round(std), half)
  else if (out instanceof Float32Array) transform32(out, at, fround(mean), fround(std))
  else transform64(out, at, mean, std)
}

function transformHalf(out: FloatArray, at: number, mean: number, std: number, { digits, round }: HalfFormat): void {
  // PyTorch has log, sqrt and their kin of bfloat16, which round; float16 goes through those of float32.
  const inner = digits === 8 ? round : fround
  for (let i = at; i < at + HALF; i++) {
    const radius = round(Math.sqrt(inner(-2 * inner(Math.log(round(1 - out[i]))))))
    const angle = round(2 * Math.PI * out[i + HALF])
    const scaled = (part: number): number => round(inner(inner(radius * inner(part)) * std) + mean)
    out[i] = scaled(Math.cos(angle))
    out[i + HALF] = scaled(Math.sin(angle))
  }
}

function transform64(out: Float64Array, at: number, mean: number, std: number): void {
  for (let i = at; i < at + HALF; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - out[i]))
    const angle = 2 * Math.PI * out[i + HALF]
    out[i] = fma64(radius * Math.cos(angle), std, mean)
    out[i + HALF] = fma64(radius * Math.sin(angle), std, mean)
  }
}

const TWO_PI = fround(2 * Math.PI)
const FOUR_OVER_PI = fround(4 / Math.PI)
// pi/4 in three parts, so that multiples of the first two are exact.
const PI4_HIGH = fround(0.78515625)
const PI4_MIDDLE = fround(2.4187564849853515625e-4)
const PI4_LOW = fround(3.77489497744594108e-8)
const SIN = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
const COS = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)

const SQRT_HALF = fround(Math.SQRT1_2)
const LN2_HIGH = fround(0.693359375)
const LN2_LOW = fround(-2.1219444e-4)
const LOG = Float32Array.from([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
])

// Scratch for the eight lanes of a block. They go step by step together, because the steps of one lane wait for each
// other and those of eight lanes do not.
const radius = new Float32Array(HALF)
const radiusBits = new Int32Array(radius.buffer)
const mantissa = new Float32Array(HALF)
const exponent = new Int32Array(HALF)
const octant = new Int32Array(HALF)
const rest = new Float32Array(HALF)
const square = new Float32Array(HALF)
const sinPoly = new Float32Array(HALF)
const cosPoly = new Float32Array(HALF)

/** With log256_ps and sincos256_ps. */
function transform32(out: Float32Array, at: number, mean: number, std: number): void {
  for (let i = 0; i < HALF; i++) radius[i] = fround(1 - out[at + i])
  log(radius)
  for (let i = 0; i < HALF; i++) radius[i] = Math.sqrt(fround(-2 * radius[i]))

  for (let i = 0; i < HALF; i++) {
    const angle = fround(TWO_PI * out[at + HALF + i])
    const eighths = (Math.trunc(fround(angle * FOUR_OVER_PI)) + 1) & ~1
    octant[i] = eighths
    rest[i] = fma(eighths, -PI4_LOW, fma(eighths, -PI4_MIDDLE, fma(eighths, -PI4_HIGH, angle)))
    square[i] = rest[i] * rest[i]
  }
  polynomial(SIN, square, sinPoly)
  polynomial(COS, square, cosPoly)
  for (let i = 0; i < HALF; i++) {
    const z = square[i]
    const cosPart = fround(fma(fround(cosPoly[i] * z), z, fround(-0.5 * z)) + 1)
    const sinPart = fma(fround(sinPoly[i] * z), rest[i], rest[i])
    const swap = (octant[i] & 2) !== 0
    const cos = (swap ? sinPart : cosPart) * (((octant[i] + 2) & 4) === 0 ? 1 : -1)
    const sin = (swap ? cosPart : sinPart) * ((octant[i] & 4) === 0 ? 1 : -1)
    out[at + i] = fma(fround(radius[i] * cos), std, mean)
    out[at + HALF + i] = fma(fround(radius[i] * sin), std, mean)
  }
}

/** Natural logarithms of normal (not subnormal) positive numbers, in place. */
function log(x: Float32Array): void {
  for (let i = 0; i < HALF; i++) {
    exponent[i] = (radiusBits[i] >>> 23) - 0x7e
    radiusBits[i] = (radiusBits[i] & 0x007fffff) | 0x3f000000
    const m = x[i]
    const small = m < SQRT_HALF
    if (small) exponent[i] -= 1
    mantissa[i] = fround(m - 1) + (small ? m : 0)
  }
  polynomial(LOG, mantissa, x)
  for (let i = 0; i < HALF; i++) {
    const m = mantissa[i]
    const z = fround(m * m)
    const y = fma(fround(x[i] * m), z, fround(exponent[i] * LN2_LOW))
    x[i] = fma(exponent[i], LN2_HIGH, fround(m + fround(y - fround(0.5 * z))))
  }
}

/** Horner's rule, highest power first. */
function polynomial(coefficients: Float32Array, x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < HALF; i++) out[i] = coefficients[0]
  for (let k = 1; k < coefficients.length; k++) {
    const c = coefficients[k]
    for (let i = 0; i < HALF; i++) out[i] = fma(out[i], x[i], c)
  }
}
