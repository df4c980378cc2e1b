// Pooling on the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { pool } from '../../src/backends/wasm/kernels/pool.ts'
import type { DType } from '../../src/base/dtype.ts'
import { ShapeError } from '../../src/base/errors.ts'
import type { PoolSpec, PoolWindows } from '../../src/runtime/spec.ts'
import { expectSame, reference, release, type Twin, twin, wasm } from '../support/devices.ts'
import { Random, randomLayout } from '../support/views.ts'

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

const tolerance: Partial<Record<DType, number>> = { float32: 1e-6, float64: 1e-14, float16: 2e-3 }

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
  const floating = dtype.startsWith('float')
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
  const indices = options.op === 'max' ? twin('int64', randomLayout(random, outShape, plain), () => -1) : null
  const note = JSON.stringify({ ...options, shape, outShape })
  const close = tolerance[dtype] ?? 0
  both(x, y, indices, { ...options, pass: 'forward' })
  expectSame(y, close, close, `forward ${note}`)
  if (indices) expectSame(indices, 0, 0, `indices ${note}`)
  const g = twin(dtype, randomLayout(random, outShape, plain), () => (floating ? random.normal() : random.int(0, 9)))
  const dx = twin(dtype, randomLayout(random, shape, plain), () => 3)
  both(dx, g, indices, { ...options, pass: 'backward' })
  // Sums of float16 are rounded at every step here, once in the reference.
  expectSame(dx, 4 * close, 4 * close, `backward ${note}`)
  release(x, y, g, dx, ...(indices ? [indices] : []))
}

describe('pool', () => {
  for (const dtype of ['float32', 'float64', 'float16'] as const) {
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
