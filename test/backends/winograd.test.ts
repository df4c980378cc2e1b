// Winograd's convolutions: every pass against plain loops and against float64, on every kind of machine; the choice of points; what infinities do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/backends/wasm/engine.ts'
import { conv } from '../../src/backends/wasm/kernels/conv.ts'
import { machineOf } from '../../src/backends/wasm/kernels/gemm.ts'
import type { WasmBackend } from '../../src/backends/wasm/index.ts'
import { methodsAt, winogradConv } from '../../src/backends/wasm/kernels/winograd.ts'
import { settings } from '../../src/backends/wasm/settings.ts'
import * as torch from '../../src/index.ts'
import { F } from '../../src/index.ts'
import type { ConvSpec } from '../../src/runtime/spec.ts'
import { caseOf, doubleOracle, passes, rowsLayout, type Sizes, writtenBy } from '../support/convolutions.ts'
import { devicesOf, expectAgreement, expectSameBits } from '../support/products.ts'
import { contiguous, makeView, memoryOf, Random, randomLayout } from '../support/views.ts'

// Whatever the environment says.
beforeEach(() => {
  settings.winograd = true
})

/** Specs that went by points. */
let taken = 0
const run =
  (engine: Engine) =>
  (spec: ConvSpec): void => {
    if (winogradConv(engine, machineOf(engine, 'f32'), spec)) taken++
    else conv(engine)(spec)
  }
const { oracle, single, double, narrow, plain, wide } = devicesOf<ConvSpec>('conv', run)
const exact = doubleOracle()

/** Kernels of 3 x 3 and 5 x 5, paddings 0 .. k - 1, odd channels; with at least one pixel of output. */
function randomSizes(random: Random, side: number, pixels: number): Sizes {
  for (;;) {
    const k = random.pick([3, 5])
    const size = [random.int(1, side), random.int(1, side)]
    const padding = [random.int(0, k - 1), random.int(0, k - 1)] as [number, number]
    const out = size.map((s, d) => s + 2 * padding[d] - k + 1)
    const images = random.int(1, 6)
    if (out[0] < 1 || out[1] < 1 || images * Math.max(size[0] * size[1], out[0] * out[1]) > pixels) continue
    const [c, o] = [0, 1].map(() => random.pick([12, 13, 16, 17, 31, 33]))
    return {
      dtype: 'float32',
      x: [images, c, ...size],
      w: [o, c, k, k],
      y: [images, o, ...out],
      bias: random.int(0, 1) === 1,
      stride: [1, 1],
      padding,
      dilation: [1, 1],
      groups: 1,
    }
  }
}
const randomly = (random: Random) => ({
  picture: (shape: readonly number[]) => rowsLayout(random, shape),
  weight: (shape: readonly number[]) => randomLayout(random, shape),
})
const neatly = { picture: contiguous, weight: contiguous }

/** Square pictures, padded so that they stay as large as they are. */
const square = (images: number, channels: number, outputs: number, side: number, k: number): Sizes => ({
  dtype: 'float32',
  x: [images, channels, side, side],
  w: [outputs, channels, k, k],
  y: [images, outputs, side, side],
  bias: false,
  stride: [1, 1],
  padding: [(k - 1) / 2, (k - 1) / 2],
  dilation: [1, 1],
  groups: 1,
})

describe.each(passes)('%s by points', (pass) => {
  test('agrees with the reference device on small pictures of any layout', () => {
    const random = new Random(1)
    taken = 0
    // More where few of them go by points.
    for (let k = 0; k < 24 || (taken <= 8 && k < 96); k++) {
      const sizes = randomSizes(random, 13, 400)
      expectAgreement(caseOf(pass, sizes, randomly(random)), oracle, [single], JSON.stringify(sizes))
    }
    expect(taken).toBeGreaterThan(8)
  })

  test('agrees with float64 on larger ones, on every kind of machine', () => {
    const random = new Random(2)
    taken = 0
    for (let k = 0; k < 40; k++) {
      const sizes = randomSizes(random, 40, 4000)
      const devices = k % 2 === 0 ? [single, double] : [wide, narrow, plain]
      expectAgreement(caseOf(pass, sizes, randomly(random)), exact, devices, JSON.stringify(sizes))
    }
    expect(taken).toBeGreaterThan(40)
  })

  test.each([
    [square(4, 33, 31, 61, 3)],
    [square(3, 17, 45, 49, 5)],
    [{ ...square(2, 12, 13, 70, 3), x: [2, 12, 3, 1601], y: [2, 13, 3, 1601] }],
  ])('goes over more tiles than are in work at once: %j', (sizes) => {
    expectAgreement(caseOf(pass, sizes, neatly), exact, [single, double], '')
  })

  test('goes over more kernels than are in work at once', () => {
    expectAgreement(caseOf(pass, square(1, 513, 130, 20, 3), neatly), exact, [single, double], '')
  })

  test('gives the same bits with one and two threads', () => {
    const random = new Random(3)
    for (let k = 0; k < 20; k++)
      expectSameBits(caseOf(pass, randomSizes(random, 40, 4000), randomly(random)), single, double)
    expectSameBits(caseOf(pass, square(4, 33, 31, 61, 3), neatly), single, double)
  })
})

const { engine } = single.backend as WasmBackend

type Draw = (random: Random) => number
const uniform: Draw = (random) => 2 * random.next() - 1
const normal: Draw = (random) => random.normal()

/** The spec on the device of one thread, with its own numbers, and the exact result of its pass. */
function drawn(pass: ConvSpec['pass'], sizes: Sizes, draw: Draw): { spec: ConvSpec; truth: Float64Array } {
  const views = [sizes.x, sizes.w, sizes.y].map((shape, seed) => {
    const random = new Random(seed + 1)
    return makeView(single.backend, 'float32', contiguous(shape), () => draw(random))
  })
  const [x, w, y] = views
  const spec: ConvSpec = { ...sizes, kind: 'conv', pass, x, w, y, bias: null }
  exact.run(spec)
  return { spec, truth: Float64Array.from(memoryOf(writtenBy(spec)) as Float32Array) }
}

/** Error of a pass by points, relative to its largest result: root mean square, and the worst. */
function errorsOf(spec: ConvSpec, truth: Float64Array, finite?: readonly number[]): { rms: number; worst: number } {
  expect(engine.session(() => winogradConv(engine, machineOf(engine, 'f32'), spec, finite && methodsAt(finite)))).toBe(
    true,
  )
  const result = memoryOf(writtenBy(spec)) as Float32Array
  const largest = truth.reduce((most, t) => Math.max(most, Math.abs(t)), 0)
  const errors = truth.map((t, k) => Math.abs(result[k] - t) / largest)
  const squares = errors.reduce((sum, e) => sum + e * e, 0)
  return { rms: Math.sqrt(squares / errors.length), worst: errors.reduce((most, e) => Math.max(most, e), 0) }
}
const release = ({ x, w, y }: ConvSpec): void => {
  for (const view of [x, w, y]) view.storage.release()
}

const cases = passes.flatMap((pass) => [3, 5].map((k) => [pass, k] as const))
describe.each(cases)('rounding: %s, %i taps', (pass, k) => {
  test('stays below 1e-5 of the largest result at 256 channels', () => {
    for (const draw of [uniform, normal]) {
      const { spec, truth } = drawn(pass, square(1, 256, 256, 24, k), draw)
      const { rms, worst } = errorsOf(spec, truth)
      release(spec)
      expect(worst).toBeLessThan(1e-5)
      expect(rms).toBeLessThan(1e-6)
    }
  })

  test('is larger at other usual points', () => {
    const root = Math.SQRT1_2
    const usual: [name: string, a: number, b: number, least: number][] = [
      ['1, 2', 1, 2, 1.9],
      ['1, 1/2', 1, 1 / 2, 1.9],
      ['1/2, 2', 1 / 2, 2, 1.3],
      ['3/4, 4/3', 3 / 4, 4 / 3, 1.1],
      ['sqrt(1/2), sqrt(2)', root, 1 / root, 1.01],
      ['3/4, 3/2', 3 / 4, 3 / 2, 1.01],
    ]
    for (const draw of [uniform, normal]) {
      const { spec, truth } = drawn(pass, square(1, 64, 64, 24, k), draw)
      const { rms } = errorsOf(spec, truth)
      for (const [name, a, b, least] of usual)
        expect(errorsOf(spec, truth, [0, a, -a, b, -b]).rms / rms, name).toBeGreaterThan(least)
      release(spec)
    }
  })
})

describe('what is not finite', () => {
  /** The results before and after one element of the view becomes `value`. */
  function around(pass: ConvSpec['pass'], view: 'x' | 'y', at: number[], value: number): [Float32Array, Float32Array] {
    const { spec } = drawn(pass, square(3, 16, 17, 21, 3), uniform)
    const results = [false, true].map((dirty) => {
      const { strides } = spec[view]
      if (dirty) memoryOf(spec[view])[at.reduce((sum, i, d) => sum + i * strides[d], 0)] = value as never
      engine.session(() => single.run(spec))
      return Float32Array.from(memoryOf(writtenBy(spec)) as Float32Array)
    })
    release(spec)
    return results as [Float32Array, Float32Array]
  }

  test.each([
    ['forward', 'x', Number.NaN, 17],
    ['forward', 'x', Infinity, 17],
    ['inputGrad', 'y', -Infinity, 16],
  ] as const)('%s: in %s, %d reaches its tile and no other pixel', (pass, view, value, channels) => {
    const [clean, dirty] = around(pass, view, [1, 5, 10, 11], value)
    const plane = 21 * 21
    clean.forEach((before, k) => {
      const [image, row, column] = [Math.floor(k / plane / channels), Math.floor(k / 21) % 21, k % 21]
      // Rows 8 to 11 read rows 7 to 12; of the columns, 8 to 11 and 12 to 15 read column 11.
      const near = image === 1 && row >= 8 && row <= 11 && column >= 8 && column <= 15
      const within = image === 1 && Math.abs(row - 10) <= 1 && Math.abs(column - 11) <= 1
      if (!near) expect(dirty[k]).toBe(before)
      if (within) expect(Number.isFinite(dirty[k])).toBe(false)
    })
  })

  test.each(['x', 'y'] as const)('weightGrad: in %s it reaches all weights of its channel and no other', (view) => {
    const [clean, dirty] = around('weightGrad', view, [1, 5, 10, 11], Infinity)
    clean.forEach((before, k) => {
      const channel = view === 'x' ? Math.floor(k / 9) % 16 : Math.floor(k / 9 / 16)
      if (channel === 5) expect(Number.isFinite(dirty[k])).toBe(false)
      else expect(dirty[k]).toBe(before)
    })
  })
})

describe('the switch', () => {
  const { winograd } = settings
  afterEach(() => {
    settings.winograd = winograd
  })

  test('torch.backends.wasm.winograd turns the points off and on', () => {
    const x = torch.rand(2, 16, 20, 20)
    const w = torch.rand(16, 16, 3, 3)
    const bits = (on: boolean): number[] => {
      torch.backends.wasm.winograd = on
      return torch.scope(() => [...(F.conv2d(x, w).data() as Float32Array)])
    }
    const [off, on] = [bits(false), bits(true)]
    expect(on).not.toEqual(off)
    expect(bits(false)).toEqual(off)
    expect(torch.backend('wasm').info?.().winograd).toBe(false)
  })

  test('a name that is no setting is an error', () => {
    expect(() => Object.assign(torch.backends.wasm, { winogard: false })).toThrow(TypeError)
  })
})
