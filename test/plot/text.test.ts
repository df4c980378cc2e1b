import * as torch from 'kindling'
import {
  bar,
  decisionBoundary,
  type Figure,
  heatmap,
  hist,
  plot,
  scatter,
  showHeatmaps,
  showImages,
  sideBySide,
} from 'kindling/plot'
import { describe, expect, test } from 'vitest'
import { columnsOf, wrap } from '../../src/plot/text.ts'

const x = [0, 1, 2, 3, 4, 5]

test('one series is drawn with braille dots', () => {
  expect(
    plot([0, 1, 4, 9, 16, 25], { title: 'Squares', xlabel: 'x', ylabel: 'y', legend: ['x²'] }).toText(40),
  ).toMatchInlineSnapshot(`
    "Squares
    y
       │                                 ⡠⠂
       │                               ⡠⠒⠁
    20 ┤                            ⢀⠤⠊
       │                          ⡠⠔⠁
       │                       ⣀⠤⠊
    10 ┤                   ⢀⣀⠔⠊
       │                ⣀⠤⠊⠁
       │          ⣀⠤⠤⠒⠒⠉
     0 ┤ ⠠⠴⠒⠒⠒⠒⠒⠉⠉
       └─┬────────────┬─────────────┬───────
         0            2             4
                         x
    ⠒ x²"
  `)
})

test('several series have signs of their own, and gaps stay open', () => {
  const figure = plot(x, [x, [5, 4, null, 2, 1, 0]], { xlabel: 'epoch', ylabel: 'loss', legend: ['train', 'test'] })
  expect(figure.toText(40)).toMatchInlineSnapshot(`
    "loss
      │ ooo                             ***
      │    oooo                     ****
    4 ┤        o               *****
      │                    *****
      │                *****
    2 ┤            *****    oooo
      │        *****           ooooo
      │    ****                     oooo
    0 ┤ ***                             ooo
      └─┬─────────────┬────────────┬────────
        0             2            4
                       epoch
    * train   o test"
  `)
})

test('a log axis has powers of ten and a note', () => {
  const figure = plot([1, 10, 100, 1000], [1, 0.01, 0, 1e-6], { xscale: 'log', yscale: 'log' })
  expect(figure.toText(40)).toMatchInlineSnapshot(`
    "       │ ⠢⢄⡀
       0.1 ┤   ⠈⠒⠤⣀
           │       ⠉⠒⠤⡀
           │          ⠈⠁
           │
    0.0001 ┤
           │
           │
           │                              ⠠
           └───────────┬──────────────────┬─
                      10                1000
    Not shown on a log axis: 1 point at 0 or
    below"
  `)
})

test('what lies outside the limits is not drawn', () => {
  const figure = plot([0, 1, 2], [0, 1e12, 0], { ylim: [0, 1], xlim: [0, 2] })
  expect(figure.toText(24)).toMatchInlineSnapshot(`
    "1 ┤⡇                   ⢸
      │⡇                   ⢸
      │⡇                   ⢸
      │⡇                   ⢸
      │⡇                   ⢸
      │⡇                   ⢸
      │⡇                   ⢸
    0 ┤⡇                   ⢸
      └┬─────────┬─────────┬
       0         1         2"
  `)
})

test('points of a scatter chart have the sign of their class', () => {
  const figure = scatter([1, 2, 3, 4], [1, 4, 2, 3], { labels: [0, 0, 1, 1], classNames: ['cat', 'dog'], xlabel: 'cm' })
  expect(figure.toText(36)).toMatchInlineSnapshot(`
    "4 ┤           *
      │
      │                               o
      │
      │
    2 ┤                     o
      │
      │ *
      └─┬─────────┬─────────┬─────────┬─
        1         2         3         4
                      cm
    * cat   o dog"
  `)
})

test('bars lie, with their names and values', () => {
  expect(
    bar(
      ['a', 'long name'],
      [
        [3, -1.5],
        [2, null],
      ],
      { legend: ['x', 'y'], ylabel: 'ms' },
    ).toText(40),
  ).toMatchInlineSnapshot(`
    "ms
            a         │████████████████ 3
                      │░░░░░░░░░░░ 2
    long name ████████│ -1.5
                      │ none
    █ x   ░ y"
  `)
  expect(hist([0, 1, 1, 2, 3, 3, 3, 3, 4], { bins: 4, xlabel: 'value' }).toText(40)).toMatchInlineSnapshot(`
    "value | count
    0 to 1 │██████ 1
    1 to 2 │████████████ 2
    2 to 3 │██████ 1
    3 to 4 │██████████████████████████████ 5"
  `)
})

test('a matrix is shades, or its numbers where they have room', () => {
  const matrix = [
    [0, 1, 2],
    [3, 4, 5],
  ]
  expect(heatmap(matrix, { xlabel: 'key', ylabel: 'query', title: 'Weights' }).toText(40)).toMatchInlineSnapshot(`
    "Weights
    query
    0 ┤  ░░▒▒
    1 ┤▓▓████
      └─┬─┬─┬
        0 1 2
        key
    0 [ ░▒▓█] 5"
  `)
  const named = { cellText: true, rowNames: ['cat', 'dog'], columnNames: ['a', 'b', 'c'] }
  expect(heatmap(matrix, named).toText(40)).toMatchInlineSnapshot(`
    "cat ┤ 0 1 2
    dog ┤ 3 4 5
        └─┬─┬─┬
          a b c"
  `)
})

test('tables of matrices and pictures break into as many lines as they need', () => {
  const matrices = torch.eye(4).expand(1, 3, 4, 4)
  expect(
    showHeatmaps(matrices, { titles: ['a', 'b', 'c'], xlabel: 'Keys', ylabel: 'Queries' }).toText(24),
  ).toMatchInlineSnapshot(`
    "a         b
    ██        ██
      ██        ██
        ██        ██
          ██        ██

    c
    ██
      ██
        ██
          ██
    down: Queries   across:
    Keys
    0 [ ░▒▓█] 1"
  `)
  const images = torch.eye(8).expand(3, 8, 8)
  expect(showImages(images, 1, 3, { titles: ['one', 'two\n2', 'three'] }).toText(40)).toMatchInlineSnapshot(`
    "one       two       three
              2
    ▒▒        ▒▒        ▒▒
      ▒▒        ▒▒        ▒▒
        ▒▒        ▒▒        ▒▒
          ▒▒        ▒▒        ▒▒"
  `)
})

test('the ground of a decision boundary says the class', () => {
  const figure = decisionBoundary(
    (p) => p.at(':', 0).gt(0),
    [
      [-1, -1],
      [1, 1],
    ],
    [0, 1],
    { classNames: ['left', 'right'] },
  )
  expect(figure.toText(30)).toMatchInlineSnapshot(`
    " 1 ┤             ..........o..
       │             .............
       │             .............
       │             .............
     0 ┤             .............
       │             .............
       │             .............
    -1 ┤  *          .............
       └─┬───────────┬──────────┬─
        -1           0          1
    * left   o right"
  `)
})

describe('every text', () => {
  const y = torch.arange(40).mul(0.3).sin()
  const titled = {
    title: 'A title that is too long for a narrow terminal and 误差随迭代周期的变化',
    xlabel: 'a rather long name, s',
    ylabel: '损失, nats',
  }
  const figures: Record<string, Figure> = {
    plot: plot([y, y.mul(1e6)], {
      ...titled,
      legend: ['a series with a long name', '另一条曲线的名字也很长很长很长很长'],
    }),
    scatter: scatter(y, y.neg(), titled),
    bar: bar(['a very long name of a bar, longer than a third', '名字'], [1e9, -123456], titled),
    hist: hist([y, y.mul(2)], { ...titled, bins: 30 }),
    heatmap: heatmap(y.mul(1e5).reshape(4, 10), {
      ...titled,
      cellText: true,
      rowNames: ['a', 'b', 'c', 'a long name of a row'],
    }),
    wide: heatmap(torch.rand(3, 500), titled),
    heatmaps: showHeatmaps(torch.rand(2, 5, 9, 9), titled),
    images: showImages(torch.rand(5, 28, 28), 1, 5, {
      title: titled.title,
      titles: ['an image with a long name', '名字'],
    }),
  }
  figures.boundary = decisionBoundary(
    (p) => p.sum(1).gt(0),
    [
      [0, 1],
      [1, 2e6],
    ],
    [0, 1],
    titled,
  )
  figures.sideBySide = sideBySide(Object.values(figures), { title: titled.title })

  test.each([24, 33, 40, 61, 80, 132])('fits %i columns', (columns) => {
    for (const [name, figure] of Object.entries(figures)) {
      const lines = figure.toText(columns).split('\n')
      expect(Math.max(...lines.map(columnsOf)), name).toBeLessThanOrEqual(columns)
      expect(lines.every((line) => line === line.trimEnd())).toBe(true)
    }
  })

  test('holds title, names, ranges and legend', () => {
    const text = figures.plot.toText(100)
    for (const part of ['A title that is too long', 'a rather long name, s', '损失, nats', '* a series', 'o 另一条'])
      expect(text).toContain(part)
  })
})

test('lines break at spaces, and inside words only where there is no space', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  expect(wrap('训练误差', 5)).toEqual(['训练', '误差'])
  expect(wrap('a\nb', 5)).toEqual(['a', 'b'])
})
