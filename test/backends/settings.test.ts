// What the environment says to the settings of the WebAssembly device.
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.unstubAllEnvs())

test.each([
  ['0', false],
  ['1', true],
])('KINDLING_WINOGRAD=%s is where it starts', async (value, expected) => {
  vi.stubEnv('KINDLING_WINOGRAD', value)
  vi.resetModules()
  const fresh = await import('../../src/backends/wasm/settings.ts')
  expect(fresh.settings.winograd).toBe(expected)
})
