// A measured program as a child process that takes turns with others: started once, warm, and asleep while another one runs.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Ready, Turn } from './worker.ts'

export interface Program {
  /** For tables: `Kindling`, `PyTorch, one thread`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Longest wait for the first line, and for one answer. */
const startLimit = 300_000
const answerLimit = 900_000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

export class Contender {
  readonly program: Program
  readonly ready: Ready
  /** What every step so far returned, in order. */
  readonly losses: number[] = []
  peakRss = 0
  private readonly answers: Answers

  private constructor(program: Program, answers: Answers, ready: Ready) {
    this.program = program
    this.answers = answers
    this.ready = ready
  }

  /** Starts the program and waits until it is ready. Throws what it wrote to stderr where it ends instead. */
  static async start(program: Program, signal: AbortSignal): Promise<Contender> {
    signal.throwIfAborted()
    const answers = new Answers(program, signal)
    try {
      const ready = await answers.next(startLimit)
      return new Contender(program, answers, ready as unknown as Ready)
    } catch (error) {
      await answers.stop()
      throw error
    }
  }

  /** Does so many steps. Throws the program's own error, or one after `limit` milliseconds: the program is stopped then. */
  async run(steps: number, limit = answerLimit): Promise<Turn> {
    this.answers.send(`run ${steps}`)
    const turn = (await this.answers.next(limit)) as unknown as Turn
    this.losses.push(...turn.losses)
    this.peakRss = Math.max(this.peakRss, turn.peakRss)
    return turn
  }

  async stop(): Promise<void> {
    await this.answers.stop()
  }
}

/** The lines of a child, one promise each. */
class Answers {
  private readonly child: ChildProcess
  private readonly name: string
  private readonly signal: AbortSignal
  private readonly lines: string[] = []
  private errors = ''
  private ended = false
  private wake: () => void = () => {}

  constructor({ name, command, args, env }: Program, signal: AbortSignal) {
    this.name = name
    this.signal = signal
    // A process group of its own: Ctrl-C is for the parent, which ends the child.
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe', detached: true })
    const { child } = this
    alive.add(child)
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(line)
      this.wake()
    })
    child.stderr!.on('data', (data) => {
      this.errors = (this.errors + data).slice(-4000)
    })
    child.stdin!.on('error', () => {})
    const end = (): void => {
      this.ended = true
      alive.delete(child)
      this.wake()
    }
    child.on('close', end)
    child.on('error', (error) => {
      this.errors ||= error.message
      end()
    })
  }

  send(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  async next(limit: number): Promise<Record<string, unknown>> {
    const until = Date.now() + limit
    while (this.lines.length === 0) {
      this.signal.throwIfAborted()
      if (this.ended) throw new Error(lastLine(this.errors) || `${this.name} ended without an answer`)
      const left = until - Date.now()
      if (left <= 0) {
        await this.stop()
        throw new Error(`no answer within ${Math.round(limit / 1000)} s`)
      }
      await this.change(left)
    }
    const answer = JSON.parse(this.lines.shift()!) as Record<string, unknown>
    if (typeof answer.error === 'string') throw new Error(answer.error)
    return answer
  }

  /** Until there is a line, the child ends, the run is aborted, or `ms` have passed. */
  private change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.signal.removeEventListener('abort', done)
        this.wake = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.signal.addEventListener('abort', done)
      this.wake = done
    })
  }

  async stop(): Promise<void> {
    if (this.ended) return
    const { child } = this
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
      child.on('close', () => {
        clearTimeout(timer)
        resolve()
      })
      child.stdin!.end()
      child.kill('SIGTERM')
    })
  }
}

/** The last line of a trace that says something: the error itself in Python, the first in Node. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.find((line) => /^(\w*Error|step):? /.test(line)) ?? lines.findLast((line) => line !== '') ?? ''
}

/** Runs a program that prints one line of JSON and ends. Throws its own error. */
export function answerOf<T>({ name, command, args, env }: Program, signal: AbortSignal): Promise<T> {
  const options = { env: { ...process.env, ...env }, signal, maxBuffer: 2 ** 28, timeout: answerLimit }
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as T)
      else reject(new Error(`${name}: ${lastLine(stderr) || error.message}`))
    })
  })
}
