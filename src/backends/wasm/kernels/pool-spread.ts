// Gradient of averages of float32 windows: every element of the plane takes its share of the windows around it. With stride s, elements whose
// numbers have the same remainder mod s, their phase, lie in windows of the same number and at the same distance, so that the windows slide over the
// gradients: each place of them gives a group of stride[0] x stride[1] elements of the plane. Here x holds the gradients, and y is the plane.
//   row:   for each phase of columns, the sum of the gradients of the windows that hold it
//   close: for each phase of rows, the sums down the ring, columns of all phases interleaved
import type { Func, Module } from '../asm.ts'
import { columnMasks, pushGiven, type Summing } from './pool-average.ts'
import { pushColumns, pushCount, pushRowInside } from './pool-edges.ts'
import { eachPlane, type Planes } from './pool-planes.ts'
import { eachTap, newStrip, storeSome, type Strip, vectorsIn, vectorsOf } from './pool-strips.ts'
import { type Ring, slide } from './pool-windows.ts'

/** Of the windows around a group, the first and the last one that hold a phase of it. */
export type Phase = readonly [first: number, last: number]

export interface SpreadVariant extends Summing {
  /** One for each remainder; at most two of columns. */
  readonly phases: readonly [readonly Phase[], readonly Phase[]]
  /** Size and stride of the windows whose averages these were. */
  readonly window: { readonly size: readonly [number, number]; readonly stride: readonly [number, number] }
  /** Every group is whole. */
  readonly whole: boolean
}

/** Which windows hold each phase, as distances from the group's number. */
export function phasesOf(size: number, stride: number, padding: number): Phase[] {
  return Array.from({ length: stride }, (_, a) => [
    Math.ceil((a + padding - size + 1) / stride),
    Math.floor((a + padding) / stride),
  ])
}

/** Loops over the groups: every phase of rows from the ring, all of its columns interleaved. */
function storeGroups(f: Func, v: SpreadVariant, p: Planes, strip: Strip): (ring: Ring) => void {
  const [rowPhases, columnPhases] = v.phases
  const vectors = vectorsIn(v)
  const origin = Math.min(...rowPhases.map(([from]) => from))
  const sums = columnPhases.map(() => f.local('v128'))
  const results = Array.from({ length: vectors * sums.length }, () => f.local('v128'))
  const { at, row, left } = f.locals('i32', 'at', 'row', 'left')

  const sumUp = (ring: Ring, [first, last]: Phase): void => {
    for (let q = 0; q < vectors; q++) {
      for (const [k, sum] of sums.entries()) {
        if (first > last) f.v128f32(0)
        for (let u = first; u <= last; u++) {
          f.get(ring[u - origin][k][q])
          if (u > first) f.op('f32x4.add')
        }
        f.set(sum)
      }
      for (let part = 0; part < sums.length; part++) {
        sums.forEach((sum) => f.get(sum))
        if (sums.length === 2) {
          if (part === 0) f.shuffle32(0, 4, 1, 5)
          else f.shuffle32(2, 6, 3, 7)
        }
        f.set(results[q * sums.length + part])
      }
    }
  }
  const storeAll = (): void => {
    for (let k = results.length - 1; k >= 0; k--) {
      f.get(at)
      f.get(results[k])
      f.store('v128.store', 16 * k)
    }
  }
  const store = (): void => {
    if (v.whole) return storeAll()
    f.get(left)
    f.i32(4 * results.length)
    f.op('i32.ge_s')
    f.if(storeAll, () => results.forEach((result, k) => storeSome(f, at, 16 * k, result, left, 4 * k)))
  }
  return (ring) => {
    if (!v.whole) {
      // left: columns of the plane from here on; row: the first one of the group.
      f.get(p.planeWidth)
      f.get(strip.column)
      f.get(p.padLeft)
      f.op('i32.add')
      f.i32(columnPhases.length)
      f.op('i32.mul', 'i32.sub')
      f.set(left)
      f.get(strip.first)
      f.get(p.padTop)
      f.op('i32.add')
      f.i32(rowPhases.length)
      f.op('i32.mul')
      f.set(row)
    }
    f.get(strip.out)
    f.set(at)
    for (const [a, phase] of rowPhases.entries()) {
      const body = (): void => {
        sumUp(ring, phase)
        store()
      }
      if (a > 0) f.inc(at, p.planeRow)
      if (a === 0 || v.whole) {
        body()
        continue
      }
      f.get(row)
      f.i32(a)
      f.op('i32.add')
      f.get(p.planeHeight)
      f.op('i32.lt_s')
      f.if(body)
    }
  }
}

export function buildSpread(m: Module, v: SpreadVariant): void {
  m.kernel('spread', (f, desc, begin, end) => {
    const { low, high, inside, first, divisor } = f.locals('v128', 'low', 'high', 'inside', 'first', 'divisor')
    const strip = newStrip(f)
    const masks = columnMasks(f, v)
    const taps = Array.from({ length: v.size[1] }, () => vectorsOf(f, v))
    const counts = taps.map(() => vectorsOf(f, v))
    const { divisor: kind, phases } = v
    const origin = Math.min(...phases[1].map(([from]) => from))
    if (kind === 'given') {
      pushGiven(f, desc)
      f.set(divisor)
    }
    eachPlane(f, desc, begin, end, (p) => {
      /** The factor of the divisor of the windows whose numbers are on the stack. */
      const countOf = (d: 0 | 1): void => {
        const [length, padding] = d === 0 ? [p.planeHeight, p.planePadTop] : [p.planeWidth, p.planePadLeft]
        f.i32(v.window.stride[d])
        f.op('i32x4.splat', 'i32x4.mul')
        f.get(padding)
        f.op('i32x4.splat', 'i32x4.sub')
        f.set(first)
        pushCount(f, kind, { size: v.window.size[d], length, padding }, first)
      }
      return slide(f, p, v, strip, [4 * phases[1].length, 4], {
        keeps: phases[1].length,
        open: () => {
          masks.open(p, strip)
          if (kind === 'given') return
          for (const [tap, list] of counts.entries()) {
            for (const [q, count] of list.entries()) {
              pushColumns(f, v, strip, tap, q)
              countOf(1)
              f.set(count)
            }
          }
        },
        row: (into) => {
          if (v.hiddenRows) {
            pushRowInside(f, p, strip)
            f.set(inside)
          }
          if (kind !== 'given') {
            f.get(strip.wanted)
            f.op('i32x4.splat')
            countOf(0)
            f.set(divisor)
          }
          for (let q = 0; q < vectorsIn(v); q++) {
            eachTap(f, v, strip, q, [low, high], (tap, push) => {
              push()
              masks.apply(tap, q)
              if (kind !== 'given') {
                f.get(counts[tap][q])
                f.op('f32x4.div')
              }
              f.set(taps[tap][q])
            })
            for (const [k, [from, to]] of phases[1].entries()) {
              if (from > to) f.v128f32(0)
              for (let d = from; d <= to; d++) {
                f.get(taps[d - origin][q])
                if (d > from) f.op('f32x4.add')
              }
              f.get(divisor)
              f.op('f32x4.div')
              if (v.hiddenRows) {
                f.get(inside)
                f.op('v128.and')
              }
              f.set(into[k][q])
            }
          }
        },
        close: storeGroups(f, v, p, strip),
      })
    })
  })
}
