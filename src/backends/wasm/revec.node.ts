// 256-bit code: whether V8 joins pairs of 128-bit operations, found out by asking for it, checking and timing. Called by features.ts, as `#revec`.
import { architecture, env, nodeMajor, now, setV8Flag } from '#platform'
import { Module } from './asm.ts'
import { instantiate, type Probe } from './probe.ts'

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
export function tryRevec(relaxedFma: boolean, patience = 400): boolean {
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
