// Line search for the strong Wolfe conditions by cubic interpolation, as L-BFGS in PyTorch does it. Nocedal & Wright 2006, algorithms 3.5 and 3.6.
import type { Tensor } from '../tensor/tensor.ts'

/** Loss, gradient and slope along the direction, at `t` times the direction from the start. */
export interface Point {
  readonly t: number
  readonly loss: number
  readonly grad: Tensor
  readonly slope: number
}

/** Where a cubic through both points, with their slopes, is lowest, between `least` and `most`. */
function lowest(a: Point, b: Point, least: number, most: number): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t)
  const square = d1 ** 2 - a.slope * b.slope
  if (!(square >= 0)) return (least + most) / 2
  const d2 = Math.sqrt(square)
  const [left, right] = a.t <= b.t ? [a, b] : [b, a]
  const at = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
  return Math.min(Math.max(at, least), most)
}

/** The allowed increase, in parts of the slope, and what may be left of the slope. */
const [sufficient, curvature] = [1e-4, 0.9]
const mostSteps = 25

/**
 * A point below `start` with a smaller slope, first tried at `t`; the best found where none is good enough. `size`: largest element of the direction,
 * by which `tolerance` ends the search.
 */
export function strongWolfe(
  evaluate: (t: number) => Point,
  t: number,
  start: Point,
  size: number,
  tolerance: number,
): { found: Point; evaluations: number } {
  const tooHigh = (point: Point): boolean => point.loss > start.loss + sufficient * point.t * start.slope
  const flatEnough = (point: Point): boolean => Math.abs(point.slope) <= -curvature * start.slope

  let before = start
  let now = evaluate(t)
  let steps = 0
  /** A point that is good enough, or two with such a point between them. */
  let bracket: Point[] = []
  while (steps < mostSteps && bracket.length === 0) {
    if (tooHigh(now) || (steps > 1 && now.loss >= before.loss)) bracket = [before, now]
    else if (flatEnough(now)) bracket = [now]
    else if (now.slope >= 0) bracket = [before, now]
    else {
      const next = lowest(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10)
      before = now
      now = evaluate(next)
      steps++
    }
  }
  if (bracket.length === 0) bracket = [start, now]

  let done = bracket.length === 1
  const order = (): [number, number] => (bracket[0].loss <= (bracket[1] ?? bracket[0]).loss ? [0, 1] : [1, 0])
  let [low, high] = order()
  let nearEdge = false
  while (!done && steps < mostSteps) {
    const [left, right] = [Math.min(bracket[0].t, bracket[1].t), Math.max(bracket[0].t, bracket[1].t)]
    if ((right - left) * size < tolerance) break
    let next = lowest(bracket[0], bracket[1], left, right)
    // Twice near an end, or at it: a tenth of the interval away from there instead.
    const margin = 0.1 * (right - left)
    if (Math.min(right - next, next - left) < margin) {
      if (nearEdge || next >= right || next <= left) {
        next = Math.abs(next - right) < Math.abs(next - left) ? right - margin : left + margin
        nearEdge = false
      } else nearEdge = true
    } else nearEdge = false

    now = evaluate(next)
    steps++
    if (tooHigh(now) || now.loss >= bracket[low].loss) {
      bracket[high] = now
      ;[low, high] = order()
    } else {
      if (flatEnough(now)) done = true
      else if (now.slope * (bracket[high].t - bracket[low].t) >= 0) bracket[high] = bracket[low]
      bracket[low] = now
    }
  }
  return { found: bracket[low], evaluations: steps + 1 }
}
