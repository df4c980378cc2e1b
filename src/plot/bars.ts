// Bars: `bar` for named things, `hist` for how often values occur.
import * as Plot from '@observablehq/plot'
import { ShapeError, ValueError } from '../base/errors.ts'
import { type Axis, formatNumber, nameAxis, numberAxis } from './axis.ts'
import { drawChart } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { checkNames, extent, type NumbersOrRows, readRows } from './numbers.ts'
import { figureOf } from './picture.ts'
import { cycle, fillOpacities, palette } from './style.ts'
import { columnsOf, cut, padEnd, padStart, wrap } from './text.ts'

export interface BarOptions extends FigureOptions {
  xlabel?: string
  ylabel?: string
  /** A name for each series. */
  legend?: readonly string[]
  ylim?: readonly [number, number]
}

export interface HistOptions extends BarOptions {
  /** How many intervals of one width, or their borders in order. Default 10. */
  bins?: number | readonly number[]
}

/**
 * A bar for each name; with several series, bars side by side. NaN and null have no bar. Throws ShapeError where a series has not a value for each
 * name. Source: `matplotlib.pyplot.bar`.
 */
export function bar(names: readonly string[], values: NumbersOrRows, options: BarOptions = {}): Figure {
  const series = readRows('bar', 'values', values)
  for (const [i, one] of series.entries()) {
    if (one.length !== names.length)
      throw new ShapeError(
        `bar: ${series.length > 1 ? `series ${i} has ` : ''}${one.length} values for ${names.length} names`,
      )
  }
  const places = names.map((_, i): [number, number] => [i - 0.4, i + 0.4])
  return drawBars('bar', 'Bar chart', series, places, nameAxis(names, options.xlabel), names, options)
}

/**
 * How many values lie in each interval, of one series or of several side by side. An interval holds its lower border; the last one holds
 * both. NaN and null are not counted. Throws ValueError where there are no numbers. Source: `matplotlib.pyplot.hist`.
 */
export function hist(values: NumbersOrRows, options: HistOptions = {}): Figure {
  const series = readRows('hist', 'values', values)
  const edges = edgesOf(series, options.bins ?? 10)
  const counts = series.map((row) => count(row, edges))
  const places = edges.slice(1).map((end, i): [number, number] => [edges[i], end])
  const x = numberAxis('hist', [edges[0], edges[edges.length - 1]], {
    label: options.xlabel,
    pad: 0.02,
    count: (options.width ?? 480) / 80,
  })
  const names = places.map(
    ([low, high], i) => `${formatNumber(low)} to ${formatNumber(high)}${i < places.length - 1 ? '' : ''}`,
  )
  return drawBars('hist', 'Histogram', counts, places, x, names, { ylabel: 'count', ...options })
}

function edgesOf(series: readonly (readonly number[])[], bins: number | readonly number[]): readonly number[] {
  if (typeof bins !== 'number') {
    if (bins.length < 2 || bins.some((edge, i) => !Number.isFinite(edge) || (i > 0 && edge <= bins[i - 1])))
      throw new ValueError(`hist: the borders of bins must be two or more rising numbers, got ${bins.join(', ')}`)
    return bins
  }
  if (!Number.isInteger(bins) || bins < 1) throw new ValueError(`hist: bins must be 1 or more, got ${bins}`)
  let [low, high] = extent(series)
  if (low > high) throw new ValueError('hist: nothing to show: no value is finite')
  if (low === high) [low, high] = [low - 0.5, high + 0.5]
  return Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins)
}

function count(values: readonly number[], edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const value of values) {
    if (!(value >= edges[0] && value <= edges[edges.length - 1])) continue
    // The last border that is not above the value, by halving.
    let [low, high] = [0, edges.length - 1]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (edges[middle] <= value) low = middle
      else high = middle
    }
    counts[low]++
  }
  return counts
}

function drawBars(
  op: string,
  kind: string,
  series: readonly (readonly number[])[],
  places: readonly (readonly [number, number])[],
  x: Axis,
  names: readonly string[],
  options: BarOptions,
): Figure {
  const { title, legend, ylabel = '', ylim, width = 480, height = 300 } = options
  checkNames(op, 'the legend', legend, series.length)
  const [low, high] = extent(series)
  if (low > high) throw new ValueError(`${op}: nothing to show: no value is finite`)
  // Bars stand on zero, at the border of the picture where all are on one side.
  const [least, most] = [Math.min(0, low), Math.max(0, high)]
  const room = 0.06 * (most - least) || 1
  const limits = ylim ?? [low < 0 ? least - room : 0, high > 0 || low === 0 ? most + room : 0]
  const y = numberAxis(op, limits, {
    label: ylabel,
    limits,
    count: height / 55,
    whole: series.flat().every((v) => Number.isNaN(v) || Number.isInteger(v)),
  })
  const nameOf = (k: number): string => (legend ? `${legend[k]}, ` : '')
  const marks = series.map((values, k) => {
    const shown = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]))
    const part = (i: number, end: number): number => {
      const [from, to] = places[i]
      return from + ((to - from) * (k + end)) / series.length
    }
    return Plot.rect(shown, {
      x1: (i: number) => part(i, 0),
      x2: (i: number) => part(i, 1),
      y1: () => Math.max(0, limits[0]),
      y2: (i: number) => values[i],
      insetLeft: 0.5,
      insetRight: 0.5,
      fill: cycle(palette, k),
      fillOpacity: cycle(fillOpacities, k),
      stroke: cycle(palette, k),
      title: (i: number) => `${nameOf(k)}${names[i]}: ${formatNumber(values[i])}`,
      clip: ylim === undefined ? undefined : 'frame',
    })
  })
  return figureOf({
    title,
    description: options.description ?? describe(kind, options, legend),
    keys: legend?.map((name, k) => ({
      name,
      colour: cycle(palette, k),
      fillOpacity: cycle(fillOpacities, k),
      glyph: cycle(blocks, k),
    })),
    draw: (document) =>
      drawChart(
        document,
        { x, y, marks: [...marks, Plot.ruleY([Math.max(0, limits[0])], { strokeOpacity: 0.6 })] },
        width,
        height,
      ),
    text: (columns) => barText(series, names, options, columns),
  })
}

const blocks = ['█', '░', '▓', '▒'] as const

/** Bars that lie, one under the other, with their values at the end. */
function barText(
  series: readonly (readonly number[])[],
  names: readonly string[],
  { xlabel = '', ylabel = '' }: BarOptions,
  columns: number,
): string[] {
  const label = Math.min(Math.max(...names.map(columnsOf)), Math.floor(columns / 3))
  const [low, high] = extent(series)
  const [least, most] = [Math.min(0, low), Math.max(0, high)]
  const numbers = series.map((row) => row.map((value) => (Number.isNaN(value) ? 'none' : formatNumber(value))))
  const figures = Math.max(...numbers.flat().map((text) => text.length))
  const width = Math.max(1, columns - label - figures - 3)
  const at = (value: number): number => (most === least ? 0 : Math.round((width * (value - least)) / (most - least)))
  const head = [xlabel, ylabel].filter((text) => text !== '').join(' | ')
  return [
    ...(head === '' ? [] : wrap(head, columns)),
    ...names.flatMap((name, i) =>
      series.map((row, k) => {
        const [from, to] = Number.isNaN(row[i]) ? [0, 0] : [Math.min(at(0), at(row[i])), Math.max(at(0), at(row[i]))]
        const drawn = ' '.repeat(from) + cycle(blocks, k).repeat(to - from)
        return `${padStart(k === 0 ? cut(name, label) : '', label)} │${padEnd(drawn, to)} ${numbers[k][i]}`
      }),
    ),
  ]
}
