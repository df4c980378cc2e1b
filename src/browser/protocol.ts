// What a page and the engine's worker say to each other, and the types that both sides share. Called by `session.ts` and `expose.ts`.

/** What a function gets that runs in the worker. */
export interface Context<Metrics = unknown> {
  /** Sends metrics to the page. Objects in `transfer` move instead of being copied. Throws the reason of the signal once the run is cancelled. */
  report(metrics: Metrics, transfer?: Transferable[]): void
  /**
   * Aborted once the page has cancelled the run. On an isolated page a loop that never waits sees it, too; elsewhere it must wait now and then, as
   * `for await (const batch of loader)` does.
   */
  readonly signal: AbortSignal
}

/** What a function or module gets that runs in Kindling's own worker: the library, too. */
export interface EngineContext<Metrics = unknown> extends Context<Metrics> {
  /** `kindling`. */
  readonly torch: typeof import('../index.ts')
  /** `kindling/data`. */
  readonly data: typeof import('../data/index.ts')
  /** `kindling/models`. */
  readonly models: typeof import('../models/index.ts')
  /** `kindling/vision`. */
  readonly vision: typeof import('../vision/index.ts')
}

/** A function that a session can run: what it reports, takes and gives must be cloneable. */
export type Runnable = (context: any, args: any) => unknown
/** The functions of a worker by name, as given to `expose`. */
export type Functions = Readonly<Record<string, Runnable>>

/** What a function reports. */
export type MetricsOf<F> = F extends (context: infer C, ...args: never[]) => unknown
  ? C extends Context<infer M>
    ? M
    : never
  : never
/** What a function takes behind its context. */
export type ArgsOf<F> = F extends (context: never, args: infer A) => unknown ? A : undefined
/** What a function gives, awaited. */
export type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never

/** What to run: a function of `expose` by name, the text of one, or a module's address and the name of its export. */
export type Target =
  | { readonly name: string }
  | { readonly text: string }
  | { readonly url: string; readonly export: string }

export interface StoredError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
}

export type ToWorker =
  | { readonly run: number; readonly target: Target; readonly args: unknown; readonly flag: Int32Array | null }
  | { readonly cancel: number }

export type ToPage =
  | { readonly ready: true }
  | { readonly metrics: unknown; readonly run: number }
  | { readonly result: unknown; readonly run: number }
  | { readonly error: StoredError; readonly run: number }

/** The buffers, pictures and ports in `value` that can move to another thread instead of being copied. */
export function transferables(value: unknown, found = new Set<Transferable>(), depth = 0): Set<Transferable> {
  if (typeof value !== 'object' || value === null || depth > 8) return found
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer)
  } else if (isTransferable(value)) found.add(value)
  else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    for (const inner of Object.values(value)) transferables(inner, found, depth + 1)
  }
  return found
}

const kinds = ['ArrayBuffer', 'ImageBitmap', 'VideoFrame', 'OffscreenCanvas', 'MessagePort', 'ReadableStream']

function isTransferable(value: object): value is Transferable {
  return kinds.some((kind) => {
    const Kind = (globalThis as unknown as Record<string, (new () => object) | undefined>)[kind]
    return Kind !== undefined && value instanceof Kind
  })
}
