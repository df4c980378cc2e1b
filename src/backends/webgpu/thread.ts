// The code of the GPU's thread: a server behind messages. It is turned to text and started without a file of its own (link.ts), so it must
// not use anything from outside itself.
import type { PlatformPort } from '#platform'
import type { Batch, Facts, openServer, ReadReply, ReadRequest, ServerSettings } from './server.ts'

export interface Question {
  /** Names the answer; 0 where none is wanted. */
  readonly token: number
  readonly batch?: Batch
  readonly read?: ReadRequest
  /** Gives the GPU back: nothing is carried out after it. */
  readonly close?: true
  /** Where a caller sleeps until the answer is there. */
  readonly into?: SharedArrayBuffer
}

export interface Reply {
  readonly token: number
  readonly failure: string | null
  readonly lost: string | null
  readonly facts?: Facts | null
  readonly reply?: ReadReply
}

export interface ThreadData {
  readonly settings: ServerSettings
  /** Bytes of the head of a shared answer, and the places in it (32-bit words). */
  readonly head: number
  readonly firstFlag: number
  readonly text: number
}

export function threadOf(
  { settings, head, firstFlag, text }: ThreadData,
  port: PlatformPort,
  gpu: () => Promise<GPU | null>,
  open: typeof openServer,
): void {
  const ready = gpu().then((entry) => open(entry, settings))

  /** [state, bytes, flags, length of the text], then the parts; the state last: 1, or 2 where the GPU is lost. */
  function answer(into: SharedArrayBuffer, reply: ReadReply | null, failure: string | null, lost: string | null): void {
    const words = new Int32Array(into, 0, head / 4)
    words[1] = reply?.bytes.length ?? 0
    words[2] = reply?.flags.length ?? 0
    words.set(reply?.flags ?? [], firstFlag)
    const message = (lost ?? failure ?? '').slice(0, head / 4 - text)
    words[3] = message.length
    for (let k = 0; k < message.length; k++) words[text + k] = message.charCodeAt(k)
    if (reply !== null) new Uint8Array(into, head).set(reply.bytes)
    Atomics.store(words, 0, lost === null ? 1 : 2)
    Atomics.notify(words, 0)
  }

  port.onMessage(async (message) => {
    const { token, batch, read, close, into } = message as Question
    let [failure, lost]: (string | null)[] = [null, null]
    let reply: ReadReply | null = null
    let facts: Facts | null = null
    try {
      const server = await ready
      facts = server?.facts ?? null
      if (server !== null) {
        if (close) await server.destroy()
        if (batch !== undefined && server.lost() === null) server.execute(batch)
        if (read !== undefined) reply = await server.read(read)
        // A caller that sleeps hears nothing but answers: what went wrong waits for the next one.
        if (token !== 0 || into !== undefined) failure = server.takeFailure()
        lost = server.lost()
      }
    } catch (error) {
      failure = String((error as Error).message ?? error)
      lost = (await ready.catch(() => null))?.lost() ?? null
      if (facts === null) lost = failure
    }
    if (into !== undefined) answer(into, reply, failure, lost)
    else if (token !== 0 || failure !== null || lost !== null)
      port.post({ token, failure, lost, facts, ...(reply && { reply }) } satisfies Reply)
  })
}
