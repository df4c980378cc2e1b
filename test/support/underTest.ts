// The devices whose tests run: both in Node; a run in a browser names one (test/browser/harness).
import type { DeviceName } from '../../src/runtime/backend.ts'

const named = (globalThis as { devicesUnderTest?: readonly DeviceName[] }).devicesUnderTest

export const devicesUnderTest: readonly DeviceName[] = named ?? ['reference', 'wasm']
