// The code of a pool thread. It is turned to text and started without a file of its own (threads.ts), so it must not use anything
// from outside itself. A thread takes part in jobs through shared memory only: it never sees a message after its start.

export interface WorkerData {
  readonly memory: WebAssembly.Memory
  readonly words: typeof import('./layout.ts').words
  /** Index of its seat word. */
  readonly seat: number
  readonly errorTextMax: number
  /** Milliseconds to spin for the next job before sleeping. */
  readonly spin: number
}

type KernelFunction = (desc: number, begin: number, end: number) => void

export function poolWorker(data: WorkerData, host: WebAssembly.ModuleImports): void {
  const { memory, words, seat, errorTextMax, spin } = data
  const word = new Int32Array(memory.buffer, 0, 65536)
  const modules = new Map<number, KernelFunction[]>()
  const pause: () => void = (Atomics as { pause?: () => void }).pause?.bind(Atomics) ?? (() => {})

  function kernels(): KernelFunction[] {
    const id = word[words.moduleId]
    let found = modules.get(id)
    if (found === undefined) {
      const length = word[words.moduleLength]
      // A copy: engines refuse to compile from shared memory.
      const bytes = new Uint8Array(length)
      bytes.set(new Uint8Array(memory.buffer, word[words.moduleAddress] >>> 0, length))
      const module = new WebAssembly.Module(bytes)
      const { exports } = new WebAssembly.Instance(module, { k: { memory }, h: host })
      found = WebAssembly.Module.exports(module).map((entry) => exports[entry.name] as KernelFunction)
      modules.set(id, found)
    }
    return found
  }

  function work(): void {
    const chunks = word[words.chunks]
    const grain = word[words.grain]
    const items = word[words.items] >>> 0
    const desc = word[words.desc]
    let chunk = Atomics.add(word, words.next, 1)
    if (chunk >= chunks) return
    const kernel = kernels()[word[words.exportIndex]]
    for (; chunk < chunks; chunk = Atomics.add(word, words.next, 1)) {
      kernel(desc, chunk * grain, Math.min(items, (chunk + 1) * grain))
      Atomics.add(word, seat + 1, 1)
      if (Atomics.load(word, seat + 2) === 1) return
    }
  }

  function report(error: unknown): void {
    Atomics.store(word, words.next, word[words.chunks])
    if (Atomics.compareExchange(word, words.error, 0, 1) !== 0) return
    const text = String(error).slice(0, errorTextMax)
    for (let k = 0; k < text.length; k++) word[words.errorText + k] = text.charCodeAt(k)
    word[words.errorLength] = text.length
    Atomics.store(word, words.error, 2)
  }

  let seen = 0
  for (;;) {
    const until = performance.now() + spin
    while (Atomics.load(word, words.epoch) === seen && performance.now() < until) for (let k = 0; k < 20; k++) pause()
    if (Atomics.load(word, words.epoch) === seen) {
      Atomics.add(word, words.sleeping, 1)
      Atomics.wait(word, words.epoch, seen)
      Atomics.sub(word, words.sleeping, 1)
    }
    if (Atomics.load(word, seat + 2) === 1) return
    seen = Atomics.load(word, words.epoch)
    // Seat first, then look whether the job is open: the caller closes first, then looks at the seats. So none is missed.
    Atomics.store(word, seat, 1)
    try {
      if (Atomics.load(word, words.open) === 1) work()
    } catch (error) {
      report(error)
    }
    Atomics.store(word, seat, 0)
    if (Atomics.load(word, words.callerWaits) === 1) Atomics.notify(word, seat)
  }
}
