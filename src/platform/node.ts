// The platform under Node. Callers import `#platform`; `types.ts` says what each function does.
import { AsyncLocalStorage } from 'node:async_hooks'
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { ContextSlot, PlatformWorker } from './types.ts'

export { exists, homeCache, list, mkdir, readFile, stat, writeFileAtomic } from './node-files.ts'
export { gpuText, requestGpu } from './node-gpu.ts'
export type * from './types.ts'
export { download, gunzip } from './web.ts'

export const name = 'node'
export const nodeMajor = Number.parseInt(process.versions.node, 10)
export const architecture: string = process.arch
export const parallelism = availableParallelism()
export const contextFollowsAsync = true

export const env = (variable: string): string | undefined => process.env[variable]
export const now = (): number => performance.now()
export const log = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

export const onExit = (listener: () => void): (() => void) => {
  process.on('exit', listener)
  return () => process.off('exit', listener)
}

export function setV8Flag(flag: string): boolean {
  setFlagsFromString(flag)
  return true
}

export const nextTask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function contextSlot<T>(initial: T): ContextSlot<T> {
  // Values are boxed, so that `undefined` can be one.
  const storage = new AsyncLocalStorage<{ value: T }>()
  /** The value of the innermost `runSync`, in front of the storage's; null outside of any. */
  let sync: { value: T } | null = null
  const within = <R>(box: { value: T } | null, fn: () => R): R => {
    const before = sync
    sync = box
    try {
      return fn()
    } finally {
      sync = before
    }
  }
  return {
    get() {
      const box = sync ?? storage.getStore()
      return box === undefined ? initial : box.value
    },
    run: (value, fn) => within(null, () => storage.run({ value }, fn)),
    runSync: (value, fn) => within({ value }, fn),
    enter(value) {
      if (sync === null) storage.enterWith({ value })
      else sync = { value }
    },
  }
}

export function createWorker(source: string, data: unknown): PlatformWorker {
  const port = `{
    post: (message, transfer) => parentPort.postMessage(message, transfer),
    onMessage: (listener) => parentPort.on('message', listener),
  }`
  const text = `const { parentPort, workerData } = require('node:worker_threads'); (${source})(workerData, ${port})`
  // Flags such as --input-type or a loader of the parent have no business in this script.
  const worker = new Worker(text, { eval: true, workerData: data, execArgv: [] })
  worker.unref()
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => {
      worker.on('message', listener)
      // Listening keeps the process alive.
      worker.unref()
    },
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    onEnd(listener) {
      let reason = ''
      worker.on('error', (error: Error) => {
        reason = String(error.message)
      })
      worker.on('exit', (code) => listener(reason || `it ended with exit code ${code}`))
    },
    terminate() {
      void worker.terminate()
    },
  }
}
