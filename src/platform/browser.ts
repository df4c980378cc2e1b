// The platform in a browser, in a window or in a worker. Callers import `#platform`; `types.ts` says what each function does.
import type { ContextSlot, PlatformWorker } from './types.ts'

export { exists, homeCache, list, mkdir, readFile, stat, writeFileAtomic } from './browser-files.ts'
export type * from './types.ts'
export { download, gunzip } from './web.ts'

export const name = 'browser'
export const nodeMajor = 0
export const architecture: string = ''
export const parallelism = globalThis.navigator?.hardwareConcurrency ?? 1
export const contextFollowsAsync = false

export const env = (_variable: string): string | undefined => undefined
export const setV8Flag = (_flag: string): boolean => false
export const now = (): number => performance.now()
export const log = (line: string): void => console.debug(line)
export const onExit =
  (_listener: () => void): (() => void) =>
  () => {}

/** A message to oneself: a timer would wait at least 4 ms. */
export const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

export function contextSlot<T>(initial: T): ContextSlot<T> {
  let current = initial
  const run = <R>(value: T, fn: () => R): R => {
    const before = current
    current = value
    try {
      return fn()
    } finally {
      current = before
    }
  }
  return {
    get: () => current,
    run,
    runSync: run,
    enter(value) {
      current = value
    },
  }
}

export function createWorker(source: string, data: unknown): PlatformWorker {
  const port = `{
    post: (message, transfer) => postMessage(message, transfer),
    onMessage: (listener) => { onmessage = (event) => listener(event.data) },
  }`
  const text = `onmessage = (event) => { onmessage = null; (${source})(event.data, ${port}) }`
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  const worker = new Worker(url)
  worker.postMessage(data)
  return {
    post: (message, transfer = []) => worker.postMessage(message, { transfer: [...transfer] }),
    onMessage: (listener) => {
      worker.onmessage = ({ data }) => listener(data)
    },
    keepAlive() {},
    onEnd(listener) {
      worker.onerror = (event) => {
        worker.onerror = null
        listener(event.message || 'it could not be started')
      }
    },
    terminate() {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}

export const requestGpu = async (): Promise<GPU | null> => globalThis.navigator?.gpu ?? null
export const gpuText = (): string => 'async () => navigator.gpu ?? null'
