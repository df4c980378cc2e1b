// Numbers and tables as people read them.

export const percent = (fraction: number, digits = 2): string => `${(100 * fraction).toFixed(digits)} %`

/** 61706 as `61,706`. */
export const grouped = (n: number): string => Math.round(n).toLocaleString('en-US')

/** `1:05` for 65 seconds. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`

/** Rows as aligned columns; the columns named in `right` are aligned to the right. */
export function textTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, c) => (right.includes(c) ? cell.padStart(widths[c]) : cell.padEnd(widths[c]))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
