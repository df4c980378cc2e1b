// Plans convolutions with images in lanes (image-lanes*.ts): few channels, small pictures, many of them, as in LeNet.
import type { ConvSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine, type Kernel } from '../engine.ts'
import { blockBytes, sinkBytes, zeroRowBytes } from './blocks.ts'
import { weightFields, weightPackKernel } from './conv-pack.ts'
import { byteStrides, describe, evenPanels, slotsOf, wordsAt, zerosAt } from './gemm-code.ts'
import { type Machine, machineKey, shapeOf } from './gemm-micro.ts'
import { imageFields, imageKernel, imagesAtOnce } from './image-lanes.ts'
import { gradRows, imageGradFields, imageGradKernel, imageSumFields, imageSumKernel } from './image-lanes-grad.ts'

/** Bytes of all planes of a group of images, which stay in the second-level cache, and of a band of results. */
const planesMost = 384 * 1024
const bandMost = 112 * 1024
/** Bytes of the gradient that a tile reads again for every tap. */
const gradBandMost = 16 * 1024
/** Parts of the weight gradient: enough for any small number of threads. */
const partsMost = 8
/** The widest kernel: its taps are unrolled. */
const tapsMost = 7
const groupsLeast = 4

function kernelsOf(engine: Engine, machine: Machine, across: number): Record<string, Kernel> {
  return engine.kernels(`conv images ${across} ${machineKey(machine)}`, (m) => {
    imageKernel(m, machine, across)
    imageGradKernel(m, machine)
    imageSumKernel(m)
    weightPackKernel(m, machine)
  })
}

/** What a result reads along one dimension: the source of tap 0 (it may lie outside), the first tap inside, and how many are. */
interface Reach {
  readonly at: number
  readonly first: number
  readonly count: number
}
function reachOf(results: number, size: number, taps: number, step: number, padding: number): Reach[] {
  return Array.from({ length: results }, (_, i) => {
    const at = i * step - padding
    const first = Math.max(0, -at)
    return { at, first, count: Math.min(taps, size - at) - first }
  })
}

/** dst = bias + sum over taps of src; the gradient of the input is the same with the taps turned around. */
function correlate(engine: Engine, machine: Machine, spec: ConvSpec, rows: Reach[], columns: Reach[]): void {
  const { pass, w } = spec
  const forward = pass === 'forward'
  const [src, dst] = forward ? [spec.x, spec.y] : [spec.y, spec.x]
  const [, channels, srcHeight, srcWidth] = src.shape
  const [images, outputs, height, width] = dst.shape
  const [tapRows, across] = w.shape.slice(2)
  const kernels = kernelsOf(engine, machine, across)
  const [wOut, wIn, wRow, wColumn] = byteStrides(w)
  const [lane, depth] = forward ? [wOut, wIn] : [wIn, wOut]
  const order = (count: number, tap: number): number => (forward ? tap : count - 1 - tap)
  const weightTable: number[] = []
  for (let u = 0; u < tapRows; u++)
    for (let c = 0; c < channels; c++)
      for (let v = 0; v < across; v++)
        weightTable.push(c * depth + order(tapRows, u) * wRow + order(across, v) * wColumn)
  const panel = evenPanels(outputs, shapeOf(machine).rows)
  const panels = { rowsSmall: panel.small, bigPanels: panel.bigPanels }
  const weights = engine.scratch(outputs * weightTable.length * 4)
  const weightDesc = describe(engine, weightFields, {
    src: addressOf(w),
    row: lane,
    table: wordsAt(engine, weightTable),
    dst: weights,
    k: weightTable.length,
    panels: panel.panels,
    ...panels,
  })
  engine.dispatch(kernels.packWeights, weightDesc, panel.panels, panel.panels)
  const bias = zerosAt(engine, outputs * blockBytes)
  if (forward && spec.bias) {
    const [from, step] = [addressOf(spec.bias) / 4, spec.bias.strides[0]]
    engine.host(() => {
      for (let k = 0; k < outputs; k++)
        engine.f32.fill(engine.f32[from + k * step], bias / 4 + 16 * k, bias / 4 + 16 * k + 16)
    })
  }
  const pixels = srcHeight * srcWidth
  const plane = pixels * blockBytes
  const runTable: number[] = []
  for (let u = 0; u < tapRows; u++)
    for (let c = 0; c < channels; c++) runTable.push(c * plane + u * srcWidth * blockBytes)
  const words = (reach: readonly Reach[], bytes: number, inAt: boolean): number =>
    wordsAt(
      engine,
      reach.flatMap(({ at, first, count }) => [(inAt ? at + first : at) * bytes, first, count]),
    )
  const bandRows = Math.max(1, Math.floor(bandMost / (outputs * width * blockBytes)))
  const band = Math.ceil(height / Math.ceil(height / bandRows))
  const slabBytes = channels * plane
  const [srcImage, srcChannel] = byteStrides(src)
  const [dstImage, dstChannel] = byteStrides(dst)
  const desc = describe(engine, imageFields, {
    src: addressOf(src),
    srcImage,
    srcChannel,
    channels,
    pixels,
    images,
    dst: addressOf(dst),
    dstImage,
    dstChannel,
    outputs,
    height,
    width,
    bandRows: band,
    weights,
    depth: weightTable.length,
    rowPanels: panel.panels,
    ...panels,
    rowTable: words(rows, srcWidth * blockBytes, false),
    columnTable: words(columns, blockBytes, true),
    runTable: wordsAt(engine, runTable),
    bias,
    zeros: zerosAt(engine, zeroRowBytes(pixels)),
    sink: engine.scratch(sinkBytes(band * width, 4)),
    slabBytes,
    ...slotsOf(engine, slabBytes + outputs * band * width * blockBytes),
  })
  engine.dispatch(kernels.images, desc, Math.ceil(images / imagesAtOnce), 1)
}

function weightGrad(engine: Engine, machine: Machine, { x, w, y, stride, padding }: ConvSpec): void {
  const [images, channels, xHeight, xWidth] = x.shape
  const [, outputs, height, width] = y.shape
  const [tapRows, across] = w.shape.slice(2)
  const kernels = kernelsOf(engine, machine, across)
  const slabHeight = (height - 1) * stride[0] + tapRows
  const slabWidth = (width - 1) * stride[1] + across
  const plane = slabHeight * slabWidth * blockBytes
  const [wOut, wIn, wRow, wColumn] = byteStrides(w)
  const places: number[] = []
  const tapTable: number[] = []
  for (let c = 0; c < channels; c++)
    for (let u = 0; u < tapRows; u++)
      for (let v = 0; v < across; v++) {
        tapTable.push(c * plane + (u * slabWidth + v) * blockBytes)
        places.push(c * wIn + u * wRow + v * wColumn)
      }
  const taps = tapTable.length
  const groups = Math.ceil(images / imagesAtOnce)
  const groupsPerPart = Math.ceil(groups / partsMost)
  const parts = Math.ceil(groups / groupsPerPart)
  const cellsPart = outputs * taps * blockBytes
  const cells = engine.scratch(parts * cellsPart)
  const panel = evenPanels(outputs, gradRows)
  const bandRows = Math.max(1, Math.floor(gradBandMost / (gradRows * width * blockBytes)))
  const slabBytes = channels * plane
  const bStep = stride[1] * blockBytes
  const bLine = stride[0] * slabWidth * blockBytes
  const [xImage, xChannel, xRow] = byteStrides(x)
  const [yImage, yChannel] = byteStrides(y)
  const desc = describe(engine, imageGradFields, {
    x: addressOf(x),
    xImage,
    xChannel,
    xRow,
    channels,
    xHeight,
    xWidth,
    padTop: padding[0],
    padLeft: padding[1],
    slabHeight,
    slabWidth,
    y: addressOf(y),
    yImage,
    yChannel,
    outputs,
    height,
    width,
    bandRows: Math.ceil(height / Math.ceil(height / bandRows)),
    images,
    groups,
    groupsPerPart,
    bStep,
    bSkip: bLine - width * bStep,
    bLine,
    rowPanels: panel.panels,
    rowsSmall: panel.small,
    bigPanels: panel.bigPanels,
    tapTable: wordsAt(engine, tapTable),
    taps,
    zeros: zerosAt(engine, zeroRowBytes(Math.max(slabWidth, height * width))),
    cells,
    cellsPart,
    slabBytes,
    ...slotsOf(engine, slabBytes + outputs * height * width * blockBytes),
  })
  engine.dispatch(kernels.imageGrads, desc, parts, 1)
  const sums = describe(engine, imageSumFields, {
    cells,
    cellsPart,
    parts,
    dst: addressOf(w),
    row: wOut,
    table: wordsAt(engine, places),
    taps,
  })
  engine.dispatch(kernels.imageSums, sums, outputs * taps, 1024)
}

const isDense = (view: View): boolean => view.strides[3] === 1 && view.strides[2] === view.shape[3]

/** Runs the spec with images in lanes if that suits it, and says whether it did. */
export function imagesConv(engine: Engine, machine: Machine, spec: ConvSpec): boolean {
  const { pass, x, w, y, stride, padding, dilation, groups } = spec
  const [, channels, height, width] = x.shape
  const [outputs, , tapRows, across] = w.shape
  const [, , outHeight, outWidth] = y.shape
  if (machine.type !== 'f32' || groups !== 1 || dilation[0] * dilation[1] !== 1 || across > tapsMost) return false
  if (!isDense(x) || !isDense(y)) return false
  const planes = channels * height * width + outputs * outHeight * outWidth
  const full = x.shape[0] / (imagesAtOnce * Math.ceil(x.shape[0] / imagesAtOnce))
  if (x.shape[0] < groupsLeast * imagesAtOnce || full < 0.75 || planes * blockBytes > planesMost) return false
  if (pass === 'weightGrad') {
    weightGrad(engine, machine, spec)
    return true
  }
  if (pass === 'inputGrad' && stride[0] * stride[1] !== 1) return false
  const [rows, columns] = [0, 1].map((d) =>
    pass === 'forward'
      ? reachOf(y.shape[2 + d], x.shape[2 + d], w.shape[2 + d], stride[d], padding[d])
      : reachOf(x.shape[2 + d], y.shape[2 + d], w.shape[2 + d], 1, w.shape[2 + d] - 1 - padding[d]),
  )
  // A result that no tap reaches is rare, and the other kernels know it.
  if ([...rows, ...columns].some(({ count }) => count < 1) || tapRows < 1) return false
  correlate(engine, machine, spec, rows, columns)
  return true
}
