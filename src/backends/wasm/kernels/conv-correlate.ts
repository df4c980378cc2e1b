// The kernel of convolution's forward pass and input gradient: rows are destination channels, lanes are pixels of a slab (conv-slab.ts), and the
// micro-kernel of gemm finds row k = (channel, tap) of its right operand by a table of offsets: nothing is unfolded.
//   items: image x group x band of rows x block of destination channels
//   for blocks of source channels:  copy the slab;  for phases, panels of pixels, panels of channels:  acc += weights x slab[table]
//   for phases, channels, rows:  destination = acc + bias
import type { Func, Local, Module } from '../asm.ts'
import { slabCopier } from './conv-slab.ts'
import { callByRows, type Machine, outer, shapeOf } from './gemm-micro.ts'
import { fields, giveSlotBack, readFields, takeSlot } from './gemm-pack.ts'

export const correlateFields = fields(
  'src',
  'srcImage',
  'srcGroup',
  'srcChannel',
  'srcRow',
  'srcColumnStep',
  'srcRows',
  'columnTable',
  'stepH',
  'stepW',
  'channels',
  'channelBlock',
  'channelBytes',
  'slabRows',
  'slabColumns',
  'slabFirst',
  'dst',
  'dstImage',
  'dstGroup',
  'dstChannel',
  'dstRow',
  'dstColumn',
  'weights',
  'bias',
  'biasGroup',
  'biasChannel',
  'zeros',
  'groups',
  'bands',
  'bandRows',
  'channelPanels',
  'rowsSmall',
  'bigPanels',
  'channelBlocks',
  'panelsPerBlock',
  'phases',
  'phaseCount',
  'accRow',
  'accPhase',
  'slotFlags',
  'slots',
  'slotBytes',
  'accBytes',
)

/** One phase of the destination. `weights`: byte offset of group 0, `group`: bytes between groups; `table`: address; `dst`: byte offset of its first pixel. */
export const phaseFields = fields('weights', 'group', 'taps', 'table', 'rows', 'columns', 'dst')
export const phaseBytes = Object.keys(phaseFields).length * 4

export function correlateKernel(mod: Module, m: Machine): void {
  const { bytes, rows: maxRows, columns } = shapeOf(m)
  const slab = slabCopier(mod, bytes)
  const variants = Array.from({ length: maxRows }, (_, r) => outer(mod, m, r + 1, true, 'table'))
  const store = rowWriter(mod, m)
  mod.kernel('correlate', (f, desc, begin, end) => {
    const d = readFields(f, desc, correlateFields)
    const { slot, address: acc } = takeSlot(f, d.slotFlags, d.slots, d.slotBytes)
    const l = f.locals(
      'i32',
      'item',
      'rest',
      'image',
      'group',
      'band',
      'block',
      't0',
      'c0',
      'cc',
      'slab',
      'phase',
      'phaseAt',
      'rows',
      'taps',
      'k',
      'wide',
      'x',
      'panel',
      'first',
      'end',
      'row0',
      'firstRow',
      'endRow',
      'height',
      'a',
      'out',
      'init',
      'initStride',
      'channel',
      'r',
      'from',
      'to',
      'biasAt',
      'phaseAcc',
    )
    f.get(acc)
    f.get(d.accBytes)
    f.op('i32.add')
    f.set(l.slab)
    const product = (...terms: (readonly [Local | null, Local | number])[]): void =>
      terms.forEach(([x, y], k) => {
        if (x === null) f.push(y)
        else {
          f.get(x)
          f.push(y)
          f.op('i32.mul')
        }
        if (k > 0) f.op('i32.add')
      })
    const split = (divisor: Local, into: Local): void => {
      f.get(l.rest)
      f.get(divisor)
      f.op('i32.rem_u')
      f.set(into)
      f.get(l.rest)
      f.get(divisor)
      f.op('i32.div_u')
      f.set(l.rest)
    }
    const phase = (name: keyof typeof phaseFields): void => {
      f.get(l.phaseAt)
      f.load('i32.load', phaseFields[name])
    }
    /** First row of a panel: see evenPanels. */
    const rowOf = (panel: Local): void => {
      f.get(panel)
      f.get(d.rowsSmall)
      f.op('i32.mul')
      f.get(panel)
      f.get(d.bigPanels)
      f.get(panel)
      f.get(d.bigPanels)
      f.op('i32.lt_u', 'select', 'i32.add')
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
          f.tee(l.rows)
          f.get(d.bandRows)
          f.get(l.rows)
          f.get(d.bandRows)
          f.op('i32.lt_u', 'select')
          f.set(l.rows)
          body()
        })
        f.inc(l.phaseAt, phaseBytes)
        f.inc(l.phaseAcc, d.accPhase)
      })
    }
    const multiply = (): void => {
      phase('taps')
      f.tee(l.taps)
      f.get(l.cc)
      f.op('i32.mul')
      f.set(l.k)
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
          f.range(l.panel, l.first, l.end, 1, () => {
            f.get(l.panel)
            f.get(d.bigPanels)
            f.op('i32.lt_u')
            f.get(d.rowsSmall)
            f.op('i32.add')
            f.set(l.height)
            rowOf(l.panel)
            f.set(l.row0)
            // weights + phase + group + panel (row0 * all k) + k of the first channel of this block
            product([l.row0, d.channels], [l.c0, l.height])
            f.get(l.taps)
            f.i32(bytes)
            f.op('i32.mul', 'i32.mul')
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
              product([null, l.slab], [l.x, bytes])
              phase('table')
              for (const x of [l.init, l.initStride, l.out, d.accRow, l.k]) f.get(x)
            })
          })
        }),
      )
    }
    const writeOut = (): void =>
      f.range(l.channel, l.firstRow, l.endRow, 1, () => {
        product(
          [null, d.dst],
          [l.image, d.dstImage],
          [l.group, d.dstGroup],
          [l.channel, d.dstChannel],
          [l.t0, d.dstRow],
        )
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
        product([null, d.bias], [l.group, d.biasGroup], [l.channel, d.biasChannel])
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
      split(d.channelBlocks, l.block)
      split(d.bands, l.band)
      split(d.groups, l.group)
      f.get(l.rest)
      f.set(l.image)
      product([l.band, d.bandRows])
      f.set(l.t0)
      product([l.block, d.panelsPerBlock])
      f.set(l.first)
      product([l.block, d.panelsPerBlock], [null, d.panelsPerBlock])
      f.tee(l.end)
      f.get(d.channelPanels)
      f.get(l.end)
      f.get(d.channelPanels)
      f.op('i32.lt_u', 'select')
      f.set(l.end)
      rowOf(l.first)
      f.set(l.firstRow)
      rowOf(l.end)
      f.set(l.endRow)
      f.range(l.c0, 0, d.channels, d.channelBlock, () => {
        f.get(d.channels)
        f.get(l.c0)
        f.op('i32.sub')
        f.tee(l.cc)
        f.get(d.channelBlock)
        f.get(l.cc)
        f.get(d.channelBlock)
        f.op('i32.lt_u', 'select')
        f.set(l.cc)
        product([null, d.src], [l.image, d.srcImage], [l.group, d.srcGroup], [l.c0, d.srcChannel])
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
        product([null, l.t0], [null, d.slabFirst])
        for (const x of [d.srcRows, d.columnTable, d.channelBytes]) f.get(x)
        f.call(slab)
        eachPhase(multiply)
      })
      eachPhase(writeOut)
    })
    giveSlotBack(f, slot)
  })
}

/** (from, to, step, count, bias): to[i * step] = from[i] + *bias. */
function rowWriter(mod: Module, m: Machine) {
  const { bytes, lanes } = shapeOf(m)
  const vec = m.type === 'f32' ? 'f32x4' : 'f64x2'
  return mod.func('store', new Array<'i32'>(5).fill('i32'), [], (f: Func) => {
    const [from, to, step, count, biasAt] = f.args
    const bias = f.local(m.type)
    f.get(biasAt)
    f.load(`${m.type}.load`)
    f.set(bias)
    f.get(step)
    f.i32(bytes)
    f.op('i32.eq')
    f.if(() =>
      f.while(
        () => {
          f.get(count)
          f.i32(lanes)
          f.op('i32.ge_u')
        },
        () => {
          f.get(to)
          f.get(from)
          f.load('v128.load')
          f.get(bias)
          f.op(`${vec}.splat`, `${vec}.add`)
          f.store('v128.store')
          f.inc(from, 16)
          f.inc(to, 16)
          f.inc(count, -lanes)
        },
      ),
    )
    f.while(
      () => f.get(count),
      () => {
        f.get(to)
        f.get(from)
        f.load(`${m.type}.load`)
        f.get(bias)
        f.op(`${m.type}.add`)
        f.store(`${m.type}.store`)
        f.inc(from, bytes)
        f.inc(to, step)
        f.inc(count, -1)
      },
    )
  })
}

export const weightFields = fields(
  'src',
  'group',
  'row',
  'table',
  'dst',
  'dstGroup',
  'k',
  'panels',
  'rowsSmall',
  'bigPanels',
)

/** dst[panel][k][row] = src[row * rowStride + table[k]]: weights as the micro-kernel reads them. Items: group x panel. */
export function weightPackKernel(mod: Module, m: Machine): void {
  const { bytes } = shapeOf(m)
  mod.kernel('packWeights', (f, desc, begin, end) => {
    const d = readFields(f, desc, weightFields)
    const l = f.locals('i32', 'item', 'panel', 'from', 'to', 'rows', 'row0', 'k', 'r', 'at')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.get(d.panels)
      f.op('i32.rem_u')
      f.tee(l.panel)
      f.get(d.bigPanels)
      f.op('i32.lt_u')
      f.get(d.rowsSmall)
      f.op('i32.add')
      f.set(l.rows)
      f.get(l.panel)
      f.get(d.rowsSmall)
      f.op('i32.mul')
      f.get(l.panel)
      f.get(d.bigPanels)
      f.get(l.panel)
      f.get(d.bigPanels)
      f.op('i32.lt_u', 'select', 'i32.add')
      f.set(l.row0)
      f.get(l.item)
      f.get(d.panels)
      f.op('i32.div_u')
      f.tee(l.at)
      f.get(d.dstGroup)
      f.op('i32.mul')
      f.get(d.dst)
      f.op('i32.add')
      f.get(l.row0)
      f.get(d.k)
      f.op('i32.mul')
      f.i32(bytes)
      f.op('i32.mul', 'i32.add')
      f.set(l.to)
      f.get(l.at)
      f.get(d.group)
      f.op('i32.mul')
      f.get(d.src)
      f.op('i32.add')
      f.get(l.row0)
      f.get(d.row)
      f.op('i32.mul', 'i32.add')
      f.set(l.from)
      f.range(l.k, 0, d.k, 1, () => {
        f.get(d.table)
        f.get(l.k)
        f.i32(4)
        f.op('i32.mul', 'i32.add')
        f.load('i32.load')
        f.get(l.from)
        f.op('i32.add')
        f.set(l.at)
        f.range(l.r, 0, l.rows, 1, () => {
          f.get(l.to)
          f.get(l.at)
          f.load(`${m.type}.load`)
          f.store(`${m.type}.store`)
          f.inc(l.to, bytes)
          f.inc(l.at, d.row)
        })
      })
    })
  })
}
