// Pixels that the taps of a convolution read, as blocks of channels: [tap][block][pixel of the result][16], and blocks of results back to pictures.
// Planned by unfold.ts.
import type { Module } from '../asm.ts'
import { blockBytes, blockChannels, partsOf, rowIn, rowOut } from './blocks.ts'
import { fields, giveSlotBack, locals, minus, readFields, setMin, splitOff, sumOf, takeSlot } from './gemm-code.ts'
import type { Machine } from './gemm-micro.ts'
import { loadVector, newVector, storeVector } from './winograd-math.ts'

/** Results of a row that are worked on at once. */
export const columnsAtOnce = 32

export const gatherFields = fields(
  'src srcImage srcChannel srcRow channels height width rowsOfImage columns stepH stepW tapRows tapColumns rowTable',
  'columnTable least spread direct firstRow rows out plane blockPlane zeros slotFlags slots slotBytes',
)
export const gatherSlotBytes = (stepW: number, spread: number): number =>
  ((columnsAtOnce - 1) * stepW + spread + 1) * blockBytes

/**
 * Items: block of channels x row of results (of all images, from `firstRow` on). Result (y, x) reads row y * stepH + rowTable[u] and column
 * x * stepW + columnTable[v] of the source, where it exists, else zero. `least` is the smallest column of the table, `spread` the largest minus it;
 * `direct`: one column of taps and step 1, which needs no copy in between.
 *   for runs of columns, rows of taps:  copy the pixels, channels innermost;  for columns of taps:  every stepW-th of them
 */
export function gatherKernel(mod: Module, m: Machine): void {
  const copyRow = rowIn(mod)
  const pick = mod.func('pick', new Array<'i32'>(4).fill('i32'), [], (f) => {
    const [from, step, to, count] = f.args
    const values = partsOf(m).map(() => newVector(f, m))
    f.while(
      () => f.get(count),
      () => {
        partsOf(m).forEach((part, k) => loadVector(f, from, part, values[k]))
        partsOf(m).forEach((part, k) => storeVector(f, to, part, values[k]))
        f.inc(from, step)
        f.inc(to, blockBytes)
        f.inc(count, -1)
      },
    )
  })
  mod.kernel('gather', (f, desc, begin, end) => {
    const d = readFields(f, desc, gatherFields)
    const { slot, address: slab } = takeSlot(f, d)
    const l = locals(f, 'item block row image base channels y x first count columns u v at to step')
    sumOf(f, 0, [d.stepW, blockBytes])
    f.set(l.step)
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.rows, l.row)
      sumOf(f, d.firstRow, [l.row, 1])
      f.set(l.image)
      splitOff(f, l.image, d.rowsOfImage, l.y)
      sumOf(f, d.channels, [l.block, -blockChannels])
      f.set(l.channels)
      sumOf(f, 0, [l.block, blockChannels])
      f.get(d.srcChannel)
      f.op('i32.mul')
      sumOf(f, d.src, [l.image, d.srcImage])
      f.op('i32.add')
      f.set(l.base)
      f.range(l.x, 0, d.columns, columnsAtOnce, () => {
        setMin(f, l.count, minus(f, d.columns, l.x), columnsAtOnce)
        sumOf(f, d.least, [l.x, d.stepW])
        f.set(l.first)
        f.get(l.count)
        f.i32(1)
        f.op('i32.sub')
        f.get(d.stepW)
        f.op('i32.mul')
        sumOf(f, 1, [d.spread, 1])
        f.op('i32.add')
        f.set(l.columns)
        f.range(l.u, 0, d.tapRows, 1, () => {
          sumOf(f, d.rowTable, [l.u, 4])
          f.load('i32.load')
          sumOf(f, 0, [l.y, d.stepH])
          f.op('i32.add')
          f.set(l.at)
          // Points of the first tap of this row: block, then row and column of results.
          sumOf(f, 0, [l.row, d.columns], [l.x, 1])
          f.i32(blockBytes)
          f.op('i32.mul')
          f.get(l.u)
          f.get(d.tapColumns)
          f.op('i32.mul')
          f.get(d.plane)
          f.op('i32.mul')
          sumOf(f, d.out, [l.block, d.blockPlane])
          f.op('i32.add', 'i32.add')
          f.set(l.to)
          sumOf(f, l.base, [l.at, d.srcRow])
          f.get(d.srcChannel)
          // A row outside has no channels.
          f.get(l.channels)
          f.i32(0)
          f.get(l.at)
          f.get(d.height)
          f.op('i32.lt_u', 'select')
          for (const x of [l.first, l.columns, d.width, d.zeros]) f.get(x)
          f.get(l.to)
          f.get(slab)
          f.get(d.direct)
          f.op('select')
          f.call(copyRow)
          f.get(d.direct)
          f.op('i32.eqz')
          f.if(() =>
            f.range(l.v, 0, d.tapColumns, 1, () => {
              sumOf(f, d.columnTable, [l.v, 4])
              f.load('i32.load')
              f.get(d.least)
              f.op('i32.sub')
              f.i32(blockBytes)
              f.op('i32.mul')
              f.get(slab)
              f.op('i32.add')
              for (const x of [l.step, l.to, l.count]) f.get(x)
              f.call(pick)
              f.inc(l.to, d.plane)
            }),
          )
        })
      })
    })
    giveSlotBack(f, slot)
  })
}

export const spreadFields = fields(
  'src blockPlane dst dstImage dstChannel dstRow dstColumn channels rowsOfImage columns firstRow rows sink',
)

/** Results to a picture whose rows and columns are dstRow and dstColumn bytes apart. Items: block of channels x row of results. */
export function spreadKernel(mod: Module): void {
  const copyRow = rowOut(mod)
  mod.kernel('spread', (f, desc, begin, end) => {
    const d = readFields(f, desc, spreadFields)
    const l = locals(f, 'item block row image y')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.rows, l.row)
      sumOf(f, d.firstRow, [l.row, 1])
      f.set(l.image)
      splitOff(f, l.image, d.rowsOfImage, l.y)
      sumOf(f, 0, [l.row, d.columns])
      f.i32(blockBytes)
      f.op('i32.mul')
      sumOf(f, d.src, [l.block, d.blockPlane])
      f.op('i32.add')
      sumOf(f, 0, [l.block, blockChannels])
      f.get(d.dstChannel)
      f.op('i32.mul')
      sumOf(f, d.dst, [l.image, d.dstImage], [l.y, d.dstRow])
      f.op('i32.add')
      f.get(d.dstChannel)
      sumOf(f, d.channels, [l.block, -blockChannels])
      for (const x of [d.dstColumn, d.columns, d.sink]) f.get(x)
      f.call(copyRow)
    })
  })
}

export const tapWeightFields = fields('src lane depth lanes depths depthBlocks taps table out outBlock')

/** out[block][tap][depth][16] = src[lane, depth, tap], zero beyond `lanes` and `depths`. `table`: byte offsets of the taps. Items: block of lanes x tap. */
export function tapWeightKernel(mod: Module): void {
  mod.kernel('tapWeights', (f, desc, begin, end) => {
    const d = readFields(f, desc, tapWeightFields)
    const l = locals(f, 'item block tap depth lane lanes from at to')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.taps, l.tap)
      sumOf(f, d.lanes, [l.block, -blockChannels])
      f.set(l.lanes)
      setMin(f, l.lanes, l.lanes, blockChannels)
      sumOf(f, d.table, [l.tap, 4])
      f.load('i32.load')
      sumOf(f, 0, [l.block, blockChannels])
      f.get(d.lane)
      f.op('i32.mul')
      f.get(d.src)
      f.op('i32.add', 'i32.add')
      f.set(l.from)
      sumOf(f, d.out, [l.block, d.outBlock])
      f.get(l.tap)
      f.get(d.depthBlocks)
      f.op('i32.mul')
      f.i32(blockChannels * blockBytes)
      f.op('i32.mul', 'i32.add')
      f.set(l.to)
      // What is not there is zero.
      f.get(l.to)
      f.i32(0)
      sumOf(f, 0, [d.depthBlocks, blockChannels * blockBytes])
      f.op('memory.fill')
      f.range(l.depth, 0, d.depths, 1, () => {
        f.get(l.from)
        f.set(l.at)
        f.range(l.lane, 0, l.lanes, 1, () => {
          sumOf(f, l.to, [l.lane, 4])
          f.get(l.at)
          f.load('f32.load')
          f.store('f32.store')
          f.inc(l.at, d.lane)
        })
        f.inc(l.from, d.depth)
        f.inc(l.to, blockBytes)
      })
    })
  })
}

export const tapGradFields = fields('src plane rowBytes dst outStride inStride channels table taps')

/** dst[output, channel, tap] from src[tap][output][channel]. Items: outputs. */
export function tapGradKernel(mod: Module): void {
  mod.kernel('tapGrads', (f, desc, begin, end) => {
    const d = readFields(f, desc, tapGradFields)
    const l = locals(f, 'output tap channel from to')
    f.range(l.output, begin, end, 1, () =>
      f.range(l.tap, 0, d.taps, 1, () => {
        sumOf(f, d.src, [l.tap, d.plane], [l.output, d.rowBytes])
        f.set(l.from)
        sumOf(f, d.table, [l.tap, 4])
        f.load('i32.load')
        sumOf(f, d.dst, [l.output, d.outStride])
        f.op('i32.add')
        f.set(l.to)
        f.range(l.channel, 0, d.channels, 1, () => {
          f.get(l.to)
          f.get(l.from)
          f.load('f32.load')
          f.store('f32.store')
          f.inc(l.from, 4)
          f.inc(l.to, d.inStride)
        })
      }),
    )
  })
}
