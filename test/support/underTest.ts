// The devices whose tests run: both of the CPU in Node, or those that KINDLING_TEST_DEVICES names; a run in a browser names one (test/browser/harness).
import type { DeviceName } from '../../src/runtime/backend.ts'
import { defaultDevice } from '../../src/runtime/device.ts'
import { noGpu, openGpu } from './gpu.ts'

const inBrowser = (globalThis as { devicesUnderTest?: readonly DeviceName[] }).devicesUnderTest
const inNode = globalThis.process?.env?.KINDLING_TEST_DEVICES?.split(',') as DeviceName[] | undefined

export const devicesUnderTest: readonly DeviceName[] = inBrowser ?? inNode ?? ['reference', 'wasm']
if (devicesUnderTest.includes('webgpu') && !(await openGpu())) throw new Error(noGpu)

interface Skippable {
  skip(note?: string): void
}
let running: Skippable | null = null

/** The test that runs now. */
export function nowRuns(test: Skippable): void {
  running = test
}

/** Ends the test as skipped on a device without float64. */
export function needsFloat64(): void {
  if (defaultDevice() === 'webgpu') running?.skip('GPUs have no float64')
}
