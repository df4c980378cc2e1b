// Matrices in a table: `showHeatmaps`.
import { ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Axis, countAxis } from './axis.ts'
import { drawChart, frameImage, marginsOf } from './chart.ts'
import { type ColourOptions, mapOf, withColourBar } from './colourBar.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { checkNames, readMatrix } from './numbers.ts'
import { figureOf } from './picture.ts'
import { matrixPixels, pngUrl } from './pixels.ts'
import { shadeLines, shadeScale, tileLines } from './shade.ts'
import { svg } from './svg.ts'
import { wrap } from './text.ts'

export interface HeatmapsOptions extends FigureOptions, ColourOptions {
  /** A title for each column. */
  titles?: readonly string[]
}

const titleHeight = 20

/**
 * Matrices [rows, columns, H, W] in a table. Equal values have equal colours in all; one bar explains them. `xlabel` stands under the last row,
 * `ylabel` at the first column. Throws ShapeError for other shapes. Source: `d2l.show_heatmaps`, section 10.1.
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
  const axes = {
    x: countAxis(width, inner.width / 40, xlabel),
    y: countAxis(height, inner.height / 30, ylabel, true),
  }
  const blank = (axis: Axis): Axis => ({ ...axis, label: '', format: () => '' })
  const axesAt = (r: number, c: number): typeof axes => ({
    x: r === tableRows - 1 ? axes.x : blank(axes.x),
    y: c === 0 ? axes.y : blank(axes.y),
  })
  const top = ylabel === '' ? 8 : 24
  const marginsAt = (r: number, c: number) => ({ ...marginsOf(axesAt(r, c), inner.width), top, aslant: false })
  return figureOf({
    title,
    description:
      options.description ??
      `${describe('Heat maps', options, titles)}; ${tableRows} x ${tableColumns} matrices of ${height} x ${width} values`,
    draw(document) {
      const group = svg(document, 'g', {})
      let [x, y] = [0, titles ? titleHeight : 0]
      for (const [r, row] of table.entries()) {
        x = 0
        for (const [c, matrix] of row.entries()) {
          const margins = marginsAt(r, c)
          const outer = {
            width: inner.width + margins.left + margins.right,
            height: inner.height + margins.top + margins.bottom,
          }
          const marks = [frameImage(pngUrl(matrixPixels(matrix, map)))]
          const drawn = drawChart(
            document,
            { ...axesAt(r, c), marks, grid: 'none' },
            outer.width,
            outer.height,
            margins,
          )
          drawn.element.setAttribute('transform', `translate(${x},${y})`)
          group.append(drawn.element)
          const middle = { x: x + margins.left + inner.width / 2, y: 14, 'text-anchor': 'middle' }
          if (r === 0 && titles) group.append(svg(document, 'text', middle, titles[c]))
          x += outer.width
        }
        const { bottom } = marginsAt(r, 0)
        y += top + inner.height + bottom
      }
      const first = top + (titles ? titleHeight : 0)
      const last = y - marginsAt(tableRows - 1, 0).bottom
      return withColourBar(document, { element: group, width: x, height: y }, map, first, Math.min(240, last - first))
    },
    text(columns) {
      const tiles = table.map((row) =>
        row.map((matrix, c) => ({
          head: titles ? [titles[c]] : [],
          lines: (most: number) => shadeLines(matrix, [map.low, map.high], most),
        })),
      )
      const least = Math.max(8, Math.min(2 * width, 24))
      const names = [ylabel === '' ? [] : `down: ${ylabel}`, xlabel === '' ? [] : `across: ${xlabel}`].flat()
      return [
        ...tiles.flatMap((row, r) => [...(r > 0 ? [''] : []), ...tileLines(row, columns, least, tableColumns)]),
        ...(names.length === 0 ? [] : wrap(names.join('   '), columns)),
        shadeScale([map.low, map.high]),
      ]
    },
  })
}
