// The arithmetic of Winograd convolution: matrices from interpolation points, and the code that applies one. Lavin & Gray 2015 (arXiv:1509.09308).
// A row of `outputs` results of a kernel of `taps` taps: y = At [(G w) * (Bt x)], all products elementwise over `outputs + taps - 1` points.
import type { Func, Local } from '../asm.ts'
import type { Machine } from './gemm-micro.ts'

export type Matrix = readonly (readonly number[])[]

export interface Winograd {
  /** The interpolation points but infinity. */
  readonly finite: readonly number[]
  /** Results of a tile in each dimension, and taps of the kernel. */
  readonly outputs: number
  readonly taps: number
  readonly points: number
  /** points x points: input to the points. */
  readonly input: Matrix
  /** points x taps: kernel to the points; `taps x points` back, for its gradient. */
  readonly kernel: Matrix
  readonly kernelBack: Matrix
  /** points x outputs: gradient of the output to the points; `outputs x points`: results from the points. */
  readonly output: Matrix
  readonly outputBack: Matrix
}

const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map((row) => row[j]))
const power = (x: number, n: number): number => (n === 0 ? 1 : x ** n)

/** Coefficients of the product of (x - root), the constant first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>((p, root) => [...p, 0].map((_, k) => (p[k - 1] ?? 0) - root * (p[k] ?? 0)), [1])
}

/** `finite`: zero, then pairs of a point and its opposite; infinity is the last. */
export function winograd(outputs: number, taps: number, finite: readonly number[]): Winograd {
  const points = outputs + taps - 1
  const scale = finite.map((p) => finite.reduce((product, q) => (p === q ? product : product * (p - q)), 1))
  const last = (n: number): number[] => Array.from({ length: n }, (_, k) => Number(k === n - 1))
  const powers = (n: number): number[][] => finite.map((p) => Array.from({ length: n }, (_, k) => power(p, k)))
  const input = [...finite.map((p) => [...polynomial(finite.filter((q) => q !== p)), 0]), polynomial(finite)]
  const kernel = [...powers(taps).map((row, i) => row.map((x) => x / scale[i])), last(taps)]
  const output = [...powers(outputs), last(outputs)]
  const back = { kernelBack: transposed(kernel), outputBack: transposed(output) }
  return { finite, outputs, taps, points, input, kernel, output, ...back }
}

/** The registers of one logical vector. */
export type Vector = readonly Local[]
export const newVector = (f: Func, m: Machine): Vector => Array.from({ length: m.width }, () => f.local('v128'))

export function loadVector(f: Func, address: Local, offset: number, into: Vector): void {
  into.forEach((half, h) => {
    f.get(address)
    f.load('v128.load', offset + 16 * h)
    f.set(half)
  })
}
/** The higher half first, as the revectorizer wants it. */
export function storeVector(f: Func, address: Local, offset: number, value: Vector): void {
  for (let h = value.length - 1; h >= 0; h--) {
    f.get(address)
    f.get(value[h])
    f.store('v128.store', offset + 16 * h)
  }
}

type Term = readonly [factor: number, x: Vector]

/** into = sum of factor * x. */
function sumUp(f: Func, m: Machine, terms: readonly Term[], into: Vector): void {
  // One that is only added comes first: it costs nothing.
  const first = terms.findIndex(([factor]) => factor === 1)
  const order = first < 0 ? terms : [terms[first], ...terms.filter((_, k) => k !== first)]
  const write = (count: number, h: number): void => {
    const [factor, x] = order[count - 1]
    const one = Math.abs(factor) === 1
    if (count === 1 || (m.fma && !one)) {
      if (factor !== 1) f.v128f32(factor)
      f.get(x[h])
      if (count > 1) write(count - 1, h)
      if (factor !== 1) f.op(count > 1 ? 'f32x4.relaxed_madd' : 'f32x4.mul')
      return
    }
    write(count - 1, h)
    f.get(x[h])
    if (!one) {
      f.v128f32(factor)
      f.op('f32x4.mul')
    }
    f.op(factor === -1 ? 'f32x4.sub' : 'f32x4.add')
  }
  into.forEach((half, h) => {
    write(order.length, h)
    f.set(half)
  })
}

function addOrSubtract(f: Func, op: 'add' | 'sub', a: Vector, b: Vector, into: Vector): void {
  into.forEach((half, h) => {
    f.get(a[h])
    f.get(b[h])
    f.op(`f32x4.${op}`)
    f.set(half)
  })
}

const termsOf = (row: readonly number[], x: readonly Vector[]): Term[] =>
  row.flatMap((factor, k): Term[] => (factor === 0 ? [] : [[factor, x[k]]]))
/** What two rows (or columns) share, and in what they differ: one has the sum of both parts, the other the difference. */
const same = (a: readonly number[], b: readonly number[]): number[] => a.map((v, k) => (v + b[k]) / 2)
const opposite = (a: readonly number[], b: readonly number[]): number[] => a.map((v, k) => (v - b[k]) / 2)

/**
 * Calls `give(k, value)` for every row k of matrix * x, a matrix to the points. Points come in pairs of opposites, so rows 1 and 2, 3 and 4 differ
 * in the signs of some terms only: the parts are computed once. `spare`: three vectors.
 */
export function toPoints(
  f: Func,
  m: Machine,
  matrix: Matrix,
  x: readonly Vector[],
  [even, odd, out]: readonly Vector[],
  give: (row: number, value: Vector) => void,
): void {
  const give1 = (k: number): void => {
    sumUp(f, m, termsOf(matrix[k], x), out)
    give(k, out)
  }
  const last = matrix.length - 1
  give1(0)
  for (let k = 1; k < last; k += 2) {
    sumUp(f, m, termsOf(same(matrix[k], matrix[k + 1]), x), even)
    sumUp(f, m, termsOf(opposite(matrix[k], matrix[k + 1]), x), odd)
    addOrSubtract(f, 'add', even, odd, out)
    give(k, out)
    addOrSubtract(f, 'sub', even, odd, out)
    give(k + 1, out)
  }
  give1(last)
}

/** The same for a matrix from the points back: sums and differences of the pairs are computed once, and take the places of the pairs in `x`. */
export function fromPoints(
  f: Func,
  m: Machine,
  matrix: Matrix,
  x: readonly Vector[],
  [sum, out]: readonly Vector[],
  give: (row: number, value: Vector) => void,
): void {
  for (let k = 1; k < x.length - 1; k += 2) {
    addOrSubtract(f, 'add', x[k], x[k + 1], sum)
    addOrSubtract(f, 'sub', x[k], x[k + 1], x[k + 1])
    sum.forEach((half, h) => {
      f.get(half)
      f.set(x[k][h])
    })
  }
  matrix.forEach((row, k) => {
    const factors = row.map((factor, j) => {
      if (j === 0 || j === x.length - 1) return factor
      return j % 2 === 1 ? (factor + row[j + 1]) / 2 : (row[j - 1] - factor) / 2
    })
    sumUp(f, m, termsOf(factors, x), out)
    give(k, out)
  })
}
