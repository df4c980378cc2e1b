// Maximum of float32 windows, and where in the plane it stands: the first one of the window in row-major order, and NaN above all.
//   row:   best = maximum of the row's columns, where = its place; both for all windows of a strip at once
//   close: the same down the rows of the ring
// Only the exact form of the code knows of NaN: pool-nan.ts says which one runs.
import type { Func, Local, Module } from '../asm.ts'
import type { Features } from '../features.ts'
import { pushColumns, pushInside } from './pool-edges.ts'
import { twoForms } from './pool-nan.ts'
import { eachPlane, type Planes } from './pool-planes.ts'
import {
  eachTap,
  isHidden,
  newStrip,
  type Sliding,
  storeStrip,
  storeWide,
  type Vectors,
  vectorsIn,
  vectorsOf,
} from './pool-strips.ts'
import { slide } from './pool-windows.ts'

export interface MaxVariant extends Sliding {
  readonly indices: 'int32' | 'int64' | null
  /** All planes of x are one block of memory. */
  readonly block: boolean
}

function windows(f: Func, features: Features, v: MaxVariant, exact: boolean): void {
  const [desc, begin, end] = f.args
  const pick = features.relaxedFma ? 'i32x4.relaxed_laneselect' : 'v128.bitselect'
  const { mask, value, rowStart, rowPlaces, a, b, lowest } = f.locals(
    'v128',
    'mask',
    'value',
    'rowStart',
    'rowPlaces',
    'a',
    'b',
    'lowest',
  )
  const indexed = v.indices !== null
  const vectors = vectorsIn(v)
  const strip = newStrip(f)
  const perTap = (): Vectors[] => Array.from({ length: v.size[1] }, () => vectorsOf(f, v))
  // Of each column of the window: its number in the plane, and what hides it where it is outside.
  const [columns, limits] = [perTap(), perTap()]

  /** Where the candidate is greater, it becomes the best, and its place the place. */
  const advance = (best: Local, place: Local | undefined, candidate: () => void, candidatePlace: () => void): void => {
    candidate()
    f.set(value)
    if (exact || place) {
      f.get(value)
      f.get(best)
      f.op('f32x4.gt')
      if (exact) {
        f.get(value)
        f.get(value)
        f.op('f32x4.ne', 'v128.or')
      }
      f.set(mask)
    }
    if (exact) {
      f.get(value)
      f.get(best)
      f.get(mask)
      f.op(pick)
    } else {
      f.get(best)
      f.get(value)
      f.op('f32x4.pmax')
    }
    f.set(best)
    if (!place) return
    candidatePlace()
    f.get(place)
    f.get(mask)
    f.op(pick)
    f.set(place)
  }
  /** Outside the plane everything is -Infinity: pmin(-inf, x) is -inf, pmin(inf, x) is x, unless that is NaN. */
  const masked = (tap: number, q: number, push: () => void): void => {
    if (!isHidden(v, tap)) return push()
    const limit = limits[tap][q]
    if (exact) {
      push()
      f.get(lowest)
      f.get(limit)
      f.op(pick)
    } else {
      f.get(limit)
      push()
      f.op('f32x4.pmin')
    }
  }
  const open = (p: Planes): void => {
    for (let tap = 0; tap < v.size[1]; tap++) {
      for (let q = 0; q < vectors; q++) {
        if (indexed) {
          pushColumns(f, v, strip, tap, q)
          // The padding wins only a window of -Infinity alone, as its first element: that is the first one inside then.
          if (tap === 0 && isHidden(v, 0)) {
            f.v128i32(0)
            f.op('i32x4.max_s')
          }
          f.set(columns[tap][q])
        }
        if (!isHidden(v, tap)) continue
        if (!exact) {
          f.v128f32(Infinity)
          f.v128f32(-Infinity)
        }
        pushInside(f, v, p, strip, tap, q)
        if (!exact) f.op('v128.bitselect')
        f.set(limits[tap][q])
      }
    }
  }

  eachPlane(f, desc, begin, end, (p) => {
    f.v128f32(-Infinity)
    f.set(lowest)
    f.get(p.width)
    f.op('i32x4.splat')
    f.set(rowPlaces)
    const best = vectorsOf(f, v)
    const place = indexed ? vectorsOf(f, v) : []
    return slide(f, p, v, strip, [4, v.indices === 'int64' ? 8 : 4], {
      keeps: indexed ? 2 : 1,
      open: () => open(p),
      start: () => {
        f.v128i32(0)
        f.set(rowStart)
      },
      next: () => {
        if (!indexed) return
        f.get(rowStart)
        f.get(rowPlaces)
        f.op('i32x4.add')
        f.set(rowStart)
      },
      row: ([bests, places]) => {
        for (let q = 0; q < vectors; q++) {
          eachTap(f, v, strip, q, [a, b], (tap, push) => {
            const candidate = (): void => masked(tap, q, push)
            if (tap > 0) return advance(bests[q], places?.[q], candidate, () => f.get(columns[tap][q]))
            candidate()
            f.set(bests[q])
            if (!indexed) return
            f.get(columns[0][q])
            f.set(places[q])
          })
          if (!indexed) continue
          f.get(places[q])
          f.get(rowStart)
          f.op('i32x4.add')
          f.set(places[q])
        }
      },
      close: (ring) => {
        for (let q = 0; q < vectors; q++) {
          for (const [k, into] of [best, place].entries()) {
            if (!into[q]) continue
            f.get(ring[0][k][q])
            f.set(into[q])
          }
          for (const [bests, places] of ring.slice(1)) {
            advance(
              best[q],
              place[q],
              () => f.get(bests[q]),
              () => f.get(places[q]),
            )
          }
        }
        storeStrip(f, v, p, strip.out, best)
        if (indexed) (v.indices === 'int64' ? storeWide : storeStrip)(f, v, p, strip.index, place)
      },
    })
  })
}

export function buildMax(m: Module, features: Features, v: MaxVariant): void {
  if (v.block) twoForms(m, (f, exact) => windows(f, features, v, exact))
  else m.kernel('exact', (f) => windows(f, features, v, true))
}
