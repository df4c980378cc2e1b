// Functions of real and whole numbers on the GPU against doubles: arguments of all magnitudes and the special values.
// GPUs may take numbers below 2^-126 for 0, in arguments and in results: both are accepted.
import { describe, expect, test } from 'vitest'
import * as e from '../../../src/base/expr.ts'
import { digamma, erf, erfc, erfinv, lgamma, trigamma } from '../../../src/base/special.ts'
import { expectAgreement, noGpu, openGpu, readBack, reference } from '../../support/gpu.ts'
import { contiguous, fromValues, makeView, Random } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
const { fround } = Math
const builders = e as unknown as Record<string, (...args: e.Expr[]) => e.Expr>
const LEAST = 2 ** -126

async function evaluate(name: string, ...inputs: number[][]): Promise<number[]> {
  const { length } = inputs[0]
  const [found] = await readBack(
    {
      kind: 'map',
      exprs: [builders[name](...inputs.map((_, k) => e.input(k)))],
      compute: 'float32',
      inputs: inputs.map((values) => fromValues(reference, 'float32', [length], values)),
      outputs: [makeView(reference, 'float32', contiguous([length]), () => 0)],
      scalars: [],
    },
    [0],
  )
  return found
}

const ulpOf = (x: number): number => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), LEAST))) - 23)
/** Distance in units of the last place of the float32 result; infinite where a special value is wrong. `absolute` is forgiven. */
function ulps(actual: number, expected: number, absolute: number): number {
  const rounded = fround(expected)
  if (Object.is(actual, rounded)) return 0
  if (Math.abs(rounded) < LEAST && Math.abs(actual) <= LEAST) return 0
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return Number.POSITIVE_INFINITY
  return Math.max(0, Math.abs(actual - expected) - absolute) / ulpOf(rounded)
}

const special = [
  ...[
    0,
    1,
    2,
    3,
    0.5,
    Infinity,
    2 ** -149,
    2 ** -126,
    1e-39,
    3.4e38,
    88.7,
    88.72,
    88.73,
    89,
    87.3,
    87.4,
    100,
    103.9,
    105,
  ],
  ...[
    128,
    127.99,
    126,
    149,
    150,
    151,
    10.05,
    10.1,
    1e5,
    1e6,
    2 ** 20,
    1e10,
    1e30,
    1 + 2 ** -23,
    1 - 2 ** -24,
    0.625,
    0.93,
    4,
    710,
  ],
].flatMap((x) => [fround(x), fround(-x)])
special.push(NaN)
function samples(count: number): number[] {
  const random = new Random(1)
  const bits = new DataView(new ArrayBuffer(4))
  const values = [...special]
  while (values.length < count) {
    bits.setUint32(0, random.next() * 2 ** 32)
    values.push(bits.getFloat32(0), ...[110, 12, 1.5].map((wide) => fround((random.next() * 2 - 1) * wide)))
  }
  return values
}

/** The function in double precision, the units in the last place that the GPU may be off, and an absolute error near its zeros. */
const functions: Readonly<Record<string, [(x: number) => number, number, number?]>> = {
  exp: [Math.exp, 2],
  exp2: [(x) => 2 ** x, 2],
  expm1: [Math.expm1, 2],
  log: [Math.log, 2],
  log2: [Math.log2, 3],
  log10: [Math.log10, 3],
  log1p: [Math.log1p, 3],
  sqrt: [Math.sqrt, 3],
  sigmoid: [(x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))), 5],
  tanh: [Math.tanh, 3],
  sinh: [Math.sinh, 2],
  cosh: [Math.cosh, 2],
  asinh: [Math.asinh, 5],
  acosh: [Math.acosh, 5],
  atanh: [Math.atanh, 5],
  sin: [Math.sin, 3],
  cos: [Math.cos, 3],
  tan: [Math.tan, 5],
  asin: [Math.asin, 4],
  acos: [Math.acos, 4],
  atan: [Math.atan, 4],
  erf: [erf, 3],
  erfc: [erfc, 8],
  erfinv: [erfinv, 8],
  lgamma: [lgamma, 5, 5e-7],
  digamma: [digamma, 5, 1e-6],
  trigamma: [trigamma, 8],
}
/** Where poles and zeros are close, the argument's own rounding decides. */
const hard = (name: string, x: number): boolean =>
  x < 0 && ['lgamma', 'digamma', 'trigamma'].includes(name) && (x < -20 || Math.abs(x - Math.round(x)) < 0.05)

describe.skipIf(!connected)('functions of float32 on the GPU', () => {
  test.each(Object.keys(functions))('%s is as near as its row says, at the special values too', async (name) => {
    const [exact, limit, absolute = 0] = functions[name]
    const values = samples(6000).filter((x) => !hard(name, x) || x === Math.round(x))
    const actual = await evaluate(name, values)
    let worst = 0
    let where = ''
    values.forEach((x, i) => {
      const distances = [ulps(actual[i], exact(x), absolute)]
      if (Math.abs(x) < LEAST) distances.push(ulps(actual[i], exact(0 * Math.sign(x)), absolute))
      const distance = Math.min(...distances)
      if (!(distance <= worst)) [worst, where] = [distance, `${name}(${x}) is ${actual[i]}, expected ${exact(x)}`]
    })
    if (process.env.SHOW_ULPS) console.log(name, worst.toFixed(2), where)
    expect(worst, where).toBeLessThanOrEqual(limit)
  })

  const pairs: Readonly<Record<string, [(x: number, y: number) => number, number]>> = {
    // C's: unlike JavaScript, 1 to any power and -1 to an infinite one are 1.
    pow: [(x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y), 3],
    atan2: [Math.atan2, 5],
    rem: [(x, y) => x % y, 0],
  }
  test.each(Object.keys(pairs))('%s has the special cases of C', async (name) => {
    const [exact, limit] = pairs[name]
    const random = new Random(2)
    const some = special.filter((x) => x === 0 || !(Math.abs(x) < LEAST)).filter((_, i) => i < 40 || i % 3 === 0)
    const a = some.flatMap((x) => some.map(() => x))
    const b = some.flatMap(() => some)
    for (let i = 0; i < 4000; i++) {
      a.push(fround(Math.exp((random.next() * 2 - 1) * 12) * (i % 5 === 0 ? -1 : 1)))
      b.push(i % 3 === 0 ? random.int(-12, 12) : fround((random.next() * 2 - 1) * 12))
    }
    const actual = await evaluate(name, a, b)
    let worst = 0
    let where = ''
    a.forEach((x, i) => {
      const distance = ulps(actual[i], exact(x, b[i]), 0)
      if (!(distance <= worst))
        [worst, where] = [distance, `${name}(${x}, ${b[i]}) is ${actual[i]}, expected ${exact(x, b[i])}`]
    })
    if (process.env.SHOW_ULPS) console.log(name, worst.toFixed(2), where)
    expect(worst, where).toBeLessThanOrEqual(limit)
  })

  test('comparisons with NaN are false, only ne is true', async () => {
    const values = [NaN, NaN, 1, 1, 2, Infinity]
    for (const name of ['eq', 'ne', 'lt', 'le', 'gt', 'ge']) {
      const a = fromValues(reference, 'float32', [6], values)
      const b = fromValues(reference, 'float32', [6], [NaN, 1, NaN, 1, 1, Infinity])
      for (const inputs of [
        [a, b],
        [a, a],
      ]) {
        for (const view of inputs) view.storage.retain()
        const exprs = [e.fromMask(builders[name](e.input(0), e.input(1)))]
        const outputs = [makeView(reference, 'bool', contiguous([6]), () => 0)]
        await expectAgreement({ kind: 'map', exprs, compute: 'float32', inputs, outputs, scalars: [] }, 0, 0, name)
      }
    }
  })

  test('sign, round, floor, ceil and trunc', async () => {
    const values = [0, -0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.3, -0.3, 7, 1e10, -1e10, Infinity, -Infinity]
    for (const name of ['sign', 'round', 'floor', 'ceil', 'trunc', 'abs']) {
      const inputs = [fromValues(reference, 'float32', [values.length], values)]
      const outputs = [makeView(reference, 'float32', contiguous([values.length]), () => 0)]
      await expectAgreement({
        kind: 'map',
        exprs: [builders[name](e.input(0))],
        compute: 'float32',
        inputs,
        outputs,
        scalars: [],
      })
    }
  })
})

describe.skipIf(!connected)('functions of whole numbers on the GPU', () => {
  test.each(['int32', 'int64'] as const)('%s: division by zero gives zero, results wrap, powers', async (dtype) => {
    const values = [0, 1, -1, 2, -2, 3, 7, -7, 10, 31, 2147483647, -2147483648]
    const n = values.length
    for (const name of ['div', 'rem', 'pow', 'mul', 'min', 'max', 'sqrt', 'exp']) {
      const a = makeView(reference, dtype, contiguous([n, n]), (i) => values[i % n])
      const b = makeView(reference, dtype, contiguous([n, n]), (i) => values[Math.floor(i / n)])
      const unary = name === 'sqrt' || name === 'exp'
      const exprs = [
        unary ? builders[name](e.rem(e.abs(e.input(0)), e.constant(8))) : builders[name](e.input(0), e.input(1)),
      ]
      const outputs = [makeView(reference, dtype, contiguous([n, n]), () => 0)]
      await expectAgreement({ kind: 'map', exprs, compute: dtype, inputs: [a, b], outputs, scalars: [] }, 0, 0, name)
    }
  })
})
