// Elementwise kernels of the WebAssembly device against the reference device: seeded random shapes, strides, dtypes and expressions.
import { describe, expect, test } from 'vitest'
import { referenceBackend } from '../../src/backends/reference/index.ts'
import { wasmBackend } from '../../src/backends/wasm/index.ts'
import { computeType, type ComputeType, type DType, isFloating } from '../../src/base/dtype.ts'
import * as e from '../../src/base/expr.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { View } from '../../src/runtime/spec.ts'
import { contiguous, expectClose, type Layout, makeView, Random, randomLayout, toNumbers } from '../support/views.ts'

const devices: Backend[] = [wasmBackend(), referenceBackend()]
const [x, y, z, s] = [e.input(0), e.input(1), e.input(2), e.scalar(0)]

interface Operand {
  readonly dtype: DType
  readonly layout: Layout
  readonly fill: (i: number) => number
}

/** Runs one map on both devices and compares whole storages; returns the outputs of the WebAssembly device. */
function check(
  exprs: e.Expr[],
  compute: ComputeType,
  inputs: Operand[],
  outputs: Operand[],
  scalars: number[] = [],
  relative = 0,
  note = '',
): View[] {
  const results = devices.map((device) => {
    const make = ({ dtype, layout, fill }: Operand): View => makeView(device, dtype, layout, fill)
    const made = { inputs: inputs.map(make), outputs: outputs.map(make) }
    device.kernels.map({ kind: 'map', exprs, compute, scalars, ...made })
    return made.outputs
  })
  results[0].forEach((view, k) => expectClose(view, results[1][k], relative, 0, note))
  return results[0]
}

/** Values on a grid of 1/4 so that float32 arithmetic is exact; small, so that they fit every dtype. */
const grid = (random: Random, dtype: DType): ((i: number) => number) => {
  const values = Array.from({ length: 61 }, () => random.int(-20, 20))
  const unsigned = dtype === 'uint8' || dtype === 'bool'
  return (i) => {
    const v = values[i % 61]
    if (dtype === 'bool') return v > 0 ? 1 : 0
    if (unsigned) return Math.abs(v)
    return isFloating(dtype) ? v / 4 : v
  }
}
const randomShape = (random: Random): number[] =>
  Array.from({ length: random.int(0, 4) }, () => random.pick([1, 2, 3, 5, 7, 8, 9, 16, 17, 33]))
/** A broadcast view: some dimensions with stride 0. */
const broadcast = (random: Random, layout: Layout): Layout => ({
  ...layout,
  strides: layout.strides.map((stride) => (random.next() < 0.3 ? 0 : stride)),
})

const allDTypes: DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool']

describe('map', () => {
  test('agrees with the reference for random shapes, strides, offsets and dtypes', () => {
    const random = new Random(1)
    for (let round = 0; round < 300; round++) {
      const shape = randomShape(random)
      const compute = random.pick<ComputeType>(['float32', 'float32', 'float64', 'int32', 'int64'])
      const operand = (input: boolean): Operand => {
        const dtype = random.pick(allDTypes)
        const layout = randomLayout(random, shape)
        return { dtype, layout: input ? broadcast(random, layout) : layout, fill: grid(random, dtype) }
      }
      const outputs = [operand(false), operand(false)]
      // Negative numbers have no agreed uint8; square them.
      const exprs = [
        e.add(e.mul(x, x), e.mul(s, e.abs(y))),
        e.where(e.lt(x, z), e.mul(y, y), e.max(e.abs(x), e.abs(z))),
      ]
      check(exprs, compute, [operand(true), operand(true), operand(true)], outputs, [2], 0, `round ${round} ${compute}`)
    }
  })

  test('adds transposed operands of any size', () => {
    for (const [rows, columns] of [
      [40, 300],
      [33, 128],
      [7, 131],
      [300, 40],
    ]) {
      const layout = contiguous([rows, columns])
      const turned: Layout = { ...layout, strides: [1, rows] }
      const operand = (of: Layout): Operand => ({ dtype: 'float32', layout: of, fill: (i) => i % 1000 })
      check([e.sub(x, y)], 'float32', [operand(layout), operand(turned)], [operand(layout)])
      check([e.sub(x, y)], 'float32', [operand(layout), operand(layout)], [operand(turned)])
    }
  })

  const operators: [string, e.Expr][] = [
    ['neg', e.neg(x)],
    ['abs', e.abs(x)],
    ['sign', e.sign(x)],
    ['add', e.add(x, y)],
    ['sub', e.sub(x, y)],
    ['mul', e.mul(x, y)],
    ['div', e.div(x, y)],
    ['rem', e.rem(x, y)],
    ['min', e.min(x, y)],
    ['max', e.max(x, y)],
    ['fma', e.fma(x, y, z)],
    ['floor', e.floor(x)],
    ['ceil', e.ceil(x)],
    ['trunc', e.trunc(x)],
    ['round', e.round(x)],
    ['max with a constant', e.max(x, 1)],
    ['min with a constant', e.min(2, x)],
    ['lt', e.fromMask(e.lt(x, y))],
    ['le', e.fromMask(e.le(x, y))],
    ['gt', e.fromMask(e.gt(x, y))],
    ['ge', e.fromMask(e.ge(x, y))],
    ['eq', e.fromMask(e.eq(x, y))],
    ['ne', e.fromMask(e.ne(x, y))],
    ['and', e.fromMask(e.and(e.lt(x, y), e.lt(y, z)))],
    ['or', e.fromMask(e.or(e.lt(x, y), e.lt(y, z)))],
    ['not', e.fromMask(e.not(e.lt(x, y)))],
    ['square', e.pow(x, 2)],
    ['cube', e.pow(x, 3)],
    ['integer power', e.pow(x, e.abs(e.min(y, 5)))],
  ]
  for (const compute of ['float32', 'float64', 'int32', 'int64'] as const) {
    test(`has every arithmetic operator in ${compute}, zeros, infinities and NaN included`, () => {
      const isFloat = compute.startsWith('float')
      const special = isFloat
        ? [0, -0, 1, -1, Infinity, -Infinity, NaN, 0.5, -2.5, 1.5, 3]
        : [0, 1, -1, 2147483647, -2147483647, 7, -7, 3]
      const n = special.length ** 2
      const layout = contiguous([n])
      const operand = (fill: (i: number) => number): Operand => ({ dtype: compute, layout, fill })
      for (const [name, expr] of operators) {
        if (name.includes('power') && isFloat) continue
        const inputs = [
          operand((i) => special[i % special.length]),
          operand((i) => special[Math.floor(i / special.length)]),
          operand((i) => special[(i * 3) % special.length]),
        ]
        const tolerance = name === 'fma' && isFloat ? 1e-6 : 0
        check([expr], compute, inputs, [operand(() => 9)], [], tolerance, `${name} ${compute}`)
      }
    })
  }

  test('converts between all pairs of dtypes', () => {
    const random = new Random(2)
    for (const from of allDTypes) {
      for (const to of allDTypes) {
        for (const n of [1, 3, 17, 40]) {
          const fill = grid(random, from)
          const positive = (i: number): number => (to === 'uint8' ? Math.abs(fill(i)) : fill(i))
          const layout = contiguous([n])
          check(
            [x],
            computeType(from),
            [{ dtype: from, layout, fill: positive }],
            [{ dtype: to, layout, fill: () => 0 }],
            [],
            0,
            `${from} to ${to}`,
          )
        }
      }
    }
  })

  test.each(['float16', 'bfloat16'] as const)(
    'reads and rounds %s, denormals, infinities and NaN included',
    (dtype) => {
      const layout = contiguous([65536])
      const device = devices[0]
      const bits = new Uint16Array(65536).map((_, i) => i)
      const half = makeView(device, dtype, layout, () => 0)
      device.write(half.storage.handle, 0, new Uint8Array(bits.buffer))
      const float = makeView(device, 'float32', layout, () => 0)
      const back = makeView(device, dtype, layout, () => 0)
      device.kernels.map({ kind: 'map', exprs: [x], compute: 'float32', inputs: [half], outputs: [float], scalars: [] })
      expect(toNumbers(float)).toEqual(toNumbers(half))
      device.kernels.map({ kind: 'map', exprs: [x], compute: 'float32', inputs: [float], outputs: [back], scalars: [] })
      expect(toNumbers(back)).toEqual(toNumbers(half))
      // Between neighbours, at ties and at both ends of the range.
      const values = Array.from(
        { length: 4000 },
        (_, i) => (i % 2 ? -1 : 1) * 2 ** ((i % 45) - 27) * (1 + (i * 37) / 8192),
      )
      values.push(
        65504,
        65519,
        65520,
        65536,
        1e30,
        2 ** -25,
        2 ** -24 * 1.5,
        2 ** -26,
        2 ** -133,
        2 ** -134,
        3.39e38,
        3.3961775292304601e38,
        3.4e38,
      )
      const many = contiguous([values.length])
      check(
        [x],
        'float32',
        [{ dtype: 'float32', layout: many, fill: (i) => Math.fround(values[i]) }],
        [{ dtype: dtype, layout: many, fill: () => 0 }],
      )
    },
  )

  test('writes in place', () => {
    const results = devices.map((device) => {
      const random = new Random(3)
      const view = makeView(device, 'float32', randomLayout(random, [5, 33], 0), grid(random, 'float32'))
      device.kernels.map({
        kind: 'map',
        exprs: [e.add(e.mul(x, 2), e.scalar(0))],
        compute: 'float32',
        inputs: [view],
        outputs: [view],
        scalars: [0.5],
      })
      return view
    })
    expectClose(results[0], results[1])
  })

  test('gives the same bits wherever an element stands: in vectors, in the rest, and on any thread', () => {
    const device = devices[0]
    const expr = e.mul(e.exp(x), e.tanh(e.add(x, e.sigmoid(x))))
    const value = (i: number): number => Math.fround(Math.sin(i * 0.37) * 3)
    const run = (n: number): number[] => {
      const [from, to] = [
        makeView(device, 'float32', contiguous([n]), value),
        makeView(device, 'float32', contiguous([n]), () => 0),
      ]
      device.kernels.map({ kind: 'map', exprs: [expr], compute: 'float32', inputs: [from], outputs: [to], scalars: [] })
      return toNumbers(to)
    }
    const all = run(200003)
    for (const n of [1, 2, 7, 8, 9, 15, 1000]) expect(run(n)).toEqual(all.slice(0, n))
  })

  test('compiles nothing new for other sizes', () => {
    const device = wasmBackend()
    const shapes = [[64, 10], [37, 10], [2, 3, 10], [1, 10], [10]]
    const expr = e.add(e.mul(x, y), e.constant(123.25))
    const kernel = new Set<unknown>()
    const compile = device.engine.kernel.bind(device.engine)
    device.engine.kernel = (key, make) => {
      kernel.add(key)
      return compile(key, make)
    }
    try {
      for (const shape of shapes) {
        const operand = (layout: Layout): View => makeView(device, 'float32', layout, () => 1)
        const bias = { ...contiguous(shape), strides: shape.map((_, d) => (d === shape.length - 1 ? 1 : 0)) }
        device.kernels.map({
          kind: 'map',
          exprs: [expr],
          compute: 'float32',
          inputs: [operand(contiguous(shape)), operand(bias)],
          outputs: [operand(contiguous(shape))],
          scalars: [],
        })
      }
    } finally {
      device.engine.kernel = compile
    }
    expect(kernel.size).toBe(1)
  })

  test('does nothing for empty tensors', () => {
    const layout = contiguous([3, 0])
    const operand: Operand = { dtype: 'float32', layout, fill: () => 1 }
    check([e.add(x, 1)], 'float32', [operand], [operand])
  })
})
