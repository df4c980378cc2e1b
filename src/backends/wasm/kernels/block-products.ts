// Products on blocks of 16 channels, for convolutions (winograd.ts, unfold.ts). All distances inside a tile are constants, so that the inner loops are
// loads and multiply-adds only.
import type { FuncRef, Module } from '../asm.ts'
import type { Engine, Kernel } from '../engine.ts'
import { blockBytes, blockChannels } from './blocks.ts'
import {
  describe,
  evenPanels,
  fields,
  firstOfPanel,
  lanesOfPanel,
  locals,
  minus,
  readFields,
  setMin,
  splitOff,
  sumOf,
} from './gemm-code.ts'
import { callByRows, type Machine, multiplyAdd, shapeOf } from './gemm-micro.ts'

/**
 * Pixels, tiles or whatever is summed over or kept apart, by blocks: [plane][block][tile][16]. Planes may be further apart than they are large, so that
 * their beginnings do not meet in one set of the cache.
 */
export interface Blocks {
  readonly at: number
  readonly blocks: number
  readonly plane: number
  readonly blockPlane: number
}
export function blocksAt(engine: Engine, planes: number, blocks: number, tiles: number, apart: number): Blocks {
  const blockPlane = tiles * blockBytes
  const plane = blocks * blockPlane + apart
  return { at: engine.scratch(planes * plane), blocks, plane, blockPlane }
}

/** `channels` values, or zeros where there are none, with zeros up to whole blocks. */
export function channelsAt(engine: Engine, channels: number, from: number | null, step: number): number {
  const bytes = Math.ceil(channels / blockChannels) * blockBytes
  const at = engine.scratch(bytes)
  engine.host(() => {
    engine.u8.fill(0, at, at + bytes)
    if (from !== null) for (let k = 0; k < channels; k++) engine.f32[at / 4 + k] = engine.f32[from / 4 + k * step]
  })
  return at
}

/** Multiplications in a chunk that are worth handing to another thread. */
const worthSplitting = 1 << 20
/** Tiles that are added up at once by `kernelProduct`: both operands stay in the first-level cache. */
const tilesAtOnce = 224

/** A tile spans a block where registers are 256 bits wide, else half of one. */
const sidesOf = (m: Machine): number[] => (m.width === 2 ? [0] : [0, blockBytes / 2])

/**
 * `rows` x 16 (or 8) cells: cell[r] += sum over steps of a[r] * b[..]. `stepsAtOnce` steps have constant addresses: a + aAt(r, step), b + step * 64;
 * from one group of steps to the next, a goes on by `aStep`. (a, aStep, b, init, initStride, out, outStride, groups).
 */
function cells(
  mod: Module,
  m: Machine,
  rows: number,
  stepsAtOnce: number,
  aAt: (row: number, step: number) => number,
): FuncRef {
  return mod.func(`cells${rows}`, new Array<'i32'>(8).fill('i32'), [], (f) => {
    const [a, aStep, b, init, initStride, out, outStride, groups] = f.args
    const offsets = Array.from({ length: 2 * m.width }, (_, v) => 16 * v)
    const acc = Array.from({ length: rows }, () => offsets.map(() => f.local('v128')))
    const bv = offsets.map(() => f.local('v128'))
    const av = f.local('v128')
    acc.forEach((row, r) => {
      offsets.forEach((o, v) => {
        f.get(init)
        f.load('v128.load', o)
        f.set(row[v])
      })
      if (r < rows - 1) f.inc(init, initStride)
    })
    f.loop((again) => {
      for (let step = 0; step < stepsAtOnce; step++) {
        offsets.forEach((o, v) => {
          f.get(b)
          f.load('v128.load', step * blockBytes + o)
          f.set(bv[v])
        })
        acc.forEach((row, r) => {
          f.get(a)
          f.load('v128.load32_splat', aAt(r, step))
          f.set(av)
          row.forEach((cell, v) => multiplyAdd(f, m, av, bv[v], cell))
        })
      }
      f.inc(a, aStep)
      f.inc(b, stepsAtOnce * blockBytes)
      f.inc(groups, -1)
      f.get(groups)
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

const productFields = fields(
  'a aPlane aBlock b bPlane bBlock out outPlane outBlock outBlocks depthBlocks init initBlock rowPanels rowsSmall bigPanels',
)
/** Depth of a product that is done at once: its block of b (16 KiB) stays in the first-level cache. */
const depthAtOnce = 16

/**
 * out[point][block][tile][16] = sum over channels of a[point][channel / 16][tile][channel % 16] * b[point][block][channel][16].
 * It starts at init[block]. Items: point x block.   for depths:  for panels of tiles:  tile
 */
export function productKernel(mod: Module, m: Machine): void {
  const variants = Array.from({ length: shapeOf(m).rows }, (_, r) =>
    cells(mod, m, r + 1, blockChannels, (row, step) => row * blockBytes + 4 * step),
  )
  mod.kernel('product', (f, desc, begin, end) => {
    const d = readFields(f, desc, productFields)
    const l = locals(f, 'item point block depth blocks panel rows a b out init initStride at')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.point)
      splitOff(f, l.point, d.outBlocks, l.block)
      sumOf(f, d.out, [l.point, d.outPlane], [l.block, d.outBlock])
      f.set(l.out)
      f.range(l.depth, 0, d.depthBlocks, depthAtOnce, () => {
        setMin(f, l.blocks, minus(f, d.depthBlocks, l.depth), depthAtOnce)
        sumOf(f, d.b, [l.point, d.bPlane], [l.block, d.bBlock], [l.depth, blockChannels * blockBytes])
        f.set(l.b)
        sumOf(f, d.a, [l.point, d.aPlane], [l.depth, d.aBlock])
        f.set(l.a)
        f.range(l.panel, 0, d.rowPanels, 1, () => {
          lanesOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
          f.set(l.rows)
          firstOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
          f.i32(blockBytes)
          f.op('i32.mul')
          f.set(l.at)
          for (const side of sidesOf(m)) {
            sumOf(f, l.out, [l.at, 1], [side, 1])
            sumOf(f, d.init, [l.block, d.initBlock], [side, 1])
            f.get(l.depth)
            f.op('select')
            f.set(l.init)
            f.i32(blockBytes)
            f.i32(0)
            f.get(l.depth)
            f.op('select')
            f.set(l.initStride)
            callByRows(f, l.rows, variants, () => {
              sumOf(f, l.a, [l.at, 1])
              f.get(d.aBlock)
              sumOf(f, l.b, [side, 1])
              f.get(l.init)
              f.get(l.initStride)
              sumOf(f, l.out, [l.at, 1], [side, 1])
              f.i32(blockBytes)
              f.get(l.blocks)
            })
          }
        })
      })
    })
  })
}

/** `depthBlocks` of the input against weights [plane][block][depth][16]; `init`: what each block of results starts from, `initBlock` bytes apart. */
export function product(
  engine: Engine,
  m: Machine,
  kernel: Kernel,
  work: {
    planes: number
    tiles: number
    depthBlocks: number
    input: Blocks
    weights: { at: number; plane: number }
    output: Blocks
    init: number
    initBlock: number
  },
): void {
  const { planes, tiles, depthBlocks, input, weights, output } = work
  const panel = evenPanels(tiles, shapeOf(m).rows)
  const desc = describe(engine, productFields, {
    a: input.at,
    aPlane: input.plane,
    aBlock: input.blockPlane,
    b: weights.at,
    bPlane: weights.plane,
    bBlock: depthBlocks * blockChannels * blockBytes,
    out: output.at,
    outPlane: output.plane,
    outBlock: output.blockPlane,
    outBlocks: output.blocks,
    depthBlocks,
    rowPanels: panel.panels,
    rowsSmall: panel.small,
    bigPanels: panel.bigPanels,
    init: work.init,
    initBlock: work.initBlock,
  })
  const each = tiles * depthBlocks * blockChannels * blockChannels
  engine.dispatch(kernel, desc, planes * output.blocks, Math.ceil(worthSplitting / each))
}

const kernelProductFields = fields(
  'a aPlane aBlock b bPlane bBlock out outPlane outRow outBlocks channelBlocks outputs tiles run adds zeros',
)
/** A block of 16 outputs in tiles of the register file. */
const groupsOf = (m: Machine): readonly (readonly [first: number, rows: number])[] =>
  m.fma
    ? [
        [0, 6],
        [6, 5],
        [11, 5],
      ]
    : [0, 4, 8, 12].map((first) => [first, 4] as const)

/**
 * out[point][output][channel] (+)= sum over tiles of a[point][output / 16][tile][output % 16] * b[point][channel / 16][tile][channel % 16]; `adds`:
 * to what is there. Items: point x block of outputs.   for blocks of channels:  for runs of `run` tiles:  for groups of outputs:  tile
 */
export function kernelProductKernel(mod: Module, m: Machine): void {
  const groups = groupsOf(m)
  const variants = new Map<number, FuncRef>()
  for (const [, rows] of groups)
    if (!variants.has(rows))
      variants.set(
        rows,
        cells(mod, m, rows, 1, (row) => 4 * row),
      )
  mod.kernel('kernelProduct', (f, desc, begin, end) => {
    const d = readFields(f, desc, kernelProductFields)
    const l = locals(f, 'item point block channel a b out to tile tiles adds')
    const step = (first: number, variant: FuncRef, side: number): void => {
      sumOf(f, l.out, [d.outRow, first], [side, 1])
      f.set(l.to)
      sumOf(f, l.a, [l.tile, blockBytes], [first, 4])
      f.i32(blockBytes)
      sumOf(f, l.b, [l.tile, blockBytes], [side, 1])
      f.get(l.to)
      f.get(d.zeros)
      f.get(l.adds)
      f.op('select')
      f.get(d.outRow)
      f.i32(0)
      f.get(l.adds)
      f.op('select')
      for (const x of [l.to, d.outRow, l.tiles]) f.get(x)
      f.call(variant)
    }
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.point)
      splitOff(f, l.point, d.outBlocks, l.block)
      sumOf(f, d.a, [l.point, d.aPlane], [l.block, d.aBlock])
      f.set(l.a)
      f.range(l.channel, 0, d.channelBlocks, 1, () => {
        sumOf(f, d.b, [l.point, d.bPlane], [l.channel, d.bBlock])
        f.set(l.b)
        sumOf(f, d.out, [l.point, d.outPlane], [l.channel, blockBytes])
        f.get(l.block)
        f.i32(blockChannels)
        f.op('i32.mul')
        f.get(d.outRow)
        f.op('i32.mul', 'i32.add')
        f.set(l.out)
        f.range(l.tile, 0, d.tiles, d.run, () => {
          setMin(f, l.tiles, minus(f, d.tiles, l.tile), d.run)
          f.get(l.tile)
          f.get(d.adds)
          f.op('i32.or')
          f.set(l.adds)
          for (const [first, rows] of groups) {
            // Outputs beyond the last are left alone where a whole group of them is.
            f.get(d.outputs)
            f.get(l.block)
            f.i32(blockChannels)
            f.op('i32.mul')
            f.i32(first)
            f.op('i32.add', 'i32.gt_u')
            f.if(() => {
              for (const side of sidesOf(m)) step(first, variants.get(rows) as FuncRef, side)
            })
          }
        })
      })
    })
  })
}

/** Sums [plane][output][channel] of gradient times input over tiles. */
export interface Sums {
  readonly at: number
  readonly plane: number
  readonly rowBytes: number
}
export function sumsAt(engine: Engine, planes: number, outputs: number, inputBlocks: number, apart: number): Sums {
  const rowBytes = inputBlocks * blockBytes
  const plane = Math.ceil(outputs / blockChannels) * blockChannels * rowBytes + apart
  return { at: engine.scratch(planes * plane), plane, rowBytes }
}

export function kernelProduct(
  engine: Engine,
  kernel: Kernel,
  work: {
    planes: number
    tiles: number
    gradient: Blocks
    input: Blocks
    outputs: number
    sums: Sums
    adds: boolean
    zeros: number
  },
): void {
  const { planes, tiles, gradient, input, sums } = work
  const desc = describe(engine, kernelProductFields, {
    a: gradient.at,
    aPlane: gradient.plane,
    aBlock: gradient.blockPlane,
    b: input.at,
    bPlane: input.plane,
    bBlock: input.blockPlane,
    out: sums.at,
    outPlane: sums.plane,
    outRow: sums.rowBytes,
    outBlocks: gradient.blocks,
    channelBlocks: input.blocks,
    outputs: work.outputs,
    tiles,
    run: Math.ceil(tiles / Math.ceil(tiles / tilesAtOnce)),
    adds: Number(work.adds),
    zeros: work.zeros,
  })
  const each = tiles * input.blocks * blockChannels * blockChannels
  engine.dispatch(kernel, desc, planes * gradient.blocks, Math.ceil(worthSplitting / each))
}
