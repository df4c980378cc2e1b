// The rows of a profile, and how they look as a table.

/** What the kernels of one name, or of one name and shape, took together. */
export interface ProfileRow {
  /** The device that ran the kernels. */
  readonly device: string
  /** `gemm`, `conv forward`, `map`. */
  readonly name: string
  /** Sizes; empty where kernels of all shapes are counted together. */
  readonly shape: string
  /** How many kernels ran. */
  readonly calls: number
  /** Milliseconds. */
  readonly total: number
  /** Part of the time of all kernels, 0 .. 1. */
  readonly share: number
  /** Useful multiplications and additions, by the plain algorithm; 0 where the kernel is no product. */
  readonly flops: number
  /** Bytes read and written. */
  readonly bytes: number
  /** Part of the machine's peak, multiply-adds of products and convolutions, bytes copied of others; null on a device without a measure. */
  readonly ofPeak: number | null
}

export interface TableOptions {
  /** The most expensive ones; the rest is one line. */
  readonly rowLimit?: number
}

const percent = (part: number): string => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`
/** Billions a second. */
const rate = (amount: number, ms: number): string =>
  amount > 0 && ms > 0 ? (amount / ms / 1e6).toFixed(amount / ms / 1e6 < 9.95 ? 2 : 1) : ''
/** `96.8 GFLOP/s` of a product, `10.2 GB/s` of others; empty where nothing is moved. */
export function rateOf({ flops, bytes }: Pick<ProfileRow, 'flops' | 'bytes'>, ms: number): string {
  const text = rate(flops > 0 ? flops : bytes, ms)
  return text === '' ? '' : `${text} ${flops > 0 ? 'GFLOP/s' : 'GB/s'}`
}
export const ofPeakText = (part: number | null): string => (part === null ? '' : percent(part))

const head = ['kernel', 'shape', 'calls', 'total ms', 'share', 'GFLOP/s', 'GB/s', 'of peak']
export function tableOf(rows: readonly ProfileRow[], limit: number): string {
  const devices = new Set(rows.map((row) => row.device))
  const cells = rows
    .slice(0, limit)
    .map((row) => [
      devices.size > 1 ? `${row.device} ${row.name}` : row.name,
      row.shape,
      String(row.calls),
      row.total.toFixed(2),
      percent(row.share),
      rate(row.flops, row.total),
      rate(row.bytes, row.total),
      ofPeakText(row.ofPeak),
    ])
  const sum = (list: readonly ProfileRow[], of: (row: ProfileRow) => number): number =>
    list.reduce((total, row) => total + of(row), 0)
  const line = (name: string, list: readonly ProfileRow[]): string[] => [
    name,
    '',
    String(sum(list, (row) => row.calls)),
    sum(list, (row) => row.total).toFixed(2),
    percent(sum(list, (row) => row.share)),
    ...['', '', ''],
  ]
  if (rows.length > limit) cells.push(line(`${rows.length - limit} more`, rows.slice(limit)))
  const all = [head, ...cells, line('all', rows)]
  // Without shapes there is no column for them.
  const columns = head.map((_, k) => k).filter((k) => k !== 1 || rows.some((row) => row.shape !== ''))
  const widths = columns.map((k) => Math.max(...all.map((row) => row[k].length)))
  const text = (row: readonly string[]): string =>
    columns.map((k, c) => (k < 2 ? row[k].padEnd(widths[c]) : row[k].padStart(widths[c]))).join('  ')
  const rule = '-'.repeat(widths.reduce((total, width) => total + width + 2, -2))
  return [text(head), rule, ...cells.map(text), rule, text(line('all', rows))].map((row) => row.trimEnd()).join('\n')
}
