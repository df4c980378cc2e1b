// In a worker of the page: runs one test file on the device that the page names, and tells the page each outcome.
import { defaultDevice, setDefaultDevice } from '../../../src/runtime/device.ts'
import type { DeviceName } from '../../../src/runtime/backend.ts'
import { type Outcome, runTests } from './vitest.ts'

export interface Job {
  readonly file: string
  readonly device: string
}
export type Told = { readonly outcome: Outcome } | { readonly done: true } | { readonly error: string }

export function serve(files: Readonly<Record<string, () => Promise<unknown>>>): void {
  const tell = (message: Told): void => self.postMessage(message)
  self.onmessage = async ({ data: { file, device } }: MessageEvent<Job>) => {
    try {
      Object.assign(globalThis, { devicesUnderTest: [device] })
      await files[file]()
      // A test that chose another device than the usual one keeps it.
      if (device !== 'wasm' && defaultDevice() === 'wasm') setDefaultDevice(device as DeviceName)
      await runTests((outcome) => tell({ outcome }))
      tell({ done: true })
    } catch (error) {
      tell({ error: String((error as Error).stack ?? error) })
    }
  }
}
