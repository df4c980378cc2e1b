// Float32 functions computed in double, two lanes at a time, then rounded: for everything that is not in math.ts's fast list.
// With exp and log good to 1e-15, textbook formulas are enough: an error of 1e-9 in the double is invisible in the float.
import type { HostName } from './host.ts'
import type { Lanes, Word } from './lanes.ts'

const ops = (l: Lanes) => ({
  add: (a: Word, b: Word) => l.op('f64x2.add', a, b),
  sub: (a: Word, b: Word) => l.op('f64x2.sub', a, b),
  mul: (a: Word, b: Word) => l.op('f64x2.mul', a, b),
  div: (a: Word, b: Word) => l.op('f64x2.div', a, b),
  madd: (a: Word, b: Word, c: Word) => l.madd('f64x2', a, b, c),
  abs: (a: Word) => l.abs('f64x2', a),
  sqrt: (a: Word) => l.op('f64x2.sqrt', a),
  lt: (a: Word, b: Word) => l.op('f64x2.lt', a, b),
  eq: (a: Word, b: Word) => l.op('f64x2.eq', a, b),
  select: (m: Word, a: Word, b: Word) => l.select(64, m, a, b),
  and: (a: Word, b: Word) => l.op('v128.and', a, b),
  or: (a: Word, b: Word) => l.op('v128.or', a, b),
})

function horner(l: Lanes, x: Word, c: readonly number[]): Word {
  let y = l.f64(c[c.length - 1])
  for (let k = c.length - 2; k >= 0; k--) y = l.madd('f64x2', y, x, l.f64(c[k]))
  return y
}

const SIGN = 1n << 63n
const withSign = (l: Lanes, magnitude: Word, sign: Word): Word => {
  const { and, or, abs } = ops(l)
  return or(abs(magnitude), and(sign, l.i64(SIGN)))
}
/** All ones where the sign bit is set, -0 included. */
const negative = (l: Lanes, x: Word): Word => l.op('i64x2.lt_s', x, l.i64(0n))

/** 1.5 * 2^52: adding it rounds to an integer, which then stands in the low bits. */
const MAGIC = 6755399441055744
const MAGIC_BITS = 0x4338000000000000n
const rounded = (l: Lanes, x: Word): { n: Word; bits: Word } => {
  const bits = l.op('f64x2.add', x, l.f64(MAGIC))
  return { n: l.op('f64x2.sub', bits, l.f64(MAGIC)), bits }
}

const LN2_HIGH = 0.69314718036912381649
const LN2_LOW = 1.90821492927058770002e-10
const factorials = (from: number, to: number, step = 1): number[] => {
  const c: number[] = []
  for (let k = 0, f = 1; k <= to; k++, f *= k) if (k >= from && (k - from) % step === 0) c.push(1 / f)
  return c
}
const alternate = (c: readonly number[]): number[] => c.map((x, k) => (k % 2 ? -x : x))
const expSeries = factorials(0, 13)

const timesPowerOfTwo = (l: Lanes, p: Word, bits: Word): Word => {
  const k = l.op('i64x2.sub', bits, l.i64(MAGIC_BITS))
  const power = l.op('i64x2.add', l.shift('i64x2.shl', k, 52), l.i64(0x3ff0000000000000n))
  return l.op('f64x2.mul', p, power)
}
/** The range of float32 with much to spare; keeps NaN. */
const clamp = (l: Lanes, x: Word, limit: number): Word =>
  l.op('f64x2.pmin', l.op('f64x2.pmax', x, l.f64(-limit)), l.f64(limit))

function exp(l: Lanes, wideX: Word): Word {
  const x = clamp(l, wideX, 300)
  const { n, bits } = rounded(l, l.op('f64x2.mul', x, l.f64(Math.LOG2E)))
  const r = l.madd('f64x2', n, l.f64(-LN2_LOW), l.madd('f64x2', n, l.f64(-LN2_HIGH), x))
  return timesPowerOfTwo(l, horner(l, r, expSeries), bits)
}
function exp2(l: Lanes, wideX: Word): Word {
  const x = clamp(l, wideX, 400)
  const { n, bits } = rounded(l, x)
  const r = l.op('f64x2.mul', l.op('f64x2.sub', x, n), l.f64(Math.LN2))
  return timesPowerOfTwo(l, horner(l, r, expSeries), bits)
}

const SQRT_HALF_BITS = 0x3fe6a09e667f3bcdn
const logSeries = Array.from({ length: 12 }, (_, k) => 2 / (2 * k + 1))
/** m 2^e with m around 1; log m = 2 artanh((m - 1) / (m + 1)). Numbers of float32 are never denormal here. */
function log(l: Lanes, x: Word): Word {
  const { add, sub, mul, div, madd, lt, eq, select, and, or } = ops(l)
  const offset = l.op('i64x2.sub', x, l.i64(SQRT_HALF_BITS))
  const m = l.op('i64x2.add', and(offset, l.i64(0xfffffffffffffn)), l.i64(SQRT_HALF_BITS))
  const e = sub(l.op('i64x2.add', l.shift('i64x2.shr_s', offset, 52), l.i64(MAGIC_BITS)), l.f64(MAGIC))
  const s = div(sub(m, l.f64(1)), add(m, l.f64(1)))
  const small = madd(e, l.f64(LN2_LOW), mul(s, horner(l, mul(s, s), logSeries)))
  const result = madd(e, l.f64(LN2_HIGH), small)
  const finite = select(lt(x, l.f64(Infinity)), result, x)
  return or(select(eq(x, l.f64(0)), l.f64(-Infinity), finite), lt(x, l.f64(0)))
}

/** `formula`, which cancels near 0, but x * series(x^2 or x) below `limit`. */
const nearZero = (l: Lanes, x: Word, limit: number, series: Word, formula: Word): Word => {
  const { mul, abs, lt, select } = ops(l)
  return select(lt(abs(x), l.f64(limit)), mul(x, series), formula)
}

function sinh(l: Lanes, x: Word): Word {
  const { sub, mul, div } = ops(l)
  const e = exp(l, x)
  const formula = mul(l.f64(0.5), sub(e, div(l.f64(1), e)))
  return nearZero(l, x, 2 ** -6, horner(l, mul(x, x), [1, 1 / 6, 1 / 120]), formula)
}
function cosh(l: Lanes, x: Word): Word {
  const { add, mul, div } = ops(l)
  const e = exp(l, x)
  return mul(l.f64(0.5), add(e, div(l.f64(1), e)))
}
function asinh(l: Lanes, x: Word): Word {
  const { add, mul, madd, abs, sqrt } = ops(l)
  const a = abs(x)
  const formula = withSign(l, log(l, add(a, sqrt(madd(a, a, l.f64(1))))), x)
  return nearZero(l, x, 2 ** -7, horner(l, mul(x, x), [1, -1 / 6, 3 / 40]), formula)
}
function acosh(l: Lanes, x: Word): Word {
  const { add, sub, mul, sqrt, lt, or } = ops(l)
  const result = log(l, add(x, sqrt(mul(sub(x, l.f64(1)), add(x, l.f64(1))))))
  return or(result, lt(x, l.f64(1)))
}
function atanh(l: Lanes, x: Word): Word {
  const { add, sub, mul, div } = ops(l)
  const formula = mul(l.f64(0.5), log(l, div(add(l.f64(1), x), sub(l.f64(1), x))))
  return nearZero(l, x, 2 ** -7, horner(l, mul(x, x), [1, 1 / 3, 1 / 5]), formula)
}

/** pi / 2 in three parts; the first has 33 bits, so its product with a quadrant below 2^20 is exact. */
const HALF_PI = [1.57079632673412561417, 6.0771005063039659766e-11, 2.02226624879595063154e-21]
const sinSeries = alternate(factorials(1, 15, 2))
const cosSeries = alternate(factorials(0, 16, 2))
/** Sine and cosine of x minus its quadrant, and the quadrant in the low bits. */
function quadrant(l: Lanes, x: Word): { s: Word; c: Word; bits: Word } {
  const { mul, madd } = ops(l)
  const { n, bits } = rounded(l, mul(x, l.f64(2 / Math.PI)))
  const r = HALF_PI.reduce((rest, part) => madd(n, l.f64(-part), rest), x)
  const z = mul(r, r)
  return { s: mul(r, horner(l, z, sinSeries)), c: horner(l, z, cosSeries), bits }
}
const isOdd = (l: Lanes, bits: Word): Word => l.op('i64x2.ne', l.op('v128.and', bits, l.i64(1n)), l.i64(0n))
const flip = (l: Lanes, x: Word, bits: Word): Word =>
  l.op('v128.xor', x, l.shift('i64x2.shl', l.op('v128.and', bits, l.i64(2n)), 62))
function sin(l: Lanes, x: Word): Word {
  const { s, c, bits } = quadrant(l, x)
  // Of the terms only x itself keeps the sign of zero.
  const value = flip(l, l.select(64, isOdd(l, bits), c, s), bits)
  return l.select(64, l.op('f64x2.eq', x, l.f64(0)), x, value)
}
function cos(l: Lanes, x: Word): Word {
  const { s, c, bits } = quadrant(l, x)
  return flip(l, l.select(64, isOdd(l, bits), s, c), l.op('i64x2.add', bits, l.i64(1n)))
}
function tan(l: Lanes, x: Word): Word {
  const { s, c, bits } = quadrant(l, x)
  const { div, select, eq } = ops(l)
  const value = select(isOdd(l, bits), div(l.op('f64x2.neg', c), s), div(s, c))
  return select(eq(x, l.f64(0)), x, value)
}

const atanSeries = alternate(Array.from({ length: 15 }, (_, k) => 1 / (2 * k + 1)))
/** |x| to 1 / |x| above 1, then (x - 1) / (x + 1) + pi / 4 above tan(pi / 8). */
function atan(l: Lanes, x: Word): Word {
  const { add, sub, mul, div, abs, lt, select } = ops(l)
  const a = abs(x)
  const inverted = lt(l.f64(1), a)
  const y = select(inverted, div(l.f64(1), a), a)
  const turned = lt(l.f64(Math.SQRT2 - 1), y)
  const z = select(turned, div(sub(y, l.f64(1)), add(y, l.f64(1))), y)
  const p = mul(z, horner(l, mul(z, z), atanSeries))
  const angle = select(turned, add(p, l.f64(Math.PI / 4)), p)
  return withSign(l, select(inverted, sub(l.f64(Math.PI / 2), angle), angle), x)
}
const sine = (l: Lanes, x: Word): Word => {
  const { add, sub, mul, sqrt } = ops(l)
  return sqrt(mul(sub(l.f64(1), x), add(l.f64(1), x)))
}
const asin = (l: Lanes, x: Word): Word => atan(l, l.op('f64x2.div', x, sine(l, x)))
const acos = (l: Lanes, x: Word): Word => atan2(l, sine(l, x), x)

function atan2(l: Lanes, y: Word, x: Word): Word {
  const { sub, div, abs, eq, select, and } = ops(l)
  const [a, b] = [abs(y), abs(x)]
  // 0 / 0 counts as 0, inf / inf as 1; NaN stays.
  const both = eq(a, b)
  const special = select(eq(a, l.f64(0)), l.f64(0), l.f64(1))
  const angle = atan(l, select(both, special, div(a, b)))
  return withSign(l, select(and(negative(l, x), eq(x, x)), sub(l.f64(Math.PI), angle), angle), y)
}

/** erfc(a) exp(a^2) (1 + 2a) in t = (a - 3) / (a + 3), 0 <= a <= 10.3. */
const erfcSeries = [
  1.2530080582664729, -0.1356211069146271, -0.04756229399267708, 0.12964520191129814, -0.1192736492066649,
  0.0683073586977113, -0.02377110141104214, 0.0025335520897967236, 0.0018944912028577017, -0.0007898487316798825,
  -0.00012700055609049778, 0.00012629788728117742, 0.00003295059324800325,
]
function erfc(l: Lanes, x: Word): Word {
  const { add, sub, mul, div, madd, abs, lt, select } = ops(l)
  const a = l.op('f64x2.pmin', abs(x), l.f64(10.3))
  const t = div(sub(a, l.f64(3)), add(a, l.f64(3)))
  const tail = div(mul(exp(l, l.op('f64x2.neg', mul(a, a))), horner(l, t, erfcSeries)), madd(a, l.f64(2), l.f64(1)))
  return select(lt(x, l.f64(0)), sub(l.f64(2), tail), tail)
}

/** C's powf: |x|^y by logarithms, then signs and the cases without a logarithm. */
function pow(l: Lanes, x: Word, y: Word): Word {
  const { mul, abs, lt, eq, select, and, or } = ops(l)
  const magnitude = exp(l, mul(y, log(l, abs(x))))
  const whole = eq(l.op('f64x2.nearest', y), y)
  const halfY = mul(y, l.f64(0.5))
  const odd = and(whole, l.op('v128.not', eq(l.op('f64x2.nearest', halfY), halfY)))
  const signed = or(magnitude, and(and(odd, x), l.i64(SIGN)))
  // A negative base needs a whole exponent; -inf does not, and infinite exponents count as whole.
  const invalid = and(and(lt(x, l.f64(0)), lt(l.f64(-Infinity), x)), l.op('v128.not', whole))
  const one = or(or(eq(y, l.f64(0)), eq(x, l.f64(1))), and(eq(x, l.f64(-1)), eq(abs(y), l.f64(Infinity))))
  return select(one, l.f64(1), or(signed, invalid))
}

const through = (l: Lanes, args: readonly Word[], fn: (l: Lanes, ...args: Word[]) => Word): Word => {
  const promote = (x: Word): Word => l.op('f64x2.promote_low_f32x4', x)
  const low = fn(l, ...args.map(promote))
  const high = fn(l, ...args.map((x) => promote(l.shuffle32(x, x, [2, 3, 2, 3]))))
  const demote = (x: Word): Word => l.op('f32x4.demote_f64x2_zero', x)
  return l.shuffle32(demote(low), demote(high), [0, 1, 4, 5])
}
const scaled =
  (fn: typeof log, factor: number) =>
  (l: Lanes, x: Word): Word =>
    l.op('f64x2.mul', fn(l, x), l.f64(factor))

type Unary = (l: Lanes, x: Word) => Word
const unary: { readonly [name: string]: Unary } = {
  exp2,
  log2: scaled(log, Math.LOG2E),
  log10: scaled(log, Math.LOG10E),
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  erfc,
}
const binary: { readonly [name: string]: (l: Lanes, x: Word, y: Word) => Word } = { pow, atan2 }
/** Above this the quadrant is not exact. */
const REDUCED = 2 ** 20
const reduced: readonly string[] = ['sin', 'cos', 'tan']

/** The float32 function `name` of f32x4 words, or undefined where only the host has it. */
export function wideMath(l: Lanes, name: string, args: readonly Word[]): Word | undefined {
  if (name in binary) return through(l, args, binary[name])
  if (!(name in unary)) return undefined
  const usual = through(l, args, unary[name])
  if (!reduced.includes(name)) return usual
  const tooLarge = l.op('f32x4.gt', l.op('f32x4.abs', args[0]), l.f32(REDUCED))
  return l.unless(tooLarge, usual, (x) => l.host(name as HostName, 'f32x4', x), args[0])
}
