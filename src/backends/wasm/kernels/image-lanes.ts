// Convolution with images in lanes: [channel][pixel][16 images]. Where channels are few and pictures small, neither fills vectors, but a batch does, and
// every pixel of the result meets just the taps that lie inside the picture: no multiplication is wasted. Planned by conv-images.ts; the weight
// gradient is in image-lanes-grad.ts.
import type { FuncRef, Local, Module } from '../asm.ts'
import { blockBytes, blockChannels, rowIn, rowOut } from './blocks.ts'
import {
  fields,
  firstOfPanel,
  giveSlotBack,
  lanesOfPanel,
  locals,
  minus,
  readFields,
  setMin,
  sumOf,
  takeSlot,
} from './gemm-code.ts'
import { callByRows, type Machine, multiplyAdd, shapeOf } from './gemm-micro.ts'

/** Images of a group: the lanes of a block. */
export const imagesAtOnce = blockChannels
/** A tile spans all images where registers are 256 bits wide, else half of them. */
export const sidesOf = (m: Machine): number[] => (m.width === 2 ? [0] : [0, blockBytes / 2])
const offsetsOf = (m: Machine): number[] => Array.from({ length: 2 * m.width }, (_, v) => 16 * v)

/**
 * out[r] = init[r] + sum over runs, and `taps` neighbouring pixels of each, of a[run][tap][r] * b[table[run] + tap]. A holds `across` taps of every run.
 * (a, table, b, init, out, outStride, runs)
 */
function runCells(mod: Module, m: Machine, rows: number, taps: number, across: number): FuncRef {
  return mod.func(`runs${rows}x${taps}`, new Array<'i32'>(7).fill('i32'), [], (f) => {
    const [a, table, b, init, out, outStride, runs] = f.args
    const offsets = offsetsOf(m)
    const acc = Array.from({ length: rows }, () => offsets.map(() => f.local('v128')))
    const bv = offsets.map(() => f.local('v128'))
    const av = f.local('v128')
    const p = f.local('i32')
    acc.forEach((row, r) =>
      offsets.forEach((o, v) => {
        f.get(init)
        f.load('v128.load', r * blockBytes + o)
        f.set(row[v])
      }),
    )
    f.loop((again) => {
      f.get(table)
      f.load('i32.load')
      f.get(b)
      f.op('i32.add')
      f.set(p)
      for (let tap = 0; tap < taps; tap++) {
        offsets.forEach((o, v) => {
          f.get(p)
          f.load('v128.load', tap * blockBytes + o)
          f.set(bv[v])
        })
        acc.forEach((row, r) => {
          f.get(a)
          f.load('v128.load32_splat', 4 * (tap * rows + r))
          f.set(av)
          row.forEach((cell, v) => multiplyAdd(f, m, av, bv[v], cell))
        })
      }
      f.inc(a, 4 * across * rows)
      f.inc(table, 4)
      f.inc(runs, -1)
      f.get(runs)
      f.brIf(again)
    })
    acc.forEach((row, r) => {
      for (let v = offsets.length - 1; v >= 0; v--) {
        f.get(out)
        f.get(row[v])
        f.store('v128.store', offsets[v])
      }
      if (r < rows - 1) f.inc(out, outStride)
    })
  })
}

export const imageFields = fields(
  'src srcImage srcChannel channels pixels images dst dstImage dstChannel outputs height width bandRows weights depth',
  'rowPanels rowsSmall bigPanels rowTable columnTable runTable bias zeros sink slotFlags slots slotBytes slabBytes',
)

/**
 * Forward pass and input gradient. Items: groups of images. `rowTable`, for each row of results: byte offset of the first tap's row in a plane, first
 * valid tap, number of valid taps; `columnTable` likewise. `runTable`: byte offset of (tap row, channel).
 *   copy all planes of the group;  for bands of rows:
 *     for rows, columns, panels of outputs:  tile over (valid tap rows, channels), valid taps unrolled
 *     for outputs:  copy the band back
 */
export function imageKernel(mod: Module, m: Machine, across: number): void {
  const copyIn = rowIn(mod)
  const copyOut = rowOut(mod)
  const byTaps = Array.from({ length: across }, (_, t) =>
    Array.from({ length: shapeOf(m).rows }, (_, r) => runCells(mod, m, r + 1, t + 1, across)),
  )
  mod.kernel('images', (f, desc, begin, end) => {
    const d = readFields(f, desc, imageFields)
    const { slot, address: slab } = takeSlot(f, d)
    const l = locals(
      f,
      'group left first src dst plane channel results y0 rows y x at base u0 runs v0 taps panel height row0 a b table out outStride column',
    )
    const word = (at: Local, offset: number, into: Local): void => {
      f.get(at)
      f.load('i32.load', offset)
      f.set(into)
    }
    sumOf(f, 0, [d.pixels, blockBytes])
    f.set(l.plane)
    sumOf(f, slab, [d.slabBytes, 1])
    f.set(l.results)
    f.i32(4)
    f.set(l.column)
    f.range(l.group, begin, end, 1, () => {
      sumOf(f, 0, [l.group, imagesAtOnce])
      f.set(l.first)
      minus(f, d.images, l.first)()
      f.set(l.left)
      sumOf(f, d.src, [l.first, d.srcImage])
      f.set(l.src)
      f.range(l.channel, 0, d.channels, 1, () => {
        sumOf(f, l.src, [l.channel, d.srcChannel])
        f.get(d.srcImage)
        f.get(l.left)
        f.i32(0)
        for (const x of [d.pixels, d.pixels, d.zeros]) f.get(x)
        sumOf(f, slab, [l.channel, l.plane])
        f.call(copyIn)
      })
      f.range(l.y0, 0, d.height, d.bandRows, () => {
        setMin(f, l.rows, minus(f, d.height, l.y0), d.bandRows)
        sumOf(f, 0, [l.rows, d.width])
        f.i32(blockBytes)
        f.op('i32.mul')
        f.set(l.outStride)
        f.get(l.results)
        f.set(l.out)
        f.range(l.y, 0, l.rows, 1, () => {
          sumOf(f, d.rowTable, [l.y0, 12], [l.y, 12])
          f.set(l.at)
          word(l.at, 0, l.base)
          word(l.at, 4, l.u0)
          word(l.at, 8, l.runs)
          for (const x of [l.u0, l.runs]) {
            sumOf(f, 0, [x, d.channels])
            f.set(x)
          }
          f.get(d.columnTable)
          f.set(l.at)
          f.range(l.x, 0, d.width, 1, () => {
            f.get(slab)
            f.get(l.base)
            f.get(l.at)
            f.load('i32.load')
            f.op('i32.add', 'i32.add')
            f.set(l.b)
            word(l.at, 4, l.v0)
            word(l.at, 8, l.taps)
            f.range(l.panel, 0, d.rowPanels, 1, () => {
              lanesOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
              f.set(l.height)
              firstOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
              f.set(l.row0)
              // Weights of the panel, then of the first valid tap: rows are innermost.
              sumOf(f, l.v0, [l.u0, across])
              f.get(l.height)
              f.op('i32.mul')
              sumOf(f, 0, [l.row0, d.depth])
              f.op('i32.add')
              f.i32(4)
              f.op('i32.mul')
              f.get(d.weights)
              f.op('i32.add')
              f.set(l.a)
              const tile = (side: number) => (): void => {
                f.get(l.a)
                sumOf(f, d.runTable, [l.u0, 4])
                sumOf(f, l.b, [side, 1])
                sumOf(f, d.bias, [l.row0, blockBytes])
                sumOf(f, l.out, [l.row0, l.outStride], [side, 1])
                f.get(l.outStride)
                f.get(l.runs)
              }
              f.block((done) => {
                for (let taps = across; taps >= 1; taps--) {
                  f.get(l.taps)
                  f.i32(taps)
                  f.op('i32.eq')
                  f.if(() => {
                    for (const side of sidesOf(m)) callByRows(f, l.height, byTaps[taps - 1], tile(side))
                    f.br(done)
                  })
                }
              })
            })
            f.inc(l.at, 12)
            f.inc(l.out, blockBytes)
          })
        })
        sumOf(f, 0, [l.rows, d.width])
        f.set(l.x)
        sumOf(f, 0, [l.y0, d.width])
        f.i32(4)
        f.op('i32.mul')
        sumOf(f, d.dst, [l.first, d.dstImage])
        f.op('i32.add')
        f.set(l.dst)
        f.range(l.channel, 0, d.outputs, 1, () => {
          sumOf(f, l.results, [l.channel, l.outStride])
          sumOf(f, l.dst, [l.channel, d.dstChannel])
          for (const x of [d.dstImage, l.left, l.column, l.x, d.sink]) f.get(x)
          f.call(copyOut)
        })
      })
    })
    giveSlotBack(f, slot)
  })
}
