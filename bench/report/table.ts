// Rows as a table for a terminal: medians, ranges and ratios.
import { geometricMean, type Spread } from '../statistics.ts'
import type { Row } from './rows.ts'

/** Three significant digits, and no exponent. */
export function figure(value: number): string {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 6))
}

const range = (spread: Spread | undefined): string =>
  spread === undefined || spread.low === spread.high ? '' : ` (${figure(spread.low)} to ${figure(spread.high)})`

const mode = ({ threads, avx2 }: Row): string =>
  `${threads} thread${threads === 1 ? '' : 's'}${avx2 ? '' : ', no AVX2'}`

const cells = (row: Row): string[] => [
  row.name,
  mode(row),
  row.kindling === null ? '' : figure(row.kindling) + range(row.spread.kindling),
  row.peerValue === null ? '' : figure(row.peerValue) + range(row.spread.peer),
  row.ratio === null ? '' : figure(row.ratio) + range(row.spread.ratio),
  row.peer ?? '',
  row.note ?? '',
]

/** Columns aligned; those that are empty everywhere are left out. */
export function aligned(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)))
  const used = widths.flatMap((_, c) => (rows.slice(1).some((row) => row[c] !== '') ? [c] : []))
  const line = (row: readonly string[]): string =>
    used.map((c) => (right.includes(c) ? row[c].padStart(widths[c]) : row[c].padEnd(widths[c]))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

/** One measurement's rows, with the geometric mean of their ratios for each mode. */
export function table(title: string, rows: readonly Row[]): string {
  const head = ['', '', 'Kindling', 'peer', 'ratio', 'peer is', '']
  const lines = [`${title}, ${rows[0].metric}: median (middle half of the rounds)`, aligned([head, ...rows.map(cells)])]
  // Ratios to different libraries have no mean.
  const kind = (row: Row): string =>
    row.group === 'peers' || row.group === 'browser' ? `${mode(row)}, ${row.peer}` : mode(row)
  for (const [which, same] of Map.groupBy(rows, kind)) {
    const ratios = same.map(({ ratio }) => ratio).filter((ratio) => ratio !== null)
    if (ratios.length > 1)
      lines.push(`geometric mean of ${ratios.length} ratios, ${which}: ${geometricMean(ratios).toFixed(2)}`)
  }
  return lines.join('\n')
}
