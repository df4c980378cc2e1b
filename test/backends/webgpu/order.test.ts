// Scans and sorts on the GPU against the reference device.
import { describe, test } from 'vitest'
import { type DType, isFloating } from '../../../src/base/dtype.ts'
import { expectAgreement, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { contiguous, fromValues, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)

describe.skipIf(!connected)('scans on the GPU', () => {
  test.each(['sum', 'prod', 'max', 'min', 'logsumexp'] as const)(
    '%s agrees with the reference for random shapes, strides, axes and dtypes',
    async (op) => {
      const random = new Random(3)
      for (let round = 0; round < 12; round++) {
        const shape = [[7], [3, 5], [70, 3], [2, 300], [4, 66, 2], []][round % 6]
        const axis = shape.length === 0 ? 0 : random.int(0, shape.length - 1)
        const float = op === 'logsumexp' || round % 2 === 0
        const dtype = random.pick<DType>(
          float ? ['float32', 'float16', 'bfloat16'] : ['int64', 'int32', 'uint8', 'bool'],
        )
        const out = float ? dtype : random.pick<DType>(['int64', 'int32'])
        const values = Array.from({ length: 101 }, () =>
          isFloating(dtype)
            ? random.int(-6, 6) / (op === 'prod' ? 8 : 4)
            : random.int(dtype === 'int32' ? -3 : 0, dtype === 'bool' ? 1 : 4),
        )
        if (isFloating(dtype) && round % 4 === 0) values[round + 2] = [NaN, Infinity, -Infinity][(round / 4) % 3]
        const layout = () => randomLayout(random, shape)
        const x = makeView(reference, dtype, layout(), (i) => values[i % 101])
        const y = makeView(reference, out, layout(), () => 9)
        const indices = op === 'max' || op === 'min' ? makeView(reference, 'int64', layout(), () => 9) : null
        const tolerance = out === 'float16' ? 2e-3 : out === 'bfloat16' ? 1e-2 : 2e-6
        await expectAgreement(
          { kind: 'scan', op, x, out: y, indices, axis },
          tolerance,
          tolerance,
          `${dtype} [${shape}] axis ${axis}`,
        )
      }
    },
  )

  test('long axes in blocks: sums, and maxima with the last position of each', async () => {
    const random = new Random(4)
    for (const [shape, axis] of [
      [[2, 2100], 1],
      [[2100, 2], 0],
      [[1, 2048], 1],
      // More blocks than a workgroup has threads.
      [[530000], 0],
    ] as const) {
      if (shape[0] < 10000) {
        const x = makeView(reference, 'float32', contiguous(shape), () => random.int(-3, 3))
        const out = makeView(reference, 'float32', contiguous(shape), () => 9)
        await expectAgreement({ kind: 'scan', op: 'sum', x, out, indices: null, axis }, 0, 0, `sum [${shape}]`)
      }
      const whole = makeView(reference, 'int64', contiguous(shape), (i) =>
        i < 2500 ? -9 : random.int(-(10 ** 6), 10 ** 6),
      )
      const best = makeView(reference, 'int64', contiguous(shape), () => 0)
      const indices = makeView(reference, 'int64', contiguous(shape), () => -1)
      await expectAgreement({ kind: 'scan', op: 'max', x: whole, out: best, indices, axis }, 0, 0, `max [${shape}]`)
    }
    const lowest = makeView(reference, 'float32', contiguous([4100]), (i) =>
      i % 3 === 0 ? -Infinity : i % 1000 === 7 ? NaN : -Infinity,
    )
    const out = makeView(reference, 'float32', contiguous([4100]), () => 9)
    const indices = makeView(reference, 'int64', contiguous([4100]), () => -1)
    await expectAgreement({ kind: 'scan', op: 'max', x: lowest, out, indices, axis: 0 })
    const equal = makeView(reference, 'float32', contiguous([4100]), () => -Infinity)
    const [again, at] = [
      makeView(reference, 'float32', contiguous([4100]), () => 9),
      makeView(reference, 'int64', contiguous([4100]), () => -1),
    ]
    await expectAgreement({ kind: 'scan', op: 'max', x: equal, out: again, indices: at, axis: 0 })
  })

  test('a long running sum in float32 stays good to a few units in the last place, and log-sum-exps too', async () => {
    const random = new Random(6)
    const n = 30000
    for (const [op, tolerance] of [
      ['sum', 4e-7],
      ['logsumexp', 2e-6],
    ] as const) {
      const x = makeView(reference, 'float32', contiguous([n]), () => random.next())
      const out = makeView(reference, 'float32', contiguous([n]), () => 0)
      await expectAgreement({ kind: 'scan', op, x, out, indices: null, axis: 0 }, tolerance, 0, op)
    }
  })

  test('no elements', async () => {
    const x = makeView(reference, 'float32', contiguous([3, 0]), () => 0)
    await expectAgreement({ kind: 'scan', op: 'sum', x, out: x, indices: null, axis: 1 })
  })
})

describe.skipIf(!connected)('sorts on the GPU', () => {
  const special = [0, -0, NaN, Infinity, -Infinity, 1, -1, 2 ** -149, -(2 ** -149)]
  test.each(['float32', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'] as const)(
    '%s agrees with the reference: ties, NaN, any strides, any axis',
    async (dtype) => {
      const random = new Random(7)
      const floating = isFloating(dtype)
      const value = (): number => {
        if (dtype === 'bool') return random.int(0, 1)
        if (dtype === 'uint8') return random.int(0, 255)
        if (!floating) return random.int(-300, 300) * (random.next() < 0.2 ? 5_000_000 : 1)
        return random.next() < 0.2 ? random.pick(special) : random.next() < 0.3 ? random.int(-3, 3) : random.normal()
      }
      const wide = dtype === 'float32' || dtype === 'int64'
      for (const shape of wide ? [[], [1], [128], [300], [5, 64, 3], [2, 1100], [4, 0, 3]] : [[33], [5, 4, 3], [130]]) {
        for (const descending of [false, true]) {
          const axis = shape.length === 0 ? 0 : shape.length === 2 ? 1 : random.int(0, shape.length - 1)
          const x = makeView(reference, dtype, randomLayout(random, shape), value)
          const values = makeView(reference, dtype, randomLayout(random, shape), () => 1)
          const indices = makeView(reference, 'int64', randomLayout(random, shape), () => -7)
          await expectAgreement(
            { kind: 'sort', x, values, indices, axis, descending },
            0,
            0,
            `[${shape}] axis ${axis} ${descending}`,
          )
        }
      }
    },
  )

  test('long rows and long columns, in several blocks', async () => {
    const random = new Random(9)
    for (const [shape, axis, descending] of [
      [[9000], 0, false],
      [[1100, 2], 0, true],
    ] as const) {
      const x = makeView(reference, 'float32', contiguous(shape), () => random.int(-5000, 5000) / 8)
      const values = makeView(reference, 'float32', contiguous(shape), () => 1)
      const indices = makeView(reference, 'int64', contiguous(shape), () => -7)
      await expectAgreement({ kind: 'sort', x, values, indices, axis, descending }, 0, 0, `[${shape}]`)
    }
  })

  test('int64 values beyond 2^53 keep their order', async () => {
    const big = 2n ** 60n
    for (const n of [4, 400]) {
      const x = fromValues(
        reference,
        'int64',
        [n],
        Array.from({ length: n }, (_, i) => [big + 1n, big, -big - 1n, -big][i % 4]),
      )
      const [values, indices] = [0, 0].map(() => makeView(reference, 'int64', contiguous([n]), () => 0))
      await expectAgreement({ kind: 'sort', x, values, indices, axis: 0, descending: false })
    }
  })
})
