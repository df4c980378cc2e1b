// Reductions of several kinds for tests of devices: one accumulator and two, with positions, with run-time numbers.
import type { DType } from '../../src/base/dtype.ts'
import * as e from '../../src/base/expr.ts'
import type { Reduction } from '../../src/runtime/spec.ts'

const [x, y, best, at] = [e.input(0), e.input(1), e.acc(0), e.acc(1)]
const [otherBest, otherAt] = [e.other(0), e.other(1)]
/** One value per lane. */
export const row = (init: number, step: e.Expr, combine: e.Expr, finish: e.Expr[] = [best]): Reduction => ({
  accTypes: ['v'],
  init: [init],
  step: [step],
  combine: [combine],
  finish,
})
/** First position of the largest element; NaN wins. */
const better = e.or(e.gt(x, best), e.and(e.isNaN(x), e.not(e.isNaN(best))))
const otherBetter = e.or(
  e.or(e.gt(otherBest, best), e.and(e.isNaN(otherBest), e.not(e.isNaN(best)))),
  e.and(e.or(e.eq(otherBest, best), e.and(e.isNaN(otherBest), e.isNaN(best))), e.lt(otherAt, at)),
)
export interface ReductionEntry {
  readonly reduction: Reduction
  readonly inputs: number
  /** Dtypes of the outputs, where they are not the compute type. */
  readonly outputs: readonly DType[] | null
  readonly scalars: readonly number[]
}
export const reductions: Readonly<Record<string, ReductionEntry>> = {
  sum: { reduction: row(0, e.add(best, x), e.add(best, otherBest)), inputs: 1, outputs: null, scalars: [] },
  max: { reduction: row(-Infinity, e.max(best, x), e.max(best, otherBest)), inputs: 1, outputs: null, scalars: [] },
  min: { reduction: row(Infinity, e.min(best, x), e.min(best, otherBest)), inputs: 1, outputs: null, scalars: [] },
  dot: {
    reduction: row(0, e.add(best, e.mul(x, y)), e.add(best, otherBest), [e.mul(best, e.scalar(0))]),
    inputs: 2,
    outputs: null,
    scalars: [2],
  },
  any: {
    reduction: row(0, e.max(best, e.fromMask(e.ne(x, 0))), e.max(best, otherBest)),
    inputs: 1,
    outputs: ['bool'],
    scalars: [],
  },
  argmax: {
    reduction: {
      accTypes: ['v', 'i'],
      init: [-Infinity, 2147483647],
      step: [e.where(better, x, best), e.where(better, e.position, at)],
      combine: [e.where(otherBetter, otherBest, best), e.where(otherBetter, otherAt, at)],
      finish: [best, at],
    },
    inputs: 1,
    outputs: ['float32', 'int64'],
    scalars: [],
  },
  moments: {
    reduction: {
      accTypes: ['v', 'v'],
      init: [0, 0],
      step: [e.add(best, x), e.add(at, e.mul(x, x))],
      combine: [e.add(best, otherBest), e.add(at, otherAt)],
      finish: [e.mul(best, e.scalar(0)), e.mul(at, e.scalar(0))],
    },
    inputs: 1,
    outputs: ['float32', 'float16'],
    scalars: [2],
  },
}
