// Convolution of the wasm device against the reference device: random sizes, strides and parameters, every pass, every kind of machine.
import { describe, test } from 'vitest'
import { conv } from '../../src/backends/wasm/kernels/conv.ts'
import type { ConvSpec } from '../../src/runtime/spec.ts'
import { caseOf, type Pass, passes, type Settings, type Sizes } from '../support/convolutions.ts'
import { type Case, devicesOf, expectAgreement, expectSameBits } from '../support/products.ts'
import { contiguous, Random, randomLayout } from '../support/views.ts'

const { oracle, single, double, narrow, plain } = devicesOf<ConvSpec>('conv', conv)
const caseWith = (pass: Pass, sizes: Sizes, random: Random | null): Case<ConvSpec> => {
  const layout = (shape: readonly number[]) => (random === null ? contiguous(shape) : randomLayout(random, shape))
  return caseOf(pass, sizes, { picture: layout, weight: layout })
}

/** Sizes with at least one output pixel: kernels 1 .. 5, stride 1 .. 3, padding 0 .. 3, dilation 1 .. 2, groups 1 .. 4. */
function randomSizes(random: Random, most: number): Sizes {
  for (;;) {
    const pair = (low: number, high: number): [number, number] => [random.int(low, high), random.int(low, high)]
    const [kernel, stride, padding, dilation, size] = [pair(1, 5), pair(1, 3), pair(0, 3), pair(1, 2), pair(1, most)]
    const out = [0, 1].map(
      (d) => Math.floor((size[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1,
    )
    if (out[0] < 1 || out[1] < 1) continue
    const groups = random.pick([1, 1, 1, 2, 3, 4])
    const [n, c, o] = [random.int(1, 3), random.int(1, 5), random.pick([1, 2, 3, 5, 7, 13])]
    return {
      dtype: random.pick(['float32', 'float32', 'float64'] as const),
      x: [n, c * groups, ...size],
      w: [o * groups, c, ...kernel],
      y: [n, o * groups, ...out],
      bias: random.int(0, 1) === 1,
      stride,
      padding,
      dilation,
      groups,
    }
  }
}

const plainSettings: Settings = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 }

describe.each(passes)('%s', (pass) => {
  test('agrees with the reference device on random sizes, strides and parameters', () => {
    const random = new Random(1)
    for (let k = 0; k < 150; k++) {
      const sizes = randomSizes(random, 17)
      expectAgreement(caseWith(pass, sizes, random), oracle, [single], JSON.stringify(sizes))
    }
  })

  test('agrees on every kind of machine', () => {
    const random = new Random(2)
    for (let k = 0; k < 25; k++) {
      const sizes = randomSizes(random, 9)
      expectAgreement(caseWith(pass, sizes, random), oracle, [narrow, plain, double], JSON.stringify(sizes))
    }
  })

  test('works in blocks of channels and outputs, and in bands of rows', () => {
    const deep: Sizes = {
      dtype: 'float32',
      x: [1, 67, 9, 11],
      w: [109, 67, 3, 3],
      y: [1, 109, 9, 11],
      bias: true,
      ...plainSettings,
    }
    const tall: Sizes = {
      dtype: 'float64',
      x: [2, 3, 110, 75],
      w: [7, 3, 3, 3],
      y: [2, 7, 110, 75],
      bias: true,
      ...plainSettings,
    }
    for (const sizes of [deep, tall])
      expectAgreement(caseWith(pass, sizes, null), oracle, [single], JSON.stringify(sizes))
  })

  test('gives the same bits with one and two threads', () => {
    const random = new Random(3)
    for (let k = 0; k < 25; k++) expectSameBits(caseWith(pass, randomSizes(random, 60), random), single, double)
    const batch: Sizes = {
      dtype: 'float32',
      x: [70, 6, 14, 14],
      w: [16, 6, 5, 5],
      y: [70, 16, 10, 10],
      bias: false,
      ...plainSettings,
      padding: [0, 0],
    }
    expectSameBits(caseWith(pass, batch, null), single, double)
  })

  test('leaves a gradient of zeros where nothing was read, and takes an empty batch', () => {
    const apart: Sizes = {
      dtype: 'float32',
      x: [2, 2, 9, 9],
      w: [3, 2, 1, 1],
      y: [2, 3, 3, 3],
      bias: false,
      ...plainSettings,
      stride: [3, 3],
      padding: [0, 0],
    }
    const empty: Sizes = {
      dtype: 'float32',
      x: [0, 2, 9, 9],
      w: [3, 2, 3, 3],
      y: [0, 3, 9, 9],
      bias: false,
      ...plainSettings,
    }
    for (const sizes of [apart, empty])
      expectAgreement(caseWith(pass, sizes, null), oracle, [single], JSON.stringify(sizes))
  })
})
