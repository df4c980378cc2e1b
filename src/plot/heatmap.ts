// Matrices as colours: `heatmap` for one, `showHeatmaps` for a table of them.
import * as Plot from '@observablehq/plot'
import { ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Axis, countAxis, formatNumber, nameAxis, numberAxis } from './axis.ts'
import { drawChart, type Drawn, frameImage, image, marginsOf } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { checkNames, extent, type Matrix, readMatrix } from './numbers.ts'
import { figureOf } from './picture.ts'
import { type ColourMap, colourMap, isLight, matrixPixels, pngUrl, type Scheme } from './pixels.ts'
import { fontSize } from './style.ts'
import { svg, textWidth } from './svg.ts'
import { shadedMatrix, shadeLines, shadeScale, tileLines } from './shade.ts'

interface ColourOptions {
  xlabel?: string
  ylabel?: string
  /** Default `'viridis'`; `'reds'` for `showHeatmaps`. */
  scheme?: Scheme
  /** The values of the first and the last colour. By default the least and the greatest that occur. */
  vmin?: number
  vmax?: number
}

export interface HeatmapOptions extends FigureOptions, ColourOptions {
  rowNames?: readonly string[]
  columnNames?: readonly string[]
  /** Writes the value into each cell. */
  cellText?: boolean
}

/**
 * A matrix [rows, columns] as cells, row 0 at the top, with a bar that explains the colours. NaN is left empty. Throws ShapeError where there are
 * not as many names as rows or columns. Source: `matplotlib.pyplot.imshow`.
 */
export function heatmap(matrix: Matrix, options: HeatmapOptions = {}): Figure {
  const rows = readMatrix('heatmap', matrix)
  const { title, xlabel = '', ylabel = '', rowNames, columnNames, cellText = false, scheme = 'viridis' } = options
  const [height, width] = [rows.length, rows[0].length]
  checkNames('heatmap', 'rowNames', rowNames, height)
  checkNames('heatmap', 'columnNames', columnNames, width)
  const map = mapOf('heatmap', rows, scheme, options)
  const axis = (
    names: readonly string[] | undefined,
    length: number,
    label: string,
    isY: boolean,
    count: number,
  ): Axis => (names ? nameAxis(names, label, isY) : countAxis(length, count, label, isY))
  const texts = rows.map((row) =>
    row.map((value) => (Number.isNaN(value) ? '' : formatNumber(Number(value.toPrecision(3))))),
  )
  const longest = cellText ? Math.max(...texts.flat().map((text) => textWidth(text, fontSize))) + 8 : 0
  // Cells are squares where they can be, as large as text asks for, in a picture of a usual size.
  const cell = Math.max(longest, Math.min(40, 340 / Math.max(width, height)))
  const inner = { width: cell * width, height: cellText ? Math.max(24, Math.min(cell, 40)) * height : cell * height }
  return figureOf({
    title,
    description:
      options.description ??
      `${describe('Heat map', options)}; ${height} x ${width} values, ${formatNumber(map.low)} to ${formatNumber(map.high)}`,
    draw(document) {
      const x = axis(columnNames, width, xlabel, false, inner.width / 40)
      const y = axis(rowNames, height, ylabel, true, inner.height / 30)
      const marks = [frameImage(pngUrl(matrixPixels(rows, map))), ...(cellText ? [cellMarks(rows, texts, map)] : [])]
      const margins = marginsOf({ x, y }, inner.width)
      const outer = {
        width: options.width ?? inner.width + margins.left + margins.right,
        height: options.height ?? inner.height + margins.top + margins.bottom,
      }
      const drawn = drawChart(document, { x, y, marks, grid: 'none' }, outer.width, outer.height, margins)
      return withColourBar(document, drawn, map, margins.top, outer.height - margins.top - margins.bottom)
    },
    text(columns) {
      const [x, y] = [axis(columnNames, width, xlabel, false, 6), axis(rowNames, height, ylabel, true, 6)]
      return shadedMatrix(rows, [map.low, map.high], x, y, columns, cellText ? texts : null)
    },
  })
}

function cellMarks(
  rows: readonly (readonly number[])[],
  texts: readonly (readonly string[])[],
  map: ColourMap,
): Plot.Markish {
  const cells = rows.flatMap((row, r) => row.map((value, c) => ({ r, c, value, text: texts[r][c] })))
  return Plot.text(cells, {
    x: 'c',
    y: 'r',
    text: 'text',
    fill: ({ value }: { value: number }) => (Number.isNaN(value) || isLight(map.colour(value)) ? '#000' : '#fff'),
    fontSize,
  })
}

function mapOf(
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
function withColourBar(document: Document, drawn: Drawn, map: ColourMap, top: number, height: number): Drawn {
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

export interface HeatmapsOptions extends FigureOptions, ColourOptions {
  /** A title for each column. */
  titles?: readonly string[]
}

/**
 * Matrices [rows, columns, H, W] in a table. All have the same colours for the same values; one bar explains them. `xlabel` stands under the last
 * row, `ylabel` at the first column. Source: `d2l.show_heatmaps`, section 10.1.
 */
export function showHeatmaps(matrices: Tensor, options: HeatmapsOptions = {}): Figure {
  if (matrices.ndim !== 4)
    throw new ShapeError(`showHeatmaps: the matrices must be [rows, columns, H, W], got ${formatShape(matrices.shape)}`)
  const [tableRows, tableColumns, height, width] = matrices.shape
  const { title, titles, xlabel = '', ylabel = '', scheme = 'reds' } = options
  checkNames('showHeatmaps', 'titles', titles, tableColumns)
  const nested = matrices.tolist() as number[][][][]
  const table = nested.map((row) => row.map((matrix) => readMatrix('showHeatmaps', matrix)))
  const map = mapOf('showHeatmaps', table.flat(2), scheme, options)
  const room = Math.max(60, Math.min(240, ((options.width ?? 600) - 80) / tableColumns - 16))
  const cell = Math.min(24, room / width, room / height)
  const inner = { width: Math.max(24, cell * width), height: Math.max(24, cell * height) }
  const blank = (axis: Axis): Axis => ({ ...axis, label: '', format: () => '' })
  return figureOf({
    title,
    description:
      options.description ??
      `${describe('Heat maps', options, titles)}; ${tableRows} x ${tableColumns} matrices of ${height} x ${width} values`,
    draw(document) {
      const x = countAxis(width, inner.width / 40, xlabel)
      const y = countAxis(height, inner.height / 30, ylabel, true)
      const group = svg(document, 'g', {})
      let [right, below] = [0, titles ? 20 : 0]
      for (const [r, row] of table.entries()) {
        right = 0
        let deepest = 0
        for (const [c, matrix] of row.entries()) {
          const axes = { x: r === tableRows - 1 ? x : blank(x), y: c === 0 ? y : blank(y) }
          const margins = { ...marginsOf(axes, inner.width), top: ylabel === '' ? 8 : 24, aslant: false }
          const outer = {
            width: inner.width + margins.left + margins.right,
            height: inner.height + margins.top + margins.bottom,
          }
          const { element } = drawChart(
            document,
            { ...axes, marks: [frameImage(pngUrl(matrixPixels(matrix, map)))], grid: 'none' },
            outer.width,
            outer.height,
            margins,
          )
          element.setAttribute('transform', `translate(${right},${below})`)
          group.append(element)
          if (r === 0 && titles)
            group.append(
              svg(
                document,
                'text',
                { x: right + margins.left + inner.width / 2, y: 16, 'text-anchor': 'middle' },
                titles[c],
              ),
            )
          right += outer.width
          deepest = Math.max(deepest, outer.height)
        }
        below += deepest
      }
      const top = (titles ? 20 : 0) + (ylabel === '' ? 8 : 24)
      return withColourBar(
        document,
        { element: group, width: right, height: below },
        map,
        top,
        Math.max(60, inner.height),
      )
    },
    text(columns) {
      const tiles = table.flatMap((row, r) =>
        row.map((matrix, c) => ({
          head: titles ? [titles[c]] : [],
          lines: (most: number) => shadeLines(matrix, [map.low, map.high], most),
        })),
      )
      const names = [ylabel === '' ? '' : `down: ${ylabel}`, xlabel === '' ? '' : `across: ${xlabel}`].filter(
        (text) => text !== '',
      )
      return [
        ...tileLines(tiles, columns, Math.max(10, Math.min(2 * width, 24)), tableColumns),
        ...(names.length > 0 ? [names.join('   ')] : []),
        shadeScale([map.low, map.high]),
      ]
    },
  })
}
