// What data sets that are downloaded have in common: a folder of the cache, and checksums.
import { download, homeCache, log, writeFileAtomic } from '#platform'
import { DataError } from '../base/errors.ts'

/** Folder `name` of the cache. */
export const cacheFolder = (name: string): string => `${homeCache()}/${name}`

let told = false

/** Writes a file of the cache. Where that cannot be, one line says so, once: the data are in memory, and only the next start fetches them again. */
export async function keepInCache(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(path, bytes)
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    if (!told) log(`kindling: not kept for the next time: ${error.summary}`)
    told = true
  }
}

/** The digest of `bytes` in hexadecimal. */
export async function digestOf(algorithm: 'SHA-1' | 'SHA-256', bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest(algorithm, bytes as Uint8Array<ArrayBuffer>)
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A file of the book's server. Throws DataError, which begins with `op`, where its SHA-1 is another. */
export async function fetchChecked(op: string, file: string, sha1: string): Promise<Uint8Array> {
  const bytes = await download(`http://d2l-data.s3-accelerate.amazonaws.com/${file}`)
  const hex = await digestOf('SHA-1', bytes)
  if (hex !== sha1) throw new DataError(`${op}: ${file}: wrong checksum: ${hex}, expected ${sha1}`)
  return bytes
}
