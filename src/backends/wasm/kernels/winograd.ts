// Winograd convolution: 3 x 3 and 5 x 5 kernels of stride 1, by tiles of 4 x 4 and 2 x 2 results, with 36 multiplications a tile instead of 144 and
// 100. All three passes are the same three steps, on as many tiles at a time as stay in cache: pixels to points, a product per point, points back.
import { bytesOf } from '../../../base/dtype.ts'
import type { ConvSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine, type Kernel } from '../engine.ts'
import { describe, evenPanels, slotsOf } from './gemm-code.ts'
import { type Machine, machineKey, shapeOf } from './gemm-micro.ts'
import { kernelProductFields, kernelProductKernel, productFields, productKernel } from './winograd-gemm.ts'
import { type Winograd, winograd } from './winograd-math.ts'
import {
  blockBytes,
  blockChannels,
  pixelFields,
  pixelKernel,
  pixelSlotBytes,
  sinkBytes,
  windowFields,
  windowKernel,
  windowSlotBytes,
  zeroRowBytes,
} from './winograd-tiles.ts'
import {
  kernelFields,
  kernelGradFields,
  kernelGradKernel,
  kernelGradSlotBytes,
  kernelKernel,
  kernelSlotBytes,
} from './winograd-weights.ts'

/** Of the usual choices of five finite points the one with the smallest error in float32 (test/backends/winograd.test.ts). */
const finite = [0, 1, -1, 2, -2]
const byTaps: Readonly<Record<number, Winograd>> = { 3: winograd(4, 3, finite), 5: winograd(2, 5, finite) }

/** Points of the tiles that are in work at once, in bytes. */
const pointsMost = 8 << 20
/** Tiles that a product adds up at once: both operands stay in the first-level cache. */
const tilesAtOnce = 224
/** Multiplications in a chunk of a product; nanoseconds in a chunk of the other kernels. */
const worthSplitting = 1 << 20
const chunkTime = 50_000

function kernelsOf(engine: Engine, machine: Machine, w: Winograd): Record<string, Kernel> {
  return engine.kernels(`winograd ${w.outputs}x${w.taps} ${machineKey(machine)}`, (m) => {
    windowKernel(m, machine, 'windows', w.input, w.outputs)
    windowKernel(m, machine, 'gradients', w.output, w.outputs)
    pixelKernel(m, machine, 'pixels', w.outputBack)
    kernelKernel(m, machine, 'weights', w.kernel)
    kernelGradKernel(m, machine, 'weightGrads', w.kernelBack)
    productKernel(m, machine)
    kernelProductKernel(m, machine)
  })
}

const blocksOf = (channels: number): number => Math.ceil(channels / blockChannels)
const strides = (view: View): number[] => view.strides.map((s) => s * bytesOf(view.dtype))

function zerosAt(engine: Engine, bytes: number): number {
  const at = engine.scratch(bytes)
  engine.u8.fill(0, at, at + bytes)
  return at
}

/** The tiles of a picture: all rows of tiles, of all images, `rows` at a time. */
interface Tiling {
  readonly tileRows: number
  readonly tileColumns: number
  readonly allRows: number
  readonly rows: number
}

function tilingOf(images: number, height: number, width: number, outputs: number, channels: number): Tiling {
  const tileRows = Math.ceil(height / outputs)
  const tileColumns = Math.ceil(width / outputs)
  const allRows = images * tileRows
  const most = Math.max(1, Math.floor(pointsMost / (36 * 4 * channels * tileColumns)))
  const rows = Math.ceil(allRows / Math.ceil(allRows / most))
  return { tileRows, tileColumns, allRows, rows }
}

/** Tiles in [point][block][tile][16]. Planes are a little further apart than they are large, so that they do not meet in one set of the cache. */
interface Points {
  readonly at: number
  readonly blocks: number
  readonly plane: number
  readonly blockPlane: number
}
function pointsOf(engine: Engine, points: number, channels: number, tiles: number): Points {
  const blocks = blocksOf(channels)
  const blockPlane = tiles * blockBytes
  const plane = blocks * blockPlane + 3 * blockBytes
  return { at: engine.scratch(points * plane), blocks, plane, blockPlane }
}

class Convolution {
  private readonly engine: Engine
  private readonly w: Winograd
  private readonly kernels: Record<string, Kernel>
  private readonly rowsOfTile: number
  private readonly zeros: number

  constructor(engine: Engine, machine: Machine, w: Winograd) {
    this.engine = engine
    this.w = w
    this.kernels = kernelsOf(engine, machine, w)
    this.rowsOfTile = shapeOf(machine).rows
    this.zeros = zerosAt(engine, Math.max(zeroRowBytes(w.points, w.outputs), blockBytes))
  }

  private get square(): number {
    return this.w.points ** 2
  }

  /** The windows of `rows` rows of tiles, from `firstRow` on, as points: of the input, or of the gradient of the output. */
  private enter(
    of: 'windows' | 'gradients',
    view: View,
    pad: readonly number[],
    t: Tiling,
    firstRow: number,
    rows: number,
    out: Points,
  ): void {
    const { engine, w } = this
    const window = of === 'windows' ? w.points : w.outputs
    const [srcImage, srcChannel, srcRow] = strides(view)
    const desc = describe(engine, windowFields, {
      src: addressOf(view),
      srcImage,
      srcChannel,
      srcRow,
      channels: view.shape[1],
      height: view.shape[2],
      width: view.shape[3],
      padTop: pad[0],
      padLeft: pad[1],
      tileRows: t.tileRows,
      tileColumns: t.tileColumns,
      firstRow,
      rows,
      out: out.at,
      plane: out.plane,
      blockPlane: out.blockPlane,
      zeros: this.zeros,
      ...slotsOf(engine, windowSlotBytes(w.points, window, w.outputs)),
    })
    engine.dispatch(this.kernels[of], desc, out.blocks * rows, Math.ceil(chunkTime / (800 + 120 * t.tileColumns)))
  }

  private leave(
    points: Points,
    view: View,
    bias: number,
    sink: number,
    t: Tiling,
    firstRow: number,
    rows: number,
  ): void {
    const { engine, w } = this
    const [dstImage, dstChannel, dstRow] = strides(view)
    const desc = describe(engine, pixelFields, {
      points: points.at,
      plane: points.plane,
      blockPlane: points.blockPlane,
      bias,
      dst: addressOf(view),
      dstImage,
      dstChannel,
      dstRow,
      channels: view.shape[1],
      height: view.shape[2],
      width: view.shape[3],
      tileRows: t.tileRows,
      tileColumns: t.tileColumns,
      firstRow,
      rows,
      sink,
      ...slotsOf(engine, pixelSlotBytes(w.points, w.outputs)),
    })
    engine.dispatch(this.kernels.pixels, desc, points.blocks * rows, Math.ceil(chunkTime / (800 + 120 * t.tileColumns)))
  }

  /** dst = bias + src * kernel; `kernel`: address and strides in bytes of lane (channel of dst), depth (channel of src), row and column. */
  correlate(
    src: View,
    dst: View,
    pad: readonly number[],
    bias: View | null,
    kernel: { src: number; lane: number; depth: number; row: number; column: number },
  ): void {
    const { engine, w, square } = this
    const [images, channels] = src.shape
    const [, outputs, height, width] = dst.shape
    const t = tilingOf(images, height, width, w.outputs, channels + outputs)
    const depth = blocksOf(channels) * blockChannels
    const lanes = blocksOf(outputs)
    const weightPlane = lanes * depth * blockBytes
    const weights = engine.scratch(square * weightPlane)
    const weightDesc = describe(engine, kernelFields, {
      ...kernel,
      lanes: outputs,
      depths: channels,
      depthBlocks: depth,
      out: weights,
      plane: weightPlane,
      ...slotsOf(engine, kernelSlotBytes(w.points, w.taps)),
    })
    engine.dispatch(this.kernels.weights, weightDesc, lanes * depth, Math.ceil(chunkTime / 200))

    const biases = zerosAt(engine, lanes * blockBytes)
    if (bias !== null) {
      const [from, step] = [addressOf(bias) / 4, bias.strides[0]]
      for (let k = 0; k < outputs; k++) engine.f32[biases / 4 + k] = engine.f32[from + k * step]
    }
    const sink = engine.scratch(sinkBytes(w.outputs))
    const tilesMost = t.rows * t.tileColumns
    const input = pointsOf(engine, square, channels, tilesMost)
    const output = pointsOf(engine, square, outputs, tilesMost)
    for (let first = 0; first < t.allRows; first += t.rows) {
      const rows = Math.min(t.rows, t.allRows - first)
      const tiles = rows * t.tileColumns
      this.enter('windows', src, pad, t, first, rows, input)
      const panel = evenPanels(tiles, this.rowsOfTile)
      const desc = describe(engine, productFields, {
        a: input.at,
        aPlane: input.plane,
        aBlock: input.blockPlane,
        b: weights,
        bPlane: weightPlane,
        bBlock: depth * blockBytes,
        out: output.at,
        outPlane: output.plane,
        outBlock: output.blockPlane,
        outBlocks: lanes,
        depthBlocks: input.blocks,
        tiles,
        rowPanels: panel.panels,
        rowsSmall: panel.small,
        bigPanels: panel.bigPanels,
        zeros: this.zeros,
      })
      engine.dispatch(
        this.kernels.product,
        desc,
        square * lanes,
        Math.ceil(worthSplitting / (tiles * depth * blockChannels)),
      )
      this.leave(output, dst, biases, sink, t, first, rows)
    }
  }

  weightGrad(x: View, y: View, pad: readonly number[], out: View): void {
    const { engine, w, square } = this
    const [images, channels] = x.shape
    const [, outputs, height, width] = y.shape
    const t = tilingOf(images, height, width, w.outputs, channels + outputs)
    const tilesMost = t.rows * t.tileColumns
    const input = pointsOf(engine, square, channels, tilesMost)
    const gradient = pointsOf(engine, square, outputs, tilesMost)
    const rowBytes = input.blocks * blockBytes
    const plane = gradient.blocks * blockChannels * rowBytes
    const sums = engine.scratch(square * plane)
    for (let first = 0; first < t.allRows; first += t.rows) {
      const rows = Math.min(t.rows, t.allRows - first)
      const tiles = rows * t.tileColumns
      this.enter('windows', x, pad, t, first, rows, input)
      this.enter('gradients', y, [0, 0], t, first, rows, gradient)
      const desc = describe(engine, kernelProductFields, {
        a: gradient.at,
        aPlane: gradient.plane,
        aBlock: gradient.blockPlane,
        b: input.at,
        bPlane: input.plane,
        bBlock: input.blockPlane,
        out: sums,
        outPlane: plane,
        outRow: rowBytes,
        outBlocks: gradient.blocks,
        channelBlocks: input.blocks,
        outputs,
        tiles,
        run: Math.ceil(tiles / Math.ceil(tiles / tilesAtOnce)),
        adds: Number(first > 0),
        zeros: this.zeros,
      })
      const each = tiles * input.blocks * blockChannels * blockChannels
      engine.dispatch(this.kernels.kernelProduct, desc, square * gradient.blocks, Math.ceil(worthSplitting / each))
    }
    const [outStride, inStride, row, column] = strides(out)
    const desc = describe(engine, kernelGradFields, {
      src: sums,
      plane,
      rowBytes,
      blocks: input.blocks,
      dst: addressOf(out),
      outStride,
      inStride,
      row,
      column,
      channels,
      ...slotsOf(engine, kernelGradSlotBytes(w.points, w.taps)),
    })
    engine.dispatch(this.kernels.weightGrads, desc, outputs * input.blocks, Math.ceil(chunkTime / 400))
  }
}

/** Whether the convolution can be done by points, and is worth it. */
function fits({ pass, x, w, y, stride, padding, dilation, groups }: ConvSpec): boolean {
  const [outputs, channels, kernelHeight, kernelWidth] = w.shape
  const shape = byTaps[kernelHeight]
  if (shape === undefined || kernelWidth !== kernelHeight || x.dtype !== 'float32' || groups !== 1) return false
  if (stride[0] !== 1 || stride[1] !== 1 || dilation[0] !== 1 || dilation[1] !== 1) return false
  if (padding[0] >= kernelHeight || padding[1] >= kernelHeight) return false
  if (x.strides[3] !== 1 || y.strides[3] !== 1) return false
  const [images, , height, width] = pass === 'inputGrad' ? x.shape : y.shape
  const tiles = images * Math.ceil(height / shape.outputs) * Math.ceil(width / shape.outputs)
  const saved = (images * height * width * kernelHeight * kernelWidth) / (tiles * shape.points ** 2)
  return channels >= 12 && outputs >= 12 && saved >= 1.4 && tiles >= 24
}

/** Runs the spec if Winograd's way suits it, and says whether it did. */
export function winogradConv(engine: Engine, machine: Machine, spec: ConvSpec): boolean {
  if (machine.type !== 'f32' || !engine.features.winograd || !fits(spec)) return false
  const { pass, x, w, y, bias, padding } = spec
  const taps = w.shape[2]
  const run = new Convolution(engine, machine, byTaps[taps])
  const [outStride, inStride, row, column] = strides(w)
  if (pass === 'weightGrad') run.weightGrad(x, y, padding, w)
  else if (pass === 'forward')
    run.correlate(x, y, padding, bias, { src: addressOf(w), lane: outStride, depth: inStride, row, column })
  else {
    // The input gradient correlates with the kernel turned by 180 degrees, its inputs and outputs exchanged.
    const last = addressOf(w) + (taps - 1) * (row + column)
    const kernel = { src: last, lane: inStride, depth: outStride, row: -row, column: -column }
    run.correlate(
      y,
      x,
      padding.map((p) => taps - 1 - p),
      null,
      kernel,
    )
  }
  return true
}
