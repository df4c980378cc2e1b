// Convolutions as one product of blocks: every pass against plain loops and against float64, on every kind of machine.
import { describe, expect, test } from 'vitest'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { conv } from '../../src/backends/wasm/kernels/conv.ts'
import { machineOf } from '../../src/backends/wasm/kernels/gemm.ts'
import { unfoldedConv } from '../../src/backends/wasm/kernels/unfold.ts'
import type { ConvSpec } from '../../src/runtime/spec.ts'
import { caseOf, doubleOracle, passes, rowsLayout, type Sizes } from '../support/convolutions.ts'
import { devicesOf, expectAgreement, expectSameBits } from '../support/products.ts'
import { contiguous, makeView, memoryOf, Random, randomLayout } from '../support/views.ts'

/** Specs that were unfolded. */
let taken = 0
const run =
  (engine: Engine) =>
  (spec: ConvSpec): void => {
    if (unfoldedConv(engine, machineOf(engine, 'f32'), spec)) taken++
    else conv(engine)(spec)
  }
const { oracle, single, double, narrow, plain, wide } = devicesOf<ConvSpec>('conv', run)
const exact = doubleOracle()

interface Shape {
  readonly images: number
  readonly channels: number
  readonly outputs: number
  readonly size: readonly number[]
  readonly kernel: readonly number[]
}
/** The sizes of a convolution; null where it has no output. */
function sizesOf(
  { images, channels, outputs, size, kernel }: Shape,
  stride: Sizes['stride'],
  padding: Sizes['padding'],
  dilation: Sizes['dilation'] = [1, 1],
  bias = false,
): Sizes | null {
  const out = size.map((s, d) => Math.floor((s + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1)
  if (out.some((s) => s < 1)) return null
  const [x, y] = [
    [images, channels, ...size],
    [images, outputs, ...out],
  ]
  return { dtype: 'float32', x, w: [outputs, channels, ...kernel], y, bias, stride, padding, dilation, groups: 1 }
}

/** Kernels of 1 to 7 taps, different in both dimensions or not, strides 1 to 3, any padding, odd channels. */
function randomSizes(random: Random, side: number, work: number): Sizes {
  for (;;) {
    const pair = (low: number, high: number): [number, number] => {
      const first = random.int(low, high)
      return [first, random.int(0, 1) === 0 ? first : random.int(low, high)]
    }
    const kernel = random.pick([[1, 1], [1, 1], pair(1, 3), pair(3, 5), pair(1, 7)])
    const [channels, outputs] = [0, 1].map(() => random.pick([12, 13, 16, 17, 31, 33]))
    const shape: Shape = { images: random.int(1, 4), channels, outputs, kernel, size: pair(1, side) }
    const padding: [number, number] = [random.int(0, kernel[0]), random.int(0, kernel[1])]
    const dilation = random.pick([[1, 1] as const, [1, 1] as const, pair(1, 2)])
    const sizes = sizesOf(shape, pair(1, 3), padding, dilation, random.int(0, 1) === 1)
    const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1)
    if (sizes !== null && (product(sizes.y) / outputs) * product(sizes.w) <= work) return sizes
  }
}
const randomly = (random: Random) => ({
  picture: (shape: readonly number[]) => rowsLayout(random, shape),
  weight: (shape: readonly number[]) => randomLayout(random, shape),
})
const neatly = { picture: contiguous, weight: contiguous }
const large = (shape: Shape, stride: [number, number], padding: [number, number]): Sizes =>
  sizesOf(shape, stride, padding) as Sizes

const many: Sizes[] = [
  large({ images: 5, channels: 33, outputs: 17, size: [41, 37], kernel: [3, 3] }, [2, 2], [1, 1]),
  large({ images: 2, channels: 13, outputs: 31, size: [57, 63], kernel: [7, 7] }, [2, 2], [3, 3]),
  large({ images: 3, channels: 131, outputs: 65, size: [61, 59], kernel: [1, 1] }, [1, 1], [0, 0]),
  large({ images: 1, channels: 12, outputs: 12, size: [3, 2100], kernel: [3, 5] }, [1, 1], [1, 2]),
]

describe.each(passes)('%s unfolded', (pass) => {
  test('agrees with the reference device on small pictures of any layout', () => {
    const random = new Random(1)
    taken = 0
    // More where few of them are unfolded.
    for (let k = 0; k < 60 || (taken <= 15 && k < 120); k++) {
      const sizes = randomSizes(random, 17, 200_000)
      expectAgreement(caseOf(pass, sizes, randomly(random)), oracle, [single], JSON.stringify(sizes))
    }
    expect(taken).toBeGreaterThan(15)
  })

  test('agrees with float64 on larger ones, on every kind of machine', () => {
    const random = new Random(2)
    taken = 0
    for (let k = 0; k < 60; k++) {
      const sizes = randomSizes(random, 40, 20_000_000)
      const devices = k % 2 === 0 ? [single, double] : [wide, narrow, plain]
      expectAgreement(caseOf(pass, sizes, randomly(random)), exact, devices, JSON.stringify(sizes))
    }
    expect(taken).toBeGreaterThan(75)
  })

  test('takes pictures whose rows lie side by side, and 1 x 1 kernels on them', () => {
    const random = new Random(3)
    const rows = { picture: (shape: readonly number[]) => rowsLayout(random, shape), weight: contiguous }
    const shape = { images: 3, channels: 17, outputs: 33, size: [9, 11], kernel: [1, 1] }
    for (let k = 0; k < 12; k++) expectAgreement(caseOf(pass, large(shape, [1, 1], [0, 0]), rows), oracle, [single], '')
  })

  test.each(many)('goes over more pixels than are in work at once: %j', (sizes) => {
    expectAgreement(caseOf(pass, sizes, neatly), exact, [single, double], '')
  })

  test('gives the same bits with one and two threads', () => {
    const random = new Random(4)
    for (let k = 0; k < 30; k++)
      expectSameBits(caseOf(pass, randomSizes(random, 40, 20_000_000), randomly(random)), single, double)
    for (const sizes of many) expectSameBits(caseOf(pass, sizes, neatly), single, double)
  })
})

test('what is not finite reaches the pixels that read it, and no others', () => {
  const sizes = large({ images: 3, channels: 17, outputs: 33, size: [21, 21], kernel: [3, 3] }, [2, 2], [1, 1])
  const result = (value: number): number[] => {
    const spec = caseOf('forward', sizes, neatly).build(single.backend, false)
    memoryOf(spec.x)[((1 * 17 + 5) * 21 + 10) * 21 + 11] = value as never
    single.run(spec)
    return [...(memoryOf(spec.y) as Float32Array)]
  }
  const [clean, dirty] = [result(0), result(Number.NaN)]
  clean.forEach((before, k) => {
    const [image, row, column] = [Math.floor(k / 121 / 33), Math.floor(k / 11) % 11, k % 11]
    // Row 5 reads rows 9 to 11; columns 5 and 6 read columns 9 to 13.
    const reads = image === 1 && row === 5 && (column === 5 || column === 6)
    expect(dirty[k]).toBe(reads ? Number.NaN : before)
  })
})

test('a picture at the very end of a memory that grows is read without a trap', () => {
  const { features } = (single.backend as WasmBackend).engine
  const engine = new Engine({ ...features, sharedMemory: false, threads: 1 })
  const backend = new WasmBackend(engine)
  // 65 pages, and the last of 65 columns are not a whole vector.
  const sizes = large({ images: 16, channels: 16, outputs: 16, size: [64, 65], kernel: [3, 3] }, [2, 2], [1, 1])
  const spec = caseOf('forward', sizes, neatly).build(backend, false)
  // The scratch memory that is taken here serves again.
  engine.session(() => run(engine)(spec))
  for (let k = 0; k < 4; k++) {
    // Larger than an eighth of the memory, by which it grows at least.
    const x = makeView(backend, 'float32', contiguous(sizes.x), () => 1)
    engine.session(() => run(engine)({ ...spec, x }))
  }
  expect(memoryOf(spec.y).every(Number.isFinite)).toBe(true)
})
