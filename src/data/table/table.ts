// A table: columns of one length with names, dtypes and gaps. arquero stores it and does the work; what is added are pandas's
// dtypes, missing values, printing, and the way to tensors. Tables do not change: every method gives another one.
import * as arquero from 'arquero'
import type { ColumnTable } from 'arquero'
import { writeFileAtomic } from '#platform'
import type { DType } from '../../base/dtype.ts'
import { IndexError, ValueError } from '../../base/errors.ts'
import { parseSlice, type SliceString } from '../../ops/sliceString.ts'
import { Tensor } from '../../tensor/tensor.ts'
import { Column } from './column.ts'
import { tableText } from './print.ts'
import { tensorOf } from './tensor.ts'
import { type Cell, cellText, type ColumnDtype, commonDtype, convert, isMissing, store, type Values } from './values.ts'

/** Values of a column: an array or another iterable (null, undefined and NaN are missing), a column, a tensor of one dimension. */
export type ColumnData = Iterable<unknown> | Column | Tensor
type Dtypes = Readonly<Record<string, ColumnDtype>>

export interface CsvOptions {
  /** Default `,`. */
  separator?: string
  /** A first line with the names. Default true. */
  header?: boolean
  /** What stands for a missing value. Default: nothing. */
  naRep?: string
}

function columnOf(name: string, data: ColumnData): Column {
  if (data instanceof Column) return new Column(name, data.dtype, data.values)
  return Column.of(name, data instanceof Tensor ? (data.reshape(-1).tolist() as unknown[]) : data)
}

/** Positions that a slice or a list chooses, negative ones counted from the end. */
function positionsOf(chosen: SliceString | readonly number[], length: number, what: string): number[] {
  if (typeof chosen === 'string') {
    const { start, stop, step } = parseSlice('iloc', chosen)
    const bound = (at: number): number => Math.min(length, Math.max(0, at < 0 ? at + length : at))
    const positions: number[] = []
    for (let at = bound(start ?? 0); at < bound(stop ?? length); at += step) positions.push(at)
    return positions
  }
  return chosen.map((position) => {
    const at = position < 0 ? position + length : position
    if (Number.isInteger(at) && at >= 0 && at < length) return at
    throw new IndexError(`iloc: ${what} ${position} is out of range for ${length} ${what}s`)
  })
}

/** Source: `pandas.DataFrame`, without its index: rows are numbered from 0. */
export class Table {
  /** The columns as arquero has them. */
  readonly data: ColumnTable
  /** Of every column, in order. */
  readonly dtypes: Dtypes

  /** A table of arquero. A column with a dtype here must be stored as that one is; the others get the dtype that their values ask for. */
  constructor(data: ColumnTable, dtypes: Dtypes = {}) {
    const plain = data.ungroup().reify()
    const found: Record<string, ColumnDtype> = {}
    const stored: Record<string, Values> = {}
    for (const name of plain.columnNames()) {
      const values = plain.column(name) as Values
      const column = Object.hasOwn(dtypes, name) ? { dtype: dtypes[name], values } : store(name, values)
      found[name] = column.dtype
      stored[name] = column.values
    }
    this.data = arquero.table(stored, plain.columnNames())
    this.dtypes = found
  }
  /** A table of the given columns. Throws ValueError where they differ in length. */
  static of(columns: Readonly<Record<string, ColumnData>>): Table {
    return Table.from(Object.entries(columns).map(([name, data]) => columnOf(name, data)))
  }
  /** The same of columns in order. */
  static from(columns: readonly Column[]): Table {
    const unnamed = columns.find(({ name }) => name === '' || name === '__proto__')
    if (unnamed !== undefined) throw new ValueError(`table: a column cannot have the name '${unnamed.name}'`)
    const odd = columns.find((column) => column.length !== columns[0].length)
    if (odd !== undefined) {
      const [first] = columns
      throw new ValueError(
        `table: the columns differ in length: '${first.name}' has ${first.length} rows, '${odd.name}' ${odd.length}`,
      )
    }
    const data = arquero.table(columns.map(({ name, values }) => [name, values]))
    return new Table(data, Object.fromEntries(columns.map(({ name, dtype }) => [name, dtype])))
  }

  /** Names of the columns in order. */
  get names(): string[] {
    return this.data.columnNames()
  }
  /** Numbers of rows and columns. */
  get shape(): [rows: number, columns: number] {
    return [this.data.numRows(), this.data.numCols()]
  }
  /** Number of rows. */
  get length(): number {
    return this.data.numRows()
  }

  /** One column, by name or by position. Throws ValueError where there is none of this name, IndexError for a position. */
  column(name: string | number): Column {
    const key = typeof name === 'string' ? name : this.names[positionsOf([name], this.shape[1], 'column')[0]]
    this.check('column', [key])
    return new Column(key, this.dtypes[key], this.data.column(key) as Values)
  }
  /** These columns, in this order. Source: `frame[names]`. */
  columns(names: readonly string[]): Table {
    this.check('columns', names)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw new ValueError(`columns: '${twice}' is named twice`)
    return new Table(this.data.select([...names]), this.dtypes)
  }
  /** All other columns. */
  drop(names: string | readonly string[]): Table {
    const out = [names].flat()
    this.check('drop', out)
    return this.columns(this.names.filter((name) => !out.includes(name)))
  }
  /** Rows from `start` up to `end`, which is left out; negative ones count from the end, as in `Array.prototype.slice`. */
  rows(start: number, end = Number.POSITIVE_INFINITY): Table {
    return new Table(this.data.slice(start, end), this.dtypes)
  }
  /** The first `n` rows. */
  head(n = 5): Table {
    return this.rows(0, n)
  }
  /** By position: a slice or a list of rows, then of columns: `t.iloc('0:4', [0, 1, -1])`. Throws IndexError. Source: `DataFrame.iloc`. */
  iloc(rows: SliceString | readonly number[], columns: SliceString | readonly number[] = ':'): Table {
    const [length, width] = this.shape
    const chosen = this.columns(positionsOf(columns, width, 'column').map((position) => this.names[position]))
    return rows === ':' ? chosen : new Table(chosen.data.reify(positionsOf(rows, length, 'row')), this.dtypes)
  }

  /** With these columns added, or put in the place of those of the same name. */
  assign(columns: Readonly<Record<string, ColumnData>>): Table {
    const all = new Map(this.names.map((name) => [name, this.column(name)]))
    for (const [name, data] of Object.entries(columns)) all.set(name, columnOf(name, data))
    return Table.from([...all.values()])
  }
  /** With `fn` applied to some columns: `t.map(names, (x) => x.sub(x.mean()).div(x.std()))`. */
  map(names: string | readonly string[], fn: (column: Column) => ColumnData): Table {
    return this.assign(Object.fromEntries([names].flat().map((name) => [name, fn(this.column(name))])))
  }
  /**
   * Without gaps: `value` in all columns, or one for each column named; 'mean' puts its mean into each column of numbers (a column without any value
   * stays empty) and leaves the others. Source: `frame.fillna(value)`, `frame.fillna(frame.mean())`.
   */
  fillna(value: number | string | boolean | Readonly<Record<string, number | string | boolean>>): Table {
    if (typeof value === 'object') {
      this.check('fillna', Object.keys(value))
      return this.map(Object.keys(value), (column) => column.fillna(value[column.name]))
    }
    if (value !== 'mean') return this.map(this.names, (column) => column.fillna(value))
    const gaps = this.names.filter((name) => this.dtypes[name] === 'float64')
    return this.map(gaps, (column) => column.fillna(column.mean()))
  }
  /** The rows of this table, then those of the others. A column that some do not have is missing in their rows. Source: `pandas.concat`. */
  concat(...others: readonly Table[]): Table {
    const tables = [this, ...others]
    const names = [...new Set(tables.flatMap((table) => table.names))]
    const [first, ...rest] = tables.map(({ data, dtypes, length }) => {
      const lacking = Array<Cell>(length).fill(null)
      return arquero.table(names.map((name) => [name, Object.hasOwn(dtypes, name) ? data.column(name) : lacking]))
    })
    const joined = first.concat(rest)
    const filled = tables.filter((table) => table.length > 0)
    const column = (name: string): Column => {
      const kinds = (filled.length > 0 ? filled : tables).map(({ dtypes }) =>
        Object.hasOwn(dtypes, name) ? dtypes[name] : undefined,
      )
      const dtype = commonDtype(kinds)
      const cells = Array.from(joined.column(name) as Values, (value) => (isMissing(value) ? null : value))
      return new Column(name, dtype, convert(cells, dtype))
    }
    return Table.from(names.map(column))
  }
  /** Any other work of arquero (groups, joins, order, pivots): `t.query((rows, { op }) => rows.groupby('Alley').rollup({ price: op.mean('Price') }))`. */
  query(fn: (rows: ColumnTable, library: typeof arquero) => ColumnTable): Table {
    const result = fn(this.data, arquero)
    const same = this.names.filter((name) => result.column(name) === this.data.column(name))
    return new Table(result, Object.fromEntries(same.map((name) => [name, this.dtypes[name]])))
  }

  /**
   * [rows, columns]. Without `dtype`: float64 where a column is float64 or object, else int64, or what all columns are. Missing values are NaN.
   * Throws DataError for text, and for a gap where `dtype` has no NaN. Source: `frame.to_numpy`, where the default with object is another.
   */
  toTensor({ dtype }: { dtype?: DType } = {}): Tensor {
    return tensorOf(this.list(), this.shape, dtype)
  }
  /** CSV text: numbers as Python writes them, quotes where they are needed. Source: `frame.to_csv(index=False)`. */
  toCsv({ separator = ',', header = true, naRep = '' }: CsvOptions = {}): string {
    if (!/^[^-"\\\]\r\n]$/u.test(separator)) {
      throw new ValueError(
        `toCsv: the separator must be one character, not a quote, '-', ']' or '\\', got '${separator}'`,
      )
    }
    // The line of a table of one column would be empty, hence no row: quotes stand there, as csv.writer of Python writes them.
    const alone = this.names.length === 1 && naRep === ''
    const missing = alone ? '\0' : naRep
    const write = (dtype: ColumnDtype) => (value: Cell) => (isMissing(value) ? missing : cellText(value, dtype))
    const format = Object.fromEntries(this.names.map((name) => [name, write(this.dtypes[name])]))
    const text = this.data.toCSV({ delimiter: separator, header, format })
    return alone ? text.replaceAll('\0', '""') : text
  }
  /** Writes `toCsv` to a file: all of it, or nothing. */
  async writeCsv(path: string, options: CsvOptions = {}): Promise<void> {
    await writeFileAtomic(path, new TextEncoder().encode(this.toCsv(options)))
  }
  /** As pandas prints it. */
  toString(): string {
    return tableText(this.list())
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  private list(): Column[] {
    return this.names.map((name) => this.column(name))
  }
  private check(op: string, names: readonly string[]): void {
    const unknown = names.find((name) => !Object.hasOwn(this.dtypes, name))
    if (unknown === undefined) return
    const known = this.names.length > 12 ? [...this.names.slice(0, 12), '...'] : this.names
    throw new ValueError(`${op}: there is no column '${unknown}'`, `the columns are ${known.join(', ')}.`)
  }
}
