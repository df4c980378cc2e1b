// Gather on the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { gather } from '../../src/backends/wasm/kernels/gather.ts'
import type { DType } from '../../src/base/dtype.ts'
import { IndexError } from '../../src/base/errors.ts'
import { contiguousStrides } from '../../src/base/shape.ts'
import type { GatherSpec, IndexOperand } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, reshaped, type Twin, twin, wasm } from '../support/devices.ts'
import { contiguous, Random, randomLayout } from '../support/views.ts'

const run = gather(wasm.engine)
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

interface Indexed {
  index: Twin
  stride: number
  size: number
}
function both(x: Twin, indices: Indexed[], out: Twin): void {
  const spec = (on: 'wasm' | 'reference'): GatherSpec => ({
    kind: 'gather',
    x: x[on],
    indices: indices.map(({ index, stride, size }): IndexOperand => ({ index: index[on], stride, size })),
    out: out[on],
  })
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.gather(spec('reference'))
}

/** `shape` with dimension d replaced. */
const replaced = (shape: readonly number[], d: number, value: number): number[] =>
  shape.map((size, k) => (k === d ? value : size))

describe('gather', () => {
  for (const dtype of dtypes) {
    test(`${dtype} agrees with the reference along any dimension, with any strides`, () => {
      const random = new Random(11)
      const value = (): number => (dtype === 'bool' ? random.int(0, 1) : random.int(0, 100))
      for (const shape of [[1], [7], [3, 5], [5, 1, 4], [2, 3, 5, 3], [40, 33]]) {
        const d = random.int(0, shape.length - 1)
        const count = random.pick([1, 3, 17])
        const outShape = replaced(shape, d, count)
        const x = twin(dtype, randomLayout(random, shape), value)
        const index = twin('int64', randomLayout(random, outShape), () => random.int(-shape[d], shape[d] - 1))
        const out = twin(dtype, randomLayout(random, outShape), () => 1)
        const seen = reshaped(x, { shape: outShape, strides: replaced(x.wasm.strides, d, 0) })
        both(seen, [{ index, stride: x.wasm.strides[d], size: shape[d] }], out)
        expectSame(out)
        release(x, index, out)
      }
    })

    test(`${dtype} rows of a table, as an embedding reads them`, () => {
      const random = new Random(5)
      for (const [rows, width, count] of [
        [10, 64, 300],
        [10, 3, 33],
        [5, 1, 5],
        [7, 33, 1000],
      ]) {
        const x = twin(dtype, contiguous([rows, width]), (i) => (dtype === 'bool' ? i % 2 : i % 200))
        const index = reshaped(
          twin('int64', contiguous([count]), () => random.int(-rows, rows - 1)),
          { shape: [count, width], strides: [1, 0] },
        )
        const out = twin(dtype, contiguous([count, width]), () => 1)
        both(reshaped(x, { shape: [count, width], strides: [0, 1] }), [{ index, stride: width, size: rows }], out)
        expectSame(out)
        release(x, index, out)
      }
    })
  }

  test('two index tensors that broadcast against each other', () => {
    const random = new Random(3)
    const x = twin('float32', contiguous([4, 5, 3]), (i) => i)
    const a = reshaped(
      twin('int64', contiguous([6]), () => random.int(-4, 3)),
      { shape: [6, 2, 3], strides: [1, 0, 0] },
    )
    const b = reshaped(
      twin('int64', contiguous([2]), () => random.int(-5, 4)),
      { shape: [6, 2, 3], strides: [0, 1, 0] },
    )
    const out = twin('float32', randomLayout(random, [6, 2, 3], 0), () => -1)
    const indices = [
      { index: a, stride: 15, size: 4 },
      { index: b, stride: 3, size: 5 },
    ]
    both(reshaped(x, { shape: [6, 2, 3], strides: [0, 0, 1] }), indices, out)
    expectSame(out)
  })

  test('a large gather over all threads', () => {
    const random = new Random(9)
    const x = twin('float32', contiguous([1000]), (i) => i)
    const index = twin('int64', contiguous([300_000]), () => random.int(-1000, 999))
    const out = twin('float32', contiguous([300_000]), () => 0)
    both(reshaped(x, { shape: [300_000], strides: [0] }), [{ index, stride: 1, size: 1000 }], out)
    expectSame(out)
    release(x, index, out)
  })

  test('an index out of range throws and names the first one', () => {
    const x = twin('float32', contiguous([5]), (i) => i)
    const out = twin('float32', contiguous([4]), () => 0)
    for (const bad of [5, -6, 2 ** 40]) {
      const index = twin('int64', contiguous([4]), (i) => (i === 1 ? bad : i === 3 ? 99 : 0))
      const seen = reshaped(x, { shape: [4], strides: [0] })
      const indices = [{ index: index.wasm, stride: 1, size: 5 }]
      const call = (): void => wasm.engine.session(() => run({ kind: 'gather', x: seen.wasm, indices, out: out.wasm }))
      expect(call).toThrow(new IndexError(`gather: index ${bad} is out of range for size 5`))
    }
  })

  test('empty results are fine', () => {
    const x = twin('float32', contiguous([5, 3]), (i) => i)
    const index = reshaped(
      twin('int64', contiguous([0]), () => 0),
      { shape: [0, 3], strides: [1, 0] },
    )
    const out = twin('float32', contiguous([0, 3]), () => 0)
    both(reshaped(x, { shape: [0, 3], strides: contiguousStrides([0, 3]) }), [{ index, stride: 3, size: 5 }], out)
  })
})
