// Convolutions with images in lanes: every pass against plain loops and against float64, on every kind of machine.
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/backends/wasm/engine.ts'
import { conv } from '../../src/backends/wasm/kernels/conv.ts'
import { imagesConv } from '../../src/backends/wasm/kernels/conv-images.ts'
import { machineOf } from '../../src/backends/wasm/kernels/gemm.ts'
import type { ConvSpec } from '../../src/runtime/spec.ts'
import { caseOf, doubleOracle, passes, type Sizes } from '../support/convolutions.ts'
import { devicesOf, expectAgreement, expectSameBits } from '../support/products.ts'
import { contiguous, type Layout, memoryOf, Random, randomLayout } from '../support/views.ts'

/** Specs that went with images in lanes. */
let taken = 0
const run =
  (engine: Engine) =>
  (spec: ConvSpec): void => {
    if (imagesConv(engine, machineOf(engine, 'f32'), spec)) taken++
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
function sizesOf(shape: Shape, stride: Sizes['stride'], padding: Sizes['padding'], bias = false): Sizes | null {
  const { images, channels, outputs, size, kernel } = shape
  const out = size.map((s, d) => Math.floor((s + 2 * padding[d] - kernel[d]) / stride[d]) + 1)
  if (out.some((s) => s < 1)) return null
  const [x, y] = [
    [images, channels, ...size],
    [images, outputs, ...out],
  ]
  const w = [outputs, channels, ...kernel]
  return { dtype: 'float32', x, w, y, bias, stride, padding, dilation: [1, 1], groups: 1 }
}

function randomSizes(random: Random, side: number): Sizes {
  for (;;) {
    const kernel = [random.int(1, 7), random.int(1, 7)]
    const size = [random.int(1, side), random.int(1, side)]
    const shape = { images: random.int(64, 83), channels: random.int(1, 7), outputs: random.int(1, 14), size, kernel }
    const stride = random.pick([[1, 1] as const, [1, 1] as const, [2, 2] as const, [2, 1] as const])
    const padding: [number, number] = [random.int(0, kernel[0]), random.int(0, kernel[1])]
    const sizes = sizesOf(shape, stride, padding, random.int(0, 1) === 1)
    if (sizes !== null) return sizes
  }
}

/** Whole planes of neighbouring pixels; images and channels in either order of memory, with gaps and an offset. */
function planesLayout(random: Random, shape: readonly number[]): Layout {
  const [images, channels, height, width] = shape
  const plane = height * width + random.pick([0, 0, 3])
  const gap = random.pick([0, 0, 7])
  const channelsInside = random.int(0, 1) === 0
  const [image, channel] = channelsInside ? [channels * plane + gap, plane] : [plane, images * plane + gap]
  const offset = random.int(0, 5)
  const last = (images - 1) * image + (channels - 1) * channel + height * width
  return { shape, strides: [image, channel, width, 1], offset, length: offset + last }
}
const randomly = (random: Random) => ({
  picture: (shape: readonly number[]) => planesLayout(random, shape),
  weight: (shape: readonly number[]) => randomLayout(random, shape),
})
const neatly = { picture: contiguous, weight: contiguous }
const lenet = (images: number): Sizes[] => [
  sizesOf({ images, channels: 1, outputs: 6, size: [28, 28], kernel: [5, 5] }, [1, 1], [2, 2], true) as Sizes,
  sizesOf({ images, channels: 6, outputs: 16, size: [14, 14], kernel: [5, 5] }, [1, 1], [0, 0], true) as Sizes,
]

describe.each(passes)('%s with images in lanes', (pass) => {
  test('agrees with the reference device on small pictures', () => {
    const random = new Random(1)
    taken = 0
    for (let k = 0; k < 12; k++) {
      const sizes = randomSizes(random, 5)
      expectAgreement(caseOf(pass, sizes, randomly(random)), oracle, [single], JSON.stringify(sizes))
    }
    expect(taken).toBeGreaterThan(4)
  })

  test('agrees with float64 on larger ones, on every kind of machine', () => {
    const random = new Random(2)
    taken = 0
    for (let k = 0; k < 40; k++) {
      const sizes = randomSizes(random, 16)
      const devices = k % 2 === 0 ? [single, double] : [wide, narrow, plain]
      expectAgreement(caseOf(pass, sizes, randomly(random)), exact, devices, JSON.stringify(sizes))
    }
    expect(taken).toBeGreaterThan(20)
  })

  test.each(lenet(67))('agrees on a layer of LeNet with a last group that is not full: %j', (sizes) => {
    taken = 0
    expectAgreement(caseOf(pass, sizes, neatly), exact, [single, double, narrow], '')
    expect(taken).toBe(3)
  })

  test('gives the same bits with one and two threads', () => {
    const random = new Random(3)
    for (let k = 0; k < 10; k++) expectSameBits(caseOf(pass, randomSizes(random, 16), randomly(random)), single, double)
    for (const sizes of lenet(256)) expectSameBits(caseOf(pass, sizes, neatly), single, double)
  })
})

test('what is not finite stays in its image, and in the pixels that read it', () => {
  const [sizes] = lenet(64)
  const result = (value: number): number[] => {
    const spec = caseOf('forward', sizes, neatly).build(single.backend, false)
    memoryOf(spec.x)[(17 * 28 + 10) * 28 + 11] = value as never
    single.run(spec)
    return [...(memoryOf(spec.y) as Float32Array)]
  }
  const [clean, dirty] = [result(0), result(Number.NaN)]
  clean.forEach((before, k) => {
    const [image, row, column] = [Math.floor(k / 784 / 6), Math.floor(k / 28) % 28, k % 28]
    const reads = image === 17 && Math.abs(row - 10) <= 2 && Math.abs(column - 11) <= 2
    expect(dirty[k]).toBe(reads ? Number.NaN : before)
  })
})

test('few images, large pictures, wide kernels, groups and gaps in a row are left to other kernels', () => {
  const refused = (change: Partial<Sizes>, images = 64): boolean => {
    const { engine } = single.backend as unknown as { engine: Engine }
    const spec = caseOf('forward', { ...lenet(images)[1], ...change }, neatly).build(single.backend, false)
    return !engine.session(() => imagesConv(engine, machineOf(engine, 'f32'), spec))
  }
  expect(refused({})).toBe(false)
  expect(refused({}, 48)).toBe(true)
  expect(
    refused(sizesOf({ images: 64, channels: 3, outputs: 8, size: [96, 96], kernel: [3, 3] }, [1, 1], [1, 1]) as Sizes),
  ).toBe(true)
  expect(
    refused(sizesOf({ images: 64, channels: 1, outputs: 8, size: [16, 16], kernel: [9, 9] }, [1, 1], [1, 1]) as Sizes),
  ).toBe(true)
  expect(refused({ dilation: [2, 2] })).toBe(true)
})
