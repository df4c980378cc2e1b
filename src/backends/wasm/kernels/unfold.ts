// Convolutions with many channels that Winograd does not fit (1 x 1 kernels, steps of two), as one product: the pixels that the taps read are
// copied into blocks of channels, some rows of results at a time, so that they stay in cache. The same three steps for all passes: gather,
// multiply, spread.
import type { ConvSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine, type Kernel } from '../engine.ts'
import {
  type Blocks,
  blocksAt,
  channelsAt,
  kernelProduct,
  kernelProductKernel,
  product,
  productKernel,
  sumsAt,
} from './block-products.ts'
import { blockBytes, blockChannels, blocksOf, sinkBytes, zeroRowBytes } from './blocks.ts'
import { type Axis, forwardAxis, inputGradAxis } from './conv-axis.ts'
import { byteStrides, describe, slotsOf, wordsAt, zerosAt } from './gemm-code.ts'
import { type Machine, machineKey } from './gemm-micro.ts'
import {
  columnsAtOnce,
  gatherFields,
  gatherKernel,
  gatherSlotBytes,
  spreadFields,
  spreadKernel,
  tapGradFields,
  tapGradKernel,
  tapWeightFields,
  tapWeightKernel,
} from './unfold-rows.ts'

/** Bytes of blocks that are in work at once. */
const blocksMost = 4 << 20
/** Nanoseconds in a chunk of work that is not a product. */
const chunkTime = 50_000

function kernelsOf(engine: Engine, machine: Machine): Record<string, Kernel> {
  return engine.kernels(`unfold ${machineKey(machine)}`, (m) => {
    gatherKernel(m, machine)
    spreadKernel(m)
    tapWeightKernel(m)
    tapGradKernel(m)
    productKernel(m, machine)
    kernelProductKernel(m, machine)
  })
}

/** A picture with strides in bytes: channel planes of rows of neighbouring columns. */
interface Picture {
  readonly at: number
  readonly channels: number
  readonly images: number
  readonly height: number
  readonly width: number
  readonly image: number
  readonly channel: number
  readonly row: number
}
function pictureOf(view: View): Picture {
  const [images, channels, height, width] = view.shape
  const [image, channel, row] = byteStrides(view)
  return { at: addressOf(view), images, channels, height, width, image, channel, row }
}
/** The same with all rows in one, where nothing lies between them. */
const oneRow = (p: Picture): Picture => ({ ...p, height: 1, width: p.height * p.width })
const isDense = (p: Picture): boolean => p.height === 1 || p.row === 4 * p.width

/** The results that read the same taps: rows and columns `start`, `start + step`, ... of a picture, and what each of them reads of the source. */
interface Grid {
  readonly rows: number
  readonly columns: number
  readonly stepH: number
  readonly stepW: number
  readonly rowTaps: readonly { tap: number; at: number }[]
  readonly columnTaps: readonly { tap: number; at: number }[]
}
type Phase = Axis['phases'][number]
const tapsOf = (axis: Axis, phase: Phase) =>
  phase.taps.map(({ tap, i, delta }) => ({ tap, at: delta * axis.srcStep + i }))
const gridOf = (h: Axis, w: Axis, hPhase: Phase, wPhase: Phase): Grid => ({
  rows: hPhase.count,
  columns: wPhase.count,
  stepH: h.srcStep,
  stepW: w.srcStep,
  rowTaps: tapsOf(h, hPhase),
  columnTaps: tapsOf(w, wPhase),
})
/** One tap at the result's own place. */
const sameGrid = (rows: number, columns: number): Grid => {
  const taps = [{ tap: 0, at: 0 }]
  return { rows, columns, stepH: 1, stepW: 1, rowTaps: taps, columnTaps: taps }
}

class Unfolded {
  private readonly engine: Engine
  private readonly machine: Machine
  private readonly kernels: Record<string, Kernel>

  constructor(engine: Engine, machine: Machine) {
    this.engine = engine
    this.machine = machine
    this.kernels = kernelsOf(engine, machine)
  }

  /** Rows of the grid, of all images, that are in work at once: so many that their blocks stay in cache. */
  private rowsAtOnce(images: number, grid: Grid, blocks: number): number {
    const all = images * grid.rows
    const fit = Math.max(1, Math.floor(blocksMost / (blocks * blockBytes * grid.columns)))
    return Math.ceil(all / Math.ceil(all / fit))
  }

  /** A function that copies what the grid reads of `source`, for some rows. */
  private gatherer(source: Picture, grid: Grid): (first: number, rows: number, out: Blocks) => void {
    const { engine } = this
    const ats = grid.columnTaps.map(({ at }) => at)
    const least = Math.min(...ats)
    const spread = Math.max(...ats) - least
    const columns = (columnsAtOnce - 1) * grid.stepW + spread + 1
    const zeros = zerosAt(engine, zeroRowBytes(columns))
    const rowTable = wordsAt(
      engine,
      grid.rowTaps.map(({ at }) => at),
    )
    const columnTable = wordsAt(engine, ats)
    const slots = slotsOf(engine, gatherSlotBytes(grid.stepW, spread))
    return (first, rows, out) => {
      const desc = describe(engine, gatherFields, {
        src: source.at,
        srcImage: source.image,
        srcChannel: source.channel,
        srcRow: source.row,
        channels: source.channels,
        height: source.height,
        width: source.width,
        rowsOfImage: grid.rows,
        columns: grid.columns,
        stepH: grid.stepH,
        stepW: grid.stepW,
        tapRows: grid.rowTaps.length,
        tapColumns: ats.length,
        rowTable,
        columnTable,
        least,
        spread,
        direct: Number(ats.length === 1 && grid.stepW === 1),
        firstRow: first,
        rows,
        out: out.at,
        plane: out.plane,
        blockPlane: out.blockPlane,
        zeros,
        ...slots,
      })
      const time = grid.rowTaps.length * (200 + grid.columns * (10 * grid.stepW + 4 * ats.length))
      engine.dispatch(this.kernels.gather, desc, out.blocks * rows, Math.ceil(chunkTime / time))
    }
  }

  /** dst at the phase's places = bias + sum over taps and channels. `kernel`: address and strides in bytes; lane is the channel of dst. */
  correlate(
    source: Picture,
    target: Picture & { readonly column: number },
    grid: Grid,
    bias: number,
    kernel: { src: number; lane: number; depth: number; row: number; column: number },
  ): void {
    const { engine, machine } = this
    const inputBlocks = blocksOf(source.channels)
    const outputBlocks = blocksOf(target.channels)
    const taps = grid.rowTaps.length * grid.columnTaps.length
    const depthBlocks = taps * inputBlocks
    const outBlock = depthBlocks * blockChannels * blockBytes
    const weights = engine.scratch(outputBlocks * outBlock)
    const table = grid.rowTaps.flatMap((u) => grid.columnTaps.map((v) => u.tap * kernel.row + v.tap * kernel.column))
    const weightDesc = describe(engine, tapWeightFields, {
      src: kernel.src,
      lane: kernel.lane,
      depth: kernel.depth,
      lanes: target.channels,
      depths: source.channels,
      depthBlocks: inputBlocks,
      taps,
      table: wordsAt(engine, table),
      out: weights,
      outBlock,
    })
    engine.dispatch(
      this.kernels.tapWeights,
      weightDesc,
      outputBlocks * taps,
      Math.ceil(chunkTime / (20 * source.channels)),
    )
    const gather = this.gatherer(source, grid)
    const sink = engine.scratch(sinkBytes(grid.columns, target.column))
    const most = this.rowsAtOnce(source.images, grid, depthBlocks + outputBlocks)
    const input = blocksAt(engine, taps, inputBlocks, most * grid.columns, 0)
    const output = blocksAt(engine, 1, outputBlocks, most * grid.columns, 0)
    for (const [first, rows] of engine.steps(source.images * grid.rows, most)) {
      gather(first, rows, input)
      const tiles = rows * grid.columns
      const fixed = { planes: 1, depthBlocks, weights: { at: weights, plane: 0 }, init: bias, initBlock: blockBytes }
      product(engine, machine, this.kernels.product, { ...fixed, tiles, input, output })
      const desc = describe(engine, spreadFields, {
        src: output.at,
        blockPlane: output.blockPlane,
        dst: target.at,
        dstImage: target.image,
        dstChannel: target.channel,
        dstRow: target.row,
        dstColumn: target.column,
        channels: target.channels,
        rowsOfImage: grid.rows,
        columns: grid.columns,
        firstRow: first,
        rows,
        sink,
      })
      engine.dispatch(this.kernels.spread, desc, outputBlocks * rows, Math.ceil(chunkTime / (100 + 10 * grid.columns)))
    }
  }

  weightGrad(x: Picture, y: Picture, grid: Grid, out: View): void {
    const { engine } = this
    const taps = grid.rowTaps.length * grid.columnTaps.length
    const inputBlocks = blocksOf(x.channels)
    const gradientBlocks = blocksOf(y.channels)
    const sums = sumsAt(engine, taps, y.channels, inputBlocks, 0)
    const zeros = zerosAt(engine, blockBytes)
    const gatherInput = this.gatherer(x, grid)
    const gatherGradient = this.gatherer(y, sameGrid(grid.rows, grid.columns))
    const most = this.rowsAtOnce(x.images, grid, taps * inputBlocks + gradientBlocks)
    const input = blocksAt(engine, taps, inputBlocks, most * grid.columns, 0)
    const gradient = blocksAt(engine, 1, gradientBlocks, most * grid.columns, 0)
    for (const [first, rows] of engine.steps(x.images * grid.rows, most)) {
      gatherInput(first, rows, input)
      gatherGradient(first, rows, gradient)
      kernelProduct(engine, this.kernels.kernelProduct, {
        planes: taps,
        tiles: rows * grid.columns,
        gradient: { ...gradient, plane: 0 },
        input,
        outputs: y.channels,
        sums,
        adds: first > 0,
        zeros,
      })
    }
    const [outStride, inStride, row, column] = byteStrides(out)
    const table = grid.rowTaps.flatMap((u) => grid.columnTaps.map((v) => u.tap * row + v.tap * column))
    const desc = describe(engine, tapGradFields, {
      src: sums.at,
      plane: sums.plane,
      rowBytes: sums.rowBytes,
      dst: addressOf(out),
      outStride,
      inStride,
      channels: x.channels,
      table: wordsAt(engine, table),
      taps,
    })
    engine.dispatch(this.kernels.tapGrads, desc, y.channels, Math.ceil(chunkTime / (5 * taps * x.channels)))
  }
}

/** Fewer channels leave lanes empty; the direct kernels (conv.ts) are better at them. */
const channelsLeast = 12

/** Runs the spec by unfolding if that suits it, and says whether it did. */
export function unfoldedConv(engine: Engine, machine: Machine, spec: ConvSpec): boolean {
  const { pass, w, bias, stride, padding, dilation, groups } = spec
  const [outputs, channels, kernelHeight, kernelWidth] = w.shape
  if (machine.type !== 'f32' || groups !== 1 || channels < channelsLeast || outputs < channelsLeast) return false
  if (spec.x.strides[3] !== 1 || spec.y.strides[3] !== 1) return false
  let [x, y] = [pictureOf(spec.x), pictureOf(spec.y)]
  const pointwise = kernelHeight * kernelWidth * stride[0] * stride[1] === 1 && padding[0] + padding[1] === 0
  if (pointwise && isDense(x) && isDense(y)) [x, y] = [oneRow(x), oneRow(y)]
  const [xSize, ySize] = [[x.height, x.width] as const, [y.height, y.width] as const]
  const axis = (d: 0 | 1): Axis =>
    pass === 'inputGrad'
      ? inputGradAxis(xSize[d], w.shape[2 + d], stride[d], padding[d], dilation[d])
      : forwardAxis(ySize[d], w.shape[2 + d], stride[d], padding[d], dilation[d])
  const [h, v] = [axis(0), axis(1)]
  const run = new Unfolded(engine, machine)
  const [outStride, inStride, row, column] = byteStrides(w)
  if (pass === 'weightGrad') {
    run.weightGrad(x, y, gridOf(h, v, h.phases[0], v.phases[0]), w)
    return true
  }
  const forward = pass === 'forward'
  const [source, target] = forward ? [x, y] : [y, x]
  const phases = h.phases.flatMap((hPhase) => v.phases.map((vPhase) => [hPhase, vPhase] as const))
  // A phase that no tap reaches would have to be filled with zeros: rare, and the direct kernels know it.
  if (phases.some(([hPhase, vPhase]) => hPhase.taps.length * vPhase.taps.length === 0)) return false
  const [lane, depth] = forward ? [outStride, inStride] : [inStride, outStride]
  const kernel = { src: addressOf(w), lane, depth, row, column }
  const biases = channelsAt(engine, target.channels, forward && bias ? addressOf(bias) : null, bias?.strides[0] ?? 0)
  for (const [hPhase, vPhase] of phases) {
    const at = target.at + hPhase.start * target.row + vPhase.start * 4
    const places = { ...target, at, row: target.row * h.dstStep, column: 4 * v.dstStep }
    run.correlate(source, places, gridOf(h, v, hPhase, vPhase), biases, kernel)
  }
  return true
}
