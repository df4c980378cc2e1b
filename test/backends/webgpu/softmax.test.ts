// Softmax and cross-entropy on the GPU against the reference device.
import { describe, expect, test } from 'vitest'
import { IndexError } from '../../../src/base/errors.ts'
import type { CrossEntropySpec } from '../../../src/runtime/spec.ts'
import { expectAgreement, noGpu, openGpu, readBack, reference } from '../../support/gpu.ts'
import { contiguous, fromValues, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
const ops = ['softmax', 'logSoftmax', 'softmaxGrad', 'logSoftmaxGrad'] as const
const tolerance = { float32: [2e-6, 2e-6], float16: [2e-3, 2e-3] } as const

describe.skipIf(!connected)('softmax on the GPU', () => {
  for (const dtype of ['float32', 'float16'] as const) {
    test.each(ops)(`%s of ${dtype} agrees with the reference: any axis, strides, odd lengths`, async (op) => {
      const random = new Random(17)
      const [relative, absolute] = tolerance[dtype]
      const shapes =
        dtype === 'float16' ? [[5], [7, 30]] : [[], [1], [33, 17], [3, 9, 66], [2, 3, 5, 8], [0, 3], [3, 0], [3, 1300]]
      for (const shape of shapes) {
        for (let axis = 0; axis < Math.max(1, shape.length); axis++) {
          const view = (fill: () => number) => makeView(reference, dtype, randomLayout(random, shape, 0.6), fill)
          const out = view(() => 7)
          const g = () => view(() => random.normal())
          // Sums of the gradient cancel: their error is that of the terms.
          const slack = op.endsWith('Grad') ? absolute * Math.sqrt(shape[axis] ?? 1) : absolute
          const note = `[${shape}] axis ${axis}`
          if (op === 'softmax' || op === 'logSoftmax') {
            const x = view(() => 3 * random.normal())
            await expectAgreement({ kind: 'softmax', op, axis, x, out }, relative, slack, note)
          } else {
            const y = view(op === 'softmaxGrad' ? () => random.next() / shape[axis] : () => -3 * random.next())
            await expectAgreement({ kind: 'softmax', op, axis, y, g: g(), out }, relative, slack, note)
          }
        }
      }
    })
  }

  test('large, infinite and NaN logits behave as in the formula', async () => {
    const rows = [
      [1000, 1001, 999, -1000, 1000],
      [-Infinity, 0, -Infinity, 1, 2],
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, 0, 1, 2, 3],
      [NaN, 0, 1, 2, 3],
      [0, 1, 2, 3, NaN],
    ].flat()
    for (const op of ['softmax', 'logSoftmax'] as const) {
      const x = fromValues(reference, 'float32', [6, 5], rows)
      const out = makeView(reference, 'float32', contiguous([6, 5]), () => 0)
      await expectAgreement({ kind: 'softmax', op, axis: 1, x, out }, 1e-6, 1e-7)
    }
  })

  test('a result may overwrite its source', async () => {
    const x = makeView(reference, 'float32', contiguous([3, 40]), (i) => (i % 7) / 3)
    await expectAgreement({ kind: 'softmax', op: 'softmax', axis: 1, x, out: x }, 1e-6, 1e-7)
  })
})

describe.skipIf(!connected)('cross-entropy on the GPU', () => {
  for (const [dtype, relative, absolute] of [
    ['float32', 2e-6, 2e-6],
    ['float16', 4e-3, 4e-3],
  ] as const) {
    test(`${dtype} agrees with the reference forward and backward, with strides and ignored rows`, async () => {
      const random = new Random(23)
      const sizes =
        dtype === 'float16'
          ? [[3, 10]]
          : [
              [1, 1],
              [256, 10],
              [17, 33],
              [5, 1000],
              [33, 2],
              [0, 4],
            ]
      for (const [rows, classes] of sizes) {
        for (const ignoreIndex of [-100, 0]) {
          const view = (shape: number[], fill: () => number) =>
            makeView(reference, dtype, randomLayout(random, shape, 0.5), fill)
          const label = (): number => (random.next() < 0.2 ? ignoreIndex : random.int(0, classes - 1))
          const common = () => ({
            x: view([rows, classes], () => 2 * random.normal()),
            target: makeView(reference, 'int64', randomLayout(random, [rows]), label),
            lse: view([rows], () => Math.log(classes) + random.normal()),
            ignoreIndex,
          })
          await expectAgreement(
            { kind: 'crossEntropy', pass: 'forward', ...common(), loss: view([rows], () => 9) },
            relative,
            4 * absolute,
          )
          const g = view([rows], () => random.normal())
          const out = view([rows, classes], () => 9)
          await expectAgreement(
            { kind: 'crossEntropy', pass: 'backward', ...common(), g, out },
            4 * relative,
            4 * absolute,
          )
        }
      }
    })
  }

  test('large logits do not overflow; an infinite maximum gives NaN', async () => {
    const x = fromValues(reference, 'float32', [3, 3], [1000, 1001, -1000, -Infinity, 0, 1, Infinity, 0, 0])
    const target = makeView(reference, 'int64', contiguous([3]), (i) => i)
    const [lse, loss] = [0, 0].map(() => makeView(reference, 'float32', contiguous([3]), () => 0))
    await expectAgreement(
      { kind: 'crossEntropy', pass: 'forward', x, target, lse, loss, ignoreIndex: -100 },
      1e-6,
      1e-6,
    )
  })

  test('an ignored row has a zero gradient even where its logits are NaN', async () => {
    const [lse, g] = [NaN, 1].map((value) => makeView(reference, 'float32', contiguous([2]), () => value))
    const [found] = await readBack(
      {
        kind: 'crossEntropy',
        pass: 'backward',
        x: makeView(reference, 'float32', contiguous([2, 5]), () => NaN),
        target: makeView(reference, 'int64', contiguous([2]), () => 3),
        lse,
        g,
        out: makeView(reference, 'float32', contiguous([2, 5]), () => 1),
        ignoreIndex: 3,
      },
      [0],
    )
    expect(found).toEqual(Array(10).fill(0))
  })

  test('a target out of range is an error when values are read, which names both values', async () => {
    for (const pass of ['forward', 'backward'] as const) {
      for (const bad of [10, -1]) {
        const rows = (): CrossEntropySpec['lse'] => makeView(reference, 'float32', contiguous([3]), () => 0)
        const matrix = (): CrossEntropySpec['x'] => makeView(reference, 'float32', contiguous([3, 10]), () => 0)
        const target = makeView(reference, 'int64', contiguous([3]), (i) => (i === 1 ? bad : 0))
        const common = { kind: 'crossEntropy', x: matrix(), target, lse: rows(), ignoreIndex: -100 } as const
        const spec: CrossEntropySpec =
          pass === 'forward' ? { ...common, pass, loss: rows() } : { ...common, pass, g: rows(), out: matrix() }
        const error = await readBack(spec, [0]).catch((e: unknown) => e)
        expect(error).toBeInstanceOf(IndexError)
        expect((error as Error).message).toContain(`crossEntropy: target: index ${bad} is out of range for size 10`)
      }
    }
  })
})
