// Places of values in sorted rows: searchsorted and bucketize. Each place is a count of boundaries, one reduction.
import { promoteTypes, computeType } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import type { Reduction } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { cast } from './pointwise.ts'
import { dropDims, reduceKeepdim } from './reduce.ts'
import { tensor } from './tensorOf.ts'
import { expand } from './view.ts'

/** Counts the boundaries (input 0) that are not `beyond` the value (input 1); NaN lies after all of them. */
const counting = (beyond: E.Expr): Reduction => ({
  accTypes: ['v'],
  init: [0],
  step: [E.add(E.acc(0), E.fromMask(E.not(beyond)))],
  combine: [E.add(E.acc(0), E.other(0))],
  finish: [E.acc(0)],
})
const left = counting(E.ge(E.input(0), E.input(1)))
const right = counting(E.gt(E.input(0), E.input(1)))

export interface SearchOptions {
  /** Give int32 instead of int64. Default false. */
  outInt32?: boolean
  /** After equal boundaries instead of before them. Default false. */
  right?: boolean
}

/**
 * For each value the place at which it would be put into its sorted row: sequence [..., N] (or [N]), values [..., M] give [..., M].
 * `sorter` [..., N] gives the order of a sequence that is not sorted. Source: `torch.searchsorted`.
 */
export function searchsorted(
  sequence: Tensor,
  values: Tensor | number,
  {
    outInt32 = false,
    right: after = false,
    side,
    sorter,
  }: SearchOptions & { side?: 'left' | 'right'; sorter?: Tensor } = {},
): Tensor {
  if (side !== undefined && side !== 'left' && side !== 'right')
    throw new ValueError(`searchsorted: side must be 'left' or 'right', got '${side}'`)
  if (side === 'left' && after) throw new ValueError("searchsorted: side 'left' and right: true contradict each other")
  const sought = values instanceof Tensor ? values : tensor(values, { device: sequence.device })
  const lead = sequence.shape.slice(0, -1)
  if (
    sequence.ndim === 0 ||
    (sequence.ndim > 1 && (sought.ndim !== sequence.ndim || !sameShape(lead, sought.shape.slice(0, -1))))
  ) {
    throw new ShapeError(
      `searchsorted: rows and values do not fit together: ${formatShape(sequence.shape)} and ${formatShape(sought.shape)}`,
    )
  }
  const dtype = promoteTypes(sequence.dtype, sought.dtype)
  const ordered = sorter === undefined ? sequence : sequence.gather(-1, sorter)
  const typed = cast(ordered.detach(), dtype)
  const rows = sequence.ndim === 1 ? typed : typed.unsqueeze(-2)
  const wide = [...sought.shape, sequence.size(-1)]
  const inputs = [expand(rows, wide), expand(cast(sought.detach(), dtype).unsqueeze(-1), wide)]
  const axis = wide.length - 1
  const [full] = reduceKeepdim(
    after || side === 'right' ? right : left,
    inputs,
    [axis],
    [outInt32 ? 'int32' : 'int64'],
    [],
    computeType(dtype),
  )
  return dropDims(full, [axis], false)
}

/** For each value the number of the bucket between `boundaries` (sorted, 1-d) that it falls into. Source: `torch.bucketize`. */
export function bucketize(values: Tensor | number, boundaries: Tensor, options: SearchOptions = {}): Tensor {
  if (boundaries.ndim !== 1)
    throw new ShapeError(`bucketize: boundaries must have one dimension, got ${formatShape(boundaries.shape)}`)
  return searchsorted(boundaries, values, options)
}

export const methods = { bucketize }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
