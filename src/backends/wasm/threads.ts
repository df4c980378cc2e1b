// The thread pool. A job lies in shared memory (layout.ts); its chunks are taken by an atomic counter, by the workers and the caller alike.
// Workers start at the first job that can use them and join when they are ready; a job is over when no worker holds a seat.
import { createWorker, now, type PlatformWorker } from '#platform'
import { DeviceError } from '../../base/errors.ts'
import { hostMathText } from './host.ts'
import { errorTextMax, seatOf, seatWords, words } from './layout.ts'
import { poolWorker, type WorkerData } from './worker.ts'

export interface Job {
  readonly name: string
  readonly moduleId: number
  readonly moduleAddress: number
  readonly moduleLength: number
  readonly exportIndex: number
  readonly run: (desc: number, begin: number, end: number) => void
}

/** Workers and the waiting caller spin this long before they sleep: in a training loop, JavaScript between two kernels rarely takes longer. */
const spinMs = 0.2
const pause: () => void = (Atomics as { pause?: () => void }).pause?.bind(Atomics) ?? (() => {})

interface Seat {
  readonly worker: PlatformWorker
  readonly word: number
}

/** Calls `run` on every chunk, in order. */
export function runChunks(run: Job['run'], desc: number, items: number, grain: number): void {
  for (let begin = 0; begin < items; begin += grain) run(desc, begin, Math.min(items, begin + grain))
}

export class ThreadPool {
  private readonly memory: WebAssembly.Memory
  private readonly word: Int32Array
  private readonly wanted: number
  /** How long a worker that shows no progress is waited for, in milliseconds. */
  private readonly patience: number
  private seats: Seat[] | null = null
  private failure: DeviceError | null = null

  /** `threads` counts the caller. */
  constructor(memory: WebAssembly.Memory, threads: number, patience = 10_000) {
    this.memory = memory
    this.word = new Int32Array(memory.buffer, 0, 65536)
    this.wanted = threads - 1
    this.patience = patience
  }

  /** The workers that are left. */
  get workers(): readonly PlatformWorker[] {
    return (this.seats ?? []).map((seat) => seat.worker)
  }

  /** Chunks that the workers have done so far. */
  get chunksByWorkers(): number {
    return (this.seats ?? []).reduce((sum, seat) => sum + Atomics.load(this.word, seat.word + 1), 0)
  }

  private start(): Seat[] {
    const source = `(data) => { const __name = (f) => f; (${poolWorker})(data, ${hostMathText()}) }`
    return Array.from({ length: this.wanted }, (_, k) => {
      const word = seatOf(k)
      this.word.fill(0, word, word + seatWords)
      const data: WorkerData = { memory: this.memory, words, seat: word, errorTextMax, spin: spinMs }
      const seat: Seat = { word, worker: createWorker(source, data) }
      seat.worker.onEnd((reason) => this.lose(seat, reason))
      return seat
    })
  }

  private lose(seat: Seat, reason: string): void {
    if (this.seats === null || !this.seats.includes(seat)) return
    this.seats = this.seats.filter((other) => other !== seat)
    Atomics.store(this.word, seat.word, 0)
    // Should it live on after all, it must not touch another job.
    Atomics.store(this.word, seat.word + 2, 1)
    this.failure ??= new DeviceError(
      `wasm: a worker thread is lost: ${reason}`,
      `the next operation runs on ${this.seats.length + 1} threads.`,
    )
  }

  /** The error that is waiting to be told, once. */
  private check(): void {
    const failure = this.failure
    this.failure = null
    if (failure !== null) throw failure
  }

  run(job: Job, desc: number, items: number, grain: number): void {
    this.seats ??= this.start()
    this.check()
    const { word } = this
    const chunks = Math.ceil(items / grain)
    word[words.moduleId] = job.moduleId
    word[words.moduleAddress] = job.moduleAddress
    word[words.moduleLength] = job.moduleLength
    word[words.exportIndex] = job.exportIndex
    word[words.desc] = desc
    word[words.items] = items
    word[words.grain] = grain
    word[words.chunks] = chunks
    Atomics.store(word, words.next, 0)
    Atomics.store(word, words.error, 0)
    Atomics.store(word, words.open, 1)
    Atomics.add(word, words.epoch, 1)
    if (Atomics.load(word, words.sleeping) > 0) Atomics.notify(word, words.epoch, chunks - 1)
    let longest = 0
    try {
      let chunk = Atomics.add(word, words.next, 1)
      const started = now()
      let done = 0
      for (; chunk < chunks; chunk = Atomics.add(word, words.next, 1)) {
        job.run(desc, chunk * grain, Math.min(items, (chunk + 1) * grain))
        done++
      }
      longest = (now() - started) / Math.max(done, 1)
    } catch (error) {
      Atomics.store(word, words.next, chunks)
      throw new DeviceError(`${job.name}: ${String(error)}`)
    } finally {
      Atomics.store(word, words.open, 0)
      for (const seat of this.seats) {
        if (Atomics.load(word, seat.word) === 1) this.await(seat, this.patience + 200 * longest)
      }
    }
    if (Atomics.load(word, words.error) !== 0) {
      const text = word.subarray(words.errorText, words.errorText + word[words.errorLength])
      throw new DeviceError(`${job.name}: ${String.fromCharCode(...text)}`)
    }
    this.check()
  }

  /** Until the worker leaves its seat; one that makes no progress within `limit` milliseconds counts as dead and is ended. */
  private await(seat: Seat, limit: number): void {
    const { word } = this
    const spinUntil = now() + spinMs
    do {
      for (let k = 0; k < 20; k++) {
        if (Atomics.load(word, seat.word) === 0) return
        pause()
      }
    } while (now() < spinUntil)
    Atomics.store(word, words.callerWaits, 1)
    let progress = Atomics.load(word, seat.word + 1)
    let deadline = now() + limit
    while (Atomics.load(word, seat.word) === 1) {
      const left = deadline - now()
      if (left > 0) {
        Atomics.wait(word, seat.word, 1, Math.min(left, 100))
        const current = Atomics.load(word, seat.word + 1)
        if (current !== progress) deadline = now() + limit
        progress = current
        continue
      }
      this.lose(seat, `it did not finish its part within ${Math.round(limit / 1000)} s`)
      seat.worker.terminate()
    }
    Atomics.store(word, words.callerWaits, 0)
  }

  /** Ends the workers. The next job starts new ones. */
  stop(): void {
    const seats = this.seats ?? []
    this.seats = null
    for (const seat of seats) seat.worker.terminate()
  }
}
