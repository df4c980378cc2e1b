// Stand-ins for the few functions of Node's modules that tests read fixtures with, for a bundle that runs in a browser's worker. Files come from the
// test's server, in requests that block, as Node's do; it also decompresses them, so `gunzipSync` has nothing left to do.
class Bytes extends Uint8Array<ArrayBuffer> {
  override toString(): string {
    return new TextDecoder().decode(this)
  }
}

function request(method: 'GET' | 'HEAD', path: string): XMLHttpRequest {
  const all = new XMLHttpRequest()
  all.open(method, `${path}?inflate`, false)
  all.responseType = 'arraybuffer'
  all.send()
  return all
}

export const existsSync = (path: string): boolean => request('HEAD', path).status === 200

export function readFileSync(path: string): Uint8Array {
  const { status, response } = request('GET', path)
  if (status !== 200) throw new Error(`readFileSync: the server answers ${status}: ${path}`)
  return new Bytes(response as ArrayBuffer)
}

export const gunzipSync = (bytes: Uint8Array): Uint8Array => bytes

export function join(...parts: string[]): string {
  const out: string[] = []
  for (const part of parts.join('/').split('/')) {
    if (part === '..') out.pop()
    else if (part !== '.' && part !== '') out.push(part)
  }
  return `/${out.join('/')}`
}

/** Of `node:v8` and `node:vm`: how a test gets at the garbage collector, which the browser was started with. */
export const setFlagsFromString = (): void => {}
export function runInNewContext(code: string): unknown {
  if (code === 'gc' && 'gc' in globalThis) return globalThis.gc
  return () => {
    throw new Error(`${missing} node:vm, for ${code}()`)
  }
}

/** Of `node:timers/promises`. */
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
export { sleep as setTimeout }

/** The modules that this stands in for. A test that needs another one is left out. */
export const standIns: readonly string[] = [
  'node:fs',
  'node:path',
  'node:zlib',
  'node:v8',
  'node:vm',
  'node:timers/promises',
]
/** How the error begins that another one throws when it is imported, and that skips a test. */
export const missing = 'needs'
