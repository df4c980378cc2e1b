import { execFile } from 'node:child_process'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Metafile } from 'esbuild'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, findChromium, launch, noChromium, serve } from './chromium.ts'
import type { StepResult } from './lenetStep.ts'

/** The files that are loaded with an entry: not those behind `import()`. */
function loadedWith(entry: string, { outputs }: Metafile): string[] {
  const chunks = new Set(Object.keys(outputs).filter((path) => outputs[path].entryPoint === entry))
  for (const path of chunks)
    for (const { path: next, kind } of outputs[path].imports) if (kind === 'import-statement') chunks.add(next)
  return [...chunks].flatMap((path) => Object.keys(outputs[path].inputs))
}

const page = `<!doctype html><title>Kindling</title><script type="module">
  const worker = new Worker('/worker.js', { type: 'module' })
  worker.onmessage = ({ data }) => { globalThis.answer = data }
  worker.onerror = (event) => { globalThis.answer = { error: event.message || 'the worker could not be started' } }
</script>`

describe('bundles for browsers', () => {
  test.each(['index', 'nn/index', 'optim/index', 'models/index', 'data/index', 'io/index', 'vision/index'])(
    '%s holds nothing of Node, of the command line or of a package',
    async (entry) => {
      const { metafile } = await bundle(`src/${entry}.ts`)
      const sources = loadedWith(`src/${entry}.ts`, metafile)
      expect(sources).toContain('src/platform/browser.ts')
      expect(sources.filter((path) => !path.startsWith('src/') || /^src\/(cli|platform\/node)/.test(path))).toEqual([])
      const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
      expect(imports.filter(({ external }) => external)).toEqual([])
    },
  )
})

const executable = findChromium()
if (executable === null) console.warn(`browser tests are skipped: ${noChromium}`)

test.runIf(process.env.CI)('in CI there is a Chromium', () => {
  expect(executable, noChromium).not.toBeNull()
})

describe.skipIf(executable === null)('a step of LeNet in Chromium', () => {
  let browser: Browser
  let scripts: Record<string, string>
  let inNode: StepResult

  beforeAll(async () => {
    const env = { ...process.env, KINDLING_AVX: '0' }
    const node = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'node.ts')], { env })
    const { outputFiles } = await bundle('test/browser/worker.ts')
    scripts = Object.fromEntries(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]))
    browser = await launch(executable as string)
    inNode = JSON.parse((await node).stdout) as StepResult
  })
  afterAll(() => browser?.close())

  async function inBrowser(isolated: boolean): Promise<StepResult & { crossOriginIsolated: boolean }> {
    const site = await serve({ '/': page, ...scripts }, { isolated })
    const context = await browser.newContext()
    try {
      const tab = await context.newPage()
      await tab.goto(site.origin)
      const answer = await (await tab.waitForFunction('globalThis.answer', null, { timeout: 50_000 })).jsonValue()
      const { result, error } = answer as { result?: StepResult; error?: string }
      if (result === undefined) throw new Error(error)
      return { ...result, crossOriginIsolated: await tab.evaluate('crossOriginIsolated') }
    } finally {
      await context.close()
      await site.close()
    }
  }

  test('on an isolated page it runs on several threads and gives the bits of Node', async () => {
    const { crossOriginIsolated, threads, chunksByWorkers, loss, checksum } = await inBrowser(true)
    expect(crossOriginIsolated).toBe(true)
    expect(threads).toBe(inNode.threads)
    if (threads > 1) expect(chunksByWorkers).toBeGreaterThan(0)
    expect({ loss, checksum }).toEqual({ loss: inNode.loss, checksum: inNode.checksum })
  })

  test('on a page that is not isolated it runs on one thread and gives the bits of Node', async () => {
    const { crossOriginIsolated, threads, chunksByWorkers, loss, checksum } = await inBrowser(false)
    expect({ crossOriginIsolated, threads, chunksByWorkers }).toEqual({
      crossOriginIsolated: false,
      threads: 1,
      chunksByWorkers: 0,
    })
    expect({ loss, checksum }).toEqual({ loss: inNode.loss, checksum: inNode.checksum })
  })
})
