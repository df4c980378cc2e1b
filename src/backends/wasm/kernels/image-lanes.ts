// Convolution with images in lanes: [channel][pixel][16 images]. Where channels are few and pictures small, neither fills vectors, but a batch does, and
// every pixel of the result meets just the taps that lie inside the picture: no multiplication is wasted. Planned by conv-images.ts.
import type { Func, FuncRef, Local, Module } from '../asm.ts'
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
  splitOff,
  sumOf,
  takeSlot,
} from './gemm-code.ts'
import { callByRows, type Machine, multiplyAdd, shapeOf } from './gemm-micro.ts'

/** Images of a group: the lanes of a block. */
export const imagesAtOnce = blockChannels
/** A tile spans all images where registers are 256 bits wide, else half of them. */
const sidesOf = (m: Machine): number[] => (m.width === 2 ? [0] : [0, blockBytes / 2])
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

/** Outputs of a tile of the weight gradient; two taps are its columns, sixteen images its depth. */
export const gradRows = 3

/**
 * acc[r][c] += a[r] * b[c], image by image, over `lines` rows of `steps` pixels. Pixels of a are neighbours; those of b `bStep` bytes apart, `bSkip` more
 * from the end of a row to the next. (a, aRow, b0, b1, bStep, bSkip, acc, accRow, steps, lines)
 */
function imageDots(mod: Module, m: Machine, rows: number, columns: 1 | 2): FuncRef {
  return mod.func(`dots${rows}x${columns}`, new Array<'i32'>(10).fill('i32'), [], (f) => {
    const [a, aRow, b0, b1, bStep, bSkip, accBase, accRow, steps, lines] = f.args
    const vectors = [0, 1].map((v) => Array.from({ length: m.width }, (_, h) => 16 * (v * m.width + h)))
    const sums = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => vectors.map((vector) => vector.map(() => f.local('v128')))),
    )
    const bv = Array.from({ length: columns }, () => vectors[0].map(() => f.local('v128')))
    const av = vectors[0].map(() => f.local('v128'))
    const aRows = [a, ...Array.from({ length: rows - 1 }, () => f.local('i32'))]
    const left = f.local('i32')
    const at = f.local('i32')
    for (let r = 1; r < rows; r++) {
      f.get(aRows[r - 1])
      f.get(aRow)
      f.op('i32.add')
      f.set(aRows[r])
    }
    const eachSum = (visit: (sum: Local, offset: number) => void, descending: boolean): void => {
      f.get(accBase)
      f.set(at)
      sums.forEach((row) => {
        const cells = row.flatMap((cell, c) =>
          cell.flatMap((vector, v) => vector.map((sum, h) => [sum, c * blockBytes + vectors[v][h]] as const)),
        )
        for (const [sum, offset] of descending ? cells.reverse() : cells) visit(sum, offset)
        f.inc(at, accRow)
      })
    }
    eachSum((sum, offset) => {
      f.get(at)
      f.load('v128.load', offset)
      f.set(sum)
    }, false)
    f.loop((nextLine) => {
      f.get(steps)
      f.set(left)
      f.loop((again) => {
        vectors.forEach((vector, v) => {
          bv.forEach((halves, c) =>
            halves.forEach((half, h) => {
              f.get(c === 0 ? b0 : b1)
              f.load('v128.load', vector[h])
              f.set(half)
            }),
          )
          sums.forEach((row, r) => {
            av.forEach((half, h) => {
              f.get(aRows[r])
              f.load('v128.load', vector[h])
              f.set(half)
            })
            row.forEach((cell, c) => cell[v].forEach((sum, h) => multiplyAdd(f, m, av[h], bv[c][h], sum)))
          })
        })
        for (const pointer of aRows) f.inc(pointer, blockBytes)
        f.inc(b0, bStep)
        if (columns === 2) f.inc(b1, bStep)
        f.inc(left, -1)
        f.get(left)
        f.brIf(again)
      })
      f.inc(b0, bSkip)
      if (columns === 2) f.inc(b1, bSkip)
      f.inc(lines, -1)
      f.get(lines)
      f.brIf(nextLine)
    })
    eachSum((sum, offset) => {
      f.get(at)
      f.get(sum)
      f.store('v128.store', offset)
    }, true)
  })
}

export const imageGradFields = fields(
  'x xImage xChannel xRow channels xHeight xWidth padTop padLeft slabHeight slabWidth y yImage yChannel outputs height',
  'width bandRows images groups groupsPerPart bStep bSkip bLine rowPanels rowsSmall bigPanels tapTable taps zeros cells cellsPart',
  'slotFlags slots slotBytes slabBytes',
)

/**
 * Weight gradient: cells[part][output][tap][image] summed over pixels. Items: parts of the groups of images.
 *   for groups:  copy the padded planes of x, the planes of y;  for bands of rows, panels of outputs, pairs of taps:  cells += y . x
 */
export function imageGradKernel(mod: Module, m: Machine): void {
  const copyIn = rowIn(mod)
  const variants = ([1, 2] as const).map((columns) =>
    Array.from({ length: gradRows }, (_, r) => imageDots(mod, m, r + 1, columns)),
  )
  mod.kernel('imageGrads', (f, desc, begin, end) => {
    const d = readFields(f, desc, imageGradFields)
    const { slot, address: slab } = takeSlot(f, d)
    const l = locals(
      f,
      'part cells cellRow group last left first channel row plane yPlane ys y0 rows panel height row0 tap a b0 b1 acc x line pixels line0',
    )
    sumOf(f, 0, [d.slabHeight, d.slabWidth])
    f.i32(blockBytes)
    f.op('i32.mul')
    f.set(l.plane)
    sumOf(f, 0, [d.height, d.width])
    f.tee(l.pixels)
    f.i32(blockBytes)
    f.op('i32.mul')
    f.set(l.yPlane)
    sumOf(f, slab, [d.slabBytes, 1])
    f.set(l.ys)
    sumOf(f, 0, [d.taps, blockBytes])
    f.set(l.cellRow)
    f.i32(0)
    f.get(d.padLeft)
    f.op('i32.sub')
    f.set(l.x)
    f.range(l.part, begin, end, 1, () => {
      sumOf(f, d.cells, [l.part, d.cellsPart])
      f.set(l.cells)
      f.get(l.cells)
      f.i32(0)
      f.get(d.cellsPart)
      f.op('memory.fill')
      sumOf(f, d.groupsPerPart, [l.part, d.groupsPerPart])
      f.set(l.last)
      setMin(f, l.last, l.last, d.groups)
      f.range(
        l.group,
        () => sumOf(f, 0, [l.part, d.groupsPerPart]),
        l.last,
        1,
        () => {
          sumOf(f, 0, [l.group, imagesAtOnce])
          f.set(l.first)
          minus(f, d.images, l.first)()
          f.set(l.left)
          f.range(l.channel, 0, d.channels, 1, () =>
            f.range(l.row, 0, d.slabHeight, 1, () => {
              minus(f, l.row, d.padTop)()
              f.set(l.line)
              sumOf(f, d.x, [l.first, d.xImage], [l.channel, d.xChannel], [l.line, d.xRow])
              f.get(d.xImage)
              // A row outside has no images.
              f.get(l.left)
              f.i32(0)
              f.get(l.line)
              f.get(d.xHeight)
              f.op('i32.lt_u', 'select')
              for (const x of [l.x, d.slabWidth, d.xWidth, d.zeros]) f.get(x)
              sumOf(f, 0, [l.row, d.slabWidth])
              f.i32(blockBytes)
              f.op('i32.mul')
              sumOf(f, slab, [l.channel, l.plane])
              f.op('i32.add')
              f.call(copyIn)
            }),
          )
          f.range(l.channel, 0, d.outputs, 1, () => {
            sumOf(f, d.y, [l.first, d.yImage], [l.channel, d.yChannel])
            f.get(d.yImage)
            f.get(l.left)
            f.i32(0)
            for (const x of [l.pixels, l.pixels, d.zeros]) f.get(x)
            sumOf(f, l.ys, [l.channel, l.yPlane])
            f.call(copyIn)
          })
          f.range(l.y0, 0, d.height, d.bandRows, () => {
            setMin(f, l.rows, minus(f, d.height, l.y0), d.bandRows)
            f.range(l.panel, 0, d.rowPanels, 1, () => {
              lanesOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
              f.set(l.height)
              firstOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
              f.set(l.row0)
              sumOf(f, 0, [l.y0, d.width])
              f.i32(blockBytes)
              f.op('i32.mul')
              sumOf(f, l.ys, [l.row0, l.yPlane])
              f.op('i32.add')
              f.set(l.a)
              sumOf(f, l.cells, [l.row0, l.cellRow])
              f.set(l.acc)
              sumOf(f, slab, [l.y0, d.bLine])
              f.set(l.line0)
              f.range(l.tap, 0, d.taps, 2, () => {
                const column = (k: 0 | 1, into: Local): void => {
                  sumOf(f, d.tapTable, [l.tap, 4])
                  f.load('i32.load', 4 * k)
                  f.get(l.line0)
                  f.op('i32.add')
                  f.set(into)
                }
                column(0, l.b0)
                const dots = (columns: 1 | 2) => (): void => {
                  for (const side of sidesOf(m))
                    callByRows(f, l.height, variants[columns - 1], () => {
                      sumOf(f, l.a, [side, 1])
                      f.get(l.yPlane)
                      sumOf(f, l.b0, [side, 1])
                      sumOf(f, l.b1, [side, 1])
                      f.get(d.bStep)
                      f.get(d.bSkip)
                      sumOf(f, l.acc, [side, 1])
                      for (const x of [l.cellRow, d.width, l.rows]) f.get(x)
                    })
                }
                sumOf(f, 1, [l.tap, 1])
                f.get(d.taps)
                f.op('i32.lt_u')
                f.if(() => {
                  column(1, l.b1)
                  dots(2)()
                }, dots(1))
                f.inc(l.acc, 2 * blockBytes)
              })
            })
          })
        },
      )
    })
    giveSlotBack(f, slot)
  })
}

export const imageSumFields = fields('cells cellsPart parts dst row table taps')

/** dst[output, tap] = sum of the cell's images, over all parts, in their order. Items: outputs. */
export function imageSumKernel(mod: Module): void {
  const lanesOf = (f: Func, at: Local, sum: Local): void => {
    for (const offset of [0, 16, 32, 48]) {
      f.get(sum)
      f.get(at)
      f.load('v128.load', offset)
      f.op('f32x4.add')
      f.set(sum)
    }
  }
  mod.kernel('imageSums', (f, desc, begin, end) => {
    const d = readFields(f, desc, imageSumFields)
    const l = locals(f, 'item output tap part at to')
    const sum = f.local('v128')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.output)
      splitOff(f, l.output, d.taps, l.tap)
      sumOf(f, d.cells, [l.item, blockBytes])
      f.set(l.at)
      f.v128f32(0)
      f.set(sum)
      f.range(l.part, 0, d.parts, 1, () => {
        lanesOf(f, l.at, sum)
        f.inc(l.at, d.cellsPart)
      })
      sumOf(f, d.table, [l.tap, 4])
      f.load('i32.load')
      sumOf(f, d.dst, [l.output, d.row])
      f.op('i32.add')
      for (let lane = 0; lane < 4; lane++) {
        f.get(sum)
        f.lane('f32x4.extract_lane', lane)
        if (lane > 0) f.op('f32.add')
      }
      f.store('f32.store')
    })
  })
}
