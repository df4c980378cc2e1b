// What only some GPUs have: kernels that use it give the bits of those that do not.
import { afterAll, describe, expect, test } from 'vitest'
import type { DType } from '../../../src/base/dtype.ts'
import * as e from '../../../src/base/expr.ts'
import { directLink, type Feature, WebGpuBackend } from '../../../src/backends/webgpu/index.ts'
import { backend } from '../../../src/index.ts'
import type { Reduction, View } from '../../../src/runtime/spec.ts'
import { bytesOn, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { contiguous, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
const withAll = connected ? (backend('webgpu') as WebGpuBackend) : null

/** The same GPU once more, without `feature`; null where it does not have it to begin with. */
async function deviceWithout(feature: Feature): Promise<WebGpuBackend | null> {
  if (withAll === null) return null
  if (!withAll.engine.facts[feature]) {
    console.warn(`no tests of ${feature}: ${withAll.engine.facts.description} does not have it`)
    return null
  }
  const link = await directLink()
  return link && new WebGpuBackend(link, [feature])
}
const noSubgroups = await deviceWithout('subgroups')
afterAll(() => noSubgroups?.engine.destroy())

type Spec = Parameters<typeof bytesOn>[1]
async function expectSameBits(plain: WebGpuBackend | null, spec: Spec, note: string): Promise<void> {
  const [found, expected] = await bytesOn([withAll as WebGpuBackend, plain as WebGpuBackend], spec)
  expect(found, note).toEqual(expected)
}

const [x, best, at, otherBest, otherAt] = [e.input(0), e.acc(0), e.acc(1), e.other(0), e.other(1)]
const sum: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [e.add(best, x)],
  combine: [e.add(best, otherBest)],
  finish: [best],
}
const otherBetter = e.or(e.gt(otherBest, best), e.and(e.eq(otherBest, best), e.lt(otherAt, at)))
const argmax: Reduction = {
  accTypes: ['v', 'i'],
  init: [-Infinity, 2147483647],
  step: [e.where(e.gt(x, best), x, best), e.where(e.gt(x, best), e.position, at)],
  combine: [e.where(otherBetter, otherBest, best), e.where(otherBetter, otherAt, at)],
  finish: [best, at],
}
const normal = (random: Random, dtype: DType, shape: readonly number[], gaps = false): View =>
  makeView(reference, dtype, gaps ? randomLayout(random, [...shape], 0.5) : contiguous([...shape]), () =>
    dtype === 'int64' ? random.int(-1e9, 1e9) : random.normal(),
  )

describe.skipIf(noSubgroups === null)('with subgroups and without', () => {
  const shapes: [number[], number[]][] = [
    [[3000], [0]],
    [[70001], [0]],
    [[5, 300], [1]],
    [[40, 12], [1]],
    [[300, 5], [0]],
    [[90, 70], [0]],
    [[7, 33, 9], [1]],
  ]
  test.each(['float32', 'int64'] as const)('reductions of %s have the same bits', async (dtype) => {
    const random = new Random(1)
    for (const [shape, axes] of shapes) {
      const kept = shape.map((size, d) => (axes.includes(d) ? 1 : size))
      for (const [reduction, dtypes] of [
        [sum, [dtype]],
        [argmax, [dtype, 'int64']],
      ] as const) {
        const outputs = dtypes.map((type) => normal(random, type, kept))
        const inputs = [normal(random, dtype, shape, shape.length < 3)]
        await expectSameBits(
          noSubgroups,
          { kind: 'reduce', reduction, compute: dtype, axes, inputs, outputs, scalars: [] },
          `${reduction === sum ? 'sum' : 'argmax'} [${shape}] axes [${axes}]`,
        )
      }
    }
  })

  test('softmax and cross-entropy have the same bits', async () => {
    const random = new Random(2)
    for (const [rows, length] of [
      [5, 10],
      [9, 100],
      [3, 1000],
    ]) {
      for (const axis of [0, 1]) {
        const view = (): View => normal(random, 'float32', axis === 1 ? [rows, length] : [length, rows])
        for (const op of ['softmax', 'logSoftmax'] as const)
          await expectSameBits(noSubgroups, { kind: 'softmax', op, axis, x: view(), out: view() }, `${op} ${length}`)
        await expectSameBits(
          noSubgroups,
          { kind: 'softmax', op: 'softmaxGrad', axis, y: view(), g: view(), out: view() },
          `gradient ${length}`,
        )
      }
      const target = makeView(reference, 'int64', contiguous([rows]), () => random.int(0, length - 1))
      const [lse, loss] = [0, 0].map(() => normal(random, 'float32', [rows]))
      await expectSameBits(
        noSubgroups,
        {
          ...{ kind: 'crossEntropy', pass: 'forward', x: normal(random, 'float32', [rows, length]) },
          ...{ target, lse, loss, ignoreIndex: -100 },
        },
        `cross-entropy ${length}`,
      )
    }
  })

  test('products with vectors and sums in parts have the same bits', async () => {
    const random = new Random(3)
    for (const [m, n, k] of [
      [1, 1, 20000],
      [40, 1, 333],
      [3, 1, 3000],
      [1, 50, 700],
      [5, 7, 3003],
      [5, 7, 9003],
    ]) {
      const [a, b, c] = [
        [1, m, k],
        [1, k, n],
        [1, m, n],
      ].map((shape) => normal(random, 'float32', shape))
      await expectSameBits(noSubgroups, { kind: 'gemm', a, b, c, alpha: 1, beta: 1, bias: null }, `${m} x ${n} x ${k}`)
    }
  })
})
