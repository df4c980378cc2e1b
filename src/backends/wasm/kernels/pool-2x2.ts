// Pooling of float32 planes by 2x2 windows with stride 2, four windows at a time: two vectors of each of two rows are taken
// apart into even and odd columns. The last vector of a row overlaps the one before it where the width is not a multiple of 4.
import type { PoolSpec } from '../../../runtime/spec.ts'
import type { Func, Local, Module } from '../asm.ts'
import { clearPlane, eachPlane, type Planes } from './pool-planes.ts'

/** for each four windows of each row of windows: `top`, `bottom` (x) and `out` (y), `index` (indices) are the addresses, j the first column. */
function eachFour(
  f: Func,
  p: Planes,
  body: (at: Record<'i' | 'j' | 'top' | 'bottom' | 'out' | 'index', Local>) => void,
): void {
  const at = f.locals('i32', 'i', 'j', 'top', 'bottom', 'out', 'index')
  const { start, stop } = f.locals('i32', 'start', 'stop')
  f.range(at.i, 0, p.outHeight, 1, () => {
    f.i32(0)
    f.set(start)
    f.get(p.outWidth)
    f.i32(4)
    f.op('i32.sub')
    f.set(stop)
    f.loop((again) => {
      // j = min(start, outWidth - 4)
      f.get(start)
      f.get(stop)
      f.get(start)
      f.get(stop)
      f.op('i32.lt_u', 'select')
      f.set(at.j)
      const columns = (base: Local, stride: Local, shift: number, row: () => void): void => {
        f.get(base)
        row()
        f.get(stride)
        f.op('i32.mul', 'i32.add')
        f.get(at.j)
        f.i32(shift)
        f.op('i32.shl', 'i32.add')
      }
      columns(p.x, p.xStrides[0], 3, () => {
        f.get(at.i)
        f.i32(1)
        f.op('i32.shl')
      })
      f.tee(at.top)
      f.get(p.xStrides[0])
      f.op('i32.add')
      f.set(at.bottom)
      columns(p.y, p.yStrides[0], 2, () => f.get(at.i))
      f.set(at.out)
      columns(p.indices, p.indexStrides[0], 3, () => f.get(at.i))
      f.set(at.index)
      body(at)
      f.inc(start, 4)
      f.get(start)
      f.get(p.outWidth)
      f.op('i32.lt_u')
      f.brIf(again)
    })
  })
}

type Lanes = [number, number, number, number]
const EVEN: Lanes = [0, 2, 4, 6]
const ODD: Lanes = [1, 3, 5, 7]
/** Four values, each twice: byte offsets and lanes of the two vectors. */
const DOUBLED: readonly [number, Lanes][] = [
  [16, [2, 2, 3, 3]],
  [0, [0, 0, 1, 1]],
]

/** Average of the four with the divisor of the descriptor; backward writes a quarter to all four. */
export function buildAverage2x2(m: Module, pass: PoolSpec['pass'], dense: boolean): void {
  m.kernel('average', (f, desc, begin, end) => {
    eachPlane(f, desc, begin, end, (p) => {
      const { a, b, divisor } = f.locals('v128', 'a', 'b', 'divisor')
      f.get(desc)
      f.load('f64.load')
      f.op('f32.demote_f64', 'f32x4.splat')
      f.set(divisor)
      const forward = (): void =>
        eachFour(f, p, ({ top, bottom, out }) => {
          for (const [half, offset] of [
            [a, 0],
            [b, 16],
          ] as const) {
            f.get(top)
            f.load('v128.load', offset)
            f.get(bottom)
            f.load('v128.load', offset)
            f.op('f32x4.add')
            f.set(half)
          }
          f.get(out)
          for (const lanes of [EVEN, ODD]) {
            f.get(a)
            f.get(b)
            f.shuffle32(...lanes)
          }
          f.op('f32x4.add')
          f.get(divisor)
          f.op('f32x4.div')
          f.store('v128.store')
        })
      const backward = (): void => {
        // Only an odd row or column is not written below.
        if (dense) {
          f.get(p.height)
          f.get(p.width)
          f.op('i32.or')
          f.i32(1)
          f.op('i32.and')
          for (const [size, outSize] of [
            [p.height, p.outHeight],
            [p.width, p.outWidth],
          ]) {
            f.get(size)
            f.i32(1)
            f.op('i32.shr_u')
            f.get(outSize)
            f.op('i32.ne', 'i32.or')
          }
          f.if(() => clearPlane(f, p, { type: 'f32', bytes: 4, load: () => {}, store: () => {} }, true))
        }
        eachFour(f, p, ({ top, bottom, out }) => {
          f.get(out)
          f.load('v128.load')
          f.get(divisor)
          f.op('f32x4.div')
          f.set(a)
          for (const [offset, lanes] of DOUBLED) {
            f.get(a)
            f.get(a)
            f.shuffle32(...lanes)
            f.set(b)
            for (const row of [top, bottom]) {
              f.get(row)
              f.get(b)
              f.store('v128.store', offset)
            }
          }
        })
      }
      return pass === 'forward' ? forward : backward
    })
  })
}

/** Maximum of the four and its flat position in the plane: the first one, and NaN above all. */
export function buildMax2x2(m: Module, indices: boolean): void {
  m.kernel('max', (f, desc, begin, end) => {
    eachPlane(f, desc, begin, end, (p) => {
      const { best, value, position, mask, where } = f.locals('v128', 'best', 'value', 'position', 'mask', 'where')
      const pushHalf = (row: Local, lanes: Lanes): void => {
        for (const offset of [0, 16]) {
          f.get(row)
          f.load('v128.load', offset)
        }
        f.shuffle32(...lanes)
      }
      return () =>
        eachFour(f, p, ({ i, j, top, bottom, out, index }) => {
          pushHalf(top, EVEN)
          f.set(best)
          if (indices) {
            // 2 i W + 2 (j + 0..3)
            f.get(i)
            f.get(p.width)
            f.op('i32.mul')
            f.get(j)
            f.op('i32.add')
            f.i32(1)
            f.op('i32.shl', 'i32x4.splat')
            f.v128([0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0])
            f.op('i32x4.add')
            f.tee(where)
            f.set(position)
          }
          for (const [row, lanes] of [
            [top, ODD],
            [bottom, EVEN],
            [bottom, ODD],
          ] as const) {
            pushHalf(row, lanes)
            f.tee(value)
            f.get(best)
            f.op('f32x4.gt')
            f.get(value)
            f.get(value)
            f.op('f32x4.ne', 'v128.or')
            f.set(mask)
            f.get(value)
            f.get(best)
            f.get(mask)
            f.op('v128.bitselect')
            f.set(best)
            if (!indices) continue
            f.get(where)
            if (row === bottom) {
              f.get(p.width)
              f.op('i32x4.splat', 'i32x4.add')
            }
            if (lanes === ODD) {
              f.v128i32(1)
              f.op('i32x4.add')
            }
            f.get(position)
            f.get(mask)
            f.op('v128.bitselect')
            f.set(position)
          }
          f.get(out)
          f.get(best)
          f.store('v128.store')
          if (!indices) return
          for (const [half, offset] of [
            ['low', 0],
            ['high', 16],
          ] as const) {
            f.get(index)
            f.get(position)
            f.op(`i64x2.extend_${half}_i32x4_u`)
            f.store('v128.store', offset)
          }
        })
    })
  })
}
