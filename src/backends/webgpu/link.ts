// Where the server runs: in this thread, or in one of its own, where the caller can sleep until values are there.
import { createWorker, gpuText, onExit, type PlatformWorker, requestGpu } from '#platform'
import { DeviceError } from '../../base/errors.ts'
import { threadOf, type Question, type Reply } from './thread.ts'
import {
  type Batch,
  type Facts,
  openServer,
  ops,
  PARAMETER_BYTES,
  PARAMETER_WINDOW,
  type ReadReply,
  type ReadRequest,
  type Server,
  type ServerSettings,
} from './server.ts'

/** The engine's way to its server. */
export interface Link {
  readonly facts: Facts
  execute(batch: Batch): void
  read(request: ReadRequest): Promise<ReadReply>
  /** The same, now; null where this thread may not or cannot wait. */
  readonly readNow: ((request: ReadRequest) => ReadReply) | null
  takeFailure(): string | null
  lost(): string | null
  destroy(): void
}

const settings: ServerSettings = { ops, parameterWindow: PARAMETER_WINDOW, parameterBytes: PARAMETER_BYTES }

/** The server in this thread; null where there is no GPU. */
export async function directLink(): Promise<Link | null> {
  const server: Server | null = await openServer(await requestGpu(), settings)
  return server && { ...server, readNow: null }
}

/** Bytes of a reply's head: [state (0 while there is none, 2 where the GPU is lost), bytes, flags, length of the error's text], flags, text. */
const HEAD = 4096
const [STATE, BYTES, FLAGS, ERROR] = [0, 1, 2, 3]
const FIRST_FLAG = 4
const TEXT = 64
/** Token of the answer that the GPU was given back. */
const CLOSED = -1
/** Nothing on a GPU takes so long. */
const PATIENCE_MS = 600_000

/** The server in a thread of its own; null where there is no GPU. */
export async function threadLink(): Promise<Link | null> {
  const source = `(data, port) => { const __name = (f) => f; return (${threadOf})(data, port, ${gpuText()}, ${openServer}) }`
  const worker: PlatformWorker = createWorker(source, { settings, head: HEAD, firstFlag: FIRST_FLAG, text: TEXT })
  let failure: string | null = null
  let gone: string | null = null
  let ended = false
  let tokens = 0
  let forget = (): void => {}
  const waiting = new Map<number, (reply: Reply) => void>()
  worker.onMessage((message) => {
    const reply = message as Reply
    if (reply.token === CLOSED) worker.terminate()
    failure ??= reply.failure
    gone ??= reply.lost
    const resolve = waiting.get(reply.token)
    waiting.delete(reply.token)
    if (waiting.size === 0) worker.keepAlive(false)
    resolve?.(reply)
  })
  worker.onEnd((reason) => {
    ended = true
    forget()
    gone ??= `its thread ended: ${reason}`
    for (const resolve of waiting.values()) resolve({ token: 0, failure: null, lost: gone })
    waiting.clear()
  })
  const ask = (question: Omit<Question, 'token'>): Promise<Reply> =>
    new Promise((resolve) => {
      const token = ++tokens
      waiting.set(token, resolve)
      worker.keepAlive(true)
      worker.post({ token, ...question })
    })

  const { facts = null, lost } = await ask({})
  if (facts === null) {
    worker.terminate()
    if (lost !== null) throw new DeviceError(`webgpu: ${lost}`)
    return null
  }

  let shared = new SharedArrayBuffer(HEAD + 65536)
  /** A process that ends while the thread is inside of the driver would crash. */
  forget = onExit(() => {
    if (ended) return
    const head = new Int32Array(shared, 0, HEAD / 4)
    head[STATE] = 0
    worker.post({ token: 0, close: true, into: shared } satisfies Question)
    Atomics.wait(head, STATE, 0, 5000)
  })
  function readNow(read: ReadRequest): ReadReply {
    if (shared.byteLength < HEAD + read.length) shared = new SharedArrayBuffer(HEAD + 2 * read.length)
    const head = new Int32Array(shared, 0, HEAD / 4)
    head[STATE] = 0
    worker.post({ token: 0, read, into: shared } satisfies Question)
    if (Atomics.wait(head, STATE, 0, PATIENCE_MS) === 'timed-out')
      throw new DeviceError('webgpu: the GPU did not answer for ten minutes')
    if (head[ERROR] > 0) {
      const text = String.fromCharCode(...head.subarray(TEXT, TEXT + head[ERROR]))
      if (head[STATE] === 2) gone ??= text
      throw new DeviceError(`webgpu: ${text}`)
    }
    return {
      bytes: new Uint8Array(shared, HEAD, head[BYTES]).slice(),
      flags: Array.from(head.subarray(FIRST_FLAG, FIRST_FLAG + head[FLAGS])),
    }
  }

  return {
    facts,
    execute(batch) {
      worker.post({ token: 0, batch } satisfies Question, [
        batch.commands.buffer as ArrayBuffer,
        batch.parameters.buffer as ArrayBuffer,
        batch.data.buffer as ArrayBuffer,
      ])
    },
    async read(read) {
      const { reply, failure: why, lost: lostBy } = await ask({ read })
      if (reply === undefined) throw new DeviceError(`webgpu: ${why ?? lostBy ?? 'no answer'}`)
      return reply
    },
    readNow,
    takeFailure() {
      const text = failure
      failure = null
      return text
    },
    lost: () => gone,
    destroy() {
      gone ??= 'it was closed'
      // Not in the middle of something: the driver would crash.
      worker.post({ token: CLOSED, close: true } satisfies Question)
    },
  }
}
