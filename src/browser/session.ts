// The page's side of a session: one worker with the engine in it, functions that run there, metrics that stream out. The page itself never loads
// the engine.
import { DeviceError } from '../base/errors.ts'
import {
  type ArgsOf,
  type Functions,
  type MetricsOf,
  type ResultOf,
  type Runnable,
  type Target,
  type ToPage,
  type ToWorker,
} from './protocol.ts'

export interface SessionOptions {
  /** How long a cancelled run may go on before its worker is ended, in milliseconds. Default 2000. */
  grace?: number
}

export interface RunOptions<Metrics> {
  /** Called with each report. Without it, read `run.metrics`. */
  onMetrics?: (metrics: Metrics) => void
  /** Cancels the run when it is aborted. */
  signal?: AbortSignal
  /** Objects in the arguments that move to the worker instead of being copied. */
  transfer?: Transferable[]
  /** Which export of a module to run. Default 'default'. */
  export?: string
}

/** A function at work in the engine's worker. */
export interface Run<Metrics, Result> {
  /** The reports, to be read by `for await`; ends with the run. */
  readonly metrics: AsyncIterable<Metrics>
  /** What the function gives back. Rejects with what it throws; with an AbortError where it was cancelled. Buffers and pictures in it have moved, not been copied. */
  readonly result: Promise<Result>
  /** Asks the function to stop. One that does not within the grace period is ended with its worker and all its tensors: 'terminated'. */
  cancel(): Promise<'stopped' | 'terminated'>
}

interface Running {
  readonly flag: Int32Array | null
  readonly onMetrics: (metrics: unknown) => void
  readonly settle: (outcome: { result: unknown } | { error: unknown }) => void
}

/**
 * One dedicated worker with the engine. `start` makes it: `() => new Worker(new URL('./train.ts', import.meta.url), { type: 'module' })`, a file that calls
 * `expose`; bundlers know this form. Without it, the worker is Kindling's own, which runs functions and modules by address. Rejects with DeviceError where
 * the worker cannot be started.
 */
export async function createSession<F extends Functions = Functions>(
  start: () => Worker = ownWorker,
  options: SessionOptions = {},
): Promise<Session<F>> {
  const session = new Session<F>(start, options)
  await session.ready()
  return session
}

const ownWorker = (): Worker => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })

/** Made by `createSession`. */
export class Session<F extends Functions = Functions> {
  private readonly start: () => Worker
  private readonly grace: number
  private worker: Worker | null = null
  private started: Promise<void> | null = null
  private readonly running = new Map<number, Running>()
  private count = 0

  constructor(start: () => Worker, { grace = 2000 }: SessionOptions) {
    this.start = start
    this.grace = grace
  }

  /** Starts the worker where there is none: at first, and after one had to be ended. */
  ready(): Promise<void> {
    this.started ??= new Promise((resolve, reject) => {
      const worker = this.start()
      this.worker = worker
      worker.onerror = (event) => {
        event.preventDefault()
        const error = new DeviceError(
          `session: the worker could not go on: ${event.message || 'its script cannot be loaded'}`,
          "on an isolated page the worker's file needs the header Cross-Origin-Embedder-Policy, too.",
        )
        reject(error)
        this.end(error)
      }
      worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
        if ('ready' in data) resolve()
        else this.hear(data)
      }
    })
    return this.started
  }

  /** Runs a function of the worker by its name in `expose`. */
  run<K extends string & keyof F>(
    name: K,
    args: ArgsOf<F[K]>,
    options?: RunOptions<MetricsOf<F[K]>>,
  ): Run<MetricsOf<F[K]>, ResultOf<F[K]>>
  /**
   * Runs a function, which travels as text and so can use nothing from outside itself but `import()`; or the export of the module at an address.
   */
  run<R extends Runnable>(
    target: R | URL,
    args: ArgsOf<R>,
    options?: RunOptions<MetricsOf<R>>,
  ): Run<MetricsOf<R>, ResultOf<R>>
  run(what: string | Runnable | URL, args: unknown, options: RunOptions<unknown> = {}): Run<unknown, unknown> {
    const id = ++this.count
    const queue = new Queue()
    const flag = globalThis.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : null
    const result = new Promise<unknown>((resolve, reject) => {
      const settle: Running['settle'] = (outcome) => {
        this.running.delete(id)
        queue.close()
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.result)
      }
      this.running.set(id, { flag, onMetrics: options.onMetrics ?? ((metrics) => queue.push(metrics)), settle })
      this.ready()
        .then(
          () => this.send({ run: id, target: targetOf(what, options), args, flag }, options.transfer),
          (error) => settle({ error }),
        )
        .catch((error: unknown) => settle({ error }))
    })
    // One that only reads the metrics need not handle the same error twice.
    result.catch(() => {})
    const cancel = (): Promise<'stopped' | 'terminated'> => this.cancel(id, result)
    options.signal?.addEventListener('abort', () => void cancel(), { once: true })
    if (options.signal?.aborted) void cancel()
    return { metrics: queue, result, cancel }
  }

  /** Ends the worker: its memory goes back to the system. Runs that are going on reject with an AbortError. */
  close(): void {
    this.end(new DOMException('the session was closed', 'AbortError'))
  }

  private send(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker?.postMessage(message, transfer)
  }

  private hear(message: Exclude<ToPage, { ready: true }>): void {
    const run = this.running.get(message.run)
    if (run === undefined) return
    if ('metrics' in message) run.onMetrics(message.metrics)
    else if ('result' in message) run.settle({ result: message.result })
    else run.settle({ error: revived(message.error) })
  }

  private async cancel(id: number, result: Promise<unknown>): Promise<'stopped' | 'terminated'> {
    const run = this.running.get(id)
    if (run === undefined) return 'stopped'
    if (run.flag !== null) Atomics.store(run.flag, 0, 1)
    this.send({ cancel: id })
    const stopped = result.then(
      () => true,
      () => true,
    )
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), this.grace))
    if (await Promise.race([stopped, late])) return 'stopped'
    const message = `the run did not stop within ${this.grace} ms: its worker was ended, with all its tensors`
    this.end(new DOMException(message, 'AbortError'))
    return 'terminated'
  }

  private end(error: unknown): void {
    this.worker?.terminate()
    this.worker = null
    this.started = null
    for (const { settle } of [...this.running.values()]) settle({ error })
  }
}

function targetOf(what: string | Runnable | URL, options: RunOptions<unknown>): Target {
  if (typeof what === 'string') return { name: what }
  if (what instanceof URL) return { url: what.href, export: options.export ?? 'default' }
  return { text: String(what) }
}

function revived({ name, message, stack }: { name: string; message: string; stack: string | undefined }): Error {
  if (name === 'AbortError') return new DOMException(message, name)
  return Object.assign(new Error(message), { name, stack })
}

/** What was reported and not yet read. */
class Queue implements AsyncIterable<unknown> {
  private readonly waiting: unknown[] = []
  private wake: () => void = () => {}
  private closed = false

  push(value: unknown): void {
    this.waiting.push(value)
    this.wake()
  }
  close(): void {
    this.closed = true
    this.wake()
  }
  async *[Symbol.asyncIterator](): AsyncIterator<unknown> {
    for (;;) {
      while (this.waiting.length > 0) yield this.waiting.shift()
      if (this.closed) return
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}
