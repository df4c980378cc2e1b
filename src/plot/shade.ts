// Pictures and matrices in a terminal: characters from empty to full, as dense as the value is great.
import { type Axis, formatNumber, type Limits } from './axis.ts'
import { shades } from './style.ts'
import { canvasColumns, columnsOf, cut, padEnd, padStart, withAxes } from './text.ts'

const mostLines = 24

/** Lines of at most `most` characters. A cell is two characters wide, or several cells are one: then their mean counts. */
export function shadeLines(rows: readonly (readonly number[])[], [low, high]: Limits, most: number): string[] {
  const [height, width] = [rows.length, rows[0].length]
  const fits = Math.min(1, most / (2 * width), mostLines / height)
  // One whole character for a cell rather than one and a half.
  const share = fits > 0.5 && fits < 1 ? 0.5 : fits
  const columns = Math.min(most, Math.max(1, Math.round(2 * width * share)))
  const lines = Math.max(1, Math.round(height * share))
  return Array.from({ length: lines }, (_, r) =>
    Array.from({ length: columns }, (_, c) => {
      const value = meanOf(
        rows,
        [(r * height) / lines, ((r + 1) * height) / lines],
        [(c * width) / columns, ((c + 1) * width) / columns],
      )
      const level = Math.floor(((value - low) / (high - low)) * shades.length)
      return Number.isNaN(value) ? ' ' : shades[Math.min(shades.length - 1, Math.max(0, level))]
    }).join(''),
  )
}

/** The mean of the cells that a rectangle touches; NaN does not count. */
function meanOf(rows: readonly (readonly number[])[], [top, bottom]: Limits, [left, right]: Limits): number {
  let [sum, count] = [0, 0]
  for (let r = Math.floor(top + 1e-9); r < bottom - 1e-9; r++) {
    for (let c = Math.floor(left + 1e-9); c < right - 1e-9; c++) {
      if (Number.isNaN(rows[r][c])) continue
      sum += rows[r][c]
      count++
    }
  }
  return sum / count
}

/** What the shades mean. */
export function shadeScale(limits: Limits): string {
  const [low, high] = limits.map((value) => formatNumber(Number(value.toPrecision(3))))
  return `${low} [${shades.join('')}] ${high}`
}

/** A matrix between its axes; with `texts` the cells hold them, where they have room. */
export function shadedMatrix(
  rows: readonly (readonly number[])[],
  limits: Limits,
  x: Axis,
  y: Axis,
  columns: number,
  texts: readonly (readonly string[])[] | null,
): string[] {
  const room = canvasColumns(y, columns)
  const widest = (list: readonly string[]): number => Math.max(0, ...list.map(columnsOf)) + 1
  const numbers = texts === null ? 0 : widest(texts.flat())
  // With room for the names of all columns, if that much room there is.
  const cell = [Math.max(numbers, widest(x.ticks.map((tick) => x.format(tick)))), numbers].find(
    (width) => width * rows[0].length <= room,
  )
  const hasRoom = texts !== null && cell !== undefined
  const lines = hasRoom
    ? texts.map((row) => row.map((text) => padStart(text, cell)).join(''))
    : shadeLines(rows, limits, room)
  return [...withAxes(lines, x, y, columns), ...(hasRoom ? [] : [shadeScale(limits)])]
}

/** A picture with some lines above it. */
export interface Tile {
  readonly head: readonly string[]
  /** At most `columns` wide. */
  lines(columns: number): readonly string[]
}

/** Pictures side by side, at most `perLine` and as many as are at least `least` columns wide. */
export function tileLines(tiles: readonly Tile[], columns: number, least: number, perLine: number): string[] {
  const gap = 2
  const fit = Math.max(1, Math.min(perLine, Math.floor((columns + gap) / (least + gap))))
  const width = Math.floor((columns + gap) / fit) - gap
  const out: string[] = []
  for (let start = 0; start < tiles.length; start += fit) {
    if (start > 0) out.push('')
    const drawn = tiles.slice(start, start + fit).map(({ head, lines }) => ({ head, body: lines(width) }))
    const heads = Math.max(...drawn.map(({ head }) => head.length))
    const texts = drawn.map(({ head, body }) => [...Array.from({ length: heads }, (_, i) => head[i] ?? ''), ...body])
    const widths = texts.map((lines) => Math.min(width, Math.max(...lines.map(columnsOf))))
    const height = Math.max(...texts.map((lines) => lines.length))
    for (let r = 0; r < height; r++)
      out.push(
        texts
          .map((lines, i) => padEnd(cut(lines[r] ?? '', widths[i]), widths[i]))
          .join(' '.repeat(gap))
          .trimEnd(),
      )
  }
  return out
}
