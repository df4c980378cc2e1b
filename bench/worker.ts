// What every measured program does, in Kindling and in Python (worker.py): it says that it is ready, then waits. The parent
// writes `run N`; the worker does N steps and answers with one line of JSON. So programs take turns and stay warm.
import { createInterface } from 'node:readline'
import { peakRss } from './memory.ts'

/** The first line of a worker. Sizes in bytes. */
export interface Ready {
  readonly ready: true
  readonly threads: number
  /** Versions and settings, for people. */
  readonly about: Readonly<Record<string, unknown>>
  /** Resident memory when everything was imported and nothing made. */
  readonly rss: number
}

/** The answer to `run N`. */
export interface Turn {
  /** Milliseconds of each step. */
  readonly times: readonly number[]
  /** What each step returned: a loss, where it trains. */
  readonly losses: readonly number[]
  /** Most resident memory since the imports. */
  readonly peakRss: number
}

/** Does `count` steps and times each. */
export async function turn(step: () => number | Promise<number>, count: number): Promise<Turn> {
  const times: number[] = []
  const losses: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    const result = step()
    losses.push(typeof result === 'number' ? result : await result)
    times.push(performance.now() - began)
  }
  return { times, losses, peakRss: peakRss() }
}

const say = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Answers commands until `quit` or the end of the input. */
export async function serve(ready: Ready, step: () => number | Promise<number>): Promise<void> {
  say(ready)
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, count] = line.trim().split(/\s+/)
    if (command === 'quit') break
    if (command === 'run') say(await turn(step, Number(count)))
    else say({ error: `unknown command '${line}': expected 'run STEPS' or 'quit'` })
  }
  process.stdin.unref()
}
