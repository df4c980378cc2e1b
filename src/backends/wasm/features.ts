// What this machine's WebAssembly can do, found out once by trying. The engine chooses, and kernel generators ask, by these.
import { architecture, env, nodeMajor, now, parallelism, setV8Flag } from '#platform'
import { DeviceError, ValueError } from '../../base/errors.ts'
import { Module } from './asm.ts'
import { maxWorkers } from './layout.ts'

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
  // A page that is not cross-origin isolated can make such a memory, but not hand it to a worker; there the class is hidden.
  if (typeof SharedArrayBuffer === 'undefined') return false
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    return Atomics.wait(new Int32Array(buffer), 0, 1) === 'not-equal'
  } catch {
    return false
  }
}

const probeVectors = 16

/**
 * A kernel of the form that V8 joins to 256 bits, `(out, data, steps)`: acc[k] += b[k] * x[s] over 16 vectors, then stored.
 * `distance` 16 makes pairs; any other keeps V8 from joining, and is the same work.
 */
function pairKernel(m: Module, name: string, distance: number, fused: boolean): void {
  m.kernel(name, (f, out, data, steps) => {
    const x = f.local('i32')
    const accs = Array.from({ length: probeVectors }, () => f.local('v128'))
    const operands = (k: number): void => {
      f.get(data)
      f.load('v128.load', 64 + k * distance)
      f.get(x)
      f.load('v128.load32_splat')
    }
    f.while(
      () => f.get(steps),
      () => {
        f.get(steps)
        f.i32(15)
        f.op('i32.and')
        f.i32(4)
        f.op('i32.mul')
        f.get(data)
        f.op('i32.add')
        f.set(x)
        accs.forEach((acc, k) => {
          operands(k)
          if (!fused) f.op('f32x4.mul')
          f.get(acc)
          f.op(fused ? 'f32x4.relaxed_madd' : 'f32x4.add')
          f.set(acc)
        })
        f.inc(steps, -1)
      },
    )
    for (let k = probeVectors - 1; k >= 0; k--) {
      f.get(out)
      f.get(accs[k])
      f.store('v128.store', k * distance)
    }
  })
}

/** The same in plain JavaScript. The values are small multiples of 1/8, so that nothing is rounded. */
function pairReference(data: Float32Array, steps: number): number[] {
  const accs = new Array<number>(4 * probeVectors).fill(0)
  for (let s = steps; s > 0; s--) {
    const x = data[s & 15]
    accs.forEach((acc, k) => {
      accs[k] = acc + data[16 + k] * x
    })
  }
  return accs
}

/** Why V8 is not even asked for 256-bit code; null where it is. */
export function revecObstacle(): string | null {
  if (env('KINDLING_AVX') === '0') return 'switched off by KINDLING_AVX=0'
  if (architecture !== 'x64') return `only on x64, this is ${architecture || 'another processor'}`
  if (nodeMajor < 24) return nodeMajor > 0 ? `needs Node 24 or newer, this is ${nodeMajor}` : 'needs Node 24 or newer'
  return null
}

/**
 * Asks V8 for 256-bit code and tries it: right results, and faster than the same kernel in a form that it cannot join.
 * V8 optimizes in the background, so the probe runs until that shows, or for `patience` milliseconds.
 */
function tryRevec(relaxedFma: boolean, patience = 400): boolean {
  if (revecObstacle() !== null) return false
  if (!setV8Flag('--experimental-wasm-revectorize')) return false
  const m = new Module(false)
  pairKernel(m, 'pairs', 16, relaxedFma)
  pairKernel(m, 'singles', 48, relaxedFma)
  const memory = new WebAssembly.Memory({ initial: 1 })
  const data = new Float32Array(memory.buffer, 4096, 256)
  data.forEach((_, k) => {
    data[k] = ((k * 37) % 17) / 8 - 1
  })
  const { pairs, singles } = instantiate(m, memory)
  const isRight = (): boolean =>
    [1, 7, 100].every((steps) => {
      pairs(0, 4096, steps)
      const expected = pairReference(data, steps)
      return new Float32Array(memory.buffer, 0, 4 * probeVectors).every((x, k) => x === expected[k])
    })
  const time = (kernel: Probe): number => {
    const start = now()
    kernel(0, 4096, 4000)
    return now() - start
  }
  const first = { pairs: time(pairs), singles: time(singles) }
  const best = { ...first }
  const deadline = now() + patience
  let revec = false
  let optimized = false
  // One of the two may be optimized before the other: a ratio counts only when neither has become faster for a while,
  // and a missing gain only when both are far from their first, unoptimized code (a busy machine optimizes late).
  for (let settled = 0; !(settled > 60 && (revec || optimized)) && now() < deadline; settled++) {
    const [p, s] = [time(pairs), time(singles)]
    if (p < 0.9 * best.pairs || s < 0.9 * best.singles) settled = 0
    best.pairs = Math.min(best.pairs, p)
    best.singles = Math.min(best.singles, s)
    revec = best.singles > 1.4 * best.pairs
    optimized = first.pairs > 2 * best.pairs && first.singles > 2 * best.singles
  }
  if (revec && isRight()) return true
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
