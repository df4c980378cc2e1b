// Reading arguments: lists and tables of numbers, as arrays, typed arrays or tensors (those that need gradients, too).
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Numbers in a row: an array, a typed array, a tensor [n]. `null` and NaN are gaps. */
export type Numbers = ArrayLike<number | null> | Tensor
/** One row of numbers, or several: an array of rows, a tensor [rows, n]. */
export type NumbersOrRows = Numbers | readonly Numbers[]
/** A table: nested arrays, a tensor [rows, columns], an array of rows. */
export type Matrix = Tensor | readonly Numbers[]

const isRow = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (value instanceof Tensor || 'length' in value)

/** Gaps and numbers that are not finite become NaN. */
const toNumber = (value: unknown): number => {
  const number = value === null ? Number.NaN : Number(value)
  return Number.isFinite(number) ? number : Number.NaN
}

export function readNumbers(op: string, what: string, values: Numbers): number[] {
  if (!isRow(values)) throw new ValueError(`${op}: ${what} must be numbers, got ${String(values)}`)
  if (values instanceof Tensor) {
    if (values.ndim !== 1)
      throw new ShapeError(`${op}: ${what} must have one dimension, got ${formatShape(values.shape)}`)
    return values.numbers().map(toNumber)
  }
  const nested = Array.from(values).find(isRow)
  if (nested !== undefined) throw new ShapeError(`${op}: ${what} must have one dimension, got arrays inside an array`)
  return Array.from(values, toNumber)
}

/** Rows of their own lengths. Throws ValueError for an empty one. */
export function readRows(op: string, what: string, values: NumbersOrRows): number[][] {
  if (values instanceof Tensor && values.ndim !== 1 && values.ndim !== 2)
    throw new ShapeError(`${op}: ${what} must be [n] or [series, n], got ${formatShape(values.shape)}`)
  const several = isRow(values) && (values instanceof Tensor ? values.ndim === 2 : isRow(values[0]))
  const rows = several ? Array.from(rowsOf(values as Matrix)) : [values as Numbers]
  const read = rows.map((row, i) => readNumbers(op, several ? `${what} of series ${i}` : what, row))
  const empty = read.findIndex((row) => row.length === 0)
  if (empty >= 0 || read.length === 0)
    throw new ValueError(`${op}: ${what} ${several && empty >= 0 ? `of series ${empty} ` : ''}is empty`)
  return read
}

/** Rows of one length. Throws ShapeError for another form. */
export function readMatrix(op: string, values: Matrix): number[][] {
  if (values instanceof Tensor && values.ndim !== 2)
    throw new ShapeError(`${op}: the matrix must be [rows, columns], got ${formatShape(values.shape)}`)
  const rows = Array.from(rowsOf(values), (row, i) => readNumbers(op, `row ${i}`, row))
  if (rows.length === 0 || rows[0].length === 0) throw new ValueError(`${op}: the matrix is empty`)
  const other = rows.findIndex((row) => row.length !== rows[0].length)
  if (other >= 0)
    throw new ShapeError(
      `${op}: rows differ in length: row 0 has ${rows[0].length}, row ${other} has ${rows[other].length}`,
    )
  return rows
}

const rowsOf = (values: Matrix): readonly Numbers[] =>
  values instanceof Tensor ? (values.tolist() as number[][]) : values

/** Checks that there is a name for each of `count` things. */
export function checkNames(op: string, what: string, names: readonly string[] | undefined, count: number): void {
  if (names !== undefined && names.length !== count)
    throw new ShapeError(`${op}: ${what} has ${names.length} names for ${count}`)
}

/** Least and greatest number that is not NaN; `[Infinity, -Infinity]` where there is none. */
export function extent(rows: readonly (readonly number[])[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const row of rows) {
    for (const value of row) {
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return [low, high]
}
