// The text of tables and columns as pandas prints them: aligned to the right, row numbers on the left, NaN, the middle of long tables
// left out, wide ones in blocks. Source of the rules: pandas/io/formats/format.py, with the settings of a notebook.
import { fixed, scientific, signed } from '../../base/decimal.ts'
import type { Column } from './column.ts'
import { type Cell, cellAt, cellText } from './values.ts'

const settings = { rows: 60, edgeRows: 5, columns: 20, lineWidth: 80, cellWidth: 50, digits: 6 } as const

const width = (text: string): number => [...text].length
const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, width(text)), 0)
const left = (text: string, to: number): string => text + ' '.repeat(Math.max(0, to - width(text)))
const right = (text: string, to: number): string => ' '.repeat(Math.max(0, to - width(text))) + text

/** The positions that are shown of `count`: all, or `edge` at each end with null between them. */
function shown(count: number, limit: number, edge: number): (number | null)[] {
  const all = Array.from({ length: count }, (_, i) => i)
  return count <= limit ? all : [...all.slice(0, edge), null, ...all.slice(count - edge)]
}

/** One format for the column: six decimals without common zeros, or exponents where values are very small or large. */
function floatTexts(values: readonly number[]): string[] {
  const { digits } = settings
  const format = (write: typeof fixed): string[] =>
    values.map((value) => {
      const text = signed(value, digits, write)
      return Number.isNaN(value) ? 'NaN' : text.startsWith('-') ? text : ` ${text}`
    })
  const decimal = trimZeros(format(fixed))
  const small = values.some((value) => value !== 0 && Math.abs(value) < 10 ** -digits)
  const large = values.some((value) => Math.abs(value) > 1e6)
  return small || (large && widest(decimal) > digits + 6) ? format(scientific) : decimal
}

function trimZeros(texts: string[]): string[] {
  const isDecimal = (text: string): boolean => /^\s*-?\d+\.\d*$/.test(text)
  const decimals = texts.filter(isDecimal).map((text) => text.split('.')[1].replace(/0+$/, '').length)
  const kept = Math.max(1, ...decimals)
  return texts.map((text) => (isDecimal(text) ? text.slice(0, text.indexOf('.') + 1 + kept) : text))
}

const escapes: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const clip = (text: string): string =>
  width(text) > settings.cellWidth ? `${[...text].slice(0, settings.cellWidth - 3).join('')}...` : text

function otherText(cell: Cell, column: Column): string {
  if (cell === null) return ' NaN'
  if (typeof cell === 'number' && !Number.isInteger(cell)) return floatTexts([cell])[0]
  const text = cellText(cell, column.dtype).replace(/[\t\n\r]/g, (c) => escapes[c])
  return clip(typeof cell === 'number' && cell < 0 ? text : ` ${text}`)
}

/** The texts of the rows, of equal width. */
function cellTexts(column: Column, rows: readonly (number | null)[]): string[] {
  const cells = rows.filter((row) => row !== null).map((row) => cellAt(column.values, row))
  const texts =
    column.dtype === 'float64'
      ? floatTexts(cells.map((cell) => (cell === null ? Number.NaN : Number(cell))))
      : cells.map((cell) => otherText(cell, column))
  const size = widest(texts)
  return texts.map((text) => right(text, size))
}

/** `dots` where the rows in the middle are left out. */
function withDots(texts: string[], rows: readonly (number | null)[], dots: string): string[] {
  const gap = rows.indexOf(null)
  return gap < 0 ? texts : texts.toSpliced(gap, 0, dots)
}
const dotsFor = (size: number): string => (size > 3 ? '...' : '..')

function rowNumbers(rows: readonly (number | null)[]): string[] {
  const numbers = rows.filter((row) => row !== null).map(String)
  const size = widest(numbers)
  return withDots(numbers, rows, dotsFor(size)).map((text) => left(text, size))
}

/** A column with its header, of equal width. */
function block(column: Column, rows: readonly (number | null)[]): string[] {
  const header = column.dtype === 'object' ? column.name : ` ${column.name}`
  const texts = cellTexts(column, rows)
  const size = Math.max(width(header), widest(texts))
  // Under a name that is wider than any cell may be, cells keep to the left.
  const cellSize = Math.min(size, Math.max(settings.cellWidth, widest(texts)))
  const cells = withDots(texts, rows, dotsFor(size)).map((text) => left(right(text, cellSize), size))
  return [right(header, size), ...cells]
}

/** Where the lines break: the columns of each block. */
function blocksOf(columns: string[][], lineWidth: number): string[][][] {
  const blocks: string[][][] = [[]]
  let used = 0
  for (const [i, column] of columns.entries()) {
    const size = width(column[0]) + 1
    used += size
    if (i > 0 && used + (i === columns.length - 1 ? 1 : 2) > lineWidth) {
      blocks.push([])
      used = size
    }
    blocks.at(-1)?.push(column)
  }
  return blocks
}

export function tableText(columns: readonly Column[]): string {
  const length = columns[0]?.length ?? 0
  if (length === 0) return `Empty Table\nColumns: [${columns.map(({ name }) => name).join(', ')}]`
  const rows = shown(length, settings.rows, settings.edgeRows)
  const positions = shown(columns.length, settings.columns, settings.columns / 2)
  const numbers = rowNumbers(rows)
  const index = ['', ...numbers].map((text) => left(text, width(numbers[0])))
  const dots = Array<string>(rows.length + 1).fill(' ...')
  const shownColumns = positions.map((position) => (position === null ? dots : block(columns[position], rows)))
  const blocks = blocksOf(shownColumns, settings.lineWidth - width(index[0]) - 1)
  const texts = blocks.map((inside, i) =>
    index
      .map((number, row) => [number, ...inside.map((column) => column[row])].join(' '))
      .map((line, row) => (row === 0 && i < blocks.length - 1 ? `${line}  \\` : line).trimEnd())
      .join('\n'),
  )
  const cut = rows.includes(null) || positions.includes(null)
  return texts.join('\n\n') + (cut ? `\n\n[${length} rows x ${columns.length} columns]` : '')
}

/** `pandas.Series.__repr__`. */
export function seriesText(column: Column): string {
  const rows = shown(column.length, settings.rows, settings.edgeRows)
  const cut = rows.includes(null)
  const cells = cellTexts(column, rows)
  const size = widest(cells)
  const dots = dotsFor(size)
  const spare = size - dots.length
  const before = (spare >> 1) + (spare & size & 1)
  const texts = withDots(cells, rows, right(dots, before + dots.length))
  const numbers = withDots(rowNumbers(rows.filter((row) => row !== null)), rows, '')
  const indexWidth = widest(numbers)
  const lines = texts.map((text, i) => `${left(numbers[i], indexWidth)}   ${text}`.trimEnd())
  const footer = [`Name: ${column.name}`, ...(cut ? [`Length: ${column.length}`] : []), `dtype: ${column.dtype}`]
  return [...lines, footer.join(', ')].join('\n')
}
