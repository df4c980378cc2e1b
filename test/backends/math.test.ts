// Float32 functions of the WebAssembly device against doubles: dense random arguments of all magnitudes and the special values.
import { describe, expect, test } from 'vitest'
import { hostMath } from '../../src/backends/wasm/host.ts'
import { wasmBackend } from '../../src/backends/wasm/index.ts'
import * as e from '../../src/base/expr.ts'
import { contiguous, fromValues, makeView, memoryOf, Random } from '../support/views.ts'

const device = wasmBackend()
const { fround } = Math
const exact: Record<string, (x: number, y: number) => number> = {
  ...hostMath(),
  sqrt: Math.sqrt,
  sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
}
const builders = e as unknown as Record<string, (...args: e.Expr[]) => e.Expr>

function evaluate(name: string, ...inputs: number[][]): Float32Array {
  const { length } = inputs[0]
  const views = inputs.map((values) => fromValues(device, 'float32', [length], values))
  const out = makeView(device, 'float32', contiguous([length]), () => 0)
  const exprs = [builders[name](...inputs.map((_, k) => e.input(k)))]
  device.kernels.map({ kind: 'map', exprs, compute: 'float32', inputs: views, outputs: [out], scalars: [] })
  const result = Float32Array.from(memoryOf(out) as Float32Array)
  for (const view of [...views, out]) view.storage.release()
  return result
}

/** Distance in units of the last place of the float32 result; infinite where a special value is wrong. */
function ulps(actual: number, expected: number): number {
  const rounded = fround(expected)
  if (Object.is(actual, rounded))
    return Math.abs(actual) < Infinity && actual !== 0 ? Math.abs(actual - expected) / ulpOf(rounded) : 0
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return Infinity
  // Zero must have the right sign where the exact value is a zero.
  if (expected === 0) return Infinity
  return Math.abs(actual - expected) / ulpOf(rounded)
}
const ulpOf = (x: number): number => Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23))

const special = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  0.5,
  -0.5,
  Infinity,
  -Infinity,
  NaN,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  -(2 ** -126),
  1e-39,
  -1e-39,
  3.4e38,
  -3.4e38,
  88.7,
  88.72,
  88.73,
  89,
  -87.3,
  -87.4,
  -100,
  -103.9,
  -104,
  -105,
  128,
  127.99,
  -126,
  -149,
  -150,
  -151,
  10.05,
  10.1,
  1e5,
  1e6,
  2 ** 20,
  1e10,
  1e30,
  1 + 2 ** -23,
  1 - 2 ** -24,
  -1 - 2 ** -23,
  -1 + 2 ** -24,
  0.625,
  0.93,
  4,
  710,
  -710,
].map(fround)
function samples(random: Random, count: number, wide: number): number[] {
  const bits = new DataView(new ArrayBuffer(4))
  const values = [...special]
  while (values.length < count) {
    bits.setUint32(0, random.next() * 2 ** 32)
    values.push(
      bits.getFloat32(0),
      fround((random.next() * 2 - 1) * wide),
      fround((random.next() * 2 - 1) * 1.5),
      fround((random.next() * 2 - 1) * 12),
    )
  }
  return values.filter((x) => Number.isNaN(x) || fround(x) === x)
}

/** Vector code in float32; everything else is computed in double and rounded. */
const fast = ['exp', 'log', 'tanh', 'sigmoid', 'erf', 'expm1', 'log1p']
const rounded = [
  'sqrt',
  'exp2',
  'log2',
  'log10',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'asinh',
  'acosh',
  'atanh',
  'erfc',
  'erfinv',
  'lgamma',
  'digamma',
  'trigamma',
]

describe('float32 functions', () => {
  for (const name of [...fast, ...rounded]) {
    const limit = fast.includes(name) ? 2 : 0.51
    test(`${name} is within ${limit} ulp, at zeros, infinities, NaN, denormals and the limits of overflow too`, () => {
      const values = samples(new Random(1), 60_000, 110)
      const actual = evaluate(name, values)
      let worst = 0
      let where = ''
      values.forEach((x, i) => {
        const expected = exact[name](x, 0)
        // Near its zeros on the negative side the double itself is not good enough.
        if ((name === 'lgamma' || name === 'digamma') && x < 0 && Number.isFinite(expected)) return
        const distance = ulps(actual[i], expected)
        if (!(distance <= worst))
          [worst, where] = [distance, `${name}(${x}) is ${actual[i]}, expected ${fround(expected)}`]
      })
      expect(worst, where).toBeLessThanOrEqual(limit)
    })
  }

  const pairs = (): number[][] => {
    const random = new Random(2)
    const some = special.filter((_, i) => i < 30)
    const a = some.flatMap((x) => some.map(() => x))
    const b = some.flatMap(() => some)
    for (let i = 0; i < 40_000; i++) {
      a.push(fround(Math.exp((random.next() * 2 - 1) * 12) * (i % 5 === 0 ? -1 : 1)))
      b.push(i % 3 === 0 ? random.int(-12, 12) : fround((random.next() * 2 - 1) * 12))
    }
    return [a, b]
  }
  for (const name of ['pow', 'atan2']) {
    test(`${name} has C's special cases and is correctly rounded`, () => {
      const [a, b] = pairs()
      const actual = evaluate(name, a, b)
      let worst = 0
      let where = ''
      a.forEach((x, i) => {
        const distance = ulps(actual[i], exact[name](x, b[i]))
        if (!(distance <= worst))
          [worst, where] = [distance, `${name}(${x}, ${b[i]}) is ${actual[i]}, expected ${exact[name](x, b[i])}`]
      })
      expect(worst, where).toBeLessThanOrEqual(0.51)
    })
  }

  test('functions of float64 are those of JavaScript', () => {
    const values = [0, -0, 1, -1, 0.3, 2.5, -7, 30, Infinity, -Infinity, NaN]
    for (const name of ['exp', 'log', 'tanh', 'sin', 'erf', 'expm1', 'lgamma']) {
      const view = fromValues(device, 'float64', [values.length], values)
      const out = makeView(device, 'float64', contiguous([values.length]), () => 0)
      device.kernels.map({
        kind: 'map',
        exprs: [builders[name](e.input(0))],
        compute: 'float64',
        inputs: [view],
        outputs: [out],
        scalars: [],
      })
      expect([...(memoryOf(out) as Float64Array)]).toEqual(values.map((x) => exact[name](x, 0)))
    }
  })
})
