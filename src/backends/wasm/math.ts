// Float32 vector functions of ordinary networks, four lanes at a time, at most 2 ulp; expr-codegen.ts looks them up in `fastMath`.
// The others go through double (wide.ts). Method: reduce the argument exactly, then a minimax polynomial (ours, or Cephes for log).
import type { Lanes, Word } from './lanes.ts'

/** c[0] + x (c[1] + x (c[2] + ...)). */
function horner(l: Lanes, x: Word, c: readonly number[]): Word {
  let y = l.f32(c[c.length - 1])
  for (let k = c.length - 2; k >= 0; k--) y = l.madd('f32x4', y, x, l.f32(c[k]))
  return y
}

export const f32ops = (l: Lanes) => ({
  add: (a: Word, b: Word) => l.op('f32x4.add', a, b),
  sub: (a: Word, b: Word) => l.op('f32x4.sub', a, b),
  mul: (a: Word, b: Word) => l.op('f32x4.mul', a, b),
  div: (a: Word, b: Word) => l.op('f32x4.div', a, b),
  madd: (a: Word, b: Word, c: Word) => l.madd('f32x4', a, b, c),
  abs: (a: Word) => l.abs('f32x4', a),
  neg: (a: Word) => l.neg('f32x4', a),
  lt: (a: Word, b: Word) => l.op('f32x4.lt', a, b),
  eq: (a: Word, b: Word) => l.op('f32x4.eq', a, b),
  select: (m: Word, a: Word, b: Word) => l.select(32, m, a, b),
  and: (a: Word, b: Word) => l.op('v128.and', a, b),
  or: (a: Word, b: Word) => l.op('v128.or', a, b),
})

/** The lanes of `magnitude`, which are not negative, with the signs of `sign`. */
export const copySign = (l: Lanes, magnitude: Word, sign: Word): Word =>
  l.op('v128.or', magnitude, l.op('v128.and', sign, l.i32(0x80000000)))

/** 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits; the lowest nine bits of its own are 0. */
const MAGIC = 12582912
const MAGIC_BITS = 0x4b400000
/** Bits of 2^k, less those of k at their place. */
const ONE_BITS = 0x3f800000
const expTail = [
  0.5000000095132657, 0.16666518885717257, 0.041666205979479315, 0.008368883751454954, 0.0013950479116035396,
]

/**
 * exp(x) = 2^k (1 + q), |log(1 + q)| <= log(2) / 2, where k are the low bits of t; with `sign` -1 it is exp(-x) = 2^k (1 - q).
 * x must be small enough for k to fit into nine bits.
 */
function expParts(l: Lanes, x: Word, sign: 1 | -1 = 1): { q: Word; t: Word } {
  const { sub, mul, madd } = f32ops(l)
  const t = madd(x, l.f32(sign * Math.LOG2E), l.f32(MAGIC))
  const n = sub(t, l.f32(MAGIC))
  // log(2) in two parts; n times the first is exact.
  const r = madd(n, l.f32(sign * 2.1219444e-4), madd(n, l.f32(sign * -0.693359375), x))
  const z = mul(r, r)
  const tail = sign === 1 ? expTail : expTail.map((c, k) => (k % 2 === 0 ? -c : c))
  return { q: madd(z, quartic(l, r, z, tail), r), t }
}
/** c[0] + ... + c[4] x^4, z = x^2: a shorter chain than Horner's. */
function quartic(l: Lanes, x: Word, z: Word, c: readonly number[]): Word {
  const { madd } = f32ops(l)
  const high = madd(z, l.f32(c[4]), madd(x, l.f32(c[3]), l.f32(c[2])))
  return madd(z, high, madd(x, l.f32(c[1]), l.f32(c[0])))
}
/** k where the exponent of a float stands. */
const exponent = (l: Lanes, t: Word): Word => l.shift('i32x4.shl', t, 23)
const powerOfTwo = (l: Lanes, exponents: Word, more = 0): Word =>
  l.op('i32x4.add', exponents, l.i32(ONE_BITS + (more << 23)))
const clamp = (l: Lanes, x: Word, low: number, high: number): Word =>
  l.op('f32x4.pmin', l.op('f32x4.pmax', x, l.f32(low)), l.f32(high))

function exp(l: Lanes, x: Word): Word {
  const { mul, madd, and } = f32ops(l)
  const { q, t } = expParts(l, clamp(l, x, -104, 89))
  // 2^k in two factors: k reaches 128, and -150 for results below the normal range.
  const half = and(l.shift('i32x4.shl', t, 22), l.i32(0xff800000))
  const first = powerOfTwo(l, half)
  const second = powerOfTwo(l, l.op('i32x4.sub', exponent(l, t), half))
  return mul(madd(first, q, first), second)
}

/** exp(x) for -87 <= x <= 88, without the care at both ends. */
function expMiddle(l: Lanes, x: Word): Word {
  const { q, t } = expParts(l, x)
  const power = powerOfTwo(l, exponent(l, t))
  return l.madd('f32x4', power, q, power)
}

/** 2 (h q + (h - 1/2)) with h = 2^(k - 1), which does not overflow before the result does; q itself where k is 0. */
function expm1(l: Lanes, x: Word): Word {
  const { add, sub, madd, abs, select } = f32ops(l)
  const { q, t } = expParts(l, clamp(l, x, -20, 89))
  const h = powerOfTwo(l, exponent(l, t), -1)
  const half = madd(h, q, sub(h, l.f32(0.5)))
  return copySign(l, abs(select(l.op('i32x4.eq', t, l.i32(MAGIC_BITS)), q, add(half, half))), x)
}

/**
 * c / (c + c exp(-x)), where c keeps the denominator in range down to results below the normal numbers. The denominator is c + 2^k + 2^k q, and what
 * the first sum loses goes into the last product.
 */
function sigmoid(l: Lanes, x: Word): Word {
  const { add, sub, div } = f32ops(l)
  const { q, t } = expParts(l, clamp(l, x, -104, 20), -1)
  const c = l.f32(2 ** -24)
  const power = powerOfTwo(l, exponent(l, t), -24)
  const sum = add(power, c)
  const lost = sub(c, sub(sum, power))
  return div(c, add(sum, l.nmadd('f32x4', power, q, lost)))
}

const tanhTail = [
  -0.33333278313534265, 0.13331328919067262, -0.053729227074092355, 0.020601999236928462, -0.0056607805413044785,
]

/** Odd polynomial below 0.625, then 1 - 2 / (exp(2|x|) + 1). */
function tanh(l: Lanes, x: Word): Word {
  const { add, sub, mul, div, madd, abs, lt, select } = f32ops(l)
  const a = abs(x)
  const z = mul(x, x)
  const small = madd(mul(z, horner(l, z, tanhTail)), a, a)
  const { q, t } = expParts(l, l.op('f32x4.pmin', add(a, a), l.f32(40)))
  const power = powerOfTwo(l, exponent(l, t))
  const large = sub(l.f32(1), div(l.f32(2), madd(power, q, add(power, l.f32(1)))))
  return copySign(l, select(lt(a, l.f32(0.625)), small, large), x)
}

const erfSmall = [
  0.12837916650570766, -0.3761263238822673, 0.11283674070849857, -0.026858185863030716, 0.005197991766928353,
  -0.0008108082081311899, 0.00008223984485513252,
]
/** -log(erfc(x)) on 0.93 .. 4. */
const erfLarge = [
  -0.00018311548046767712, 1.1295576095581055, 0.6332559585571289, 0.10838595777750015, -0.025192035362124443,
  0.004200367722660303, -0.00044090012670494616, 0.000021688152628485113,
]
function erf(l: Lanes, x: Word): Word {
  const { sub, mul, madd, abs, neg, lt, select } = f32ops(l)
  const a = abs(x)
  const z = mul(x, x)
  const small = madd(horner(l, z, erfSmall), a, a)
  const capped = l.op('f32x4.pmin', a, l.f32(4))
  const large = sub(l.f32(1), expMiddle(l, neg(horner(l, capped, erfLarge))))
  return copySign(l, select(lt(a, l.f32(0.93)), small, large), x)
}

/** Cephes' logf: (log(1 + x) - x + x^2 / 2) / x^3 on sqrt(1/2) - 1 .. sqrt(2) - 1. */
const logTail = [
  3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1,
  1.167699874e-1, -1.151461031e-1, 7.0376836292e-2,
]
const SQRT_HALF_BITS = 0x3f3504f3
function log(l: Lanes, x: Word): Word {
  const { add, sub, mul, madd, lt, eq, select, and, or } = f32ops(l)
  const tiny = lt(x, l.f32(2 ** -126))
  const normal = select(tiny, mul(x, l.f32(2 ** 23)), x)
  // normal = m * 2^e with m in sqrt(1/2) .. sqrt(2)
  const offset = l.op('i32x4.sub', normal, l.i32(SQRT_HALF_BITS))
  const m = l.op('i32x4.add', and(offset, l.i32(0x7fffff)), l.i32(SQRT_HALF_BITS))
  const shift = and(tiny, l.i32(23))
  const e = l.op('f32x4.convert_i32x4_s', l.op('i32x4.sub', l.shift('i32x4.shr_s', offset, 23), shift))
  const f = sub(m, l.f32(1))
  const z = mul(f, f)
  let y = mul(mul(f, z), horner(l, f, logTail))
  y = madd(e, l.f32(-2.1219444e-4), y)
  y = madd(z, l.f32(-0.5), y)
  const result = madd(e, l.f32(0.693359375), add(f, y))
  const finite = select(lt(x, l.f32(Infinity)), result, x)
  // All bits set is a NaN.
  return or(select(eq(x, l.f32(0)), l.f32(-Infinity), finite), lt(x, l.f32(0)))
}

/** log(u) + (1 + x - u) / u, where u is 1 + x rounded. */
function log1p(l: Lanes, x: Word): Word {
  const { add, sub, div, abs, eq, and } = f32ops(l)
  const one = l.f32(1)
  const u = add(one, x)
  const back = sub(u, one)
  const error = add(sub(one, sub(u, back)), sub(x, back))
  const correction = div(error, u)
  // At -1 and infinity the correction is NaN and counts as 0.
  const result = add(log(l, u), and(correction, eq(correction, correction)))
  return copySign(l, abs(result), x)
}

export const fastMath: { readonly [name: string]: (l: Lanes, x: Word) => Word } = {
  exp,
  log,
  tanh,
  sigmoid,
  erf,
  expm1,
  log1p,
}
