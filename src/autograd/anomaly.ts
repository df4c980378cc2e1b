// Anomaly mode: nodes remember where they were made, and a gradient that turns NaN names that place.
import { AutogradError } from '../base/errors.ts'
import { isFloating } from '../base/dtype.ts'
import { isThenable } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** How many `detectAnomaly` calls are running. */
let depth = 0

export const anomaly = {
  detecting: (): boolean => depth > 0,

  /** Throws AutogradError if one of the gradients that `node` computed holds NaN. */
  check(node: { readonly name: string; readonly stack?: string }, grads: readonly (Tensor | null)[]): void {
    grads.forEach((grad, i) => {
      if (!grad || !isFloating(grad.dtype) || !grad.numbers().some(Number.isNaN)) return
      const place = node.stack === undefined ? '' : `\nThe operation was called here:\n${callers(node.stack)}`
      throw new AutogradError(`backward: ${node.name} returned NaN in gradient ${i}${place}`)
    })
  },
}

/** The lines of a stack below Kindling's own. */
function callers(stack: string): string {
  const lines = stack.split('\n').slice(1)
  const own = /[\\/](autograd|ops|nn|runtime)[\\/][\w.-]+:\d+/
  const first = lines.findIndex((line) => !own.test(line))
  return lines.slice(Math.max(first, 0)).join('\n')
}

/**
 * While `body` runs, backward passes stop with AutogradError at the first NaN and say where the operation was called. Slow: for finding a mistake.
 * Source: `torch.autograd.detect_anomaly`.
 */
export function detectAnomaly<T>(body: () => T): T {
  depth++
  let pending = false
  try {
    const value = body()
    if (!isThenable(value)) return value
    pending = true
    return value.finally(() => depth--) as T
  } finally {
    if (!pending) depth--
  }
}
