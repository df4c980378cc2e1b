// 2-d convolution and its gradients: plans the kernels of conv-correlate.ts and conv-weight.ts. Called by the wasm device for ConvSpec.
// Forward and input gradient are one kernel: both gather. The plan depends on sizes and strides only, never on the number of threads.
import { DTypeError } from '../../../base/errors.ts'
import { numelOf } from '../../../base/shape.ts'
import type { ConvSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine, type Kernel } from '../engine.ts'
import { imagesConv } from './conv-images.ts'
import { type Axis, forwardAxis, inputGradAxis, slabColumns, tapRanges } from './conv-axis.ts'
import { correlateFields, correlateKernel, phaseBytes, phaseFields } from './conv-correlate.ts'
import { weightFields, weightPackKernel } from './conv-pack.ts'
import { slabMargin } from './conv-slab.ts'
import { partsFields, sumPartsKernel, weightGradFields, weightGradKernel } from './conv-weight.ts'
import { machineOf } from './gemm.ts'
import { byteStrides, describe, evenPanels, slotsOf, wordsAt } from './gemm-code.ts'
import { type Machine, machineKey, shapeOf } from './gemm-micro.ts'
import { unfoldedConv } from './unfold.ts'
import { winogradConv } from './winograd.ts'

/** Depth of a block of (channel, tap), as in gemm; bytes of accumulators and of a slab that stay in the second-level cache. */
const depthMost = 256
const accMost = 192 * 1024
const slabMost = 256 * 1024
const panelsPerBlockMost = 16
/** Items that every number of threads can share, and multiplications that make a chunk worth handing over. */
const itemsWanted = 16
const worthSplitting = 1 << 18
/** Weight gradient: pixels of a band (six rows of it stay in the first-level cache), outputs of a block, cells of accumulators. */
const bandPixels = 640
const outputsMost = 25
const cellsMost = 8192

const roundUp = (x: number, to: number): number => Math.ceil(x / to) * to

function kernelsOf(engine: Engine, machine: Machine): Record<string, Kernel> {
  return engine.kernels(`conv ${machineKey(machine)}`, (m) => {
    correlateKernel(m, machine)
    weightPackKernel(m, machine)
    weightGradKernel(m, machine)
    sumPartsKernel(m, machine)
  })
}

interface Slab {
  readonly rows: number
  readonly columns: number
  readonly channelBytes: number
}
/** The slab for `bandRows` destination rows. */
function slabOf(h: Axis, w: Axis, bandRows: number, bytes: number): Slab {
  const rows = bandRows + h.most - h.least
  const columns = w.count + w.most - w.least
  return { rows, columns, channelBytes: roundUp(h.srcStep * w.srcStep * rows * columns * bytes, 16) }
}

interface SlabTap {
  readonly u: number
  readonly v: number
  /** Bytes from a destination pixel's place in a channel of the slab. */
  readonly at: number
}
function slabTaps(
  h: Axis,
  w: Axis,
  hPhase: Axis['phases'][number],
  wPhase: Axis['phases'][number],
  slab: Slab,
  bytes: number,
): SlabTap[] {
  return hPhase.taps.flatMap((a) =>
    wPhase.taps.map((b) => {
      const part = a.i * w.srcStep + b.i
      const at = ((part * slab.rows + a.delta - h.least) * slab.columns + b.delta - w.least) * bytes
      return { u: a.tap, v: b.tap, at }
    }),
  )
}

/** dst[image, group, row channel] = bias + sum over source channels and taps of weight * src. */
function correlate(engine: Engine, machine: Machine, spec: ConvSpec, src: View, dst: View, h: Axis, w: Axis): void {
  const { bytes, rows: rowsMost, columns: tileColumns } = shapeOf(machine)
  const forward = spec.pass === 'forward'
  const { groups } = spec
  const [images, srcChannels, srcHeight, srcWidth] = src.shape
  const channels = srcChannels / groups
  const outputs = dst.shape[1] / groups
  const kernels = kernelsOf(engine, machine)
  const panel = evenPanels(outputs, rowsMost)
  const channelBlocks = Math.ceil(panel.panels / panelsPerBlockMost)
  const panelsPerBlock = Math.ceil(panel.panels / channelBlocks)
  const blockRows = Math.min(outputs, panelsPerBlock * rowsMost)
  const phases = h.phases.flatMap((hPhase) => w.phases.map((wPhase) => ({ hPhase, wPhase })))

  const rowBytes = blockRows * (w.count + w.most - w.least) * bytes * phases.length
  let bandRows = Math.min(h.count, Math.max(1, Math.floor(accMost / rowBytes)))
  const bandsWanted = Math.min(h.count, Math.ceil(itemsWanted / (images * groups * channelBlocks)))
  bandRows = Math.min(bandRows, Math.ceil(h.count / bandsWanted))
  bandRows = Math.ceil(h.count / Math.ceil(h.count / bandRows))
  const bands = Math.ceil(h.count / bandRows)
  const slab = slabOf(h, w, bandRows, bytes)
  const tapsMost = Math.max(1, ...phases.map(({ hPhase, wPhase }) => hPhase.taps.length * wPhase.taps.length))
  const blocks = Math.ceil(
    channels / Math.max(1, Math.min(Math.floor(depthMost / tapsMost), Math.floor(slabMost / slab.channelBytes))),
  )
  const channelBlock = Math.ceil(channels / blocks)

  // The weight's own strides: forward reads rows by output and k by input channel, the input gradient the other way round.
  const [wOut, wIn, wRow, wColumn] = byteStrides(spec.w)
  const [rowStride, depthStride] = forward ? [wOut, wIn] : [wIn, wOut]
  const groupStride = wOut * (spec.w.shape[0] / groups)
  const [dstImage, dstChannel, dstRow, dstColumn] = byteStrides(dst)
  const packed = phases.map(({ hPhase, wPhase }) => {
    const taps = slabTaps(h, w, hPhase, wPhase, slab, bytes)
    const depth = channels * taps.length
    const at = engine.scratch(Math.max(1, groups * outputs * depth) * bytes)
    const across = wPhase.taps.length
    /** The depth of a block of channels in the order of the micro-kernel: tap rows, channels, tap columns. */
    const inBlock = (size: number, value: (c: number, tap: SlabTap) => number): number[] =>
      hPhase.taps.flatMap((_, u) =>
        Array.from({ length: size }, (_, c) =>
          taps.slice(u * across, (u + 1) * across).map((tap) => value(c, tap)),
        ).flat(),
      )
    const offsets: number[] = []
    for (let c0 = 0; c0 < channels; c0 += channelBlock) {
      const weightAt = (c: number, { u, v }: SlabTap) => (c0 + c) * depthStride + u * wRow + v * wColumn
      offsets.push(...inBlock(Math.min(channelBlock, channels - c0), weightAt))
    }
    const desc = describe(engine, weightFields, {
      src: addressOf(spec.w),
      group: groupStride,
      row: rowStride,
      table: wordsAt(engine, offsets),
      dst: at,
      dstGroup: outputs * depth * bytes,
      k: depth,
      panels: panel.panels,
      rowsSmall: panel.small,
      bigPanels: panel.bigPanels,
    })
    engine.dispatch(
      kernels.packWeights,
      desc,
      groups * panel.panels,
      Math.max(1, Math.floor(16384 / (rowsMost * Math.max(depth, 1)))),
    )
    const slabAt = (c: number, tap: SlabTap) => c * slab.channelBytes + tap.at
    return {
      at,
      taps: taps.length,
      across,
      lastTable: wordsAt(engine, inBlock(channels % channelBlock, slabAt)),
      ranges: wordsAt(engine, tapRanges(h, hPhase, srcHeight)),
      groupBytes: outputs * depth * bytes,
      table: wordsAt(engine, inBlock(channelBlock, slabAt)),
      hPhase,
      wPhase,
    }
  })
  const base = packed[0].at
  const phaseTable = new Array<number>(phases.length * (phaseBytes / 4)).fill(0)
  packed.forEach((phase, k) => {
    const values: Record<keyof typeof phaseFields, number> = {
      weights: phase.at - base,
      group: phase.groupBytes,
      taps: phase.taps,
      across: phase.across,
      table: phase.table,
      lastTable: phase.lastTable,
      ranges: phase.ranges,
      rows: phase.hPhase.count,
      columns: phase.wPhase.count,
      dst: phase.hPhase.start * dstRow + phase.wPhase.start * dstColumn,
    }
    for (const name of Object.keys(values) as (keyof typeof values)[])
      phaseTable[(k * phaseBytes + phaseFields[name]) / 4] = values[name]
  })

  const wide = (bandRows - 1) * slab.columns + w.count
  const accRow = Math.ceil(wide / tileColumns) * tileColumns * bytes
  const accPhase = accRow * blockRows
  const accBytes = roundUp(accPhase * phases.length, 64)
  // A last tile of pixels reads behind the slab by less than a tile.
  const slabBytes = channelBlock * slab.channelBytes + slabMargin + tileColumns * bytes + 16
  const zeros = wordsAt(engine, new Array<number>((tileColumns * bytes) / 4).fill(0))
  const [srcImage, srcChannel, srcRow, srcColumn] = byteStrides(src)
  const bias = forward ? spec.bias : null
  const biasStep = bias === null ? 0 : byteStrides(bias)[0]
  const desc = describe(engine, correlateFields, {
    src: addressOf(src),
    srcImage,
    srcGroup: srcChannel * channels,
    srcChannel,
    srcRow,
    srcColumnStep: srcColumn * w.srcStep,
    srcRows: srcHeight,
    columnTable: wordsAt(engine, slabColumns(w, slab.columns, srcWidth, srcColumn)),
    stepH: h.srcStep,
    stepW: w.srcStep,
    channels,
    channelBlock,
    channelBytes: slab.channelBytes,
    slabRows: slab.rows,
    slabColumns: slab.columns,
    slabFirst: h.least,
    dst: addressOf(dst),
    dstImage,
    dstGroup: dstChannel * outputs,
    dstChannel,
    dstRow: dstRow * h.dstStep,
    dstColumn: dstColumn * w.dstStep,
    weights: base,
    bias: bias === null ? zeros : addressOf(bias),
    biasGroup: biasStep * outputs,
    biasChannel: biasStep,
    zeros,
    groups,
    bands,
    bandRows,
    channelPanels: panel.panels,
    rowsSmall: panel.small,
    bigPanels: panel.bigPanels,
    channelBlocks,
    panelsPerBlock,
    phases: wordsAt(engine, phaseTable),
    phaseCount: phases.length,
    accRow,
    accPhase,
    accBytes,
    ...slotsOf(engine, accBytes + slabBytes),
  })
  const each = blockRows * wide * channels * tapsMost * phases.length
  engine.dispatch(
    kernels.correlate,
    desc,
    images * groups * bands * channelBlocks,
    Math.max(1, Math.floor(worthSplitting / each)),
  )
}

function weightGrad(engine: Engine, machine: Machine, spec: ConvSpec, h: Axis, w: Axis): void {
  const { bytes, vector, rows } = shapeOf(machine)
  const { groups, x, y } = spec
  const [images, , height, width] = x.shape
  const [outputsAll, channels, kernelHeight, kernelWidth] = spec.w.shape
  const outputs = outputsAll / groups
  const taps = kernelHeight * kernelWidth
  const columns = w.count + w.most - w.least
  const bands = Math.max(1, Math.min(h.count, Math.ceil((h.count * columns) / bandPixels)))
  const bandRows = Math.ceil(h.count / bands)
  const slab = slabOf(h, w, bandRows, bytes)
  const outputBlock = Math.min(outputs, outputsMost)
  const most = Math.min(Math.floor(cellsMost / (outputBlock * taps)), Math.floor(slabMost / slab.channelBytes))
  const channelBlocks = Math.ceil(channels / Math.max(1, most))
  const channelBlock = Math.ceil(channels / channelBlocks)
  const outputBlocks = Math.ceil(outputs / outputBlock)
  const items = groups * outputBlocks * channelBlocks
  const imagesPerPart = Math.ceil(images / Math.max(1, Math.min(images, Math.ceil(itemsWanted / items))))
  const parts = Math.max(1, Math.ceil(images / Math.max(1, imagesPerPart)))

  const cellBytes = vector * bytes
  const accBytes = roundUp(outputBlock * channelBlock * taps * cellBytes, 64)
  const slabBytes = roundUp(channelBlock * slab.channelBytes + slabMargin + 16, 64)
  const yChannelBytes = roundUp(bandRows * slab.columns * bytes, 64)
  const yBytes = roundUp(outputBlock * yChannelBytes + slabMargin + 16, 64)
  // Small images go together: the accumulators are loaded and stored once for all of them.
  const fitting =
    bands > 1 ? 1 : Math.min(bandPixels / (bandRows * slab.columns), slabMost / slabBytes, slabMost / yBytes)
  const imagesAtOnce = Math.max(1, Math.min(imagesPerPart, Math.floor(fitting)))
  // Six rows of a dot tile take every register: five are faster unless they mean one more tile.
  const rowsMost = outputBlock > rows ? rows - 1 : rows
  const tileRows = Math.ceil(outputBlock / Math.ceil(outputBlock / rowsMost))
  const places = h.count > 0 && w.count > 0 ? slabTaps(h, w, h.phases[0], w.phases[0], slab, bytes) : []
  const table: number[] = []
  for (let c = 0; c < channelBlock; c++) for (const tap of places) table.push(c * slab.channelBytes + tap.at)
  const partialPart = outputsAll * channels * taps * bytes
  const partial = engine.scratch(parts * partialPart)

  const [srcImage, srcChannel, srcRow, srcColumn] = byteStrides(x)
  const [yImage, yChannel, yRow, yColumn] = byteStrides(y)
  const [wOut, wIn, wRow, wColumn] = byteStrides(spec.w)
  const kernels = kernelsOf(engine, machine)
  const desc = describe(engine, weightGradFields, {
    src: addressOf(x),
    srcImage,
    srcGroup: srcChannel * channels,
    srcChannel,
    srcRow,
    srcColumnStep: srcColumn * w.srcStep,
    srcRows: height,
    columnTable: wordsAt(engine, slabColumns(w, slab.columns, width, srcColumn)),
    stepH: h.srcStep,
    stepW: w.srcStep,
    channelBytes: slab.channelBytes,
    slabRows: slab.rows,
    slabColumns: slab.columns,
    slabFirst: h.least,
    y: addressOf(y),
    yImage,
    yGroup: yChannel * outputs,
    yChannel,
    yRow,
    yColumn,
    yRows: h.count,
    yColumns: w.count,
    yTable: wordsAt(engine, [0, w.count, 0]),
    yChannelBytes,
    partial,
    partialPart,
    table: wordsAt(engine, table),
    taps,
    images: places.length > 0 ? images : 0,
    parts,
    imagesPerPart,
    groups,
    bands,
    bandRows,
    outputs,
    outputBlock,
    outputBlocks,
    channels,
    channelBlock,
    channelBlocks,
    ...slotsOf(engine, accBytes + imagesAtOnce * (slabBytes + yBytes)),
    accBytes,
    slabBytes,
    yBytes,
    imagesAtOnce,
    tileRows,
  })
  engine.dispatch(kernels.weightGrad, desc, parts * items, 1)

  const offsets: number[] = []
  for (let c = 0; c < channels; c++)
    for (let u = 0; u < kernelHeight; u++)
      for (let v = 0; v < kernelWidth; v++) offsets.push(c * wIn + u * wRow + v * wColumn)
  const sums = describe(engine, partsFields, {
    partial,
    partialPart,
    parts,
    dst: addressOf(spec.w),
    row: wOut,
    table: wordsAt(engine, offsets),
    k: channels * taps,
  })
  engine.dispatch(kernels.sumParts, sums, outputsAll, Math.max(1, Math.floor(65536 / (channels * taps * parts))))
}

export const conv =
  (engine: Engine) =>
  (spec: ConvSpec): void => {
    const { pass, x, w, y, stride, padding, dilation } = spec
    const written = { forward: y, inputGrad: x, weightGrad: w }[pass]
    const { dtype } = written
    if (dtype !== 'float32' && dtype !== 'float64') throw new DTypeError(`conv: dtype ${dtype} is not supported`)
    if (numelOf(written.shape) === 0) return
    const machine = machineOf(engine, dtype === 'float32' ? 'f32' : 'f64')
    if ([winogradConv, unfoldedConv, imagesConv].some((run) => run(engine, machine, spec))) return
    const axis = (d: 0 | 1): Axis =>
      pass === 'inputGrad'
        ? inputGradAxis(x.shape[2 + d], w.shape[2 + d], stride[d], padding[d], dilation[d])
        : forwardAxis(y.shape[2 + d], w.shape[2 + d], stride[d], padding[d], dilation[d])
    if (pass === 'weightGrad') weightGrad(engine, machine, spec, axis(0), axis(1))
    else if (pass === 'forward') correlate(engine, machine, spec, x, y, axis(0), axis(1))
    else correlate(engine, machine, spec, y, x, axis(0), axis(1))
  }
