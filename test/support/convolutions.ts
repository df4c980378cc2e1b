// Convolutions as cases for the tests of devices: sizes and layouts in, a spec on any device out; and an oracle that computes in float64.
import { conv } from '../../src/backends/wasm/kernels/conv.ts'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { probeFeatures } from '../../src/backends/wasm/features.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import type { ConvSpec, View } from '../../src/runtime/spec.ts'
import { type Case, type Device, filled } from './products.ts'
import { type Layout, makeView, memoryOf, type Random } from './views.ts'

export type Pass = ConvSpec['pass']
export const passes = ['forward', 'inputGrad', 'weightGrad'] as const
export type Settings = Pick<ConvSpec, 'stride' | 'padding' | 'dilation' | 'groups'>

export interface Sizes extends Settings {
  readonly dtype: 'float32' | 'float64'
  readonly x: readonly number[]
  readonly w: readonly number[]
  readonly y: readonly number[]
  readonly bias: boolean
}

/** Where the elements of the pictures x and y and of w and the bias lie. */
export interface Layouts {
  readonly picture: (shape: readonly number[]) => Layout
  readonly weight: (shape: readonly number[]) => Layout
}

export const writtenBy = (spec: ConvSpec): View =>
  ({ forward: spec.y, inputGrad: spec.x, weightGrad: spec.w })[spec.pass]

export function caseOf(pass: Pass, sizes: Sizes, layouts: Layouts): Case<ConvSpec> {
  const { dtype, stride, padding, dilation, groups } = sizes
  const [x, y] = [sizes.x, sizes.y].map(layouts.picture)
  const w = layouts.weight(sizes.w)
  const bias = pass === 'forward' && sizes.bias ? layouts.weight([sizes.w[0]]) : null
  return {
    dtype,
    build: (backend, absolute) => ({
      kind: 'conv',
      pass,
      x: filled(backend, dtype, x, 1, absolute),
      w: filled(backend, dtype, w, 2, absolute),
      y: filled(backend, dtype, y, 3, absolute),
      bias: bias && filled(backend, dtype, bias, 4, absolute),
      stride,
      padding,
      dilation,
      groups,
    }),
    written: writtenBy,
    views: (spec) => [spec.x, spec.w, spec.y, spec.bias],
  }
}

/** Rows of neighbouring pixels; images, channels and rows in any order of memory (a slice of channels, rows side by side), with gaps and an offset. */
export function rowsLayout(random: Random, shape: readonly number[]): Layout {
  const order = [0, 1, 2]
  if (random.int(0, 2) === 0) random.shuffle(order)
  const strides = [0, 0, 0, 1]
  let step = shape[3] + random.pick([0, 0, 1, 5])
  for (const d of order.reverse()) {
    strides[d] = step
    step *= shape[d] + random.pick([0, 0, 1, 2])
  }
  const offset = random.int(0, 5)
  const last = shape.reduce((sum, size, d) => sum + (size - 1) * strides[d], 0)
  return { shape, strides, offset, length: offset + last + 1 + random.int(0, 3) }
}

/** The direct kernels in float64 on copies of a float32 spec: exact but for the last rounding, and much faster than plain loops. */
export function doubleOracle(): Device<ConvSpec> {
  const engine = new Engine({ ...probeFeatures(), threads: 1 })
  const backend = new WasmBackend(engine)
  const run = (spec: ConvSpec): void => {
    const copy = (view: View): View => {
      // A copy: making the view may move the memory, where that is not shared.
      const memory = memoryOf(view).slice()
      return makeView(backend, 'float64', { ...view, length: memory.length }, (i) => memory[i])
    }
    const [x, w, y, bias] = [copy(spec.x), copy(spec.w), copy(spec.y), spec.bias && copy(spec.bias)]
    const exact = { ...spec, x, w, y, bias }
    engine.session(() => conv(engine)(exact))
    ;(memoryOf(writtenBy(spec)) as Float32Array).set(memoryOf(writtenBy(exact)) as Float64Array)
    for (const view of [x, w, y, bias]) view?.storage.release()
  }
  return { name: 'float64', backend, run }
}
