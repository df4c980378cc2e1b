// Pooling over volumes in two steps, the planes and then the columns in depth: maxima and means may be taken one dimension after another.
import { isHalf } from '../base/dtype.ts'
import { needsGraph, record } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, numelOf } from '../base/shape.ts'
import * as kinds from '../kinds.ts'
import { launch } from '../runtime/launch.ts'
import { scoped } from '../runtime/scope.ts'
import type { PoolSpec, PoolWindows } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { copyOf } from './copy.ts'
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
  windowsOf,
  type WithIndices,
} from './poolWindows.ts'
import { asShape, type Size, sizePerDim } from './window.ts'

/** Windows in depth, height and width, and their numbers. */
interface Plan {
  readonly windows: readonly PoolWindows[]
  readonly size: readonly number[]
}
const single: PoolWindows = { adaptive: false, size: 1, stride: 1, padding: 0, dilation: 1 }

/** Positions of maxima: in each plane of the input, [..., D, OH, OW], and among these of a channel, [..., OD, OH, OW]. */
type Positions = readonly [inPlane: Tensor, inDepth: Tensor]

function launchBoth(
  op: PoolSpec['op'],
  pass: PoolSpec['pass'],
  [x, y]: readonly Tensor[],
  positions: Positions | null,
  { windows }: Plan,
  { countIncludePad, divisor }: Averaging,
): void {
  const [depth, height, width] = x.shape.slice(-3)
  const [outDepth, outHeight, outWidth] = y.shape.slice(-3)
  const channels = numelOf(x.shape.slice(0, -3))
  const pooledPlanes = [1, channels * depth, outHeight, outWidth]
  const columns = [1, channels, outDepth, outHeight * outWidth]
  const between = Tensor.empty([1, channels, depth, outHeight * outWidth], x.dtype, x.device)
  const planesStep: PoolSpec = {
    kind: 'pool',
    op,
    pass,
    x: asShape(x, [1, channels * depth, height, width]),
    y: asShape(between, pooledPlanes),
    indices: positions && asShape(positions[0], pooledPlanes),
    windows: [windows[1], windows[2]],
    countIncludePad,
    divisor,
  }
  const depthStep: PoolSpec = {
    ...planesStep,
    x: between,
    y: asShape(y, columns),
    indices: positions && asShape(positions[1], columns),
    windows: [windows[0], single],
    divisor: divisor === null ? null : 1,
  }
  for (const spec of pass === 'forward' ? [planesStep, depthStep] : [depthStep, planesStep]) launch(spec, kinds.pool)
}

/** Writes y from x, or backward x from y; the positions too, if asked for. Floats of 16 bits are rounded once, at the end. */
function run(
  op: PoolSpec['op'],
  pass: PoolSpec['pass'],
  x: Tensor,
  y: Tensor,
  positions: Positions | null,
  plan: Plan,
  averaging: Averaging = plainMean,
): void {
  scoped(() => {
    const dtype = isHalf(x.dtype) ? 'float32' : x.dtype
    const both = [x, y].map((t) => (t.dtype === dtype && t.isContiguous() ? t : copyOf(t, dtype, t.device)))
    launchBoth(op, pass, both, positions, plan, averaging)
    const [result, target] = pass === 'forward' ? [both[1], y] : [both[0], x]
    if (result !== target) launch({ kind: 'copy', x: result, out: target })
  })
}

/** Mean of each window; `name` is the node's. Its gradient spreads, and the gradient of that is the mean again. */
function average(name: string, x: Tensor, plan: Plan, averaging?: Averaging): Tensor {
  const y = Tensor.empty([...x.shape.slice(0, -3), ...plan.size], x.dtype, x.device)
  run('avg', 'forward', x, y, null, plan, averaging)
  const { shape } = x
  return record(name, [x], y, [], (grad) => [averageGrad(name, grad, shape, plan, averaging)])
}
function averageGrad(name: string, grad: Tensor, shape: readonly number[], plan: Plan, averaging?: Averaging): Tensor {
  const out = Tensor.empty(shape, grad.dtype, grad.device)
  run('avg', 'backward', out, grad, null, plan, averaging)
  return record(`${name.slice(0, -1)}Backward0`, [grad], out, [], (g) => [average(name, g, plan, averaging)])
}

/** Maximum of each window, and its position in the volume where asked for; the gradient goes to that position. */
function maximum(name: string, x: Tensor, plan: Plan, returnIndices: boolean): Maxima {
  const { shape, device } = x
  const [depth, height, width] = shape.slice(-3)
  const lead = shape.slice(0, -3)
  const y = Tensor.empty([...lead, ...plan.size], x.dtype, device)
  if (!returnIndices && !needsGraph([x])) {
    run('max', 'forward', x, y, null, plan)
    return [y, null]
  }
  const at: Positions = [
    Tensor.empty([...lead, depth, ...plan.size.slice(1)], 'int32', device),
    Tensor.empty(y.shape, 'int32', device),
  ]
  run('max', 'forward', x, y, at, plan)
  const values = record(name, [x], y, at, (grad, [inPlane, inDepth]) => [
    maximumGrad(name, grad, [inPlane, inDepth], shape, plan),
  ])
  return [values, returnIndices ? scoped(() => inVolume(at, height * width)) : null]
}
function maximumGrad(name: string, grad: Tensor, at: Positions, shape: readonly number[], plan: Plan): Tensor {
  const out = Tensor.empty(shape, grad.dtype, grad.device)
  run('max', 'backward', out, grad, at, plan)
  return record(`${name.slice(0, -1)}Backward0`, [grad], out, at, (g, [inPlane, inDepth]) => [
    pick(pick(g.flatten(-2), inPlane.flatten(-2)).flatten(-2), inDepth.flatten(-3)).reshape(inDepth.shape),
  ])
}
const pick = (x: Tensor, at: Tensor): Tensor => x.gather(-1, at.long())

/** Positions in the flattened volume, int64; `plane` is the number of elements of a plane of the input. */
function inVolume([inPlane, inDepth]: Positions, plane: number): Tensor {
  const at = inDepth.long().flatten(-3)
  const layer = at.floorDivide(numelOf(inPlane.shape.slice(-2)))
  return layer
    .mul(plane)
    .add(pick(inPlane.long().flatten(-3), at))
    .reshape(inDepth.shape)
}

const checkVolumes = (op: string, x: Tensor): void => checkLayout(op, x, 3, 'C, D, H, W')
const adaptive = (op: string, input: Tensor, outputSize: OutputSize): Plan => ({
  windows: [{ adaptive: true }, { adaptive: true }, { adaptive: true }],
  size: adaptiveSize(op, input, outputSize, 3),
})

/**
 * Largest value of each window of [N, C, D, H, W] or [C, D, H, W]; with `returnIndices` also its position in the flattened volume.
 * Throws ShapeError where a window does not fit. Source: `torch.nn.functional.max_pool3d`.
 */
export function maxPool3d(input: Tensor, kernelSize: Size, options?: MaxPoolOptions & Plain): Tensor
export function maxPool3d(input: Tensor, kernelSize: Size, options: MaxPoolOptions & Indexed): WithIndices
export function maxPool3d(
  x: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  const [input] = underAutocast('maxPool3d', x)
  checkVolumes('maxPool3d', input)
  const plan = windowsOf('maxPool3d', input, 3, kernelSize, options)
  const { returnIndices = false } = options
  return either(maximum('MaxPool3DWithIndicesBackward0', input, plan, returnIndices), returnIndices)
}

/**
 * Mean of each window of [N, C, D, H, W] or [C, D, H, W]; `divisorOverride` replaces the number of elements.
 * Throws ShapeError where a window does not fit. Source: `torch.nn.functional.avg_pool3d`.
 */
export function avgPool3d(
  x: Tensor,
  kernelSize: Size,
  options: AvgPoolOptions & { divisorOverride?: number } = {},
): Tensor {
  const [input] = underAutocast('avgPool3d', x)
  checkVolumes('avgPool3d', input)
  const { countIncludePad = true, divisorOverride: divisor = null } = options
  if (divisor === 0) throw new ValueError('avgPool3d: divisorOverride must not be 0')
  const plan = windowsOf('avgPool3d', input, 3, kernelSize, options)
  const volume = input.shape.slice(-3)
  const kernel = sizePerDim('avgPool3d', 'kernelSize', kernelSize, 3)
  if (kernel.some((size, d) => size > volume[d])) {
    throw new ShapeError(
      `avgPool3d: the volume is smaller than the window: ${formatShape(volume)} and ${formatShape(kernel)}`,
    )
  }
  return average('AvgPool3DBackward0', input, plan, { countIncludePad, divisor })
}

/** Means over windows chosen so that the output has size [D', H', W'] (null: as the input). Source: `torch.nn.functional.adaptive_avg_pool3d`. */
export function adaptiveAvgPool3d(x: Tensor, outputSize: OutputSize): Tensor {
  const [input] = underAutocast('adaptiveAvgPool3d', x)
  checkVolumes('adaptiveAvgPool3d', input)
  return average('AdaptiveAvgPool3DBackward0', input, adaptive('adaptiveAvgPool3d', input, outputSize))
}

/** Maxima over windows chosen so that the output has size [D', H', W']. Source: `torch.nn.functional.adaptive_max_pool3d`. */
export function adaptiveMaxPool3d(input: Tensor, outputSize: OutputSize, options?: Plain): Tensor
export function adaptiveMaxPool3d(input: Tensor, outputSize: OutputSize, options: Indexed): WithIndices
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: OutputSize,
  { returnIndices = false }: { returnIndices?: boolean } = {},
): Tensor | WithIndices {
  const [input] = underAutocast('adaptiveMaxPool3d', x)
  checkVolumes('adaptiveMaxPool3d', input)
  const plan = adaptive('adaptiveMaxPool3d', input, outputSize)
  return either(maximum('AdaptiveMaxPool3DBackward0', input, plan, returnIndices), returnIndices)
}
