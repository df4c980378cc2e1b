// Convolutions on the GPU against the reference device: every pass, any sizes, strides, dilations, groups and layouts.
import { describe, expect, test } from 'vitest'
import type { ConvSpec } from '../../../src/runtime/spec.ts'
import { caseOf, type Pass, passes, type Sizes } from '../../support/convolutions.ts'
import { expectAgreement, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { contiguous, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
test.runIf(process.env.CI)('in CI there is a GPU, at least a software one', () => expect(connected, noGpu).toBe(true))

const outSizes = ({ x, w, stride, padding, dilation }: Omit<Sizes, 'y' | 'dtype' | 'bias'>): number[] =>
  [0, 1].map((d) => Math.floor((x[2 + d] + 2 * padding[d] - dilation[d] * (w[2 + d] - 1) - 1) / stride[d]) + 1)

/** [N, C, H, W], [O, C / groups, KH, KW]. */
function sizesOf(
  x: readonly number[],
  w: readonly number[],
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 }: Partial<Sizes> = {},
): Sizes {
  const settings = { x, w, stride, padding, dilation, groups }
  return { ...settings, y: [x[0], w[0], ...outSizes(settings)], dtype: 'float32', bias: true }
}

function agree(pass: Pass, sizes: Sizes, random: Random | null): Promise<void> {
  const layout = (shape: readonly number[]) => (random === null ? contiguous(shape) : randomLayout(random, shape))
  const spec: ConvSpec = caseOf(pass, sizes, { picture: layout, weight: layout }).build(reference, false)
  const [n, , h, w] = sizes.y
  const terms = pass === 'weightGrad' ? n * h * w : (sizes.w[0] / sizes.groups) * sizes.w[1] * sizes.w[2] * sizes.w[3]
  const half = (sizes.dtype as string) === 'float16'
  const close = half ? 1e-3 : 1e-6 * Math.max(1, Math.sqrt(terms) / 4)
  return expectAgreement(spec, close, close, `${pass} ${JSON.stringify(sizes)}`)
}

/** Sizes with at least one output pixel: kernels 1 .. 5, stride 1 .. 3, padding 0 .. 3, dilation 1 .. 2, groups 1 .. 4. */
function randomSizes(random: Random, most: number): Sizes {
  for (;;) {
    const pair = (low: number, high: number): [number, number] => [random.int(low, high), random.int(low, high)]
    const [kernel, stride, padding, dilation, size] = [pair(1, 5), pair(1, 3), pair(0, 3), pair(1, 2), pair(1, most)]
    const groups = random.pick([1, 1, 1, 2, 3, 4])
    const [n, c, o] = [random.int(1, 3), random.int(1, 5), random.pick([1, 2, 3, 5, 7, 13])]
    const sizes = sizesOf([n, c * groups, ...size], [o * groups, c, ...kernel], { stride, padding, dilation, groups })
    if (sizes.y[2] < 1 || sizes.y[3] < 1) continue
    return {
      ...sizes,
      bias: random.int(0, 1) === 1,
      dtype: random.pick(['float32', 'float32', 'float16']) as 'float32',
    }
  }
}

describe.skipIf(!connected).each(passes)('%s on the GPU', (pass) => {
  test('random sizes, layouts and parameters', async () => {
    const random = new Random(1)
    for (let k = 0; k < 8; k++) await agree(pass, randomSizes(random, 11), random)
  })

  test("the layers of the book's networks, made small", async () => {
    for (const sizes of [
      sizesOf([3, 1, 28, 28], [6, 1, 5, 5], { padding: [2, 2] }),
      sizesOf([3, 6, 14, 14], [16, 6, 5, 5]),
      sizesOf([2, 8, 9, 9], [40, 8, 3, 3], { padding: [1, 1] }),
      sizesOf([2, 16, 9, 9], [8, 16, 3, 3], { stride: [2, 2], padding: [1, 1] }),
      sizesOf([2, 16, 9, 9], [32, 16, 1, 1], { stride: [2, 2] }),
      sizesOf([2, 33, 7, 5], [20, 33, 1, 1]),
      sizesOf([1, 3, 35, 35], [8, 3, 11, 11], { stride: [4, 4], padding: [1, 1] }),
    ])
      await agree(pass, sizes, null)
  })

  test('depthwise and with few channels a group', async () => {
    const random = new Random(2)
    for (const sizes of [
      sizesOf([2, 5, 9, 11], [5, 1, 3, 3], { groups: 5, padding: [1, 1], stride: [2, 1] }),
      sizesOf([2, 4, 9, 8], [8, 1, 3, 2], { groups: 4, dilation: [1, 2] }),
      sizesOf([1, 12, 6, 6], [6, 4, 3, 3], { groups: 3, padding: [1, 1] }),
      sizesOf([2, 8, 6, 6], [10, 4, 3, 3], { groups: 2, padding: [1, 1] }),
    ])
      for (const layout of [null, random]) await agree(pass, sizes, layout)
  })

  test('large steps and dilations that share a divisor, taps between which pixels lie', async () => {
    for (const sizes of [
      sizesOf([1, 3, 17, 17], [5, 3, 3, 3], { stride: [4, 6], padding: [3, 1], dilation: [2, 4] }),
      sizesOf([1, 3, 17, 16], [5, 3, 2, 2], { stride: [5, 3] }),
      sizesOf([2, 3, 12, 12], [4, 3, 4, 4], { stride: [2, 2], padding: [1, 1] }),
    ])
      await agree(pass, sizes, null)
  })

  test('no pictures at all', async () => {
    await agree(pass, sizesOf([0, 4, 9, 9], [8, 4, 3, 3]), null)
    await agree(pass, sizesOf([0, 4, 9, 9], [4, 1, 3, 3], { groups: 4 }), null)
  })
})
