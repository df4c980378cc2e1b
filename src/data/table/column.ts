// One column of a table: its statistics, which skip missing values, and arithmetic with numbers. arquero computes the statistics.
import { agg, op, table as arqueroTable } from 'arquero'
import type { DType } from '../../base/dtype.ts'
import { DataError } from '../../base/errors.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { seriesText } from './print.ts'
import { tensorOf } from './tensor.ts'
import { type Cell, cellAt, type ColumnDtype, convert, isMissing, store, type Values } from './values.ts'

/** Undefined where there are no values. */
function aggregate<Result = number>(values: Values, operation: (field: string) => unknown): Result | undefined {
  return agg(arqueroTable({ values }), operation('values') as never) as Result | undefined
}

/** A named column. Source: `pandas.Series`, without its index. */
export class Column implements Iterable<Cell> {
  /** The name. */
  readonly name: string
  /** What the values are, as pandas would say. */
  readonly dtype: ColumnDtype
  /** The values as they are stored. */
  readonly values: Values

  /** `values` must be stored as `dtype` is; `Column.of` takes any. */
  constructor(name: string, dtype: ColumnDtype, values: Values) {
    this.name = name
    this.dtype = dtype
    this.values = values
  }
  /** Values of JavaScript with the dtype that they ask for; null, undefined and NaN are missing. */
  static of(name: string, values: Iterable<unknown> | ArrayLike<unknown>): Column {
    const { dtype, values: stored } = store(name, 'length' in values ? values : [...values])
    return new Column(name, dtype, stored)
  }

  /** Number of rows, with those whose value is missing. */
  get length(): number {
    return this.values.length
  }
  /** The value at `row`, null where it is missing. */
  get(row: number): Cell {
    return cellAt(this.values, row)
  }
  /** The values in order, null where one is missing. */
  *[Symbol.iterator](): Iterator<Cell> {
    for (let row = 0; row < this.length; row++) yield this.get(row)
  }
  /** The values as an array, null where one is missing. */
  tolist(): Cell[] {
    return [...this]
  }

  /** How many values are there. */
  count(): number {
    return this.present().length
  }
  /** NaN where there are no values, as for all statistics of numbers. */
  mean(): number {
    return aggregate(this.numbers('mean'), op.mean) ?? Number.NaN
  }
  /** Divided by n - 1; NaN for fewer than two values. */
  std(): number {
    return aggregate(this.numbers('std'), op.stdev) ?? Number.NaN
  }
  /** The middle value; the mean of the two in the middle of an even number. */
  median(): number {
    const sorted = this.numbers('median')
      .filter((value) => !Number.isNaN(value))
      .sort()
    const middle = sorted.length >> 1
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  /** 0 where there are no values. */
  sum(): number {
    return aggregate(this.numbers('sum'), op.sum) ?? 0
  }
  /** The smallest value, of text the first in order; null where there is none. */
  min(): Cell {
    return aggregate<Cell>(this.values, op.min) ?? null
  }
  /** The largest value, of text the last in order; null where there is none. */
  max(): Cell {
    return aggregate<Cell>(this.values, op.max) ?? null
  }
  /** The different values in order of appearance. */
  unique(): Cell[] {
    return [...new Set(this.present())]
  }
  /** How often each value occurs, the most frequent first; equally frequent ones in order of appearance. */
  valueCounts(): Map<Cell, number> {
    const counts = new Map<Cell, number>()
    for (const cell of this.present()) counts.set(cell, (counts.get(cell) ?? 0) + 1)
    return new Map([...counts].sort(([, a], [, b]) => b - a))
  }

  /** `value` where one is missing. Text in a column of numbers makes its dtype `object`. */
  fillna(value: number | string | boolean): Column {
    if (!this.values.some(isMissing)) return this
    const dtype = this.dtype === 'float64' && typeof value === 'number' ? 'float64' : 'object'
    const cells = Array.from(this, (cell) => cell ?? value)
    return new Column(this.name, dtype, convert(cells, dtype))
  }
  /** What `fn` gives for each value, missing ones (null) included. */
  map(fn: (value: Cell, row: number) => unknown): Column {
    return Column.of(this.name, Array.from(this, fn))
  }
  /** Adds a number to each value. Throws DataError for text, as all arithmetic. */
  add(other: number): Column {
    return this.arithmetic('add', Number.isInteger(other), (x) => x + other)
  }
  /** Subtracts a number from each value. */
  sub(other: number): Column {
    return this.arithmetic('sub', Number.isInteger(other), (x) => x - other)
  }
  /** Multiplies each value by a number. */
  mul(other: number): Column {
    return this.arithmetic('mul', Number.isInteger(other), (x) => x * other)
  }
  /** Always float64. */
  div(other: number): Column {
    return this.arithmetic('div', false, (x) => x / other)
  }

  /** [length], otherwise as `Table.toTensor`. */
  toTensor({ dtype }: { dtype?: DType } = {}): Tensor {
    return tensorOf([this], [this.length], dtype)
  }
  /** As numbers: true is 1, missing values are NaN. Throws DataError with the first text among them. */
  numbers(op: string): Float64Array {
    if (this.values instanceof Float64Array) return this.values
    const text = this.values.findIndex((value) => typeof value === 'string')
    if (text >= 0) {
      throw new DataError(
        `${op}: column '${this.name}' (${this.dtype}) is not numeric: '${this.values[text]}' at row ${text}`,
        'getDummies(table) makes numbers of categories; columns(names) chooses columns.',
      )
    }
    return Float64Array.from(this.values, (value) => (value === null ? Number.NaN : Number(value)))
  }
  /** As pandas prints it, with row numbers. */
  toString(): string {
    return seriesText(this)
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  private present(): Cell[] {
    return [...this].filter((cell) => cell !== null)
  }
  /** Whole numbers stay int64 where the operand is `whole`. */
  private arithmetic(op: string, whole: boolean, fn: (x: number) => number): Column {
    const result = this.numbers(op).map(fn)
    return whole && this.dtype !== 'float64' && this.dtype !== 'object'
      ? new Column(this.name, 'int64', [...result])
      : new Column(this.name, 'float64', result)
  }
}
