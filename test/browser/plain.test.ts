// A page without a bundler: modules by address, as `npm run build` makes them, in the page itself and in a session's worker. And how large they are.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleForPages, printSizes, programs, sizeOf } from '../../scripts/bundle.ts'
import { launch } from './chromium.ts'
import { startServer } from './harness/server.ts'
import { findBrowser } from './harness/table.ts'

const page = `<!doctype html><title>Kindling</title><script type="module">
  import * as torch from './kindling/kindling.js'
  import { createSession } from './kindling/browser.js'
  import { lenet } from './kindling/models.js'
  try {
    const session = await createSession()
    const run = session.run(({ torch, models, report }, steps) => {
      torch.manualSeed(0)
      const net = models.lenet()
      const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 })
      for (let step = 0; step < steps; step++) {
        const loss = torch.F.crossEntropy(net(torch.rand(4, 1, 28, 28)), torch.arange(4))
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        report(loss.item())
      }
      return torch.backend().info().threads
    }, 3)
    const losses = []
    for await (const loss of run.metrics) losses.push(loss)
    torch.manualSeed(0)
    const first = torch.F.crossEntropy(lenet()(torch.rand(4, 1, 28, 28)), torch.arange(4)).item()
    globalThis.answer = { losses, first, threads: await run.result, cores: navigator.hardwareConcurrency }
  } catch (error) {
    globalThis.answer = { error: String(error.stack) }
  }
</script>`

interface Answer {
  losses: number[]
  first: number
  threads: number
  cores: number
}

const executable = findBrowser('chromium')

describe.skipIf(executable === null)('a page that loads modules by address', () => {
  let browser: Browser
  let files: Record<string, Uint8Array>
  beforeAll(async () => {
    files = Object.fromEntries([...(await bundleForPages())].map(([name, contents]) => [`/kindling/${name}`, contents]))
    browser = await launch(executable as string)
  }, 60_000)
  afterAll(() => browser?.close())

  test.each([true, false])('trains in a session and computes in the page (isolated: %s)', async (isolated) => {
    const server = await startServer({ isolated, files: { ...files, '/': page } })
    const context = await browser.newContext()
    try {
      const tab = await context.newPage()
      await tab.goto(server.origin)
      const handle = await tab.waitForFunction('globalThis.answer', null, { timeout: 50_000 })
      const answer = (await handle.jsonValue()) as Partial<Answer> & { error?: string }
      expect(answer.error).toBeUndefined()
      const { losses, first, threads, cores } = answer as Answer
      expect(losses.length).toBe(3)
      // The same numbers in the page, where there is one thread, as in the worker.
      expect(first).toBe(losses[0])
      expect(threads).toBe(isolated ? cores : 1)
    } finally {
      await context.close()
      await server.close()
    }
  })
})

/** In bytes, gzipped. */
const limits: Readonly<Record<string, number>> = {
  'tensors and gradients': 100_000,
  'LeNet, trained on MNIST': 148_000,
  'the page of a session': 3_000,
}

test('what a page loads stays small', async () => {
  await printSizes()
  for (const [name, limit] of Object.entries(limits)) {
    const { gzipped } = await sizeOf(programs[name])
    expect(gzipped, name).toBeLessThan(limit)
  }
})
