// Rearranging operands for the micro-kernels of gemm: panels in which step k is one run of `width` elements, and tiles with any strides.
// Bits are moved, never computed with, so that one function serves every dtype of a size.
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { fields, firstOfPanel, lanesOfPanel, locals, minus, readFields, setMin, splitOff, sumOf } from './gemm-code.ts'
import { type Machine, shapeOf } from './gemm-micro.ts'

type Bytes = 4 | 8
const loads = { 4: 'i32.load', 8: 'i64.load' } as const
const stores = { 4: 'i32.store', 8: 'i64.store' } as const

/** Four rows of four 32-bit elements (or two of two 64-bit ones), in `v`, become their columns. */
export function transpose(f: Func, bytes: Bytes, v: Local[]): void {
  const shuffle = (a: Local, b: Local, lanes: [number, number, number, number], into: Local): void => {
    f.get(a)
    f.get(b)
    f.shuffle32(...lanes)
    f.set(into)
  }
  if (bytes === 8) {
    const t = f.local('v128')
    shuffle(v[0], v[1], [0, 1, 4, 5], t)
    shuffle(v[0], v[1], [2, 3, 6, 7], v[1])
    f.get(t)
    f.set(v[0])
    return
  }
  const t = [0, 1, 2, 3].map(() => f.local('v128'))
  shuffle(v[0], v[1], [0, 4, 1, 5], t[0])
  shuffle(v[0], v[1], [2, 6, 3, 7], t[1])
  shuffle(v[2], v[3], [0, 4, 1, 5], t[2])
  shuffle(v[2], v[3], [2, 6, 3, 7], t[3])
  shuffle(t[0], t[2], [0, 1, 4, 5], v[0])
  shuffle(t[0], t[2], [2, 3, 6, 7], v[1])
  shuffle(t[1], t[3], [0, 1, 4, 5], v[2])
  shuffle(t[1], t[3], [2, 3, 6, 7], v[3])
}

/**
 * dst[k][lane] = src[lane, k], lane < lanes, zero for lanes .. width. (src, laneStride, kStride, dst, lanes, width, k), strides in bytes.
 *   for groups of one register of lanes:  k contiguous -> square transposes;  lanes contiguous -> registers;  else elements
 *   for the lanes left over:              elements
 */
export function packer(mod: Module, bytes: Bytes): FuncRef {
  const lanesPerRegister = 16 / bytes
  const element = elementPacker(mod, bytes)
  return mod.func('pack', new Array<'i32'>(7).fill('i32'), [], (f) => {
    const [src, laneStride, kStride, dst, lanes, width, k] = f.args
    const l = locals(f, 'lane i from to step whole four')
    f.get(width)
    f.i32(bytes)
    f.op('i32.mul')
    f.set(l.step)
    f.get(lanes)
    f.i32(-lanesPerRegister)
    f.op('i32.and')
    f.set(l.whole)
    f.get(laneStride)
    f.i32(bytes)
    f.op('i32.ne')
    f.get(kStride)
    f.i32(bytes)
    f.op('i32.ne', 'i32.and')
    f.if(() => {
      f.i32(0)
      f.set(l.whole)
    })
    f.range(l.lane, 0, l.whole, lanesPerRegister, () => {
      sumOf(f, src, [l.lane, laneStride])
      f.set(l.from)
      sumOf(f, dst, [l.lane, bytes])
      f.set(l.to)
      f.i32(0)
      f.set(l.i)
      f.get(laneStride)
      f.i32(bytes)
      f.op('i32.eq')
      f.if(
        () => {
          f.range(l.i, 0, k, 1, () => {
            f.get(l.to)
            f.get(l.from)
            f.load('v128.load')
            f.store('v128.store')
            f.inc(l.from, kStride)
            f.inc(l.to, l.step)
          })
        },
        () => {
          const rows = Array.from({ length: lanesPerRegister }, () => f.local('v128'))
          const p = f.local('i32')
          f.get(k)
          f.i32(-lanesPerRegister)
          f.op('i32.and')
          f.set(l.four)
          f.range(l.i, 0, l.four, lanesPerRegister, () => {
            f.get(l.from)
            f.set(p)
            for (const row of rows) {
              f.get(p)
              f.load('v128.load')
              f.set(row)
              f.inc(p, laneStride)
            }
            transpose(f, bytes, rows)
            for (const row of rows) {
              f.get(l.to)
              f.get(row)
              f.store('v128.store')
              f.inc(l.to, l.step)
            }
            f.inc(l.from, 16)
          })
          for (let lane = 0; lane < lanesPerRegister; lane++) {
            sumOf(f, l.from, [laneStride, lane])
            f.get(kStride)
            f.get(l.to)
            f.i32(lane * bytes)
            f.op('i32.add')
            f.get(l.step)
            f.get(k)
            f.get(l.four)
            f.op('i32.sub')
            f.call(element)
          }
        },
      )
    })
    f.range(l.lane, l.whole, lanes, 1, () => {
      sumOf(f, src, [l.lane, laneStride])
      f.get(kStride)
      sumOf(f, dst, [l.lane, bytes])
      f.get(l.step)
      f.get(k)
      f.call(element)
    })
    f.range(l.lane, lanes, width, 1, () => {
      sumOf(f, dst, [l.lane, bytes])
      f.set(l.to)
      f.range(l.i, 0, k, 1, () => {
        f.get(l.to)
        f[bytes === 4 ? 'i32' : 'i64'](0)
        f.store(stores[bytes])
        f.inc(l.to, l.step)
      })
    })
  })
}

/** (src, srcStride, dst, dstStride, count): single elements. */
function elementPacker(mod: Module, bytes: Bytes): FuncRef {
  return mod.func('elements', new Array<'i32'>(5).fill('i32'), [], (f) => {
    const [src, srcStride, dst, dstStride, count] = f.args
    const i = f.local('i32')
    f.range(i, 0, count, 1, () => {
      f.get(dst)
      f.get(src)
      f.load(loads[bytes])
      f.store(stores[bytes])
      f.inc(src, srcStride)
      f.inc(dst, dstStride)
    })
  })
}

/** (src, srcRow, srcColumn, dst, dstRow, dstColumn, rows, columns): a small matrix from strides to strides. */
export function tileCopier(mod: Module, bytes: Bytes): FuncRef {
  const element = elementPacker(mod, bytes)
  return mod.func('copyTile', new Array<'i32'>(8).fill('i32'), [], (f) => {
    const [src, srcRow, srcColumn, dst, dstRow, dstColumn, rows, columns] = f.args
    const r = f.local('i32')
    f.range(r, 0, rows, 1, () => {
      for (const l of [src, srcColumn, dst, dstColumn, columns]) f.get(l)
      f.call(element)
      f.inc(src, srcRow)
      f.inc(dst, dstRow)
    })
  })
}

export const packFields = fields(
  'alpha alphaHigh scale src srcBatch srcLane srcK dst dstBatch k lanes panels laneSmall bigPanels padded',
)

/** Items: batch x panel. Panel p holds the next `laneSmall` lanes (one more in the first `bigPanels`), or `padded` lanes, the last of them zeros. */
export function packKernel(mod: Module, m: Machine): void {
  const { bytes } = shapeOf(m)
  const pack = packer(mod, bytes)
  mod.kernel('pack', (f, desc, begin, end) => {
    const d = readFields(f, desc, packFields)
    const l = locals(f, 'item batch panel lanes width lane0 to i end')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.batch)
      splitOff(f, l.batch, d.panels, l.panel)
      f.get(d.padded)
      f.if(
        () => {
          f.get(d.padded)
          f.tee(l.width)
          f.get(l.panel)
          f.op('i32.mul')
          f.set(l.lane0)
          setMin(f, l.lanes, minus(f, d.lanes, l.lane0), d.padded)
        },
        () => {
          lanesOfPanel(f, l.panel, d.laneSmall, d.bigPanels)
          f.tee(l.width)
          f.set(l.lanes)
          firstOfPanel(f, l.panel, d.laneSmall, d.bigPanels)
          f.set(l.lane0)
        },
      )
      sumOf(f, d.dst, [l.batch, d.dstBatch])
      f.get(l.lane0)
      f.get(d.k)
      f.op('i32.mul')
      f.i32(bytes)
      f.op('i32.mul', 'i32.add')
      f.set(l.to)
      sumOf(f, d.src, [l.batch, d.srcBatch])
      f.get(l.lane0)
      f.get(d.srcLane)
      f.op('i32.mul', 'i32.add')
      for (const x of [d.srcLane, d.srcK, l.to, l.lanes, l.width, d.k]) f.get(x)
      f.call(pack)
      f.get(d.scale)
      f.if(() => {
        f.get(l.to)
        f.get(l.width)
        f.get(d.k)
        f.op('i32.mul')
        f.i32(bytes)
        f.op('i32.mul', 'i32.add')
        f.set(l.end)
        f.range(l.i, l.to, l.end, bytes, () => {
          f.get(l.i)
          f.get(l.i)
          f.load(`${m.type}.load`)
          f.get(desc)
          f.load('f64.load', packFields.alpha)
          if (m.type === 'f32') f.op('f32.demote_f64')
          f.op(`${m.type}.mul`)
          f.store(`${m.type}.store`)
        })
      })
    })
  })
}
