// What a program may change about the WebAssembly device while it runs: `torch.backends.wasm`. Kernels read it at every call.
import { env } from '#platform'

export interface WasmSettings {
  /**
   * Convolutions of 3 x 3 and 5 x 5 kernels may go by Winograd's points: up to four times fewer multiplications, about twice the rounding error, and an
   * infinity or NaN spreads over its tile (docs/differences.md). True unless KINDLING_WINOGRAD=0.
   */
  winograd: boolean
}

/** Sealed, so that a name that is no setting is an error. */
export const settings: WasmSettings = Object.seal({ winograd: env('KINDLING_WINOGRAD') !== '0' })
