// Points: `scatter`.
import * as Plot from '@observablehq/plot'
import { ShapeError, ValueError } from '../base/errors.ts'
import { type AxesOptions, formatNumber } from './axis.ts'
import { drawChart } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { axisOf, describe, hiddenNote } from './lines.ts'
import { type Numbers, readNumbers } from './numbers.ts'
import { figureOf, type Key } from './picture.ts'
import { cycle, glyphs, palette, symbols } from './style.ts'
import { Canvas, canvasColumns, canvasRows, withAxes } from './text.ts'

export interface ScatterOptions extends FigureOptions, AxesOptions {
  /** The class of each point, 0, 1, 2, ... */
  labels?: Numbers
  /** A name for each class, for the legend. */
  classNames?: readonly string[]
}

export interface Points {
  readonly x: readonly number[]
  readonly y: readonly number[]
  /** Class of each point. */
  readonly labels: readonly number[]
  /** How many there are. */
  readonly classes: number
}

/**
 * A mark for each point (x, y), formed and coloured by its class. Points with NaN or null are left out, on a log axis those of 0 and less, too.
 * Throws ShapeError where lengths differ, ValueError where nothing is left to show. Source: `matplotlib.pyplot.scatter`.
 */
export function scatter(x: Numbers, y: Numbers, options: ScatterOptions = {}): Figure {
  const { title, width = 480, height = 320, xscale, yscale, classNames } = options
  const [xs, ys] = [readNumbers('scatter', 'x', x), readNumbers('scatter', 'y', y)]
  if (xs.length !== ys.length) throw new ShapeError(`scatter: ${xs.length} values of x and ${ys.length} of y`)
  const { labels, classes } = readLabels('scatter', options.labels, xs.length, classNames)
  const given = xs.flatMap((_, i) => (Number.isNaN(xs[i]) || Number.isNaN(ys[i]) ? [] : [i]))
  const kept = given.filter((i) => (xscale !== 'log' || xs[i] > 0) && (yscale !== 'log' || ys[i] > 0))
  if (kept.length === 0) throw new ValueError('scatter: nothing to show: no point has a place on both axes')
  const points = { x: kept.map((i) => xs[i]), y: kept.map((i) => ys[i]), labels: kept.map((i) => labels[i]), classes }
  const axes = (xCount: number, yCount: number) => ({
    x: axisOf('scatter', [points.x], 'x', options, xCount),
    y: axisOf('scatter', [points.y], 'y', options, yCount),
  })
  const svgAxes = axes(width / 80, height / 55)
  const isClipped = options.xlim !== undefined || options.ylim !== undefined
  return figureOf({
    title,
    description: options.description ?? describe('Scatter chart', options, classNames),
    notes: hiddenNote(given.length - kept.length),
    keys: keysOf(classes, classNames),
    draw: (document) =>
      drawChart(
        document,
        { ...svgAxes, grid: 'xy', marks: dotsOf(points, classNames, options, isClipped) },
        width,
        height,
      ),
    text(columns) {
      const rows = canvasRows(columns)
      const { y } = axes(1, rows / 3.5)
      const canvas = new Canvas(canvasColumns(y, columns), rows)
      const { x } = axes(Math.max(2, canvas.columns / 12), 1)
      for (const [i, label] of points.labels.entries()) canvas.dot(x.place(points.x[i]), y.place(points.y[i]), label)
      return withAxes(canvas.lines(classes), x, y, columns)
    },
  })
}

/** Classes are whole numbers from 0; without labels all points are of class 0. */
export function readLabels(
  op: string,
  labels: Numbers | undefined,
  count: number,
  names?: readonly string[],
): Pick<Points, 'labels' | 'classes'> {
  const read = labels === undefined ? new Array<number>(count).fill(0) : readNumbers(op, 'labels', labels)
  if (read.length !== count) throw new ShapeError(`${op}: ${read.length} labels for ${count} points`)
  const bad = read.find((label) => !(Number.isInteger(label) && label >= 0))
  if (bad !== undefined) throw new ValueError(`${op}: labels must be 0, 1, 2, ..., got ${bad}`)
  const classes = names?.length ?? read.reduce((most, label) => Math.max(most, label), 0) + 1
  if (read.some((label) => label >= classes))
    throw new ValueError(`${op}: a label is beyond the ${classes} class names`)
  return { labels: read, classes }
}

/** The legend of classes; none where there is one class without a name. */
export function keysOf(classes: number, names?: readonly string[]): Key[] {
  if (classes === 1 && names === undefined) return []
  return Array.from({ length: classes }, (_, i) => ({
    name: names?.[i] ?? `class ${i}`,
    colour: cycle(palette, i),
    symbol: cycle(symbols, i),
    glyph: classes === 1 ? '⠂' : cycle(glyphs, i),
  }))
}

export function dotsOf(
  points: Points,
  names: readonly string[] | undefined,
  { xlabel, ylabel }: AxesOptions,
  isClipped: boolean,
): Plot.Markish[] {
  const { x, y, labels, classes } = points
  const r = x.length > 400 ? 2 : x.length > 120 ? 2.8 : 3.5
  return Array.from({ length: classes }, (_, label) => {
    const mine = labels.flatMap((other, i) => (other === label ? [i] : []))
    const title = (i: number): string =>
      `${classes > 1 || names ? `${names?.[label] ?? `class ${label}`}: ` : ''}${xlabel ?? 'x'} ${formatNumber(x[i])}, ${ylabel ?? 'y'} ${formatNumber(y[i])}`
    return Plot.dot(mine, {
      x: (i: number) => x[i],
      y: (i: number) => y[i],
      symbol: cycle(symbols, label),
      fill: cycle(palette, label),
      fillOpacity: 0.85,
      r,
      title: mine.length > 400 ? undefined : title,
      clip: isClipped ? 'frame' : undefined,
    })
  })
}
