// scatterReduce: the values that meet at one place are summed, multiplied, averaged, or the largest or smallest is kept.
import { record } from '../autograd/record.ts'
import { isFloating } from '../base/dtype.ts'
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { sameShape } from '../base/shape.ts'
import type { ScatterSpec } from '../runtime/spec.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { writeAt } from './address.ts'
import { mul } from './arithmetic.ts'
import { onesLike, zerosLike } from './creation.ts'
import { gather } from './gather.ts'
import { writeInPlace } from './inPlace.ts'
import type { Methods } from './methods.ts'
import { type PointwiseRow, pointwise } from './pointwise.ts'
import { corner, elementWrite, scatter, scatterAdd } from './scatter.ts'
import { cloneOf } from './view.ts'

export type Reduce = 'sum' | 'prod' | 'mean' | 'amax' | 'amin'
const kernels: { readonly [R in Reduce]: ScatterSpec['op'] } = {
  sum: 'add',
  mean: 'add',
  prod: 'mul',
  amax: 'max',
  amin: 'min',
}

export interface ScatterReduceOptions {
  /** Whether the values of `x` take part. Default true. */
  includeSelf?: boolean
}

const [a, b] = [E.input(0), E.input(1)]
const quotient = E.div(a, b)
const rows = {
  div: { name: 'Div', expr: quotient },
  /** Rounds down; the divisor is positive. */
  floorDiv: { name: 'Div', expr: E.where(E.lt(E.rem(a, b), 0), E.sub(quotient, 1), quotient), grad: [null, null] },
  isZero: { name: 'Eq', expr: E.fromMask(E.eq(a, 0)), grad: [null] },
  isOne: { name: 'Eq', expr: E.fromMask(E.eq(a, 1)), grad: [null] },
  same: { name: 'Eq', expr: E.fromMask(E.eq(a, b)), grad: [null, null] },
  /** 1 instead of 0. */
  noZero: { name: 'MaskedFill', expr: E.where(E.eq(a, 0), 1, a) },
  /** 1 where the second operand is not zero. */
  oneWhere: { name: 'MaskedFill', expr: E.where(E.ne(b, 0), 1, a), grad: [E.where(E.ne(b, 0), 0, E.input(-2)), null] },
  choose: {
    name: 'Where',
    expr: E.where(E.ne(a, 0), b, E.input(2)),
    grad: [null, E.where(E.ne(a, 0), E.input(-2), 0), E.where(E.ne(a, 0), 0, E.input(-2))],
  },
} satisfies Record<string, PointwiseRow>

/**
 * A copy of `x` in which the values of `src` that `scatter` would write to one place are reduced together, with the value of `x` there if `includeSelf`.
 * Source: `torch.scatter_reduce`.
 */
export function scatterReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: Reduce,
  { includeSelf = true }: ScatterReduceOptions = {},
): Tensor {
  if (!Object.hasOwn(kernels, reduce))
    throw new ValueError(
      `scatterReduce: reduce must be one of ${Object.keys(kernels).join(', ')}, got ${String(reduce)}`,
    )
  const part = corner('scatterReduce', src, index.shape)
  const out = reduced(x, dim, index, part, reduce, includeSelf)
  return record('ScatterReduceBackward0', [x, part], out, [x, part, index, out], (grad, [self, source, at, result]) => {
    const [forSelf, forSource] = gradients[reduce]({ grad, self, source, at, result, dim, includeSelf })
    return [includeSelf ? forSelf : scatter(forSelf, dim, at, 0), forSource]
  })
}
/** `scatterReduce` into `x`. */
export function scatterReduce_(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: Reduce,
  options: ScatterReduceOptions = {},
): Tensor {
  return writeInPlace('scatterReduce_', x, [src], (self) => scatterReduce(self, dim, index, src, reduce, options))
}

/** The value, not recorded. */
function reduced(x: Tensor, dim: number, index: Tensor, src: Tensor, reduce: Reduce, includeSelf: boolean): Tensor {
  const { values, indices, where, shape } = elementWrite('ScatterReduce', x, dim, index, src.detach(), false)
  const out = cloneOf(x)
  const target = sameShape(shape, out.shape)
    ? out
    : out.alias(
        shape,
        shape.map(() => 1),
      )
  // Without the values of x every place starts from the neutral element; for the largest and smallest any of its own values is one.
  const start =
    reduce === 'prod' ? onesLike(values) : reduce === 'amax' || reduce === 'amin' ? values : zerosLike(values)
  if (!includeSelf) writeAt('set', target, start, indices, where)
  writeAt(kernels[reduce], target, values, indices, where)
  if (reduce !== 'mean') return out
  return pointwise(isFloating(x.dtype) ? rows.div : rows.floorDiv, [
    out,
    counts(x.detach(), dim, index, src.detach(), includeSelf),
  ])
}

/** How many values met at each place; 1 where none did. */
function counts(x: Tensor, dim: number, index: Tensor, src: Tensor, includeSelf: boolean): Tensor {
  const self = includeSelf ? onesLike(x) : zerosLike(x)
  return pointwise(rows.noZero, [scatterAdd(self, dim, index, onesLike(src))])
}

interface Context {
  readonly grad: Tensor
  readonly self: Tensor
  readonly source: Tensor
  readonly at: Tensor
  readonly result: Tensor
  readonly dim: number
  readonly includeSelf: boolean
}

/** Values that tie share the gradient. */
function ofExtreme({ grad, self, source, at, result, dim }: Context): [Tensor, Tensor] {
  const selfIs = pointwise(rows.same, [self, result])
  const sourceIs = pointwise(rows.same, [source, gather(result, dim, at)])
  const share = pointwise(rows.div, [grad, scatterAdd(selfIs, dim, at, sourceIs)])
  return [mul(selfIs, share), mul(sourceIs, gather(share, dim, at))]
}

/** The product of the others is product / value, except for a single zero, for which it is computed with 1 in its place. */
function ofProduct({ grad, self, source, at, result, dim, includeSelf }: Context): [Tensor, Tensor] {
  const filled = pointwise(rows.noZero, [self])
  const forSelf = pointwise(rows.div, [
    mul(grad, scatterReduce(filled, dim, at, source, 'prod', { includeSelf })),
    filled,
  ])
  const zero = pointwise(rows.isZero, [source])
  const zeros = gather(scatterAdd(zerosLike(self), dim, at, zero), dim, at)
  const single = mul(zero, pointwise(rows.isOne, [zeros]))
  const others = scatterReduce(self, dim, at, pointwise(rows.oneWhere, [source, single]), 'prod', { includeSelf })
  const plain = pointwise(rows.div, [gather(mul(grad, result), dim, at), pointwise(rows.noZero, [source])])
  return [forSelf, pointwise(rows.choose, [single, gather(mul(grad, others), dim, at), plain])]
}

const gradients: { readonly [R in Reduce]: (context: Context) => [Tensor, Tensor] } = {
  sum: ({ grad, at, dim }) => [grad, gather(grad, dim, at)],
  mean: ({ grad, self, source, at, dim, includeSelf }) => {
    const share = pointwise(rows.div, [grad, counts(self, dim, at, source, includeSelf)])
    return [share, gather(share, dim, at)]
  },
  prod: ofProduct,
  amax: ofExtreme,
  amin: ofExtreme,
}

export const methods = { scatterReduce, scatterReduce_ }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
