// The decompositions themselves, on plain arrays: residuals and orthogonality for random, ill-conditioned, rank-deficient, tiny and huge matrices.
import { describe, expect, test } from 'vitest'
import { Generator } from '../../src/base/mt19937.ts'
import { factorCholesky } from '../../src/ops/linalg/matrix/cholesky.ts'
import { exponential } from '../../src/ops/linalg/matrix/exponential.ts'
import { cofactors, determinant, factorLU, logDeterminant, solveLU } from '../../src/ops/linalg/matrix/lu.ts'
import { factorQR } from '../../src/ops/linalg/matrix/qr.ts'
import { identity, largest, product, transposed } from '../../src/ops/linalg/matrix/rows.ts'
import { singularValues } from '../../src/ops/linalg/matrix/svd.ts'
import { eigenOfSymmetric } from '../../src/ops/linalg/matrix/symmetric.ts'
import { solveTriangle } from '../../src/ops/linalg/matrix/triangular.ts'

type Matrix = Float64Array

function random(m: number, n: number, seed = 1): Matrix {
  const engine = new Generator(seed)
  return Float64Array.from({ length: m * n }, () => 2 * engine.uniform53() - 1)
}
const minus = (a: Matrix, b: Matrix): Matrix => a.map((x, i) => x - b[i])
const scaled = (a: Matrix, factor: number): Matrix => a.map((x) => x * factor)
const diagonal = (values: readonly number[]): Matrix => {
  const n = values.length
  const out = new Float64Array(n * n)
  values.forEach((value, i) => {
    out[i * n + i] = value
  })
  return out
}
/** Q of a random matrix. */
const orthogonal = (n: number, seed: number): Matrix => factorQR(random(n, n, seed), n, n, n)
const withValues = (values: readonly number[], seed = 3): Matrix => {
  const n = values.length
  return product(product(orthogonal(n, seed), diagonal(values), n, n, n), orthogonal(n, seed + 1), n, n, n)
}
const symmetricWith = (values: readonly number[], seed = 3): Matrix => {
  const n = values.length
  const q = orthogonal(n, seed)
  const a = product(product(q, diagonal(values), n, n, n), transposed(q, n, n), n, n, n)
  return a.map((x, i) => (x + a[(i % n) * n + Math.floor(i / n)]) / 2)
}
const hilbert = (n: number): Matrix =>
  Float64Array.from({ length: n * n }, (_, i) => 1 / (Math.floor(i / n) + (i % n) + 1))

/** In units of the largest element, times the rounding error. */
function expectSmall(error: Matrix, scale: number, factor: number): void {
  expect(largest(error)).toBeLessThanOrEqual(factor * Number.EPSILON * (scale || 1))
}
function expectOrthonormalRows(rows: Matrix, count: number, width: number): void {
  expectSmall(minus(product(rows, transposed(rows, count, width), count, width, count), identity(count)), 1, 50 * width)
}

const general: [string, number, number, Matrix][] = [
  ['1 x 1', 1, 1, Float64Array.of(-2)],
  ['random', 17, 17, random(17, 17)],
  ['tall', 33, 5, random(33, 5)],
  ['wide', 3, 17, random(3, 17)],
  ['one column', 5, 1, random(5, 1)],
  ['one row', 1, 5, random(1, 5)],
  ['without columns', 3, 0, new Float64Array(0)],
  ['without rows', 0, 3, new Float64Array(0)],
  ['zeros', 4, 3, new Float64Array(12)],
  ['identity', 5, 5, identity(5)],
  ['ones', 6, 6, new Float64Array(36).fill(1)],
  ['Hilbert', 12, 12, hilbert(12)],
  ['condition 1e15', 9, 9, withValues([1e15, 1e12, 1e10, 1e8, 1e5, 1e3, 100, 10, 1])],
  ['rank 2', 7, 7, withValues([3, 2, 0, 0, 0, 0, 0])],
  ['equal singular values', 6, 6, withValues([2, 2, 2, 1, 1, 0])],
  ['zeros on the diagonal', 4, 4, Float64Array.of(0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0)],
  ['bidiagonal with zeros', 4, 4, Float64Array.of(1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0)],
  ['huge', 5, 4, scaled(random(5, 4), 1e300)],
  ['tiny', 5, 4, scaled(random(5, 4), 1e-300)],
  ['graded', 6, 6, random(6, 6).map((x, i) => x * 10 ** (-4 * Math.floor(i / 6)))],
]

describe.each(general)('%s', (_, m, n, a) => {
  const scale = largest(a)

  test('QR: the product is A, Q orthonormal, R triangular', () => {
    const r = a.slice()
    const q = factorQR(r, m, n, m)
    expectOrthonormalRows(transposed(q, m, m), m, m)
    expectSmall(minus(product(q, r, m, m, n), a), scale, 50 * Math.max(m, n))
    for (let i = 0; i < m; i++) for (let j = 0; j < Math.min(i, n); j++) expect(r[i * n + j]).toBe(0)
  })

  test.each(['none', 'reduced', 'full'] as const)('singular values, vectors: %s', (want) => {
    const k = Math.min(m, n)
    const found = singularValues(a.slice(), m, n, want)
    if (found === null) throw new Error('no convergence')
    const { values, left, right } = found
    expect(values.length).toBe(k)
    expect([...values]).toEqual([...values].sort((x, y) => y - x))
    expect(values.every((value) => value >= 0)).toBe(true)
    if (want === 'none') {
      const others = singularValues(a.slice(), m, n, 'full')?.values as Matrix
      expectSmall(minus(values, others), scale, 50 * Math.max(m, n))
      return
    }
    const [p, q] = want === 'full' ? [m, n] : [k, k]
    expectOrthonormalRows(left as Matrix, p, m)
    expectOrthonormalRows(right as Matrix, q, n)
    const u = transposed((left as Matrix).subarray(0, k * m), k, m)
    const again = product(product(u, diagonal([...values]), m, k, k), (right as Matrix).subarray(0, k * n), m, k, n)
    expectSmall(minus(again, a), scale, 100 * Math.max(m, n))
  })
})

const square = general.filter(([, m, n]) => m === n)
test.each(square)('LU of %s: P A is L U, and what it solves has a small residual', (_, n, __, a) => {
  const { values, rows, zeroAt } = factorLU(a.slice(), n)
  const l = values.map((x, i) => (i % n < Math.floor(i / n) ? x : i % n === Math.floor(i / n) ? 1 : 0))
  const u = values.map((x, i) => (i % n >= Math.floor(i / n) ? x : 0))
  const permuted = Float64Array.from({ length: n * n }, (_, i) => a[rows[Math.floor(i / n)] * n + (i % n)])
  expectSmall(minus(product(l, u, n, n, n), permuted), largest(a), 50 * n)
  expect(largest(l)).toBeLessThanOrEqual(1)
  if (zeroAt >= 0) return
  const b = random(n, 2, 5)
  const x = solveLU(factorLU(a.slice(), n), b, 2)
  // The residual is small against the solution, however ill-conditioned the matrix is.
  expectSmall(minus(product(a, x, n, n, 2), b), largest(a) * largest(x), 50 * n)
})

const symmetric: [string, number, Matrix][] = [
  ['1 x 1', 1, Float64Array.of(-2)],
  ['random', 33, symmetricWith(Array.from(random(33, 1)))],
  ['zeros', 4, new Float64Array(16)],
  ['identity', 5, identity(5)],
  ['ones', 6, new Float64Array(36).fill(1)],
  ['Hilbert', 12, hilbert(12)],
  ['equal eigenvalues', 6, symmetricWith([2, 2, 2, -1, -1, 0])],
  ['off the diagonal only', 4, Float64Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0)],
  ['graded', 5, symmetricWith([1e12, 1e6, 1, 1e-6, -1e-12])],
  ['huge', 4, scaled(symmetricWith([4, 3, -2, 1]), 1e300)],
  ['tiny', 4, scaled(symmetricWith([4, 3, -2, 1]), 1e-300)],
  ['empty', 0, new Float64Array(0)],
]
test.each(symmetric)('eigenvalues of %s: ascending, V orthonormal, V L V^T is A', (_, n, a) => {
  const found = eigenOfSymmetric(a.slice(), n, true)
  if (found === null) throw new Error('no convergence')
  const { values, vectors } = found
  expect([...values]).toEqual([...values].sort((x, y) => x - y))
  const rows = vectors as Matrix
  expectOrthonormalRows(rows, n, n)
  const again = product(product(transposed(rows, n, n), diagonal([...values]), n, n, n), rows, n, n, n)
  expectSmall(minus(again, a), largest(a), 100 * n)
  const alone = eigenOfSymmetric(a.slice(), n, false)?.values as Matrix
  expectSmall(minus(alone, values), largest(a), 50 * n)
})

test('eigenvalues that are known: of the second difference, 2 - 2 cos(k pi / (n + 1))', () => {
  const n = 50
  const a = Float64Array.from({ length: n * n }, (_, i) => [2, -1][Math.abs((i % n) - Math.floor(i / n))] ?? 0)
  const wanted = Float64Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)))
  expectSmall(minus(eigenOfSymmetric(a.slice(), n, false)?.values as Matrix, wanted), 4, 20)
  const values = singularValues(a, n, n, 'none')?.values as Matrix
  expectSmall(minus(values, wanted.toReversed()), 4, 50)
})

test('NaN and infinity: eigenvalues are NaN', () => {
  expect(eigenOfSymmetric(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2, true)?.values).toEqual(
    Float64Array.of(Number.NaN, Number.NaN),
  )
  expect(eigenOfSymmetric(Float64Array.of(Infinity), 1, false)?.values[0]).toBeNaN()
})

test.each([1, 2, 5, 17])('Cholesky of %i x %i: L L^T is A; only the lower triangle is read', (n) => {
  const values = Array.from({ length: n }, (_, i) => 10 ** -i)
  const a = symmetricWith(values)
  const l = a.map((x, i) => (i % n > Math.floor(i / n) ? Number.NaN : x))
  expect(factorCholesky(l, n)).toBe(0)
  expectSmall(minus(product(l, transposed(l, n, n), n, n, n), a), 1, 50 * n)
})
test('Cholesky names the first minor that is not positive', () => {
  expect(factorCholesky(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0), 3)).toBe(3)
  expect(factorCholesky(Float64Array.of(1, 2, 2, 1), 2)).toBe(2)
  expect(factorCholesky(Float64Array.of(-1), 1)).toBe(1)
})

test.each([
  { upper: false, unit: false },
  { upper: true, unit: false },
  { upper: false, unit: true },
  { upper: true, unit: true },
])('triangular systems: %o', ({ upper, unit }) => {
  const n = 9
  const at = (i: number): [number, number] => [Math.floor(i / n), i % n]
  const a = random(n, n).map((x, i) => (at(i)[0] === at(i)[1] ? x + 4 : x))
  const read = a.map((x, i) => {
    const [row, column] = at(i)
    if (row === column) return unit ? 1 : x
    return row < column === upper ? x : 0
  })
  const b = random(n, 3, 2)
  const x = b.slice()
  solveTriangle(a, x, n, 3, { upper, unit })
  expectSmall(minus(product(read, x, n, n, 3), b), largest(x) * 5, 50 * n)
})

test('determinants: of permutations, of products, where the product would overflow', () => {
  const swap = Float64Array.of(0, 1, 0, 0, 0, 1, 1, 0, 0)
  expect(determinant(factorLU(swap, 3))).toBe(1)
  expect(determinant(factorLU(Float64Array.of(0, 1, 1, 0), 2))).toBe(-1)
  expect(determinant(factorLU(new Float64Array(0), 0))).toBe(1)
  const n = 200
  const large = diagonal(Array.from({ length: n }, (_, i) => (i % 2 ? -1e3 : 1e3)))
  const { sign, log } = logDeterminant(factorLU(large, n))
  expect(sign).toBe(1)
  expect(log).toBeCloseTo(n * Math.log(1e3), 8)
  expect(logDeterminant(factorLU(new Float64Array(4), 2))).toEqual({ sign: 0, log: Number.NEGATIVE_INFINITY })
})

test('cofactors are right for singular matrices, too', () => {
  expect([...cofactors(Float64Array.of(1, 2, 3, 4), 2)]).toEqual([4, -3, -2, 1].map((x) => expect.closeTo(x, 12)))
  expect([...cofactors(Float64Array.of(1, 1, 1, 1), 2)]).toEqual([1, -1, -1, 1].map((x) => expect.closeTo(x, 12)))
  expect([...cofactors(Float64Array.of(5), 1)]).toEqual([expect.closeTo(1, 12)])
  // By minors, for matrices of rank 4, 3 and 2.
  for (const values of [
    [3, 2, 1, 0.5],
    [3, 2, 1, 0],
    [3, 2, 0, 0],
  ]) {
    const a = withValues(values)
    const wanted = a.map((_, i) => {
      const [row, column] = [Math.floor(i / 4), i % 4]
      const minor = a.filter((_, k) => Math.floor(k / 4) !== row && k % 4 !== column)
      return determinant(factorLU(minor, 3)) * ((row + column) % 2 ? -1 : 1)
    })
    expectSmall(minus(cofactors(a, 4), wanted), 10, 200)
  }
})

test('exponentials: of a rotation, a nilpotent matrix, a symmetric one by its eigenvalues, zero', () => {
  const t = 30
  const turned = exponential(Float64Array.of(0, -t, t, 0), 2)
  expectSmall(minus(turned, Float64Array.of(Math.cos(t), -Math.sin(t), Math.sin(t), Math.cos(t))), 1, 500)
  expect([...exponential(Float64Array.of(0, 1, 0, 0), 2)]).toEqual([1, 1, 0, 1])
  expect([...exponential(new Float64Array(9), 3)]).toEqual([...identity(3)])
  const values = [3, 1, -2, -5]
  const wanted = symmetricWith(values.map(Math.exp))
  expectSmall(minus(exponential(symmetricWith(values), 4), wanted), Math.exp(3), 500)
  expect(exponential(Float64Array.of(Number.NaN), 1)[0]).toBeNaN()
})
