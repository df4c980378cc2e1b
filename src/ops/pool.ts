// Pooling over the last one or two dimensions: maximum, mean and p-norm of windows, fixed or adaptive to an output size.
import { needsGraph, record } from '../autograd/record.ts'
import { ValueError } from '../base/errors.ts'
import * as kinds from '../kinds.ts'
import { launch } from '../runtime/launch.ts'
import type { PoolSpec, PoolWindows, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { inFloat32 } from './copy.ts'
import {
  adaptiveSize,
  type Averaging,
  type AvgPoolOptions,
  checkLayout,
  either,
  type Indexed,
  type Maxima,
  type MaxPoolOptions,
  type OutputSize,
  type Plain,
  plainMean,
  type WindowOptions,
  windowsOf,
  type WithIndices,
} from './poolWindows.ts'
import { type Size, sizePerDim } from './window.ts'

export type { AvgPoolOptions, MaxPoolOptions, OutputSize } from './poolWindows.ts'

type Windows = readonly [PoolWindows, PoolWindows]
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
  inFloat32({ x, y }, pass === 'forward' ? 'y' : 'x', (wide) =>
    launch(
      {
        kind: 'pool',
        op,
        pass,
        x: batchOf(wide.x),
        y: batchOf(wide.y),
        indices: indices && batchOf(indices),
        windows,
        ...averaging,
      },
      kinds.pool,
    ),
  )
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

const checkPlanes = (op: string, x: Tensor): void => checkLayout(op, x, 2, 'C, H, W')
const checkLines = (op: string, x: Tensor): void => checkLayout(op, x, 1, 'C, L')

/** Windows of one element. */
const single: PoolWindows = { adaptive: false, size: 1, stride: 1, padding: 0, dilation: 1 }

interface Plan {
  readonly windows: Windows
  readonly size: readonly number[]
}
/** Windows of planes. */
function inPlanes(op: string, input: Tensor, kernelSize: Size, options: MaxPoolOptions): Plan {
  const { windows, size } = windowsOf(op, input, 2, kernelSize, options)
  return { windows: [windows[0], windows[1]], size }
}
/** Windows of lines, as of planes of one row. */
function inLines(op: string, input: Tensor, kernelSize: Size, options: MaxPoolOptions): Plan {
  const { windows, size } = windowsOf(op, input, 1, kernelSize, options)
  return { windows: [single, windows[0]], size: [1, ...size] }
}

/** Largest value of each window of [N, C, H, W] or [C, H, W]; with `returnIndices` also its position in the plane. Source: `torch.nn.functional.max_pool2d`. */
export function maxPool2d(input: Tensor, kernelSize: Size, options?: MaxPoolOptions & Plain): Tensor
export function maxPool2d(input: Tensor, kernelSize: Size, options: MaxPoolOptions & Indexed): WithIndices
export function maxPool2d(
  input: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  checkPlanes('maxPool2d', input)
  const { windows, size } = inPlanes('maxPool2d', input, kernelSize, options)
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
  const { windows, size } = inLines('maxPool1d', input, kernelSize, options)
  const { returnIndices = false } = options
  return either(
    lines(maximum('MaxPool2DWithIndicesBackward0', input.unsqueeze(-2), size, windows, returnIndices)),
    returnIndices,
  )
}
const lines = ([values, indices]: Maxima): Maxima => [values.squeeze(-2), indices && indices.squeeze(-2)]

/** Mean of each window of [N, C, H, W] or [C, H, W]; `divisorOverride` replaces the number of elements. Source: `torch.nn.functional.avg_pool2d`. */
export function avgPool2d(
  input: Tensor,
  kernelSize: Size,
  options: AvgPoolOptions & { divisorOverride?: number } = {},
): Tensor {
  checkPlanes('avgPool2d', input)
  const { countIncludePad = true, divisorOverride: divisor = null } = options
  if (divisor === 0) throw new ValueError('avgPool2d: divisorOverride must not be 0')
  const { windows, size } = inPlanes('avgPool2d', input, kernelSize, options)
  return average('AvgPool2DBackward0', input, size, windows, { countIncludePad, divisor })
}
/** Mean of each window of [N, C, L] or [C, L]. Source: `torch.nn.functional.avg_pool1d`. */
export function avgPool1d(input: Tensor, kernelSize: Size, options: AvgPoolOptions = {}): Tensor {
  checkLines('avgPool1d', input)
  const { windows, size } = inLines('avgPool1d', input, kernelSize, options)
  const averaging = { countIncludePad: options.countIncludePad ?? true, divisor: null }
  return average('AvgPool2DBackward0', input.unsqueeze(-2), size, windows, averaging).squeeze(-2)
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
