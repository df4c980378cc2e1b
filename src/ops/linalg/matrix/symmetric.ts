// Eigenvalues and eigenvectors of symmetric matrices: Householder reflections to three diagonals, then implicit QL steps with Wilkinson's shift
// (Golub & Van Loan, 8.3; Dubrulle, Martin & Wilkinson 1968).
import { columnsOf, reflect, type Reflection } from './reflections.ts'
import { addRow, dotRow, largest, turnRows } from './rows.ts'

export interface Eigen {
  /** Ascending. */
  readonly values: Float64Array
  /** Row i is the eigenvector of value i; null where not asked for. */
  readonly vectors: Float64Array | null
}

/** Of a symmetric n x n matrix, which is overwritten; NaN throughout where an element is not finite. Null: no convergence. */
export function eigenOfSymmetric(a: Float64Array, n: number, wantVectors: boolean): Eigen | null {
  const scale = largest(a)
  if (!Number.isFinite(scale)) {
    return {
      values: new Float64Array(n).fill(Number.NaN),
      vectors: wantVectors ? new Float64Array(n * n).fill(Number.NaN) : null,
    }
  }
  // Numbers around 1: squares neither overflow nor vanish.
  if (scale > 0) for (let i = 0; i < a.length; i++) a[i] /= scale
  const { diagonal, beside, reflections } = tridiagonal(a, n)
  const rows = wantVectors ? columnsOf(reflections, n, n) : null
  if (!iterate(diagonal, beside, rows, n)) return null
  const order = [...diagonal.keys()].sort((i, j) => diagonal[i] - diagonal[j])
  const vectors = rows && new Float64Array(n * n)
  order.forEach((from, i) => {
    vectors?.set((rows as Float64Array).subarray(from * n, (from + 1) * n), i * n)
  })
  return { values: Float64Array.from(order, (i) => diagonal[i] * (scale || 1)), vectors }
}

/** Q^T A Q with elements only on the diagonal and beside it. */
function tridiagonal(a: Float64Array, n: number) {
  const diagonal = new Float64Array(n)
  const beside = new Float64Array(n)
  const reflections: Reflection[] = []
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k]
    if (k === n - 1) break
    const v = a.slice(k * n + k + 1, (k + 1) * n)
    const { tau, beta } = reflect(v)
    beside[k] = beta
    reflections.push({ from: k + 1, v, tau })
    if (tau === 0) continue
    // The rest B becomes H B H = B - v w^T - w v^T.
    const size = v.length
    const w = new Float64Array(size)
    for (let i = 0; i < size; i++) w[i] = tau * dotRow(a, (k + 1 + i) * n + k + 1, v, 0, size)
    addRow(w, 0, v, 0, size, (-tau / 2) * dotRow(w, 0, v, 0, size))
    for (let i = 0; i < size; i++) {
      const at = (k + 1 + i) * n + k + 1
      addRow(a, at, w, 0, size, -v[i])
      addRow(a, at, v, 0, size, -w[i])
    }
  }
  return { diagonal, beside, reflections }
}

/** Steps until every element beside the diagonal is negligible; `rows` turn along. False: one did not become so. */
function iterate(d: Float64Array, e: Float64Array, rows: Float64Array | null, n: number): boolean {
  for (let first = 0; first < n; first++) {
    for (let steps = 0; ; steps++) {
      let last = first
      while (last < n - 1 && Math.abs(e[last]) > Number.EPSILON * (Math.abs(d[last]) + Math.abs(d[last + 1]))) last++
      if (last === first) break
      if (steps === 60) return false
      stepQL(d, e, rows, n, first, last)
    }
  }
  return true
}

/** One step on the block from `first` to `last`, which no zero splits. */
function stepQL(
  d: Float64Array,
  e: Float64Array,
  rows: Float64Array | null,
  n: number,
  first: number,
  last: number,
): void {
  // Wilkinson's shift: the eigenvalue of the leading 2 x 2 that is nearer to d[first].
  const half = (d[first + 1] - d[first]) / (2 * e[first])
  const root = Math.sqrt(half * half + 1)
  let g = d[last] - d[first] + e[first] / (half + (half >= 0 ? root : -root))
  let s = 1
  let c = 1
  let shift = 0
  for (let i = last - 1; i >= first; i--) {
    const bulge = s * e[i]
    const b = c * e[i]
    const r = Math.sqrt(bulge * bulge + g * g)
    e[i + 1] = r
    if (r === 0) {
      // The block splits here; the next step takes its parts.
      d[i + 1] -= shift
      e[last] = 0
      return
    }
    s = bulge / r
    c = g / r
    g = d[i + 1] - shift
    const t = (d[i] - g) * s + 2 * c * b
    shift = s * t
    d[i + 1] = g + shift
    g = c * t - b
    if (rows !== null) turnRows(rows, (i + 1) * n, i * n, n, c, s)
  }
  d[first] -= shift
  e[first] = g
  e[last] = 0
}
