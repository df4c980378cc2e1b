// Householder reflections: H = I - tau v v^T with v[0] = 1, which take a vector to a multiple of the first axis. QR, eigenvalues and singular values start with them.
import { addRow, dotRow } from './rows.ts'

/**
 * Makes the reflection that takes `x` to (beta, 0, ...): `x` becomes v. beta has the opposite sign of x[0], as in LAPACK;
 * where the rest of x is 0 already, tau is 0 and beta is x[0].
 */
export function reflect(x: Float64Array): { tau: number; beta: number } {
  const alpha = x[0]
  let most = 0
  for (let i = 1; i < x.length; i++) most = Math.max(most, Math.abs(x[i]))
  if (most === 0) {
    if (x.length > 0) x[0] = 1
    return { tau: 0, beta: alpha }
  }
  // Divided by the largest, so that no square overflows.
  const scale = Math.max(most, Math.abs(alpha))
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += (x[i] / scale) ** 2
  const length = scale * Math.sqrt(squares)
  const beta = alpha >= 0 ? -length : length
  for (let i = 1; i < x.length; i++) x[i] /= alpha - beta
  x[0] = 1
  return { tau: (beta - alpha) / beta, beta }
}

/** H A for the part of an m x n matrix from row and column (`row`, `column`) on; `v` is as long as that part is high. */
export function reflectRows(
  a: Float64Array,
  n: number,
  row: number,
  column: number,
  v: Float64Array,
  tau: number,
): void {
  if (tau === 0) return
  const width = n - column
  const sums = new Float64Array(width)
  for (let i = 0; i < v.length; i++) addRow(sums, 0, a, (row + i) * n + column, width, v[i])
  for (let i = 0; i < v.length; i++) addRow(a, (row + i) * n + column, sums, 0, width, -tau * v[i])
}

/** A H for rows `row` to m - 1 of an m x n matrix; `v` lies over the columns from `column` on. */
export function reflectColumns(
  a: Float64Array,
  m: number,
  n: number,
  row: number,
  column: number,
  v: Float64Array,
  tau: number,
): void {
  if (tau === 0) return
  for (let i = row; i < m; i++) {
    const at = i * n + column
    addRow(a, at, v, 0, v.length, -tau * dotRow(a, at, v, 0, v.length))
  }
}

/** One of a row of reflections; `v` starts at index `from`. */
export interface Reflection {
  readonly from: number
  readonly v: Float64Array
  readonly tau: number
}

/** The first `count` columns of H0 H1 H2 ..., n x n, as rows: [count, n]. */
export function columnsOf(reflections: readonly Reflection[], n: number, count: number): Float64Array {
  const out = new Float64Array(count * n)
  for (let i = 0; i < Math.min(count, n); i++) out[i * n + i] = 1
  for (let k = reflections.length - 1; k >= 0; k--) {
    const { from, v, tau } = reflections[k]
    // Rows before `from` are still unit vectors that this reflection leaves alone.
    reflectColumns(out, count, n, Math.min(from, count), from, v, tau)
  }
  return out
}
