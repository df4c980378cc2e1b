// The frame of a figure: title, legend and notes around what is drawn; SVG, element and text of it.
import * as Plot from '@observablehq/plot'
import { ownDocument } from '#document'
import type { Drawn } from './chart.ts'
import type { Figure } from './figure.ts'
import { fontFamily, fontSize, styleSheet } from './style.ts'
import { serialize, svg, textWidth } from './svg.ts'
import { columnsOf, cut, wrap } from './text.ts'

/** An entry of the legend: a name, and how its series is drawn. */
export interface Key {
  readonly name: string
  readonly colour: string
  /** A line of this dash. */
  readonly dash?: string
  /** A mark of this form. */
  readonly symbol?: Plot.SymbolType
  /** A box of this opacity. */
  readonly fillOpacity?: number
  /** The sign of the series in text. */
  readonly glyph: string
}

export interface Picture {
  readonly title?: string
  readonly description: string
  readonly keys?: readonly Key[]
  readonly notes?: readonly string[]
  draw(document: Document): Drawn
  /** Lines of at most `columns` columns. */
  text(columns: number): string[]
}

const titleSize = 15
const titleHeight = 22
const keyHeight = 21
const noteHeight = 18
const margin = 6

export function figureOf(picture: Picture): Figure {
  const toElement = (document: Document = ownDocument()): Element => frame(document, picture)
  return {
    toElement,
    toSvg: () => serialize(toElement(ownDocument())),
    toText: (columns = 80) => {
      const width = Math.max(24, Math.floor(columns))
      const { title = '', keys = [], notes = [] } = picture
      const lines = [
        ...(title === '' ? [] : wrap(title, width)),
        ...picture.text(width),
        ...(keys.length === 0
          ? []
          : flow(
              keys.map(({ glyph, name }) => `${glyph} ${name}`),
              width,
            )),
        ...notes.flatMap((note) => wrap(note, width)),
      ]
      return lines.map((line) => cut(line, columns).trimEnd()).join('\n')
    },
  }
}

/** Entries in lines, three spaces between them; long ones are broken. */
function flow(entries: readonly string[], columns: number): string[] {
  const lines: string[] = []
  for (const entry of entries) {
    const joined = `${lines.at(-1)}   ${entry}`
    if (lines.length > 0 && columnsOf(joined) <= columns) lines[lines.length - 1] = joined
    else lines.push(entry)
  }
  return lines.flatMap((line) => wrap(line, columns))
}

function frame(document: Document, picture: Picture): Element {
  const { title = '', description, keys = [], notes = [] } = picture
  const drawn = picture.draw(document)
  const width = Math.ceil(drawn.width)
  const parts: Element[] = []
  let y = margin
  const addText = (text: string, size: number, height: number, more: Record<string, string | number>): void => {
    const columns = Math.max(10, Math.floor((width - 2 * margin) / (size * 0.55)))
    for (const line of wrap(text, columns)) {
      parts.push(svg(document, 'text', { x: margin, y: y + size, 'font-size': size, ...more }, line))
      y += height
    }
  }
  if (title !== '') addText(title, titleSize, titleHeight, { 'font-weight': 600, class: 'title' })
  if (keys.length > 0) {
    const legend = drawLegend(document, keys, width)
    legend.element.setAttribute('transform', `translate(0,${y})`)
    parts.push(legend.element)
    y += legend.height + 2
  }
  drawn.element.setAttribute('transform', `translate(0,${y})`)
  parts.push(drawn.element)
  y += drawn.height
  for (const note of notes) addText(note, fontSize - 1, noteHeight, { 'fill-opacity': 0.75, class: 'note' })
  const height = Math.ceil(y + (notes.length > 0 ? margin : 0))
  return svg(
    document,
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'kindling-figure',
      role: 'img',
      'aria-label': description,
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      fill: 'currentColor',
      'font-family': fontFamily,
      'font-size': fontSize,
    },
    svg(document, 'style', {}, styleSheet),
    ...parts,
  )
}

const sample = 26

/** A row of names with samples, or several rows. */
function drawLegend(document: Document, keys: readonly Key[], width: number): { element: Element; height: number } {
  let [x, row] = [margin, 0]
  const places = keys.map(({ name, dash }) => {
    const signWidth = dash === undefined ? 14 : sample
    const needed = signWidth + 6 + textWidth(name, fontSize)
    if (x > margin && x + needed > width) [x, row] = [margin, row + 1]
    const place = { x, y: row * keyHeight + keyHeight / 2, signWidth }
    x += needed + 16
    return place
  })
  const height = (row + 1) * keyHeight
  const signs = keys.flatMap(({ colour, dash, symbol, fillOpacity }, i) => {
    const { x, y, signWidth } = places[i]
    const one = [0]
    return [
      dash === undefined
        ? null
        : Plot.link(one, {
            x1: [x],
            x2: [x + signWidth],
            y1: [y],
            y2: [y],
            stroke: colour,
            strokeWidth: 2,
            strokeDasharray: dash,
          }),
      symbol === undefined ? null : Plot.dot(one, { x: [x + signWidth / 2], y: [y], symbol, fill: colour, r: 4 }),
      fillOpacity === undefined
        ? null
        : Plot.rect(one, {
            x1: [x],
            x2: [x + signWidth],
            y1: [y - 6],
            y2: [y + 6],
            fill: colour,
            fillOpacity,
            stroke: colour,
          }),
    ]
  })
  const plotted = Plot.plot({
    document,
    width,
    height,
    margin: 0,
    x: { type: 'identity' },
    y: { type: 'identity' },
    axis: null,
    marks: signs,
  })
  const element = svg(document, 'g', { class: 'legend' })
  plotted.querySelector('style')?.remove()
  element.append(...Array.from(plotted.childNodes))
  for (const [i, { name }] of keys.entries()) {
    const { x, y, signWidth } = places[i]
    element.append(svg(document, 'text', { x: x + signWidth + 6, y, dy: '0.35em' }, name))
  }
  return { element, height }
}
