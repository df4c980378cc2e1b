// Pictures of characters: a canvas of dots, and the axes around it.
import stringWidth from 'string-width'
import type { Axis } from './axis.ts'
import { glyphs, cycle } from './style.ts'

/** Columns in a terminal: East Asian characters take two. */
export const columnsOf = (text: string): number => stringWidth(text)

/** As much of the text as fits. */
export function cut(text: string, columns: number): string {
  let [used, out] = [0, '']
  for (const c of text) {
    used += columnsOf(c)
    if (used > columns) return out
    out += c
  }
  return out
}

/** Lines of at most `columns`, broken at spaces where there are any. */
export function wrap(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = []
    let rest = line
    while (columnsOf(rest) > columns) {
      const fits = cut(rest, columns)
      const space = rest[fits.length] === ' ' ? fits.length : fits.lastIndexOf(' ')
      const end = space > 0 ? space : fits.length
      lines.push(rest.slice(0, end).trimEnd())
      rest = rest.slice(end).trimStart()
    }
    return [...lines, rest]
  })
}

export const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - columnsOf(text))) + text
export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)))

/** The bits of a braille sign, by row and column of its dots. */
const braille = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

/**
 * Dots of several series on a grid of 2 x 4 to a character, of which each belongs to the last series that drew in it. Places are shares
 * of the width (from the left) and of the height (from below); what lies outside is not drawn.
 */
export class Canvas {
  readonly columns: number
  readonly rows: number
  private readonly dots: Uint8Array
  private readonly owners: Int16Array

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
    this.dots = new Uint8Array(columns * rows)
    this.owners = new Int16Array(columns * rows).fill(-1)
  }

  dot(x: number, y: number, series: number): void {
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return
    const dx = Math.round(x * (2 * this.columns - 1))
    const dy = Math.round((1 - y) * (4 * this.rows - 1))
    const at = (dy >> 2) * this.columns + (dx >> 1)
    this.dots[at] |= braille[dy & 3][dx & 1]
    this.owners[at] = series
  }

  line(x0: number, y0: number, x1: number, y1: number, series: number): void {
    const inside = clipped(x0, y0, x1, y1)
    if (inside === null) return
    const [from, to] = inside
    const at = (t: number): [number, number] => [x0 + t * (x1 - x0), y0 + t * (y1 - y0)]
    const [a, b] = [at(from), at(to)]
    const steps = Math.ceil(
      Math.max(Math.abs(b[0] - a[0]) * 2 * this.columns, Math.abs(b[1] - a[1]) * 4 * this.rows, 1),
    )
    const within = (value: number): number => Math.min(1, Math.max(0, value))
    for (let i = 0; i <= steps; i++)
      this.dot(within(a[0] + ((b[0] - a[0]) * i) / steps), within(a[1] + ((b[1] - a[1]) * i) / steps), series)
  }

  /** Lines of characters: braille dots where `count` is 1, else the sign of each series. `ground` is what stands where nothing was drawn. */
  lines(count: number, ground: (column: number, row: number) => string = () => ' '): string[] {
    return Array.from({ length: this.rows }, (_, row) =>
      Array.from({ length: this.columns }, (_, column) => {
        const at = row * this.columns + column
        if (this.owners[at] < 0) return ground(column, row)
        return count === 1 ? String.fromCharCode(0x2800 + this.dots[at]) : cycle(glyphs, this.owners[at])
      }).join(''),
    )
  }
}

/** The part of a segment inside the unit square, as two shares of its length (the algorithm of Liang and Barsky). */
function clipped(x0: number, y0: number, x1: number, y1: number): [number, number] | null {
  let [from, to] = [0, 1]
  for (const [p, q] of [
    [x0 - x1, x0],
    [x1 - x0, 1 - x0],
    [y0 - y1, y0],
    [y1 - y0, 1 - y0],
  ]) {
    if (p === 0 ? q < 0 : false) return null
    if (p < 0) from = Math.max(from, q / p)
    if (p > 0) to = Math.min(to, q / p)
  }
  return from <= to ? [from, to] : null
}

/** Columns that are left for the canvas, beside the names on the y axis. */
export const canvasColumns = (y: Axis, columns: number): number => Math.max(8, columns - labelColumns(y, columns) - 2)
/** Rows of a canvas that looks right in a terminal of that width. */
export const canvasRows = (columns: number): number => Math.min(18, Math.max(8, Math.round(columns * 0.22)))

const labelColumns = (y: Axis, columns: number): number =>
  Math.min(Math.max(0, ...y.ticks.map((tick) => columnsOf(y.format(tick)))), Math.floor(columns / 3))

/** A canvas with ticks and names at its left and below. */
export function withAxes(lines: readonly string[], x: Axis, y: Axis, columns: number): string[] {
  const labels = labelColumns(y, columns)
  const names = new Map<number, string>()
  for (const tick of y.ticks) {
    const row = Math.round((1 - y.place(tick)) * lines.length - 0.5)
    const inside = Math.min(lines.length - 1, Math.max(0, row))
    if (!names.has(inside)) names.set(inside, cut(y.format(tick), labels))
  }
  const body = lines.map((line, row) => {
    const name = names.get(row)
    return `${padStart(name ?? '', labels)} ${name === undefined ? '│' : '┤'}${line}`
  })
  const width = lines[0].length
  const indent = ' '.repeat(labels + 1)
  const [rule, under] = below(x, width)
  const fitsBelow = labels + 2 + columnsOf(x.label) <= columns
  const centred = ' '.repeat(Math.max(0, Math.floor((width - columnsOf(x.label)) / 2)))
  return [
    ...(y.label === '' ? [] : wrap(y.label, columns)),
    ...body,
    `${indent}└${rule}`,
    ...(under.trim() === '' ? [] : [`${' '.repeat(labels + 2)}${under}`.slice(0, columns)]),
    ...(x.label === '' ? [] : fitsBelow ? [`${' '.repeat(labels + 2)}${centred}${x.label}`] : wrap(x.label, columns)),
  ]
}

/** The line under a canvas with its ticks, and the names under those that have room. */
function below(x: Axis, width: number): [rule: string, names: string] {
  const rule = Array.from({ length: width }, () => '─')
  let names = ''
  for (const tick of x.ticks) {
    const column = Math.min(width - 1, Math.max(0, Math.round(x.place(tick) * width - 0.5)))
    const name = x.format(tick)
    const start = Math.min(Math.max(0, column - Math.floor(columnsOf(name) / 2)), Math.max(0, width - columnsOf(name)))
    rule[column] = '┬'
    if (columnsOf(names) > 0 && start < columnsOf(names) + 1) continue
    names = padEnd(names, start) + name
  }
  return [rule.join(''), names]
}
