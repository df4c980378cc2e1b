// What this machine's WebAssembly can do, found out once by trying. The engine chooses, and kernel generators ask, by these.
import { architecture, env, nodeMajor, now, parallelism, setV8Flag } from '#platform'
import { DeviceError, ValueError } from '../../base/errors.ts'
import { Module } from './asm.ts'
import { maxWorkers } from './layout.ts'

export interface Features {
  /** Fused multiply-add: `f32x4.relaxed_madd` and `f64x2.relaxed_madd` exist and round once. */
  readonly relaxedFma: boolean
  /** V8 joins pairs of 128-bit operations into 256-bit ones (see kernel rules in docs): tested and measured at start-up. */
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

type Probe = (a: number, b: number, c: number) => void

function instantiate(m: Module, memory: WebAssembly.Memory): Record<string, Probe> {
  return new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { k: { memory } }).exports as Record<string, Probe>
}

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
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    return Atomics.wait(new Int32Array(buffer), 0, 1) === 'not-equal'
  } catch {
    return false
  }
}

/**
 * A kernel of the form that V8 joins to 256 bits, `(c, data, steps)`: acc[k] = max(acc[k] * x + b[k], -b[k] * x) and the like, over 8 vectors,
 * then stored. `distance` 16 makes pairs; any other keeps V8 from joining, and is the same work.
 */
function pairKernel(m: Module, name: string, distance: number, fused: boolean): void {
  m.func(
    name,
    ['i32', 'i32', 'i32'],
    [],
    (f) => {
      const [out, data, steps] = f.args
      const accs = Array.from({ length: 8 }, () => f.local('v128'))
      f.while(
        () => f.get(steps),
        () => {
          accs.forEach((acc, k) => {
            const rows = () => {
              f.get(data)
              f.load('v128.load', 16 + k * distance)
              f.get(data)
              f.load('v128.load32_splat')
            }
            rows()
            if (fused) {
              f.get(acc)
              f.op('f32x4.relaxed_madd')
            } else {
              f.op('f32x4.mul')
              f.get(acc)
              f.op('f32x4.add')
            }
            rows()
            f.op('f32x4.sub', 'f32x4.pmax')
            f.set(acc)
          })
          f.inc(steps, -1)
        },
      )
      for (let k = 7; k >= 0; k--) {
        f.get(out)
        f.get(accs[k])
        f.store('v128.store', k * distance)
      }
    },
    { export: true },
  )
}

/** The same in plain JavaScript. The values are small multiples of 1/8, so that nothing is rounded. */
function pairReference(data: Float32Array, steps: number): number[] {
  const accs = new Array<number>(32).fill(0)
  for (let s = 0; s < steps; s++) {
    for (let k = 0; k < 32; k++) {
      const sum = data[4 + k] * data[0] + accs[k]
      const floor = data[4 + k] - data[0]
      accs[k] = sum < floor ? floor : sum
    }
  }
  return accs
}

/** Asks V8 for 256-bit code and tries it: right results, and faster than the same kernel in a form that it cannot join. */
function tryRevec(relaxedFma: boolean): boolean {
  if (nodeMajor < 24 || architecture !== 'x64' || env('KINDLING_AVX') === '0') return false
  // Optimized code at the first call: the baseline compiler would hide what is tested here.
  if (!setV8Flag('--experimental-wasm-revectorize') || !setV8Flag('--no-liftoff')) return false
  const m = new Module(false)
  pairKernel(m, 'pairs', 16, relaxedFma)
  pairKernel(m, 'singles', 48, relaxedFma)
  const memory = new WebAssembly.Memory({ initial: 1 })
  const data = new Float32Array(memory.buffer, 4096, 128)
  data.forEach((_, k) => {
    data[k] = ((k * 37) % 17) / 8 - 1
  })
  const { pairs, singles } = instantiate(m, memory)
  let works = true
  for (const steps of [1, 7, 100]) {
    pairs(0, 4096, steps)
    const expected = pairReference(data, steps)
    works &&= new Float32Array(memory.buffer, 0, 32).every((x, k) => x === expected[k])
  }
  const time = (kernel: Probe): number => {
    const start = now()
    kernel(0, 4096, 4000)
    return now() - start
  }
  const best = { pairs: Infinity, singles: Infinity }
  const wins = () => best.singles > 1.3 * best.pairs
  for (let round = 0; works && round < 12 && !(round > 2 && wins()); round++) {
    best.pairs = Math.min(best.pairs, time(pairs))
    best.singles = Math.min(best.singles, time(singles))
  }
  setV8Flag('--liftoff')
  if (works && wins()) return true
  setV8Flag('--no-experimental-wasm-revectorize')
  return false
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
