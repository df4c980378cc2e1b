// What Kindling asks of the machine it runs on. `node.ts` and `browser.ts` both provide all of it; callers import `#platform`.

/** A value that belongs to the running code, as a dynamic variable does. */
export interface ContextSlot<T> {
  get(): T
  /** Calls `fn` with the value; the caller's value is back afterwards, also after an error. */
  run<R>(value: T, fn: () => R): R
  /** The same, cheaper, for an `fn` that leaves nothing running: what it does leave, behind an `await`, has the caller's value. */
  runSync<R>(value: T, fn: () => R): R
  /** Sets the value for the rest of the running code. */
  enter(value: T): void
}

/** The thread's own end of its messages. */
export interface PlatformPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  onMessage(listener: (message: unknown) => void): void
}

export interface PlatformWorker extends PlatformPort {
  /** Whether the process waits for messages of the thread; at first it does not. */
  keepAlive(on: boolean): void
  /** Called at most once, when the worker has ended for whatever reason. */
  onEnd(listener: (reason: string) => void): void
  terminate(): void
}

export interface FileStat {
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modified: number
  readonly isDirectory: boolean
}

export interface DownloadOptions {
  /** Called with the bytes so far and the total, undefined where the server does not say. */
  readonly onProgress?: (received: number, total: number | undefined) => void
}

export interface Platform {
  readonly name: 'node' | 'browser'
  /** Node's major version; 0 elsewhere. */
  readonly nodeMajor: number
  /** `x64`, `arm64`, ... as Node names it; empty where unknown. */
  readonly architecture: string
  /** Threads that can run at once, at least 1. */
  readonly parallelism: number
  /** Whether a context slot's value follows `await` and callbacks. */
  readonly contextFollowsAsync: boolean
  /** An environment variable; always undefined in a browser. */
  env(name: string): string | undefined
  /** Sets a flag of V8; false where that is not possible. */
  setV8Flag(flag: string): boolean
  /** Milliseconds, monotonic, with fractions. */
  now(): number
  /** One line for the developer, on stderr or the console. */
  log(line: string): void
  /** Calls `listener` when the process ends; never in a browser. What it returns takes that back. */
  onExit(listener: () => void): () => void
  /** Resolves after timers, signals and input had their turn; microtasks alone give them none. */
  nextTask(): Promise<void>
  contextSlot<T>(initial: T): ContextSlot<T>
  /** Runs `source`, the text of a function, in a thread of its own: `source(data, port)`. It does not keep the process alive. */
  createWorker(source: string, data: unknown): PlatformWorker

  // Files: in a browser those of the origin's private file system. DataError with the path where something is not there.
  readFile(path: string): Promise<Uint8Array>
  /** Writes beside the file, flushes to disk, then renames: readers see the old file or the new one. Makes missing folders. */
  writeFileAtomic(path: string, data: Uint8Array | readonly Uint8Array[]): Promise<void>
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<FileStat>
  /** With the folders above it. */
  mkdir(path: string): Promise<void>
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>
  /** Where downloads are kept: KINDLING_HOME, or the user's cache folder; `/kindling` in a browser. */
  homeCache(): string

  /** The entry to GPUs, or null where there is none. In Node it is the package `webgpu`, where that is installed. */
  requestGpu(): Promise<GPU | null>
  /** The text of a function that is `requestGpu` in another thread. */
  gpuText(): string

  // Network and compression: everywhere.
  download(url: string, options?: DownloadOptions): Promise<Uint8Array>
  gunzip(data: Uint8Array): Promise<Uint8Array>
}
