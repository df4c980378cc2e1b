// Arithmetic on rows of matrices. Every matrix of this folder is a Float64Array, row by row: element (i, j) of m x n lies at i * n + j.

/** y[at + j] += factor * x[from + j] for `count` elements. */
export function addRow(
  y: Float64Array,
  at: number,
  x: Float64Array,
  from: number,
  count: number,
  factor: number,
): void {
  for (let j = 0; j < count; j++) y[at + j] += factor * x[from + j]
}

/**
 * Adds `rows` rows of x, the first at `from` and `step` apart, times sign * factors[first], factors[first + 1], ... to the row of y at `at`. Four at a time:
 * the row of y is then read and written a quarter as often.
 */
export function addRows(
  y: Float64Array,
  at: number,
  x: Float64Array,
  from: number,
  step: number,
  count: number,
  factors: Float64Array,
  first: number,
  rows: number,
  sign: 1 | -1,
): void {
  let r = 0
  for (; r + 4 <= rows; r += 4) {
    const a = from + r * step
    const b = a + step
    const c = b + step
    const d = c + step
    const f = sign * factors[first + r]
    const g = sign * factors[first + r + 1]
    const h = sign * factors[first + r + 2]
    const i = sign * factors[first + r + 3]
    for (let j = 0; j < count; j++) y[at + j] += f * x[a + j] + g * x[b + j] + h * x[c + j] + i * x[d + j]
  }
  for (; r < rows; r++) addRow(y, at, x, from + r * step, count, sign * factors[first + r])
}

/** The sum of x[from + j] * y[at + j] over `count` elements. */
export function dotRow(x: Float64Array, from: number, y: Float64Array, at: number, count: number): number {
  let sum = 0
  for (let j = 0; j < count; j++) sum += x[from + j] * y[at + j]
  return sum
}

/** Exchanges two rows of `count` elements. */
export function swapRows(x: Float64Array, a: number, b: number, count: number): void {
  for (let j = 0; j < count; j++) {
    const kept = x[a + j]
    x[a + j] = x[b + j]
    x[b + j] = kept
  }
}

/** Turns two rows: (a, b) becomes (c a + s b, c b - s a). */
export function turnRows(x: Float64Array, a: number, b: number, count: number, c: number, s: number): void {
  for (let j = 0; j < count; j++) {
    const first = x[a + j]
    const second = x[b + j]
    x[a + j] = c * first + s * second
    x[b + j] = c * second - s * first
  }
}

/** The transposed n x m matrix of an m x n one. */
export function transposed(a: Float64Array, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j]
  return out
}

/** m x n with ones on the diagonal. */
export function identity(m: number, n: number = m): Float64Array {
  const out = new Float64Array(m * n)
  for (let i = 0; i < Math.min(m, n); i++) out[i * n + i] = 1
  return out
}

/** The product of m x k and k x n. */
export function product(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++) addRows(out, i * n, b, 0, n, n, a, i * k, k, 1)
  return out
}

/** The largest size of an element; NaN where there is one. */
export function largest(a: Float64Array): number {
  let most = 0
  for (let i = 0; i < a.length; i++) {
    const size = Math.abs(a[i])
    if (!(size <= most)) most = size
    if (Number.isNaN(most)) break
  }
  return most
}
