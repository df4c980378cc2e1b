// Reductions on the GPU against the reference device, and their precision.
import { describe, expect, test } from 'vitest'
import { type ComputeType, computeType, type DType } from '../../../src/base/dtype.ts'
import * as e from '../../../src/base/expr.ts'
import type { Reduction, View } from '../../../src/runtime/spec.ts'
import { expectAgreement, noGpu, openGpu, readBack, reference } from '../../support/gpu.ts'
import { reductions, row } from '../../support/reductions.ts'
import { contiguous, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)

const [x, y, best, otherBest] = [e.input(0), e.input(1), e.acc(0), e.other(0)]

const without = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.map((size, d) => (axes.includes(d) ? 1 : size))
/** Multiples of 1/4, so that float32 sums are exact. */
function grid(random: Random, dtype: DType): (i: number) => number {
  const values = Array.from({ length: 997 }, () => random.int(-12, 12))
  return (i) => {
    const v = values[i % 997]
    if (dtype === 'bool') return v > 8 ? 1 : 0
    if (dtype === 'uint8') return Math.abs(v)
    return dtype.startsWith('float') ? v / 4 : v
  }
}

describe.skipIf(!connected)('reductions on the GPU', () => {
  test.each(Object.keys(reductions))(
    '%s of random shapes, axes, strides and dtypes agrees with the reference',
    async (name) => {
      const entry = reductions[name]
      const random = new Random(7)
      for (let round = 0; round < 8; round++) {
        const shape = Array.from({ length: random.int(0, 4) }, () => random.pick([1, 2, 3, 5, 8, 17, 33, 40]))
        while (shape.reduce((n, size) => n * size, 1) > 9000) shape.pop()
        const axes = shape.map((_, d) => d).filter(() => random.next() < 0.5)
        const compute = random.pick<ComputeType>(['float32', 'float32', 'float64', 'int32', 'int64'])
        const inputs = Array.from({ length: entry.inputs }, () => {
          const dtype = random.pick<DType>(
            compute.startsWith('float')
              ? ['float32', 'float16', 'uint8', 'int32']
              : ['int64', 'int32', 'uint8', 'bool'],
          )
          const view = makeView(reference, dtype, randomLayout(random, shape), grid(random, dtype))
          return { ...view, strides: view.strides.map((stride) => (random.next() < 0.15 ? 0 : stride)) }
        })
        const outputs = entry.reduction.finish.map((_, k) => {
          const dtype = entry.outputs?.[k] ?? (compute === 'float64' ? 'float32' : compute)
          return makeView(reference, dtype, randomLayout(random, without(shape, axes)), () => 77)
        })
        await expectAgreement(
          { kind: 'reduce', reduction: entry.reduction, compute, axes, inputs, outputs, scalars: entry.scalars },
          0,
          0,
          `round ${round} ${compute} [${shape}] axes [${axes}]`,
        )
      }
    },
  )

  const long: [number[], number[]][] = [
    [[40007], [0]],
    [[4001, 10], [0]],
    [[3, 10003], [1]],
    [
      [100, 3, 100],
      [0, 2],
    ],
    [[3, 2500, 3], [1]],
    [[700, 40], [0]],
    [[0], [0]],
    [[3, 0], [1]],
    [[0, 20], [0]],
    [[0, 20], [1]],
  ]
  test.each(['sum', 'argmax', 'moments'])('%s of long ranges in chunks, and of none', async (name) => {
    const { reduction, outputs: dtypes, scalars } = reductions[name]
    const random = new Random(11)
    for (const [shape, axes] of long) {
      await expectAgreement(
        {
          kind: 'reduce',
          reduction,
          compute: 'float32',
          axes,
          inputs: [makeView(reference, 'float32', contiguous(shape), grid(random, 'float32'))],
          outputs: reduction.finish.map((_, k) =>
            makeView(reference, dtypes?.[k] ?? 'float32', contiguous(without(shape, axes)), () => 77),
          ),
          scalars,
        },
        1e-6,
        0,
        `[${shape}] axes [${axes}]`,
      )
    }
  })

  test('the first of equal maxima wins, and NaN wins over numbers', async () => {
    for (const n of [5, 5000, 50000]) {
      for (const [value, expected] of [
        [() => 3, 0],
        [(i: number) => (i % 4 === 3 ? 2 : 1), 3],
        [(i: number) => (i === n - 1 ? NaN : i), n - 1],
        [(i: number) => (i === 2 || i === n - 1 ? NaN : i), 2],
      ] as const) {
        const [found] = await readBack(
          {
            kind: 'reduce',
            reduction: reductions.argmax.reduction,
            compute: 'float32',
            axes: [0],
            inputs: [makeView(reference, 'float32', contiguous([n]), value)],
            outputs: [
              makeView(reference, 'float32', contiguous([1]), () => 0),
              makeView(reference, 'int64', contiguous([1]), () => 0),
            ],
            scalars: [],
          },
          [1],
        )
        expect(found).toEqual([expected])
      }
    }
  })

  test('int64 sums, maxima and their places are exact', async () => {
    const random = new Random(3)
    for (const name of ['sum', 'max', 'min', 'argmax', 'argmax', 'argmax']) {
      for (const shape of [[37], [90001]]) {
        const input = makeView(
          reference,
          'int64',
          contiguous(shape),
          () => BigInt(random.int(-1e9, 1e9)) * 8589934592n + BigInt(random.int(0, 1e9)),
        )
        const { reduction } = reductions[name]
        await expectAgreement({
          kind: 'reduce',
          reduction,
          compute: 'int64',
          axes: [0],
          inputs: [input],
          outputs: reduction.finish.map(() => makeView(reference, 'int64', contiguous([1]), () => 0)),
          scalars: [],
        })
      }
    }
  })

  test('a sum of a million numbers is good to two units in the last place', async () => {
    const random = new Random(5)
    let exact = 0
    const n = 2 ** 20 + 7
    const input = makeView(reference, 'float32', contiguous([n]), () => {
      const value = Math.fround(random.next())
      exact += value
      return value
    })
    const [found] = await readBack(
      {
        kind: 'reduce',
        reduction: reductions.sum.reduction,
        compute: computeType('float32'),
        axes: [0],
        inputs: [input],
        outputs: [makeView(reference, 'float32', contiguous([1]), () => 0)],
        scalars: [],
      },
      [0],
    )
    expect(Math.abs(found[0] / exact - 1)).toBeLessThan(2.4e-7)
  })

  test('mean and variance are good where the mean is a thousand deviations', async () => {
    const random = new Random(5)
    const [n, channels, pixels] = [40, 3, 900]
    const shape = [n, channels, pixels]
    const make = (): View => makeView(reference, 'float32', contiguous(shape), () => 1000 + random.normal())
    const input = make()
    const values = Float64Array.from(
      new Float32Array(input.storage.handle as ArrayBuffer).subarray(0, n * channels * pixels),
    )
    const part = 1 / (n * pixels)
    const means = [0, 1, 2].map(
      (c) => values.filter((_, i) => Math.floor(i / pixels) % channels === c).reduce((a, b) => a + b, 0) * part,
    )
    const variances = means.map(
      (mean, c) =>
        values.filter((_, i) => Math.floor(i / pixels) % channels === c).reduce((a, b) => a + (b - mean) ** 2, 0) *
        part,
    )
    const mean: Reduction = row(0, e.add(best, x), e.add(best, otherBest), [e.mul(best, e.scalar(0))])
    const output = (): View => makeView(reference, 'float32', contiguous([1, channels, 1]), () => 0)
    const spec = { kind: 'reduce', compute: 'float64', axes: [0, 2], scalars: [part] } as const
    const retained = { ...input, storage: input.storage.retain() }
    const [found] = await readBack({ ...spec, reduction: mean, inputs: [input], outputs: [output()] }, [0])
    found.forEach((value, c) => {
      expect(Math.abs(value - means[c])).toBeLessThan(1.3e-4)
    })
    const centre = makeView(reference, 'float32', contiguous([channels]), (c) => found[c])
    const spread: Reduction = row(0, e.fma(e.sub(x, y), e.sub(x, y), best), e.add(best, otherBest), [
      e.mul(best, e.scalar(0)),
    ])
    const [squares] = await readBack(
      { ...spec, reduction: spread, inputs: [retained, { ...centre, shape, strides: [0, 1, 0] }], outputs: [output()] },
      [0],
    )
    squares.forEach((value, c) => {
      expect(Math.abs(value / variances[c] - 1)).toBeLessThan(5e-7)
    })
  })
})
