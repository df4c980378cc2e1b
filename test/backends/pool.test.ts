// Pooling on the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { pool } from '../../src/backends/wasm/kernels/pool.ts'
import { type DType, isFloating } from '../../src/base/dtype.ts'
import { ShapeError } from '../../src/base/errors.ts'
import type { PoolSpec, PoolWindows } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, type Twin, twin, wasm } from '../support/devices.ts'
import { type Device, devicesOf } from '../support/products.ts'
import {
  contiguous,
  expectClose,
  type Layout,
  makeView,
  Random,
  randomLayout,
  storageNumbers,
} from '../support/views.ts'

const run = pool(wasm.engine)

type Options = Pick<PoolSpec, 'op' | 'pass' | 'windows' | 'countIncludePad' | 'divisor'>

function both(x: Twin, y: Twin, indices: Twin | null, options: Options): void {
  const spec = (on: 'wasm' | 'reference'): PoolSpec => ({
    kind: 'pool',
    x: x[on],
    y: y[on],
    indices: indices ? indices[on] : null,
    ...options,
  })
  wasm.engine.session(() => run(spec('wasm')))
  reference.kernels.pool(spec('reference'))
}

const outSize = (w: PoolWindows, size: number, adaptive: number): number =>
  w.adaptive ? adaptive : Math.floor((size + 2 * w.padding - w.dilation * (w.size - 1) - 1) / w.stride) + 1
const fixed = (size: number, stride: number, padding: number, dilation = 1): PoolWindows => ({
  adaptive: false,
  size,
  stride,
  padding,
  dilation,
})

function randomWindows(random: Random, size: number, op: 'max' | 'avg'): PoolWindows {
  if (random.next() < 0.25) return { adaptive: true }
  const length = random.int(1, Math.min(4, size))
  const dilation = op === 'max' && (length - 1) * 2 < size ? random.int(1, 2) : 1
  return fixed(length, random.int(1, 3), random.int(0, Math.floor(length / 2)), dilation)
}

const tolerance: Partial<Record<DType, number>> = { float32: 1e-6, float64: 1e-14, float16: 2e-3, bfloat16: 1.6e-2 }

function forwardAndBackward(
  random: Random,
  dtype: DType,
  shape: number[],
  options: Omit<Options, 'pass'>,
  plain: number,
): void {
  const outShape = [
    ...shape.slice(0, 2),
    ...options.windows.map((w, d) => outSize(w, shape[2 + d], random.int(1, shape[2 + d]))),
  ]
  const floating = isFloating(dtype)
  const value = (): number => {
    if (!floating) return random.int(0, 20)
    return options.op === 'max' && random.next() < 0.05
      ? Number.NaN
      : random.next() < 0.3
        ? random.int(-2, 2)
        : random.normal()
  }
  const x = twin(dtype, randomLayout(random, shape, plain), value)
  const y = twin(dtype, randomLayout(random, outShape, plain), () => 5)
  const places = random.next() < 0.5 ? 'int64' : 'int32'
  const indices = options.op === 'max' ? twin(places, randomLayout(random, outShape, plain), () => -1) : null
  const note = JSON.stringify({ ...options, shape, outShape })
  const close = tolerance[dtype] ?? 0
  both(x, y, indices, { ...options, pass: 'forward' })
  expectSame(y, close, close, `forward ${note}`)
  if (indices) expectSame(indices, 0, 0, `indices ${note}`)
  const g = twin(dtype, randomLayout(random, outShape, plain), () => (floating ? random.normal() : random.int(0, 9)))
  const dx = twin(dtype, randomLayout(random, shape, plain), () => 3)
  both(dx, g, indices, { ...options, pass: 'backward' })
  // Sums of floats of 16 bits are rounded at every step here, once in the reference.
  expectSame(dx, 4 * close, 4 * close, `backward ${note}`)
  release(x, y, g, dx, ...(indices ? [indices] : []))
}

describe('pool', () => {
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const) {
    for (const op of ['max', 'avg'] as const) {
      test(`${op} of ${dtype} agrees with the reference: windows, padding, dilation, adaptive, strides`, () => {
        const random = new Random(21)
        for (let round = 0; round < 25; round++) {
          const shape = [random.int(1, 3), random.int(1, 3), random.int(1, 11), random.int(1, 17)]
          const windows = [randomWindows(random, shape[2], op), randomWindows(random, shape[3], op)] as const
          const divisor = random.next() < 0.2 ? (random.next() < 0.5 ? 3 : -2) : null
          forwardAndBackward(random, dtype, shape, { op, windows, countIncludePad: random.next() < 0.5, divisor }, 0.4)
        }
      })
    }
  }

  test('max of integers', () => {
    const random = new Random(4)
    for (const dtype of ['int32', 'int64', 'uint8'] as const) {
      const windows = [fixed(3, 2, 1), fixed(2, 1, 0)] as const
      forwardAndBackward(random, dtype, [2, 3, 7, 5], { op: 'max', windows, countIncludePad: true, divisor: null }, 1)
    }
  })

  for (const op of ['max', 'avg'] as const) {
    test(`${op} by 2x2 windows with stride 2, of every width and height`, () => {
      const random = new Random(8)
      const windows = [fixed(2, 2, 0), fixed(2, 2, 0)] as const
      for (const [height, width] of [
        [28, 28],
        [10, 10],
        [2, 8],
        [3, 9],
        [4, 12],
        [5, 11],
        [6, 33],
        [7, 2],
        [1, 8],
        [8, 15],
      ]) {
        for (const plain of [1, 0]) {
          for (const divisor of [null, 3, -2]) {
            forwardAndBackward(
              random,
              'float32',
              [3, 2, height, width],
              { op, windows, countIncludePad: true, divisor },
              plain,
            )
          }
        }
      }
    })
  }

  test('a window may reach beyond the padding, as with ceil mode', () => {
    const random = new Random(6)
    const x = twin('float32', randomLayout(random, [2, 2, 5, 7]), () => random.normal())
    const y = twin('float32', randomLayout(random, [2, 2, 3, 4]), () => 0)
    for (const countIncludePad of [true, false]) {
      const windows = [fixed(2, 2, 0), fixed(2, 2, 0)] as const
      both(x, y, null, { op: 'avg', pass: 'forward', windows, countIncludePad, divisor: null })
      expectSame(y, 1e-6)
    }
  })

  test('a window of padding alone has no maximum', () => {
    const x = twin('float32', randomLayout(new Random(1), [1, 1, 1, 3], 1), () => 0)
    const y = twin('float32', randomLayout(new Random(1), [1, 1, 1, 3], 1), () => 0)
    const options = { windows: [fixed(2, 1, 1, 2), fixed(1, 1, 0)], countIncludePad: true, divisor: null } as const
    const call = (): void => both(x, y, null, { op: 'max', pass: 'forward', ...options })
    expect(call).toThrow(new ShapeError('pool: window 0 holds nothing but padding'))
  })

  test('empty batches are fine', () => {
    const x = twin('float32', randomLayout(new Random(1), [0, 3, 4, 8], 1), () => 0)
    const y = twin('float32', randomLayout(new Random(1), [0, 3, 2, 4], 1), () => 0)
    const windows = [fixed(2, 2, 0), fixed(2, 2, 0)] as const
    both(x, y, null, { op: 'avg', pass: 'forward', windows, countIncludePad: true, divisor: null })
  })
})

const { oracle, single, double, narrow, plain } = devicesOf<PoolSpec>('pool', pool)
const machines = [single, double, narrow, plain]

interface Sizes extends Omit<Options, 'pass'> {
  readonly shape: readonly number[]
  readonly outShape: readonly number[]
  readonly indices: 'int32' | 'int64' | null
}
interface Layouts {
  readonly x: Layout
  readonly y: Layout
  readonly indices: Layout
}

/** Whole storages after the forward pass and after the backward pass: y, indices, x. */
function passesOn(
  { backend, run: kernel }: Device<PoolSpec>,
  sizes: Sizes,
  layouts: Layouts,
  values: (i: number) => number,
) {
  const { op, windows, countIncludePad, divisor } = sizes
  const filler = (seed: number): (() => number) => {
    const random = new Random(seed)
    return () => random.normal()
  }
  const views = {
    x: makeView(backend, 'float32', layouts.x, values),
    y: makeView(backend, 'float32', layouts.y, filler(1)),
    indices: sizes.indices && makeView(backend, sizes.indices, layouts.indices, () => -1),
    g: makeView(backend, 'float32', layouts.y, filler(2)),
    dx: makeView(backend, 'float32', layouts.x, filler(3)),
  }
  const { x, y, indices, g, dx } = views
  const rest = { kind: 'pool', op, windows, countIncludePad, divisor } as const
  kernel({ ...rest, pass: 'forward', x, y, indices })
  if (op === 'avg' || indices) kernel({ ...rest, pass: 'backward', x: dx, y: g, indices })
  return views
}

/** Every machine agrees with the reference, and all have the same bits. */
function expectAgreement(sizes: Sizes, layouts: Layouts, values: readonly number[]): void {
  const on = (device: Device<PoolSpec>) => passesOn(device, sizes, layouts, (i) => values[i] ?? 0)
  const expected = on(oracle)
  const note = JSON.stringify(sizes)
  const first = on(single)
  for (const device of machines) {
    const actual = device === single ? first : on(device)
    for (const name of ['y', 'indices', 'dx'] as const) {
      const [a, b, c] = [actual[name], expected[name], first[name]]
      if (a === null || b === null || c === null) continue
      const exact = sizes.op === 'max' && name !== 'dx'
      expectClose(a, b, exact ? 0 : 2e-6, exact ? 0 : 2e-6, `${device.name} ${name} ${note}`)
      const [bits, others] = [storageNumbers(a), storageNumbers(exact ? b : c)]
      const different = bits.findIndex((x, i) => !Object.is(x, others[i]))
      if (different >= 0) {
        throw new Error(`${device.name} ${name} ${note}: ${bits[different]}, not ${others[different]} at ${different}`)
      }
    }
    if (device !== single) free(actual)
  }
  free(first)
  free(expected)
}
const free = (views: ReturnType<typeof passesOn>): void => {
  for (const view of Object.values(views)) view?.storage.release()
}

/** Rows side by side or apart, planes and images apart: what vector kernels take, unlike layouts in another order. */
function rowsApart(random: Random, shape: readonly number[]): Layout {
  const strides = [0, 0, 0, 1]
  for (let d = 2; d >= 0; d--) strides[d] = strides[d + 1] * shape[d + 1] + random.pick([0, 0, 1, 5])
  const offset = random.int(0, 5)
  return { shape, strides, offset, length: offset + strides[0] * shape[0] + random.int(0, 3) }
}
const layoutsOf = ({ shape, outShape }: Sizes, of: (shape: readonly number[]) => Layout): Layouts => ({
  x: of(shape),
  y: of(outShape),
  indices: of(outShape),
})

/** Small whole numbers, so that many are equal, with what else may stand in a plane. */
function spread(random: Random, count: number, special: number): number[] {
  return Array.from({ length: count }, () => {
    if (random.next() < special) return random.pick([Number.NaN, Infinity, -Infinity, -Infinity, -0, 0, 3e38, -3e38])
    return random.next() < 0.5 ? random.int(-2, 2) : random.normal()
  })
}

/** Sizes 1 .. 40 with at least one window; windows to 9, strides to 9, of any padding that PyTorch allows, sometimes beyond the end as with ceil mode. */
function randomSizes(random: Random, op: 'max' | 'avg'): Sizes {
  for (;;) {
    const size = [random.int(1, 40), random.int(1, 40)]
    const windows = size.map(() => {
      const length = random.pick([1, 2, 2, 3, 3, 3, 4, 5, 7, 9])
      return fixed(length, random.pick([1, 1, 2, 2, 2, 3, 4, 9]), random.int(0, Math.floor(length / 2)))
    })
    const out = windows.map((w, d) => {
      const count = outSize(w, size[d], 0)
      const room = size[d] + (w.adaptive ? 0 : w.padding) - (w.adaptive ? 0 : count * w.stride)
      return room > 0 && random.next() < 0.3 ? count + 1 : count
    })
    const shape = [random.int(1, 3), random.int(1, 4), ...size]
    if (out.some((count) => count < 1)) continue
    return {
      op,
      windows: [windows[0], windows[1]],
      countIncludePad: random.next() < 0.5,
      divisor: random.next() < 0.2 ? random.pick([3, -2]) : null,
      shape,
      outShape: [...shape.slice(0, 2), ...out],
      indices: op === 'avg' ? null : random.pick(['int32', 'int64', null]),
    }
  }
}

describe('vector kernels on every kind of machine', () => {
  for (const op of ['max', 'avg'] as const) {
    test(`${op}: sizes 1 to 40, any window, stride and padding, one block or rows apart`, () => {
      const random = new Random(31)
      for (let round = 0; round < 150; round++) {
        const sizes = randomSizes(random, op)
        const layouts = layoutsOf(sizes, (shape) =>
          random.next() < 0.6 ? contiguous(shape) : rowsApart(random, shape),
        )
        expectAgreement(sizes, layouts, spread(random, layouts.x.length, 0))
      }
    })
  }

  test('max: ties, NaN, infinities and the zeros win and lose as in the reference', () => {
    const random = new Random(32)
    for (let round = 0; round < 120; round++) {
      const sizes = randomSizes(random, 'max')
      const layouts = layoutsOf(sizes, (shape) => (random.next() < 0.8 ? contiguous(shape) : rowsApart(random, shape)))
      expectAgreement(sizes, layouts, spread(random, layouts.x.length, random.pick([0.002, 0.1, 0.9])))
    }
  })

  test('max: planes of one value, -Infinity among them, have their maximum where the window begins inside', () => {
    for (const value of [-Infinity, -0, 0, Infinity, Number.NaN]) {
      for (const [size, stride, padding] of [
        [3, 1, 1],
        [3, 2, 1],
        [5, 1, 2],
        [4, 2, 2],
      ]) {
        const windows = [fixed(size, stride, padding), fixed(size, stride, padding)] as const
        for (const side of [3, 5, 8, 13]) {
          const out = outSize(windows[0], side, 0)
          const [shape, outShape] = [
            [2, 1, side, side],
            [2, 1, out, out],
          ]
          const sizes = {
            op: 'max',
            windows,
            countIncludePad: true,
            divisor: null,
            shape,
            outShape,
            indices: 'int32',
          } as const
          expectAgreement(sizes, layoutsOf(sizes, contiguous), new Array(2 * side * side).fill(value))
        }
      }
    }
  })

  test('NaN in one of many planes, in one block or with images apart', () => {
    const windows = [fixed(3, 2, 1), fixed(3, 2, 1)] as const
    const [shape, outShape] = [
      [3, 50, 12, 12],
      [3, 50, 6, 6],
    ]
    const sizes = {
      op: 'max',
      windows,
      countIncludePad: true,
      divisor: null,
      shape,
      outShape,
      indices: 'int64',
    } as const
    const images = contiguous([3, 60, 12, 12])
    for (const x of [contiguous(shape), { ...images, shape }]) {
      const values = spread(new Random(5), x.length, 0)
      values[2 * x.strides[0] + 7 * 144 + 5] = Number.NaN
      expectAgreement(sizes, { ...layoutsOf(sizes, contiguous), x }, values)
    }
  })

  test('the average of whole planes, of every size, and of adaptive windows that divide them', () => {
    const random = new Random(33)
    const adaptive = [{ adaptive: true }, { adaptive: true }] as const
    for (const [height, width, rows, columns] of [
      [1, 1, 1, 1],
      [1, 3, 1, 1],
      [3, 3, 1, 1],
      [5, 1, 1, 1],
      [7, 7, 1, 1],
      [13, 11, 1, 1],
      [24, 36, 1, 1],
      [12, 12, 6, 3],
      [9, 9, 3, 9],
      [35, 7, 5, 1],
    ]) {
      const [shape, outShape] = [
        [3, 4, height, width],
        [3, 4, rows, columns],
      ]
      const sizes = {
        op: 'avg',
        windows: adaptive,
        countIncludePad: true,
        divisor: null,
        shape,
        outShape,
        indices: null,
      } as const
      for (const of of [
        contiguous,
        (s: readonly number[]) => rowsApart(random, s),
        (s: readonly number[]) => randomLayout(random, s),
      ]) {
        const layouts = layoutsOf(sizes, of)
        expectAgreement(sizes, layouts, spread(random, layouts.x.length, 0))
      }
    }
  })

  test('many planes on two threads, and no plane at all', () => {
    const random = new Random(34)
    for (const planes of [
      [2, 40],
      [0, 3],
      [2, 0],
    ]) {
      for (const [op, size, stride, padding] of [
        ['max', 3, 2, 1],
        ['max', 3, 1, 1],
        ['max', 2, 2, 0],
        ['avg', 2, 2, 0],
        ['avg', 3, 1, 1],
      ] as const) {
        const windows = [fixed(size, stride, padding), fixed(size, stride, padding)] as const
        const out = outSize(windows[0], 12, 0)
        const [shape, outShape] = [
          [...planes, 12, 12],
          [...planes, out, out],
        ]
        const indices = op === 'max' ? 'int32' : null
        const sizes: Sizes = { op, windows, countIncludePad: false, divisor: null, shape, outShape, indices }
        expectAgreement(sizes, layoutsOf(sizes, contiguous), spread(random, planes[0] * planes[1] * 144, 0))
      }
    }
  })
})
