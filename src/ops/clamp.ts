// Values kept between two bounds, which are numbers or tensors.
import { ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { g, type PointwiseRow, pointwise, pointwiseInPlace, type TensorOrNumber } from './pointwise.ts'

const x = E.input(0)
const low = E.input(1)
const high = E.input(2)
const only = E.input(1)

const rows = {
  /** `high` wins where the bounds cross. */
  both: {
    name: 'Clamp',
    overload: (operands) => (operands.slice(1).some((bound) => bound instanceof Tensor) ? 0 : 1),
    expr: E.min(E.max(x, low), high),
    grad: [
      E.where(E.and(E.ge(x, low), E.le(x, high)), g, 0),
      E.where(E.and(E.lt(low, high), E.lt(x, low)), g, 0),
      E.where(E.or(E.gt(x, high), E.lt(high, low)), g, 0),
    ],
  },
  min: { name: 'ClampMin', expr: E.max(x, only), grad: [E.where(E.ge(x, only), g, 0), E.where(E.lt(x, only), g, 0)] },
  max: { name: 'ClampMax', expr: E.min(x, only), grad: [E.where(E.le(x, only), g, 0), E.where(E.gt(x, only), g, 0)] },
} satisfies Record<string, PointwiseRow>

export interface ClampOptions {
  /** Lower bound, a number or a tensor; null or none: no bound. */
  min?: TensorOrNumber | null
  /** Upper bound, a number or a tensor; null or none: no bound. */
  max?: TensorOrNumber | null
}
type Bound = TensorOrNumber | null

/** The row for the bounds that there are, and these. */
function boundsOf(
  op: string,
  min: Bound | ClampOptions | undefined,
  max: Bound | undefined,
): [PointwiseRow, TensorOrNumber[]] {
  const named =
    typeof min === 'object' && min !== null && !('storage' in min) ? min : { min: min as Bound | undefined, max }
  const [from, to] = [named.min ?? null, named.max ?? null]
  if (from === null && to === null) throw new ValueError(`${op}: at least one of min and max must be given`)
  if (from === null) return [rows.max, [to as TensorOrNumber]]
  return to === null ? [rows.min, [from]] : [rows.both, [from, to]]
}

/**
 * Values below `min` become `min`, values above `max` become `max`: `clamp(x, 0, 1)`, `clamp(x, null, 1)`, `clamp(x, { max: 1 })`; bounds may be
 * tensors that broadcast. Source: `torch.clamp`.
 */
export function clamp(x: Tensor, min?: Bound | ClampOptions, max?: Bound): Tensor {
  const [row, bounds] = boundsOf('clamp', min, max)
  return pointwise(row, [x, ...bounds])
}
/** `clamp` into `x`. */
export function clamp_(x: Tensor, min?: Bound | ClampOptions, max?: Bound): Tensor {
  const [row, bounds] = boundsOf('clamp_', min, max)
  return pointwiseInPlace(row, [x, ...bounds])
}
/** Values below `min` become `min`. Source: `torch.clamp_min`. */
export function clampMin(x: Tensor, min: TensorOrNumber): Tensor {
  return pointwise(rows.min, [x, min])
}
/** `clampMin` into `x`. */
export function clampMin_(x: Tensor, min: TensorOrNumber): Tensor {
  return pointwiseInPlace(rows.min, [x, min])
}
/** Values above `max` become `max`. Source: `torch.clamp_max`. */
export function clampMax(x: Tensor, max: TensorOrNumber): Tensor {
  return pointwise(rows.max, [x, max])
}
/** `clampMax` into `x`. */
export function clampMax_(x: Tensor, max: TensorOrNumber): Tensor {
  return pointwiseInPlace(rows.max, [x, max])
}
/** Another name of `clamp`. */
export const clip: typeof clamp = clamp
/** Another name of `clamp_`. */
export const clip_: typeof clamp_ = clamp_

export const methods = { clamp, clamp_, clampMin, clampMin_, clampMax, clampMax_, clip, clip_ }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
