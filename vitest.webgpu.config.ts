// `npm run test:webgpu`: the tests that run on every device, on the GPU.
import { defineConfig } from 'vitest/config'
import { deviceSuite } from './test/browser/harness/suite.ts'
import base from './vitest.config.ts'

export default defineConfig({
  test: {
    ...base.test,
    include: [...deviceSuite('webgpu'), 'test/backends/webgpu/*.test.ts'],
    env: { KINDLING_TEST_DEVICES: 'webgpu' },
    runner: './test/support/gpuRunner.ts',
  },
})
