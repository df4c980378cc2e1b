// `torch.webgpu`: the GPU as a device. It is loaded when it is asked for: nobody else pays for it.
import { requestGpu } from '#platform'
import type { Engine } from './backends/webgpu/engine.ts'
import type { Feature } from './backends/webgpu/index.ts'
import { DeviceError } from './base/errors.ts'
import { setBackendFactory } from './runtime/device.ts'

let engine: Engine | null = null

/** Whether a GPU can be used here. Source: `torch.cuda.is_available`. */
export async function isAvailable(): Promise<boolean> {
  const gpu = await requestGpu()
  return gpu !== null && (await gpu.requestAdapter()) !== null
}

export interface InitOptions {
  /**
   * The GPU gets a thread of its own, so that `x.item()` can wait for it. Default: where that is possible, in Node and in workers of isolated pages; without
   * one, values are had by `await x.read()` only.
   */
  readonly thread?: boolean
  /** Features that are not used though the GPU has them: to compare, or because its driver gets them wrong. Default: none. */
  readonly without?: readonly Feature[]
}

/**
 * Connects to the GPU: to be awaited once, before anything is moved to the device `webgpu`; again after the GPU was lost. Does nothing where it is connected.
 * Throws DeviceError where there is no WebGPU or no GPU. Source: `torch.cuda.init`.
 */
export async function init({ thread = mayWait(), without = [] }: InitOptions = {}): Promise<void> {
  if (engine !== null && engine.lost === null) return
  if ((await requestGpu()) === null) {
    throw new DeviceError(
      'webgpu: there is no WebGPU here',
      'in Node: npm install webgpu; in a browser: a recent one, and a page served over https or from localhost.',
    )
  }
  const { directLink, threadLink, WebGpuBackend } = await import('./backends/webgpu/index.ts')
  const link = await (thread ? threadLink() : directLink())
  if (link === null)
    throw new DeviceError('webgpu: no GPU can be used here', 'update the graphics driver, or use the device wasm.')
  const backend = new WebGpuBackend(link, without)
  engine = backend.engine
  setBackendFactory('webgpu', () => backend)
}

/** Whether this thread may sleep until another one wakes it: a window's main thread may not. */
function mayWait(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === 'not-equal'
  } catch {
    return false
  }
}

/** Resolves when the GPU has done all that it was given, and throws what went wrong there. Source: `torch.cuda.synchronize`. */
export async function synchronize(): Promise<void> {
  await engine?.synchronize()
}

/** Gives back the memory that is kept for tensors to come. Source: `torch.cuda.empty_cache`. */
export function emptyCache(): void {
  engine?.memory.trim()
}

/** Gives the GPU back: all tensors on it are gone, and the process can end. */
export function close(): void {
  engine?.destroy()
  engine = null
  setBackendFactory('webgpu', notConnected)
}

/** What making a tensor on the device says before `init`. */
export function notConnected(): never {
  throw new DeviceError('webgpu: the GPU is not connected', 'await torch.webgpu.init() first.')
}
