// The parts of the platform that Node and browsers share: fetch and decompression streams.
import { DataError } from '../base/errors.ts'
import type { DownloadOptions } from './types.ts'

async function collect(stream: ReadableStream<Uint8Array>, onChunk?: (received: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let received = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    received += value.length
    onChunk?.(received)
  }
  const all = new Uint8Array(received)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error
  return cause instanceof Error && cause.message ? `${message} (${cause.message})` : message
}

/** The body of `url`; DataError where the server cannot be reached or does not answer with success. */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array> {
  try {
    const response = await fetch(url)
    if (!response.ok)
      throw new DataError(`download: ${url}: the server answers ${response.status} ${response.statusText}`)
    if (response.body === null) return new Uint8Array()
    // A compressed transfer announces the compressed size, which says nothing about the bytes that arrive here.
    const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length')
    const total = length === null ? undefined : Number(length)
    const data = await collect(response.body, (received) => options.onProgress?.(received, total))
    if (total !== undefined && data.length !== total) {
      throw new DataError(`download: ${url}: the transfer broke off: ${data.length} of ${total} bytes`)
    }
    return data
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(`download: ${url}: ${reasonOf(error)}`)
  }
}

/** DataError where the data is not gzip or is truncated. */
export async function gunzip(data: Uint8Array): Promise<Uint8Array> {
  try {
    const stream = new Blob([new Uint8Array(data)]).stream().pipeThrough(new DecompressionStream('gzip'))
    return await collect(stream)
  } catch (error) {
    throw new DataError(`gunzip: not a complete gzip stream: ${reasonOf(error)}`)
  }
}
