// Random numbers against PyTorch 1.13.1 (x86, AVX2), bit for bit: recorded streams, a table of golden values, default
// weights, the order of a shuffled data loader, and the state of the generator.

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fma, fma64 } from '../../src/base/float.ts'
import * as random from '../../src/base/random.ts'
import { Generator } from '../../src/base/random.ts'
import { readFixture } from '../support/safetensors.ts'

const { fround } = Math

const seeded = (): Generator => new Generator(1234)
const rand = (g: Generator, n: number): Float32Array => filled(n, (out) => random.uniform(g, out))
const randn = (g: Generator, n: number): Float32Array => filled(n, (out) => random.normal(g, out))

function filled(n: number, fill: (out: Float32Array) => void): Float32Array {
  const out = new Float32Array(n)
  fill(out)
  return out
}

function ints(n: number, fill: (out: BigInt64Array) => void): bigint[] {
  const out = new BigInt64Array(n)
  fill(out)
  return [...out]
}

/** The bits of float32 numbers, eight hexadecimal digits each. */
function hex(values: Float32Array): string {
  return [...new Uint32Array(values.slice().buffer)].map((bits) => bits.toString(16).padStart(8, '0')).join(' ')
}

describe('recorded streams', () => {
  interface Call {
    call: string
    args: any[]
    shape: number[]
    input: any
    p: number
    num_samples: number
    replacement: boolean
    out: { tensor: string }
  }
  const { json, tensors } = readFixture<{ seed: number; calls: Call[] }[]>('goldens/random')
  const size = (shape: number[]): number => shape.reduce((a, b) => a * b, 1)

  const calls: Record<string, (g: Generator, call: Call) => unknown> = {
    rand: (g, { args: [shape] }) => rand(g, size(shape)),
    randn: (g, { args: [shape] }) => randn(g, size(shape)),
    normal: (g, { args: [mean, std, shape] }) => filled(size(shape), (out) => random.normal(g, out, mean, std)),
    randint: (g, { args: [low, high, shape] }) => {
      const out = new BigInt64Array(size(shape))
      random.randint(g, out, low, high)
      return out
    },
    randperm: (g, { args: [n] }) => random.randperm(g, n),
    uniform_: (g, { args: [from, to], shape }) => filled(size(shape), (out) => random.uniform(g, out, from, to)),
    normal_: (g, { args: [mean, std], shape }) => filled(size(shape), (out) => random.normal(g, out, mean, std)),
    bernoulli_: (g, { args: [p], shape }) => filled(size(shape), (out) => random.bernoulli(g, out, p)),
    bernoulli: (g, { input }) => {
      const probs = tensors.get(input.tensor)!.data as Float32Array
      return filled(probs.length, (out) => random.bernoulliTensor(g, probs, out))
    },
    dropout: (g, { p, shape }) => filled(size(shape), (out) => random.bernoulli(g, out, 1 - p)).map((x) => x / (1 - p)),
    exponential_: (g, { args: [lambda], shape }) => filled(size(shape), (out) => random.exponential(g, out, lambda)),
    multinomial: (g, { input, num_samples, replacement }) =>
      random.multinomial(g, Float32Array.from(input), 1, input.length, num_samples, replacement),
  }

  test.each(json)('seed $seed', ({ seed, calls: stream }) => {
    const g = new Generator(seed)
    for (const call of stream) {
      const { data } = tensors.get(call.out.tensor)!
      expect(calls[call.call](g, call), call.call).toEqual(data)
    }
  })
})

describe('golden values, seed 1234', () => {
  test('rand', () => {
    expect(hex(rand(seeded(), 10))).toBe(
      '3ced65e0 3ecdc5a6 3e850a4c 3ebbb86a 3d6eccc0 3f335d74 3d542980 3eefaff2 3f2c7e8f 3ea9b562',
    )
    expect(hex(rand(seeded(), 100000).slice(-3))).toBe('3b7a9b00 3f7dbdfc 3f1ea2c7')
  })

  test('rand of float64', () => {
    const out = new Float64Array(4)
    random.uniform(seeded(), out)
    expect(Buffer.from(out.buffer).toString('hex')).toBe(
      '4c8b9bfdbdaccd3fa8e1ee8a3629b43fe8ba663999d9dd3ff2afef8a3185da3f',
    )
  })

  test('randn one by one, with its cached number', () => {
    const g = seeded()
    expect(hex(randn(g, 5))).toBe('3d3cf34c 3ece07be bf8179c9 3e5df0a1 bf1cbdee')
    expect(hex(randn(g, 4))).toBe('3f00eca2 3e6c8290 3f316d84 be88a1f3')
    expect(hex(rand(g, 2))).toBe('3f19e9ba 3e9bd0f0')
  })

  test('randn in blocks', () => {
    const first = 'bde4ccb4 befe410f 3e26fccb bf61b64a 3d5cc673 3f2b1a8a bd745b89 beef5be4 be5c6b44 3f624b4f'
    for (const n of [16, 37, 4096]) expect(hex(randn(seeded(), n).slice(0, 10))).toBe(first)
    expect(hex(randn(seeded(), 16).slice(-2))).toBe('3ea42bf9 bf82cc3a')
    expect(hex(randn(seeded(), 4096).slice(-2))).toBe('c00b05fe be8cfb04')
  })

  test('randn with a remainder draws the last block anew', () => {
    const g = seeded()
    expect(hex(randn(g, 37).slice(-3))).toBe('bf9fceea bf59d1df bf44dca6')
    expect(hex(rand(g, 2))).toBe('3f440e6b 3f6a37fa')
  })

  test('normal', () => {
    const out = filled(32, (out) => random.normal(seeded(), out, 0.5, 2))
    expect(hex(out.slice(0, 4))).toBe('3e8d99a6 befc821e 3f537e66 bfa1b64a')
    expect(hex(out.slice(-2))).toBe('bf537bcc 403b9dec')
  })

  test('normal of float64: the same numbers, not rounded', () => {
    const out = new Float64Array(37)
    random.normal(seeded(), out)
    // torch.randn(37, dtype=float64); the last digits depend on the logarithm of the platform.
    expect(out[0]).toBeCloseTo(-0.0883100793877292, 14)
    expect(out[36]).toBeCloseTo(0.5959827609571059, 14)
  })

  test('uniform', () => {
    const out = filled(6, (out) => random.uniform(seeded(), out, -0.3, 0.7))
    expect(hex(out)).toBe('be8ac33c 3dd0b030 bd247a70 3d887b40 be778004 3ecd214e')
  })

  test('randperm', () => {
    const g = seeded()
    expect([...random.permutation(g, 12)]).toEqual([3, 1, 8, 5, 2, 6, 0, 7, 11, 9, 4, 10])
    expect(hex(rand(g, 1))).toBe('3f1024e9')
  })

  test.each([
    [0, 100, [75n, 71n, 6n, 65n, 16n, 64n, 32n, 25n]],
    [0, 2 ** 28, [17263407n, 258400979n, 256017702n, 22928437n]],
    [0, 2 ** 40, [204000912083n, 166721346613n, 878802328948n, 656147994617n]],
    [-(2n ** 63n), 2n ** 63n - 1n, [-5690461752414248237n, 2252509165406510133n]],
  ] as const)('randint of [%s, %s)', (low, high, expected) => {
    expect(ints(expected.length, (out) => random.randint(seeded(), out, low, high))).toEqual(expected)
  })

  test('random_ of int64', () => {
    expect(ints(1, (out) => random.randomInt64(seeded(), out))).toEqual([3532910284440527571n])
  })

  test('bernoulli of one probability takes two words a number', () => {
    const g = seeded()
    const out = new Uint8Array(12)
    random.bernoulli(g, out, 0.5)
    expect([...out]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1])
    expect(hex(rand(g, 1))).toBe('3f776d45')
  })

  test('bernoulli of a tensor of probabilities takes one word a number', () => {
    const g = seeded()
    const out = new BigInt64Array(6)
    random.bernoulliTensor(g, new Float32Array(6).fill(0.5), out)
    expect([...out]).toEqual([1n, 1n, 1n, 1n, 1n, 0n])
    expect(hex(rand(g, 1))).toBe('3d542980')
  })

  test('exponential', () => {
    const out = filled(20, (out) => random.exponential(seeded(), out))
    expect(hex(out.slice(0, 4))).toBe('3e870a32 3da7fe4f 3f20cc7e 3f08fb38')
  })

  test.each<[string, (g: Generator, out: Float32Array) => void, string]>([
    ['geometric', (g, out) => random.geometric(g, out, 0.3), '40a00000 41000000 40400000 40400000'],
    ['cauchy', (g, out) => random.cauchy(g, out, 0.5, 2), 'bfdf061c c0ed60a1 3e9386a0 bd52405b'],
    ['logNormal', (g, out) => random.logNormal(g, out, 0.5, 0.7), '3fd9f652 400bd968 3f4fe90e 3ff59c4b'],
  ])('%s', (_, fill, expected) => {
    const g = seeded()
    expect(hex(filled(4, (out) => fill(g, out)))).toBe(expected)
    expect(hex(rand(g, 1))).toBe('3f2c7e8f')
  })

  test('an epoch of a shuffled data loader', () => {
    const g = seeded()
    const epoch = () => [...random.permutation(new Generator(random.loaderSeeds(g).sampler), 10)]
    expect(epoch()).toEqual([2, 1, 3, 6, 7, 9, 5, 4, 8, 0])
    expect(epoch()).toEqual([3, 0, 9, 5, 2, 6, 4, 7, 8, 1])
    expect(rand(g, 1)[0]).toBe(0.6738061308860779)
  })
})

describe('multinomial', () => {
  test('with and without replacement, seed 3', () => {
    const g = new Generator(3)
    const weights = Float32Array.of(1, 2, 3, 4, 5, 6, 7)
    const both = Float32Array.of(...weights, ...weights.toReversed())
    expect([...random.multinomial(g, weights, 1, 7, 7)]).toEqual([6n, 0n, 3n, 5n, 1n, 4n, 2n])
    expect([...random.multinomial(g, weights, 1, 7, 5, true)]).toEqual([4n, 4n, 6n, 2n, 5n])
    expect([...random.multinomial(g, both, 2, 7, 3)]).toEqual([3n, 4n, 5n, 3n, 0n, 6n])
    expect(hex(rand(g, 1))).toBe('3edbae4a')
  })

  test('never draws a weight of zero', () => {
    const weights = Float64Array.of(0, 1, 0, 3, 0)
    const drawn = random.multinomial(new Generator(0), weights, 1, 5, 1000, true)
    expect(new Set(drawn)).toEqual(new Set([1n, 3n]))
  })

  test.each([
    [[1, -1], 'weights must be finite and not negative, got -1'],
    [[1, NaN], 'weights must be finite and not negative, got NaN'],
    [[0, 0], 'the weights of row 0 are all zero'],
  ])('refuses %s', (weights, message) => {
    expect(() => random.multinomial(seeded(), Float32Array.from(weights), 1, 2, 1)).toThrow(message)
  })
})

describe('default weights', () => {
  type Draw = (g: Generator, out: Float32Array) => void
  interface Entry {
    module?: string
    init?: string
    seed: number
    state?: Record<string, { tensor: string }>
    out?: { tensor: string }
  }
  const { json, tensors } = readFixture<Entry[]>('goldens/init')
  const symmetric =
    (bound: number): Draw =>
    (g, out) =>
      random.uniform(g, out, -bound, bound)
  // kaiming_uniform_(a=sqrt(5)), step by step as nn.init computes it.
  const weight = (fanIn: number): Draw => symmetric(Math.sqrt(3) * (Math.sqrt(2 / (1 + 5)) / Math.sqrt(fanIn)))
  const layer = (fanIn: number): Draw[] => [weight(fanIn), symmetric(1 / Math.sqrt(fanIn))]
  const recurrent = (count: number): Draw[] => new Array(count).fill(symmetric(1 / Math.sqrt(7)))
  const gaussian =
    (std: number): Draw =>
    (g, out) =>
      random.normal(g, out, 0, std)

  const modules: Record<string, Draw[]> = {
    'Linear(20,30)': layer(20),
    'Conv2d(3,8,3)': layer(27),
    'Conv2d(4,6,(1,2),bias=False)': [weight(8)],
    'Conv1d(3,5,4)': layer(12),
    'ConvTranspose2d(4,3,3)': layer(27),
    'Embedding(11,6)': [gaussian(1)],
    'LSTM(5,7,2)': recurrent(8),
    'GRU(5,7)': recurrent(4),
    'RNN(5,7)': recurrent(4),
    'Bilinear(3,4,5)': [symmetric(1 / Math.sqrt(3)), symmetric(1 / Math.sqrt(3))],
  }
  test.each(Object.entries(modules))('%s', (name, draws) => {
    const { seed, state } = json.find(({ module }) => module === name)!
    const g = new Generator(seed)
    const stored = Object.values(state!)
    expect(draws.length).toBe(stored.length)
    draws.forEach((draw, i) => {
      const { data } = tensors.get(stored[i].tensor)!
      expect(filled(data.length, (out) => draw(g, out))).toEqual(data)
    })
  })

  // A weight of shape [12, 9].
  const inits: Record<string, Draw> = {
    xavier_uniform_: symmetric(Math.sqrt(3) * Math.sqrt(2 / 21)),
    xavier_normal_: gaussian(Math.sqrt(2 / 21)),
    kaiming_uniform_: symmetric(Math.sqrt(3) * (Math.sqrt(2) / Math.sqrt(9))),
    kaiming_normal_: gaussian(Math.sqrt(2) / Math.sqrt(9)),
    normal_: gaussian(0.01),
    uniform_: (g, out) => random.uniform(g, out, -1, 2),
  }
  test.each(Object.entries(inits))('%s', (name, draw) => {
    const { seed, out } = json.find(({ init }) => init === name)!
    const { data } = tensors.get(out!.tensor)!
    expect(filled(data.length, (values) => draw(new Generator(seed), values))).toEqual(data)
  })
})

describe('Generator', () => {
  test('only the low 32 bits of a seed choose the stream', () => {
    expect(new Generator(2n ** 40n + 5n).random32()).toBe(new Generator(5).random32())
    expect(new Generator(-1).initialSeed()).toBe(2n ** 64n - 1n)
    expect(new Generator().initialSeed()).toBe(67280421310721n)
    expect(() => new Generator(0.5)).toThrow('the seed must be an integer, got 0.5')
  })

  test('random64 puts the first word on top', () => {
    const [first, second] = [seeded(), seeded()]
    expect(first.random64()).toBe((BigInt(second.random32()) << 32n) | BigInt(second.random32()))
  })

  test('manualSeed forgets the cached normal number', () => {
    const g = seeded()
    const first = randn(g, 3)
    expect(randn(g.manualSeed(1234), 3)).toEqual(first)
  })

  test('the state has the bytes of torch.get_rng_state()', () => {
    const g = new Generator(2 ** 33 + 7)
    rand(g, 1000)
    randn(g, 3)
    expect(createHash('sha256').update(g.getState()).digest('hex')).toBe(
      '4f56fc7979aa0ae19c8cf9768d0e7f9857c7f1b493be418eaa346111edb28a40',
    )
  })

  test.each([0, 1, 623, 624, 625, 1000])('a state after %i words comes back', (words) => {
    const g = new Generator(7)
    rand(g, words)
    randn(g, 1)
    const state = g.getState()
    const expected = [randn(g, 2), randn(g, 700), rand(g, 3), g.initialSeed()]
    const other = new Generator(0)
    other.setState(state)
    expect([randn(other, 2), randn(other, 700), rand(other, 3), other.initialSeed()]).toEqual(expected)
    g.setState(state)
    expect(g.getState()).toEqual(state)
  })

  test('a fresh state comes back', () => {
    const g = new Generator(0)
    g.setState(new Generator(9).getState())
    expect(rand(g, 5)).toEqual(rand(new Generator(9), 5))
  })

  test('refuses what is no state', () => {
    expect(() => seeded().setState(new Uint8Array(10))).toThrow('a state has 5056 bytes, got 10')
    expect(() => seeded().setState(new Uint8Array(5056))).toThrow('is not a state')
  })
})

describe('fused multiply-add', () => {
  const MAX = (2 ** 24 - 1) * 2 ** 104

  test('float32: where the sum in double is a tie, the lost rest decides', () => {
    // a * b is 2^-24 + 2^-60, then 2^-24 - 2^-60.
    expect(fma(2 ** 12 + 1, (2 ** 24 - 2 ** 12 + 1) * 2 ** -60, 1)).toBe(1 + 2 ** -23)
    expect(fma(2 ** 18 + 1, (2 ** 18 - 1) * 2 ** -60, 1 + 2 ** -23)).toBe(1 + 2 ** -23)
    expect(fma(2 ** 18 + 1, (2 ** 18 - 1) * 2 ** 67, MAX)).toBe(MAX)
    expect(fma(1, 2 ** -24, 1)).toBe(1)
    expect(fma(1, 2 ** -24, 1 + 2 ** -23)).toBe(1 + 2 ** -22)
  })

  test('float32: agrees with exact integers', () => {
    const g = seeded()
    const bits = (count: number) => g.random32() >>> (32 - count)
    for (let i = 0; i < 20000; i++) {
      const a = bits(24) - 2 ** 23
      const b = bits(24) - 2 ** 23
      const c = fround((bits(24) - 2 ** 23) * 2 ** (bits(6) - 2))
      if (!Number.isInteger(c)) continue
      expect(fma(a, b, c)).toBe(roundToFloat(BigInt(a) * BigInt(b) + BigInt(c), 24n))
    }
  })

  test('float64: agrees with exact integers', () => {
    const g = seeded()
    for (let i = 0; i < 20000; i++) {
      const a = g.uniform53() * 2 ** 53
      const b = (g.uniform53() - 0.5) * 2 ** 53
      const c = Math.floor((g.uniform53() - 0.5) * 2 ** 53) * 2 ** (g.random32() >>> 26)
      expect(fma64(a, b, c)).toBe(roundToFloat(BigInt(a) * BigInt(b) + BigInt(c), 53n))
    }
  })

  test('special values', () => {
    expect(fma(Infinity, 1, 1)).toBe(Infinity)
    expect(fma(NaN, 1, 1)).toBe(NaN)
    expect(fma(0, -1, -0)).toBe(-0)
    expect(fma(MAX, 1, MAX)).toBe(Infinity)
  })

  /** The nearest number of `precision` significant bits, ties to even. */
  function roundToFloat(exact: bigint, precision: bigint): number {
    const magnitude = exact < 0n ? -exact : exact
    const extra = BigInt(magnitude.toString(2).length) - precision
    if (extra <= 0n) return Number(exact)
    const kept = magnitude >> extra
    const lost = magnitude - (kept << extra)
    const half = 1n << (extra - 1n)
    const up = lost > half || (lost === half && (kept & 1n) === 1n)
    return Number((up ? kept + 1n : kept) << extra) * (exact < 0n ? -1 : 1)
  }
})
