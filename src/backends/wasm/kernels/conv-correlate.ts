// The kernel of convolution's forward pass and input gradient: rows are destination channels, lanes are pixels of a slab (conv-slab.ts), and the
// micro-kernel of gemm finds row k of its right operand by a table of offsets: nothing is unfolded.
//   items: image x group x band of rows x block of destination channels
//   for blocks of source channels:  copy the slab;  for phases, panels of pixels, panels of channels:  acc += weights x slab[table]
//     (k = tap row, channel, tap column; tap rows that only meet padding are left out)
//   for phases, channels, rows:  destination = acc + bias
import type { Local, Module } from '../asm.ts'
import { slabCopier } from './conv-slab.ts'
import { callByRows, type Machine, outer, shapeOf } from './gemm-micro.ts'
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
import { rowWriter } from './conv-pack.ts'

export const correlateFields = fields(
  'src srcImage srcGroup srcChannel srcRow srcColumnStep srcRows columnTable stepH stepW channels channelBlock',
  'channelBytes slabRows slabColumns slabFirst dst dstImage dstGroup dstChannel dstRow dstColumn weights bias',
  'biasGroup biasChannel zeros groups bands bandRows channelPanels rowsSmall bigPanels channelBlocks',
  'panelsPerBlock phases phaseCount accRow accPhase slotFlags slots slotBytes accBytes',
)

/**
 * One phase of the destination. `weights`: byte offset of group 0, `group`: bytes between groups; `taps`: rows of taps times `across`; `table`: offsets
 * of (tap row, channel, tap column), `lastTable` for the last block of channels; `ranges`: see tapRanges; `dst`: byte offset of its first pixel.
 */
export const phaseFields = fields('weights group taps across table lastTable ranges rows columns dst')
export const phaseBytes = Object.keys(phaseFields).length * 4

export function correlateKernel(mod: Module, m: Machine): void {
  const { bytes, rows: maxRows, columns } = shapeOf(m)
  const slab = slabCopier(mod, bytes)
  const variants = Array.from({ length: maxRows }, (_, r) => outer(mod, m, r + 1, true, 'table'))
  const store = rowWriter(mod, m)
  mod.kernel('correlate', (f, desc, begin, end) => {
    const d = readFields(f, desc, correlateFields)
    const { slot, address: acc } = takeSlot(f, d)
    const l = locals(
      f,
      'item rest image group band block t0 c0 cc slab phase phaseAt rows taps perRow table last top bottom skip k wide x panel first end row0 firstRow',
      'endRow height a out init initStride channel r from to biasAt phaseAcc',
    )
    f.get(acc)
    f.get(d.accBytes)
    f.op('i32.add')
    f.set(l.slab)
    const phase = (name: keyof typeof phaseFields): void => {
      f.get(l.phaseAt)
      f.load('i32.load', phaseFields[name])
    }
    /** Runs `body` for every phase that has rows in this band. */
    const eachPhase = (body: () => void): void => {
      f.get(d.phases)
      f.set(l.phaseAt)
      f.get(acc)
      f.set(l.phaseAcc)
      f.range(l.phase, 0, d.phaseCount, 1, () => {
        phase('rows')
        f.get(l.t0)
        f.op('i32.gt_u')
        f.if(() => {
          phase('rows')
          f.get(l.t0)
          f.op('i32.sub')
          f.set(l.rows)
          setMin(f, l.rows, l.rows, d.bandRows)
          body()
        })
        f.inc(l.phaseAt, phaseBytes)
        f.inc(l.phaseAcc, d.accPhase)
      })
    }
    /** Tap rows, times perRow, before the first that the tile at x needs (`skip`), and those that it needs (`k`): at least one. */
    const tapRows = (): void => {
      f.get(l.rows)
      f.i32(1)
      f.op('i32.sub')
      f.set(l.last)
      for (const [offset, into] of [
        [0, l.top],
        [columns - 1, l.bottom],
      ] as const) {
        f.get(l.x)
        f.i32(offset)
        f.op('i32.add')
        f.get(d.slabColumns)
        f.op('i32.div_u')
        f.set(into)
        setMin(f, into, into, l.last)
        phase('ranges')
        sumOf(f, l.t0, [into, 1])
        f.i32(8)
        f.op('i32.mul', 'i32.add')
        f.set(into)
      }
      const bound = (at: Local, end: 0 | 4) => (): void => {
        f.get(at)
        f.load('i32.load', end)
      }
      bound(l.top, 0)()
      f.set(l.k)
      bound(l.bottom, 0)()
      f.set(l.skip)
      setMin(f, l.skip, l.skip, l.k)
      // the end: the larger of the two
      bound(l.top, 4)()
      f.tee(l.k)
      bound(l.bottom, 4)()
      f.tee(l.bottom)
      f.get(l.k)
      f.get(l.bottom)
      f.op('i32.gt_u', 'select')
      f.get(l.skip)
      f.op('i32.sub')
      f.tee(l.k)
      f.i32(1)
      f.op('i32.lt_s')
      f.if(() => {
        f.i32(0)
        f.set(l.skip)
        f.i32(1)
        f.set(l.k)
      })
      for (const x of [l.skip, l.k]) {
        f.get(x)
        f.get(l.perRow)
        f.op('i32.mul')
        f.set(x)
      }
    }
    const multiply = (): void => {
      phase('taps')
      f.set(l.taps)
      phase('across')
      f.get(l.cc)
      f.op('i32.mul')
      f.set(l.perRow)
      f.get(l.cc)
      f.get(d.channelBlock)
      f.op('i32.lt_u')
      f.if(
        () => phase('lastTable'),
        () => phase('table'),
        'i32',
      )
      f.set(l.table)
      // wide pixels: whole rows of the slab, but the last only as far as it counts
      f.get(l.rows)
      f.i32(1)
      f.op('i32.sub')
      f.get(d.slabColumns)
      f.op('i32.mul')
      phase('columns')
      f.op('i32.add')
      f.set(l.wide)
      f.get(l.taps)
      f.op('i32.eqz')
      f.if(() => {
        f.get(l.phaseAcc)
        f.i32(0)
        f.get(d.accPhase)
        f.op('memory.fill')
      })
      f.get(l.taps)
      f.if(() =>
        f.range(l.x, 0, l.wide, columns, () => {
          tapRows()
          f.range(l.panel, l.first, l.end, 1, () => {
            lanesOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
            f.set(l.height)
            firstOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
            f.set(l.row0)
            // weights + phase + group + panel (row0 * all k) + rows of k in front: those of earlier blocks, and skipped ones
            sumOf(f, 0, [l.row0, d.channels], [l.c0, l.height])
            f.get(l.taps)
            f.op('i32.mul')
            sumOf(f, 0, [l.skip, l.height])
            f.op('i32.add')
            f.i32(bytes)
            f.op('i32.mul')
            f.get(d.weights)
            f.op('i32.add')
            phase('weights')
            f.op('i32.add')
            f.get(l.group)
            phase('group')
            f.op('i32.mul', 'i32.add')
            f.set(l.a)
            f.get(l.row0)
            f.get(l.firstRow)
            f.op('i32.sub')
            f.get(d.accRow)
            f.op('i32.mul')
            f.get(l.phaseAcc)
            f.op('i32.add')
            f.get(l.x)
            f.i32(bytes)
            f.op('i32.mul', 'i32.add')
            f.set(l.out)
            f.get(l.out)
            f.get(d.zeros)
            f.get(l.c0)
            f.op('select')
            f.set(l.init)
            f.get(d.accRow)
            f.i32(0)
            f.get(l.c0)
            f.op('select')
            f.set(l.initStride)
            callByRows(f, l.height, variants, () => {
              f.get(l.a)
              sumOf(f, l.slab, [l.x, bytes])
              sumOf(f, l.table, [l.skip, 4])
              for (const x of [l.init, l.initStride, l.out, d.accRow, l.k]) f.get(x)
            })
          })
        }),
      )
    }
    const writeOut = (): void =>
      f.range(l.channel, l.firstRow, l.endRow, 1, () => {
        sumOf(f, d.dst, [l.image, d.dstImage], [l.group, d.dstGroup], [l.channel, d.dstChannel], [l.t0, d.dstRow])
        phase('dst')
        f.op('i32.add')
        f.set(l.to)
        f.get(l.channel)
        f.get(l.firstRow)
        f.op('i32.sub')
        f.get(d.accRow)
        f.op('i32.mul')
        f.get(l.phaseAcc)
        f.op('i32.add')
        f.set(l.from)
        sumOf(f, d.bias, [l.group, d.biasGroup], [l.channel, d.biasChannel])
        f.set(l.biasAt)
        f.range(l.r, 0, l.rows, 1, () => {
          f.get(l.from)
          f.get(l.to)
          f.get(d.dstColumn)
          phase('columns')
          f.get(l.biasAt)
          f.call(store)
          f.get(d.slabColumns)
          f.i32(bytes)
          f.op('i32.mul')
          f.get(l.from)
          f.op('i32.add')
          f.set(l.from)
          f.inc(l.to, d.dstRow)
        })
      })

    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.rest)
      splitOff(f, l.rest, d.channelBlocks, l.block)
      splitOff(f, l.rest, d.bands, l.band)
      splitOff(f, l.rest, d.groups, l.group)
      f.get(l.rest)
      f.set(l.image)
      sumOf(f, 0, [l.band, d.bandRows])
      f.set(l.t0)
      sumOf(f, 0, [l.block, d.panelsPerBlock])
      f.set(l.first)
      sumOf(f, d.panelsPerBlock, [l.block, d.panelsPerBlock])
      f.set(l.end)
      setMin(f, l.end, l.end, d.channelPanels)
      firstOfPanel(f, l.first, d.rowsSmall, d.bigPanels)
      f.set(l.firstRow)
      firstOfPanel(f, l.end, d.rowsSmall, d.bigPanels)
      f.set(l.endRow)
      f.range(l.c0, 0, d.channels, d.channelBlock, () => {
        setMin(f, l.cc, minus(f, d.channels, l.c0), d.channelBlock)
        sumOf(f, d.src, [l.image, d.srcImage], [l.group, d.srcGroup], [l.c0, d.srcChannel])
        for (const x of [
          d.srcChannel,
          d.srcRow,
          d.srcColumnStep,
          l.slab,
          l.cc,
          d.stepH,
          d.stepW,
          d.slabRows,
          d.slabColumns,
        ])
          f.get(x)
        sumOf(f, l.t0, [d.slabFirst, 1])
        for (const x of [d.srcRows, d.columnTable, d.channelBytes]) f.get(x)
        f.call(slab)
        eachPhase(multiply)
      })
      eachPhase(writeOut)
    })
    giveSlotBack(f, slot)
  })
}
