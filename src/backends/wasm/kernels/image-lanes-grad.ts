// The weight gradient with images in lanes (image-lanes.ts): a weight is the dot product of two runs of pixels, image by image; the images are added up at
// the end, in a fixed order. Planned by conv-images.ts.
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { blockBytes, rowIn } from './blocks.ts'
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
import { callByRows, type Machine, multiplyAdd } from './gemm-micro.ts'
import { imagesAtOnce, sidesOf } from './image-lanes.ts'

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
