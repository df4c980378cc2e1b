// A matrix as colours: `heatmap`.
import * as Plot from '@observablehq/plot'
import { type Axis, countAxis, formatNumber, nameAxis } from './axis.ts'
import { drawChart, frameImage, marginsOf } from './chart.ts'
import { type ColourOptions, mapOf, withColourBar } from './colourBar.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { checkNames, type Matrix, readMatrix } from './numbers.ts'
import { figureOf } from './picture.ts'
import { type ColourMap, isLight, matrixPixels, pngUrl } from './pixels.ts'
import { shadedMatrix } from './shade.ts'
import { fontSize } from './style.ts'
import { textWidth } from './svg.ts'

export interface HeatmapOptions extends FigureOptions, ColourOptions {
  /** A name for each row. */
  rowNames?: readonly string[]
  /** A name for each column. */
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
  const least = rowNames || columnNames ? fontSize + 4 : 0
  const cell = Math.max(longest, least, Math.min(40, 340 / Math.max(width, height)))
  const tall = cellText ? Math.max(24, Math.min(cell, 40)) : cell
  const inner = { width: Math.max(40, cell * width), height: Math.max(40, tall * height) }
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
