// What only some GPUs have: kernels that use it give the bits of those that do not.
import { afterAll, describe, expect, test } from 'vitest'
import type { DType } from '../../../src/base/dtype.ts'
import * as e from '../../../src/base/expr.ts'
import { directLink, type Feature, WebGpuBackend } from '../../../src/backends/webgpu/index.ts'
import * as torch from '../../../src/index.ts'
import { backend } from '../../../src/index.ts'
import { onLaunch } from '../../../src/runtime/launch.ts'
import type { View } from '../../../src/runtime/spec.ts'
import { bytesOn, expectAgreement, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { reductions } from '../../support/reductions.ts'
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
const noF16 = await deviceWithout('f16')
afterAll(() => {
  noSubgroups?.engine.destroy()
  noF16?.engine.destroy()
})

type Spec = Parameters<typeof bytesOn>[1]
async function expectSameBits(plain: WebGpuBackend | null, spec: Spec, note: string): Promise<void> {
  const [found, expected] = await bytesOn([withAll as WebGpuBackend, plain as WebGpuBackend], spec)
  expect(found, note).toEqual(expected)
}

const sum = reductions.sum.reduction
const argmax = reductions.argmax.reduction

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

/** All sizes of float16: subnormal, normal, infinite with `infinite`. */
const halves = (random: Random, shape: readonly number[], { infinite = false, small = true } = {}): View =>
  makeView(reference, 'float16', randomLayout(random, [...shape], 0.5), () => {
    const kind = random.int(0, 40)
    if (kind === 0 && infinite) return random.pick([Infinity, -Infinity])
    if (kind < 4 && small) return random.pick([-1, 1]) * 2 ** -24 * random.int(0, 1023)
    return random.normal()
  })

describe.skipIf(noF16 === null)('with f16 and without', () => {
  test('products of float16 have the same bits, on every way through the kernels', async () => {
    const random = new Random(4)
    for (const [m, n, k] of [
      [5, 6, 7],
      [33, 65, 17],
      [5, 7, 1003],
      [100, 1, 33],
      [1, 3, 3000],
    ]) {
      for (const mixed of m === 33 ? [false, true] : [false]) {
        const [a, b] = [halves(random, [2, m, k]), halves(random, [2, k, n])]
        const other = normal(random, 'float32', [2, m, k], true)
        const c = mixed ? normal(random, 'float32', [2, m, n]) : halves(random, [2, m, n])
        const bias = halves(random, [2, m, n])
        await expectSameBits(
          noF16,
          { kind: 'gemm', a: mixed ? other : a, b, c, alpha: 1, beta: mixed ? 0 : 3, bias },
          `${m} x ${n} x ${k}${mixed ? ', mixed' : ''}`,
        )
      }
    }
  })

  test('convolutions of float16 have the same bits, padding included', async () => {
    const random = new Random(5)
    for (const pass of ['forward', 'weightGrad'] as const) {
      const [x, w, y] = [
        [2, 5, 9, 10],
        [7, 5, 3, 3],
        [2, 7, 9, 10],
      ].map((shape) => halves(random, shape))
      await expectSameBits(
        noF16,
        {
          ...{ kind: 'conv', pass, x, w, y, bias: null, groups: 1 },
          ...{ stride: [1, 1], padding: [1, 1], dilation: [1, 1] },
        },
        pass,
      )
    }
  })

  test('elementwise kernels, reductions and softmax of float16 have the same bits', async () => {
    const random = new Random(6)
    for (const shape of [[7], [5, 33], [3, 1000]]) {
      const [x, y] = [halves(random, shape, { infinite: true }), halves(random, shape)]
      const exprs = [e.mul(e.input(0), e.input(1))]
      await expectSameBits(
        noF16,
        { kind: 'map', exprs, compute: 'float32', inputs: [x, y], outputs: [halves(random, shape)], scalars: [] },
        `map [${shape}]`,
      )
      await expectSameBits(
        noF16,
        {
          kind: 'softmax',
          op: 'softmax',
          axis: shape.length - 1,
          x: halves(random, shape),
          out: halves(random, shape),
        },
        `softmax [${shape}]`,
      )
      const axes = [shape.length - 1]
      await expectSameBits(
        noF16,
        {
          ...{ kind: 'reduce', reduction: sum, compute: 'float32', axes, scalars: [] },
          ...{ inputs: [halves(random, shape)], outputs: [halves(random, [...shape.slice(0, -1), 1])] },
        },
        `sum [${shape}]`,
      )
    }
  })

  test('products of float16 with infinities and NaN agree with the reference', async () => {
    const random = new Random(7)
    const a = makeView(reference, 'float16', contiguous([1, 40, 33]), (i) =>
      i === 5 ? NaN : i === 33 * 39 + 32 ? Infinity : random.next() - 0.5,
    )
    const b = makeView(reference, 'float16', contiguous([1, 33, 35]), () => random.next() - 0.5)
    const c = makeView(reference, 'float16', contiguous([1, 40, 35]), () => 0)
    await expectAgreement({ kind: 'gemm', a, b, c, alpha: 1, beta: 0, bias: null }, 2e-3, 2e-3)
  })
})

describe.skipIf(!connected)('operators on float16', () => {
  const f16 = withAll?.engine.facts.f16 ?? false
  /** Values, gradients, and the kernels that made them. */
  function sweep(
    op: (a: torch.Tensor, b: torch.Tensor) => torch.Tensor,
    shapes: readonly (readonly number[])[],
    wide: boolean,
  ) {
    torch.manualSeed(8)
    const leaves = shapes.map((shape) =>
      torch
        .randn([...shape])
        .half()
        .to('webgpu')
        .requiresGrad_(),
    )
    const kinds: string[] = []
    const stop = onLaunch(({ spec }) => kinds.push(spec.kind))
    const out = wide ? op(leaves[0].float(), leaves[1].float()).half() : op(leaves[0], leaves[1])
    stop()
    out.backward(torch.randn(out.shape).half().to('webgpu'))
    return { all: [out, ...leaves.map(({ grad }) => grad as torch.Tensor)], kinds }
  }

  test.each([
    ['a product', torch.matmul, [33, 65], [65, 40], 'gemm'],
    ['a batch of products', torch.matmul, [3, 5, 70], [3, 70, 9], 'gemm'],
    [
      'a convolution',
      (x: torch.Tensor, w: torch.Tensor) => torch.F.conv2d(x, w, null, { padding: 1 }),
      [2, 5, 9, 8],
      [7, 5, 3, 3],
      'conv',
    ],
    [
      'a convolution by groups',
      (x: torch.Tensor, w: torch.Tensor) => torch.F.conv2d(x, w, null, { groups: 4, stride: 2 }),
      [2, 4, 9, 8],
      [4, 1, 3, 3],
      'conv',
    ],
  ] as const)('%s and its gradients are those of float32, rounded; f16 needs no copies', async (_, op, a, b, kind) => {
    const [found, expected] = [sweep(op, [a, b], false), sweep(op, [a, b], true)]
    for (const [k, x] of found.all.entries()) {
      expect(x.dtype).toBe('float16')
      expect(await x.read(), `result ${k}`).toEqual(await expected.all[k].read())
    }
    if (f16) expect(found.kinds).toEqual([kind])
    else expect(found.kinds).toContain('copy')
  })
})

test.skipIf(!connected)('features that init leaves alone are not used', async () => {
  torch.webgpu.close()
  await torch.webgpu.init({ without: ['f16', 'subgroups'] })
  expect(backend('webgpu').info?.()).toMatchObject({ f16: false, subgroups: false })
  expect(backend('webgpu').narrow).toEqual([])
  expect(torch.ones([1000]).to('webgpu').sum().item()).toBe(1000)
})
