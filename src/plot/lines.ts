// Curves: `plot`, and what `Animator` draws.
import * as Plot from '@observablehq/plot'
import { ShapeError, ValueError } from '../base/errors.ts'
import { type AxesOptions, type Axis, formatNumber, numberAxis } from './axis.ts'
import { drawChart } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { checkNames, extent, type NumbersOrRows, readRows } from './numbers.ts'
import { figureOf } from './picture.ts'
import { cycle, dashes, glyphs, palette, symbols } from './style.ts'
import { Canvas, canvasColumns, canvasRows, withAxes } from './text.ts'

export interface PlotOptions extends FigureOptions, AxesOptions {
  /** A name for each series. */
  legend?: readonly string[]
  /** Join the points. Default true. */
  lines?: boolean
  /** A mark at each point, with its values when the pointer is on it. Default false; a point without neighbours has one anyway. */
  markers?: boolean
  /** CSS colours of the series instead of the figure's own. */
  colours?: readonly string[]
}

/** Points of one series; NaN is a gap. */
export interface Curve {
  readonly x: readonly number[]
  readonly y: readonly number[]
}

/**
 * Curves of y over x. `plot(y)` and `plot([y1, y2])` count x from 0; `plot(x, [y1, y2])` has one x for all; `plot([x1, x2], [y1, y2])` one for
 * each. Every x and y is an array, a typed array or a tensor [n]; a tensor [series, n] stands for several. NaN, null and infinite values are
 * gaps. On a log axis values of 0 and less are left out, and a note says so. Throws ShapeError where lengths differ, ValueError where a series is
 * empty or nothing is left for a log axis. Source: `d2l.plot`, section 2.4.
 */
export function plot(Y: NumbersOrRows, options?: PlotOptions): Figure
export function plot(X: NumbersOrRows, Y: NumbersOrRows | null | undefined, options?: PlotOptions): Figure
export function plot(first: NumbersOrRows, second?: NumbersOrRows | PlotOptions | null, third?: PlotOptions): Figure {
  const hasY = second !== null && second !== undefined && ('length' in second || 'shape' in second)
  const options = third ?? (hasY ? {} : ((second ?? {}) as PlotOptions))
  const curves = hasY ? pair(first, second as NumbersOrRows) : pair(null, first)
  const { shown, hidden } = visible(curves, options)
  if (shown === 0 && hidden > 0)
    throw new ValueError(
      'plot: nothing to show: no point is above 0, as a log axis needs',
      'leave xscale and yscale linear.',
    )
  return drawCurves('plot', curves, options)
}

function pair(X: NumbersOrRows | null, Y: NumbersOrRows): Curve[] {
  const ys = readRows('plot', 'y', Y)
  const xs = X === null ? ys.map((y) => y.map((_, i) => i)) : readRows('plot', 'x', X)
  if (xs.length !== 1 && xs.length !== ys.length)
    throw new ShapeError(`plot: ${xs.length} series of x for ${ys.length} of y`, 'give one x for all, or one for each.')
  return ys.map((y, i) => {
    const x = xs.length === 1 ? xs[0] : xs[i]
    if (x.length !== y.length)
      throw new ShapeError(`plot: series ${i} has ${x.length} values of x and ${y.length} of y`)
    return { x, y }
  })
}

/** The curves with gaps where an axis has no place for a point, and how many points are left and were left out for that. */
function visible(
  curves: readonly Curve[],
  { xscale, yscale }: AxesOptions,
): { curves: Curve[]; shown: number; hidden: number } {
  let [shown, hidden] = [0, 0]
  const made = curves.map(({ x, y }) => ({
    x,
    y: y.map((value, i) => {
      if (Number.isNaN(value) || Number.isNaN(x[i])) return Number.NaN
      const fits = (xscale !== 'log' || x[i] > 0) && (yscale !== 'log' || value > 0)
      if (fits) shown++
      else hidden++
      return fits ? value : Number.NaN
    }),
  }))
  return { curves: made, shown, hidden }
}

/** A note for points that a log axis has no place for. */
export const hiddenNote = (hidden: number): string[] =>
  hidden === 0 ? [] : [`Not shown on a log axis: ${hidden} ${hidden === 1 ? 'point' : 'points'} at 0 or below`]

/** The range of an axis for values: only those that are seen count. */
export function axisOf(
  op: string,
  rows: readonly (readonly number[])[],
  which: 'x' | 'y',
  options: AxesOptions,
  count: number,
): Axis {
  const { label, scale, limits } =
    which === 'x'
      ? { label: options.xlabel, scale: options.xscale, limits: options.xlim }
      : { label: options.ylabel, scale: options.yscale, limits: options.ylim }
  const whole = rows.every((row) => row.every((value) => Number.isNaN(value) || Number.isInteger(value)))
  return numberAxis(op, extent(rows), { label, scale, limits, count, whole })
}

/** Draws what there is, also nothing. */
export function drawCurves(op: string, given: readonly Curve[], options: PlotOptions): Figure {
  const { title, legend, lines = true, markers = false, colours = palette, width = 480, height = 300 } = options
  checkNames(op, 'the legend', legend, given.length)
  const { curves, shown, hidden } = visible(given, options)
  const isLost = shown + hidden === 0 && given.some(({ y }) => y.length > 0)
  const xs = curves.map(({ x, y }) => x.filter((_, i) => !Number.isNaN(y[i])))
  const x = (count: number): Axis => axisOf(op, xs, 'x', options, count)
  const y = (count: number): Axis =>
    axisOf(
      op,
      curves.map((curve) => curve.y),
      'y',
      options,
      count,
    )
  // Bad limits and scales are errors here, not when the figure is shown.
  const svgAxes = { x: x(width / 80), y: y(height / 55) }
  const series = curves.map((curve, i) => ({
    ...curve,
    name: legend?.[i] ?? '',
    colour: cycle(colours, i),
    dash: cycle(dashes, i),
    symbol: cycle(symbols, i),
  }))
  const isClipped = options.xlim !== undefined || options.ylim !== undefined
  return figureOf({
    title,
    description: options.description ?? describe('Line chart', options, legend),
    notes: isLost ? ['No value is finite'] : hiddenNote(hidden),
    keys: legend?.map((name, i) => ({
      name,
      colour: series[i].colour,
      dash: lines ? series[i].dash : undefined,
      symbol: markers || !lines ? series[i].symbol : undefined,
      glyph: curves.length === 1 ? '⠒' : cycle(glyphs, i),
    })),
    draw: (document) => drawChart(document, { ...svgAxes, marks: series.flatMap(marksOf) }, width, height),
    text(columns) {
      const rows = canvasRows(columns)
      const axis = y(rows / 3.5)
      const canvas = new Canvas(canvasColumns(axis, columns), rows)
      const across = x(Math.max(2, canvas.columns / 12))
      for (const [i, curve] of curves.entries()) trace(canvas, curve, across, axis, i, lines)
      return withAxes(canvas.lines(curves.length), across, axis, columns)
    },
  })

  function marksOf({ x, y, name, colour, dash, symbol }: (typeof series)[number]): Plot.Markish[] {
    const alone = y.map((_, i) => Number.isNaN(y[i - 1] ?? Number.NaN) && Number.isNaN(y[i + 1] ?? Number.NaN))
    const points = y.flatMap((value, i) => (!Number.isNaN(value) && (markers || !lines || alone[i]) ? [i] : []))
    const titleOf = (i: number): string =>
      `${name === '' ? '' : `${name}: `}${options.xlabel ?? 'x'} ${formatNumber(x[i])}, ${options.ylabel ?? 'y'} ${formatNumber(y[i])}`
    const clip = isClipped ? 'frame' : undefined
    return [
      lines ? Plot.line(y, { x, y, stroke: colour, strokeWidth: 2, strokeDasharray: dash, clip }) : null,
      points.length === 0
        ? null
        : Plot.dot(points, {
            x: (i: number) => x[i],
            y: (i: number) => y[i],
            symbol,
            fill: colour,
            r: 3.5,
            title: titleOf,
            clip,
          }),
    ]
  }
}

function trace(canvas: Canvas, { x, y }: Curve, across: Axis, up: Axis, series: number, lines: boolean): void {
  for (const [i, value] of y.entries()) {
    if (Number.isNaN(value)) continue
    const [px, py] = [across.place(x[i]), up.place(value)]
    if (lines && i > 0 && !Number.isNaN(y[i - 1]))
      canvas.line(across.place(x[i - 1]), up.place(y[i - 1]), px, py, series)
    else canvas.dot(px, py, series)
  }
}

/** `Line chart "sine": a and b; x from ..., y from ...` for those who do not see it. */
export function describe(
  kind: string,
  { title, xlabel, ylabel }: FigureOptions & AxesOptions,
  names: readonly string[] = [],
): string {
  const over = xlabel === undefined ? '' : ` over ${xlabel}`
  const what = [names.join(', ') || ylabel, names.length > 0 ? ylabel : undefined].filter(
    (text) => text !== undefined && text !== '',
  )
  const detail = `${what.join(' as ')}${over}`.trim()
  return `${kind}${title === undefined ? '' : ` '${title}'`}${detail === '' ? '' : `: ${detail}`}`
}
