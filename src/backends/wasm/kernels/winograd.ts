// Winograd convolution: 3 x 3 and 5 x 5 kernels of stride 1, by tiles of 4 x 4 and 2 x 2 results, with 36 multiplications a tile instead of 144 and
// 100. All three passes are the same three steps, on as many tiles at a time as stay in cache: pixels to points, a product per point, points back.
import type { ConvSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine, type Kernel } from '../engine.ts'
import { settings } from '../settings.ts'
import {
  blocksAt,
  channelsAt,
  type Blocks,
  kernelProduct,
  kernelProductKernel,
  product,
  productKernel,
  sumsAt,
} from './block-products.ts'
import { blockBytes, blockChannels, blocksOf } from './blocks.ts'
import { byteStrides, describe, slotsOf, zerosAt } from './gemm-code.ts'
import { type Machine, machineKey } from './gemm-micro.ts'
import { type Winograd, winograd } from './winograd-math.ts'
import {
  pixelFields,
  pixelKernel,
  pixelSink,
  pixelSlotBytes,
  windowFields,
  windowKernel,
  windowSlotBytes,
  windowZeros,
} from './winograd-tiles.ts'
import {
  kernelFields,
  kernelGradFields,
  kernelGradKernel,
  kernelGradSlotBytes,
  kernelKernel,
  kernelSlotBytes,
} from './winograd-weights.ts'

/** The arithmetic by the size of the kernel. */
export type Methods = Readonly<Record<number, Winograd>>
export const methodsAt = (finite: readonly number[]): Methods => ({
  3: winograd(4, 3, finite),
  5: winograd(2, 5, finite),
})
/**
 * Points whose powers stay near 1: in float32 the error (root mean square) is 2.2 times smaller than at 0, 1, -1, 2, -2, and the smallest of all
 * choices tried (test/backends/winograd.test.ts).
 */
const methods = methodsAt([0, 2 / 3, -2 / 3, 3 / 2, -3 / 2])

/** Points of the tiles that are in work at once, in bytes. */
const pointsMost = 8 << 20
/** Bytes of kernels as points that are in work at once. */
const kernelsMost = 8 << 20
/** Bytes between planes of points: an odd number of cache lines. */
const apart = 3 * blockBytes
/** Nanoseconds in a chunk of work that is not a product. */
const chunkTime = 50_000

function kernelsOf(engine: Engine, machine: Machine, w: Winograd): Record<string, Kernel> {
  return engine.kernels(`winograd ${w.outputs}x${w.taps} at ${w.finite} ${machineKey(machine)}`, (m) => {
    windowKernel(m, machine, 'windows', w.input, w.outputs)
    windowKernel(m, machine, 'gradients', w.output, w.outputs)
    pixelKernel(m, machine, 'pixels', w.outputBack)
    kernelKernel(m, machine, 'weights', w.kernel)
    kernelGradKernel(m, machine, 'weightGrads', w.kernelBack)
    productKernel(m, machine)
    kernelProductKernel(m, machine)
  })
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

/**
 * Output blocks whose kernels are made, used and forgotten together. Where all tiles fit in one go, so many that their kernels stay in cache: those of
 * 512 x 512 channels are 38 MB as points. Else all, since they are used again and again.
 */
const groupOf = (t: Tiling, blocks: number, bytes: number): number =>
  t.rows < t.allRows ? blocks : Math.min(blocks, Math.max(1, Math.floor(kernelsMost / bytes)))
function* groups(blocks: number, group: number): Generator<[first: number, blocks: number]> {
  for (let first = 0; first < blocks; first += group) yield [first, Math.min(group, blocks - first)]
}

class Convolution {
  private readonly engine: Engine
  private readonly w: Winograd
  private readonly kernels: Record<string, Kernel>
  private readonly machine: Machine
  private readonly zeros: number

  constructor(engine: Engine, machine: Machine, w: Winograd) {
    this.engine = engine
    this.w = w
    this.kernels = kernelsOf(engine, machine, w)
    this.machine = machine
    this.zeros = zerosAt(engine, Math.max(windowZeros(w.points, w.outputs), blockBytes))
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
    out: Blocks,
  ): void {
    const { engine, w } = this
    const window = of === 'windows' ? w.points : w.outputs
    const [srcImage, srcChannel, srcRow] = byteStrides(view)
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
    points: Blocks,
    view: View,
    bias: number,
    sink: number,
    t: Tiling,
    firstRow: number,
    rows: number,
  ): void {
    const { engine, w } = this
    const [dstImage, dstChannel, dstRow] = byteStrides(view)
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
    const { engine, machine, w, square } = this
    const [images, channels] = src.shape
    const [, outputs, height, width] = dst.shape
    const t = tilingOf(images, height, width, w.outputs, channels + outputs)
    const depth = blocksOf(channels) * blockChannels
    const lanes = blocksOf(outputs)
    const group = groupOf(t, lanes, square * depth * blockBytes)
    const weightPlane = group * depth * blockBytes + apart
    const weights = engine.scratch(square * weightPlane)
    const makeWeights = (block: number, blocks: number): void => {
      const desc = describe(engine, kernelFields, {
        ...kernel,
        src: kernel.src + block * blockChannels * kernel.lane,
        dense: Math.abs(kernel.column) === 4 && kernel.row === w.taps * kernel.column ? kernel.column : 0,
        lanes: outputs - block * blockChannels,
        depths: channels,
        depthBlocks: depth,
        out: weights,
        plane: weightPlane,
        ...slotsOf(engine, kernelSlotBytes(w.points, w.taps)),
      })
      engine.dispatch(this.kernels.weights, desc, blocks * depth, Math.ceil(chunkTime / 200))
    }
    const biases = channelsAt(engine, outputs, bias && addressOf(bias), bias?.strides[0] ?? 0)
    const sink = engine.scratch(pixelSink(w.outputs))
    const tilesMost = t.rows * t.tileColumns
    const input = blocksAt(engine, square, blocksOf(channels), tilesMost, apart)
    const output = blocksAt(engine, square, blocksOf(outputs), tilesMost, apart)
    for (const [first, rows] of engine.steps(t.allRows, t.rows)) {
      this.enter('windows', src, pad, t, first, rows, input)
      for (const [block, blocks] of groups(lanes, group)) {
        if (first === 0) makeWeights(block, blocks)
        product(engine, machine, this.kernels.product, {
          planes: square,
          tiles: rows * t.tileColumns,
          depthBlocks: input.blocks,
          input,
          weights: { at: weights, plane: weightPlane },
          output: { ...output, at: output.at + block * output.blockPlane, blocks },
          init: this.zeros,
          initBlock: 0,
        })
      }
      this.leave(output, dst, biases, sink, t, first, rows)
    }
  }

  weightGrad(x: View, y: View, pad: readonly number[], out: View): void {
    const { engine, w, square } = this
    const [images, channels] = x.shape
    const [, outputs, height, width] = y.shape
    const t = tilingOf(images, height, width, w.outputs, channels + outputs)
    const tilesMost = t.rows * t.tileColumns
    const input = blocksAt(engine, square, blocksOf(channels), tilesMost, apart)
    const gradient = blocksAt(engine, square, blocksOf(outputs), tilesMost, apart)
    const group = groupOf(t, gradient.blocks, square * blockChannels * input.blocks * blockBytes)
    const sums = sumsAt(engine, square, group * blockChannels, input.blocks, apart)
    const [outStride, inStride, row, column] = byteStrides(out)
    const finish = (block: number, blocks: number): void => {
      const desc = describe(engine, kernelGradFields, {
        src: sums.at,
        plane: sums.plane,
        rowBytes: sums.rowBytes,
        blocks: input.blocks,
        dst: addressOf(out) + block * blockChannels * outStride,
        outStride,
        inStride,
        row,
        column,
        channels,
        ...slotsOf(engine, kernelGradSlotBytes(w.points, w.taps)),
      })
      const items = Math.min(blocks * blockChannels, outputs - block * blockChannels) * input.blocks
      engine.dispatch(this.kernels.weightGrads, desc, items, Math.ceil(chunkTime / 400))
    }
    for (const [first, rows] of engine.steps(t.allRows, t.rows)) {
      this.enter('windows', x, pad, t, first, rows, input)
      this.enter('gradients', y, [0, 0], t, first, rows, gradient)
      for (const [block, blocks] of groups(gradient.blocks, group)) {
        kernelProduct(engine, this.kernels.kernelProduct, {
          planes: square,
          tiles: rows * t.tileColumns,
          gradient: { ...gradient, at: gradient.at + block * gradient.blockPlane, blocks },
          input,
          outputs: outputs - block * blockChannels,
          sums,
          adds: first > 0,
          zeros: this.zeros,
        })
        if (first + rows === t.allRows) finish(block, blocks)
      }
    }
  }
}

/** Whether the convolution can be done by points, and is worth it. */
function fits({ pass, x, w, y, stride, padding, dilation, groups }: ConvSpec, byTaps: Methods): boolean {
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
export function winogradConv(engine: Engine, machine: Machine, spec: ConvSpec, byTaps = methods): boolean {
  if (machine.type !== 'f32' || !settings.winograd || !fits(spec, byTaps)) return false
  const { pass, x, w, y, bias, padding } = spec
  const taps = w.shape[2]
  const run = new Convolution(engine, machine, byTaps[taps])
  const [outStride, inStride, row, column] = byteStrides(w)
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
