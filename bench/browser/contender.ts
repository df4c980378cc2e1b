// What each library's file of this folder does, in a worker of the page: it is told the network and a setting, says that it is ready, and then does
// so many steps for each order. The same by messages as bench/worker.ts does by lines.
import { type Step, timed } from '../timed.ts'

export interface Begin {
  readonly network: string
  /** A device or backend, as the library calls it. */
  readonly setting: string
}

export interface Ready {
  readonly threads: number
  /** Settings, for people. */
  readonly about: Readonly<Record<string, unknown>>
}

/** `prepare` builds the network; an error of it is the answer, as is one of a step. */
export function serve(prepare: (begin: Begin) => Promise<Ready & { readonly step: Step }>): void {
  let step: Step
  const answerTo = async (order: Begin | { readonly run: number }): Promise<unknown> => {
    if ('run' in order) return timed(step, order.run)
    const { step: first, ...ready } = await prepare(order)
    step = first
    return ready
  }
  self.onmessage = ({ data }) => {
    void answerTo(data).then(
      (answer) => self.postMessage(answer),
      (error) => self.postMessage({ error: `${(error as Error)?.message ?? error}`.split('\n')[0] }),
    )
  }
}

/** Threads that WebAssembly can have here. */
export const threadsHere = (): number => (globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1)
