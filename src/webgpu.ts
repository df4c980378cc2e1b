// `torch.webgpu`: the GPU as a device. It is loaded when it is asked for: nobody else pays for it.
import { requestGpu } from '#platform'
import type { Engine } from './backends/webgpu/engine.ts'
import { DeviceError } from './base/errors.ts'
import { setBackendFactory } from './runtime/device.ts'

let engine: Engine | null = null

const noGpu = (): never => {
  throw new DeviceError(
    'webgpu: there is no WebGPU here',
    'in Node: npm install webgpu; in a browser: a recent one, and a page served over https or from localhost.',
  )
}

/** Whether a GPU can be used here. Source: `torch.cuda.is_available`. */
export async function isAvailable(): Promise<boolean> {
  const gpu = await requestGpu()
  return gpu !== null && (await gpu.requestAdapter()) !== null
}

/**
 * Connects to the GPU: to be awaited once, before anything is moved to the device `webgpu`; again after the GPU was lost. Does nothing where it is connected.
 * Throws DeviceError where there is no WebGPU or no GPU. Source: `torch.cuda.init`.
 */
export async function init(): Promise<void> {
  if (engine !== null && engine.lost === null) return
  const gpu = (await requestGpu()) ?? noGpu()
  const { WebGpuBackend } = await import('./backends/webgpu/index.ts')
  const backend = await WebGpuBackend.open(gpu)
  engine = backend.engine
  setBackendFactory('webgpu', () => backend)
}

/** Resolves when the GPU has done all that it was given, and throws what went wrong there. Source: `torch.cuda.synchronize`. */
export async function synchronize(): Promise<void> {
  await engine?.synchronize()
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
