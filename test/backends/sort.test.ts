// Sort on the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { sort } from '../../src/backends/wasm/kernels/sort.ts'
import { type DType, isFloating } from '../../src/base/dtype.ts'
import type { SortSpec } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, type Twin, twin, wasm } from '../support/devices.ts'
import { contiguous, Random, randomLayout } from '../support/views.ts'

const run = sort(wasm.engine)

function both(x: Twin, values: Twin, indices: Twin, axis: number, descending: boolean): void {
  const spec = (on: 'wasm' | 'reference'): SortSpec => ({
    kind: 'sort',
    x: x[on],
    values: values[on],
    indices: indices[on],
    axis,
    descending,
  })
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.sort(spec('reference'))
}

const special = [0, -0, Number.NaN, Infinity, -Infinity, 1, -1]

describe('sort', () => {
  for (const dtype of [
    'float32',
    'float64',
    'float16',
    'bfloat16',
    'int64',
    'int32',
    'uint8',
    'bool',
  ] as const satisfies DType[]) {
    test(`${dtype} agrees with the reference: ties, NaN, any strides, any axis`, () => {
      const random = new Random(7)
      const floating = isFloating(dtype)
      const value = (): number => {
        if (dtype === 'bool') return random.int(0, 1)
        if (dtype === 'uint8') return random.int(0, 255)
        if (!floating) return random.int(-300, 300) * (random.next() < 0.2 ? 5_000_000 : 1)
        return random.next() < 0.2 ? random.pick(special) : random.next() < 0.3 ? random.int(-3, 3) : random.normal()
      }
      for (const shape of [[1], [5], [33], [300], [3, 17], [5, 64, 3], [2, 1, 100], [4, 0, 3]]) {
        for (const descending of [false, true]) {
          const axis = random.int(0, shape.length - 1)
          const x = twin(dtype, randomLayout(random, shape), value)
          const values = twin(dtype, randomLayout(random, shape), () => 1)
          const indices = twin('int64', randomLayout(random, shape), () => -7)
          both(x, values, indices, axis, descending)
          expectSame(values)
          expectSame(indices)
          release(x, values, indices)
        }
      }
    })
  }

  test('int64 values beyond 2^53 keep their order', () => {
    const big = 2n ** 60n
    const x = twin('int64', contiguous([4]), (i) => [big + 1n, big, -big - 1n, -big][i])
    const [values, indices] = [twin('int64', contiguous([4]), () => 0), twin('int64', contiguous([4]), () => 0)]
    both(x, values, indices, 0, false)
    expectSame(indices)
    expect(
      Array.from({ length: 4 }, (_, i) => wasm.engine.i64[(indices.wasm.storage.handle as number) / 8 + i]),
    ).toEqual([2n, 3n, 1n, 0n])
  })
})
