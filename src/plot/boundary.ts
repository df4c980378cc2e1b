// The regions that a classifier assigns to its classes, and points over them: `decisionBoundary`.
import { noGrad } from '../autograd/noGrad.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { tensor } from '../ops/index.ts'
import { scope } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type AxesOptions, type Axis, numberAxis } from './axis.ts'
import { drawChart, frameImage } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { extent, type Matrix, type Numbers, readMatrix } from './numbers.ts'
import { figureOf } from './picture.ts'
import { parseColour, type Pixels, pngUrl } from './pixels.ts'
import { dotsOf, keysOf, readLabels } from './scatter.ts'
import { cycle, palette } from './style.ts'
import { Canvas, canvasColumns, canvasRows, withAxes } from './text.ts'

export interface DecisionBoundaryOptions extends FigureOptions, Omit<AxesOptions, 'xscale' | 'yscale'> {
  /** A name for each class, for the legend. */
  classNames?: readonly string[]
  /** Points of the grid along each axis. Default 120. */
  steps?: number
}

/**
 * Points [N, 2] with their classes [N] over the regions of `predict`, which gets points float32 [n, 2] and returns one of
 *
 * - classes [n]: whole numbers from 0, or booleans;
 * - scores [n, classes]: the greatest counts, whether they are logits or probabilities;
 * - probabilities of class 1 [n, 1], or [n] where they are not all whole: class 1 from 0.5 on. For logits, return `logits.gt(0)`.
 *
 * It is called once, without gradients. Throws ShapeError for other shapes.
 * Source: the example "Plot the decision surface of decision trees" of scikit-learn.
 */
export function decisionBoundary(
  predict: (points: Tensor) => Tensor,
  points: Matrix,
  labels: Numbers,
  options: DecisionBoundaryOptions = {},
): Figure {
  const op = 'decisionBoundary'
  const rows = readMatrix(op, points)
  if (rows[0].length !== 2)
    throw new ShapeError(`${op}: points must be [N, 2], got [${rows.length}, ${rows[0].length}]`)
  const { title, xlabel, ylabel, xlim, ylim, classNames, steps = 120, width = 480, height = 360 } = options
  if (!Number.isInteger(steps) || steps < 2) throw new ValueError(`${op}: steps must be 2 or more, got ${steps}`)
  const read = readLabels(op, labels, rows.length, classNames)
  const [xs, ys] = [rows.map(([x]) => x), rows.map(([, y]) => y)]
  const x = (count: number): Axis => numberAxis(op, extent([xs]), { label: xlabel, limits: xlim, pad: 0.08, count })
  const y = (count: number): Axis => numberAxis(op, extent([ys]), { label: ylabel, limits: ylim, pad: 0.08, count })
  const svgAxes = { x: x(width / 80), y: y(height / 55) }
  const regions = predictGrid(predict, svgAxes.x, svgAxes.y, steps)
  const classes =
    classNames?.length ?? Math.max(read.classes, ...regions.map((row) => row.reduce((a, b) => Math.max(a, b), 0) + 1))
  const shown = { x: xs, y: ys, labels: read.labels, classes }
  return figureOf({
    title,
    description: options.description ?? describe('Points over the regions of a classifier', options, classNames),
    keys: keysOf(classes, classNames),
    draw(document) {
      const marks = [frameImage(pngUrl(regionPixels(regions)), 0.3), ...dotsOf(shown, classNames, options, true)]
      return drawChart(document, { ...svgAxes, marks, grid: 'none' }, width, height)
    },
    text(columns) {
      const rows = canvasRows(columns)
      const up = y(rows / 3.5)
      const canvas = new Canvas(canvasColumns(up, columns), rows)
      const across = x(Math.max(2, canvas.columns / 12))
      for (const [i, label] of read.labels.entries()) canvas.dot(across.place(xs[i]), up.place(ys[i]), label)
      const ground = (column: number, row: number): string => {
        const at = (k: number, of: number): number => Math.min(steps - 1, Math.floor(((k + 0.5) * steps) / of))
        return cycle(grounds, regions[at(row, canvas.rows)][at(column, canvas.columns)])
      }
      const signs = classes === 1 ? 2 : classes
      return withAxes(canvas.lines(signs, ground), across, up, columns)
    },
  })
}

const grounds = [' ', '.', ':', '-', '~', '"', ',', "'"] as const

/** Classes on a grid of `steps` x `steps` points in the middle of their cells, the first row at the top. */
function predictGrid(predict: (points: Tensor) => Tensor, x: Axis, y: Axis, steps: number): number[][] {
  const [[left, right], [low, high]] = [x.domain, y.domain]
  const middle = (i: number): number => (i + 0.5) / steps
  const grid = Array.from({ length: steps * steps }, (_, at) => [
    left + (right - left) * middle(at % steps),
    high - (high - low) * middle(Math.floor(at / steps)),
  ])
  const flat = noGrad(() => {
    let classes: number[] = []
    scope(() => {
      classes = classesOf(predict(tensor(grid, { dtype: 'float32' })), grid.length)
    })
    return classes
  })
  return Array.from({ length: steps }, (_, r) => flat.slice(r * steps, (r + 1) * steps))
}

function classesOf(answer: Tensor, n: number): number[] {
  if (!(answer instanceof Tensor))
    throw new ValueError(`decisionBoundary: predict must return a tensor, got ${String(answer)}`)
  if (answer.ndim < 1 || answer.ndim > 2 || answer.shape[0] !== n)
    throw new ShapeError(
      `decisionBoundary: predict must return [${n}], [${n}, 1] or [${n}, classes], got ${formatShape(answer.shape)}`,
    )
  if (answer.ndim === 2 && answer.shape[1] !== 1) return answer.argmax(1).numbers()
  const values = answer.numbers()
  const areClasses = answer.ndim === 1 && values.every((value) => Number.isInteger(value) && value >= 0)
  return areClasses ? values : values.map((value) => (value >= 0.5 ? 1 : 0))
}

function regionPixels(regions: readonly (readonly number[])[]): Pixels {
  const [height, width] = [regions.length, regions[0].length]
  const data = new Uint8Array(width * height * 3)
  const colours = palette.map(parseColour)
  for (const [at, label] of regions.flat().entries()) data.set(cycle(colours, label), 3 * at)
  return { width, height, channels: 3, data }
}
