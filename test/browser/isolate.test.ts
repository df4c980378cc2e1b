// Threads without headers: a service worker makes the page of a plain server isolated.
import { expect, test } from 'vitest'
import { bundleForPages } from '../../scripts/bundle.ts'
import { launch } from './chromium.ts'
import { startServer } from './harness/server.ts'
import { findBrowser } from './harness/table.ts'

const executable = findBrowser('chromium')

test.skipIf(executable === null)('isolate() loads the page once more, and a session has threads', async () => {
  const files = Object.fromEntries([...(await bundleForPages())].map(([name, contents]) => [`/${name}`, contents]))
  const page = `<!doctype html><title>Kindling</title><script type="module">
    import { createSession, isolate } from './browser.js'
    sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1
    const isolated = await isolate('./isolate.js')
    const session = await createSession()
    const threads = await session.run(({ torch }) => torch.backend().info().threads, undefined).result
    globalThis.answer = { isolated, threads, cores: navigator.hardwareConcurrency, loads: sessionStorage.loads }
  </script>`
  const server = await startServer({ isolated: false, files: { ...files, '/': page } })
  const browser = await launch(executable as string)
  try {
    const tab = await browser.newPage()
    await tab.goto(server.origin)
    const handle = await tab.waitForFunction('globalThis.answer', null, { timeout: 50_000 })
    const { threads, cores, ...others } = (await handle.jsonValue()) as Record<string, unknown>
    expect(others).toEqual({ isolated: true, loads: '2' })
    expect(threads).toBe(cores)
  } finally {
    await browser.close()
    await server.close()
  }
})
