// Copies image rows into a slab: a small padded copy in which every tap of a convolution is the same run of pixels at another offset.
// A source with step (sh, sw) is split into sh x sw phases, so that neighbouring output pixels are neighbours in the slab:
//   slab[channel][i][j][r][q] = source[channel][(first + r) * sh + i][(firstColumn + q) * sw + j], zero outside the source
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { locals } from './gemm-code.ts'

/** Bytes of zeros behind a slab: a last logical vector may reach there. */
export const slabMargin = 64

/**
 * (src, channelStride, rowStride, columnStep, dst, channels, sh, sw, rows, columns, first, sourceRows, columnTable, channelBytes); strides in bytes,
 * `columnStep` from one q to the next. `columnTable`: for each j the first valid q, the end of the valid q, and the byte offset of the first's source.
 * Each channel takes `channelBytes` of the slab, what its rows leave is zero; so are `slabMargin` bytes behind the last.
 */
export function slabCopier(mod: Module, bytes: 4 | 8): FuncRef {
  const names = [
    'src',
    'channelStride',
    'rowStride',
    'columnStep',
    'dst',
    'channels',
    'sh',
    'sw',
    'rows',
    'columns',
    'first',
    'sourceRows',
    'columnTable',
    'channelBytes',
  ] as const
  const row = rowCopier(mod, bytes)
  return mod.func(
    'slab',
    names.map(() => 'i32' as const),
    [],
    (f) => {
      const p = Object.fromEntries(names.map((name, k) => [name, f.args[k]])) as Record<(typeof names)[number], Local>
      const l = locals(f, 'c i j r sourceRow table to end rowBytes q0')
      f.get(p.columns)
      f.i32(bytes)
      f.op('i32.mul')
      f.set(l.rowBytes)
      f.range(l.c, 0, p.channels, 1, () => {
        f.get(p.dst)
        f.set(l.to)
        f.range(l.i, 0, p.sh, 1, () => {
          f.get(p.columnTable)
          f.set(l.table)
          f.range(l.j, 0, p.sw, 1, () => {
            f.range(l.r, 0, p.rows, 1, () => {
              f.get(p.first)
              f.get(l.r)
              f.op('i32.add')
              f.get(p.sh)
              f.op('i32.mul')
              f.get(l.i)
              f.op('i32.add')
              f.tee(l.sourceRow)
              f.get(p.sourceRows)
              // unsigned: a row above the source is too large as well
              f.op('i32.lt_u')
              f.if(
                () => {
                  f.get(l.table)
                  f.load('i32.load')
                  f.set(l.q0)
                  zeros(f, l.to, () => {
                    f.get(l.to)
                    f.get(l.q0)
                    f.i32(bytes)
                    f.op('i32.mul', 'i32.add')
                  })
                  f.get(p.src)
                  f.get(l.sourceRow)
                  f.get(p.rowStride)
                  f.op('i32.mul', 'i32.add')
                  f.get(l.table)
                  f.load('i32.load', 8)
                  f.op('i32.add')
                  f.get(p.columnStep)
                  f.get(l.to)
                  f.get(l.q0)
                  f.i32(bytes)
                  f.op('i32.mul', 'i32.add')
                  f.get(l.table)
                  f.load('i32.load', 4)
                  f.get(l.q0)
                  f.op('i32.sub')
                  f.call(row)
                  zeros(
                    f,
                    () => {
                      f.get(l.to)
                      f.get(l.table)
                      f.load('i32.load', 4)
                      f.i32(bytes)
                      f.op('i32.mul', 'i32.add')
                    },
                    () => {
                      f.get(l.to)
                      f.get(l.rowBytes)
                      f.op('i32.add')
                    },
                  )
                },
                () =>
                  zeros(f, l.to, () => {
                    f.get(l.to)
                    f.get(l.rowBytes)
                    f.op('i32.add')
                  }),
              )
              f.inc(l.to, l.rowBytes)
            })
            f.inc(l.table, 12)
          })
        })
        f.inc(p.dst, p.channelBytes)
        zeros(f, l.to, p.dst)
        f.inc(p.src, p.channelStride)
      })
      zeros(f, p.dst, () => {
        f.get(p.dst)
        f.i32(slabMargin)
        f.op('i32.add')
      })
    },
  )
}

/** Zeros from an address to another, in whole registers: up to 12 bytes more, which whoever comes next in the slab overwrites. */
function zeros(f: Func, from: Local | (() => void), to: Local | (() => void)): void {
  const at = f.local('i32')
  f.range(at, from, to, 16, () => {
    f.get(at)
    f.v128f32(0)
    f.store('v128.store')
  })
}

/** (src, srcStep, dst, count): a row of elements, exactly. */
function rowCopier(mod: Module, bytes: 4 | 8): FuncRef {
  const [load, store] = bytes === 4 ? ['i32.load', 'i32.store'] : ['i64.load', 'i64.store']
  return mod.func('row', ['i32', 'i32', 'i32', 'i32'], [], (f) => {
    const [src, step, dst, count] = f.args
    f.get(step)
    f.i32(bytes)
    f.op('i32.eq')
    f.if(() =>
      f.while(
        () => {
          f.get(count)
          f.i32(16 / bytes)
          f.op('i32.ge_u')
        },
        () => {
          f.get(dst)
          f.get(src)
          f.load('v128.load')
          f.store('v128.store')
          f.inc(src, 16)
          f.inc(dst, 16)
          f.inc(count, -16 / bytes)
        },
      ),
    )
    f.while(
      () => f.get(count),
      () => {
        f.get(dst)
        f.get(src)
        f.load(load)
        f.store(store)
        f.inc(src, step)
        f.inc(dst, bytes)
        f.inc(count, -1)
      },
    )
  })
}
