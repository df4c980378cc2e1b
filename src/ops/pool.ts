// Pooling over the last one or two dimensions: maximum, mean and p-norm of windows, fixed or adaptive to an output size.
import { needsGraph, record } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { PoolSpec, PoolWindows, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { named, type Named } from './named.ts'
import { type Size, sizePerDim } from './window.ts'

type Windows = readonly [PoolWindows, PoolWindows]
type Averaging = Pick<PoolSpec, 'countIncludePad' | 'divisor'>
const plainMean: Averaging = { countIncludePad: true, divisor: null }
const adaptive: Windows = [{ adaptive: true }, { adaptive: true }]

/** [C, H, W] as a batch of one. */
const batchOf = (x: Tensor): View =>
  x.ndim === 4
    ? x
    : { storage: x.storage, dtype: x.dtype, offset: x.offset, shape: [1, ...x.shape], strides: [0, ...x.strides] }

function run(
  op: PoolSpec['op'],
  pass: PoolSpec['pass'],
  x: Tensor,
  y: Tensor,
  indices: Tensor | null,
  windows: Windows,
  averaging: Averaging = plainMean,
): void {
  launch({
    kind: 'pool',
    op,
    pass,
    x: batchOf(x),
    y: batchOf(y),
    indices: indices && batchOf(indices),
    windows,
    ...averaging,
  })
}

/** Mean of each window; `name` is the node's. Its gradient spreads, and the gradient of that is the mean again. */
function average(
  name: string,
  x: Tensor,
  size: readonly number[],
  windows: Windows,
  averaging: Averaging = plainMean,
): Tensor {
  const y = Tensor.empty([...x.shape.slice(0, -2), ...size], x.dtype, x.device)
  run('avg', 'forward', x, y, null, windows, averaging)
  const { shape } = x
  return record(name, [x], y, [], (grad) => [averageGrad(name, grad, shape, windows, averaging)])
}
function averageGrad(
  name: string,
  grad: Tensor,
  shape: readonly number[],
  windows: Windows,
  averaging: Averaging,
): Tensor {
  const out = Tensor.empty(shape, grad.dtype, grad.device)
  run('avg', 'backward', out, grad, null, windows, averaging)
  const size = grad.shape.slice(-2)
  return record(`${name.slice(0, -1)}Backward0`, [grad], out, [], (g) => [average(name, g, size, windows, averaging)])
}

type Maxima = readonly [values: Tensor, indices: Tensor | null]

/**
 * Maximum of each window, and its position in the plane: int64 for the caller, int32 where only the gradient needs it, which goes to that
 * position; null where nobody does.
 */
function maximum(name: string, x: Tensor, size: readonly number[], windows: Windows, returnIndices: boolean): Maxima {
  const shape = [...x.shape.slice(0, -2), ...size]
  const y = Tensor.empty(shape, x.dtype, x.device)
  const dtype = returnIndices ? 'int64' : needsGraph([x]) ? 'int32' : null
  const indices = dtype && Tensor.empty(shape, dtype, x.device)
  run('max', 'forward', x, y, indices, windows)
  if (indices === null) return [y, null]
  const from = x.shape
  return [record(name, [x], y, [indices], (grad, [at]) => [maximumGrad(name, grad, at, from, windows)]), indices]
}
function maximumGrad(name: string, grad: Tensor, indices: Tensor, shape: readonly number[], windows: Windows): Tensor {
  const out = Tensor.empty(shape, grad.dtype, grad.device)
  run('max', 'backward', out, grad, indices, windows)
  return record(`${name.slice(0, -1)}Backward0`, [grad], out, [indices], (g, [at]) => [
    g.flatten(-2).gather(-1, at.long().flatten(-2)).reshape(at.shape),
  ])
}

function checkPlanes(op: string, x: Tensor): void {
  if (x.ndim === 3 || x.ndim === 4) return
  throw new ShapeError(`${op}: expected an input [N, C, H, W] or [C, H, W], got ${formatShape(x.shape)}`)
}
function checkLines(op: string, x: Tensor): void {
  if (x.ndim === 2 || x.ndim === 3) return
  throw new ShapeError(`${op}: expected an input [N, C, L] or [C, L], got ${formatShape(x.shape)}`)
}

interface WindowOptions {
  /** Step of the window. Default: the kernel size. */
  stride?: Size
  /** Added at both ends of each dimension; at most half of the kernel size. Default 0. */
  padding?: Size
  /** Windows may start in the input and end outside. Default false. */
  ceilMode?: boolean
}

/** The windows and the number of them, one entry for each spatial dimension; 1 to 1 in front where there is only one. */
function windowsOf(
  op: string,
  input: Tensor,
  rank: number,
  kernelSize: Size,
  options: WindowOptions & { dilation?: Size },
): { windows: Windows; size: number[] } {
  const kernel = sizePerDim(op, 'kernelSize', kernelSize, rank)
  const given = options.stride ?? []
  // PyTorch's empty list: no stride of its own.
  const stride = sizePerDim(op, 'stride', typeof given === 'object' && given.length === 0 ? kernelSize : given, rank)
  const padding = sizePerDim(op, 'padding', options.padding ?? 0, rank)
  const dilation = sizePerDim(op, 'dilation', options.dilation ?? 1, rank)
  const sizes = input.shape.slice(-rank)
  const windows: PoolWindows[] = []
  const size = sizes.map((n, d) => {
    if ([kernel[d], stride[d], dilation[d]].some((value) => !Number.isInteger(value) || value < 1)) {
      throw new ValueError(
        `${op}: kernel size, stride and dilation must be whole numbers of at least 1, got ${kernel[d]}, ${stride[d]} and ${dilation[d]}`,
      )
    }
    if (padding[d] < 0 || padding[d] > kernel[d] / 2) {
      throw new ValueError(`${op}: padding must be at most half of the kernel size: ${padding[d]} and ${kernel[d]}`)
    }
    windows.push({ adaptive: false, size: kernel[d], stride: stride[d], padding: padding[d], dilation: dilation[d] })
    const room = n + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1
    let count = Math.floor((room + (options.ceilMode ? stride[d] - 1 : 0)) / stride[d]) + 1
    // The last window must start inside the input or the padding before it.
    if (options.ceilMode && (count - 1) * stride[d] >= n + padding[d]) count--
    if (count < 1) {
      throw new ShapeError(
        `${op}: kernel is larger than the padded input: ${dilation[d] * (kernel[d] - 1) + 1} and ${n + 2 * padding[d]} in spatial dimension ${d}, input ${formatShape(input.shape)}`,
        'use a smaller kernel or fewer poolings before.',
      )
    }
    return count
  })
  const single: PoolWindows = { adaptive: false, size: 1, stride: 1, padding: 0, dilation: 1 }
  return rank === 2
    ? { windows: [windows[0], windows[1]], size }
    : { windows: [single, windows[0]], size: [1, ...size] }
}

export interface MaxPoolOptions extends WindowOptions {
  /** Distance between the elements of a window. Default 1. */
  dilation?: Size
}
type WithIndices = Named<readonly [Tensor, Tensor], 'values' | 'indices'>
type Indexed = { returnIndices: true }
type Plain = { returnIndices?: false }

const either = ([values, indices]: Maxima, returnIndices: boolean): Tensor | WithIndices =>
  returnIndices && indices ? named([values, indices], ['values', 'indices']) : values

/** Largest value of each window of [N, C, H, W] or [C, H, W]; with `returnIndices` also its position in the plane. Source: `torch.nn.functional.max_pool2d`. */
export function maxPool2d(input: Tensor, kernelSize: Size, options?: MaxPoolOptions & Plain): Tensor
export function maxPool2d(input: Tensor, kernelSize: Size, options: MaxPoolOptions & Indexed): WithIndices
export function maxPool2d(
  input: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  checkPlanes('maxPool2d', input)
  const { windows, size } = windowsOf('maxPool2d', input, 2, kernelSize, options)
  const { returnIndices = false } = options
  return either(maximum('MaxPool2DWithIndicesBackward0', input, size, windows, returnIndices), returnIndices)
}
/** Largest value of each window of [N, C, L] or [C, L]. Source: `torch.nn.functional.max_pool1d`. */
export function maxPool1d(input: Tensor, kernelSize: Size, options?: MaxPoolOptions & Plain): Tensor
export function maxPool1d(input: Tensor, kernelSize: Size, options: MaxPoolOptions & Indexed): WithIndices
export function maxPool1d(
  input: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  checkLines('maxPool1d', input)
  const { windows, size } = windowsOf('maxPool1d', input, 1, kernelSize, options)
  const { returnIndices = false } = options
  return either(
    lines(maximum('MaxPool2DWithIndicesBackward0', input.unsqueeze(-2), size, windows, returnIndices)),
    returnIndices,
  )
}
const lines = ([values, indices]: Maxima): Maxima => [values.squeeze(-2), indices && indices.squeeze(-2)]

export interface AvgPoolOptions extends WindowOptions {
  /** Count the padding in the divisor. Default true. */
  countIncludePad?: boolean
}

/** Mean of each window of [N, C, H, W] or [C, H, W]; `divisorOverride` replaces the number of elements. Source: `torch.nn.functional.avg_pool2d`. */
export function avgPool2d(
  input: Tensor,
  kernelSize: Size,
  options: AvgPoolOptions & { divisorOverride?: number } = {},
): Tensor {
  checkPlanes('avgPool2d', input)
  const { countIncludePad = true, divisorOverride: divisor = null } = options
  if (divisor === 0) throw new ValueError('avgPool2d: divisorOverride must not be 0')
  const { windows, size } = windowsOf('avgPool2d', input, 2, kernelSize, options)
  return average('AvgPool2DBackward0', input, size, windows, { countIncludePad, divisor })
}
/** Mean of each window of [N, C, L] or [C, L]. Source: `torch.nn.functional.avg_pool1d`. */
export function avgPool1d(input: Tensor, kernelSize: Size, options: AvgPoolOptions = {}): Tensor {
  checkLines('avgPool1d', input)
  const { windows, size } = windowsOf('avgPool1d', input, 1, kernelSize, options)
  const averaging = { countIncludePad: options.countIncludePad ?? true, divisor: null }
  return average('AvgPool2DBackward0', input.unsqueeze(-2), size, windows, averaging).squeeze(-2)
}

/** Output sizes; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[]

function adaptiveSize(op: string, input: Tensor, size: OutputSize, rank: number): number[] {
  const list = typeof size === 'object' && size !== null ? size : new Array<number | null>(rank).fill(size)
  const full = list.length === 1 ? new Array<number | null>(rank).fill(list[0]) : list
  if (full.length !== rank)
    throw new ValueError(`${op}: the output size must be one number or ${rank}, got [${list.join(', ')}]`)
  const sizes = full.map((n, d) => n ?? input.shape[input.ndim - rank + d])
  if (sizes.some((n) => !Number.isInteger(n) || n < 0))
    throw new ValueError(`${op}: the output size must be whole numbers, got ${formatShape(sizes)}`)
  return sizes
}

/** Means over windows chosen so that the output has size [H', W'] (null: as the input). Source: `torch.nn.functional.adaptive_avg_pool2d`. */
export function adaptiveAvgPool2d(input: Tensor, outputSize: OutputSize): Tensor {
  checkPlanes('adaptiveAvgPool2d', input)
  return average('AdaptiveAvgPool2DBackward0', input, adaptiveSize('adaptiveAvgPool2d', input, outputSize, 2), adaptive)
}
/** Means over windows chosen so that the output has length L'. Source: `torch.nn.functional.adaptive_avg_pool1d`. */
export function adaptiveAvgPool1d(input: Tensor, outputSize: OutputSize): Tensor {
  checkLines('adaptiveAvgPool1d', input)
  const size = adaptiveSize('adaptiveAvgPool1d', input, outputSize, 1)
  return average('AdaptiveAvgPool2DBackward0', input.unsqueeze(-2), [1, ...size], adaptive).squeeze(-2)
}

/** Maxima over windows chosen so that the output has size [H', W']. Source: `torch.nn.functional.adaptive_max_pool2d`. */
export function adaptiveMaxPool2d(input: Tensor, outputSize: OutputSize, options?: Plain): Tensor
export function adaptiveMaxPool2d(input: Tensor, outputSize: OutputSize, options: Indexed): WithIndices
export function adaptiveMaxPool2d(
  input: Tensor,
  outputSize: OutputSize,
  { returnIndices = false }: { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  checkPlanes('adaptiveMaxPool2d', input)
  const size = adaptiveSize('adaptiveMaxPool2d', input, outputSize, 2)
  return either(maximum('AdaptiveMaxPool2DBackward0', input, size, adaptive, returnIndices), returnIndices)
}
/** Maxima over windows chosen so that the output has length L'. Source: `torch.nn.functional.adaptive_max_pool1d`. */
export function adaptiveMaxPool1d(input: Tensor, outputSize: OutputSize, options?: Plain): Tensor
export function adaptiveMaxPool1d(input: Tensor, outputSize: OutputSize, options: Indexed): WithIndices
export function adaptiveMaxPool1d(
  input: Tensor,
  outputSize: OutputSize,
  { returnIndices = false }: { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  checkLines('adaptiveMaxPool1d', input)
  const size = adaptiveSize('adaptiveMaxPool1d', input, outputSize, 1)
  return either(
    lines(maximum('AdaptiveMaxPool2DBackward0', input.unsqueeze(-2), [1, ...size], adaptive, returnIndices)),
    returnIndices,
  )
}

type LpPoolOptions = Pick<WindowOptions, 'stride' | 'ceilMode'>

/** (sum of x^p over each window)^(1/p) for [N, C, H, W] or [C, H, W]. Source: `torch.nn.functional.lp_pool2d`. */
export function lpPool2d(input: Tensor, p: number, kernelSize: Size, options: LpPoolOptions = {}): Tensor {
  const [height, width] = sizePerDim('lpPool2d', 'kernelSize', kernelSize, 2)
  return rootOf(avgPool2d(input.pow(p), kernelSize, options), p, height * width)
}
/** (sum of x^p over each window)^(1/p) for [N, C, L] or [C, L]. Source: `torch.nn.functional.lp_pool1d`. */
export function lpPool1d(input: Tensor, p: number, kernelSize: number, options: LpPoolOptions = {}): Tensor {
  return rootOf(avgPool1d(input.pow(p), kernelSize, options), p, kernelSize)
}
const rootOf = (mean: Tensor, p: number, count: number): Tensor =>
  mean
    .clampMin(0)
    .mul(count)
    .pow(1 / p)
