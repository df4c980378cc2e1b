// Softmax kernels on the WebAssembly device against the reference device.
import { describe, test } from 'vitest'
import { softmax } from '../../src/backends/wasm/kernels/softmax.ts'
import type { SoftmaxSpec } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, type Twin, twin, wasm } from '../support/devices.ts'
import { contiguous, Random, randomLayout } from '../support/views.ts'

const run = softmax(wasm.engine)
const ops = ['softmax', 'logSoftmax', 'softmaxGrad', 'logSoftmaxGrad'] as const

function both(op: SoftmaxSpec['op'], axis: number, sources: Twin[], out: Twin): void {
  const spec = (on: 'wasm' | 'reference'): SoftmaxSpec =>
    op === 'softmax' || op === 'logSoftmax'
      ? { kind: 'softmax', op, axis, x: sources[0][on], out: out[on] }
      : { kind: 'softmax', op, axis, y: sources[0][on], g: sources[1][on], out: out[on] }
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.softmax(spec('reference'))
}

const tolerance = {
  float32: [1e-6, 2e-6],
  float64: [1e-14, 4e-15],
  float16: [2e-3, 2e-3],
  bfloat16: [1.6e-2, 1.6e-2],
} as const

describe('softmax', () => {
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const) {
    for (const op of ops) {
      test(`${op} of ${dtype} agrees with the reference: any axis, strides, odd lengths`, () => {
        const random = new Random(17)
        const [relative, absolute] = tolerance[dtype]
        const shapes = [
          [1],
          [5],
          [3, 10],
          [10, 3],
          [33, 17],
          [2, 5, 7],
          [3, 9, 66],
          [4, 1, 3],
          [2, 3, 5, 8],
          [0, 3],
          [3, 300],
        ]
        for (const shape of shapes) {
          for (let axis = 0; axis < shape.length; axis++) {
            const layout = () => randomLayout(random, shape, 0.6)
            const first = op === 'softmaxGrad' ? () => random.next() / shape[axis] : () => -3 * random.next()
            const a = twin(dtype, layout(), op === 'softmax' || op === 'logSoftmax' ? () => 3 * random.normal() : first)
            const g = twin(dtype, layout(), () => random.normal())
            const out = twin(dtype, layout(), () => 7)
            both(op, axis, [a, g], out)
            // Sums of the gradient cancel: their error is that of the terms.
            const sum = op.endsWith('Grad') ? absolute * Math.sqrt(shape[axis]) : absolute
            expectSame(out, relative, sum, `[${shape}] axis ${axis}`)
            release(a, g, out)
          }
        }
      })
    }
  }

  test('large, infinite and NaN logits behave as in the formula', () => {
    const rows = [
      [1000, 1001, 999, -1000, 1000],
      [-Infinity, 0, -Infinity, 1, 2],
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, 0, 1, 2, 3],
      [Number.NaN, 0, 1, 2, 3],
      [0, 1, 2, 3, Number.NaN],
    ]
    for (const op of ['softmax', 'logSoftmax'] as const) {
      for (const axis of [0, 1]) {
        const value = (i: number): number =>
          axis === 1 ? rows[Math.floor(i / 5)][i % 5] : rows[i % 6][Math.floor(i / 6)]
        const shape = axis === 1 ? [6, 5] : [5, 6]
        const [x, out] = [twin('float32', contiguous(shape), value), twin('float32', contiguous(shape), () => 0)]
        both(op, axis, [x], out)
        expectSame(out, 1e-6, 1e-7)
      }
    }
  })

  test('long rows and many rows over all threads', () => {
    const random = new Random(2)
    for (const shape of [
      [7, 20_011],
      [3000, 10],
    ]) {
      const [x, out] = [
        twin('float32', contiguous(shape), () => random.normal()),
        twin('float32', contiguous(shape), () => 0),
      ]
      both('softmax', 1, [x], out)
      expectSame(out, 2e-6, 1e-9)
      release(x, out)
    }
  })
})
