// Where a run computes: `kindling train --device`.
import { setDefaultDevice, webgpu } from '../index.ts'
import type { TrainDevice } from './settings.ts'
import { UserError } from './userError.ts'

/** Makes everything that follows on that device. Throws UserError where there is no GPU. */
export async function useDevice(device: TrainDevice = 'wasm'): Promise<void> {
  if (device === 'webgpu') {
    try {
      await webgpu.init()
    } catch (error) {
      const { message } = error as Error
      throw new UserError(
        `--device webgpu: ${message.split('\n')[0].replace(/^webgpu: /, '')}\n  help: npm install webgpu, and a driver for Vulkan, Metal or Direct3D 12; or leave --device out`,
      )
    }
  }
  setDefaultDevice(device)
}
