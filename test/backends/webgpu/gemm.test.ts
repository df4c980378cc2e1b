// Matrix products on the GPU against the reference device: every way through the kernels, any strides, batches and scalars.
import { describe, expect, test } from 'vitest'
import type { DType } from '../../../src/base/dtype.ts'
import type { GemmSpec } from '../../../src/runtime/spec.ts'
import { expectAgreement, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { filled } from '../../support/products.ts'
import { contiguous, type Layout, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
test.runIf(process.env.CI)('in CI there is a GPU, at least a software one', () => expect(connected, noGpu).toBe(true))

interface Case {
  readonly dtype?: DType
  readonly batch?: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly alpha?: number
  readonly beta?: number
  /** Dimensions of the bias that are read with stride 0. */
  readonly bias?: readonly boolean[] | null
  /** Operands that lie the other way round in memory. */
  readonly turned?: string
}

const withZeros = (layout: Layout, zero: readonly boolean[]): Layout => ({
  ...layout,
  strides: layout.strides.map((s, d) => (zero[d] ? 0 : s)),
})
function turnedLayout([batch, rows, columns]: readonly number[]): Layout {
  return { ...contiguous([batch, rows, columns]), strides: [rows * columns, 1, rows] }
}

function specOf(c: Case, random: Random | null, shared = false): GemmSpec {
  const { dtype = 'float32', batch = 1, m, n, k, alpha = 1, beta = 0, bias = null, turned = '' } = c
  const layout = (name: string, shape: number[]): Layout =>
    turned.includes(name) ? turnedLayout(shape) : random === null ? contiguous(shape) : randomLayout(random, shape)
  const view = (name: string, shape: number[], seed: number) =>
    filled(reference, dtype, layout(name, shape), seed, false)
  const b = view('b', [batch, k, n], 2)
  return {
    kind: 'gemm',
    a: view('a', [batch, m, k], 1),
    b: shared ? { ...b, strides: [0, b.strides[1], b.strides[2]] } : b,
    c: view('c', [batch, m, n], 3),
    alpha,
    beta,
    bias: bias && filled(reference, dtype, withZeros(layout('bias', [batch, m, n]), bias), 4, false),
  }
}

/** Operands lie in -0.5 .. 0.5: sums of k terms grow as its root. */
const close = (c: Case): number => (c.dtype === 'float16' ? 1e-3 : 2e-7) * Math.max(4, Math.sqrt(c.k))
const agree = (c: Case, random: Random | null, shared = false): Promise<void> =>
  expectAgreement(specOf(c, random, shared), close(c), close(c), JSON.stringify(c))

describe.skipIf(!connected)('matrix products on the GPU', () => {
  test.each(['', 'a', 'b', 'ab'])('tiles with edges, %s turned round', async (turned) => {
    for (const [m, n, k] of [
      [33, 65, 17],
      [64, 64, 64],
      [5, 300, 20],
      [300, 5, 35],
      [3, 17, 129],
    ])
      await agree({ m, n, k, turned }, null)
  })

  test('large tiles', async () => {
    for (const [m, n, k] of [
      [129, 300, 20],
      [260, 270, 5],
    ])
      await agree({ m, n, k, batch: 3 }, null, true)
  })

  test('long sums of few results, in parts', async () => {
    for (const turned of ['', 'ab'])
      for (const bias of [null, [true, true, false]])
        await agree({ m: 5, n: 7, k: 1003, turned, alpha: -2, beta: 3, bias, batch: 2 }, null)
    await agree({ m: 5, n: 7, k: 9003 }, null)
    await agree({ m: 40, n: 30, k: 300, beta: 1 }, new Random(1))
  })

  test('random sizes, strides, scalars, biases and batches', async () => {
    const random = new Random(2)
    const coin = (): boolean => random.int(0, 1) === 1
    const size = (): number => random.pick([random.int(1, 8), random.int(1, 40), random.pick([1, 3, 5, 16, 17, 33])])
    for (let i = 0; i < 12; i++) {
      const c: Case = {
        dtype: random.pick(['float32', 'float32', 'float16']),
        ...{ batch: random.int(1, 2), m: size(), n: size(), k: random.pick([size(), random.int(1, 150)]) },
        ...{ alpha: random.pick([1, 1, -2]), beta: random.pick([0, 0, 1, 3]) },
        bias: coin() ? [coin(), coin(), coin()] : null,
      }
      await agree(c, random, coin())
    }
  })

  test('vectors on either side, short and long', async () => {
    for (const turned of ['', 'a', 'b'])
      for (const [m, n, k] of [
        [1, 1, 1],
        [1, 1, 70000],
        [1, 100, 33],
        [100, 1, 33],
        [3, 1, 3000],
        [1, 3, 3000],
        [500, 1, 300],
        [1, 500, 300],
      ])
        await agree({ m, n, k, turned, batch: k > 5000 ? 1 : 2, beta: 2, bias: [false, false, false] }, null)
  })

  test('integers are exact', async () => {
    const random = new Random(4)
    for (const dtype of ['int32', 'int64', 'uint8'] as const)
      for (const [m, n, k] of [
        [1, 1, 1],
        [5, 7, 3],
        [17, 33, 40],
        [3, 5, 0],
      ])
        await agree({ dtype, batch: 2, m, n, k, alpha: 3, beta: 2, bias: [true, false, false] }, random)
  })

  test('nothing to sum leaves beta * c + bias, and nothing to write writes nothing', async () => {
    for (const [batch, m, n, k] of [
      [2, 3, 5, 0],
      [2, 70, 50, 0],
      [2, 1, 5, 0],
      [0, 3, 5, 7],
      [2, 0, 5, 7],
      [2, 3, 0, 7],
    ])
      await agree({ batch, m, n, k, beta: 3, bias: [true, true, false] }, new Random(6))
  })

  test('does not read c where beta is 0', async () => {
    for (const c of [
      { m: 7, n: 19, k: 5 },
      { m: 70, n: 190, k: 500 },
      { m: 1, n: 190, k: 500 },
    ]) {
      const spec = specOf(c, null)
      reference.write(spec.c.storage.handle, 0, new Uint8Array(spec.c.storage.bytes).fill(255))
      await expectAgreement(spec, close(c), close(c))
    }
  })

  test('infinities and NaN reach their own results only', async () => {
    const spec = specOf({ m: 66, n: 35, k: 33 }, null)
    const values = new Float32Array(spec.a.storage.handle as ArrayBuffer)
    values[5] = Number.NaN
    values[33 * 65 + 32] = Number.POSITIVE_INFINITY
    await expectAgreement(spec, 1e-5, 1e-5)
  })
})
