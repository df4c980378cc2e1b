// Runs one test file on the device that the page names, and tells each outcome: in a worker of the page, or in the page itself.
import { defaultDevice, setDefaultDevice } from '../../../src/runtime/device.ts'
import type { DeviceName } from '../../../src/runtime/backend.ts'
// Pages have the reference device for those who ask for it, and tests do.
import '../../../src/reference.ts'
import { missing } from './nodeModules.ts'
import { type Outcome, runTests } from './vitest.ts'

export interface Job {
  readonly file: string
  readonly device: string
}
export type Told =
  | { readonly outcome: Outcome }
  | { readonly done: true }
  | { readonly leftOut: string }
  | { readonly error: string }

export function serve(files: Readonly<Record<string, () => Promise<unknown>>>): void {
  const run = async ({ file, device }: Job, tell: (message: Told) => void): Promise<void> => {
    try {
      Object.assign(globalThis, { devicesUnderTest: [device] })
      await files[file]()
      if (device === 'webgpu') await (await import('../../../src/webgpu.ts')).init()
      // A test that chose another device than the usual one keeps it.
      if (device !== 'wasm' && defaultDevice() === 'wasm') setDefaultDevice(device as DeviceName)
      await runTests((outcome) => tell({ outcome }))
      tell({ done: true })
    } catch (error) {
      const { message, stack } = error as Error
      tell(message.startsWith(`${missing} node:`) ? { leftOut: message } : { error: stack ?? String(error) })
    }
  }
  if ('document' in globalThis) Object.assign(globalThis, { runTestFile: run })
  else self.onmessage = ({ data }: MessageEvent<Job>) => run(data, (message) => self.postMessage(message))
}
