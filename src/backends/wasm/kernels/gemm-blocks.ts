// The loop nest of gemm around the micro-kernel, and the packing pass in front of it. gemm.ts plans and fills the descriptors.
//   items: batch x block of columns x block of rows
//   for blocks of k:  for panels of columns:  (pack the panel of B)  for panels of rows:  tile
import type { Local, Module } from '../asm.ts'
import { callByRows, type Machine, outer, outerPanels, shapeOf } from './gemm-micro.ts'
import {
  byHeight,
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
import { packer, tileCopier } from './gemm-pack.ts'
import { panelsPacker } from './gemm-panels.ts'

/** Addresses and strides in bytes; sizes in elements, panels or blocks. */
export const blockFields = fields(
  // A where it stands (aPacked 0); packed (1): panel p begins at its first row * k elements; or to be packed by each
  // item (2), a block of k at a time
  'a aBatch aRow aK aPacked',
  // B by panels of columns; packB: 0 as it stands, 1 pack a last panel that is not full, 2 pack every panel, 3 all panels of the item at once
  'b bBatch bPanel bK bColumn packB c cBatch cRow cColumn',
  // What the first block of k starts from: zeros, a bias, or C itself
  'init initBatch initRow initColumn initPanel n k kBlock rowPanels rowsSmall bigPanels columnPanels rowBlocks',
  'rowPanelsPerBlock columnBlocks columnPanelsPerBlock slotFlags slots slotBytes',
)

/** Bytes of scratch that a running chunk needs: a tile, `panels` panels of B, and `packedRows` rows of A. */
export const slotBytes = (m: Machine, kBlock: number, panels: number, packedRows: number): number => {
  const { rows, columns, bytes } = shapeOf(m)
  return ((rows + panels * kBlock) * columns + packedRows * kBlock) * bytes
}

export function blocksKernel(mod: Module, m: Machine): void {
  const { bytes, rows: maxRows, columns } = shapeOf(m)
  const pack = packer(mod, bytes)
  const copyTile = tileCopier(mod, bytes)
  const packPanels = panelsPacker(mod, bytes, [...Array.from({ length: maxRows }, (_, r) => r + 1), columns], pack)
  const variants = Array.from({ length: maxRows }, (_, r) => outer(mod, m, r + 1, false, 'step'))
  const runs = Array.from({ length: maxRows }, (_, r) => outerPanels(mod, m, r + 1))
  const tileRow = columns * bytes
  mod.kernel('gemm', (f, desc, begin, end) => {
    const d = readFields(f, desc, blockFields)
    const { slot, address: tile } = takeSlot(f, d)
    const l = locals(
      f,
      'item batch firstB panelB endB panelA firstA endA k0 kc width b bStep init initRow initColumn rows',
      'row0 a aRow aStep c src srcRow dst dstRow whole panel aBlock aBase aSpan aSkipped to middle',
    )
    f.get(tile)
    f.i32(maxRows * tileRow)
    f.op('i32.add')
    f.set(l.panel)
    // Behind one panel of B: all panels of B and rows of A are never packed by the same item.
    sumOf(f, l.panel, [d.kBlock, tileRow])
    f.set(l.aBlock)
    const copy = (
      src: readonly [Local, Local, Local | number],
      dst: readonly [Local, Local | number, Local | number],
    ): void => {
      for (const x of [...src, ...dst]) f.push(x)
      f.get(l.rows)
      f.get(l.width)
      f.call(copyTile)
    }
    const tileStep = (): void => {
      lanesOfPanel(f, l.panelA, d.rowsSmall, d.bigPanels)
      f.set(l.rows)
      firstOfPanel(f, l.panelA, d.rowsSmall, d.bigPanels)
      f.set(l.row0)
      f.get(d.aPacked)
      f.if(
        () => {
          f.get(l.rows)
          f.i32(bytes)
          f.op('i32.mul')
          f.set(l.aStep)
          f.i32(bytes)
          f.set(l.aRow)
          sumOf(f, l.aBase, [l.row0, l.aSpan], [l.rows, l.aSkipped])
        },
        () => {
          f.get(d.aRow)
          f.set(l.aRow)
          f.get(d.aK)
          f.set(l.aStep)
          sumOf(f, d.a, [l.batch, d.aBatch], [l.row0, d.aRow], [l.k0, d.aK])
        },
        'i32',
      )
      f.set(l.a)
      sumOf(f, d.c, [l.batch, d.cBatch], [l.row0, d.cRow])
      f.get(l.panelB)
      f.i32(columns)
      f.op('i32.mul')
      f.get(d.cColumn)
      f.op('i32.mul', 'i32.add')
      f.set(l.c)
      f.get(l.k0)
      f.if(
        () => {
          for (const [from, to] of [
            [l.c, l.src],
            [d.cRow, l.srcRow],
            [d.cColumn, l.initColumn],
          ] as const) {
            f.get(from)
            f.set(to)
          }
        },
        () => {
          sumOf(f, d.init, [l.batch, d.initBatch], [l.row0, d.initRow], [l.panelB, d.initPanel])
          f.set(l.src)
          for (const [from, to] of [
            [d.initRow, l.srcRow],
            [d.initColumn, l.initColumn],
          ] as const) {
            f.get(from)
            f.set(to)
          }
        },
      )
      f.get(l.c)
      f.set(l.dst)
      f.get(d.cRow)
      f.set(l.dstRow)
      // A tile that is not full, or whose columns are not neighbours, is computed in scratch.
      f.get(l.width)
      f.i32(columns)
      f.op('i32.eq')
      f.get(d.cColumn)
      f.i32(bytes)
      f.op('i32.eq', 'i32.and')
      f.get(l.initColumn)
      f.i32(bytes)
      f.op('i32.eq', 'i32.and')
      f.tee(l.whole)
      f.op('i32.eqz')
      f.if(() => {
        copy([l.src, l.srcRow, l.initColumn], [tile, tileRow, bytes])
        f.get(tile)
        f.tee(l.src)
        f.set(l.dst)
        f.i32(tileRow)
        f.tee(l.srcRow)
        f.set(l.dstRow)
      })
      callByRows(f, l.rows, variants, () => {
        for (const x of [l.a, l.aRow, l.aStep, l.b, l.bStep, l.src, l.srcRow, l.dst, l.dstRow, l.kc]) f.get(x)
      })
      f.get(l.whole)
      f.op('i32.eqz')
      f.if(() => copy([tile, l.dstRow, bytes], [l.c, d.cRow, d.cColumn]))
    }

    /** Panels first .. end - 1, all of `rowsSmall + more` rows. */
    const run = (first: Local, end: Local, more: 0 | 1): void => {
      f.get(first)
      f.get(end)
      f.op('i32.lt_u')
      f.if(() => {
        sumOf(f, more, [d.rowsSmall, 1])
        f.set(l.rows)
        firstOfPanel(f, first, d.rowsSmall, d.bigPanels)
        f.set(l.row0)
        sumOf(f, l.aBase, [l.row0, l.aSpan], [l.rows, l.aSkipped])
        f.set(l.a)
        sumOf(f, d.c, [l.batch, d.cBatch], [l.row0, d.cRow], [l.panelB, tileRow])
        f.set(l.c)
        f.get(l.k0)
        f.if(
          () => {
            f.get(l.c)
            f.set(l.src)
            f.get(d.cRow)
            f.set(l.srcRow)
          },
          () => {
            sumOf(f, d.init, [l.batch, d.initBatch], [l.row0, d.initRow], [l.panelB, d.initPanel])
            f.set(l.src)
            f.get(d.initRow)
            f.set(l.srcRow)
          },
        )
        callByRows(f, l.rows, runs, () => {
          f.get(l.a)
          f.get(l.aSpan)
          f.get(l.kc)
          f.i32(bytes)
          f.op('i32.mul', 'i32.sub')
          f.get(l.rows)
          f.op('i32.mul')
          for (const x of [l.b, l.src, l.srcRow, l.c, d.cRow, l.kc]) f.get(x)
          f.get(end)
          f.get(first)
          f.op('i32.sub')
        })
      })
    }

    /** Packs panels first .. end - 1, all of `rowsSmall + more` rows. */
    const packRows = (first: Local, end: Local, more: 0 | 1): void => {
      f.get(first)
      f.get(end)
      f.op('i32.lt_u')
      f.if(() => {
        sumOf(f, more, [d.rowsSmall, 1])
        f.set(l.rows)
        firstOfPanel(f, first, d.rowsSmall, d.bigPanels)
        f.set(l.row0)
        sumOf(f, d.a, [l.batch, d.aBatch], [l.row0, d.aRow], [l.k0, d.aK])
        f.get(d.aRow)
        f.get(d.aK)
        sumOf(f, l.aBase, [l.row0, l.aSpan])
        f.get(l.rows)
        f.get(l.kc)
        minus(f, end, first)()
        f.call(packPanels)
      })
    }
    /** Packs all panels of B for this item; one that is not full waits for its turn. */
    const packColumns = (): void => {
      f.get(d.n)
      f.i32(columns)
      f.op('i32.div_u')
      f.set(l.whole)
      setMin(f, l.whole, l.whole, l.endB)
      f.get(l.whole)
      f.get(l.firstB)
      f.op('i32.gt_u')
      f.if(() => {
        sumOf(f, d.b, [l.batch, d.bBatch], [l.firstB, d.bPanel], [l.k0, d.bK])
        f.get(d.bColumn)
        f.get(d.bK)
        f.get(l.panel)
        f.i32(columns)
        f.get(l.kc)
        minus(f, l.whole, l.firstB)()
        f.call(packPanels)
      })
    }
    const heights = { first: l.firstA, last: l.endA, middle: l.middle }

    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.batch)
      splitOff(f, l.batch, d.rowBlocks, l.firstA)
      splitOff(f, l.batch, d.columnBlocks, l.firstB)
      sumOf(f, 0, [l.firstA, d.rowPanelsPerBlock])
      f.set(l.firstA)
      setMin(f, l.endA, () => sumOf(f, l.firstA, [d.rowPanelsPerBlock, 1]), d.rowPanels)
      sumOf(f, 0, [l.firstB, d.columnPanelsPerBlock])
      f.set(l.firstB)
      setMin(f, l.endB, () => sumOf(f, l.firstB, [d.columnPanelsPerBlock, 1]), d.columnPanels)
      f.range(l.k0, 0, d.k, d.kBlock, () => {
        setMin(f, l.kc, minus(f, d.k, l.k0), d.kBlock)
        f.get(d.aPacked)
        f.i32(2)
        f.op('i32.eq')
        f.if(
          () => {
            // Panels of this block of k alone, the first row of the item in front.
            f.get(l.kc)
            f.i32(bytes)
            f.op('i32.mul')
            f.set(l.aSpan)
            f.get(l.aBlock)
            firstOfPanel(f, l.firstA, d.rowsSmall, d.bigPanels)
            f.get(l.aSpan)
            f.op('i32.mul', 'i32.sub')
            f.set(l.aBase)
            f.i32(0)
            f.set(l.aSkipped)
            byHeight(f, heights, d.bigPanels, packRows)
          },
          () => {
            f.get(d.k)
            f.i32(bytes)
            f.op('i32.mul')
            f.set(l.aSpan)
            sumOf(f, d.a, [l.batch, d.aBatch])
            f.set(l.aBase)
            f.get(l.k0)
            f.i32(bytes)
            f.op('i32.mul')
            f.set(l.aSkipped)
          },
        )
        f.get(d.packB)
        f.i32(3)
        f.op('i32.eq')
        f.if(packColumns)
        f.range(l.panelB, l.firstB, l.endB, 1, () => {
          f.get(d.n)
          f.get(l.panelB)
          f.i32(columns)
          f.op('i32.mul', 'i32.sub')
          f.set(l.width)
          setMin(f, l.width, l.width, columns)
          sumOf(f, d.b, [l.batch, d.bBatch], [l.panelB, d.bPanel], [l.k0, d.bK])
          f.set(l.b)
          f.get(d.bK)
          f.set(l.bStep)
          f.get(d.packB)
          f.get(l.width)
          f.i32(columns)
          f.op('i32.lt_u', 'i32.add')
          f.i32(2)
          f.op('i32.ge_u')
          f.if(() => {
            f.get(l.panel)
            f.get(d.packB)
            f.i32(3)
            f.op('i32.eq')
            f.if(
              () => {
                minus(f, l.panelB, l.firstB)()
                f.get(l.kc)
                f.i32(tileRow)
                f.op('i32.mul', 'i32.mul')
              },
              () => f.i32(0),
              'i32',
            )
            f.op('i32.add')
            f.set(l.to)
            f.get(d.packB)
            f.i32(3)
            f.op('i32.ne')
            f.get(l.width)
            f.i32(columns)
            f.op('i32.lt_u', 'i32.or')
            f.if(() => {
              for (const x of [l.b, d.bColumn, d.bK, l.to, l.width]) f.get(x)
              f.i32(columns)
              f.get(l.kc)
              f.call(pack)
            })
            f.get(l.to)
            f.set(l.b)
            f.i32(tileRow)
            f.set(l.bStep)
          })
          // Whole tiles of packed panels need no arithmetic in between: those of one height at once.
          f.get(d.aPacked)
          f.i32(0)
          f.op('i32.ne')
          f.get(l.width)
          f.i32(columns)
          f.op('i32.eq', 'i32.and')
          f.get(d.cColumn)
          f.i32(bytes)
          f.op('i32.eq', 'i32.and')
          f.get(l.bStep)
          f.i32(tileRow)
          f.op('i32.eq', 'i32.and')
          f.get(l.k0)
          f.get(d.initColumn)
          f.i32(bytes)
          f.op('i32.eq', 'i32.or', 'i32.and')
          f.if(
            () => byHeight(f, heights, d.bigPanels, run),
            () => f.range(l.panelA, l.firstA, l.endA, 1, tileStep),
          )
        })
      })
    })
    giveSlotBack(f, slot)
  })
}
