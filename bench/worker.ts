// What every measured program does, in Kindling and in Python (worker.py): it says that it is ready, then waits. The parent
// writes `run N`; the worker does N steps and answers with one line of JSON. So programs take turns and stay warm.
import { createInterface } from 'node:readline'
import { peakRss } from './memory.ts'
import { type Step, type Timed, timed } from './timed.ts'

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
export interface Turn extends Timed {
  /** Most resident memory since the imports. */
  readonly peakRss: number
}

/** Does `count` steps and times each. */
export async function turn(step: Step, count: number): Promise<Turn> {
  return { ...(await timed(step, count)), peakRss: peakRss() }
}

const say = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Answers commands until `quit` or the end of the input. */
export async function serve(ready: Ready, step: Step): Promise<void> {
  say(ready)
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, count] = line.trim().split(/\s+/)
    if (command === 'quit') break
    if (command === 'run') say(await turn(step, Number(count)))
    else say({ error: `unknown command '${line}': expected 'run STEPS' or 'quit'` })
  }
  process.stdin.unref()
}
