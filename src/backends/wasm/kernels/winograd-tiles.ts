// Winograd's way in and out of a picture: windows of pixels to points, and points back to pixels. Pixels lie by channel planes (NCHW), points in
// blocks of 16 channels: [point][block][tile][16], so that everything in between is whole vectors. winograd.ts plans, block-products.ts multiplies.
import type { Func, FuncRef, Module } from '../asm.ts'
import { blockBytes, blockChannels, partsOf, rowIn, rowOut, sinkBytes, zeroRowBytes } from './blocks.ts'
import { fields, giveSlotBack, locals, minus, readFields, setMin, splitOff, sumOf, takeSlot } from './gemm-code.ts'
import type { Machine } from './gemm-micro.ts'
import { fromPoints, loadVector, type Matrix, newVector, storeVector, toPoints } from './winograd-math.ts'

/** Tiles of a row that are worked on at once: their pixels stay in the first-level cache. */
const tilesAtOnce = 8
const columnsAtOnce = (window: number, step: number): number => (tilesAtOnce - 1) * step + window

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
  points * columnsAtOnce(window, step) * blockBytes
export const windowZeros = (window: number, step: number): number => zeroRowBytes(columnsAtOnce(window, step))

/**
 * Windows of `matrix[0].length` pixels square, `step` apart, to points. Items: block of channels x row of tiles (of all images, from `firstRow` on).
 *   for runs of tiles:  copy their pixels, channels innermost;  columns to points;  rows to points, stored
 */
export function windowKernel(mod: Module, m: Machine, name: string, matrix: Matrix, step: number): void {
  const window = matrix[0].length
  const rowBytes = columnsAtOnce(window, step) * blockBytes
  const copyRow = rowIn(mod)
  const down = vertical(mod, m, matrix)
  const across = horizontal(mod, m, matrix, step)
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, windowFields)
    const { slot, address: slab } = takeSlot(f, d)
    const l = locals(f, 'item block row image base channels x tile tiles columns i y')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.rows, l.row)
      sumOf(f, d.firstRow, [l.row, 1])
      f.set(l.image)
      splitOff(f, l.image, d.tileRows, l.y)
      sumOf(f, 0, [l.y, step])
      f.get(d.padTop)
      f.op('i32.sub')
      f.set(l.y)
      sumOf(f, d.channels, [l.block, -blockChannels])
      f.set(l.channels)
      sumOf(f, 0, [l.block, blockChannels])
      f.get(d.srcChannel)
      f.op('i32.mul')
      sumOf(f, d.src, [l.image, d.srcImage], [l.y, d.srcRow])
      f.op('i32.add')
      f.set(l.base)
      f.range(l.tile, 0, d.tileColumns, tilesAtOnce, () => {
        setMin(f, l.tiles, minus(f, d.tileColumns, l.tile), tilesAtOnce)
        sumOf(f, 0, [l.tile, step])
        f.get(d.padLeft)
        f.op('i32.sub')
        f.set(l.x)
        sumOf(f, window - step, [l.tiles, step])
        f.set(l.columns)
        f.range(l.i, 0, window, 1, () => {
          sumOf(f, l.base, [l.i, d.srcRow])
          f.get(d.srcChannel)
          // A row outside has no channels.
          f.get(l.channels)
          f.i32(0)
          sumOf(f, l.y, [l.i, 1])
          f.get(d.height)
          f.op('i32.lt_u', 'select')
          for (const x of [l.x, l.columns, d.width, d.zeros]) f.get(x)
          sumOf(f, slab, [l.i, rowBytes])
          f.call(copyRow)
        })
        f.get(slab)
        f.i32(rowBytes)
        f.get(l.columns)
        f.call(down)
        f.get(slab)
        f.i32(rowBytes)
        sumOf(f, 0, [l.row, d.tileColumns], [l.tile, 1])
        f.i32(blockBytes)
        f.op('i32.mul')
        sumOf(f, d.out, [l.block, d.blockPlane])
        f.op('i32.add')
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
  (points + tilesAtOnce * outputs) * outputs * blockBytes
export const pixelSink = (outputs: number): number => sinkBytes(tilesAtOnce * outputs, 4)

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
  const rowBytes = tilesAtOnce * outputs * blockBytes
  const toPixels = tilesToPixels(mod, m, matrix)
  const copyRow = rowOut(mod)
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, pixelFields)
    const { slot, address: across } = takeSlot(f, d)
    const l = locals(f, 'item block row image base channels tile tiles y lines columns i step pixels')
    sumOf(f, across, [points * outputs, blockBytes])
    f.set(l.pixels)
    f.i32(4)
    f.set(l.step)
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.rows, l.row)
      sumOf(f, d.firstRow, [l.row, 1])
      f.set(l.image)
      splitOff(f, l.image, d.tileRows, l.y)
      sumOf(f, 0, [l.y, outputs])
      f.set(l.y)
      setMin(f, l.lines, minus(f, d.height, l.y), outputs)
      sumOf(f, d.channels, [l.block, -blockChannels])
      f.set(l.channels)
      sumOf(f, 0, [l.block, blockChannels])
      f.get(d.dstChannel)
      f.op('i32.mul')
      sumOf(f, d.dst, [l.image, d.dstImage], [l.y, d.dstRow])
      f.op('i32.add')
      f.set(l.base)
      f.range(l.tile, 0, d.tileColumns, tilesAtOnce, () => {
        setMin(f, l.tiles, minus(f, d.tileColumns, l.tile), tilesAtOnce)
        sumOf(f, 0, [l.row, d.tileColumns], [l.tile, 1])
        f.i32(blockBytes)
        f.op('i32.mul')
        sumOf(f, d.points, [l.block, d.blockPlane])
        f.op('i32.add')
        for (const x of [d.plane, across, l.pixels]) f.get(x)
        f.i32(rowBytes)
        sumOf(f, d.bias, [l.block, blockBytes])
        f.get(l.tiles)
        f.call(toPixels)
        // The last tile of a row may reach beyond the picture.
        sumOf(f, d.width, [l.tile, -outputs])
        f.set(l.columns)
        setMin(f, l.columns, l.columns, tilesAtOnce * outputs)
        f.range(l.i, 0, l.lines, 1, () => {
          sumOf(f, l.pixels, [l.i, rowBytes])
          sumOf(f, l.base, [l.i, d.dstRow], [l.tile, 4 * outputs])
          for (const x of [d.dstChannel, l.channels, l.step, l.columns, d.sink]) f.get(x)
          f.call(copyRow)
        })
      })
    })
    giveSlotBack(f, slot)
  })
}
