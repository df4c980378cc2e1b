// Categories as columns of zeros and ones. Only types are imported: whoever has a table has loaded the rest.
import { ValueError } from '../../base/errors.ts'
import type { Column } from './column.ts'
import type { Table } from './table.ts'
import { type Cell, cellText } from './values.ts'

export interface DummiesOptions {
  /** A column `_nan` for missing values, after those of the categories, also where nothing is missing. Default false. */
  dummyNa?: boolean
  /** The columns to encode. Default: those of dtype object. */
  columns?: readonly string[]
  /** Between the name of the column and the category. Default `_`. */
  prefixSep?: string
}

/** In order where all are of one kind, else as they appear. */
function categoriesOf(column: Column): Cell[] {
  const categories = column.unique()
  const kinds = new Set(categories.map((category) => (typeof category === 'string' ? 'text' : 'number')))
  return kinds.size > 1 ? categories : categories.sort((a, b) => (a! < b! ? -1 : 1))
}

/**
 * The columns that are not encoded, in their order, then for each encoded column one of dtype uint8 for every category, sorted.
 * Throws ValueError for a column that is not there, or a name that would be there twice. Source: `pandas.get_dummies` of pandas 1.
 */
export function getDummies(table: Table, options: DummiesOptions = {}): Table {
  const { dummyNa = false, prefixSep = '_' } = options
  const encoded = options.columns ?? table.names.filter((name) => table.dtypes[name] === 'object')
  const rest = table.drop(encoded)
  const dummies: Record<string, Uint8Array> = {}
  const add = (name: string, values: Uint8Array): void => {
    if (Object.hasOwn(dummies, name) || Object.hasOwn(rest.dtypes, name)) {
      throw new ValueError(`getDummies: there would be two columns '${name}'`, 'another prefixSep keeps them apart.')
    }
    dummies[name] = values
  }
  for (const name of encoded) {
    const column = table.column(name)
    // pandas makes floats of whole numbers where NaN stands among them.
    const dtype = dummyNa && column.dtype === 'int64' ? 'float64' : column.dtype
    const categories = [...categoriesOf(column), ...(dummyNa ? [null] : [])]
    const marks = new Map(categories.map((category) => [category, new Uint8Array(column.length)]))
    for (const [row, cell] of column.tolist().entries()) {
      const mark = marks.get(cell)
      if (mark !== undefined) mark[row] = 1
    }
    for (const [category, values] of marks) {
      add(name + prefixSep + (category === null ? 'nan' : cellText(category, dtype)), values)
    }
  }
  return rest.assign(dummies)
}
