// Scans of the WebAssembly device against the reference device.
import { describe, expect, test } from 'vitest'
import { referenceBackend } from '../../src/backends/reference/index.ts'
import { wasmBackend } from '../../src/backends/wasm/index.ts'
import { type DType, isFloating } from '../../src/base/dtype.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { ScanSpec } from '../../src/runtime/spec.ts'
import { contiguous, expectClose, makeView, Random, randomLayout, toNumbers } from '../support/views.ts'

const devices: Backend[] = [wasmBackend(), referenceBackend()]
const ops: ScanSpec['op'][] = ['sum', 'prod', 'max', 'min', 'logsumexp']

describe('scan', () => {
  for (const op of ops) {
    test(`${op} agrees with the reference for random shapes, strides, axes and dtypes`, () => {
      const random = new Random(3)
      for (let round = 0; round < 120; round++) {
        const shape = Array.from({ length: random.int(1, 4) }, () => random.pick([1, 2, 3, 5, 17, 33]))
        const axis = random.int(0, shape.length - 1)
        const float = op === 'logsumexp' || random.next() < 0.5
        const dtype = random.pick<DType>(
          float ? ['float32', 'float64', 'float16', 'bfloat16'] : ['int64', 'int32', 'uint8', 'bool'],
        )
        const out = float ? dtype : random.pick<DType>(['int64', 'int32'])
        const values = Array.from({ length: 101 }, () =>
          isFloating(dtype) ? random.int(-6, 6) / 4 : random.int(dtype === 'int32' ? -3 : 0, dtype === 'bool' ? 1 : 4),
        )
        const special = isFloating(dtype) && random.next() < 0.3 ? [NaN, Infinity, -Infinity][round % 3] : 1
        values[round % 101] = special
        const [layout, target, where] = [shape, shape, shape].map((s) => randomLayout(random, s))
        const hasIndices = op === 'max' || op === 'min'
        const results = devices.map((device) => {
          const x = makeView(device, dtype, layout, (i) => values[i % 101])
          const y = makeView(device, out, target, () => 9)
          const indices = hasIndices ? makeView(device, 'int64', where, () => 9) : null
          device.kernels.scan({ kind: 'scan', op, x, out: y, indices, axis })
          return indices ? [y, indices] : [y]
        })
        // float32 results of double arithmetic may differ in the last bit.
        const tolerance = out === 'float64' ? 1e-13 : out === 'float16' ? 1e-3 : out === 'bfloat16' ? 8e-3 : 1e-6
        results[0].forEach((view, k) =>
          expectClose(view, results[1][k], tolerance, tolerance, `round ${round} ${op} ${dtype}`),
        )
      }
    })
  }

  test('an empty tensor and a 0-d tensor', () => {
    const device = devices[0]
    const empty = makeView(device, 'float32', contiguous([3, 0]), () => 0)
    device.kernels.scan({ kind: 'scan', op: 'sum', x: empty, out: empty, indices: null, axis: 1 })
    const [x, out] = [
      makeView(device, 'float32', contiguous([]), () => 5),
      makeView(device, 'float32', contiguous([]), () => 0),
    ]
    device.kernels.scan({ kind: 'scan', op: 'sum', x, out, indices: null, axis: 0 })
    expect(toNumbers(out)).toEqual([5])
  })
})
