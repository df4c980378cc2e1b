// A strip of planes of float32, as the kernels of fixed windows see it: where it lies, how its vectors come from x and go to y.
import type { Func, Local } from '../asm.ts'
import type { Planes } from './pool-planes.ts'

/** What a kernel is made for; everything else is read from the descriptor. */
export interface Sliding {
  readonly size: readonly [number, number]
  readonly stride: readonly [number, number]
  /** Bits: for each column of the window, whether it lies outside the plane somewhere. */
  readonly hiddenColumns: number
  /** The columns of y in a strip. pair: eight, in two vectors; four; narrow: all of one to three. */
  readonly strip: 'pair' | 'four' | 'narrow'
}
export const vectorsIn = (s: Sliding): number => (s.strip === 'pair' ? 2 : 1)
export const isHidden = (s: Sliding, v: number): boolean => ((s.hiddenColumns >> v) & 1) === 1

/** One local per vector of a strip. */
export type Vectors = readonly Local[]
export const vectorsOf = (f: Func, s: Sliding): Vectors => Array.from({ length: vectorsIn(s) }, () => f.local('v128'))

/** Where the loops stand. */
export interface Strip {
  /** The column of x where the first window begins, and its address in the row at hand. */
  readonly column: Local
  readonly at: Local
  /** The number that the row at hand would have without the plane's ends. */
  readonly wanted: Local
  /** Addresses of the row of windows. */
  readonly out: Local
  readonly index: Local
  /** The first row of x in the windows, maybe outside. */
  readonly first: Local
}
export const newStrip = (f: Func): Strip => f.locals('i32', 'column', 'at', 'wanted', 'out', 'index', 'first')

/**
 * For each column v of the window: `use(v, push)`, where `push` leaves the values at first column + v + stride * (0 .. 3) of vector `q` on the stack.
 * With stride 2, two loads give the even columns and, for v + 1, the odd ones.
 */
export function eachTap(
  f: Func,
  s: Sliding,
  { at }: Strip,
  q: number,
  [low, high]: readonly [Local, Local],
  use: (v: number, push: () => void) => void,
): void {
  const [width, stride] = [s.size[1], s.stride[1]]
  for (let v = 0; v < width; v++) {
    const offset = 4 * (v + 4 * stride * q)
    if (stride === 1) {
      use(v, () => {
        f.get(at)
        f.load('v128.load', offset)
      })
    } else if (stride === 2) {
      if (v % 2 === 0) {
        for (const [k, half] of [low, high].entries()) {
          f.get(at)
          f.load('v128.load', offset + 16 * k)
          f.set(half)
        }
      }
      use(v, () => {
        f.get(low)
        f.get(high)
        if (v % 2 === 0) f.shuffle32(0, 2, 4, 6)
        else f.shuffle32(1, 3, 5, 7)
      })
    } else {
      use(v, () => {
        for (let lane = 0; lane < 4; lane++) f.get(at)
        f.load('v128.load32_zero', offset)
        for (let lane = 1; lane < 4; lane++) f.memoryLane('v128.load32_lane', lane, offset + 4 * stride * lane)
      })
    }
  }
}

/** Stores the first `left` - `before` lanes of the value, of at most four. */
export function storeSome(f: Func, at: Local, offset: number, value: Local, left: Local, before: number): void {
  const store = (lanes: 32 | 64, lane: number): void => {
    f.get(at)
    f.get(value)
    f.memoryLane(`v128.store${lanes}_lane`, lane, offset + (lane * lanes) / 8)
  }
  const atLeast = (count: number, then: () => void, otherwise?: () => void): void => {
    f.get(left)
    f.i32(before + count)
    f.op('i32.ge_s')
    f.if(then, otherwise)
  }
  const whole = (): void => {
    f.get(at)
    f.get(value)
    f.store('v128.store', offset)
  }
  const half = (): void => {
    store(64, 0)
    atLeast(3, () => store(32, 2))
  }
  atLeast(4, whole, () => atLeast(2, half, () => atLeast(1, () => store(32, 0))))
}

/** Stores the vectors of a strip side by side, the higher ones first; of a narrow strip only the columns that there are. */
export function storeStrip(f: Func, s: Sliding, p: Planes, at: Local, values: Vectors): void {
  if (s.strip === 'narrow') return storeSome(f, at, 0, values[0], p.outWidth, 0)
  for (let q = values.length - 1; q >= 0; q--) {
    f.get(at)
    f.get(values[q])
    f.store('v128.store', 16 * q)
  }
}
/** The same for unsigned words that become twice as wide. */
export function storeWide(f: Func, s: Sliding, p: Planes, at: Local, values: Vectors): void {
  if (s.strip !== 'narrow') {
    for (let q = values.length - 1; q >= 0; q--) {
      for (const [half, offset] of [
        ['high', 16],
        ['low', 0],
      ] as const) {
        f.get(at)
        f.get(values[q])
        f.op(`i64x2.extend_${half}_i32x4_u`)
        f.store('v128.store', 32 * q + offset)
      }
    }
    return
  }
  for (let lane = 0; lane < 3; lane++) {
    f.get(p.outWidth)
    f.i32(lane)
    f.op('i32.gt_u')
    f.if(() => {
      f.get(at)
      f.get(values[0])
      f.lane('i32x4.extract_lane', lane)
      f.op('i64.extend_i32_u')
      f.store('i64.store', 8 * lane)
    })
  }
}
