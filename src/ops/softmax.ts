// Softmax and its logarithm along a dimension; the gradients are kernels too, with gradients of their own.
import { record } from '../autograd/record.ts'
import type { DType } from '../base/dtype.ts'
import { normalizeDim } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { SoftmaxSpec, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { cast } from './pointwise.ts'
import { requireFloating } from './reduce.ts'

export interface SoftmaxOptions {
  /** Convert to this dtype first. */
  dtype?: DType
}
type Forward = 'softmax' | 'logSoftmax'

const asRow = (x: Tensor): View =>
  x.ndim > 0 ? x : { storage: x.storage, dtype: x.dtype, offset: x.offset, shape: [1], strides: [1] }

function run(
  out: Tensor,
  axis: number,
  operands: { op: Forward; x: Tensor } | { op: `${Forward}Grad`; y: Tensor; g: Tensor },
): Tensor {
  if (out.numel() === 0) return out
  const views =
    'x' in operands
      ? { ...operands, x: asRow(operands.x) }
      : { ...operands, y: asRow(operands.y), g: asRow(operands.g) }
  launch({ kind: 'softmax', axis, out: asRow(out), ...views } as SoftmaxSpec)
  return out
}

const like = (x: Tensor): Tensor => Tensor.empty(x.shape, x.dtype, x.device)

function normalized(op: Forward, node: string, input: Tensor, dim: number, { dtype }: SoftmaxOptions): Tensor {
  const x = cast(input, dtype ?? input.dtype)
  requireFloating(op, x)
  const axis = normalizeDim(op, dim, x.ndim)
  const out = run(like(x), axis, { op, x })
  const gradient = op === 'softmax' ? softmaxGrad : logSoftmaxGrad
  return record(node, [x], out, [out], (grad, [y]) => [gradient(y, grad, axis)])
}

/** y * (g - sum(g * y)): symmetric in what it does to g, so its own gradient for g is itself. */
function softmaxGrad(y: Tensor, g: Tensor, axis: number): Tensor {
  const out = run(like(y), axis, { op: 'softmaxGrad', y, g })
  return record('SoftmaxBackwardDataBackward0', [y, g], out, [y, g], (grad, [sy, sg], needs) => [
    needs[0]
      ? grad.mul(sg.sub(sg.mul(sy).sum(axis, { keepdim: true }))).sub(sg.mul(grad.mul(sy).sum(axis, { keepdim: true })))
      : null,
    needs[1] ? softmaxGrad(sy, grad, axis) : null,
  ])
}

/** g - exp(y) * sum(g). */
function logSoftmaxGrad(y: Tensor, g: Tensor, axis: number): Tensor {
  const out = run(like(y), axis, { op: 'logSoftmaxGrad', y, g })
  return record('LogSoftmaxBackwardDataBackward0', [y, g], out, [y, g], (grad, [sy, sg], needs) => [
    needs[0]
      ? grad
          .mul(sy.exp())
          .mul(sg.sum(axis, { keepdim: true }))
          .neg()
      : null,
    needs[1] ? grad.sub(grad.mul(sy.exp()).sum(axis, { keepdim: true })) : null,
  ])
}

/** exp(x) divided by its sum along `dim`: positive, with sum 1. Floating dtypes only, or give `dtype`. Source: `torch.softmax`. */
export function softmax(input: Tensor, dim: number, options: SoftmaxOptions = {}): Tensor {
  return normalized('softmax', 'SoftmaxBackward0', input, dim, options)
}
/** The logarithm of `softmax`, computed without overflow. Source: `torch.log_softmax`. */
export function logSoftmax(input: Tensor, dim: number, options: SoftmaxOptions = {}): Tensor {
  return normalized('logSoftmax', 'LogSoftmaxBackward0', input, dim, options)
}
/** `softmax` of -x. Source: `torch.nn.functional.softmin`. */
export function softmin(input: Tensor, dim: number, options: SoftmaxOptions = {}): Tensor {
  return softmax(cast(input, options.dtype ?? input.dtype).neg(), dim)
}

export const methods = { softmax, logSoftmax }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
