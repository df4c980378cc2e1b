// What the tests of matrix products and convolutions share: devices of several kinds, and errors measured against sums of absolute values.
import { expect } from 'vitest'
import { type DType, isFloating } from '../../src/base/dtype.ts'
import { ReferenceBackend } from '../../src/backends/reference/index.ts'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { type Features, probeFeatures } from '../../src/backends/wasm/features.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import type { KernelSpec, View } from '../../src/runtime/spec.ts'
import { type Layout, makeView, Random, storageNumbers } from './views.ts'

export interface Device<S> {
  readonly name: string
  readonly backend: Backend
  readonly run: (spec: S) => void
}

/** The kernel on every kind of machine that this one can be, by `make` from an engine; `oracle` is the reference device. */
export function devicesOf<S extends KernelSpec>(kind: S['kind'], make: (engine: Engine) => (spec: S) => void) {
  const features = probeFeatures()
  const wasm = (name: string, change: Partial<Features>): Device<S> => {
    const engine = new Engine({ ...features, ...change })
    const kernel = make(engine)
    return { name, backend: new WasmBackend(engine), run: (spec) => engine.session(() => kernel(spec)) }
  }
  const reference = new ReferenceBackend()
  return {
    oracle: { name: 'reference', backend: reference, run: reference.kernels[kind] as unknown as (spec: S) => void },
    single: wasm('one thread', { threads: 1 }),
    double: wasm('two threads', { threads: features.sharedMemory ? 2 : 1 }),
    wide: wasm('256 bits', { threads: 1, revec: true }),
    narrow: wasm('128 bits', { threads: 1, revec: false }),
    plain: wasm('no fused multiply-add', { threads: 1, revec: false, relaxedFma: false }),
  }
}

/** A view filled from a seed, the same on every device: floats in -0.5 .. 0.5, integers in -9 .. 9; `absolute` drops the signs. */
export function filled(backend: Backend, dtype: DType, layout: Layout, seed: number, absolute: boolean): View {
  const random = new Random(seed)
  return makeView(backend, dtype, layout, () => {
    const signed = isFloating(dtype) ? random.next() - 0.5 : random.int(-9, 9)
    return absolute ? Math.abs(signed) : signed
  })
}

/** `build` makes the spec on a backend; the views of the result are compared storage by storage, so what lies outside the view counts too. */
export interface Case<S> {
  readonly dtype: DType
  readonly build: (backend: Backend, absolute: boolean) => S
  readonly written: (spec: S) => View
  readonly views: (spec: S) => readonly (View | null)[]
}

function resultOn<S>(device: Device<S>, c: Case<S>, absolute = false): number[] {
  const spec = c.build(device.backend, absolute)
  device.run(spec)
  const result = storageNumbers(c.written(spec))
  for (const view of c.views(spec)) view?.storage.release()
  return result
}

/** Errors of sums are measured against the sum of the absolute values: 1e-5 of it in float32, 1e-12 in float64. */
const tolerances: Partial<Record<DType, number>> = { float32: 1e-5, float64: 1e-12 }

export function expectAgreement<S>(c: Case<S>, oracle: Device<S>, devices: readonly Device<S>[], note: string): void {
  const expected = resultOn(oracle, c)
  const tolerance = tolerances[c.dtype] ?? 0
  const scale = tolerance === 0 ? expected : resultOn(oracle, c, true)
  for (const device of devices) {
    const actual = resultOn(device, c)
    let worst = 0
    for (let i = 0; i < expected.length; i++) {
      if (actual[i] === expected[i]) continue
      const error = Math.abs(actual[i] - expected[i]) / Math.abs(scale[i])
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error)
    }
    expect(worst, `${device.name}: ${note}`).toBeLessThanOrEqual(tolerance)
  }
}

export function expectSameBits<S>(c: Case<S>, one: Device<S>, other: Device<S>): void {
  expect(resultOn(one, c)).toEqual(resultOn(other, c))
}
