// Singular values and vectors: Householder reflections to two diagonals, then implicit QR steps on these (Golub & Kahan 1965; Golub & Van Loan, 8.6).
import { columnsOf, reflect, reflectColumns, reflectRows, type Reflection } from './reflections.ts'
import { largest, transposed, turnRows } from './rows.ts'

export interface SVD {
  /** Descending: min(m, n) values. */
  readonly values: Float64Array
  /** Row i is left vector i [m], as many as were asked for; null where not asked for. */
  readonly left: Float64Array | null
  /** Row i is right vector i [n]. */
  readonly right: Float64Array | null
}

/** Which vectors to form: none, those of the values, or whole bases. */
export type Vectors = 'none' | 'reduced' | 'full'

/** Of an m x n matrix of finite numbers, which is overwritten. Null: no convergence. */
export function singularValues(a: Float64Array, m: number, n: number, want: Vectors): SVD | null {
  if (m < n) {
    const turned = singularValues(transposed(a, m, n), n, m, want)
    return turned && { values: turned.values, left: turned.right, right: turned.left }
  }
  const scale = largest(a) || 1
  // Numbers around 1: squares neither overflow nor vanish.
  for (let i = 0; i < a.length; i++) a[i] /= scale
  const { d, e, lefts, rights } = bidiagonal(a, m, n)
  const left = want === 'none' ? null : columnsOf(lefts, m, want === 'full' ? m : n)
  const right = want === 'none' ? null : columnsOf(rights, n, n)
  if (!new Iteration(d, e, left, right, m).run()) return null
  for (let i = 0; i < n; i++) {
    if (d[i] >= 0 && !Object.is(d[i], -0)) continue
    d[i] = -d[i]
    if (right !== null) for (let j = 0; j < n; j++) right[i * n + j] = -right[i * n + j]
  }
  const order = [...d.keys()].sort((i, j) => d[j] - d[i])
  return {
    values: Float64Array.from(order, (i) => d[i] * scale),
    left: left && sorted(left, m, order),
    right: right && sorted(right, n, order),
  }
}

/** The first rows in another order; those behind them stay. */
function sorted(rows: Float64Array, width: number, order: readonly number[]): Float64Array {
  const out = rows.slice()
  order.forEach((from, i) => {
    out.set(rows.subarray(from * width, (from + 1) * width), i * width)
  })
  return out
}

/** U^T A V with elements only on the diagonal (d) and right of it (e). */
function bidiagonal(a: Float64Array, m: number, n: number) {
  const d = new Float64Array(n)
  const e = new Float64Array(n)
  const lefts: Reflection[] = []
  const rights: Reflection[] = []
  for (let k = 0; k < n; k++) {
    const column = new Float64Array(m - k)
    for (let i = k; i < m; i++) column[i - k] = a[i * n + k]
    const down = reflect(column)
    d[k] = down.beta
    reflectRows(a, n, k, k + 1, column, down.tau)
    lefts.push({ from: k, v: column, tau: down.tau })
    if (k >= n - 1) continue
    const row = a.slice(k * n + k + 1, (k + 1) * n)
    const across = reflect(row)
    e[k] = across.beta
    reflectColumns(a, m, n, k + 1, k + 1, row, across.tau)
    rights.push({ from: k + 1, v: row, tau: across.tau })
  }
  return { d, e, lefts, rights }
}

const length = (x: number, y: number): number => Math.sqrt(x * x + y * y)

/** The bidiagonal matrix on its way to a diagonal one; the vectors turn along. */
class Iteration {
  private readonly d: Float64Array
  private readonly e: Float64Array
  private readonly left: Float64Array | null
  private readonly right: Float64Array | null
  private readonly m: number
  private readonly n: number

  constructor(d: Float64Array, e: Float64Array, left: Float64Array | null, right: Float64Array | null, m: number) {
    this.d = d
    this.e = e
    this.left = left
    this.right = right
    this.m = m
    this.n = d.length
  }

  /** False: no convergence. */
  run(): boolean {
    const { d, e, n } = this
    let steps = 0
    for (let last = n - 1; last > 0; ) {
      // The block from `first` to `last` is the last one that no zero beside the diagonal splits.
      let first = last
      while (first > 0 && !this.negligible(first - 1)) first--
      if (first > 0) e[first - 1] = 0
      if (first === last) {
        last--
        steps = 0
        continue
      }
      if (steps++ > 100) return false
      const zero = this.zeroOn(first, last)
      if (zero < 0) this.step(first, last)
      else if (zero === last) this.clearColumn(first, last)
      else this.clearRow(zero, last)
      if (Number.isNaN(d[last])) return false
    }
    return true
  }

  private negligible(k: number): boolean {
    const { d, e } = this
    return Math.abs(e[k]) <= Number.EPSILON * (Math.abs(d[k]) + Math.abs(d[k + 1])) || Math.abs(e[k]) < 1e-290
  }

  /** The last negligible diagonal element of the block, now 0; or -1. */
  private zeroOn(first: number, last: number): number {
    const { d, e } = this
    for (let k = last; k >= first; k--) {
      const beside = (k < last ? Math.abs(e[k]) : 0) + (k > first ? Math.abs(e[k - 1]) : 0)
      if (Math.abs(d[k]) > Number.EPSILON * beside) continue
      d[k] = 0
      return k
    }
    return -1
  }

  private turnLeft(a: number, b: number, c: number, s: number): void {
    if (this.left !== null) turnRows(this.left, a * this.m, b * this.m, this.m, c, s)
  }
  private turnRight(a: number, b: number, c: number, s: number): void {
    if (this.right !== null) turnRows(this.right, a * this.n, b * this.n, this.n, c, s)
  }

  /** d[last] is 0: moves e[last - 1] up and out of the last column. */
  private clearColumn(first: number, last: number): void {
    const { d, e } = this
    let f = e[last - 1]
    e[last - 1] = 0
    for (let k = last - 1; k >= first && f !== 0; k--) {
      const r = length(d[k], f)
      const [c, s] = [d[k] / r, f / r]
      d[k] = r
      if (k > first) {
        f = -s * e[k - 1]
        e[k - 1] *= c
      }
      this.turnRight(k, last, c, s)
    }
  }

  /** d[row] is 0: moves e[row] to the right and out of the row. */
  private clearRow(row: number, last: number): void {
    const { d, e } = this
    let f = e[row]
    e[row] = 0
    for (let k = row + 1; k <= last && f !== 0; k++) {
      const r = length(d[k], f)
      const [c, s] = [d[k] / r, f / r]
      d[k] = r
      if (k < last) {
        f = -s * e[k]
        e[k] *= c
      }
      this.turnLeft(k, row, c, s)
    }
  }

  /** One QR step, implicitly on B^T B, with the eigenvalue of its last 2 x 2 that is nearer to the last element as shift. */
  private step(first: number, last: number): void {
    const { d, e } = this
    const before = last - 1
    const half = ((d[before] + d[last]) * (d[before] - d[last]) + e[before] * e[before]) / 2
    const corner = (d[last] * e[before]) ** 2
    const root = Math.sqrt(half * half + corner)
    const divisor = half >= 0 ? half + root : half - root
    const shift = divisor === 0 ? 0 : corner / divisor
    let f = (d[first] + d[last]) * (d[first] - d[last]) + shift
    let g = d[first] * e[first]
    for (let k = first; k < last; k++) {
      let r = length(f, g)
      let [c, s] = r === 0 ? [1, 0] : [f / r, g / r]
      if (k > first) e[k - 1] = r
      f = c * d[k] + s * e[k]
      e[k] = c * e[k] - s * d[k]
      g = s * d[k + 1]
      d[k + 1] *= c
      this.turnRight(k, k + 1, c, s)
      r = length(f, g)
      ;[c, s] = r === 0 ? [1, 0] : [f / r, g / r]
      d[k] = r
      f = c * e[k] + s * d[k + 1]
      d[k + 1] = c * d[k + 1] - s * e[k]
      if (k < last - 1) {
        g = s * e[k + 1]
        e[k + 1] *= c
      }
      this.turnLeft(k, k + 1, c, s)
    }
    e[last - 1] = f
  }
}
