// Pages on a GPU, by software, and what can go wrong there: no WebGPU, no GPU, no shared memory, a tensor that is too large, a GPU that is lost in the middle of
// training, sessions that end.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleForPages } from '../../scripts/bundle.ts'
import { launch, onPage } from './chromium.ts'
import { type Server, startServer } from './harness/server.ts'
import { findBrowser, softwareGpu } from './harness/table.ts'
import { megabytesOfChildren } from './megabytes.ts'

const executable = findBrowser('chromium')

describe.skipIf(executable === null)('a page', () => {
  let browser: Browser
  const servers: Record<'isolated' | 'open', Server> = {} as never
  beforeAll(async () => {
    const bundle = [...(await bundleForPages())].map(([name, contents]) => [`/${name}`, contents])
    const files = { ...Object.fromEntries(bundle), '/': '<!doctype html><title>Kindling</title>' }
    servers.isolated = await startServer({ isolated: true, files })
    servers.open = await startServer({ isolated: false, files })
    browser = await launch(executable as string, { args: [...softwareGpu] })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    for (const server of Object.values(servers)) await server.close()
  })

  const on = <T>(kind: 'isolated' | 'open', use: (tab: Page) => Promise<T>, prepare = ''): Promise<T> =>
    onPage(browser, servers[kind].origin, use, prepare)
  const initialised = `import('/kindling.js').then((torch) => torch.webgpu.init()).then(String, String)`

  test('without WebGPU is told so, with what to do', async () => {
    const said = await on('isolated', (tab) => tab.evaluate(initialised), 'delete Navigator.prototype.gpu')
    expect(said).toMatch(/^DeviceError: webgpu: there is no WebGPU here\n +help: .*in a browser: a recent one, .*https/)
  })

  test('without a GPU is told so, with what to do', async () => {
    const said = await on(
      'isolated',
      (tab) => tab.evaluate(initialised),
      'GPU.prototype.requestAdapter = async () => null',
    )
    expect(said).toMatch(/^DeviceError: webgpu: no GPU can be used here\n +help: update the graphics driver, or .*wasm/)
  })

  test('that is not isolated has values by await, and is told so where it asks at once', async () => {
    const [said, losses] = await on('open', (tab) =>
      tab.evaluate<[string, number[]]>(`import('/browser.js').then(async ({ createSession }) => {
        const session = await createSession()
        return session.run(async ({ torch }) => {
          await torch.webgpu.init()
          torch.manualSeed(0)
          const net = new torch.nn.Linear(3, 1).to('webgpu')
          const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 })
          const [x, y] = [torch.rand(8, 3), torch.rand(8, 1)].map((one) => one.to('webgpu'))
          const losses = []
          let said = ''
          for (let step = 0; step < 5; step++) {
            const loss = torch.F.mseLoss(net(x), y)
            optimizer.zeroGrad()
            loss.backward()
            optimizer.step()
            try { loss.item() } catch (error) { said = String(error) }
            losses.push((await loss.read())[0])
          }
          return [said, losses]
        }).result
      })`),
    )
    expect(said).toMatch(
      /^DeviceError: webgpu: values on the GPU cannot be read at once here\n +help: await x\.read\(\)/,
    )
    expect(losses[4]).toBeLessThan(losses[0])
  })

  test('is told the largest tensor where it asks for one that does not fit', async () => {
    const said = await on('isolated', (tab) =>
      tab.evaluate(`import('/kindling.js').then(async (torch) => {
        await torch.webgpu.init()
        return torch.empty([2 ** 20, 2 ** 14], { device: 'webgpu' })
      }).then(String, String)`),
    )
    expect(said).toMatch(
      /^DeviceError: webgpu: a tensor of 68719476736 bytes does not fit: this GPU takes \d+ at most\n +help: /,
    )
  })

  test('goes on from its checkpoint after the GPU was lost in the middle of training', async () => {
    const { said, losses, lostAt } = await on('isolated', async (tab) => {
      const trained = tab.evaluate(`import('/browser.js').then(async ({ createSession }) => {
        const session = await createSession()
        const run = session.run(async ({ torch, report }) => {
          const [x, y] = [torch.linspace(0, 1, 24).reshape(8, 3), torch.linspace(1, 0, 8).reshape(8, 1)]
          const losses = []
          let [said, lostAt] = ['', 0]
          async function train(steps) {
            await torch.webgpu.init()
            torch.manualSeed(0)
            const net = new torch.nn.Linear(3, 1)
            if (losses.length > 0) net.loadStateDict(await torch.load('/lost.safetensors'))
            net.to('webgpu')
            const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 })
            const [inputs, targets] = [x.to('webgpu'), y.to('webgpu')]
            while (losses.length < steps) {
              const loss = torch.F.mseLoss(net(inputs), targets)
              optimizer.zeroGrad()
              loss.backward()
              optimizer.step()
              losses.push(loss.item())
              const state = {}
              for (const [name, value] of Object.entries(net.stateDict())) state[name] = value.to('wasm')
              await torch.save(state, '/lost.safetensors')
              report(losses.length)
            }
          }
          while (said === '' || losses.length < lostAt + 12) {
            try { await train(said === '' ? 1e9 : lostAt + 12) } catch (error) {
              if (error.name !== 'DeviceError' || said !== '') throw error
              said = String(error)
              lostAt = losses.length
            }
          }
          return { said, losses, lostAt }
        })
        for await (const step of run.metrics) globalThis.step = step
        return run.result
      })`) as Promise<{ said: string; losses: number[]; lostAt: number }>
      await tab.waitForFunction('globalThis.step > 3')
      const cdp = await browser.newBrowserCDPSession()
      await cdp.send('Browser.crashGpuProcess')
      return trained
    })
    expect(said).toMatch(
      /^DeviceError: webgpu: the GPU was lost: .*\n +help: .*init\(\) connects again, then load the last checkpoint/,
    )
    expect(losses.length).toBe(lostAt + 12)
    // Every step comes closer, those behind the loss too: nothing began anew.
    for (let k = 1; k < losses.length; k++) expect(losses[k], `step ${k}`).toBeLessThanOrEqual(losses[k - 1])
  })

  test.skipIf(process.platform !== 'linux')(
    'gives the memory of the GPU back when it or its sessions end',
    async () => {
      await on('isolated', async (tab) => {
        // 200 MB in each, in the process of the GPU: closed by the page, ended because it does not stop, or gone with its page.
        const round = (end: string, on = tab): Promise<unknown> =>
          on.evaluate(`import('/browser.js').then(async ({ createSession }) => {
          const session = await createSession(undefined, { grace: 50 })
          const run = session.run(async ({ torch, report }) => {
            await torch.webgpu.init()
            globalThis.kept = torch.ones([50e6], { device: 'webgpu' })
            report(kept.narrow(0, 0, 1000).sum().item())
            for (;;);
          })
          for await (const sum of run.metrics) { if (sum !== 1000) throw new Error(String(sum)); break }
          ${end}
        })`)
        const all = async (): Promise<void> => {
          await round('session.close()')
          await round('await run.cancel()')
          const other = await tab.context().newPage()
          await other.goto(servers.isolated.origin)
          await round('', other)
          await other.close()
        }
        await all()
        await new Promise((resolve) => setTimeout(resolve, 500))
        const before = megabytesOfChildren()
        for (let k = 0; k < 2; k++) await all()
        await new Promise((resolve) => setTimeout(resolve, 500))
        // Six rounds hold 1200 MB, if nothing is given back.
        expect(megabytesOfChildren() - before).toBeLessThan(600)
      })
    },
  )

  test('that closes, or a run that is cancelled, leaves nothing on the GPU for the next', async () => {
    const [sum, used] = await on('isolated', (tab) =>
      tab.evaluate<[number, number]>(`import('/browser.js').then(async ({ createSession }) => {
        const session = await createSession()
        const memory = () => session.run(async ({ torch }) => {
          await torch.webgpu.init()
          return torch.backend('webgpu').stats().used
        }).result
        const before = await memory()
        const run = session.run(async ({ torch, report }) => {
          await torch.webgpu.init()
          for (;;) await torch.scope(async () => { report(torch.ones([1000], { device: 'webgpu' }).sum().item()); await null })
        })
        let sum
        for await (sum of run.metrics) break
        const how = await run.cancel()
        if (how !== 'stopped') throw new Error(how)
        return [sum, (await memory()) - before]
      })`),
    )
    expect(sum).toBe(1000)
    expect(used).toBeLessThan(10_000)
  })
})
