// Rearranging operands for the micro-kernels of gemm: panels in which step k is one run of `width` elements, and tiles with any strides.
// Bits are moved, never computed with, so that one function serves every dtype of a size.
import type { Func, FuncRef, Local, Module } from '../asm.ts'

type Bytes = 4 | 8
const loads = { 4: 'i32.load', 8: 'i64.load' } as const
const stores = { 4: 'i32.store', 8: 'i64.store' } as const

/** Byte offsets of the fields of a descriptor, in order. */
export function fields<N extends string>(...names: N[]): Record<N, number> {
  return Object.fromEntries(names.map((name, k) => [name, 4 * k])) as Record<N, number>
}

/** Loads fields of the descriptor into locals of the same names. */
export function readFields<N extends string>(f: Func, desc: Local, table: Record<N, number>): Record<N, Local> {
  const names = Object.keys(table) as N[]
  const out = f.locals('i32', ...names)
  for (const name of names) {
    f.get(desc)
    f.load('i32.load', table[name])
    f.set(out[name])
  }
  return out
}

/** Leaves x + y * z on the stack. */
export function at(f: Func, x: Local, y: Local, z: Local | number): void {
  f.get(x)
  f.get(y)
  f.push(z)
  f.op('i32.mul', 'i32.add')
}

/** Four rows of four 32-bit elements (or two of two 64-bit ones), in `v`, become their columns. */
function transpose(f: Func, bytes: Bytes, v: Local[]): void {
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
    const l = f.locals('i32', 'lane', 'i', 'from', 'to', 'step', 'whole', 'four')
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
      at(f, src, l.lane, laneStride)
      f.set(l.from)
      at(f, dst, l.lane, bytes)
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
            at(f, l.from, laneStride, lane)
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
      at(f, src, l.lane, laneStride)
      f.get(kStride)
      at(f, dst, l.lane, bytes)
      f.get(l.step)
      f.get(k)
      f.call(element)
    })
    f.range(l.lane, lanes, width, 1, () => {
      at(f, dst, l.lane, bytes)
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

/** Scratch for the chunk of work that runs now: as many slots as threads, taken and given back by an atomic flag each. */
export function takeSlot(f: Func, flags: Local, base: Local, bytes: Local): { slot: Local; address: Local } {
  const { slot, address } = f.locals('i32', 'slot', 'address')
  f.get(flags)
  f.set(slot)
  f.get(base)
  f.set(address)
  f.loop((again) => {
    f.get(slot)
    f.i32(0)
    f.i32(1)
    f.atomic('i32.atomic.rmw.cmpxchg')
    f.if(() => {
      f.inc(slot, 4)
      f.inc(address, bytes)
      f.br(again)
    })
  })
  return { slot, address }
}

export function giveSlotBack(f: Func, slot: Local): void {
  f.get(slot)
  f.i32(0)
  f.atomic('i32.atomic.store')
}
