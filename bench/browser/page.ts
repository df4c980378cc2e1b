// The page of the bench: a worker for each library. The driver (tab.ts) calls these functions and waits, so that only one works.
const workers = new Map<string, Worker>()

export type Page = typeof page
const page = {
  start(library: string): void {
    workers.set(library, new Worker(`/${library}.js`, { type: 'module' }))
  },
  /** The worker's answer to an order; rejects with its error. */
  ask(library: string, order: unknown): Promise<unknown> {
    const worker = workers.get(library)!
    return new Promise((resolve, reject) => {
      worker.onerror = ({ message }) => reject(new Error(message || 'the worker could not be started'))
      worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data) : reject(new Error(data.error)))
      worker.postMessage(order)
    })
  },
}
Object.assign(globalThis, { bench: page })
