// `torch.profiler`: profiles of what kernels took, beside what the machine does at best. It stands above the devices, so that the measure is loaded with it alone.
import { WasmBackend } from './backends/wasm/index.ts'
import { measurePeak } from './backends/wasm/peak.ts'
import type { Backend, Peak } from './runtime/backend.ts'
import { backend } from './runtime/device.ts'
import { onLaunch } from './runtime/launch.ts'
import { Profile } from './runtime/profile.ts'
import { isThenable } from './runtime/scope.ts'

export { Averages, Profile, type ProfileRow, type TableOptions } from './runtime/profile.ts'

const peaks = new WeakMap<Backend, Peak>()

/** What the device does at best, measured at the first call; null for a device without a measure, all but `wasm`. */
export function peak(device: Backend = backend()): Peak | null {
  if (!(device instanceof WasmBackend)) return null
  const found = peaks.get(device) ?? measurePeak(device.engine)
  peaks.set(device, found)
  return found
}

/**
 * Runs `body` and returns what its kernels took; it waits for an async function. Kernels that other tasks run meanwhile count too.
 * Source: `torch.profiler.profile`.
 */
export function profile(body: () => Promise<unknown>): Promise<Profile>
export function profile(body: () => unknown): Profile
export function profile(body: () => unknown): Profile | Promise<Profile> {
  const result = new Profile(peak)
  const stop = onLaunch((launch) => result.add(launch))
  let pending = false
  try {
    const value = body()
    if (!isThenable(value)) return result
    pending = true
    return value.then(() => result).finally(stop)
  } finally {
    if (!pending) stop()
  }
}
