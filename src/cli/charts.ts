// Curves of the report: Observable Plot draws SVG into linkedom's document. Colours are the page's variables, so both schemes work.
import type * as PlotModule from '@observablehq/plot'
import { parseHTML } from 'linkedom'

type Plot = typeof PlotModule

export interface Series {
  readonly name: string
  /** A CSS colour, mostly `var(--...)`. */
  readonly colour: string
  readonly points: readonly { epoch: number; value: number }[]
}

export interface LineChart {
  readonly series: readonly Series[]
  readonly label: string
  /** What the picture shows, for those who do not see it. */
  readonly description: string
  readonly percent?: boolean
  /** Lowest value of the axis; by default what the data need. */
  readonly from?: number
}

/** Draws charts as SVG text; loads Plot when it is first called. */
export async function chartMaker(): Promise<(chart: LineChart) => string> {
  const Plot = await import('@observablehq/plot')
  const { document } = parseHTML('<html><body></body></html>')
  return (chart) => drawLines(Plot, document, chart)
}

function drawLines(Plot: Plot, document: Document, { series, label, description, percent, from }: LineChart): string {
  const all = series.flatMap(({ points }) => points)
  const epochs = all.map(({ epoch }) => epoch)
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)]
  const values = all.map(({ value }) => value)
  const low = from ?? niceFloor(values)
  const svg = Plot.plot({
    document,
    width: 460,
    height: 280,
    marginTop: 32,
    marginLeft: 52,
    marginRight: 20,
    marginBottom: 40,
    style: { fontSize: '13px', background: 'none' },
    x: {
      label: 'epoch',
      domain: [first - 0.2, last + 0.2],
      ticks: wholeTicks(first, last),
      tickFormat: 'd',
      tickSize: 0,
    },
    y: {
      label,
      domain: [low, percent ? 1 : Math.max(...values) * 1.05],
      ticks: 5,
      tickFormat: percent ? (v: number) => `${+(100 * v).toFixed(1)} %` : undefined,
      tickSize: 0,
    },
    marks: [
      Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
      ...series.flatMap(({ name, colour, points }) => {
        const title = ({ epoch, value }: { epoch: number; value: number }): string =>
          `${name}, epoch ${epoch}: ${percent ? `${(100 * value).toFixed(2)} %` : value.toFixed(4)}`
        return [
          Plot.lineY(points, { x: 'epoch', y: 'value', stroke: colour, strokeWidth: 2 }),
          Plot.dot(points, {
            x: 'epoch',
            y: 'value',
            fill: colour,
            stroke: 'var(--card)',
            r: 4,
            strokeWidth: 1.5,
            title,
          }),
        ]
      }),
    ],
  })
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', description)
  return svg.outerHTML
}

/** At most ten whole numbers. */
function wholeTicks(first: number, last: number): number[] {
  const step = Math.ceil((last - first + 1) / 10)
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, k) => first + k * step)
}

/** A round number (a multiple of 0.05) a little below all values; 0 where they come near it. */
function niceFloor(values: readonly number[]): number {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const floor = Math.floor((low - 0.1 * (high - low)) * 20 - 1e-9) / 20
  return low < 0.3 * high ? 0 : Math.max(0, floor)
}
