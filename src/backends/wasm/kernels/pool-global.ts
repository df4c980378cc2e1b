// The average of whole planes of float32, one block of memory each, and its gradient.
//   forward:  for each plane: y = the sum of x, kept in double, divided
//   backward: for each plane: all of x = y divided
import type { Func, Local, Module } from '../asm.ts'
import type { PoolSpec } from '../../../runtime/spec.ts'
import { pushGiven } from './pool-average.ts'
import { eachPlane, fillWords, type Planes, pushPlaneSize } from './pool-planes.ts'

/** Vectors per turn of the loop; each has two sums of its own. */
const atOnce = 2

function pushSum(f: Func, p: Planes, sums: readonly Local[], values: Local, at: Local, stop: Local): void {
  const add = (sum: Local): void => {
    f.op('f64x2.promote_low_f32x4')
    f.get(sum)
    f.op('f64x2.add')
    f.set(sum)
  }
  const until = (bytes: number, body: () => void): void => {
    f.get(p.x)
    pushPlaneSize(f, p)
    f.i32(-bytes / 4)
    f.op('i32.and')
    f.i32(2)
    f.op('i32.shl', 'i32.add')
    f.set(stop)
    f.range(at, at, stop, bytes, body)
  }
  for (const sum of sums) {
    f.v128f64(0)
    f.set(sum)
  }
  f.get(p.x)
  f.set(at)
  until(16 * atOnce, () => {
    for (let k = 0; k < atOnce; k++) {
      f.get(at)
      f.load('v128.load', 16 * k)
      f.tee(values)
      add(sums[2 * k])
      f.get(values)
      f.get(values)
      f.shuffle32(2, 3, 2, 3)
      add(sums[2 * k + 1])
    }
  })
  until(4, () => {
    f.get(at)
    f.load('v128.load32_zero')
    add(sums[0])
  })
  for (const [k, sum] of sums.entries()) {
    f.get(sum)
    if (k > 0) f.op('f64x2.add')
  }
  f.tee(values)
  f.lane('f64x2.extract_lane', 0)
  f.get(values)
  f.lane('f64x2.extract_lane', 1)
  f.op('f64.add')
}

export function buildGlobal(m: Module, pass: PoolSpec['pass']): void {
  m.kernel('global', (f, desc, begin, end) => {
    const { at, stop } = f.locals('i32', 'at', 'stop')
    const { values, divisor } = f.locals('v128', 'values', 'divisor')
    const sums = Array.from({ length: 2 * atOnce }, () => f.local('v128'))
    pushGiven(f, desc)
    f.set(divisor)
    eachPlane(f, desc, begin, end, (p) => () => {
      if (pass === 'forward') {
        f.get(p.y)
        pushSum(f, p, sums, values, at, stop)
        f.get(desc)
        f.load('f64.load')
        f.op('f64.div', 'f32.demote_f64')
        f.store('f32.store')
        return
      }
      f.get(p.y)
      f.load('v128.load32_splat')
      f.get(divisor)
      f.op('f32x4.div')
      f.set(values)
      f.get(p.x)
      f.set(at)
      fillWords(f, at, () => pushPlaneSize(f, p), values)
    })
  })
}
