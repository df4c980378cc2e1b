// Fused multiply-add, which JavaScript lacks, bit for bit. Called where a result must equal that of a compiler that
// contracts a*b+c. The idea: round to odd first, so that the second rounding cannot go wrong (Boldo and Melquiond, 2008).

const value = new Float64Array(1)
const bits = new BigInt64Array(value.buffer)

const { fround } = Math
const AWAY = 1 + 2 ** -52
const TOWARD = 1 - 2 ** -52

/** float32 `a * b + c` with a single rounding; all three arguments must be float32 values. */
export function fma(a: number, b: number, c: number): number {
  const product = a * b
  const sum = product + c
  // The product is exact in double. The sum is off by half an ulp at most, which matters only next to a tie.
  const away = fround(sum * AWAY)
  return away === fround(sum * TOWARD) ? away : fround(sumToOdd(product, c))
}

/** float64 `a * b + c` with a single rounding, for magnitudes that neither overflow nor underflow on the way. */
export function fma64(a: number, b: number, c: number): number {
  const product = a * b
  const productTail = tailOfProduct(a, b, product)
  const low = c + productTail
  const high = product + low
  return high + sumToOdd(tailOfSum(c, productTail, low), tailOfSum(product, low, high))
}

/** a + b; an inexact sum becomes the neighbour whose last bit is 1. */
function sumToOdd(a: number, b: number): number {
  const sum = a + b
  const tail = tailOfSum(a, b, sum)
  if (tail === 0 || !Number.isFinite(sum)) return sum
  value[0] = sum
  if ((bits[0] & 1n) === 0n) bits[0] += tail > 0 === sum > 0 ? 1n : -1n
  return value[0]
}

/** What `sum`, the rounded a + b, lost (Knuth). */
function tailOfSum(a: number, b: number, sum: number): number {
  const bPart = sum - a
  return a - (sum - bPart) + (b - bPart)
}

/** What `product`, the rounded a * b, lost (Dekker). */
function tailOfProduct(a: number, b: number, product: number): number {
  const aHigh = upperHalf(a)
  const bHigh = upperHalf(b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

/** The upper 26 of the 53 significant bits (Veltkamp). */
function upperHalf(x: number): number {
  const shifted = x * (2 ** 27 + 1)
  return shifted - (shifted - x)
}
