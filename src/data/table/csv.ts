// CSV files as tables: records.ts cuts the text into fields, fields.ts makes values of them.
import { download, readFile } from '#platform'
import { DataError, ValueError } from '../../base/errors.ts'
import { Column } from './column.ts'
import { type CsvDtype, fieldsAs, inferFields, type Missing, missingFrom } from './fields.ts'
import { type Row, rowsOf } from './records.ts'
import { Table } from './table.ts'

/** A path, an address (http, https, file), or the text itself. */
export type CsvSource = string | URL | { readonly text: string }

export interface ReadCsvOptions {
  /** Between the fields. Default `,`. */
  separator?: string
  /** Whether the first line holds the names (the default), or the names of a file without such a line; false: the columns are '0', '1', ... */
  header?: boolean | readonly string[]
  /** What also stands for a missing value. */
  naValues?: string | number | readonly (string | number)[]
  /** Whether pandas's own list counts too: '', NA, N/A, NaN, nan, null, NULL and their kin. Default true. */
  keepDefaultNa?: boolean
  /** Dtypes of some columns. Default: the one that fits. */
  columns?: Readonly<Record<string, CsvDtype>>
}

async function open(source: CsvSource): Promise<{ text: string; name: string }> {
  if (typeof source === 'object' && 'text' in source) return { text: source.text, name: 'text' }
  const address = String(source)
  const path = /^file:/i.test(address) ? decodeURIComponent(new URL(address).pathname) : address
  const bytes = /^https?:/i.test(address) ? await download(address) : await readFile(path)
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), name: path }
  } catch {
    throw new DataError(`readCsv: ${path} is not UTF-8 text`, 'save it as UTF-8, or decode it and pass { text }.')
  }
}

/** Names that are all different: `a`, `a.1`, `a.2`; `Unnamed: 3` for an empty one. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((given, i) => {
    const base = given === '' ? `Unnamed: ${i}` : given
    let name = base
    for (let n = 1; taken.has(name) || (name !== base && names.includes(name)); n++) name = `${base}.${n}`
    taken.add(name)
    return name
  })
}

/** See `tables.ts`, which loads this file. */
export async function readCsv(source: CsvSource, options: ReadCsvOptions = {}): Promise<Table> {
  const { separator = ',', header = true, naValues = [], keepDefaultNa = true, columns: dtypes = {} } = options
  const { text, name } = await open(source)
  const rows = rowsOf(text, name, separator)
  if (rows.length === 0) throw new DataError(`readCsv: ${name} is empty`)
  const fields = rows[0].record
  const names = distinct(header === true ? fields : header === false ? fields.map((_, i) => String(i)) : header)
  if (names.length !== fields.length)
    throw new DataError(
      `readCsv: ${name}: names: ${names.length}, fields of line ${rows[0].info.lines}: ${fields.length}`,
    )
  const unknown = Object.keys(dtypes).find((wanted) => !names.includes(wanted))
  if (unknown !== undefined)
    throw new ValueError(`readCsv: ${name} has no column '${unknown}'`, `the columns are ${names.join(', ')}.`)
  const dtypeOf = (column: string): CsvDtype | undefined => (Object.hasOwn(dtypes, column) ? dtypes[column] : undefined)
  const data = header === true ? rows.slice(1) : rows
  const missing = missingFrom([naValues].flat(), keepDefaultNa)
  return Table.from(names.map((column, i) => readColumn(column, i, data, missing, dtypeOf(column), name)))
}

function readColumn(
  name: string,
  position: number,
  rows: readonly Row[],
  missing: Missing,
  dtype: CsvDtype | undefined,
  file: string,
): Column {
  const fields = rows.map(({ record }) => record[position])
  const stored = dtype === undefined ? inferFields(fields, missing) : fieldsAs(dtype, fields, missing)
  if (!('misfit' in stored)) return new Column(name, stored.dtype, stored.values)
  const { misfit } = stored
  throw new DataError(
    `readCsv: ${file}: line ${rows[misfit].info.lines}, column '${name}': '${fields[misfit]}' is not ${dtype}`,
    `leave '${name}' out of { columns }, or name the text in { naValues }.`,
  )
}
