// Systems with a triangular matrix, by substitution.
import { addRows } from './rows.ts'

export interface Triangle {
  /** The upper triangle is read; otherwise the lower one. */
  readonly upper: boolean
  /** The diagonal counts as 1 and is not read. */
  readonly unit: boolean
}

/** X of T X = B for n x n and n x k, in place of B. A zero on the diagonal gives infinities and NaN. */
export function solveTriangle(t: Float64Array, b: Float64Array, n: number, k: number, { upper, unit }: Triangle): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step
    const [from, to] = upper ? [i + 1, n] : [0, i]
    addRows(b, i * k, b, from * k, k, k, t, i * n + from, to - from, -1)
    if (unit) continue
    const head = t[i * n + i]
    for (let c = 0; c < k; c++) b[i * k + c] /= head
  }
}
