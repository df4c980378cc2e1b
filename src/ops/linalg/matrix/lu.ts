// LU decomposition with partial pivoting (Golub & Van Loan, 3.4), and what it gives for square matrices: solutions, determinants.
import { addRow, addRows, largest, swapRows } from './rows.ts'

/** P A = L U of an m x n matrix: below the diagonal L, whose diagonal is 1; the rest U. */
export interface LU {
  readonly n: number
  readonly values: Float64Array
  /** Row i of P A is row `rows[i]` of A. */
  readonly rows: Int32Array
  /** Step i exchanged rows i and `pivots[i]`. */
  readonly pivots: Int32Array
  /** The determinant of P. */
  readonly sign: 1 | -1
  /** The first diagonal element of U that is 0, or -1. */
  readonly zeroAt: number
}

/** Decomposes the m x n matrix `a`, which is overwritten. */
export function factorLU(a: Float64Array, m: number, n: number = m): LU {
  const rows = Int32Array.from({ length: m }, (_, i) => i)
  const pivots = new Int32Array(Math.min(m, n))
  let sign: 1 | -1 = 1
  let zeroAt = -1
  for (let k = 0; k < pivots.length; k++) {
    const pivot = pivotOf(a, m, n, k)
    pivots[k] = pivot
    if (pivot !== k) {
      swapRows(a, k * n, pivot * n, n)
      const kept = rows[k]
      rows[k] = rows[pivot]
      rows[pivot] = kept
      sign = -sign as 1 | -1
    }
    const head = a[k * n + k]
    if (head === 0) {
      // The column below is 0, too: nothing to eliminate.
      if (zeroAt < 0) zeroAt = k
      continue
    }
    for (let i = k + 1; i < m; i++) {
      const factor = a[i * n + k] / head
      a[i * n + k] = factor
      addRow(a, i * n + k + 1, a, k * n + k + 1, n - k - 1, -factor)
    }
  }
  return { n, values: a, rows, pivots, sign, zeroAt }
}

/** The row from k on whose element in column k is largest; one with NaN before all others. */
function pivotOf(a: Float64Array, m: number, n: number, k: number): number {
  let best = k
  let most = Math.abs(a[k * n + k])
  for (let i = k + 1; i < m && !Number.isNaN(most); i++) {
    const size = Math.abs(a[i * n + k])
    if (size > most || Number.isNaN(size)) {
      best = i
      most = size
    }
  }
  return best
}

/** X of A X = B for an n x k matrix B. A zero on the diagonal of U divides all the same: infinities and NaN. */
export function solveLU({ n, values, rows }: LU, b: Float64Array, k: number): Float64Array {
  const x = new Float64Array(n * k)
  for (let i = 0; i < n; i++) x.set(b.subarray(rows[i] * k, (rows[i] + 1) * k), i * k)
  for (let i = 1; i < n; i++) {
    addRows(x, i * k, x, 0, k, k, values, i * n, i, -1)
  }
  for (let i = n - 1; i >= 0; i--) {
    addRows(x, i * k, x, (i + 1) * k, k, k, values, i * n + i + 1, n - i - 1, -1)
    const head = values[i * n + i]
    for (let c = 0; c < k; c++) x[i * k + c] /= head
  }
  return x
}

/** The determinant: 1 for a matrix without elements. */
export function determinant({ n, values, sign }: LU): number {
  let out: number = sign
  for (let i = 0; i < n; i++) out *= values[i * n + i]
  return out
}

/** Sign and logarithm of the size of the determinant: 0 and -Infinity where it is 0. */
export function logDeterminant({ n, values, sign }: LU): { sign: number; log: number } {
  let product: number = sign
  let log = 0
  for (let i = 0; i < n; i++) {
    const head = values[i * n + i]
    // The sign of NaN is 0, as in PyTorch.
    product *= head > 0 ? 1 : head < 0 ? -1 : 0
    log += Math.log(Math.abs(head))
  }
  return { sign: product, log }
}

/**
 * The gradient of the determinant: the matrix of cofactors, det(A) times the transposed inverse. It exists where the inverse does not. A zero on the
 * diagonal of U is replaced by a rounding error: it cancels in the product.
 */
export function cofactors(a: Float64Array, n: number): Float64Array {
  const scale = largest(a) || 1
  const lu = factorLU(a, n)
  const { values } = lu
  for (let i = 0; i < n; i++) if (values[i * n + i] === 0) values[i * n + i] = Number.EPSILON * scale
  const det = determinant(lu)
  // Solving with det on the right keeps the result finite where the inverse alone would not be.
  const right = new Float64Array(n * n)
  for (let i = 0; i < n; i++) right[i * n + i] = det
  const adjugate = solveLU(lu, right, n)
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j * n + i] = adjugate[i * n + j]
  return out
}
