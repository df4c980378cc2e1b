// Pooling on the GPU against the reference device: windows of every kind, forward and back, with the special values of floats.
import { describe, expect, test } from 'vitest'
import type { DType } from '../../../src/base/dtype.ts'
import { ShapeError } from '../../../src/base/errors.ts'
import { backend } from '../../../src/index.ts'
import type { PoolSpec, PoolWindows, View } from '../../../src/runtime/spec.ts'
import { copiedTo, expectAgreement, noGpu, openGpu, reference } from '../../support/gpu.ts'
import { contiguous, makeView, Random, randomLayout } from '../../support/views.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)
test.runIf(process.env.CI)('in CI there is a GPU, at least a software one', () => expect(connected, noGpu).toBe(true))

type Options = Pick<PoolSpec, 'op' | 'windows' | 'countIncludePad' | 'divisor'>
const plain = { countIncludePad: true, divisor: null }

const fixed = (size: number, stride: number, padding: number, dilation = 1): PoolWindows => ({
  ...{ adaptive: false, size, stride, padding, dilation },
})
const outSize = (w: PoolWindows, size: number, adaptive: number): number =>
  w.adaptive ? adaptive : Math.floor((size + 2 * w.padding - w.dilation * (w.size - 1) - 1) / w.stride) + 1

function randomWindows(random: Random, size: number, op: 'max' | 'avg'): PoolWindows {
  if (random.next() < 0.25) return { adaptive: true }
  const length = random.int(1, Math.min(4, size))
  const dilation = op === 'max' && (length - 1) * 2 < size ? random.int(1, 2) : 1
  return fixed(length, random.int(1, 3), random.int(0, Math.floor(length / 2)), dilation)
}

/** Both passes; backward goes to the positions that the reference found. */
async function bothPasses(
  random: Random,
  dtype: DType,
  shape: readonly number[],
  out: readonly number[],
  options: Options,
  value: () => number = () => random.normal(),
  indexType: DType = random.pick(['int64', 'int32']),
): Promise<void> {
  const note = JSON.stringify({ dtype, shape, out, ...options })
  const outShape = [...shape.slice(0, 2), ...out]
  const view = (type: DType, size: readonly number[], fill: () => number): View =>
    makeView(reference, type, randomLayout(random, size), fill)
  const x = view(dtype, shape, value)
  const y = view(dtype, outShape, () => 5)
  const indices = options.op === 'max' ? view(indexType, outShape, () => -1) : null
  for (const kept of [indices, x]) kept?.storage.retain()
  const close = options.op === 'max' ? 0 : dtype === 'float16' ? 1e-3 : 1e-6
  await expectAgreement({ kind: 'pool', ...options, pass: 'forward', x, y, indices }, close, close, `forward ${note}`)
  const number = dtype.startsWith('float') ? () => random.normal() : () => random.int(0, 9)
  const [dx, g] = [view(dtype, shape, () => 3), view(dtype, outShape, number)]
  const sums = dtype === 'float16' ? 2e-3 : 2e-6
  const backward = { kind: 'pool', ...options, pass: 'backward', x: dx, y: g, indices } as const
  await expectAgreement(backward, sums, sums, `backward ${note}`)
  x.storage.release()
}

describe.skipIf(!connected)('pooling on the GPU', () => {
  for (const op of ['max', 'avg'] as const) {
    test(`${op}: random windows, padding, dilation, adaptive sizes, layouts`, async () => {
      const random = new Random(21)
      for (let round = 0; round < 25; round++) {
        const dtype = random.pick(['float32', 'float32', 'float16'] as const)
        const shape = [random.int(1, 3), random.int(1, 3), random.int(1, 11), random.int(1, 17)]
        const windows = [randomWindows(random, shape[2], op), randomWindows(random, shape[3], op)] as const
        const out = windows.map((w, d) => outSize(w, shape[2 + d], random.int(1, shape[2 + d])))
        const divisor = random.next() < 0.2 ? random.pick([3, -2]) : null
        await bothPasses(random, dtype, shape, out, { op, windows, countIncludePad: random.next() < 0.5, divisor })
      }
    })
  }

  test('max: ties go to the first, NaN to the last, infinities and zeros as in the reference', async () => {
    const random = new Random(32)
    const special = [Number.NaN, Infinity, -Infinity, -Infinity, -0, 0, 3e38, -3e38]
    for (const share of [0, 0.1, 0.9])
      for (const [size, stride, padding] of [
        [2, 2, 0],
        [3, 2, 1],
        [3, 1, 1],
      ]) {
        const windows = [fixed(size, stride, padding), fixed(size, stride, padding)] as const
        const out = outSize(windows[0], 9, 0)
        const value = (): number => (random.next() < share ? random.pick(special) : random.int(-2, 2))
        await bothPasses(random, 'float32', [2, 3, 9, 9], [out, out], { op: 'max', windows, ...plain }, value)
      }
  })

  test('max of integers', async () => {
    const random = new Random(4)
    const windows = [fixed(3, 2, 1), fixed(2, 1, 0)] as const
    for (const dtype of ['int32', 'int64', 'uint8'] as const)
      await bothPasses(random, dtype, [2, 3, 7, 5], [4, 4], { op: 'max', windows, ...plain }, () => random.int(0, 20))
  })

  test('max without positions', async () => {
    const x = makeView(reference, 'float32', contiguous([2, 1, 6, 6]), (i) => (i * 7) % 11)
    const y = makeView(reference, 'float32', contiguous([2, 1, 3, 3]), () => 0)
    const windows = [fixed(2, 2, 0), fixed(2, 2, 0)] as const
    await expectAgreement({ kind: 'pool', op: 'max', pass: 'forward', x, y, indices: null, windows, ...plain })
  })

  test('the average of whole planes, small and large, and adaptive windows that overlap or repeat', async () => {
    const random = new Random(33)
    const windows = [{ adaptive: true }, { adaptive: true }] as const
    for (const [height, width, rows, columns] of [
      [1, 1, 1, 1],
      [7, 7, 1, 1],
      [24, 36, 1, 1],
      [35, 13, 2, 1],
      [5, 7, 3, 4],
      [3, 2, 5, 7],
    ])
      await bothPasses(random, 'float32', [3, 2, height, width], [rows, columns], { op: 'avg', windows, ...plain })
  })

  test('windows that begin beyond the input, as with ceil mode', async () => {
    const random = new Random(5)
    const windows = [fixed(3, 2, 1), fixed(2, 2, 0)] as const
    for (const op of ['max', 'avg'] as const)
      for (const countIncludePad of [true, false])
        await bothPasses(random, 'float32', [2, 2, 6, 7], [4, 4], { op, windows, countIncludePad, divisor: null })
  })

  test('no planes at all', async () => {
    const windows = [fixed(2, 2, 0), fixed(2, 2, 0)] as const
    await bothPasses(new Random(1), 'float32', [0, 3, 4, 4], [2, 2], { op: 'max', windows, ...plain })
  })

  test('a window of padding only has no maximum', () => {
    const view = (shape: readonly number[]) => makeView(reference, 'float32', contiguous(shape), () => 0)
    const windows = [fixed(1, 1, 1), fixed(1, 1, 0)] as const
    const spec = { kind: 'pool', op: 'max', pass: 'forward', windows, indices: null, ...plain } as const
    const on = copiedTo(backend('webgpu'), { ...spec, x: view([1, 1, 2, 2]), y: view([1, 1, 4, 2]) })
    expect(() => backend('webgpu').kernels.pool?.(on)).toThrow(ShapeError)
  })
})
