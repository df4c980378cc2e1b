// Marks of Observable Plot between two axes, as an element to put into a figure.
import * as Plot from '@observablehq/plot'
import type { Axis } from './axis.ts'
import { fontFamily, fontSize } from './style.ts'
import { svg, textWidth } from './svg.ts'

export interface Chart {
  readonly x: Axis
  readonly y: Axis
  readonly marks: readonly Plot.Markish[]
  /** Lines from the ticks across the chart. Default `'y'`. */
  readonly grid?: 'y' | 'xy' | 'none'
}

/** Something drawn, and the room that it takes. */
export interface Drawn {
  readonly element: Element
  readonly width: number
  readonly height: number
}

export interface Margins {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
  /** Whether the names under the x axis are set aslant, having no room side by side. */
  readonly aslant: boolean
}

const slant = 35
const lineHeight = fontSize + 4

/** Room for the labels around a frame that is about `width` wide. */
export function marginsOf({ x, y }: Pick<Chart, 'x' | 'y'>, width: number): Margins {
  const widths = x.ticks.map((tick) => textWidth(x.format(tick), fontSize))
  const widest = Math.max(0, ...widths)
  const yWidest = Math.max(0, ...y.ticks.map((tick) => textWidth(y.format(tick), fontSize)))
  const left = Math.ceil(yWidest > 0 ? yWidest + 12 : 6)
  const aslant = widest + 6 > (width - left) / Math.max(1, x.ticks.length) && x.ticks.length > 1
  const [sin, cos] = [Math.sin, Math.cos].map((of) => of((slant * Math.PI) / 180))
  const names = aslant ? widest * sin + lineHeight * cos : widest > 0 ? lineHeight : 0
  const overhang = (i: number): number => (aslant ? 0 : widths[i] / 2)
  // Names aslant end under their tick; the first ones reach to the left.
  const reach = aslant ? Math.max(0, ...widths.map((w, i) => w * cos - x.place(x.ticks[i]) * (width - left))) : 0
  return {
    top: y.label === '' ? 10 : lineHeight + 10,
    right:
      Math.ceil(Math.max(8, ...widths.map((_, i) => overhang(i) - (1 - x.place(x.ticks[i])) * (width - left)))) + 2,
    bottom: Math.ceil(names + (names > 0 ? 5 : 4) + (x.label === '' ? 0 : lineHeight + 4)),
    left: Math.ceil(Math.max(left, reach + 4)),
    aslant,
  }
}

/** Draws the chart in the given room. */
export function drawChart(
  document: Document,
  chart: Chart,
  width: number,
  height: number,
  margins = marginsOf(chart, width),
): Drawn {
  const { x, y, marks, grid = 'y' } = chart
  const { aslant } = margins
  const gridX = Plot.gridX(x.ticks, { strokeOpacity: 0.13 })
  const gridY = Plot.gridY(y.ticks, { strokeOpacity: 0.13 })
  const plotted = Plot.plot({
    document,
    width,
    height,
    marginTop: margins.top,
    marginRight: margins.right,
    marginBottom: margins.bottom,
    marginLeft: margins.left,
    x: { type: x.scale, domain: [...x.domain], axis: null },
    y: { type: y.scale, domain: [...y.domain], axis: null },
    marks: [
      grid === 'xy' ? gridX : null,
      grid === 'none' ? null : gridY,
      ...marks,
      Plot.axisX(x.ticks, {
        text: x.format,
        tickSize: 4,
        tickRotate: aslant ? -slant : 0,
        label: x.label === '' ? null : x.label,
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: margins.bottom - 4,
      }),
      Plot.axisY(y.ticks, {
        text: y.format,
        tickSize: 4,
        label: y.label === '' ? null : y.label,
        labelAnchor: 'top',
        labelArrow: 'none',
        labelOffset: margins.left - 4,
      }),
      Plot.frame({ anchor: 'bottom', strokeOpacity: 0.6 }),
      Plot.frame({ anchor: 'left', strokeOpacity: 0.6 }),
    ],
  } as Plot.PlotOptions) as unknown as SVGElement
  return { element: tidied(document, plotted), width, height }
}

/**
 * Plot's element without its style sheet, which would reach the rest of a page, and with the clip path, whose id counts the plots of
 * the process, named by its rectangle: equal names then mean equal paths, in any number of figures on a page.
 */
function tidied(document: Document, plotted: SVGElement): Element {
  plotted.querySelector('style')?.remove()
  const clip = plotted.querySelector('clipPath')
  if (clip !== null) {
    const old = `url(#${clip.getAttribute('id')})`
    const box = ['x', 'y', 'width', 'height'].map((name) => clip.firstElementChild?.getAttribute(name))
    const id = `frame-${box.join('-')}`
    for (const user of plotted.querySelectorAll('[clip-path]'))
      if (user.getAttribute('clip-path') === old) user.setAttribute('clip-path', `url(#${id})`)
    clip.setAttribute('id', id)
  }
  const group = svg(document, 'g', {
    fill: 'currentColor',
    'font-family': fontFamily,
    'font-size': fontSize,
    'text-anchor': 'middle',
  })
  group.append(...Array.from(plotted.childNodes))
  return group
}

/** A mark: a picture that fills the frame of the chart. */
export function frameImage(url: string, opacity = 1): Plot.Markish {
  return ((
    _index: unknown,
    _scales: unknown,
    _channels: unknown,
    dimensions: Plot.Dimensions & {
      width: number
      height: number
      marginLeft: number
      marginTop: number
      marginRight: number
      marginBottom: number
    },
    context: { document: Document },
  ) =>
    image(
      context.document,
      url,
      {
        x: dimensions.marginLeft,
        y: dimensions.marginTop,
        width: dimensions.width - dimensions.marginLeft - dimensions.marginRight,
        height: dimensions.height - dimensions.marginTop - dimensions.marginBottom,
      },
      opacity,
    )) as unknown as Plot.Markish
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A picture stretched over a box; its pixels stay squares. */
export const image = (document: Document, url: string, box: Box, opacity = 1): Element =>
  svg(document, 'image', {
    ...box,
    href: url,
    preserveAspectRatio: 'none',
    style: 'image-rendering:pixelated',
    opacity: opacity === 1 ? undefined : opacity,
  })
