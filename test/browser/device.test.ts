// The quick form of `npm run test:browser`: every operator, module and optimizer against PyTorch's answers, and some tests of the device, in Chromium on
// a page with threads and on one without.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleTests, type TestBundle } from './harness/bundle.ts'
import { browserSuite } from './harness/suite.ts'
import { countOf, failuresOf, runInBrowser } from './harness/run.ts'
import { findBrowser, notFound } from './harness/table.ts'

const isThere = findBrowser('chromium') !== null
if (!isThere) console.warn(`browser tests are skipped: ${notFound('chromium')}`)

const everywhere = ['test/conformance.test.ts', ...browserSuite('wasm')]
const withThreads = ['test/backends/engine.test.ts', 'test/backends/gemm.test.ts', 'test/ops/views.test.ts']
const onOneThread = ['test/backends/memory.test.ts', 'test/ops/conv.test.ts']

describe.skipIf(!isThere)('the tests of the device pass in Chromium', () => {
  let bundle: TestBundle
  const began = performance.now()
  beforeAll(async () => {
    bundle = await bundleTests([...everywhere, ...withThreads, ...onOneThread])
  }, 60_000)
  afterAll(() => console.log(`browser tests, quick form: ${((performance.now() - began) / 1000).toFixed(0)} s`))

  test.each([
    ['an isolated page', true, withThreads],
    ['a page that is not isolated', false, onOneThread],
  ] as const)(
    'on %s',
    async (_, isolated, files) => {
      const result = await runInBrowser(
        { browser: 'chromium', device: 'wasm', isolated },
        { ...bundle, files: [...everywhere, ...files] },
      )
      expect(failuresOf(result)).toEqual([])
      expect(result.files.filter(({ leftOut }) => leftOut !== undefined)).toEqual([])
      expect(result.crossOriginIsolated).toBe(isolated)
      expect(countOf(result, 'passed')).toBeGreaterThan(20)
    },
    120_000,
  )
})
