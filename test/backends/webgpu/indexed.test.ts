// Gather and scatter on the GPU against the reference device.
import { describe, expect, test } from 'vitest'
import type { DType } from '../../../src/base/dtype.ts'
import { IndexError } from '../../../src/base/errors.ts'
import type { View } from '../../../src/runtime/spec.ts'
import { expectAgreement, noGpu, openGpu, readBack, reference } from '../../support/gpu.ts'
import { contiguous, fromValues, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
const dtypes = ['float32', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'] as const satisfies DType[]
const ops = ['set', 'add', 'mul', 'max', 'min'] as const
const shapes = [[7], [5, 1, 4], [2, 3, 5, 3], [6, 33]]

const replaced = (shape: readonly number[], d: number, value: number): number[] =>
  shape.map((size, k) => (k === d ? value : size))
const reshaped = (view: View, shape: readonly number[], strides: readonly number[]): View => ({
  ...view,
  shape,
  strides,
})
/** Small whole numbers: sums and products are exact in every dtype. */
const small = (random: Random, dtype: DType, high: number): number => random.int(0, dtype === 'bool' ? 1 : high)
const made = (dtype: DType, shape: readonly number[], fill: (i: number) => number): View =>
  makeView(reference, dtype, contiguous(shape), fill)

describe.skipIf(!connected)('gather on the GPU', () => {
  test.each(dtypes)('%s agrees with the reference along any dimension, with any strides', async (dtype) => {
    const random = new Random(11)
    for (const shape of shapes) {
      const d = random.int(0, shape.length - 1)
      const outShape = replaced(shape, d, random.pick([1, 3, 17]))
      const x = makeView(reference, dtype, randomLayout(random, shape), () => small(random, dtype, 100))
      const out = makeView(reference, dtype, randomLayout(random, outShape), () => 1)
      const index = makeView(reference, 'int64', randomLayout(random, outShape), () =>
        random.int(-shape[d], shape[d] - 1),
      )
      const indices = [{ index, stride: x.strides[d], size: shape[d] }]
      await expectAgreement({ kind: 'gather', x: reshaped(x, outShape, replaced(x.strides, d, 0)), indices, out })
    }
  })

  test('rows of a table, and elements of a matrix by two indices; every bit of a float stays', async () => {
    const random = new Random(5)
    const table = made('float32', [10, 33], (i) => [NaN, Infinity, 2 ** -149, -0][i] ?? i)
    const index = reshaped(
      made('int64', [70], () => random.int(-10, 9)),
      [70, 33],
      [1, 0],
    )
    const x = reshaped(table, [70, 33], [0, 1])
    await expectAgreement({
      kind: 'gather',
      x,
      indices: [{ index, stride: 33, size: 10 }],
      out: made('float32', [70, 33], () => 1),
    })
    const indices = [
      { index: made('int64', [40], () => random.int(0, 3)), stride: 5, size: 4 },
      { index: made('int64', [40], () => random.int(-5, 4)), stride: 1, size: 5 },
    ]
    const matrix = reshaped(
      made('int64', [4, 5], (i) => i),
      [40],
      [0],
    )
    await expectAgreement({ kind: 'gather', x: matrix, indices, out: made('int64', [40], () => 1) })
  })

  test('an index out of range is an error when values are read, which names both values', async () => {
    for (const bad of [5, -6]) {
      const x = reshaped(
        made('float32', [5], (i) => i),
        [3],
        [0],
      )
      const index = fromValues(reference, 'int64', [3], [0, bad, 1])
      const spec = {
        kind: 'gather',
        x,
        indices: [{ index, stride: 1, size: 5 }],
        out: made('float32', [3], () => 0),
      } as const
      const error = await readBack(spec, [0]).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(IndexError)
      expect((error as Error).message).toContain(`gather: index ${bad} is out of range for size 5`)
    }
  })
})

describe.skipIf(!connected)('scatter on the GPU', () => {
  for (const dtype of dtypes) {
    test.each(ops)(
      `%s of ${dtype} agrees with the reference along any dimension, also where indices meet`,
      async (op) => {
        const random = new Random(13)
        for (const shape of shapes.slice(op === 'set' || dtype === 'float32' ? 0 : 2)) {
          const d = random.int(0, shape.length - 1)
          const xShape = replaced(shape, d, random.pick([1, 3, 11]))
          const value = (): number => small(random, dtype, op === 'mul' ? 2 : 9)
          const x = makeView(reference, dtype, randomLayout(random, xShape), value)
          const out = makeView(reference, dtype, randomLayout(random, shape), value)
          const index = makeView(reference, 'int64', randomLayout(random, xShape), () =>
            random.int(-shape[d], shape[d] - 1),
          )
          const indices = [{ index, stride: out.strides[d], size: shape[d] }]
          const seen = reshaped(out, xShape, replaced(out.strides, d, 0))
          await expectAgreement({ kind: 'scatter', op, x, indices, out: seen }, 0, 0, `[${shape}] dimension ${d}`)
        }
      },
    )
  }

  test('rows of a table are added up in order, as the gradient of an embedding', async () => {
    const random = new Random(5)
    for (const [rows, width, count] of [
      [10, 64, 700],
      [4, 17, 5],
      [3, 300, 260],
      [40, 1, 1000],
    ]) {
      for (const op of ['add', 'set'] as const) {
        const x = made('float32', [count, width], () => random.normal())
        const index = reshaped(
          made('int64', [count], () => random.int(-rows, rows - 1)),
          [count, width],
          [1, 0],
        )
        const out = reshaped(
          made('float32', [rows, width], () => 1),
          [count, width],
          [0, 1],
        )
        await expectAgreement({ kind: 'scatter', op, x, indices: [{ index, stride: width, size: rows }], out })
      }
    }
  })

  test('many targets of many sources are added up in order, too', async () => {
    const random = new Random(8)
    const [targets, sources] = [2000, 9000]
    const index = (shape: number[], size: number): View =>
      made('int64', shape, () => random.int(0, random.next() < 0.2 ? 2 : size - 1))
    const line = reshaped(
      made('float32', [targets], () => 1),
      [sources],
      [0],
    )
    await expectAgreement({
      kind: 'scatter',
      op: 'add',
      x: made('float32', [sources], () => random.normal()),
      indices: [{ index: index([sources], targets), stride: 1, size: targets }],
      out: line,
    })
    const [rows, width] = [2000, 4]
    await expectAgreement({
      kind: 'scatter',
      op: 'max',
      x: made('int64', [2100, width], () => random.int(-1000, 1000)),
      indices: [{ index: index([2100, width], rows), stride: width, size: rows }],
      out: reshaped(
        made('int64', [rows, width], () => 1),
        [2100, width],
        [0, 1],
      ),
    })
  })

  test('two index tensors write elements of a matrix, the last one at each place', async () => {
    const random = new Random(3)
    for (const op of ['set', 'add'] as const) {
      const indices = [
        { index: made('int64', [40], () => random.int(0, 3)), stride: 5, size: 4 },
        { index: made('int64', [40], () => random.int(-5, 4)), stride: 1, size: 5 },
      ]
      const out = reshaped(
        made('float32', [4, 5], () => 0),
        [40],
        [0],
      )
      await expectAgreement({ kind: 'scatter', op, x: made('float32', [40], (i) => i), indices, out })
    }
  })

  test('max keeps NaN', async () => {
    const x = fromValues(reference, 'float32', [4], [NaN, 3, 0, 2])
    const index = fromValues(reference, 'int64', [4], [0, 0, 1, 1])
    const out = reshaped(
      made('float32', [2], () => 1),
      [4],
      [0],
    )
    await expectAgreement({ kind: 'scatter', op: 'max', x, indices: [{ index, stride: 1, size: 2 }], out })
  })

  test('no source writes nothing', async () => {
    const out = reshaped(
      made('float32', [5], (i) => i),
      [0],
      [0],
    )
    const indices = [{ index: made('int64', [0], () => 0), stride: 1, size: 5 }]
    await expectAgreement({ kind: 'scatter', op: 'add', x: made('float32', [0], () => 0), indices, out })
  })

  test('an index out of range is an error when values are read', async () => {
    for (const op of ['set', 'add'] as const) {
      const index = fromValues(reference, 'int64', [4], [0, 1, 2, 5])
      const out = reshaped(
        made('float32', [5], (i) => i),
        [4],
        [0],
      )
      const x = made('float32', [4], () => 100)
      const error = await readBack(
        { kind: 'scatter', op, x, indices: [{ index, stride: 1, size: 5 }], out },
        [0],
      ).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(IndexError)
      expect((error as Error).message).toContain('scatter: index 5 is out of range for size 5')
    }
  })
})
