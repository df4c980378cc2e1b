// Gradient of maxima of float32: each one goes to the place in the plane that the forward pass noted down.
//   for each plane: x = 0; for each row of y: for each column: x[index] += y
// pool.ts makes one row of y where its rows follow each other.
import type { Module } from '../asm.ts'
import { sumOf } from './gemm-code.ts'
import { eachPlane, fillWords, pushPlaneSize } from './pool-planes.ts'

/** Maxima per turn of the loop. */
const atOnce = 4

/** `indexBytes`: 4 or 8; of wide indices the low word is read. */
export function buildScatter(m: Module, indexBytes: number): void {
  m.kernel('scatter', (f, desc, begin, end) => {
    const { at, i, grad, index, stop, whole } = f.locals('i32', 'at', 'i', 'grad', 'index', 'stop', 'whole')
    const zero = f.local('v128')
    const add = (x: typeof at, k: number): void => {
      f.get(x)
      f.get(index)
      f.load('i32.load', indexBytes * k)
      f.i32(2)
      f.op('i32.shl', 'i32.add')
      f.tee(at)
      f.get(at)
      f.load('f32.load')
      f.get(grad)
      f.load('f32.load', 4 * k)
      f.op('f32.add')
      f.store('f32.store')
    }
    eachPlane(f, desc, begin, end, (p) => () => {
      f.get(p.x)
      f.set(at)
      fillWords(f, at, () => pushPlaneSize(f, p), zero)
      f.range(i, 0, p.outHeight, 1, () => {
        sumOf(f, p.indices, [i, p.indexRow])
        f.set(index)
        sumOf(f, p.y, [i, p.yRow])
        f.tee(grad)
        f.get(p.outWidth)
        f.i32(2)
        f.op('i32.shl', 'i32.add')
        f.set(stop)
        f.get(grad)
        f.get(p.outWidth)
        f.i32(-atOnce)
        f.op('i32.and')
        f.i32(2)
        f.op('i32.shl', 'i32.add')
        f.set(whole)
        for (const [count, until] of [
          [atOnce, whole],
          [1, stop],
        ] as const) {
          f.range(grad, grad, until, 4 * count, () => {
            for (let k = 0; k < count; k++) add(p.x, k)
            f.inc(index, indexBytes * count)
          })
        }
      })
    })
  })
}
