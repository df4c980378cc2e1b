// `npm run test:webgpu`: the tests that run on every device, on the GPU.
import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

export default mergeConfig(
  base,
  defineConfig({
    test: {
      include: ['test/{ops,func}/**/*.test.ts', 'test/backends/webgpu/**/*.test.ts', 'test/conformance.test.ts'],
      env: { KINDLING_TEST_DEVICES: 'webgpu' },
      runner: './test/support/gpuRunner.ts',
    },
  }),
)
