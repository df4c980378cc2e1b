// The colours of a matrix: which values have which, and the bar at the side of the figure that says so.
import { numberAxis } from './axis.ts'
import { type Drawn, image } from './chart.ts'
import { extent } from './numbers.ts'
import { type ColourMap, colourMap, matrixPixels, pngUrl, type Scheme } from './pixels.ts'
import { fontSize } from './style.ts'
import { svg, textWidth } from './svg.ts'

export interface ColourOptions {
  xlabel?: string
  ylabel?: string
  /** Default `'viridis'`; `'reds'` for `showHeatmaps`. */
  scheme?: Scheme
  /** The values of the first and the last colour. By default the least and the greatest that occur. */
  vmin?: number
  vmax?: number
}

export function mapOf(
  op: string,
  rows: readonly (readonly number[])[],
  scheme: Scheme,
  { vmin, vmax }: ColourOptions,
): ColourMap {
  const [low, high] = extent(rows)
  return colourMap(op, scheme, vmin ?? low, vmax ?? high)
}

const barWidth = 14

/** The drawing with a bar of all colours at its right. */
export function withColourBar(document: Document, drawn: Drawn, map: ColourMap, top: number, height: number): Drawn {
  const axis = numberAxis('heatmap', [map.low, map.high], { limits: [map.low, map.high], count: height / 45 })
  const x = drawn.width + 12
  const strip = Array.from({ length: 64 }, (_, i) => [map.high - ((map.high - map.low) * i) / 63])
  const labels = axis.ticks.map((tick) => {
    const y = top + height * (1 - axis.place(tick))
    return svg(
      document,
      'g',
      {},
      svg(document, 'path', { d: `M${x + barWidth},${y}h4`, stroke: 'currentColor' }),
      svg(document, 'text', { x: x + barWidth + 7, y, dy: '0.35em', 'text-anchor': 'start' }, axis.format(tick)),
    )
  })
  const element = svg(
    document,
    'g',
    {},
    drawn.element,
    svg(
      document,
      'g',
      { class: 'colour-bar' },
      image(document, pngUrl(matrixPixels(strip, map)), { x, y: top, width: barWidth, height }),
      ...labels,
    ),
  )
  const widest = Math.max(...axis.ticks.map((tick) => textWidth(axis.format(tick), fontSize)), 0)
  return { element, width: Math.ceil(x + barWidth + 7 + widest + 6), height: drawn.height }
}
