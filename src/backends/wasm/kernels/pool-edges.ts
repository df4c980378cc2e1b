// Where windows reach beyond the plane: which of their positions do, as masks, and what averages are divided by.
import type { Func, I32, Local } from '../asm.ts'
import type { Planes } from './pool-planes.ts'
import type { Sliding, Strip } from './pool-strips.ts'

/** Leaves the columns of x under tap v of the windows of vector q on the stack, as i32 lanes. */
export function pushColumns(f: Func, s: Sliding, { column }: Strip, v: number, q: number): void {
  f.get(column)
  f.op('i32x4.splat')
  const lanes = Int32Array.from([0, 1, 2, 3], (lane) => v + s.stride[1] * (4 * q + lane))
  f.v128(new Uint8Array(lanes.buffer))
  f.op('i32x4.add')
}
/** Leaves a mask of those that lie inside the plane. */
export function pushInside(f: Func, s: Sliding, p: Planes, strip: Strip, v: number, q: number): void {
  pushColumns(f, s, strip, v, q)
  f.get(p.width)
  f.op('i32x4.splat', 'i32x4.lt_u')
}
/** Leaves a mask of all lanes: whether the row at hand lies inside the plane. */
export function pushRowInside(f: Func, p: Planes, { wanted }: Strip): void {
  f.i32(0)
  f.get(wanted)
  f.get(p.height)
  f.op('i32.lt_u', 'i32.sub', 'i32x4.splat')
}

/** What the sum of a window is divided by: the number given, or how much of it lies in the plane with its padding, or inside the plane. */
export type Divisor = 'given' | 'padded' | 'inside'

/** How windows lie in one dimension of the plane. */
export interface Extent {
  readonly size: number
  readonly length: Local
  readonly padding: Local
}

/** Turns the first positions of windows (i32 lanes in `first`) into the factor of the divisor in this dimension, as f32; at least 1. */
export function pushCount(f: Func, kind: Divisor, { size, length, padding }: Extent, first: Local): void {
  const splat = (x: I32): void => {
    f.push(x)
    f.op('i32x4.splat')
  }
  f.get(first)
  splat(size)
  f.op('i32x4.add')
  splat(() => {
    f.get(length)
    if (kind === 'inside') return
    f.get(padding)
    f.op('i32.add')
  })
  f.op('i32x4.min_s')
  f.get(first)
  if (kind === 'inside') {
    splat(0)
    f.op('i32x4.max_s')
  }
  f.op('i32x4.sub')
  // Empty windows have the sum 0.
  splat(1)
  f.op('i32x4.max_s', 'f32x4.convert_i32x4_s')
}
