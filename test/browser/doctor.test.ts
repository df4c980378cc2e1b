// The doctor's page on pages of several kinds: what it finds, and what it says where something is missing.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleForPages } from '../../scripts/bundle.ts'
import type { Finding } from '../../src/browser/checks.ts'
import { launch } from './chromium.ts'
import { startServer } from './harness/server.ts'
import { findBrowser } from './harness/table.ts'

const executable = findBrowser('chromium')

describe.skipIf(executable === null)("the doctor's page", () => {
  let browser: Browser
  let files: Record<string, Uint8Array>
  beforeAll(async () => {
    files = Object.fromEntries([...(await bundleForPages())].map(([name, contents]) => [`/${name}`, contents]))
    browser = await launch(executable as string)
  }, 60_000)
  afterAll(() => browser?.close())

  /** What it finds by name; `prepare` changes the page before it loads. */
  async function findings(isolated: boolean, prepare?: (tab: Page) => Promise<void>, host = '127.0.0.1') {
    const server = await startServer({ isolated, files })
    const context = await browser.newContext()
    try {
      const tab = await context.newPage()
      await prepare?.(tab)
      await tab.goto(`${server.origin.replace('127.0.0.1', host)}/doctor.html`)
      const handle = await tab.waitForFunction('globalThis.findings', null, { timeout: 50_000 })
      const found = (await handle.jsonValue()) as Finding[]
      const summary = await tab.locator('#summary').innerText()
      if (isolated && process.env.KINDLING_PICTURE) await tab.screenshot({ path: process.env.KINDLING_PICTURE })
      const byName = Object.fromEntries(found.map((one) => [one.name, one]))
      expect(await tab.locator('dl > div').count()).toBe(found.length)
      return { byName, summary }
    } finally {
      await context.close()
      await server.close()
    }
  }

  test('on an isolated page all but the GPU is there', async () => {
    const { byName, summary } = await findings(true)
    const { 'GPU (WebGPU)': gpu, ...others } = byName
    expect(Object.values(others).filter(({ verdict }) => verdict !== 'ok')).toEqual([])
    expect(byName['the engine in its worker'].found).toMatch(/^LeNet trains on [\d,]+ images\/s/)
    expect(summary).toBe(gpu.verdict === 'ok' ? 'All is there.' : 'Kindling runs here; one thing is missing.')
  })

  test('on a page that is not isolated it names the headers', async () => {
    const { byName } = await findings(false)
    expect(byName.threads).toMatchObject({ verdict: 'missing', found: 'one: the page is not cross-origin isolated' })
    expect(byName.threads.advice).toContain('Cross-Origin-Embedder-Policy: require-corp')
    expect(byName['the engine in its worker'].found).toMatch(/images\/s, one thread$/)
  })

  test('without vectors it says that Kindling does not run', async () => {
    const { byName, summary } = await findings(false, async (tab) => {
      await tab.addInitScript('WebAssembly.validate = () => false')
    })
    expect(byName['vectors (WebAssembly SIMD)'].verdict).toBe('broken')
    expect(summary).toBe('Kindling does not run here.')
  })

  test('without file storage it says what that costs', async () => {
    const { byName } = await findings(false, async (tab) => {
      await tab.addInitScript('StorageManager.prototype.getDirectory = undefined')
    })
    expect(byName['file storage (OPFS)']).toMatchObject({ verdict: 'missing', advice: expect.any(String) })
    expect(byName['file storage (OPFS)'].cost).toContain('fetched anew')
    expect(byName['the engine in its worker'].verdict).toBe('ok')
  })
})
