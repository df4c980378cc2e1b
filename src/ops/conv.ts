// Convolution over one, two and three dimensions, and its transpose. Three products of one relation between input, weight and output:
// each of them is the gradient of the other two, so gradients of any order need nothing else.
import { record } from '../autograd/record.ts'
import * as E from '../base/expr.ts'
import { computeType, isFloating } from '../base/dtype.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import * as kinds from '../kinds.ts'
import { launch } from '../runtime/launch.ts'
import type { ConvSpec, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { convVolumes } from './convVolumes.ts'
import { inFloat32, takenAsIs } from './copy.ts'
import { fillWith } from './fill.ts'
import { sameDType } from './matmul.ts'
import { sumTo } from './sumTo.ts'
import { asPlanes, type Size, sizePerDim } from './window.ts'
import { embed } from './view.ts'

/** Stride, padding and dilation of each spatial dimension. */
interface Geometry {
  readonly stride: readonly number[]
  readonly padding: readonly number[]
  readonly dilation: readonly number[]
  readonly groups: number
}

const pair = (list: readonly number[], missing: number): [number, number] =>
  list.length === 2 ? [list[0], list[1]] : [missing, list[0]]

type Relation = {
  readonly x: Tensor
  readonly w: Tensor
  readonly y: Tensor
  /** Of `forward` by channels of y, of `inputGrad` by channels of x. */
  readonly bias: Tensor | null
}
const written = { forward: 'y', inputGrad: 'x', weightGrad: 'w' } as const

/** Writes one of the three from the other two. */
function run(pass: ConvSpec['pass'], relation: Relation, geometry: Geometry): void {
  const { x, w, y, bias } = relation
  // What adds to its result would round it more than once.
  const adds = x.ndim === 5 || (pass === 'inputGrad' && bias !== null)
  if (!adds && [x, w, y].every(takenAsIs)) runWide(pass, relation, geometry)
  else inFloat32(relation, written[pass], (wide) => runWide(pass, wide, geometry))
}

function runWide(pass: ConvSpec['pass'], { x, w, y, bias }: Relation, geometry: Geometry): void {
  const added = pass === 'forward' ? bias : null
  if (x.ndim === 5) convVolumes({ pass, x, w, y, bias: added, ...geometry })
  else launchPlanes(pass, { x, w, y, bias: added }, geometry)
  if (pass === 'inputGrad' && bias !== null) addChannelBias(x, bias)
}

function launchPlanes(pass: ConvSpec['pass'], { x, w, y, bias }: Relation, geometry: Geometry): void {
  launch(
    {
      kind: 'conv',
      pass,
      x: asPlanes(x),
      w: asPlanes(w),
      y: asPlanes(y),
      bias,
      stride: pair(geometry.stride, 1),
      padding: pair(geometry.padding, 0),
      dilation: pair(geometry.dilation, 1),
      groups: geometry.groups,
    },
    kinds.conv,
  )
}

/** Adds up what reached each channel. */
const channelSums = (grad: Tensor): Tensor => {
  const channels = grad.shape[1]
  return sumTo(grad, [channels, ...grad.shape.slice(2).map(() => 1)]).reshape(channels)
}

/** The output [N, O, ...spatial] of input and weight. */
function forward(x: Tensor, w: Tensor, bias: Tensor | null, spatial: readonly number[], geometry: Geometry): Tensor {
  const y = Tensor.empty([x.shape[0], w.shape[0], ...spatial], x.dtype, x.device)
  run('forward', { x, w, y, bias }, geometry)
  const [xShape, wShape] = [x.shape, w.shape]
  return record('ConvolutionBackward0', bias === null ? [x, w] : [x, w, bias], y, [x, w], (g, [sx, sw], needs) => [
    needs[0] ? inputGrad(g, sw, null, xShape, geometry) : null,
    needs[1] ? weightGrad(sx, g, wShape, geometry) : null,
    needs[2] ? channelSums(g) : null,
  ])
}

/** The input [N, C, ...] that output and weight send back: the gradient of `forward`, and the transposed convolution. */
function inputGrad(y: Tensor, w: Tensor, bias: Tensor | null, shape: readonly number[], geometry: Geometry): Tensor {
  const x = Tensor.empty(shape, y.dtype, y.device)
  run('inputGrad', { x, w, y, bias }, geometry)
  const [wShape, spatial] = [w.shape, y.shape.slice(2)]
  return record('ConvolutionBackward0', bias === null ? [y, w] : [y, w, bias], x, [y, w], (g, [sy, sw], needs) => [
    needs[0] ? forward(g, sw, null, spatial, geometry) : null,
    needs[1] ? weightGrad(g, sy, wShape, geometry) : null,
    needs[2] ? channelSums(g) : null,
  ])
}

/** The weight [O, C / groups, ...] that input and output give together: the gradient of `forward`. */
function weightGrad(x: Tensor, y: Tensor, shape: readonly number[], geometry: Geometry): Tensor {
  const w = Tensor.empty(shape, x.dtype, x.device)
  // The sum of nothing.
  if (x.numel() === 0 || y.numel() === 0) fillWith(w, 0)
  else run('weightGrad', { x, w, y, bias: null }, geometry)
  const [xShape, spatial] = [x.shape, y.shape.slice(2)]
  return record('ConvolutionBackwardBackward0', [x, y], w, [x, y], (g, [sx, sy], needs) => [
    needs[0] ? inputGrad(sy, g, null, xShape, geometry) : null,
    needs[1] ? forward(sx, g, null, spatial, geometry) : null,
  ])
}

const sum = E.add(E.input(0), E.input(1))

function addChannelBias(x: Tensor, bias: Tensor): void {
  const strides = x.shape.map((_, d) => (d === 1 ? bias.strides[0] : 0))
  const view: View = { storage: bias.storage, dtype: bias.dtype, shape: x.shape, strides, offset: bias.offset }
  launch({ kind: 'map', exprs: [sum], compute: computeType(x.dtype), inputs: [x, view], outputs: [x], scalars: [] })
}

const outputSizes = (input: readonly number[], kernel: readonly number[], g: Geometry): number[] =>
  input.map((size, d) => {
    const reach = g.dilation[d] * (kernel[d] - 1) + 1
    return Math.floor((size + 2 * g.padding[d] - reach) / g.stride[d]) + 1
  })

export interface ConvOptions {
  /** Step of the window. Default 1. */
  stride?: Size
  /** Zeros added at both ends of each dimension; `valid` is none, `same` keeps the size (stride 1 only). Default 0. */
  padding?: Size | 'same' | 'valid'
  /** Distance between the elements of the kernel. Default 1. */
  dilation?: Size
  /** Input and output channels in so many independent groups. Default 1. */
  groups?: number
}

type Operands = readonly [input: Tensor, weight: Tensor, bias: Tensor | null | undefined]

const layouts = ['[N, C, L] or [C, L]', '[N, C, H, W] or [C, H, W]', '[N, C, D, H, W] or [C, D, H, W]']

/** What all convolutions check of their operands. */
function checkOperands(op: string, rank: number, x: Tensor, w: Tensor, bias: Tensor | null, groups: number): void {
  sameDType(op, x, w, ...(bias === null ? [] : [bias]))
  if (!isFloating(x.dtype))
    throw new DTypeError(`${op}: needs a floating-point dtype, got ${x.dtype}`, 'convert first: x.float().')
  if (x.ndim !== rank + 2 && x.ndim !== rank + 1) {
    throw new ShapeError(`${op}: expected an input ${layouts[rank - 1]}, got ${formatShape(x.shape)}`)
  }
  if (w.ndim !== rank + 2)
    throw new ShapeError(`${op}: expected a weight of ${rank + 2} dimensions, got ${formatShape(w.shape)}`)
  if (!Number.isInteger(groups) || groups < 1 || w.shape[0] % groups !== 0) {
    throw new ShapeError(
      `${op}: groups must divide the ${w.shape[0]} channels of the weight ${formatShape(w.shape)}: groups is ${groups}`,
    )
  }
}

function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== channels)) {
    throw new ShapeError(
      `${op}: expected a bias [${channels}], one for each output channel, got ${formatShape(bias.shape)}`,
    )
  }
}

function checkAtLeast(op: string, name: string, sizes: readonly number[], least: number): void {
  if (sizes.some((size) => !Number.isInteger(size) || size < least)) {
    throw new ValueError(`${op}: ${name} must be whole numbers of at least ${least}, got ${formatShape(sizes)}`)
  }
}

/** Runs `body` on the input with a batch dimension. */
function batched(x: Tensor, rank: number, body: (x: Tensor) => Tensor): Tensor {
  return x.ndim === rank + 2 ? body(x) : body(x.unsqueeze(0)).squeeze(0)
}

function convNd(rank: number, given: Operands, options: ConvOptions): Tensor {
  const op = `conv${rank}d`
  const [input, weight, bias] = underAutocast(op, ...given)
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options
  checkOperands(op, rank, input, weight, bias ?? null, groups)
  checkBias(op, bias ?? null, weight.shape[0])
  const channels = input.shape[input.ndim - rank - 1]
  if (channels !== weight.shape[1] * groups) {
    const parts = groups === 1 ? '' : ` in ${groups} groups`
    throw new ShapeError(
      `${op}: input has ${channels} channels, weight expects ${weight.shape[1] * groups}${parts}: ${formatShape(input.shape)} and ${formatShape(weight.shape)}`,
    )
  }
  const geometry = {
    stride: sizePerDim(op, 'stride', stride, rank),
    dilation: sizePerDim(op, 'dilation', dilation, rank),
    groups,
  }
  checkAtLeast(op, 'stride', geometry.stride, 1)
  checkAtLeast(op, 'dilation', geometry.dilation, 1)
  const kernel = weight.shape.slice(2)
  return batched(input, rank, (x) => {
    const { padded, paddings } = applyPadding(op, x, kernel, padding, geometry)
    padded.shape.slice(2).forEach((size, d) => {
      const [have, need] = [size + 2 * paddings[d], geometry.dilation[d] * (kernel[d] - 1) + 1]
      if (have >= need) return
      throw new ShapeError(
        `${op}: kernel is larger than the padded input: ${need} and ${have} in spatial dimension ${d}, input ${formatShape(input.shape)}, kernel ${formatShape(kernel)}`,
        'use a smaller kernel, fewer poolings before, or more padding.',
      )
    })
    const whole = { ...geometry, padding: paddings }
    return forward(padded, weight, bias ?? null, outputSizes(padded.shape.slice(2), kernel, whole), whole)
  })
}

/** Padding as numbers. What `same` adds more at the end than at the start is put into the input itself. */
function applyPadding(
  op: string,
  x: Tensor,
  kernel: readonly number[],
  padding: Size | 'same' | 'valid',
  { stride, dilation }: Omit<Geometry, 'padding'>,
): { padded: Tensor; paddings: number[] } {
  if (padding === 'valid') return { padded: x, paddings: kernel.map(() => 0) }
  if (padding !== 'same') {
    if (typeof padding === 'string')
      throw new ValueError(`${op}: padding must be numbers, 'same' or 'valid', got '${padding}'`)
    const paddings = sizePerDim(op, 'padding', padding, kernel.length)
    checkAtLeast(op, 'padding', paddings, 0)
    return { padded: x, paddings }
  }
  if (stride.some((step) => step !== 1))
    throw new ValueError(`${op}: padding 'same' needs stride 1, got stride ${formatShape(stride)}`)
  const total = kernel.map((size, d) => dilation[d] * (size - 1))
  const paddings = total.map((size) => Math.floor(size / 2))
  const shape = x.shape.map((size, d) => (d < 2 ? size : size + (total[d - 2] % 2)))
  const own = x.shape
  const take = (whole: Tensor): Tensor =>
    own.reduce((part, size, d) => (size === shape[d] ? part : part.narrow(d, 0, size)), whole)
  return { padded: total.some((size) => size % 2 === 1) ? embed(x, shape, take) : x, paddings }
}

/**
 * Cross-correlation of [N, C, L] (or [C, L]) with weight [O, C / groups, K], plus bias [O]: [N, O, L'].
 * Throws ShapeError where channels, groups or sizes do not fit. Source: `torch.nn.functional.conv1d`.
 */
export function conv1d(input: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  return convNd(1, [input, weight, bias], options)
}
/**
 * Cross-correlation of [N, C, H, W] (or [C, H, W]) with weight [O, C / groups, KH, KW], plus bias [O]: [N, O, H', W'].
 * Throws ShapeError where channels, groups or sizes do not fit. Source: `torch.nn.functional.conv2d`.
 */
export function conv2d(input: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  return convNd(2, [input, weight, bias], options)
}

/**
 * Cross-correlation of [N, C, D, H, W] (or [C, D, H, W]) with weight [O, C / groups, KD, KH, KW], plus bias [O]: [N, O, D', H', W'].
 * Throws ShapeError where channels, groups or sizes do not fit. Source: `torch.nn.functional.conv3d`.
 */
export function conv3d(input: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  return convNd(3, [input, weight, bias], options)
}

export interface ConvTransposeOptions {
  /** Step between the places where the kernel is put. Default 1. */
  stride?: Size
  /** Rows and columns taken off both ends of the output. Default 0. */
  padding?: Size
  /** Rows and columns added at the end of the output, less than stride or dilation. Default 0. */
  outputPadding?: Size
  /** Input and output channels in so many independent groups. Default 1. */
  groups?: number
  /** Distance between the elements of the kernel. Default 1. */
  dilation?: Size
}

function convTransposeNd(rank: number, given: Operands, options: ConvTransposeOptions): Tensor {
  const op = `convTranspose${rank}d`
  const [input, weight, bias] = underAutocast(op, ...given)
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options
  checkOperands(op, rank, input, weight, bias ?? null, groups)
  const outputs = weight.shape[1] * groups
  checkBias(op, bias ?? null, outputs)
  const channels = input.shape[input.ndim - rank - 1]
  if (channels !== weight.shape[0]) {
    throw new ShapeError(
      `${op}: input has ${channels} channels, weight expects ${weight.shape[0]}: ${formatShape(input.shape)} and ${formatShape(weight.shape)}`,
    )
  }
  const geometry: Geometry = {
    stride: sizePerDim(op, 'stride', stride, rank),
    padding: sizePerDim(op, 'padding', padding, rank),
    dilation: sizePerDim(op, 'dilation', dilation, rank),
    groups,
  }
  checkAtLeast(op, 'stride', geometry.stride, 1)
  checkAtLeast(op, 'padding', geometry.padding, 0)
  checkAtLeast(op, 'dilation', geometry.dilation, 1)
  const extra = sizePerDim(op, 'outputPadding', outputPadding, rank)
  checkAtLeast(op, 'outputPadding', extra, 0)
  extra.forEach((size, d) => {
    const limit = Math.max(geometry.stride[d], geometry.dilation[d])
    if (size >= limit)
      throw new ValueError(`${op}: outputPadding must be smaller than stride or dilation: ${size} and ${limit}`)
  })
  return batched(input, rank, (x) => {
    const spatial = x.shape.slice(2).map((size, d) => {
      const reach = geometry.dilation[d] * (weight.shape[d + 2] - 1)
      return (size - 1) * geometry.stride[d] - 2 * geometry.padding[d] + reach + extra[d] + 1
    })
    if (spatial.some((size) => size < 1)) {
      throw new ShapeError(
        `${op}: the output would have size ${formatShape(spatial)}: input ${formatShape(input.shape)}, weight ${formatShape(weight.shape)}`,
      )
    }
    return inputGrad(x, weight, bias ?? null, [x.shape[0], outputs, ...spatial], geometry)
  })
}

/** Transposed convolution of [N, C, L] with weight [C, O / groups, K]. Source: `torch.nn.functional.conv_transpose1d`. */
export function convTranspose1d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTransposeNd(1, [input, weight, bias], options)
}
/** Transposed convolution of [N, C, H, W] with weight [C, O / groups, KH, KW]. Source: `torch.nn.functional.conv_transpose2d`. */
export function convTranspose2d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTransposeNd(2, [input, weight, bias], options)
}
/** Transposed convolution of [N, C, D, H, W] with weight [C, O / groups, KD, KH, KW]. Source: `torch.nn.functional.conv_transpose3d`. */
export function convTranspose3d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTransposeNd(3, [input, weight, bias], options)
}
