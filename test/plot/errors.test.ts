import * as torch from 'kindling'
import { ShapeError, ValueError } from 'kindling'
import {
  Animator,
  bar,
  decisionBoundary,
  heatmap,
  hist,
  plot,
  scatter,
  showHeatmaps,
  showImages,
  sideBySide,
} from 'kindling/plot'
import { expect, test } from 'vitest'

const points = [
  [0, 0],
  [1, 1],
]
const ones =
  (...shape: number[]) =>
  () =>
    torch.ones(shape)

const shapeErrors: Record<string, [() => unknown, string]> = {
  'x and y of different length': [() => plot([1, 2], [1, 2, 3]), 'plot: series 0 has 2 values of x and 3 of y'],
  'two x for three y': [() => plot([[1], [1]], [[1], [1], [1]]), 'plot: 2 series of x for 3 of y'],
  'a legend of another length': [() => plot([1], [1], { legend: ['a', 'b'] }), 'plot: the legend has 2 names for 1'],
  'a tensor of three dimensions': [
    () => plot(torch.ones(2, 2, 2)),
    'plot: y must be [n] or [series, n], got [2, 2, 2]',
  ],
  'arrays too deep': [
    () => plot([[[1]]] as never),
    'plot: y of series 0 must have one dimension, got arrays inside an array',
  ],
  'points of different length': [() => scatter([1, 2], [1]), 'scatter: 2 values of x and 1 of y'],
  'too few labels': [() => scatter([1, 2], [1, 2], { labels: [0] }), 'scatter: 1 labels for 2 points'],
  'too few bars': [() => bar(['a', 'b'], [1]), 'bar: 1 values for 2 names'],
  'rows of different length': [
    () => heatmap([[1, 2], [1]]),
    'heatmap: rows differ in length: row 0 has 2, row 1 has 1',
  ],
  'a matrix of one dimension': [() => heatmap(torch.ones(3)), 'heatmap: the matrix must be [rows, columns], got [3]'],
  'names for another number of rows': [() => heatmap([[1]], { rowNames: [] }), 'heatmap: rowNames has 0 names for 1'],
  'matrices without a table': [
    () => showHeatmaps(torch.ones(2, 2)),
    'showHeatmaps: the matrices must be [rows, columns, H, W], got [2, 2]',
  ],
  'images of two dimensions': [
    () => showImages(torch.ones(2, 2), 1, 1),
    'showImages: the images must be [N, H, W], [N, 1, H, W] or [N, 3, H, W], got [2, 2]',
  ],
  'channels last': [
    () => showImages(torch.ones(1, 8, 8, 3), 1, 1),
    'showImages: an image must be [H, W], [1, H, W] or [3, H, W], got [8, 8, 3]',
  ],
  'points in space': [
    () => decisionBoundary(ones(4), torch.ones(2, 3), [0, 1]),
    'decisionBoundary: points must be [N, 2], got [2, 3]',
  ],
  'predictions for other points': [
    () => decisionBoundary(ones(5), points, [0, 1], { steps: 2 }),
    'decisionBoundary: predict must return [4], [4, 1] or [4, classes], got [5]',
  ],
  'too few values for an animator': [
    () => new Animator({ legend: ['a', 'b'] }).add(1, [1]),
    'Animator.add: 1 values for 2 series',
  ],
}

const valueErrors: Record<string, [() => unknown, string]> = {
  'no points': [() => plot([]), 'plot: y is empty'],
  'a series without points': [() => plot([[1], []]), 'plot: y of series 1 is empty'],
  'a number instead of a list': [() => plot(3 as never), 'plot: y must be numbers, got 3'],
  'a log axis without values above 0': [
    () => plot([1, 2], [0, -1], { yscale: 'log' }),
    'plot: nothing to show: no point is above 0, as a log axis needs',
  ],
  'a log axis that begins at 0': [
    () => plot([1, 2], { yscale: 'log', ylim: [0, 1] }),
    'plot: a log axis begins above 0, not at 0',
  ],
  'limits the wrong way': [
    () => plot([1, 2], { xlim: [1, 0] }),
    'plot: the limits of an axis must be two numbers, the lower first: 1 and 0',
  ],
  'a scale that is none': [() => plot([1, 2], { xscale: 'sqrt' as never }), "plot: no scale 'sqrt': 'linear' or 'log'"],
  'points of NaN only': [
    () => scatter([Number.NaN], [1]),
    'scatter: nothing to show: no point has a place on both axes',
  ],
  'labels that are no classes': [
    () => scatter([1], [1], { labels: [0.5] }),
    'scatter: labels must be 0, 1, 2, ..., got 0.5',
  ],
  'labels without a name': [
    () => scatter([1], [1], { labels: [1], classNames: ['a'] }),
    'scatter: a label is beyond the 1 class names',
  ],
  'no bins': [() => hist([1], { bins: 0 }), 'hist: bins must be 1 or more, got 0'],
  'borders that fall': [
    () => hist([1], { bins: [1, 0] }),
    'hist: the borders of bins must be two or more rising numbers, got 1, 0',
  ],
  'bars of NaN only': [() => bar(['a'], [Number.NaN]), 'bar: nothing to show: no value is finite'],
  'an empty matrix': [() => heatmap([]), 'heatmap: the matrix is empty'],
  'no images': [() => showImages([], 1, 1), 'showImages: there are no images'],
  'no rows': [() => showImages(torch.ones(1, 2, 2), 0, 1), 'showImages: rows must be 1 or more, got 0'],
  'one step': [
    () => decisionBoundary(ones(1), points, [0, 1], { steps: 1 }),
    'decisionBoundary: steps must be 2 or more, got 1',
  ],
  'a name twice in a legend': [
    () => new Animator({ legend: ['a', 'a'] }),
    'Animator: a name stands twice in the legend: a, a',
  ],
  'an animator with bad limits': [
    () => new Animator({ ylim: [1, 1] }),
    'Animator: the limits of an axis must be two numbers, the lower first: 1 and 1',
  ],
  'no figures': [() => sideBySide([]), 'sideBySide: there are no figures'],
}

test.each(Object.entries(shapeErrors))('%s: ShapeError', (_, [draw, summary]) => {
  expect(draw).toThrow(ShapeError)
  expect(draw).toThrow(expect.objectContaining({ summary }))
})

test.each(Object.entries(valueErrors))('%s: ValueError', (_, [draw, summary]) => {
  expect(draw).toThrow(ValueError)
  expect(draw).toThrow(expect.objectContaining({ summary }))
})
