// Starts a browser on a page, with a profile of its own, and ends it. There is no driver: the page itself tells the test's server what it found.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserName, type BrowserRow, browsers, findBrowser, notFound } from './table.ts'

export interface RunningBrowser {
  /** Rejects when the browser ends by itself. */
  readonly ended: Promise<never>
  close(): Promise<void>
}

export function openBrowser(name: BrowserName, url: string): RunningBrowser {
  const program = findBrowser(name)
  if (program === null) throw new Error(notFound(name))
  const row: BrowserRow = browsers[name]
  const profile = mkdtempSync(join(tmpdir(), `kindling-${name}-`))
  for (const [file, text] of Object.entries(row.profile)) writeFileSync(join(profile, file), text)
  // A process group of its own, so that its children end with it.
  const child = spawn(program, row.args(profile, url), {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
  })
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data).slice(-2000)
  })
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = (): void => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
  process.once('exit', end)
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended by itself, exit code ${code}\n${said}`)))
  })
  ended.catch(() => {})
  return {
    ended,
    async close() {
      process.off('exit', end)
      end()
      await exit
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
