// What this machine does at best, to measure kernels against: multiply-adds where nothing has to be fetched, and bytes copied from memory to memory.
// Both by generated kernels on all of the engine's threads, with the instructions that the engine uses.
import { now } from '#platform'
import type { Peak } from '../../runtime/backend.ts'
import type { Module } from './asm.ts'
import type { Engine, Features } from './engine.ts'

/** Independent sums, in 128-bit vectors: twelve registers of whatever width, more than the latency of the two units asks for. */
const sumsOf = ({ revec }: Features): number => (revec ? 24 : 12)
/** Rounds over all sums of one item of work. */
const rounds = 20_000
const sumItems = 64

/** (desc, begin, end): every item does its rounds; the sums are stored at the end, so that they are not left out. */
function sumsKernel(m: Module, features: Features): void {
  const vectors = sumsOf(features)
  m.kernel('sums', (f, desc, begin, end) => {
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

/** Bytes that are copied: more than the caches hold. */
const copied = 32 << 20
const blockBytes = 1 << 18

/** (desc, begin, end): copies blocks from the first address of the descriptor to the second. */
function copyKernel(m: Module): void {
  m.kernel('copy', (f, desc, begin, end) => {
    const { from, to, left } = f.locals('i32', 'from', 'to', 'left')
    const vectors = Array.from({ length: 8 }, () => f.local('v128'))
    ;[from, to].forEach((pointer, k) => {
      f.get(desc)
      f.load('i32.load', 4 * k)
      f.get(begin)
      f.i32(blockBytes)
      f.op('i32.mul', 'i32.add')
      f.set(pointer)
    })
    f.get(end)
    f.get(begin)
    f.op('i32.sub')
    f.i32(blockBytes)
    f.op('i32.mul')
    f.set(left)
    f.while(
      () => f.get(left),
      () => {
        vectors.forEach((vector, k) => {
          f.get(from)
          f.load('v128.load', 16 * k)
          f.set(vector)
        })
        for (let k = vectors.length - 1; k >= 0; k--) {
          f.get(to)
          f.get(vectors[k])
          f.store('v128.store', 16 * k)
        }
        f.inc(from, 128)
        f.inc(to, 128)
        f.inc(left, -128)
      },
    )
  })
}

/** The shortest of `tries` runs, in seconds, after as many that V8 needs to optimize the kernel. */
function shortest(tries: number, run: () => void): number {
  let best = Infinity
  for (let k = 0; k < 2 * tries; k++) {
    const began = now()
    run()
    if (k >= tries) best = Math.min(best, (now() - began) / 1000)
  }
  return best
}

/** Takes about a tenth of a second, and 64 MiB for that time. */
export function measurePeak(engine: Engine): Peak {
  const kernels = engine.kernels('peak', (m, features) => {
    sumsKernel(m, features)
    copyKernel(m)
  })
  return engine.session(() => {
    const bytes = 64 + 16 * sumsOf(engine.features)
    // Zeros: nothing overflows, and nothing is rounded to denormal numbers.
    const zeros = engine.descriptor(bytes).f32(0)
    for (let at = 4; at < bytes; at += 4) zeros.f32(0)
    const sums = shortest(20, () => engine.dispatch(kernels.sums, zeros, sumItems, 1))
    const [from, to] = [engine.scratch(copied), engine.scratch(copied)]
    const copy = engine.descriptor(8).i32(from, to)
    const copies = shortest(4, () => engine.dispatch(kernels.copy, copy, copied / blockBytes, 1))
    return {
      flops: (2 * 4 * sumsOf(engine.features) * rounds * sumItems) / sums,
      bandwidth: (2 * copied) / copies,
    }
  })
}
