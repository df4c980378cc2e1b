// Winograd's way in and out of a picture: windows of pixels to points, and points back to pixels. Pixels lie by channel planes (NCHW), points in
// blocks of 16 channels: [point][block][tile][16], so that everything in between is whole vectors. winograd.ts plans, winograd-gemm.ts multiplies.
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { fields, giveSlotBack, locals, minus, readFields, setMin, splitOff, sumOf, takeSlot } from './gemm-code.ts'
import type { Machine } from './gemm-micro.ts'
import { transpose } from './gemm-pack.ts'
import { fromPoints, loadVector, type Matrix, newVector, storeVector, toPoints } from './winograd-math.ts'

/** Channels of a block, and its bytes. */
export const blockChannels = 16
export const blockBytes = 4 * blockChannels
/** Tiles of a row that are worked on at once: their pixels stay in the first-level cache. */
const tilesAtOnce = 8
/** Byte offsets of the vectors of a block. */
export const partsOf = (m: Machine): number[] => (m.width === 2 ? [0, 32] : [0, 16, 32, 48])
const columnsAtOnce = (window: number, step: number): number => (tilesAtOnce - 1) * step + window

/** (p0, p1, p2, p3, to, groups): four rows of pixels, in groups of four columns, become columns of four channels, `blockBytes` apart. */
function interleaver(mod: Module): FuncRef {
  return mod.func('interleave', new Array<'i32'>(6).fill('i32'), [], (f) => {
    const rows = f.args.slice(0, 4)
    const [to, groups] = f.args.slice(4)
    const v = rows.map(() => f.local('v128'))
    f.while(
      () => f.get(groups),
      () => {
        rows.forEach((row, k) => {
          f.get(row)
          f.load('v128.load')
          f.set(v[k])
        })
        transpose(f, 4, v)
        v.forEach((column, k) => {
          f.get(to)
          f.get(column)
          f.store('v128.store', k * blockBytes)
        })
        for (const row of rows) f.inc(row, 16)
        f.inc(to, 4 * blockBytes)
        f.inc(groups, -1)
      },
    )
  })
}

/** (from, p0, p1, p2, p3, count): the way back, exactly `count` columns. */
function deinterleaver(mod: Module): FuncRef {
  return mod.func('deinterleave', new Array<'i32'>(6).fill('i32'), [], (f) => {
    const from = f.args[0]
    const rows = f.args.slice(1, 5)
    const count = f.args[5]
    const v = rows.map(() => f.local('v128'))
    f.while(
      () => {
        f.get(count)
        f.i32(4)
        f.op('i32.ge_u')
      },
      () => {
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
        f.inc(count, -4)
      },
    )
    f.while(
      () => f.get(count),
      () => {
        rows.forEach((row, k) => {
          f.get(row)
          f.get(from)
          f.load('f32.load', 4 * k)
          f.store('f32.store')
          f.inc(row, 4)
        })
        f.inc(from, blockBytes)
        f.inc(count, -1)
      },
    )
  })
}

/** (row, rowBytes, columns): every column of `matrix[0].length` rows becomes one of `matrix.length` rows, in place. */
function vertical(mod: Module, m: Machine, matrix: Matrix): FuncRef {
  return mod.func('vertical', ['i32', 'i32', 'i32'], [], (f) => {
    const [at, rowBytes, columns] = f.args
    const p = f.local('i32')
    const x = matrix[0].map(() => newVector(f, m))
    const spare = [newVector(f, m), newVector(f, m), newVector(f, m)]
    f.while(
      () => f.get(columns),
      () => {
        for (const part of partsOf(m)) {
          const start = (): void => {
            f.get(at)
            f.set(p)
          }
          start()
          x.forEach((value) => {
            loadVector(f, p, part, value)
            f.inc(p, rowBytes)
          })
          start()
          toPoints(f, m, matrix, x, spare, (_, value) => {
            storeVector(f, p, part, value)
            f.inc(p, rowBytes)
          })
        }
        f.inc(at, blockBytes)
        f.inc(columns, -1)
      },
    )
  })
}

/** (row, rowBytes, out, plane, tiles): windows of columns, `step` apart, of every row become points, `plane` bytes apart. */
function horizontal(mod: Module, m: Machine, matrix: Matrix, step: number): FuncRef {
  return mod.func('horizontal', new Array<'i32'>(5).fill('i32'), [], (f) => {
    const [at, rowBytes, out, plane, tiles] = f.args
    const { row, left, to, first } = locals(f, 'row left to first')
    const x = matrix[0].map(() => newVector(f, m))
    const spare = [newVector(f, m), newVector(f, m), newVector(f, m)]
    f.while(
      () => f.get(tiles),
      () => {
        f.get(at)
        f.set(row)
        f.get(out)
        f.set(first)
        f.i32(matrix.length)
        f.set(left)
        f.loop((again) => {
          for (const part of partsOf(m)) {
            f.get(first)
            f.set(to)
            x.forEach((value, k) => loadVector(f, row, k * blockBytes + part, value))
            toPoints(f, m, matrix, x, spare, (_, value) => {
              storeVector(f, to, part, value)
              f.inc(to, plane)
            })
          }
          f.get(to)
          f.set(first)
          f.inc(row, rowBytes)
          f.inc(left, -1)
          f.get(left)
          f.brIf(again)
        })
        f.inc(at, step * blockBytes)
        f.inc(out, blockBytes)
        f.inc(tiles, -1)
      },
    )
  })
}

export const windowFields = fields(
  'src srcImage srcChannel srcRow channels height width padTop padLeft tileRows tileColumns firstRow rows',
  'out plane blockPlane zeros slotFlags slots slotBytes',
)
/** Bytes of scratch of a running chunk, and of the row of zeros that stands for channels and rows that are not there. */
export const windowSlotBytes = (points: number, window: number, step: number): number =>
  points * (columnsAtOnce(window, step) + 3) * blockBytes
export const zeroRowBytes = (window: number, step: number): number => 4 * (columnsAtOnce(window, step) + 4)

/**
 * Windows of `matrix[0].length` pixels square, `step` apart, to points. Items: block of channels x row of tiles (of all images, from `firstRow` on).
 *   for runs of tiles:  copy their pixels, channels innermost;  columns to points;  rows to points, stored
 */
export function windowKernel(mod: Module, m: Machine, name: string, matrix: Matrix, step: number): void {
  const window = matrix[0].length
  const rowBytes = (columnsAtOnce(window, step) + 3) * blockBytes
  const interleave = interleaver(mod)
  const down = vertical(mod, m, matrix)
  const across = horizontal(mod, m, matrix, step)
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, windowFields)
    const { slot, address: slab } = takeSlot(f, d)
    const l = locals(f, 'item block row image base channel x tile tiles columns left count i y inside g to here n')
    const pointers = [0, 1, 2, 3].map(() => f.local('i32'))
    const zeroFill = (from: () => void, columns: () => void): void => {
      from()
      f.i32(0)
      columns()
      f.i32(blockBytes)
      f.op('i32.mul', 'memory.fill')
    }
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.rows, l.row)
      f.get(l.row)
      f.get(d.firstRow)
      f.op('i32.add')
      f.set(l.image)
      splitOff(f, l.image, d.tileRows, l.y)
      f.get(l.y)
      f.i32(step)
      f.op('i32.mul')
      f.get(d.padTop)
      f.op('i32.sub')
      f.set(l.y)
      f.get(l.block)
      f.i32(blockChannels)
      f.op('i32.mul')
      f.set(l.channel)
      sumOf(f, d.src, [l.image, d.srcImage], [l.channel, d.srcChannel], [l.y, d.srcRow])
      f.set(l.base)
      f.range(l.tile, 0, d.tileColumns, tilesAtOnce, () => {
        setMin(f, l.tiles, minus(f, d.tileColumns, l.tile), tilesAtOnce)
        f.get(l.tile)
        f.i32(step)
        f.op('i32.mul')
        f.get(d.padLeft)
        f.op('i32.sub')
        f.set(l.x)
        f.get(l.tiles)
        f.i32(step)
        f.op('i32.mul')
        f.i32(window - step)
        f.op('i32.add')
        f.set(l.columns)
        // Columns before the picture, and those in it: x is signed.
        f.i32(0)
        f.get(l.x)
        f.op('i32.sub')
        f.i32(0)
        f.get(l.x)
        f.i32(0)
        f.op('i32.lt_s', 'select')
        f.set(l.left)
        setMin(f, l.left, l.left, l.columns)
        f.get(d.width)
        f.get(l.x)
        f.op('i32.sub')
        f.tee(l.count)
        f.get(l.columns)
        f.get(l.count)
        f.get(l.columns)
        f.op('i32.lt_s', 'select')
        f.get(l.left)
        f.op('i32.sub')
        f.tee(l.count)
        f.i32(0)
        f.get(l.count)
        f.i32(0)
        f.op('i32.gt_s', 'select')
        f.set(l.count)
        f.range(l.i, 0, window, 1, () => {
          f.get(l.y)
          f.get(l.i)
          f.op('i32.add')
          f.get(d.height)
          f.op('i32.lt_u')
          f.set(l.inside)
          sumOf(f, slab, [l.i, rowBytes])
          f.set(l.here)
          f.range(l.g, 0, blockChannels, 4, () => {
            sumOf(f, l.base, [l.g, d.srcChannel], [l.i, d.srcRow])
            f.get(l.x)
            f.get(l.left)
            f.op('i32.add')
            f.i32(4)
            f.op('i32.mul', 'i32.add')
            f.set(pointers[0])
            for (let k = 1; k < 4; k++) {
              f.get(pointers[k - 1])
              f.get(d.srcChannel)
              f.op('i32.add')
              f.set(pointers[k])
            }
            // Rows and channels outside read zeros.
            f.get(d.channels)
            f.get(l.channel)
            f.op('i32.sub')
            f.get(l.g)
            f.op('i32.sub')
            f.i32(0)
            f.get(l.inside)
            f.op('select')
            f.set(l.n)
            pointers.forEach((pointer, k) => {
              f.get(pointer)
              f.get(d.zeros)
              f.get(l.n)
              f.i32(k)
              f.op('i32.gt_s', 'select')
              f.set(pointer)
            })
            for (const pointer of pointers) f.get(pointer)
            sumOf(f, l.here, [l.left, blockBytes], [l.g, 4])
            f.get(l.count)
            f.i32(3)
            f.op('i32.add')
            f.i32(2)
            f.op('i32.shr_u')
            f.call(interleave)
          })
          zeroFill(
            () => f.get(l.here),
            () => f.get(l.left),
          )
          zeroFill(
            () => sumOf(f, l.here, [l.left, blockBytes], [l.count, blockBytes]),
            () => {
              f.get(l.columns)
              f.get(l.left)
              f.op('i32.sub')
              f.get(l.count)
              f.op('i32.sub')
            },
          )
        })
        f.get(slab)
        f.i32(rowBytes)
        f.get(l.columns)
        f.call(down)
        f.get(slab)
        f.i32(rowBytes)
        sumOf(f, d.out, [l.block, d.blockPlane])
        sumOf(f, l.tile, [l.row, d.tileColumns])
        f.i32(blockBytes)
        f.op('i32.mul', 'i32.add')
        f.get(d.plane)
        f.get(l.tiles)
        f.call(across)
      })
    })
    giveSlotBack(f, slot)
  })
}

export const pixelFields = fields(
  'points plane blockPlane bias dst dstImage dstChannel dstRow channels height width tileRows tileColumns firstRow rows',
  'sink slotFlags slots slotBytes',
)
export const pixelSlotBytes = (points: number, outputs: number): number =>
  (points * outputs + outputs * (tilesAtOnce * outputs + 3)) * blockBytes
export const sinkBytes = (outputs: number): number => 4 * (tilesAtOnce * outputs + 4)

/** (from, plane, across, to, rowBytes, bias, tiles): points of tiles to pixels, `outputs` columns and rows each. `across` is scratch. */
function tilesToPixels(mod: Module, m: Machine, matrix: Matrix): FuncRef {
  const outputs = matrix.length
  const points = matrix[0].length
  return mod.func('tiles', new Array<'i32'>(7).fill('i32'), [], (f: Func) => {
    const [from, plane, across, to, rowBytes, bias, tiles] = f.args
    const { p, left, first, row } = locals(f, 'p left first row')
    const x = Array.from({ length: points }, () => newVector(f, m))
    const spare = [newVector(f, m), newVector(f, m)]
    const added = newVector(f, m)
    f.while(
      () => f.get(tiles),
      () => {
        f.get(from)
        f.set(first)
        f.get(across)
        f.set(row)
        f.i32(points)
        f.set(left)
        f.loop((again) => {
          for (const part of partsOf(m)) {
            f.get(first)
            f.set(p)
            x.forEach((value) => {
              loadVector(f, p, part, value)
              f.inc(p, plane)
            })
            fromPoints(f, m, matrix, x, spare, (k, value) => storeVector(f, row, k * blockBytes + part, value))
          }
          f.get(p)
          f.set(first)
          f.inc(row, outputs * blockBytes)
          f.inc(left, -1)
          f.get(left)
          f.brIf(again)
        })
        for (let column = 0; column < outputs; column++)
          for (const part of partsOf(m)) {
            x.forEach((value, k) => loadVector(f, across, (k * outputs + column) * blockBytes + part, value))
            loadVector(f, bias, part, added)
            f.get(to)
            f.set(p)
            fromPoints(f, m, matrix, x, spare, (_, value) => {
              value.forEach((half, h) => {
                f.get(half)
                f.get(added[h])
                f.op('f32x4.add')
                f.set(half)
              })
              storeVector(f, p, column * blockBytes + part, value)
              f.inc(p, rowBytes)
            })
          }
        f.inc(from, blockBytes)
        f.inc(to, outputs * blockBytes)
        f.inc(tiles, -1)
      },
    )
  })
}

/** Points back to pixels, plus the bias of the channel. Items: block of channels x row of tiles. */
export function pixelKernel(mod: Module, m: Machine, name: string, matrix: Matrix): void {
  const outputs = matrix.length
  const points = matrix[0].length
  const rowBytes = (tilesAtOnce * outputs + 3) * blockBytes
  const toPixels = tilesToPixels(mod, m, matrix)
  const deinterleave = deinterleaver(mod)
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, pixelFields)
    const { slot, address: across } = takeSlot(f, d)
    const l = locals(f, 'item block row image base channel tile tiles y lines count i g n pixels')
    const pointers = [0, 1, 2, 3].map(() => f.local('i32'))
    f.get(across)
    f.i32(points * outputs * blockBytes)
    f.op('i32.add')
    f.set(l.pixels)
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.rows, l.row)
      f.get(l.row)
      f.get(d.firstRow)
      f.op('i32.add')
      f.set(l.image)
      splitOff(f, l.image, d.tileRows, l.y)
      f.get(l.y)
      f.i32(outputs)
      f.op('i32.mul')
      f.set(l.y)
      setMin(f, l.lines, minus(f, d.height, l.y), outputs)
      f.get(l.block)
      f.i32(blockChannels)
      f.op('i32.mul')
      f.set(l.channel)
      sumOf(f, d.dst, [l.image, d.dstImage], [l.channel, d.dstChannel], [l.y, d.dstRow])
      f.set(l.base)
      f.range(l.tile, 0, d.tileColumns, tilesAtOnce, () => {
        setMin(f, l.tiles, minus(f, d.tileColumns, l.tile), tilesAtOnce)
        sumOf(f, d.points, [l.block, d.blockPlane])
        sumOf(f, l.tile, [l.row, d.tileColumns])
        f.i32(blockBytes)
        f.op('i32.mul', 'i32.add')
        for (const x of [d.plane, across, l.pixels]) f.get(x)
        f.i32(rowBytes)
        sumOf(f, d.bias, [l.block, blockBytes])
        f.get(l.tiles)
        f.call(toPixels)
        // The last tile of a row may reach beyond the picture.
        f.get(d.width)
        f.get(l.tile)
        f.i32(outputs)
        f.op('i32.mul', 'i32.sub')
        f.set(l.count)
        setMin(f, l.count, l.count, tilesAtOnce * outputs)
        f.range(l.i, 0, l.lines, 1, () => {
          f.range(l.g, 0, blockChannels, 4, () => {
            f.get(d.channels)
            f.get(l.channel)
            f.op('i32.sub')
            f.get(l.g)
            f.op('i32.sub')
            f.set(l.n)
            sumOf(f, l.base, [l.g, d.dstChannel], [l.i, d.dstRow], [l.tile, 4 * outputs])
            f.set(pointers[0])
            for (let k = 1; k < 4; k++) {
              f.get(pointers[k - 1])
              f.get(d.dstChannel)
              f.op('i32.add')
              f.set(pointers[k])
            }
            sumOf(f, l.pixels, [l.i, rowBytes], [l.g, 4])
            pointers.forEach((pointer, k) => {
              // Channels that are not there go nowhere.
              f.get(pointer)
              f.get(d.sink)
              f.get(l.n)
              f.i32(k)
              f.op('i32.gt_s', 'select')
            })
            f.get(l.count)
            f.call(deinterleave)
          })
        })
      })
    })
    giveSlotBack(f, slot)
  })
}
