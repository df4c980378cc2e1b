// p-norms over dimensions: one reduction row and one gradient row for each kind of p. `distance.ts` reduces differences with the same rows.
import { record } from '../autograd/record.ts'
import type { DType } from '../base/dtype.ts'
import * as E from '../base/expr.ts'
import type { Expr } from '../base/expr.ts'
import { normalizeDims } from '../base/shape.ts'
import type { Reduction } from '../runtime/spec.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cast, pointwise, type PointwiseRow } from './pointwise.ts'
import { type Dims, dropDims, reduceKeepdim, requireFloating, restoreDims } from './reduce.ts'
import { zerosOf } from './view.ts'

const acc = E.acc(0)
const other = E.other(0)
/** The order p at run time. */
const order = E.scalar(0)

/** Gradient rows take an element, the norm it belongs to and the gradient of that norm. */
const x = E.input(0)
const length = E.input(1)
const g = E.input(2)
const size = E.abs(x)
/** 0 where the norm is 0: the subgradient that PyTorch takes. */
const unlessZero = (e: Expr): Expr => E.where(E.eq(length, 0), 0, e)

interface NormRow {
  readonly init: number
  /** A term from an element's value, and how terms join. */
  readonly term: (value: Expr) => Expr
  readonly join: (a: Expr, b: Expr) => Expr
  readonly finish: Expr
  readonly gradient: Expr
}
const extreme = (join: NormRow['join'], init: number): NormRow => ({
  init,
  term: E.abs,
  join,
  finish: acc,
  gradient: E.where(E.eq(size, length), E.mul(E.sign(x), g), 0),
})
const power = (gradient: Expr): NormRow => ({
  init: 0,
  term: (value) => E.pow(E.abs(value), order),
  join: E.add,
  finish: E.pow(acc, E.div(1, order)),
  gradient,
})
const kinds = {
  zero: {
    init: 0,
    term: (value: Expr) => E.fromMask(E.ne(value, 0)),
    join: E.add,
    finish: acc,
    gradient: E.constant(0),
  },
  one: { init: 0, term: E.abs, join: E.add, finish: acc, gradient: E.mul(E.sign(x), g) },
  two: {
    init: 0,
    term: (value: Expr) => E.mul(value, value),
    join: E.add,
    finish: E.sqrt(acc),
    gradient: unlessZero(E.mul(x, E.div(g, length))),
  },
  max: extreme(E.max, 0),
  min: extreme(E.min, Number.POSITIVE_INFINITY),
  belowOne: power(
    E.where(
      E.eq(x, 0),
      0,
      E.mul(E.mul(E.sign(x), E.pow(size, E.sub(order, 1))), E.mul(g, E.pow(length, E.sub(1, order)))),
    ),
  ),
  belowTwo: power(
    unlessZero(E.mul(E.mul(E.sign(x), E.pow(size, E.sub(order, 1))), E.div(g, E.pow(length, E.sub(order, 1))))),
  ),
  aboveTwo: power(unlessZero(E.mul(E.mul(x, E.pow(size, E.sub(order, 2))), E.div(g, E.pow(length, E.sub(order, 1)))))),
} satisfies Record<string, NormRow>
type Kind = keyof typeof kinds

export function kindOf(p: number): Kind {
  if (p === 0) return 'zero'
  if (p === 1) return 'one'
  if (p === 2) return 'two'
  if (p === Number.POSITIVE_INFINITY) return 'max'
  if (p === Number.NEGATIVE_INFINITY) return 'min'
  return p < 1 ? 'belowOne' : p < 2 ? 'belowTwo' : 'aboveTwo'
}

function reductionOf(kind: Kind, value: Expr): Reduction {
  const { init, term, join, finish } = kinds[kind]
  return {
    accTypes: ['v'],
    init: [init],
    step: [join(acc, term(value))],
    combine: [join(acc, other)],
    finish: [finish],
  }
}
const ofValues = Object.fromEntries(
  Object.keys(kinds).map((kind) => [kind, reductionOf(kind as Kind, E.input(0))]),
) as Record<Kind, Reduction>
/** The norm of the difference of two inputs. */
export const ofDifferences = Object.fromEntries(
  Object.keys(kinds).map((kind) => [kind, reductionOf(kind as Kind, E.sub(E.input(0), E.input(1)))]),
) as Record<Kind, Reduction>
export const gradients = Object.fromEntries(
  Object.entries(kinds).map(([kind, { gradient }]) => [kind, { name: 'NormBackward', expr: gradient }]),
) as Record<Kind, PointwiseRow>

export interface NormOptions {
  /** One dimension, several, or (default) all. */
  dim?: Dims
  /** Keep the reduced dimensions, with size 1. Default false. */
  keepdim?: boolean
  /** Convert to this dtype first. */
  dtype?: DType
}

/** The norm under its name in torch.linalg. */
export function vectorNormOf(input: Tensor, p: number, options: NormOptions = {}): Tensor {
  return named('LinalgVectorNormBackward0', input, p, options)
}
/** The norm under its name in torch. */
export function normOf(input: Tensor, p: number, options: NormOptions = {}): Tensor {
  return named('NormBackward1', input, p, options)
}

function named(node: string, input: Tensor, p: number, { dim, keepdim = false, dtype }: NormOptions): Tensor {
  const from = cast(input, dtype ?? input.dtype)
  requireFloating('norm', from)
  const axes = normalizeDims('norm', dim, from.ndim)
  const kind = kindOf(p)
  const { shape } = from
  const empty = axes.some((d) => shape[d] === 0)
  // Of no elements, the smallest is 0, too.
  const [full] =
    empty && p < 0
      ? [
          zerosOf(
            shape.map((size, d) => (axes.includes(d) ? 1 : size)),
            from,
          ),
        ]
      : reduceKeepdim(ofValues[kind], [from], axes, [from.dtype], [p])
  const out = dropDims(full, axes, keepdim)
  return record(node, [from], out, [from, out], (grad, [sx, sy]) => {
    const [whole, wholeGrad] = keepdim ? [sy, grad] : [restoreDims(sy, shape, axes), restoreDims(grad, shape, axes)]
    if (kind === 'zero') return [zerosOf(shape, grad)]
    if (kind !== 'max' && kind !== 'min') return [pointwise(gradients[kind], [sx, whole, wholeGrad], [p])]
    // Equal largest elements share the gradient.
    const ties = sx.detach().abs().eq(whole.detach()).sum(axes, { keepdim: true })
    return [pointwise(gradients[kind], [sx, whole, wholeGrad.div(ties)], [p])]
  })
}
