// Reductions of the WebAssembly device against the reference device: seeded random shapes, axes, strides and dtypes.
import { describe, expect, test } from 'vitest'
import { referenceBackend } from '../../src/backends/reference/index.ts'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { WasmBackend, wasmBackend } from '../../src/backends/wasm/index.ts'
import { type ComputeType, computeType, type DType, isFloating } from '../../src/base/dtype.ts'
import * as e from '../../src/base/expr.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { Reduction, View } from '../../src/runtime/spec.ts'
import { contiguous, expectClose, type Layout, makeView, Random, randomLayout, toNumbers } from '../support/views.ts'

const devices: Backend[] = [wasmBackend(), referenceBackend()]
const [x, y, best, at] = [e.input(0), e.input(1), e.acc(0), e.acc(1)]
const [otherBest, otherAt] = [e.other(0), e.other(1)]

const row = (init: number, step: e.Expr, combine: e.Expr, finish: e.Expr[] = [best]): Reduction => ({
  accTypes: ['v'],
  init: [init],
  step: [step],
  combine: [combine],
  finish,
})
const sum = row(0, e.add(best, x), e.add(best, otherBest))
/** First position of the largest element; NaN wins. */
const better = e.or(e.gt(x, best), e.and(e.isNaN(x), e.not(e.isNaN(best))))
const otherBetter = e.or(
  e.or(e.gt(otherBest, best), e.and(e.isNaN(otherBest), e.not(e.isNaN(best)))),
  e.and(e.or(e.eq(otherBest, best), e.and(e.isNaN(otherBest), e.isNaN(best))), e.lt(otherAt, at)),
)
const argmax: Reduction = {
  accTypes: ['v', 'i'],
  init: [-Infinity, 2147483647],
  step: [e.where(better, x, best), e.where(better, e.position, at)],
  combine: [e.where(otherBetter, otherBest, best), e.where(otherBetter, otherAt, at)],
  finish: [best, at],
}
const moments: Reduction = {
  accTypes: ['v', 'v'],
  init: [0, 0],
  step: [e.add(best, x), e.add(at, e.mul(x, x))],
  combine: [e.add(best, otherBest), e.add(at, otherAt)],
  finish: [e.mul(best, e.scalar(0)), e.mul(at, e.scalar(0))],
}
const reductions: { name: string; reduction: Reduction; inputs: number; outputs: DType[] | null; scalars: number[] }[] =
  [
    { name: 'sum', reduction: sum, inputs: 1, outputs: null, scalars: [] },
    {
      name: 'max',
      reduction: row(-Infinity, e.max(best, x), e.max(best, otherBest)),
      inputs: 1,
      outputs: null,
      scalars: [],
    },
    {
      name: 'dot',
      reduction: row(0, e.add(best, e.mul(x, y)), e.add(best, otherBest), [e.mul(best, e.scalar(0))]),
      inputs: 2,
      outputs: null,
      scalars: [2],
    },
    {
      name: 'any',
      reduction: row(0, e.max(best, e.fromMask(e.ne(x, 0))), e.max(best, otherBest)),
      inputs: 1,
      outputs: ['bool'],
      scalars: [],
    },
    {
      name: 'scalars in the step',
      reduction: row(0, e.add(best, e.mul(e.add(x, e.scalar(1)), e.scalar(0))), e.add(best, otherBest)),
      inputs: 1,
      outputs: null,
      scalars: [2, 3],
    },
    { name: 'argmax', reduction: argmax, inputs: 1, outputs: ['float32', 'int64'], scalars: [] },
    { name: 'moments', reduction: moments, inputs: 1, outputs: ['float32', 'float64'], scalars: [0.25] },
  ]

interface Operand {
  readonly dtype: DType
  readonly layout: Layout
  readonly fill: (i: number) => number
}
function check(
  entry: (typeof reductions)[number],
  compute: ComputeType,
  axes: number[],
  inputs: Operand[],
  outputs: Operand[],
  relative = 0,
  note = '',
): View[] {
  const results = devices.map((device) => {
    const make = ({ dtype, layout, fill }: Operand): View => makeView(device, dtype, layout, fill)
    const made = { inputs: inputs.map(make), outputs: outputs.map(make) }
    device.kernels.reduce({
      kind: 'reduce',
      reduction: entry.reduction,
      compute,
      axes,
      scalars: entry.scalars,
      ...made,
    })
    return made.outputs
  })
  results[0].forEach((view, k) => expectClose(view, results[1][k], relative, 0, note))
  return results[0]
}
const without = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.map((size, d) => (axes.includes(d) ? 1 : size))
/** Multiples of 1/4, so that float32 sums are exact. */
const grid = (random: Random, dtype: DType): ((i: number) => number) => {
  const values = Array.from({ length: 997 }, () => random.int(-12, 12))
  return (i) => {
    const v = values[i % 997]
    if (dtype === 'bool') return v > 8 ? 1 : 0
    if (dtype === 'uint8') return Math.abs(v)
    return isFloating(dtype) ? v / 4 : v
  }
}

describe('reduce', () => {
  for (const entry of reductions) {
    test(`${entry.name} agrees with the reference for random shapes, axes, strides and dtypes`, () => {
      const random = new Random(7)
      for (let round = 0; round < 150; round++) {
        const shape = Array.from({ length: random.int(0, 4) }, () => random.pick([1, 2, 3, 5, 7, 8, 9, 16, 17, 33, 40]))
        while (shape.reduce((n, size) => n * size, 1) > 60000) shape.pop()
        const axes = shape.map((_, d) => d).filter(() => random.next() < 0.5)
        const compute = random.pick<ComputeType>(['float32', 'float32', 'float64', 'int32', 'int64'])
        const inputs = Array.from({ length: entry.inputs }, (): Operand => {
          const dtype = random.pick<DType>(
            compute.startsWith('float')
              ? ['float32', 'float64', 'float16', 'bfloat16', 'uint8', 'int32']
              : ['int64', 'int32', 'uint8', 'bool'],
          )
          const layout = randomLayout(random, shape)
          const strides = layout.strides.map((stride) => (random.next() < 0.15 ? 0 : stride))
          return { dtype, layout: { ...layout, strides }, fill: grid(random, dtype) }
        })
        const outputs = entry.reduction.finish.map((_, k): Operand => {
          const dtype = entry.outputs?.[k] ?? compute
          return { dtype, layout: randomLayout(random, without(shape, axes)), fill: () => 77 }
        })
        check(entry, compute, axes, inputs, outputs, 0, `round ${round} ${compute} [${shape}] axes [${axes}]`)
      }
    })
  }

  test('long ranges in chunks: all of a vector, columns, rows, middle dimensions', () => {
    const random = new Random(11)
    const cases: [number[], number[]][] = [
      [[140007], [0]],
      [[14001, 10], [0]],
      [[3, 50003], [1]],
      [
        [3000, 3, 20],
        [0, 2],
      ],
      [[7, 7000, 3], [1]],
      [
        [64, 8, 300],
        [0, 2],
      ],
      [[4000, 40], [0]],
    ]
    for (const entry of reductions) {
      for (const [shape, axes] of cases) {
        const inputs = Array.from(
          { length: entry.inputs },
          (): Operand => ({ dtype: 'float32', layout: contiguous(shape), fill: grid(random, 'float32') }),
        )
        const outputs = entry.reduction.finish.map(
          (_, k): Operand => ({
            dtype: entry.outputs?.[k] ?? 'float32',
            layout: contiguous(without(shape, axes)),
            fill: () => 77,
          }),
        )
        check(entry, 'float32', axes, inputs, outputs, 0, `${entry.name} [${shape}] axes [${axes}]`)
      }
    }
  })

  test('the first of equal maxima wins, and NaN wins over numbers', () => {
    const device = devices[0]
    const entry = argmax
    for (const n of [5, 8, 9, 40, 5000, 300000]) {
      for (const [values, expected] of [
        [() => 3, 0],
        [(i: number) => (i % 4 === 3 ? 2 : 1), 3],
        [(i: number) => (i === n - 1 ? NaN : i), n - 1],
        [(i: number) => (i === 2 || i === n - 1 ? NaN : i), 2],
      ] as const) {
        const input = makeView(device, 'float32', contiguous([n]), values)
        const outputs = [
          makeView(device, 'float32', contiguous([1]), () => 0),
          makeView(device, 'int64', contiguous([1]), () => 0),
        ]
        device.kernels.reduce({
          kind: 'reduce',
          reduction: entry,
          compute: 'float32',
          axes: [0],
          inputs: [input],
          outputs,
          scalars: [],
        })
        expect(toNumbers(outputs[1])).toEqual([expected])
      }
    }
  })

  test('an empty range gives finish(init)', () => {
    for (const [shape, axes] of [
      [[0], [0]],
      [[3, 0], [1]],
      [[0, 20], [0]],
      [
        [2, 0, 33],
        [0, 1],
      ],
    ] as const) {
      const layout = contiguous([...shape])
      const output = contiguous(without(shape, axes))
      check(
        reductions[0],
        'float32',
        [...axes],
        [{ dtype: 'float32', layout, fill: () => 1 }],
        [{ dtype: 'float32', layout: output, fill: () => 5 }],
      )
    }
  })

  test('sums of ten million numbers in float32 are good to a millionth', () => {
    const device = devices[0]
    const random = new Random(5)
    const n = 10_000_000
    let exact = 0
    const input = makeView(device, 'float32', contiguous([n]), () => {
      const value = Math.fround(random.next())
      exact += value
      return value
    })
    for (const [shape, strides] of [
      [[n], [1]],
      [
        [n / 10, 10],
        [10, 1],
      ],
      [
        [10, n / 10],
        [1, 10],
      ],
    ]) {
      const out = makeView(device, 'float32', contiguous(shape.map(() => 1)), () => 0)
      const axes = shape.map((_, d) => d)
      device.kernels.reduce({
        kind: 'reduce',
        reduction: sum,
        compute: 'float32',
        axes,
        inputs: [{ ...input, shape, strides }],
        outputs: [out],
        scalars: [],
      })
      expect(Math.abs(toNumbers(out)[0] / exact - 1)).toBeLessThan(1e-6)
    }
    input.storage.release()
  })

  test('gives the same bits with one thread and with several', () => {
    const all = wasmBackend()
    const one = new WasmBackend(new Engine({ ...all.engine.features, threads: 1 }))
    const results = [all, one].map((device) => {
      const random = new Random(13)
      return [
        [[500000], [0]],
        [[3, 200000], [1]],
        [[20000, 24], [0]],
      ].map(([shape, axes]) => {
        const input = makeView(device, 'float32', contiguous(shape), () => random.normal())
        const out = makeView(device, 'float32', contiguous(without(shape, axes)), () => 0)
        device.kernels.reduce({
          kind: 'reduce',
          reduction: sum,
          compute: computeType('float32'),
          axes,
          inputs: [input],
          outputs: [out],
          scalars: [],
        })
        return toNumbers(out)
      })
    })
    expect(results[0]).toEqual(results[1])
  })
})
