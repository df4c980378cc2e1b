// The WebAssembly device next to its oracle, for tests that run one spec on both and compare the whole storages.
import { ReferenceBackend } from '../../src/backends/reference/index.ts'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import type { DType } from '../../src/base/dtype.ts'
import type { View } from '../../src/runtime/spec.ts'
import { expectClose, type Layout, makeView } from './views.ts'

export const wasm = new WasmBackend(new Engine())
export const reference = new ReferenceBackend()

/** The same view on both devices. */
export interface Twin {
  readonly wasm: View
  readonly reference: View
}

export function twin(dtype: DType, layout: Layout, fill: (i: number) => number | bigint): Twin {
  const values = Array.from({ length: layout.length }, (_, i) => fill(i))
  const on = (device: WasmBackend | ReferenceBackend): View => makeView(device, dtype, layout, (i) => values[i] ?? 0)
  return { wasm: on(wasm), reference: on(reference) }
}

/** The same storage with another shape, strides and offset. */
export function reshaped(
  { wasm: a, reference: b }: Twin,
  layout: Partial<Pick<View, 'shape' | 'strides' | 'offset'>>,
): Twin {
  const change = (view: View): View => ({ ...view, storage: view.storage, ...layout })
  return { wasm: change(a), reference: change(b) }
}

export function release(...twins: Twin[]): void {
  for (const { wasm: a, reference: b } of twins) {
    a.storage.release()
    b.storage.release()
  }
}

export const expectSame = (t: Twin, relative = 0, absolute = 0, note = ''): void =>
  expectClose(t.wasm, t.reference, relative, absolute, note)
