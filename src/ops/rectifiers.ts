// The activation functions that tensors have as methods; `activation.ts` has the others.
import { isFloating } from '../base/dtype.ts'
import { ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { g, type PointwiseRow, pointwise, pointwiseInPlace, y } from './pointwise.ts'
import { reshape } from './reshape.ts'

const x = E.input(0)
const w = E.input(1)
const p = E.scalar(0)
const shrunk = E.and(E.ge(x, E.neg(p)), E.le(x, p))

const rows = {
  relu: { name: 'Relu', expr: E.max(x, 0), grad: [E.where(E.le(y, 0), 0, g)], notBool: true },
  hardshrink: { name: 'Hardshrink', expr: E.where(shrunk, 0, x), grad: [E.where(shrunk, 0, g)] },
  prelu: {
    name: 'Prelu',
    expr: E.where(E.gt(x, 0), x, E.mul(w, x)),
    grad: [E.where(E.gt(x, 0), g, E.mul(g, w)), E.where(E.gt(x, 0), 0, E.mul(g, x))],
  },
} satisfies Record<string, PointwiseRow>

export interface InplaceOptions {
  /** Write the result into the input. Default false. */
  inplace?: boolean
}

/** max(x, 0). Source: `torch.nn.functional.relu`. */
export function relu(x: Tensor, { inplace = false }: InplaceOptions = {}): Tensor {
  return inplace ? relu_(x) : pointwise(rows.relu, [x])
}
/** `relu` into `x`. */
export function relu_(x: Tensor): Tensor {
  return pointwiseInPlace(rows.relu, [x])
}
/** 0 where |x| <= lambd, else x. Source: `torch.nn.functional.hardshrink`. */
export function hardshrink(x: Tensor, { lambd = 0.5 }: { lambd?: number } = {}): Tensor {
  return pointwise(rows.hardshrink, [isFloating(x.dtype) ? x : x.float()], [lambd])
}
/** x where positive, else weight * x: one weight, or one for each channel (dimension 1). Source: `torch.nn.functional.prelu`. */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = x.ndim > 1 ? x.shape[1] : 1
  if (weight.numel() !== 1 && weight.numel() !== channels) {
    throw new ShapeError(`prelu: ${weight.numel()} weights for ${channels} channels of ${formatShape(x.shape)}`)
  }
  const along = weight.numel() === 1 ? x.shape.map(() => 1) : x.shape.map((_, d) => (d === 1 ? channels : 1))
  return pointwise(rows.prelu, [x, reshape(weight, along)])
}

export const methods = { relu, relu_, hardshrink, prelu }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
