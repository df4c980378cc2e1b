// What this machine's WebAssembly can do, found out once by trying. The engine chooses, and kernel generators ask, by these.
import { env, parallelism } from '#platform'
import { tryRevec } from '#revec'
import { DeviceError, ValueError } from '../../base/errors.ts'
import { Module } from './asm.ts'
import { maxWorkers } from './layout.ts'
import { instantiate } from './probe.ts'

export interface Features {
  /** Fused multiply-add: `f32x4.relaxed_madd` and `f64x2.relaxed_madd` exist and round once. */
  readonly relaxedFma: boolean
  /** V8 joins pairs of 128-bit operations into 256-bit ones (pairs of stores at +0 and +16, the higher first): tested and measured at start-up. */
  readonly revec: boolean
  /** The memory is shared, so there may be threads. */
  readonly sharedMemory: boolean
  /** Threads that work on a kernel, the caller included. */
  readonly threads: number
}

const validates = (build: (m: Module) => void): boolean => {
  const m = new Module()
  build(m)
  return WebAssembly.validate(m.bytes())
}

const hasSimd = (): boolean =>
  validates((m) =>
    m.func('probe', [], [], (f) => {
      f.v128f32(1)
      f.op('f32x4.abs', 'drop')
    }),
  )

/** (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24 exactly when the product is not rounded. */
function hasFma(): boolean {
  const m = new Module(false)
  m.kernel('fma', (f, out) => {
    f.get(out)
    f.v128f32(1 + 2 ** -12)
    f.v128f32(1 + 2 ** -12)
    f.v128f32(-1 - 2 ** -11)
    f.op('f32x4.relaxed_madd')
    f.store('v128.store')
  })
  if (!WebAssembly.validate(m.bytes())) return false
  const memory = new WebAssembly.Memory({ initial: 1 })
  instantiate(m, memory).fma(0, 0, 0)
  return new Float32Array(memory.buffer, 0, 4).every((x) => x === 2 ** -24)
}

/** Whether a shared memory can be made, and this thread may sleep on it (a window's main thread may not). */
function hasSharedMemory(): boolean {
  // A page that is not cross-origin isolated can make such a memory, but not hand it to a worker; there the class is hidden.
  if (typeof SharedArrayBuffer === 'undefined') return false
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    return Atomics.wait(new Int32Array(buffer), 0, 1) === 'not-equal'
  } catch {
    return false
  }
}

function threadCount(sharedMemory: boolean): number {
  const asked = env('KINDLING_THREADS')
  const threads = asked === undefined || asked === '' ? parallelism : Number(asked)
  if (!Number.isInteger(threads) || threads < 1) {
    throw new ValueError(`KINDLING_THREADS: not a number of threads: ${asked}`, 'give 1 or more.')
  }
  return sharedMemory ? Math.min(threads, maxWorkers + 1) : 1
}

export function probeFeatures(): Features {
  if (typeof WebAssembly === 'undefined' || !hasSimd()) {
    throw new DeviceError(
      'wasm: this JavaScript engine has no WebAssembly SIMD',
      'use Node 22.12 or a current browser.',
    )
  }
  const relaxedFma = hasFma()
  const sharedMemory = hasSharedMemory()
  return { relaxedFma, revec: tryRevec(relaxedFma), sharedMemory, threads: threadCount(sharedMemory) }
}
