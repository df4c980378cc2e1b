// Bars: `bar`, and what `hist` draws.
import * as Plot from '@observablehq/plot'
import { ShapeError, ValueError } from '../base/errors.ts'
import { type Axis, formatNumber, nameAxis, numberAxis } from './axis.ts'
import { drawChart } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { checkNames, extent, type NumbersOrRows, readRows } from './numbers.ts'
import { figureOf } from './picture.ts'
import { cycle, fillOpacities, fontSize, palette } from './style.ts'
import { columnsOf, cut, padStart, wrap } from './text.ts'

export interface BarOptions extends FigureOptions {
  /** Name of the horizontal axis. */
  xlabel?: string
  /** Name and unit of the values. */
  ylabel?: string
  /** A name for each series. */
  legend?: readonly string[]
  /** What the vertical axis shows. Default: the extent of the values, with 0. */
  ylim?: readonly [number, number]
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

/** Bars from zero, at their places on the x axis; those of several series share a place. */
export function drawBars(
  op: string,
  kind: string,
  series: readonly (readonly number[])[],
  places: readonly (readonly [number, number])[],
  x: Axis,
  names: readonly string[],
  options: BarOptions,
): Figure {
  const { title, legend, ylabel = '', ylim, height = 300 } = options
  const { width = Math.max(480, x.ticks.length * (fontSize + 5)) } = options
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
  const ground = Math.min(limits[1], Math.max(limits[0], 0))
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
      y1: () => ground,
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
      drawChart(document, { x, y, marks: [...marks, Plot.ruleY([ground], { strokeOpacity: 0.6 })] }, width, height),
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
  const values = series.map((row) => row.map((value) => (Number.isNaN(value) ? 'none' : formatNumber(value))))
  const width = Math.max(1, columns - label - Math.max(...values.flat().map((text) => text.length)) - 3)
  const at = (value: number): number => (most === least ? 0 : Math.round((width * (value - least)) / (most - least)))
  const ground = at(0)
  const head = [xlabel, ylabel].filter((text) => text !== '').join(' | ')
  return [
    ...(head === '' ? [] : wrap(head, columns)),
    ...names.flatMap((name, i) =>
      series.map((row, k) => {
        const block = cycle(blocks, k)
        const end = Number.isNaN(row[i]) ? ground : at(row[i])
        // Bars to the left of zero hang on a line of their own.
        const left = ground === 0 ? '' : `${padStart(block.repeat(Math.max(0, ground - end)), ground)}│`
        const bar = `${left}${block.repeat(Math.max(0, end - ground))}`
        return `${padStart(k === 0 ? cut(name, label) : '', label)} ${ground === 0 ? '│' : ''}${bar} ${values[k][i]}`
      }),
    ),
  ]
}
