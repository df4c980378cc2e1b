// Rearranging operands for the micro-kernels of gemm: panels in which step k is one run of `width` elements, and tiles with any strides.
// Bits are moved, never computed with, so that one function serves every dtype of a size.
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { locals, sumOf } from './gemm-code.ts'

/** Bytes of an element. */
export type Bytes = 4 | 8
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
 *   lanes contiguous:  for k: registers of lanes
 *   k contiguous:      for groups of one register of lanes, for k: square transposes;  for pairs of lanes, for k: two rows into one
 *   for the lanes left over:  elements
 */
export function packer(mod: Module, bytes: Bytes): FuncRef {
  const element = elementPacker(mod, bytes)
  const rows = rowCopier(mod)
  const square = squarePacker(mod, bytes)
  const pairs = bytes === 4 ? pairPacker(mod) : null
  const perRegister = 16 / bytes
  return mod.func('pack', new Array<'i32'>(7).fill('i32'), [], (f) => {
    const [src, laneStride, kStride, dst, lanes, width, k] = f.args
    const l = locals(f, 'lane i to step')
    /** Calls `pack` with (src, stride, dst, step, k) for groups of `count` lanes while there are so many. */
    const groups = (count: number, stride: Local, pack: FuncRef): void =>
      f.while(
        () => {
          f.get(lanes)
          f.get(l.lane)
          f.op('i32.sub')
          f.i32(count)
          f.op('i32.ge_s')
        },
        () => {
          sumOf(f, src, [l.lane, laneStride])
          f.get(stride)
          sumOf(f, dst, [l.lane, bytes])
          f.get(l.step)
          f.get(k)
          f.call(pack)
          f.inc(l.lane, count)
        },
      )
    sumOf(f, 0, [width, bytes])
    f.set(l.step)
    f.get(laneStride)
    f.i32(bytes)
    f.op('i32.eq')
    f.if(
      () => {
        groups(4 * perRegister, kStride, rows[4])
        groups(perRegister, kStride, rows[1])
      },
      () => {
        f.get(kStride)
        f.i32(bytes)
        f.op('i32.eq')
        f.if(() => {
          groups(perRegister, laneStride, square)
          if (pairs) groups(2, laneStride, pairs)
        })
      },
    )
    groups(1, kStride, element)
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

/** (src, srcStride, dst, dstStride, count): runs of one or four registers. */
function rowCopier(mod: Module): Record<1 | 4, FuncRef> {
  const copier = (registers: 1 | 4): FuncRef =>
    mod.func('rows', new Array<'i32'>(5).fill('i32'), [], (f) => {
      const [src, srcStride, dst, dstStride, count] = f.args
      const i = f.local('i32')
      const v = Array.from({ length: registers }, () => f.local('v128'))
      f.range(i, 0, count, 1, () => {
        v.forEach((value, r) => {
          f.get(src)
          f.load('v128.load', 16 * r)
          f.set(value)
        })
        for (let r = registers - 1; r >= 0; r--) {
          f.get(dst)
          f.get(v[r])
          f.store('v128.store', 16 * r)
        }
        f.inc(src, srcStride)
        f.inc(dst, dstStride)
      })
    })
  return { 1: copier(1), 4: copier(4) }
}

/** (src, laneStride, dst, step, k): one register of lanes with contiguous k, by square transposes, then single elements. */
function squarePacker(mod: Module, bytes: Bytes): FuncRef {
  const size = 16 / bytes
  return mod.func('square', new Array<'i32'>(5).fill('i32'), [], (f) => {
    const [src, laneStride, dst, step, k] = f.args
    const pointers = [src, ...Array.from({ length: size - 1 }, () => f.local('i32'))]
    const rows = pointers.map(() => f.local('v128'))
    for (let r = 1; r < size; r++) {
      f.get(pointers[r - 1])
      f.get(laneStride)
      f.op('i32.add')
      f.set(pointers[r])
    }
    f.while(
      () => {
        f.get(k)
        f.i32(size)
        f.op('i32.ge_u')
      },
      () => {
        pointers.forEach((pointer, r) => {
          f.get(pointer)
          f.load('v128.load')
          f.set(rows[r])
          f.inc(pointer, 16)
        })
        transpose(f, bytes, rows)
        for (const row of rows) {
          f.get(dst)
          f.get(row)
          f.store('v128.store')
          f.inc(dst, step)
        }
        f.inc(k, -size)
      },
    )
    f.while(
      () => f.get(k),
      () => {
        pointers.forEach((pointer, r) => {
          f.get(dst)
          f.get(pointer)
          f.load(loads[bytes])
          f.store(stores[bytes], r * bytes)
          f.inc(pointer, bytes)
        })
        f.inc(dst, step)
        f.inc(k, -1)
      },
    )
  })
}

/** (src, laneStride, dst, step, k): two lanes of 32 bits with contiguous k. */
function pairPacker(mod: Module): FuncRef {
  return mod.func('pairs', new Array<'i32'>(5).fill('i32'), [], (f) => {
    const [first, laneStride, dst, step, k] = f.args
    const second = f.local('i32')
    const [a, b] = [f.local('v128'), f.local('v128')]
    f.get(first)
    f.get(laneStride)
    f.op('i32.add')
    f.set(second)
    f.while(
      () => {
        f.get(k)
        f.i32(4)
        f.op('i32.ge_u')
      },
      () => {
        f.get(first)
        f.load('v128.load')
        f.set(a)
        f.get(second)
        f.load('v128.load')
        f.set(b)
        const unpacked: [number, number, number, number][] = [
          [0, 4, 1, 5],
          [2, 6, 3, 7],
        ]
        for (const lanes of unpacked) {
          const both = f.local('v128')
          f.get(a)
          f.get(b)
          f.shuffle32(...lanes)
          f.set(both)
          for (const half of [0, 1]) {
            f.get(dst)
            f.get(both)
            f.memoryLane('v128.store64_lane', half)
            f.inc(dst, step)
          }
        }
        f.inc(first, 16)
        f.inc(second, 16)
        f.inc(k, -4)
      },
    )
    f.while(
      () => f.get(k),
      () => {
        for (const [pointer, offset] of [
          [first, 0],
          [second, 4],
        ] as const) {
          f.get(dst)
          f.get(pointer)
          f.load('i32.load')
          f.store('i32.store', offset)
          f.inc(pointer, 4)
        }
        f.inc(dst, step)
        f.inc(k, -1)
      },
    )
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
