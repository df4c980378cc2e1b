// Running sum, product, maximum, minimum and log-sum-exp along one axis.
import { computeType } from '../../base/dtype.ts'
import type { ScanSpec } from '../../runtime/spec.ts'
import { arithmeticOf, Elements, positions, positionsAlong, toCompute, type Value } from './values.ts'

/** NaN is taken from the moment it appears; equal values move the position on. */
const replaces = {
  max: (next: Value, best: Value): boolean => Number.isNaN(next) || (!Number.isNaN(best) && next >= best),
  min: (next: Value, best: Value): boolean => Number.isNaN(next) || (!Number.isNaN(best) && next <= best),
}

function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b)
  return Math.abs(high) === Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high))
}

export function scan(spec: ScanSpec): void {
  const [x, out] = [new Elements(spec.x), new Elements(spec.out)]
  const indices = spec.indices && new Elements(spec.indices)
  const { add, mul } = arithmeticOf(spec.out.dtype)
  const convert = toCompute[computeType(spec.out.dtype)]
  const starts = [spec.x, spec.out, spec.indices ?? spec.out].map((view) => positions(view, [spec.axis]))
  const along = [spec.x, spec.out, spec.indices ?? spec.out].map((view) => positionsAlong(view, [spec.axis]))

  for (let row = 0; row < starts[0].length; row++) {
    let running: Value = 0
    let best = 0
    for (let i = 0; i < along[0].length; i++) {
      const next = convert(x.read(starts[0][row] + along[0][i]))
      if (i === 0) running = next
      else if (spec.op === 'sum') running = add(running, next)
      else if (spec.op === 'prod') running = mul(running, next)
      else if (spec.op === 'logsumexp') running = logAddExp(running as number, next as number)
      else if (replaces[spec.op](next, running)) {
        running = next
        best = i
      }
      out.write(starts[1][row] + along[1][i], running)
      indices?.write(starts[2][row] + along[2][i], best)
    }
  }
}
