// A real browser for tests: finds a Chromium, serves files on the loopback interface, opens a page.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type BuildResult, build } from 'esbuild'
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core'

const root = join(import.meta.dirname, '../..')

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
]

/** Path of a Chromium, or null. CHROMIUM_PATH, where it is set, decides. */
export function findChromium(): string | null {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) return existsSync(chosen) ? chosen : null
  return candidates.find((path) => existsSync(path)) ?? null
}

export const noChromium =
  'no Chromium found: install one (Debian, Ubuntu: apt-get install chromium), or set CHROMIUM_PATH to its program'

/** Headless, with an empty profile and no traffic of its own. */
export function launch(executablePath: string, { args: more = [], ...options }: LaunchOptions = {}): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    ...more,
  ]
  return chromium.launch({ ...options, executablePath, headless: true, args })
}

/** Opens `origin` in a profile of its own, in which `prepare` ran before the page. `lines`: what the page says on its console. */
export async function onPage<T>(
  browser: Browser,
  origin: string,
  use: (tab: Page, lines: readonly string[]) => Promise<T>,
  prepare = '',
): Promise<T> {
  const context = await browser.newContext()
  try {
    const tab = await context.newPage()
    const lines: string[] = []
    tab.on('console', (message) => lines.push(message.text()))
    await tab.addInitScript(prepare)
    await tab.goto(origin)
    return await use(tab, lines)
  } finally {
    await context.close()
  }
}

/** An entry and what it imports as modules for a browser, in memory; what stands behind `import()` in files of its own. */
export function bundle(entry: string): Promise<BuildResult<{ write: false; metafile: true }>> {
  const options = { bundle: true, format: 'esm', platform: 'browser', minify: true, logLevel: 'silent' } as const
  const output = { outdir: 'dist', splitting: true, write: false, metafile: true } as const
  return build({ ...options, ...output, absWorkingDir: root, entryPoints: [entry] })
}

export interface Site {
  readonly origin: string
  close(): Promise<void>
}

/** Serves `files` by path. `isolated` adds the headers that allow shared memory. */
export async function serve(
  files: Readonly<Record<string, string | Uint8Array>>,
  { isolated }: { isolated: boolean },
): Promise<Site> {
  const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' }
  const headers = isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {}
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (!Object.hasOwn(files, path)) response.writeHead(404).end()
    else
      response
        .writeHead(200, { 'content-type': types[path.split('.').at(-1) ?? ''] ?? 'text/html', ...headers })
        .end(files[path])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
