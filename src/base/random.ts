// Random numbers with PyTorch's recipes on the CPU: each function fills an array from a generator and takes from it
// exactly the words that PyTorch 1.13 takes. Called by the random ops, nn.init, dropout and the data loader.

import type { TypedArray } from './dtype.ts'
import { ValueError } from './errors.ts'
import { fma, fma64 } from './float.ts'
import type { HalfFormat } from './half.ts'
import type { Generator } from './mt19937.ts'
import type { FloatArray } from './normal.ts'
import { inRuns, uniform24s } from './randomRuns.ts'

export { Generator } from './mt19937.ts'
export { type FloatArray, normal } from './normal.ts'

const { fround } = Math

/** Uniform on [from, to): one word for a float32 or for less (`half`), two for a float64. */
export function uniform(g: Generator, out: FloatArray, from = 0, to = 1, half: HalfFormat | null = null): void {
  const n = out.length
  if (half !== null) {
    const low = half.round(from)
    const span = half.round(half.round(to) - low)
    for (let i = 0; i < n; i++) out[i] = half.round(fma(g.uniformOf(half.digits), span, low))
  } else if (out instanceof Float32Array) {
    const low = fround(from)
    const span = fround(fround(to) - low)
    uniform24s(g, out)
    if (low !== 0 || span !== 1) for (let i = 0; i < n; i++) out[i] = fma(out[i], span, low)
  } else {
    const span = to - from
    for (let i = 0; i < n; i++) out[i] = fma64(g.uniform53(), span, from)
  }
}

/** 1 with probability p, else 0: two words each, whatever the dtype. */
export function bernoulli(g: Generator, out: TypedArray, p: number): void {
  const digits = p * 2 ** 53
  inRuns(g, out.length, 2, (words, first) => {
    const hit = (k: number): number => +((words[k] & 0x1fffff) * 2 ** 32 + (words[k + 1] >>> 0) < digits)
    if (out instanceof BigInt64Array) for (let k = 0; k < words.length; k += 2) out[first + k / 2] = BigInt(hit(k))
    else for (let k = 0; k < words.length; k += 2) out[first + k / 2] = hit(k)
  })
}

/** 1 with probability `probs[i]`, else 0: one word each for float32 probabilities, two for float64. */
export function bernoulliTensor(g: Generator, probs: FloatArray, out: TypedArray): void {
  const single = probs instanceof Float32Array
  for (let i = 0; i < probs.length; i++) {
    const hit = (single ? g.uniform24() : g.uniform53()) < probs[i]
    if (out instanceof BigInt64Array) out[i] = hit ? 1n : 0n
    else out[i] = hit ? 1 : 0
  }
}

/** Exponential with the rate `lambda`. */
export function exponential(g: Generator, out: FloatArray, lambda = 1): void {
  const scale = -1 / lambda
  for (let i = 0; i < out.length; i++) out[i] = scale * Math.log(1 - g.uniform53())
}

/** Number of trials up to the first success of probability p. */
export function geometric(g: Generator, out: Exclude<TypedArray, BigInt64Array>, p: number): void {
  const logOfFailure = Math.log(1 - p)
  for (let i = 0; i < out.length; i++) out[i] = Math.ceil(Math.log(g.uniform53()) / logOfFailure)
}

export function cauchy(g: Generator, out: FloatArray, median = 0, sigma = 1): void {
  for (let i = 0; i < out.length; i++) out[i] = fma64(sigma, Math.tan(Math.PI * (g.uniform53() - 0.5)), median)
}

/** exp of a normal distribution; one by one, never in blocks. */
export function logNormal(g: Generator, out: FloatArray, mean = 1, std = 2): void {
  for (let i = 0; i < out.length; i++) out[i] = Math.exp(fma64(g.normal(), std, mean))
}

/** Whole numbers of [low, high): one word each, two from a range of 2^32 on. */
export function randint(g: Generator, out: TypedArray, low: number | bigint, high: number | bigint): void {
  const n = out.length
  const range = BigInt(high) - BigInt(low)
  if (range <= 0n) throw new ValueError(`randint: low must be less than high, got low=${low} and high=${high}`)
  if (range >= 2n ** 32n || !Number.isSafeInteger(Number(low))) {
    const base = BigInt(low)
    const draw = range < 2n ** 32n ? () => BigInt(g.random32()) : () => g.random64()
    for (let i = 0; i < n; i++) store(out, i, base + (draw() % range))
    return
  }
  const span = Number(range)
  const base = Number(low)
  if (out instanceof BigInt64Array) for (let i = 0; i < n; i++) out[i] = BigInt((g.random32() % span) + base)
  else for (let i = 0; i < n; i++) out[i] = (g.random32() % span) + base
}

function store(out: TypedArray, i: number, value: bigint): void {
  if (out instanceof BigInt64Array) out[i] = value
  else out[i] = Number(value)
}

/** Whole numbers of [0, 2^63): `random_()` of an int64 tensor. */
export function randomInt64(g: Generator, out: BigInt64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(63, g.random64())
}

/** A random order of 0 ... n - 1 (Fisher and Yates). PyTorch's, up to the 2^32 / 20 numbers where it changes method. */
export function permutation(g: Generator, n: number): Int32Array<ArrayBuffer> {
  const order = new Int32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  for (let i = 0; i < n - 1; i++) {
    const j = i + (g.random32() % (n - i))
    const kept = order[i]
    order[i] = order[j]
    order[j] = kept
  }
  return order
}

/** `permutation` as int64. */
export function randperm(g: Generator, n: number): BigInt64Array<ArrayBuffer> {
  const out = new BigInt64Array(n)
  // Through the lower halves, because making a BigInt of each number would take most of the time.
  const halves = new Int32Array(out.buffer)
  permutation(g, n).forEach((index, i) => {
    halves[2 * i] = index
  })
  return out
}

/**
 * Indices of columns, drawn row by row in proportion to the row's weights; the result has rows x numSamples. `round`: to the precision
 * of the weights where that is less than their array's.
 */
export function multinomial(
  g: Generator,
  weights: FloatArray,
  rows: number,
  cols: number,
  numSamples: number,
  replacement = false,
  round: (value: number) => number = (value) => value,
): BigInt64Array<ArrayBuffer> {
  checkWeights(weights, rows, cols)
  const out = new BigInt64Array(rows * numSamples)
  const draw = replacement ? drawWithReplacement : drawLargest
  draw(g, weights, cols, numSamples, out, round)
  return out
}

function checkWeights(weights: FloatArray, rows: number, cols: number): void {
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (const weight of weights.subarray(row * cols, (row + 1) * cols)) {
      if (!(weight >= 0 && weight < Infinity)) {
        throw new ValueError(`multinomial: weights must be finite and not negative, got ${weight}`)
      }
      sum += weight
    }
    if (sum === 0) throw new ValueError(`multinomial: the weights of row ${row} are all zero`)
  }
}

/** A uniform number finds its place among the cumulative weights, which are summed in the precision of the weights. */
function drawWithReplacement(
  g: Generator,
  weights: FloatArray,
  cols: number,
  samples: number,
  out: BigInt64Array,
  round: (value: number) => number,
): void {
  const cumulative = new (weights instanceof Float32Array ? Float32Array : Float64Array)(cols)
  for (let row = 0; row * samples < out.length; row++) {
    cumulative[0] = weights[row * cols]
    for (let i = 1; i < cols; i++) cumulative[i] = round(cumulative[i - 1] + weights[row * cols + i])
    const sum = cumulative[cols - 1]
    for (let i = 0; i < cols; i++) cumulative[i] = round(cumulative[i] / sum)
    for (let i = row * samples; i < (row + 1) * samples; i++) {
      const u = g.uniform53()
      let left = 0
      let right = cols - 1
      while (left < right) {
        const middle = (left + right) >>> 1
        if (cumulative[middle] < u) left = middle + 1
        else right = middle
      }
      out[i] = BigInt(left)
    }
  }
}

/** The exponential race: the largest quotients of weight and exponential number win, the largest first. */
function drawLargest(
  g: Generator,
  weights: FloatArray,
  cols: number,
  samples: number,
  out: BigInt64Array,
  round: (value: number) => number,
): void {
  const scores = new (weights instanceof Float32Array ? Float32Array : Float64Array)(weights.length)
  exponential(g, scores)
  for (let i = 0; i < scores.length; i++) scores[i] = round(weights[i] / round(scores[i]))
  const order = new Int32Array(cols)
  for (let row = 0; row * samples < out.length; row++) {
    const score = scores.subarray(row * cols, (row + 1) * cols)
    for (let i = 0; i < cols; i++) order[i] = i
    order.sort((a, b) => score[b] - score[a])
    for (let i = 0; i < samples; i++) out[row * samples + i] = BigInt(order[i])
  }
}

/** What one epoch of `DataLoader(shuffle=True)` takes from the default generator. */
export function loaderSeeds(g: Generator): { base: bigint; sampler: bigint } {
  const base = BigInt.asUintN(63, g.random64())
  return { base, sampler: BigInt.asUintN(63, g.random64()) }
}
