// The functions that make tables. The libraries behind them take a tenth of a second to load. That happens when the first table is
// asked for: programs without tables do not wait.
import type { CsvSource, ReadCsvOptions } from './table/csv.ts'
import type { ColumnData, Table } from './table/table.ts'

export type { Column } from './table/column.ts'
export type { CsvSource, ReadCsvOptions } from './table/csv.ts'
export { type DummiesOptions, getDummies } from './table/dummies.ts'
export type { ColumnData, CsvOptions, Table } from './table/table.ts'
export type { Cell, ColumnDtype } from './table/values.ts'

/**
 * Reads a CSV file or text. The narrowest of int64, float64, bool and object that fits is taken; whole numbers with gaps become float64. Throws
 * DataError with the line for a row of another length, a misplaced quote or a value that does not fit the dtype asked for, and for a file that is
 * missing or empty. Source: `pandas.read_csv` of pandas 1.
 */
export async function readCsv(source: CsvSource, options: ReadCsvOptions = {}): Promise<Table> {
  return (await import('./table/csv.ts')).readCsv(source, options)
}

/** A table of columns made in the program: `await table({ rooms: [2, null], alley: ['Pave', 'Grvl'] })`. Throws ValueError where they differ in length. */
export async function table(columns: Readonly<Record<string, ColumnData>>): Promise<Table> {
  return (await import('./table/table.ts')).Table.of(columns)
}

/** The rows of all tables, one table after the other; a column that a table does not have is missing in its rows. Source: `pandas.concat`. */
export function concat([first, ...others]: readonly [Table, ...Table[]]): Table {
  return first.concat(...others)
}
