// Several figures as one: `sideBySide`.
import { ValueError } from '../base/errors.ts'
import type { Figure } from './figure.ts'
import { figureOf } from './picture.ts'
import { svg } from './svg.ts'
import { tileLines } from './shade.ts'

export interface SideBySideOptions {
  /** A line above all of them. */
  title?: string
  /** How many stand side by side. Default: all. */
  columns?: number
  /** What there is to see, for those who do not see it. */
  description?: string
}

/** Figures in rows of `columns`, as one. */
export function sideBySide(figures: readonly Figure[], options: SideBySideOptions = {}): Figure {
  const { title, columns = figures.length } = options
  if (figures.length === 0) throw new ValueError('sideBySide: there are no figures')
  if (!Number.isInteger(columns) || columns < 1)
    throw new ValueError(`sideBySide: columns must be 1 or more, got ${columns}`)
  return figureOf({
    title,
    description: options.description ?? title ?? 'Several figures',
    draw(document) {
      const group = svg(document, 'g', {})
      const elements = figures.map((figure) => figure.toElement(document))
      const [widths, heights] = ['width', 'height'].map((name) => elements.map((one) => Number(one.getAttribute(name))))
      const columnWidths = Array.from({ length: Math.min(columns, figures.length) }, (_, c) =>
        Math.max(...widths.filter((_, i) => i % columns === c)),
      )
      let y = 0
      for (let start = 0; start < figures.length; start += columns) {
        let x = 0
        for (const [c, element] of elements.slice(start, start + columns).entries()) {
          element.setAttribute('x', String(x))
          element.setAttribute('y', String(y))
          element.querySelector('style')?.remove()
          group.append(element)
          x += columnWidths[c] + 12
        }
        y += Math.max(...heights.slice(start, start + columns)) + 8
      }
      return { element: group, width: columnWidths.reduce((sum, width) => sum + width + 12, -12), height: y - 8 }
    },
    text: (most) =>
      tileLines(
        figures.map((figure) => ({ head: [], lines: (width) => figure.toText(width).split('\n') })),
        most,
        38,
        columns,
      ),
  })
}
