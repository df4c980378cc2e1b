// A Chromium with a page of the bench, isolated or not, and contenders in its workers: they answer as those in processes of their own do.
// The GPU is software (SwiftShader), the same for WebGL and WebGPU.
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import type { Browser, Page as BrowserPage } from 'playwright-core'
import { findChromium, launch, noChromium } from '../../test/browser/chromium.ts'
import { type Server, startServer } from '../../test/browser/harness/server.ts'
import { peerFolder } from '../peers.ts'
import type { Timed } from '../timed.ts'
import type { Begin, Ready } from './contender.ts'
import type { Page } from './page.ts'

const softwareGpu = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]

/** Longest wait for a network to be built, in milliseconds. */
const startLimit = 300_000

/** The page and the contenders' workers as scripts, by path. */
export async function bundleContenders(libraries: readonly string[]): Promise<Record<string, Uint8Array>> {
  const options: BuildOptions = {
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  }
  const { outputFiles } = await build({
    ...options,
    minify: true,
    write: false,
    outdir: '/',
    absWorkingDir: join(import.meta.dirname, '../..'),
    entryPoints: ['page', ...libraries].map((name) => join(import.meta.dirname, `${name}.ts`)),
    nodePaths: [join(peerFolder, 'node_modules')],
  })
  return Object.fromEntries(outputFiles!.map(({ path, contents }) => [path, contents]))
}

export class Tab {
  readonly version: string
  private readonly browser: Browser
  private readonly page: BrowserPage
  private readonly server: Server
  private readonly signal: AbortSignal

  private constructor(browser: Browser, page: BrowserPage, server: Server, signal: AbortSignal) {
    this.version = browser.version()
    this.browser = browser
    this.page = page
    this.server = server
    this.signal = signal
    signal.addEventListener('abort', this.close)
  }

  static async open(scripts: Record<string, Uint8Array>, isolated: boolean, signal: AbortSignal): Promise<Tab> {
    const chromium = findChromium()
    if (chromium === null) throw new Error(noChromium)
    const server = await startServer({
      isolated,
      files: { ...scripts, '/': '<!doctype html><title>Bench</title><script type="module" src="/page.js"></script>' },
      folders: { '/tfjs-backend-wasm/': join(peerFolder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist') },
    })
    // Ctrl-C is for the bench, which closes the browser.
    const browser = await launch(chromium, { args: softwareGpu, handleSIGINT: false, handleSIGTERM: false })
    const page = await browser.newPage()
    await page.goto(server.origin)
    await page.waitForFunction('globalThis.bench')
    return new Tab(browser, page, server, signal)
  }

  /** Starts a library in a worker and waits until its network is built. Throws its own error. */
  async start(library: string, begin: Begin): Promise<TabContender> {
    await this.call('start', library)
    return new TabContender(this, library, (await this.ask(library, begin, startLimit)) as Ready)
  }

  /** An order to a library's worker, and its answer. Throws its error, or one after `limit` milliseconds. */
  async ask(library: string, order: unknown, limit: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`${library}: no answer within ${Math.round(limit / 1000)} s`)
      timer = setTimeout(() => reject(error), limit)
    })
    try {
      return await Promise.race([this.call('ask', library, order), late])
    } finally {
      clearTimeout(timer)
    }
  }

  private async call<K extends keyof Page>(name: K, ...args: Parameters<Page[K]>): Promise<unknown> {
    this.signal.throwIfAborted()
    const body = ([key, list]: [string, unknown[]]): unknown => (globalThis as any).bench[key](...list)
    try {
      return await this.page.evaluate(body, [name, args] as [string, unknown[]])
    } catch (error) {
      this.signal.throwIfAborted()
      // Playwright puts its own words before the message and the stack behind it.
      const message = (error as Error).message.replace(/^page\.evaluate: (Error: )?/, '').split('\n')[0]
      throw new Error(`${args[0]}: ${message}`)
    }
  }

  readonly close = async (): Promise<void> => {
    this.signal.removeEventListener('abort', this.close)
    await this.browser.close()
    await this.server.close()
  }
}

/** A library with a network in a worker of the page. */
export class TabContender {
  readonly ready: Ready
  /** What every step so far returned, in order. */
  readonly losses: number[] = []
  private readonly tab: Tab
  private readonly library: string

  constructor(tab: Tab, library: string, ready: Ready) {
    this.tab = tab
    this.library = library
    this.ready = ready
  }

  /** Does so many steps. Throws the library's own error, or one after `limit` milliseconds. */
  async run(steps: number, limit: number): Promise<Timed> {
    const answer = (await this.tab.ask(this.library, { run: steps }, limit)) as Timed
    this.losses.push(...answer.losses)
    return answer
  }
}
