import { test } from 'vitest'
import { ReferenceBackend } from '../../src/backends/reference/index.ts'
import { wasmBackend } from '../../src/backends/wasm/index.ts'
import { bytesOf, type DType, dtypes, isFloating, isHalf } from '../../src/base/dtype.ts'
import { numelOf } from '../../src/base/shape.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { View } from '../../src/runtime/spec.ts'
import { Storage } from '../../src/runtime/storage.ts'

const wasm = wasmBackend()
const reference = new ReferenceBackend()

let state = 1
const below = (n: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * n)
}

interface Layout {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
  readonly elements: number
}
/** A view of `shape` over memory in the order `order` of its dimensions, with gaps: each dimension's step is padded by `gaps`. */
function layout(
  dtype: DType,
  shape: readonly number[],
  order: readonly number[],
  gaps: readonly number[],
  broadcast: readonly boolean[] = [],
): Layout {
  const strides = new Array<number>(shape.length).fill(0)
  let step = 1
  for (let k = order.length - 1; k >= 0; k--) {
    const d = order[k]
    if (broadcast[d]) continue
    strides[d] = step * (1 + (gaps[d] ?? 0))
    step = strides[d] * Math.max(shape[d], 1)
  }
  return { dtype, shape, strides, offset: 3, elements: step + 3 }
}

function place(device: Backend, { elements, ...rest }: Layout, bytes: Uint8Array): View {
  const storage = new Storage(device, elements * bytesOf(rest.dtype))
  device.write(storage.handle, 0, bytes)
  return { ...rest, storage }
}
/** Values that every dtype holds, as bytes. */
function content({ dtype, elements }: Layout): Uint8Array {
  const values = new dtypes[dtype].array(new ArrayBuffer(elements * bytesOf(dtype)))
  for (let k = 0; k < elements; k++) {
    const whole = dtype === 'bool' ? below(2) : below(200)
    values[k] =
      dtype === 'int64'
        ? BigInt(whole)
        : isHalf(dtype)
          ? 0x4000 + below(0x100)
          : isFloating(dtype)
            ? whole + 0.5
            : whole
  }
  return new Uint8Array(values.buffer)
}

function check(x: Layout, out: Layout): void {
  const [source, target] = [content(x), content(out)]
  const results = [wasm, reference].map((device) => {
    const views = [place(device, x, source), place(device, out, target)]
    device.kernels.copy({ kind: 'copy', x: views[0], out: views[1] })
    const { storage } = views[1]
    // All of the memory, so that a write beside the view is seen.
    const bytes = Uint8Array.from(device.bytes(storage.handle, 0, storage.bytes))
    for (const view of views) view.storage.release()
    return bytes
  })
  const at = results[0].findIndex((byte, k) => byte !== results[1][k])
  if (at >= 0) throw new Error(`byte ${at} differs: ${JSON.stringify({ x, out })}`)
}

const names = Object.keys(dtypes) as DType[]
const shuffled = (n: number): number[] => {
  const order = Array.from({ length: n }, (_, k) => k)
  for (let k = n - 1; k > 0; k--) {
    const j = below(k + 1)
    ;[order[k], order[j]] = [order[j], order[k]]
  }
  return order
}

test.each(names)('%s: random shapes, orders, gaps and broadcasts equal the reference', (dtype) => {
  const sizes = [1, 2, 3, 5, 16, 17, 33]
  for (let round = 0; round < 60; round++) {
    const shape = Array.from({ length: below(5) }, () => sizes[below(sizes.length)])
    if (numelOf(shape) > 200_000) continue
    const gap = () => shape.map(() => (below(4) === 0 ? below(3) : 0))
    const x = layout(
      dtype,
      shape,
      shuffled(shape.length),
      gap(),
      shape.map(() => below(6) === 0),
    )
    check(x, layout(dtype, shape, shuffled(shape.length), gap()))
  }
})

test.each([
  [4, 4],
  [16, 16],
  [33, 17],
  [3, 1000],
  [1000, 3],
  [600, 700],
])('float32: a transpose of %i x %i', (rows, columns) => {
  check(layout('float32', [rows, columns], [1, 0], []), layout('float32', [rows, columns], [0, 1], []))
})

test('float32: channels to the end and back, and a batch of transposes', () => {
  const shape = [3, 5, 17, 19]
  const plain = layout('float32', shape, [0, 1, 2, 3], [])
  const last = layout('float32', shape, [0, 2, 3, 1], [])
  check(plain, last)
  check(last, plain)
  check(layout('float32', [7, 33, 18], [0, 2, 1], [0, 2, 0]), layout('float32', [7, 33, 18], [0, 1, 2], [1, 3, 0]))
})

test.each(names)('%s: blocks longer than one work item, plain, filled and strided', (dtype) => {
  const shape = [2, 40_001]
  check(layout(dtype, shape, [0, 1], []), layout(dtype, shape, [0, 1], []))
  check(layout(dtype, shape, [0, 1], [], [true, true]), layout(dtype, shape, [0, 1], []))
  check(layout(dtype, shape, [0, 1], [0, 1]), layout(dtype, shape, [0, 1], []))
  check(layout(dtype, shape, [0, 1], []), layout(dtype, shape, [0, 1], [0, 2]))
})

test('more dimensions than the usual kernel has', () => {
  for (const rank of [7, 12]) {
    const shape = new Array<number>(rank).fill(2)
    const order = shape.map((_, d) => (d * 5) % rank)
    check(
      layout('int32', shape, order, []),
      layout(
        'int32',
        shape,
        shape.map((_, d) => d),
        [],
      ),
    )
  }
})

test('an empty copy does nothing', () => {
  check(layout('float32', [3, 0], [0, 1], []), layout('float32', [3, 0], [0, 1], []))
})

test.each(names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const)))(
  '%s becomes %s',
  (from, to) => {
    check(layout(from, [33, 17], [0, 1], []), layout(to, [33, 17], [0, 1], []))
    check(layout(from, [5, 7], [1, 0], [1, 0]), layout(to, [5, 7], [0, 1], [0, 1]))
  },
)
