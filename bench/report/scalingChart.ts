// How the time of a step grows: a panel per quantity, both axes logarithmic, with a dashed line for what proportion would be.
import * as Plot from '@observablehq/plot'
import { colours, drawn, grid, heading, ink } from './svg.ts'
import { figure } from './table.ts'

interface Point {
  readonly x: number
  /** Milliseconds. */
  readonly y: number
}

export interface Curve {
  readonly title: string
  /** What grows. */
  readonly label: string
  readonly points: readonly Point[]
  /** The power of x that the work grows by: 1, 2 for an image's side, -1 for threads. */
  readonly power: number
}

const [width, height] = [440, 320]

function panel({ title, label, points, power }: Curve, colour: string): string {
  const last = points[points.length - 1]
  const [first] = points
  const proportion = points.map(({ x }) => ({ x, y: last.y * (x / last.x) ** power }))
  const all = [...points, ...proportion].map(({ y }) => y)
  const sizes = points.map(({ x }) => x)
  const text = ({ y }: Point): string => figure(y)
  const options: Plot.PlotOptions = {
    ...{ width, height, marginLeft: 30, marginRight: 30, marginTop: 50, marginBottom: 48 },
    x: { type: 'log', domain: [first.x, Math.max(last.x, 2 * first.x)], label: null },
    y: { type: 'log', domain: [Math.min(...all) / 1.2, Math.max(...all) * 1.4], axis: null },
    marks: [
      heading(`${title}: ms per step by ${label}`, -14),
      Plot.axisX(sizes, { text: (x: number) => `${x}`, tickSize: 4 }),
      Plot.line(proportion, { x: 'x', y: 'y', stroke: '#888', strokeDasharray: '4 4' }),
      Plot.line(points, { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 }),
      Plot.dot(points, { x: 'x', y: 'y', fill: colour, r: 4 }),
      Plot.text(points, { x: 'x', y: 'y', text, dy: -12, fill: ink, fontSize: 11 }),
      Plot.text(['dashed: in proportion'], { frameAnchor: 'bottom-right', dx: -4, dy: -6, fill: '#777', fontSize: 11 }),
    ],
  }
  return drawn(options, `${title} by ${label}: ${points.map((p) => `${p.x} ${text(p)} ms`).join('; ')}`)
}

export function scalingChart(curves: readonly Curve[], title: string): string {
  return grid(
    curves.map((curve, i) => panel(curve, colours[i % colours.length])),
    width,
    height,
    title,
  )
}
