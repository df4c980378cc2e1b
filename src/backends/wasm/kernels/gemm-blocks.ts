// The loop nest of gemm around the micro-kernel, and the packing pass in front of it. gemm.ts plans and fills the descriptors.
//   items: batch x block of columns x block of rows
//   for blocks of k:  for panels of columns:  (pack the panel of B)  for panels of rows:  tile
import type { Local, Module } from '../asm.ts'
import { callByRows, type Machine, outer, shapeOf } from './gemm-micro.ts'
import { at, fields, giveSlotBack, packer, readFields, takeSlot, tileCopier } from './gemm-pack.ts'

/** Addresses and strides in bytes; sizes in elements, panels or blocks. */
export const blockFields = fields(
  // A where it stands, or packed: then aRow is the size of an element and panel p begins at its first row * k elements
  'a',
  'aBatch',
  'aRow',
  'aK',
  'aPacked',
  // B by panels of columns; packB: 0 as it stands, 1 pack a last panel that is not full, 2 pack every panel
  'b',
  'bBatch',
  'bPanel',
  'bK',
  'bColumn',
  'packB',
  'c',
  'cBatch',
  'cRow',
  'cColumn',
  // What the first block of k starts from: zeros, a bias, or C itself
  'init',
  'initBatch',
  'initRow',
  'initColumn',
  'initPanel',
  'n',
  'k',
  'kBlock',
  'rowPanels',
  'rowsSmall',
  'bigPanels',
  'columnPanels',
  'rowBlocks',
  'rowPanelsPerBlock',
  'columnBlocks',
  'columnPanelsPerBlock',
  'slotFlags',
  'slots',
  'slotBytes',
)

/** Bytes of scratch that a running chunk needs. */
export const slotBytes = (m: Machine, kBlock: number): number => {
  const { rows, columns, bytes } = shapeOf(m)
  return (rows + kBlock) * columns * bytes
}

export function blocksKernel(mod: Module, m: Machine): void {
  const { bytes, rows: maxRows, columns } = shapeOf(m)
  const pack = packer(mod, bytes)
  const copyTile = tileCopier(mod, bytes)
  const variants = Array.from({ length: maxRows }, (_, r) => outer(mod, m, r + 1, false, 'step'))
  const tileRow = columns * bytes
  mod.kernel('gemm', (f, desc, begin, end) => {
    const d = readFields(f, desc, blockFields)
    const { slot, address: tile } = takeSlot(f, d.slotFlags, d.slots, d.slotBytes)
    const l = f.locals(
      'i32',
      'item',
      'batch',
      'rest',
      'columnBlock',
      'panelB',
      'endB',
      'panelA',
      'firstA',
      'endA',
      'k0',
      'kc',
      'width',
      'b',
      'bStep',
      'init',
      'initRow',
      'initColumn',
      'rows',
      'row0',
      'a',
      'aStep',
      'c',
      'src',
      'srcRow',
      'dst',
      'dstRow',
      'whole',
      'panel',
    )
    f.get(tile)
    f.i32(maxRows * tileRow)
    f.op('i32.add')
    f.set(l.panel)
    const min = (x: () => void, y: Local): void => {
      x()
      f.tee(l.rest)
      f.get(y)
      f.get(l.rest)
      f.get(y)
      f.op('i32.lt_u', 'select')
    }
    const sum = (base: Local, ...terms: (readonly [Local, Local | number])[]): void => {
      f.get(base)
      for (const [x, y] of terms) {
        f.get(x)
        f.push(y)
        f.op('i32.mul', 'i32.add')
      }
    }
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
      // rows and first row of panel A: the first `bigPanels` panels have one row more
      f.get(l.panelA)
      f.get(d.bigPanels)
      f.op('i32.lt_u')
      f.get(d.rowsSmall)
      f.op('i32.add')
      f.set(l.rows)
      f.get(l.panelA)
      f.get(d.rowsSmall)
      f.op('i32.mul')
      min(() => f.get(l.panelA), d.bigPanels)
      f.op('i32.add')
      f.set(l.row0)
      f.get(d.aPacked)
      f.if(
        () => {
          f.get(l.rows)
          f.i32(bytes)
          f.op('i32.mul')
          f.set(l.aStep)
          f.get(l.row0)
          f.get(d.k)
          f.op('i32.mul')
          f.i32(bytes)
          f.op('i32.mul')
        },
        () => {
          f.get(d.aK)
          f.set(l.aStep)
          f.get(l.row0)
          f.get(d.aRow)
          f.op('i32.mul')
        },
        'i32',
      )
      sum(d.a, [l.batch, d.aBatch], [l.k0, l.aStep])
      f.op('i32.add')
      f.set(l.a)
      sum(d.c, [l.batch, d.cBatch], [l.row0, d.cRow])
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
          sum(d.init, [l.batch, d.initBatch], [l.row0, d.initRow], [l.panelB, d.initPanel])
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
        for (const x of [l.a, d.aRow, l.aStep, l.b, l.bStep, l.src, l.srcRow, l.dst, l.dstRow, l.kc]) f.get(x)
      })
      f.get(l.whole)
      f.op('i32.eqz')
      f.if(() => copy([tile, l.dstRow, bytes], [l.c, d.cRow, d.cColumn]))
    }

    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.get(d.rowBlocks)
      f.op('i32.div_u')
      f.tee(l.batch)
      f.get(d.columnBlocks)
      f.op('i32.rem_u')
      f.set(l.columnBlock)
      f.get(l.batch)
      f.get(d.columnBlocks)
      f.op('i32.div_u')
      f.set(l.batch)
      f.get(l.item)
      f.get(d.rowBlocks)
      f.op('i32.rem_u')
      f.get(d.rowPanelsPerBlock)
      f.op('i32.mul')
      f.set(l.firstA)
      min(() => sum(l.firstA, [d.rowPanelsPerBlock, 1]), d.rowPanels)
      f.set(l.endA)
      f.get(l.columnBlock)
      f.get(d.columnPanelsPerBlock)
      f.op('i32.mul')
      f.set(l.panelB)
      min(() => sum(l.panelB, [d.columnPanelsPerBlock, 1]), d.columnPanels)
      f.set(l.endB)
      f.range(l.k0, 0, d.k, d.kBlock, () => {
        min(() => {
          f.get(d.k)
          f.get(l.k0)
          f.op('i32.sub')
        }, d.kBlock)
        f.set(l.kc)
        const first = () => {
          f.get(l.columnBlock)
          f.get(d.columnPanelsPerBlock)
          f.op('i32.mul')
        }
        f.range(l.panelB, first, l.endB, 1, () => {
          f.get(d.n)
          f.get(l.panelB)
          f.i32(columns)
          f.op('i32.mul', 'i32.sub')
          f.tee(l.width)
          f.i32(columns)
          f.get(l.width)
          f.i32(columns)
          f.op('i32.lt_u', 'select')
          f.set(l.width)
          sum(d.b, [l.batch, d.bBatch], [l.panelB, d.bPanel], [l.k0, d.bK])
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
            for (const x of [l.b, d.bColumn, d.bK, l.panel, l.width]) f.get(x)
            f.i32(columns)
            f.get(l.kc)
            f.call(pack)
            f.get(l.panel)
            f.set(l.b)
            f.i32(tileRow)
            f.set(l.bStep)
          })
          f.range(l.panelA, l.firstA, l.endA, 1, tileStep)
        })
      })
    })
    giveSlotBack(f, slot)
  })
}

export const packFields = fields(
  'alpha',
  'alphaHigh',
  'scale',
  'src',
  'srcBatch',
  'srcLane',
  'srcK',
  'dst',
  'dstBatch',
  'k',
  'lanes',
  'panels',
  'laneSmall',
  'bigPanels',
  'padded',
)

/** Items: batch x panel. Panel p holds the next `laneSmall` lanes (one more in the first `bigPanels`), or `padded` lanes, the last of them zeros. */
export function packKernel(mod: Module, m: Machine): void {
  const { bytes } = shapeOf(m)
  const pack = packer(mod, bytes)
  mod.kernel('pack', (f, desc, begin, end) => {
    const d = readFields(f, desc, packFields)
    const l = f.locals('i32', 'item', 'batch', 'panel', 'lanes', 'width', 'lane0', 'to', 'i', 'end')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.get(d.panels)
      f.op('i32.div_u')
      f.set(l.batch)
      f.get(l.item)
      f.get(d.panels)
      f.op('i32.rem_u')
      f.set(l.panel)
      f.get(d.padded)
      f.if(
        () => {
          f.get(d.padded)
          f.tee(l.width)
          f.get(l.panel)
          f.op('i32.mul')
          f.set(l.lane0)
          f.get(d.lanes)
          f.get(l.lane0)
          f.op('i32.sub')
          f.tee(l.lanes)
          f.get(d.padded)
          f.get(l.lanes)
          f.get(d.padded)
          f.op('i32.lt_u', 'select')
          f.set(l.lanes)
        },
        () => {
          f.get(l.panel)
          f.get(d.bigPanels)
          f.op('i32.lt_u')
          f.get(d.laneSmall)
          f.op('i32.add')
          f.tee(l.width)
          f.set(l.lanes)
          at(f, l.panel, l.panel, d.laneSmall)
          f.get(d.bigPanels)
          f.get(l.panel)
          f.get(d.bigPanels)
          f.get(l.panel)
          f.op('i32.lt_u', 'select', 'i32.add')
          f.get(l.panel)
          f.op('i32.sub')
          f.set(l.lane0)
        },
      )
      at(f, d.dst, l.batch, d.dstBatch)
      f.get(l.lane0)
      f.get(d.k)
      f.op('i32.mul')
      f.i32(bytes)
      f.op('i32.mul', 'i32.add')
      f.set(l.to)
      at(f, d.src, l.batch, d.srcBatch)
      f.get(l.lane0)
      f.get(d.srcLane)
      f.op('i32.mul', 'i32.add')
      for (const x of [d.srcLane, d.srcK, l.to, l.lanes, l.width, d.k]) f.get(x)
      f.call(pack)
      f.get(d.scale)
      f.if(() => {
        f.get(l.to)
        f.get(l.width)
        f.get(d.k)
        f.op('i32.mul')
        f.i32(bytes)
        f.op('i32.mul', 'i32.add')
        f.set(l.end)
        f.range(l.i, l.to, l.end, bytes, () => {
          f.get(l.i)
          f.get(l.i)
          f.load(`${m.type}.load`)
          f.get(desc)
          f.load('f64.load', packFields.alpha)
          if (m.type === 'f32') f.op('f32.demote_f64')
          f.op(`${m.type}.mul`)
          f.store(`${m.type}.store`)
        })
      })
    })
  })
}
