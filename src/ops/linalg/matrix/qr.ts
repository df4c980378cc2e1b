// QR decomposition by Householder reflections (Golub & Van Loan, 5.2), with LAPACK's signs.
import { columnsOf, reflect, reflectRows, type Reflection } from './reflections.ts'
import { transposed } from './rows.ts'

/**
 * A = Q R for an m x n matrix, which is overwritten by R (zeros below the diagonal). Q has `columns` columns [m, columns];
 * with 0 columns it is not formed.
 */
export function factorQR(a: Float64Array, m: number, n: number, columns: number): Float64Array {
  const reflections: Reflection[] = []
  for (let k = 0; k < Math.min(m, n); k++) {
    const v = new Float64Array(m - k)
    for (let i = k; i < m; i++) {
      v[i - k] = a[i * n + k]
      a[i * n + k] = 0
    }
    const { tau, beta } = reflect(v)
    a[k * n + k] = beta
    reflectRows(a, n, k, k + 1, v, tau)
    reflections.push({ from: k, v, tau })
  }
  return columns === 0 ? new Float64Array(0) : transposed(columnsOf(reflections, m, columns), columns, m)
}
