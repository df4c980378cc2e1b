// Scatter on the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { scatter } from '../../src/backends/wasm/kernels/scatter.ts'
import type { DType } from '../../src/base/dtype.ts'
import { IndexError } from '../../src/base/errors.ts'
import type { IndexOperand, ScatterSpec } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, reshaped, type Twin, twin, wasm } from '../support/devices.ts'
import { contiguous, Random, randomLayout, toNumbers } from '../support/views.ts'

const run = scatter(wasm.engine)
const dtypes = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'uint8',
  'bool',
] as const satisfies DType[]
const ops = ['set', 'add', 'mul', 'max', 'min'] as const

interface Indexed {
  index: Twin
  stride: number
  size: number
}
function both(op: ScatterSpec['op'], x: Twin, indices: Indexed[], out: Twin): void {
  const spec = (on: 'wasm' | 'reference'): ScatterSpec => ({
    kind: 'scatter',
    op,
    x: x[on],
    indices: indices.map(({ index, stride, size }): IndexOperand => ({ index: index[on], stride, size })),
    out: out[on],
  })
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.scatter(spec('reference'))
}

const replaced = (shape: readonly number[], d: number, value: number): number[] =>
  shape.map((size, k) => (k === d ? value : size))

describe('scatter', () => {
  for (const dtype of dtypes) {
    for (const op of ops) {
      test(`${op} of ${dtype} agrees with the reference along any dimension, also where indices meet`, () => {
        const random = new Random(13)
        // Small whole numbers: sums and products are exact in every dtype.
        const value = (): number => (dtype === 'bool' ? random.int(0, 1) : random.int(0, op === 'mul' ? 2 : 9))
        for (const shape of [[1], [7], [3, 5], [5, 1, 4], [2, 3, 5, 3], [6, 33]]) {
          const d = random.int(0, shape.length - 1)
          const xShape = replaced(shape, d, random.pick([1, 3, 11]))
          const x = twin(dtype, randomLayout(random, xShape), value)
          const index = twin('int64', randomLayout(random, xShape), () => random.int(-shape[d], shape[d] - 1))
          const out = twin(dtype, randomLayout(random, shape), value)
          const seen = reshaped(out, { shape: xShape, strides: replaced(out.wasm.strides, d, 0) })
          both(op, x, [{ index, stride: out.wasm.strides[d], size: shape[d] }], seen)
          expectSame(out)
          release(x, index, out)
        }
      })
    }
  }

  test('rows of a table are added up in order, as the gradient of an embedding', () => {
    const random = new Random(5)
    for (const [rows, width, count] of [
      [10, 64, 700],
      [10, 3, 33],
      [4, 17, 5],
      [3, 200, 400],
    ]) {
      const x = twin('float32', contiguous([count, width]), () => random.int(-50, 50))
      const index = reshaped(
        twin('int64', contiguous([count]), () => random.int(-rows, rows - 1)),
        { shape: [count, width], strides: [1, 0] },
      )
      for (const op of ['add', 'set'] as const) {
        const out = twin('float32', contiguous([rows, width]), () => 1)
        both(op, x, [{ index, stride: width, size: rows }], reshaped(out, { shape: [count, width], strides: [0, 1] }))
        expectSame(out)
        release(out)
      }
      release(x, index)
    }
  })

  test('two index tensors write elements of a matrix', () => {
    const random = new Random(3)
    const out = twin('float64', contiguous([4, 5]), () => 0)
    const [a, b] = [
      twin('int64', contiguous([40]), () => random.int(0, 3)),
      twin('int64', contiguous([40]), () => random.int(-5, 4)),
    ]
    const x = twin('float64', contiguous([40]), (i) => i)
    const indices = [
      { index: a, stride: 5, size: 4 },
      { index: b, stride: 1, size: 5 },
    ]
    both('set', x, indices, reshaped(out, { shape: [40], strides: [0] }))
    expectSame(out)
  })

  test('max keeps NaN', () => {
    const out = twin('float32', contiguous([2]), () => 1)
    const x = twin('float32', contiguous([4]), (i) => [Number.NaN, 3, 0, 2][i])
    const index = twin('int64', contiguous([4]), (i) => [0, 0, 1, 1][i])
    both('max', x, [{ index, stride: 1, size: 2 }], reshaped(out, { shape: [4], strides: [0] }))
    expect(toNumbers(out.wasm)).toEqual([Number.NaN, 2])
    expectSame(out)
  })

  test('an index out of range throws before anything is written', () => {
    const out = twin('float32', contiguous([5]), (i) => i)
    const x = twin('float32', contiguous([4]), () => 100)
    const index = twin('int64', contiguous([4]), (i) => [0, 1, 2, 5][i])
    const seen = reshaped(out, { shape: [4], strides: [0] })
    const indices = [{ index: index.wasm, stride: 1, size: 5 }]
    const call = (): void =>
      wasm.engine.session(() => run({ kind: 'scatter', op: 'add', x: x.wasm, indices, out: seen.wasm }))
    expect(call).toThrow(new IndexError('scatter: index 5 is out of range for size 5'))
    expect(toNumbers(out.wasm)).toEqual([0, 1, 2, 3, 4])
  })
})
