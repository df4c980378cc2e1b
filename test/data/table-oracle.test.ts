// Tables against pandas: the same texts read, printed, filled, encoded and written by both (scripts/oracle/tables.py).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  type Cell,
  type Column,
  concat,
  type DummiesOptions,
  getDummies,
  readCsv,
  type ReadCsvOptions,
  type Table,
} from '../../src/data/index.ts'

type Columns = [name: string, dtype: string, values: unknown[]][]
interface Statistics {
  count: number
  unique: unknown[]
  counts: number[]
  mean?: number | null
  std?: number | null
  min?: number | null
  max?: number | null
  median?: number | null
  sum?: number | null
}
interface Case {
  name: string
  text: string
  options: ReadCsvOptions
  columns: Columns
  print: string
  csv: string
  series: string[]
  statistics: Statistics[]
  filled?: Columns
  dummies?: Columns
  dummiesWithoutNan?: Columns
}
const path = join(import.meta.dirname, '../fixtures/tables.json.gz')
const oracle: {
  cases: Case[]
  concats: { texts: string[]; columns: Columns }[]
  dummies: { text: string; options: DummiesOptions; columns: Columns }[]
} = JSON.parse(gunzipSync(readFileSync(path)).toString())

/** As the fixture writes it. */
const plain = (cell: Cell): unknown => (typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : cell)
const contents = (table: Table): Columns =>
  table.names.map((name) => [name, table.dtypes[name], table.column(name).tolist().map(plain)])
/** Without the blanks at the ends of lines. */
const trimmed = (text: string): string => text.replaceAll(/ +$/gm, '')

describe.each(oracle.cases)('as in pandas: $name', (each) => {
  const read = (): Promise<Table> => readCsv({ text: each.text }, each.options)

  test('values and dtypes', async () => {
    expect(contents(await read())).toEqual(each.columns)
  })
  test('the text of the table', async () => {
    const text = each.print.replace(/^Empty DataFrame\n(.*)\nIndex: \[\]$/, 'Empty Table\n$1')
    expect(trimmed(String(await read()))).toBe(trimmed(text))
  })
  test('CSV', async () => {
    expect((await read()).toCsv()).toBe(each.csv)
  })
  test('statistics', async () => {
    const table = await read()
    for (const [i, name] of table.names.entries()) {
      const column = table.column(name)
      const { count, unique, counts, ...numbers } = each.statistics[i]
      expect([name, column.count(), column.unique().length]).toEqual([name, count, unique.length])
      expect(column.unique().map(plain)).toEqual(unique)
      expect([...column.valueCounts().values()]).toEqual(counts)
      for (const [statistic, value] of Object.entries(numbers)) agree(column, statistic as 'mean', value)
    }
  })
  const { filled, dummies, dummiesWithoutNan } = each
  // pandas was not asked about tables without rows.
  if (filled === undefined) return
  test('the text of each column', async () => {
    const table = await read()
    expect(table.names.map((name) => trimmed(String(table.column(name))))).toEqual(each.series.map(trimmed))
  })
  test('gaps filled with means, and dummies', async () => {
    const table = await read()
    expect(close(contents(table.fillna('mean')), filled)).toBe(true)
    expect(contents(getDummies(table, { dummyNa: true }))).toEqual(dummies)
    expect(contents(getDummies(table))).toEqual(dummiesWithoutNan)
  })
})

/** Sums run in another order than in NumPy: results agree to 1e-13 of the largest value. */
function agree(column: Column, statistic: 'mean' | 'std' | 'min' | 'max' | 'median' | 'sum', value: unknown): void {
  const got = column[statistic]()
  const size = Math.max(...[...column].map((cell) => Math.abs(Number(cell)))) * column.length
  const wanted = value === null ? Number.NaN : Number(value)
  const same = Object.is(Number(got ?? Number.NaN), wanted) || Math.abs(Number(got) - wanted) <= 1e-13 * size
  expect(same, `${statistic} of ${column.name}: ${got}, pandas ${value}`).toBe(true)
}
function close(a: Columns, b: Columns): boolean {
  return a.every(([name, dtype, values], i) => {
    const near = (x: unknown, y: unknown): boolean =>
      x === y || Math.abs(Number(x) - Number(y)) <= 1e-13 * Math.abs(Number(y))
    return name === b[i][0] && dtype === b[i][1] && values.every((value, row) => near(value, b[i][2][row]))
  })
}

test.each(oracle.concats)('rows below rows, as in pandas: $texts', async ({ texts, columns }) => {
  const tables = await Promise.all(texts.map((text) => readCsv({ text })))
  expect(contents(concat(tables as [Table, ...Table[]]))).toEqual(columns)
})
test.each(oracle.dummies)('dummies as in pandas: $options of $text', async ({ text, options, columns }) => {
  expect(contents(getDummies(await readCsv({ text }), options))).toEqual(columns)
})
