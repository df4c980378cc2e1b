// What the columns of a table hold: pandas's dtypes, how each is stored, and which one JavaScript values get.
import { repr } from '../../base/decimal.ts'
import { ValueError } from '../../base/errors.ts'

/** pandas's names. `object` is text, or a mixture; `uint8` is that of dummies. */
export type ColumnDtype = 'float64' | 'int64' | 'uint8' | 'bool' | 'object'
/** A value in a table; null is a missing one. */
export type Cell = number | string | boolean | null
/** float64 lies in a Float64Array with NaN where a value is missing, uint8 in a Uint8Array, everything else in a plain array with null. */
export type Values = Float64Array | Uint8Array | readonly Cell[]

export interface Stored {
  readonly dtype: ColumnDtype
  readonly values: Values
}

export const isMissing = (value: unknown): boolean => value === null || value === undefined || Number.isNaN(value)

/** The value at `row` as a cell. */
export const cellAt = (values: Values, row: number): Cell => (isMissing(values[row]) ? null : values[row])

/** JavaScript values as a column. Typed arrays keep their type; numbers that are all whole, without a gap, are int64. Throws ValueError for objects. */
export function store(name: string, values: ArrayLike<unknown>): Stored {
  if (values instanceof Float64Array) return { dtype: 'float64', values }
  if (values instanceof Float32Array) return { dtype: 'float64', values: Float64Array.from(values) }
  if (values instanceof Uint8Array) return { dtype: 'uint8', values }
  const cells = Array.from(values, (value, row) => toCell(name, value, row))
  const dtype = dtypeOf(cells)
  return { dtype, values: convert(cells, dtype) }
}

function toCell(name: string, value: unknown, row: number): Cell {
  if (isMissing(value)) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  throw new ValueError(`table: column '${name}' holds a value of type ${typeof value} at row ${row}`)
}

function dtypeOf(cells: readonly Cell[]): ColumnDtype {
  const present = cells.filter((cell) => cell !== null)
  const gaps = present.length < cells.length
  if (cells.length === 0) return 'object'
  if (present.every((cell) => typeof cell === 'number'))
    return !gaps && present.every(Number.isSafeInteger) ? 'int64' : 'float64'
  return !gaps && present.every((cell) => typeof cell === 'boolean') ? 'bool' : 'object'
}

/** Cells in the form in which `dtype` is stored; they must fit it. */
export function convert(cells: readonly Cell[], dtype: ColumnDtype): Values {
  if (dtype === 'float64') return Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)))
  if (dtype === 'uint8') return Uint8Array.from(cells, Number)
  return cells
}

/** The dtype that holds columns of these dtypes one below the other; undefined stands for rows without the column. Source: `pandas.concat`. */
export function commonDtype(dtypes: readonly (ColumnDtype | undefined)[]): ColumnDtype {
  const kinds = new Set(dtypes)
  const gaps = kinds.delete(undefined)
  const [first] = kinds as Set<ColumnDtype>
  if (kinds.size === 1 && (!gaps || first === 'float64')) return first
  if (kinds.has('object') || kinds.has('bool')) return 'object'
  return gaps || kinds.has('float64') ? 'float64' : 'int64'
}

/** As Python writes the value: `2.0` in a float64 column, `True`. */
export function cellText(cell: Cell, dtype: ColumnDtype): string {
  if (typeof cell === 'boolean') return cell ? 'True' : 'False'
  return typeof cell === 'number' && (dtype === 'float64' || !Number.isInteger(cell)) ? repr(cell) : String(cell)
}
