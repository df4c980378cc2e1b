// The text of the book's chapter 8: found on disk, else downloaded and checked, else one of our own.
import { exists, readFile } from '#platform'
import { DataError } from '../base/errors.ts'
import { cacheFolder, fetchChecked, keepInCache } from './fetched.ts'

export interface TimeMachineOptions {
  /** A folder with `timemachine.txt`. Nothing else is searched then. */
  root?: string
  /** Fetch what is not found. Default true. */
  download?: boolean
}

export interface TimeMachine {
  /** The whole text. */
  readonly text: string
  /** What the text is, for a caption. */
  readonly name: string
  /** Whether it is the text of our own. */
  readonly synthetic: boolean
}

const file = 'timemachine.txt'
/** As the book has it. */
const sha1 = '090b5e7e70c295757f55df93cb0a180b9691891a'

const decoded = (bytes: Uint8Array): TimeMachine => ({
  text: new TextDecoder().decode(bytes),
  name: 'The Time Machine',
  synthetic: false,
})

/**
 * "The Time Machine" (H. G. Wells, 1895), 180,000 characters: from `root`, from the cache, or downloaded. Where it cannot be had, a text of our own of 5,700
 * characters: `synthetic` and `name` say so. Throws DataError where `root` does not have it.
 */
export async function timeMachine(options: TimeMachineOptions = {}): Promise<TimeMachine> {
  const { root } = options
  if (root !== undefined) {
    if (await exists(`${root}/${file}`)) return decoded(await readFile(`${root}/${file}`))
    throw new DataError(`timeMachine: ${file} is not in ${root}`)
  }
  const folder = cacheFolder('time-machine')
  if (await exists(`${folder}/${file}`)) return decoded(await readFile(`${folder}/${file}`))
  const fetched = options.download === false ? null : await fetchChecked('timeMachine', file, sha1).catch(() => null)
  if (fetched !== null) {
    await keepInCache(`${folder}/${file}`, fetched)
    return decoded(fetched)
  }
  const { ownText } = await import('./ownText.ts')
  return { text: ownText, name: 'a text of our own', synthetic: true }
}
