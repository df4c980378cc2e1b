// How many multiply-adds a second this machine does where nothing has to be fetched: the measure for matrix products and convolutions.
// A generated kernel of independent sums in registers, run by the engine on all its threads, with the instructions that the engine uses.
import { backend } from 'kindling'
import type { Module } from '../src/backends/wasm/asm.ts'
import type { Engine, Features } from '../src/backends/wasm/engine.ts'
import type { WasmBackend } from '../src/backends/wasm/index.ts'

/** Independent sums, in 128-bit vectors: twelve registers of whatever width, more than the latency of the two units asks for. */
const sumsOf = ({ revec }: Features): number => (revec ? 24 : 12)
/** Rounds over all sums of one item of work. */
const rounds = 20_000
const items = 64

/** (desc, begin, end): every item does its rounds; the sums are stored at the end, so that they are not left out. */
function build(m: Module, features: Features): void {
  const vectors = sumsOf(features)
  m.kernel('peak', (f, desc, begin, end) => {
    const sums = Array.from({ length: vectors }, () => f.local('v128'))
    const factors = features.revec ? [f.local('v128'), f.local('v128')] : [f.local('v128')]
    const [scale, left] = [f.local('v128'), f.local('i32')]
    factors.forEach((factor, k) => {
      f.get(desc)
      f.load('v128.load', 16 * k)
      f.set(factor)
    })
    f.get(desc)
    f.load('v128.load32_splat')
    f.set(scale)
    sums.forEach((sum, k) => {
      f.get(desc)
      f.load('v128.load', 64 + 16 * k)
      f.set(sum)
    })
    f.while(
      () => {
        f.get(begin)
        f.get(end)
        f.op('i32.lt_u')
      },
      () => {
        f.i32(rounds)
        f.set(left)
        f.loop((again) => {
          sums.forEach((sum, k) => {
            f.get(factors[k % factors.length])
            f.get(scale)
            if (!features.relaxedFma) f.op('f32x4.mul')
            f.get(sum)
            f.op(features.relaxedFma ? 'f32x4.relaxed_madd' : 'f32x4.add')
            f.set(sum)
          })
          f.inc(left, -1)
          f.get(left)
          f.brIf(again)
        })
        f.inc(begin, 1)
      },
    )
    for (let k = vectors - 1; k >= 0; k--) {
      f.get(desc)
      f.get(sums[k])
      f.store('v128.store', 64 + 16 * k)
    }
  })
}

/** Runs all items once and returns billions of floating-point operations per second. */
function once(engine: Engine): number {
  const kernel = engine.kernel('bench peak', build)
  const began = performance.now()
  engine.session(() => {
    const bytes = 64 + 16 * sumsOf(engine.features)
    // Zeros: nothing overflows, and nothing is rounded to denormal numbers.
    const desc = engine.descriptor(bytes).f32(0)
    for (let at = 4; at < bytes; at += 4) desc.f32(0)
    engine.dispatch(kernel, desc, items, 1)
  })
  const operations = 2 * 4 * sumsOf(engine.features) * rounds * items
  return operations / (performance.now() - began) / 1e6
}

/** The best of `tries` runs, in GFLOP/s, after V8 has optimized the kernel. */
export function peakGflops(tries = 20): number {
  const { engine } = backend('wasm') as unknown as WasmBackend
  for (let i = 0; i < tries; i++) once(engine)
  return Math.max(...Array.from({ length: tries }, () => once(engine)))
}
