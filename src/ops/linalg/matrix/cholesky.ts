// Cholesky decomposition of symmetric positive-definite matrices (Golub & Van Loan, 4.2).
import { dotRow } from './rows.ts'

/**
 * L of A = L L^T, in place of `a` (n x n), of which only the lower triangle is read. Returns 0, or the order of the first leading minor
 * that is not positive; the rows from there on are then not filled.
 */
export function factorCholesky(a: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      a[i * n + j] = (a[i * n + j] - dotRow(a, i * n, a, j * n, j)) / a[j * n + j]
    }
    const rest = a[i * n + i] - dotRow(a, i * n, a, i * n, i)
    a.fill(0, i * n + i + 1, (i + 1) * n)
    // NaN goes through, as in LAPACK.
    if (rest <= 0) return i + 1
    a[i * n + i] = Math.sqrt(rest)
  }
  return 0
}
