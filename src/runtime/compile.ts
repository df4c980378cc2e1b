// What devices tell of the code that they generate, for those who want to read it: KINDLING_DEBUG=4, tests.
import type { DeviceName } from './backend.ts'

/** Code that was generated and compiled. */
export interface Compilation {
  readonly device: DeviceName
  /** The key under which the device keeps it. */
  readonly name: string
  /** Size of the compiled form's source, for example of a WebAssembly module. */
  readonly bytes: number
  /** Milliseconds to generate it, and to compile it on the calling thread. */
  readonly generateMs: number
  readonly compileMs: number
  /** The code for people to read. */
  text(): string
}
type Listener = (compilation: Compilation) => void
const listeners = new Set<Listener>()

/** Calls `listener` after code was compiled, until the returned function is called. */
export function onCompile(listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** For devices. */
export function tellCompiled(compilation: Compilation): void {
  for (const listener of listeners) listener(compilation)
}
