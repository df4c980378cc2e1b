// Fused cross-entropy on the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { crossEntropy } from '../../src/backends/wasm/kernels/crossEntropy.ts'
import { IndexError } from '../../src/base/errors.ts'
import type { CrossEntropySpec } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, type Twin, twin, wasm } from '../support/devices.ts'
import { contiguous, Random, randomLayout, toNumbers } from '../support/views.ts'

const run = crossEntropy(wasm.engine)

interface Case {
  x: Twin
  target: Twin
  lse: Twin
  ignoreIndex: number
}
function forward({ x, target, lse, ignoreIndex }: Case, loss: Twin): void {
  const spec = (on: 'wasm' | 'reference'): CrossEntropySpec => ({
    kind: 'crossEntropy',
    pass: 'forward',
    x: x[on],
    target: target[on],
    lse: lse[on],
    loss: loss[on],
    ignoreIndex,
  })
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.crossEntropy(spec('reference'))
}
function backward({ x, target, lse, ignoreIndex }: Case, g: Twin, out: Twin): void {
  const spec = (on: 'wasm' | 'reference'): CrossEntropySpec => ({
    kind: 'crossEntropy',
    pass: 'backward',
    x: x[on],
    target: target[on],
    lse: lse[on],
    g: g[on],
    out: out[on],
    ignoreIndex,
  })
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.crossEntropy(spec('reference'))
}

const tolerance = {
  float32: [1e-6, 2e-6],
  float64: [1e-14, 4e-15],
  float16: [4e-3, 4e-3],
  bfloat16: [3.2e-2, 3.2e-2],
} as const

describe('crossEntropy', () => {
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const) {
    test(`${dtype} agrees with the reference forward and backward, with strides and ignored rows`, () => {
      const random = new Random(23)
      const [relative, absolute] = tolerance[dtype]
      for (const [rows, classes] of [
        [1, 1],
        [3, 10],
        [256, 10],
        [17, 33],
        [5, 1000],
        [1, 5],
        [33, 2],
        [0, 4],
      ]) {
        for (const ignoreIndex of [-100, 0]) {
          const x = twin(dtype, randomLayout(random, [rows, classes], 0.5), () => 2 * random.normal())
          const label = (): number => (random.next() < 0.2 ? ignoreIndex : random.int(0, classes - 1))
          const target = twin('int64', randomLayout(random, [rows]), label)
          const lse = twin(dtype, randomLayout(random, [rows]), () => 0)
          const loss = twin(dtype, randomLayout(random, [rows]), () => 9)
          const on = { x, target, lse, ignoreIndex }
          forward(on, loss)
          expectSame(lse, relative, absolute, 'lse')
          expectSame(loss, relative, 4 * absolute, 'loss')
          const g = twin(dtype, randomLayout(random, [rows]), () => random.normal())
          const out = twin(dtype, randomLayout(random, [rows, classes], 0.5), () => 9)
          backward(on, g, out)
          expectSame(out, relative, 4 * absolute, 'gradient')
          release(x, target, lse, loss, g, out)
        }
      }
    })
  }

  test('large logits do not overflow; an infinite maximum gives NaN', () => {
    const x = twin('float32', contiguous([3, 3]), (i) => [1000, 1001, -1000, -Infinity, 0, 1, Infinity, 0, 0][i])
    const target = twin('int64', contiguous([3]), (i) => i)
    const [lse, loss] = [twin('float32', contiguous([3]), () => 0), twin('float32', contiguous([3]), () => 0)]
    forward({ x, target, lse, ignoreIndex: -100 }, loss)
    expectSame(lse, 1e-6)
    expectSame(loss, 1e-6, 1e-4)
    expect(toNumbers(loss.wasm)[2]).toBeNaN()
  })

  test('an ignored row has a zero gradient even where its logits are NaN', () => {
    const x = twin('float32', contiguous([2, 5]), () => Number.NaN)
    const target = twin('int64', contiguous([2]), () => 3)
    const [lse, g] = [twin('float32', contiguous([2]), () => Number.NaN), twin('float32', contiguous([2]), () => 1)]
    const out = twin('float32', contiguous([2, 5]), () => 1)
    backward({ x, target, lse, ignoreIndex: 3 }, g, out)
    expectSame(out)
    expect(toNumbers(out.wasm)).toEqual(Array(10).fill(0))
  })

  test('a target out of range throws, names both values, and writes nothing', () => {
    for (const bad of [10, -1, 2 ** 33]) {
      const x = twin('float32', contiguous([3, 10]), () => 0)
      const target = twin('int64', contiguous([3]), (i) => (i === 1 ? bad : 0))
      const [lse, loss] = [twin('float32', contiguous([3]), () => 5), twin('float32', contiguous([3]), () => 5)]
      const call = (): void => forward({ x, target, lse, ignoreIndex: -100 }, loss)
      expect(call).toThrow(new IndexError(`crossEntropy: target ${bad} is out of range for 10 classes`))
      expect(toNumbers(loss.wasm)).toEqual([5, 5, 5])
    }
  })
})
