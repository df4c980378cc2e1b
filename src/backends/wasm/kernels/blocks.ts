// Pictures by blocks of channels: convolutions with many channels compute on [block][pixel][16 channels], where every distance of an inner loop is a
// constant, while tensors lie by channel planes (NCHW). These functions turn rows of pixels from one into the other.
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { locals, setMin, sumOf } from './gemm-code.ts'
import type { Machine } from './gemm-micro.ts'
import { transpose } from './gemm-pack.ts'

/** Channels of a block, and its bytes. */
export const blockChannels = 16
export const blockBytes = 4 * blockChannels
/** Byte offsets of the vectors of a block. */
export const partsOf = (m: Machine): number[] => (m.width === 2 ? [0, 32] : [0, 16, 32, 48])
export const blocksOf = (channels: number): number => Math.ceil(channels / blockChannels)

const fourColumns = (f: Func, count: Local, body: () => void): void =>
  f.while(
    () => {
      f.get(count)
      f.i32(4)
      f.op('i32.ge_u')
    },
    () => {
      body()
      f.inc(count, -4)
    },
  )

/** (p0, p1, p2, p3, to, count): `count` columns of four rows become columns of four channels. Up to 12 bytes behind each row are read. */
function interleaver(mod: Module): FuncRef {
  return mod.func('interleave', new Array<'i32'>(6).fill('i32'), [], (f) => {
    const rows = f.args.slice(0, 4)
    const [to, count] = f.args.slice(4)
    const v = rows.map(() => f.local('v128'))
    const store = (k: number): void => {
      f.get(to)
      f.get(v[k])
      f.store('v128.store', k * blockBytes)
    }
    const read = (): void => {
      rows.forEach((row, k) => {
        f.get(row)
        f.load('v128.load')
        f.set(v[k])
      })
      transpose(f, 4, v)
    }
    fourColumns(f, count, () => {
      read()
      for (let k = 0; k < 4; k++) store(k)
      for (const row of rows) f.inc(row, 16)
      f.inc(to, 4 * blockBytes)
    })
    f.get(count)
    f.if(() => {
      read()
      store(0)
      for (let k = 1; k < 3; k++) {
        f.get(count)
        f.i32(k)
        f.op('i32.gt_u')
        f.if(() => store(k))
      }
    })
  })
}

/** (from, p0, p1, p2, p3, step, count): the way back; `step` bytes from column to column of a row. */
function deinterleaver(mod: Module): FuncRef {
  return mod.func('deinterleave', new Array<'i32'>(7).fill('i32'), [], (f) => {
    const from = f.args[0]
    const rows = f.args.slice(1, 5)
    const [step, count] = f.args.slice(5)
    const v = rows.map(() => f.local('v128'))
    f.get(step)
    f.i32(4)
    f.op('i32.eq')
    f.if(() =>
      fourColumns(f, count, () => {
        v.forEach((column, k) => {
          f.get(from)
          f.load('v128.load', k * blockBytes)
          f.set(column)
        })
        transpose(f, 4, v)
        rows.forEach((row, k) => {
          f.get(row)
          f.get(v[k])
          f.store('v128.store')
          f.inc(row, 16)
        })
        f.inc(from, 4 * blockBytes)
      }),
    )
    f.while(
      () => f.get(count),
      () => {
        rows.forEach((row, k) => {
          f.get(row)
          f.get(from)
          f.load('f32.load', 4 * k)
          f.store('f32.store')
          f.inc(row, step)
        })
        f.inc(from, blockBytes)
        f.inc(count, -1)
      },
    )
  })
}

/** Calls `body` for each four channels of a block: their addresses, `other` in place of those beyond `channels` (signed). */
function fourChannels(
  f: Func,
  first: Local,
  stride: Local,
  channels: Local,
  other: Local,
  body: (pointers: readonly Local[], g: Local) => void,
): void {
  const { g, at } = locals(f, 'g at')
  const pointers = [0, 1, 2, 3].map(() => f.local('i32'))
  f.get(first)
  f.set(at)
  f.range(g, 0, blockChannels, 4, () => {
    pointers.forEach((pointer, k) => {
      f.get(at)
      f.get(other)
      f.get(channels)
      f.get(g)
      f.op('i32.sub')
      f.i32(k)
      f.op('i32.gt_s', 'select')
      f.set(pointer)
      f.inc(at, stride)
    })
    body(pointers, g)
  })
}

/** Bytes of zeros that `rowIn` reads in place of what is not there, for so many columns. */
export const zeroRowBytes = (columns: number): number => 4 * (columns + 4)

/**
 * (row, channelStride, channels, x, columns, width, zeros, to): columns x .. x + columns - 1 (x signed, zero outside 0 .. width - 1) of 16 channels, of
 * which `channels` (signed) exist, to blocks.
 */
export function rowIn(mod: Module): FuncRef {
  const interleave = interleaver(mod)
  return mod.func('rowIn', new Array<'i32'>(8).fill('i32'), [], (f) => {
    const [row, stride, channels, x, columns, width, zeros, to] = f.args
    const { left, count, first } = locals(f, 'left count first')
    f.i32(0)
    f.get(x)
    f.op('i32.sub')
    f.i32(0)
    f.get(x)
    f.i32(0)
    f.op('i32.lt_s', 'select')
    f.set(left)
    setMin(f, left, left, columns)
    // Columns in the picture: from x + left to min(x + columns, width), none if that is not positive.
    f.get(width)
    f.get(x)
    f.op('i32.sub')
    f.tee(count)
    f.get(columns)
    f.get(count)
    f.get(columns)
    f.op('i32.lt_s', 'select')
    f.get(left)
    f.op('i32.sub')
    f.tee(count)
    f.i32(0)
    f.get(count)
    f.i32(0)
    f.op('i32.gt_s', 'select')
    f.set(count)
    f.get(row)
    f.get(x)
    f.get(left)
    f.op('i32.add')
    f.i32(4)
    f.op('i32.mul', 'i32.add')
    f.set(first)
    fourChannels(f, first, stride, channels, zeros, (pointers, g) => {
      for (const pointer of pointers) f.get(pointer)
      sumOf(f, to, [left, blockBytes], [g, 4])
      f.get(count)
      f.call(interleave)
    })
    const zeroFill = (from: () => void, bytes: () => void): void => {
      from()
      f.i32(0)
      bytes()
      f.op('memory.fill')
    }
    f.get(left)
    f.if(() =>
      zeroFill(
        () => f.get(to),
        () => sumOf(f, 0, [left, blockBytes]),
      ),
    )
    f.get(columns)
    f.get(left)
    f.op('i32.sub')
    f.get(count)
    f.op('i32.sub')
    f.tee(left)
    f.if(() =>
      zeroFill(
        () => {
          f.get(to)
          f.get(columns)
          f.get(left)
          f.op('i32.sub')
          f.i32(blockBytes)
          f.op('i32.mul', 'i32.add')
        },
        () => sumOf(f, 0, [left, blockBytes]),
      ),
    )
  })
}

/** Bytes to which `rowOut` writes what is not wanted. */
export const sinkBytes = (columns: number, step: number): number => columns * step + 16

/** (from, row, channelStride, channels, step, columns, sink): blocks to `columns` columns, `step` bytes apart, of 16 channels, of which `channels` (signed) exist. */
export function rowOut(mod: Module): FuncRef {
  const deinterleave = deinterleaver(mod)
  return mod.func('rowOut', new Array<'i32'>(7).fill('i32'), [], (f) => {
    const [from, row, stride, channels, step, columns, sink] = f.args
    fourChannels(f, row, stride, channels, sink, (pointers, g) => {
      sumOf(f, from, [g, 4])
      for (const pointer of pointers) f.get(pointer)
      f.get(step)
      f.get(columns)
      f.call(deinterleave)
    })
  })
}
