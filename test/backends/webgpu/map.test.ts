// Elementwise kernels and copies on the GPU against the reference device.
import { describe, expect, test } from 'vitest'
import { computeType, type DType } from '../../../src/base/dtype.ts'
import * as E from '../../../src/base/expr.ts'
import { broadcastStrides } from '../../../src/base/shape.ts'
import type { View } from '../../../src/runtime/spec.ts'
import { expectAgreement, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { contiguous, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
test.runIf(process.env.CI)('in CI there is a GPU, at least a software one', () => expect(connected, noGpu).toBe(true))

const dtypes = ['float32', 'float16', 'bfloat16', 'int32', 'int64', 'uint8', 'bool'] as const
const shapes = [[], [1], [5], [17], [3, 1], [4, 5], [2, 3, 4], [33, 17], [2, 1, 5, 3], [0, 3], [70000]]

const valueOf = (random: Random, dtype: DType): number =>
  dtype === 'bool'
    ? random.int(0, 1)
    : dtype === 'uint8'
      ? random.int(0, 255)
      : dtype.startsWith('int')
        ? random.int(-1000, 1000)
        : random.normal()

const view = (random: Random, dtype: DType, shape: readonly number[]): View =>
  makeView(reference, dtype, randomLayout(random, shape), () => valueOf(random, dtype))

describe.skipIf(!connected)('maps on the GPU', () => {
  test.each(dtypes)(
    'arithmetic of %s agrees with the reference: strides, offsets, broadcast operands',
    async (dtype) => {
      const random = new Random(3)
      const [a, b] = [E.input(0), E.input(1)]
      const exprs = [E.add(E.mul(a, b), E.scalar(0)), E.sub(E.max(a, b), E.neg(a))]
      for (const shape of shapes) {
        const other = shape.map((size) => random.pick([size, 1]))
        const right = view(random, dtype, other)
        const spread = { ...right, shape, strides: broadcastStrides(other, right.strides, shape) }
        const inputs = [view(random, dtype, shape), spread]
        const outputs = [view(random, dtype, shape), view(random, dtype, shape)]
        const tolerance = dtype === 'float16' ? 1e-3 : dtype === 'bfloat16' ? 8e-3 : dtype === 'float32' ? 1e-6 : 0
        await expectAgreement(
          { kind: 'map', exprs, compute: computeType(dtype), inputs, outputs, scalars: [3] },
          tolerance,
          tolerance,
          `${dtype} [${shape}]`,
        )
      }
    },
  )

  test('copies convert between all dtypes', async () => {
    const random = new Random(5)
    for (const from of dtypes) {
      for (const to of dtypes) {
        // What leaves uint8's range is undefined in C, and differs.
        for (const shape of shapes) {
          const x = view(random, from, shape)
          await expectAgreement({ kind: 'copy', x, out: view(random, to, shape) }, 0, 0, `${from} to ${to}`)
        }
      }
    }
  })

  test('special values survive a copy to half precision and back', async () => {
    const values = [0, -0, 1e-8, -6e-8, 6.1e-5, 65504, 65519, 65520, -1e30, Infinity, -Infinity, NaN, 1.0005, 1.00049]
    const x = makeView(reference, 'float32', contiguous([values.length]), (i) => values[i])
    await expectAgreement({
      kind: 'copy',
      x,
      out: makeView(reference, 'float16', contiguous([values.length]), () => 0),
    })
  })

  test('an output may be an input', async () => {
    const x = makeView(reference, 'float32', contiguous([5, 7]), (i) => i)
    const spec = {
      kind: 'map',
      exprs: [E.mul(E.input(0), 2)],
      compute: 'float32',
      inputs: [x],
      outputs: [x],
      scalars: [],
    } as const
    await expectAgreement(spec)
  })

  test('64-bit integers are exact', async () => {
    const values = [0n, 1n, -1n, 2n ** 40n + 7n, -(2n ** 62n), 2n ** 63n - 1n, -(2n ** 63n), 123456789123n]
    const n = values.length
    const a = makeView(reference, 'int64', contiguous([n, n]), (i) => values[i % n])
    const b = makeView(reference, 'int64', contiguous([n, n]), (i) => values[Math.floor(i / n)])
    const [x, y] = [E.input(0), E.input(1)]
    for (const expr of [
      E.add(x, y),
      E.sub(x, y),
      E.mul(x, y),
      E.div(x, y),
      E.rem(x, y),
      E.min(x, y),
      E.neg(x),
      E.abs(x),
      E.sign(x),
    ]) {
      const out = makeView(reference, 'int64', contiguous([n, n]), () => 0)
      const inputs = [a, b].map((v) => ({ ...v, storage: v.storage.retain() }))
      await expectAgreement(
        { kind: 'map', exprs: [expr], compute: 'int64', inputs, outputs: [out], scalars: [] },
        0,
        0,
        expr.op,
      )
    }
    for (const mask of [E.lt(x, y), E.ge(x, y), E.eq(x, y)]) {
      const out = makeView(reference, 'bool', contiguous([n, n]), () => 0)
      const inputs = [a, b].map((v) => ({ ...v, storage: v.storage.retain() }))
      await expectAgreement(
        { kind: 'map', exprs: [E.fromMask(mask)], compute: 'int64', inputs, outputs: [out], scalars: [] },
        0,
        0,
        mask.op,
      )
    }
  })
})
