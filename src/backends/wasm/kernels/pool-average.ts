// Averages of float32 windows.
//   row:   the sum of the row's columns under each window of a strip; what lies outside the plane counts as 0
//   close: the sum down the rows of the ring, divided
import type { Func, Local, Module } from '../asm.ts'
import { type Divisor, pushColumns, pushCount, pushInside, pushRowInside } from './pool-edges.ts'
import { eachPlane, type Planes } from './pool-planes.ts'
import {
  eachTap,
  isHidden,
  newStrip,
  type Sliding,
  storeStrip,
  type Strip,
  vectorsIn,
  vectorsOf,
} from './pool-strips.ts'
import { slide } from './pool-windows.ts'

/** Windows whose elements are added up. */
export interface Summing extends Sliding {
  /** Some rows of some window lie outside the plane. */
  readonly hiddenRows: boolean
  readonly divisor: Divisor
}

/** Leaves the divisor that the descriptor gives, in all lanes. */
export function pushGiven(f: Func, desc: Local): void {
  f.get(desc)
  f.load('f64.load')
  f.op('f32.demote_f64', 'f32x4.splat')
}

/** Masks of the columns that may lie outside: `open` sets them in front of a strip, `apply` clears what is outside of the vector on the stack. */
export function columnMasks(
  f: Func,
  s: Sliding,
): {
  open: (p: Planes, strip: Strip) => void
  apply: (v: number, q: number) => void
} {
  const masks = Array.from({ length: s.size[1] }, (_, v) => (isHidden(s, v) ? vectorsOf(f, s) : null))
  return {
    open: (p, strip) => {
      for (const [v, vectors] of masks.entries()) {
        for (const [q, mask] of (vectors ?? []).entries()) {
          pushInside(f, s, p, strip, v, q)
          f.set(mask)
        }
      }
    },
    apply: (v, q) => {
      const mask = masks[v]?.[q]
      if (mask === undefined) return
      f.get(mask)
      f.op('v128.and')
    },
  }
}

export function buildAverage(m: Module, v: Summing): void {
  m.kernel('average', (f, desc, begin, end) => {
    const { low, high, inside, first, divisor } = f.locals('v128', 'low', 'high', 'inside', 'first', 'divisor')
    const strip = newStrip(f)
    const masks = columnMasks(f, v)
    const [sums, counts] = [vectorsOf(f, v), vectorsOf(f, v)]
    const { divisor: kind } = v
    if (kind === 'given') {
      pushGiven(f, desc)
      f.set(divisor)
    }
    eachPlane(f, desc, begin, end, (p) =>
      slide(f, p, v, strip, [4, 4], {
        keeps: 1,
        open: () => {
          masks.open(p, strip)
          if (kind === 'given') return
          for (let q = 0; q < vectorsIn(v); q++) {
            pushColumns(f, v, strip, 0, q)
            f.set(first)
            pushCount(f, kind, { size: v.size[1], length: p.width, padding: p.padLeft }, first)
            f.set(counts[q])
          }
        },
        row: ([into]) => {
          if (v.hiddenRows) {
            pushRowInside(f, p, strip)
            f.set(inside)
          }
          for (const [q, sum] of into.entries()) {
            eachTap(f, v, strip, q, [low, high], (tap, push) => {
              if (tap > 0) f.get(sum)
              push()
              masks.apply(tap, q)
              if (tap > 0) f.op('f32x4.add')
              f.set(sum)
            })
            if (!v.hiddenRows) continue
            f.get(sum)
            f.get(inside)
            f.op('v128.and')
            f.set(sum)
          }
        },
        close: (ring) => {
          if (kind !== 'given') {
            f.get(strip.first)
            f.op('i32x4.splat')
            f.set(first)
            pushCount(f, kind, { size: v.size[0], length: p.height, padding: p.padTop }, first)
            f.set(divisor)
          }
          for (const [q, sum] of sums.entries()) {
            ring.forEach(([row], u) => {
              f.get(row[q])
              if (u > 0) f.op('f32x4.add')
            })
            f.get(divisor)
            if (kind !== 'given') {
              f.get(counts[q])
              f.op('f32x4.mul')
            }
            f.op('f32x4.div')
            f.set(sum)
          }
          storeStrip(f, v, p, strip.out, sums)
        },
      }),
    )
  })
}
