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
  sideBySide,
} from 'kindling/plot'
import { describe, expect, test } from 'vitest'
import { parseColour } from '../../src/plot/pixels.ts'
import { palette } from '../../src/plot/style.ts'
import { all, bodyOf, parsed, pixelsOf, texts, ticks } from './support.ts'

const lines = (figure: Figure): string[] =>
  all(parsed(figure), '[aria-label="line"] path').map((path) => path.getAttribute('d') ?? '')
/** How many stretches a path has: gaps begin a new one. */
const stretches = (path: string): number => path.split('M').length - 1

describe('plot', () => {
  test('draws a line for each series, with title, axis labels, ticks and legend', () => {
    const x = torch.arange(0, 3, 0.1)
    const figure = plot(x, [x.square(), x.mul(2).sub(3)], {
      title: 'A function & its <tangent>',
      xlabel: 'x, m',
      ylabel: 'f(x), s',
      legend: ['f(x)', 'tangent'],
    })
    const svg = parsed(figure)
    expect(lines(figure)).toHaveLength(2)
    expect(texts(svg, '.title')).toEqual(['A function & its <tangent>'])
    expect(texts(svg, '[aria-label="x-axis label"] text')).toEqual(['x, m'])
    expect(texts(svg, '[aria-label="y-axis label"] text')).toEqual(['f(x), s'])
    expect(texts(svg, '.legend text')).toEqual(['f(x)', 'tangent'])
    expect(ticks(svg, 'x')).toEqual(['0.0', '0.5', '1.0', '1.5', '2.0', '2.5', '3.0'])
    expect(ticks(svg, 'y')).toEqual(['-2', '0', '2', '4', '6', '8'])
    expect(svg.getAttribute('role')).toBe('img')
    expect(svg.getAttribute('aria-label')).toBe(
      "Line chart 'A function & its <tangent>': f(x), tangent as f(x), s over x, m",
    )
  })

  test('tells series apart by colour and by dash', () => {
    const svg = parsed(
      plot(
        [1, 2, 3],
        Array.from({ length: 8 }, (_, i) => [i, i, i]),
      ),
    )
    const groups = all(svg, '[aria-label="line"]')
    expect(new Set(groups.map((group) => group.getAttribute('stroke'))).size).toBe(8)
    expect(new Set(groups.map((group) => group.getAttribute('stroke-dasharray'))).size).toBe(8)
  })

  test('takes arrays, typed arrays and tensors, those that need gradients too, one x or one for each series', () => {
    const y = [1, 4, 9]
    const wanted = lines(plot([0, 1, 2], y))
    const grown = torch.tensor(y, { dtype: 'float32', requiresGrad: true })
    for (const figure of [
      plot(y),
      plot([y]),
      plot(Float32Array.from(y)),
      plot(torch.tensor(y)),
      plot(grown.mul(1)),
      plot(torch.tensor([y])),
      plot(y, null, {}),
      plot([[0, 1, 2]], [grown]),
    ])
      expect(lines(figure)).toEqual(wanted)
    expect(
      lines(
        plot(
          [
            [0, 1, 2],
            [0, 2],
          ],
          [y, [1, 9]],
        ),
      ),
    ).toEqual([wanted[0], expect.stringMatching(/^M[^L]*L[^L]*$/)])
    expect(lines(plot(torch.ones(3, 5)))).toHaveLength(3)
  })

  test('leaves a gap where a value is missing, and marks points without neighbours', () => {
    const svg = parsed(plot([1, 2, null, 4, Number.NaN, 6, 7, Number.POSITIVE_INFINITY]))
    expect(all(svg, '[aria-label="line"] path').map((path) => stretches(path.getAttribute('d') ?? ''))).toEqual([3])
    expect(all(svg, '[aria-label="dot"] circle')).toHaveLength(1)
  })

  test('marks every point on demand and says its values', () => {
    const svg = parsed(
      plot([1, 2, 3], [0.5, 0.25, 0.125], { markers: true, legend: ['loss'], xlabel: 'epoch', ylabel: 'nats' }),
    )
    expect(texts(svg, '[aria-label="dot"] title')).toEqual([
      'loss: epoch 1, nats 0.5',
      'loss: epoch 2, nats 0.25',
      'loss: epoch 3, nats 0.125',
    ])
    expect(all(parsed(plot([1, 2], [1, 2], { lines: false })), '[aria-label="line"]')).toHaveLength(0)
  })

  test('has powers of ten on a log axis and says what it leaves out', () => {
    const svg = parsed(plot([1, 2, 3, 4, 5], [1, 0.1, 0, -1, 1e-4], { yscale: 'log' }))
    expect(ticks(svg, 'y')).toEqual(['0.0001', '0.001', '0.01', '0.1', '1'])
    expect(texts(svg, '.note')).toEqual(['Not shown on a log axis: 2 points at 0 or below'])
    expect(ticks(parsed(plot([3, 30], [1, 2], { xscale: 'log' })), 'x')).toEqual(['5', '10', '20'])
  })

  test('shows no more than its limits, by a clip path that is the same for the same frame', () => {
    const figure = plot([0, 1, 2], [0, 100, 0], { xlim: [0.5, 1.5], ylim: [0, 10] })
    const svg = parsed(figure)
    const id = svg.querySelector('clipPath')?.getAttribute('id')
    expect(svg.querySelector('[clip-path]')?.getAttribute('clip-path')).toBe(`url(#${id})`)
    expect(figure.toSvg()).toBe(figure.toSvg())
    expect(ticks(svg, 'y')).toEqual(['0', '2', '4', '6', '8', '10'])
  })

  test('shows an empty frame with a note where every value was lost', () => {
    expect(texts(parsed(plot([Number.NaN, Number.NaN])), '.note')).toEqual(['No value is finite'])
  })
})

test('every colour has a contrast of 3 or more on white and on dark pages', () => {
  const luminance = (colour: string): number => {
    const [red, green, blue] = parseColour(colour).map((part) =>
      part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  for (const colour of palette) {
    expect(1.05 / (luminance(colour) + 0.05), colour).toBeGreaterThanOrEqual(3)
    expect((luminance(colour) + 0.05) / (luminance('#1e1e1e') + 0.05), colour).toBeGreaterThanOrEqual(3)
  }
})

test('numbers on the axes are short and keep what tells them apart', () => {
  const ticksOf = (low: number, high: number): string[] => ticks(parsed(plot([low, high], [low, high])), 'y')
  expect(ticksOf(0, 60_000)).toEqual(['0', '10,000', '20,000', '30,000', '40,000', '50,000', '60,000'])
  expect(ticksOf(-0.02, 0.03)).toEqual(['-0.02', '-0.01', '0.00', '0.01', '0.02', '0.03'])
  expect(ticksOf(0, 5e-7)).toEqual(['0', '1e-7', '2e-7', '3e-7', '4e-7', '5e-7'])
  expect(ticksOf(0, 5e9)).toEqual(['0', '1e9', '2e9', '3e9', '4e9', '5e9'])
  expect(ticksOf(7, 7)).toEqual(['4', '5', '6', '7', '8', '9', '10'])
})

describe('scatter', () => {
  test('has a mark for each point, of another form for each class', () => {
    const figure = scatter([1, 2, 3, null], [3, 2, 1, 0], { labels: [0, 1, 1, 0], classNames: ['cat', 'dog'] })
    const svg = bodyOf(figure)
    expect(texts(svg, 'circle title')).toEqual(['cat: x 1, y 3'])
    expect(texts(svg, '[aria-label="dot"] path title')).toEqual(['dog: x 2, y 2', 'dog: x 3, y 1'])
    expect(texts(parsed(figure), '.legend text')).toEqual(['cat', 'dog'])
  })

  test('needs no legend for one class', () => {
    expect(all(parsed(scatter(torch.rand(9), torch.rand(9))), '.legend')).toEqual([])
  })
})

describe('bars', () => {
  test('a bar for each name and series stands on zero', () => {
    const values = [
      [1, -2, 3],
      [2, null, 1],
    ]
    const svg = bodyOf(bar(['a', 'b', 'c'], values, { legend: ['x', 'y'] }))
    const [up, down] = all(svg, 'rect').map((rect) => [
      Number(rect.getAttribute('y')),
      Number(rect.getAttribute('height')),
    ])
    expect(up[0] + up[1]).toBeCloseTo(down[0], 2)
    expect(down[1]).toBeCloseTo(2 * up[1], 1)
    expect(ticks(svg, 'x')).toEqual(['a', 'b', 'c'])
    expect(texts(svg, 'rect title')).toEqual(['x, a: 1', 'x, b: -2', 'x, c: 3', 'y, a: 2', 'y, c: 1'])
  })

  test('names that have no room side by side stand aslant', () => {
    const names = Array.from({ length: 12 }, (_, i) => `a long name ${i}`)
    const svg = parsed(
      bar(
        names,
        names.map((_, i) => i),
      ),
    )
    expect(ticks(svg, 'x')).toEqual(names)
    expect(svg.querySelector('[aria-label="x-axis tick label"] text')?.getAttribute('transform')).toContain(
      'rotate(-35)',
    )
  })

  test('hist counts like matplotlib: borders belong to the bin on their right, the last one to the last bin', () => {
    const counts = (figure: Figure): number[] =>
      texts(parsed(figure), 'rect title').map((title) => Number(title.split(': ')[1]))
    expect(counts(hist([0, 0, 1, 2, 3, 4, 4, Number.NaN], { bins: 4 }))).toEqual([2, 1, 1, 3])
    expect(counts(hist([0, 5, 10, 11], { bins: [0, 5, 10] }))).toEqual([1, 2])
    expect(counts(hist([3, 3, 3], { bins: 2 }))).toEqual([0, 3])
    expect(counts(hist([[1, 2], [3]], { bins: 2 }))).toEqual([1, 1, 0, 1])
    expect(counts(hist(torch.arange(100)))).toEqual(Array.from({ length: 10 }, () => 10))
  })
})

describe('heatmap', () => {
  test('has a pixel of the scheme for each cell, transparent for NaN, and a bar of the colours', () => {
    const svg = parsed(
      heatmap(
        [
          [0, 1],
          [0.5, Number.NaN],
        ],
        { scheme: 'greys', xlabel: 'key', ylabel: 'query' },
      ),
    )
    const [cells, colours] = all(svg, 'image').map(pixelsOf)
    expect([cells.width, cells.height, cells.channels]).toEqual([2, 2, 4])
    expect(cells.data.slice(0, 8)).toEqual([255, 255, 255, 255, 0, 0, 0, 255])
    expect(cells.data.slice(12)).toEqual([0, 0, 0, 0])
    expect([colours.width, colours.data.slice(0, 4), colours.data.slice(-4)]).toEqual([
      1,
      [0, 0, 0, 255],
      [255, 255, 255, 255],
    ])
    expect(texts(svg, '.colour-bar text').slice(0, 1)).toEqual(['0.0'])
    expect(ticks(svg, 'y')).toEqual(['0', '1'])
    expect(texts(svg, '[aria-label="x-axis label"] text')).toEqual(['key'])
  })

  test('has the first row at the top, with names and with the values in the cells', () => {
    const svg = parsed(
      heatmap(
        torch.tensor([
          [50, 2],
          [1, 47],
        ]),
        { cellText: true, rowNames: ['cat', 'dog'], columnNames: ['Cat', 'Dog'] },
      ),
    )
    expect(texts(svg, '[aria-label="text"] text')).toEqual(['50', '2', '1', '47'])
    const y = all(svg, '[aria-label="y-axis tick label"] text').map((one) =>
      Number(/,([\d.]+)\)/.exec(one.getAttribute('transform') ?? '')?.[1]),
    )
    expect(ticks(svg, 'y')).toEqual(['cat', 'dog'])
    expect(y[0]).toBeLessThan(y[1])
    expect(all(svg, '[aria-label="text"] text').map((one) => one.getAttribute('fill'))).toEqual([
      '#000',
      '#fff',
      '#fff',
      '#000',
    ])
  })

  test('vmin and vmax hold the colours still', () => {
    const [cells] = all(parsed(heatmap([[0, 5, 20]], { scheme: 'greys', vmin: 0, vmax: 10 })), 'image').map(pixelsOf)
    expect(cells.data.slice(8, 12)).toEqual([0, 0, 0, 255])
  })

  test('showHeatmaps has equal colours for equal values in all matrices', () => {
    const matrices = torch.stack([torch.zeros(2, 3), torch.ones(2, 3)]).reshape(1, 2, 2, 3)
    const svg = parsed(showHeatmaps(matrices, { titles: ['Head 1', 'Head 2'], xlabel: 'Keys', ylabel: 'Queries' }))
    const [first, second, bar] = all(svg, 'image').map(pixelsOf)
    expect([first.width, first.height]).toEqual([3, 2])
    expect(first.data.slice(0, 3)).toEqual(bar.data.slice(-4, -1))
    expect(second.data.slice(0, 3)).toEqual(bar.data.slice(0, 3))
    expect(texts(svg, 'text')).toEqual(expect.arrayContaining(['Head 1', 'Head 2']))
    expect(texts(svg, '[aria-label="y-axis label"] text')).toEqual(['Queries'])
    expect(texts(svg, '[aria-label="x-axis label"] text')).toEqual(['Keys', 'Keys'])
  })
})

describe('decisionBoundary', () => {
  const points = [
    [0, 0],
    [1, 1],
  ]
  const regions = (predict: (p: torch.Tensor) => torch.Tensor): number[] => {
    const figure = decisionBoundary(predict, points, [0, 1], { steps: 2, xlim: [0, 1], ylim: [0, 1] })
    const { data } = pixelsOf(parsed(figure).querySelector('image') as Element)
    const colours = new Map<string, number>([
      ['47,127,214', 0],
      ['217,101,26', 1],
      ['43,154,91', 2],
    ])
    return [0, 1, 2, 3].map((i) => colours.get(data.slice(3 * i, 3 * i + 3).join()) ?? -1)
  }
  const x = (p: torch.Tensor): torch.Tensor => p.at(':', 0)

  test('colours the grid by classes, scores or probabilities, the first row at the top', () => {
    expect(regions((p) => x(p).gt(0.5))).toEqual([0, 1, 0, 1])
    expect(regions((p) => p.at(':', 1).gt(0.5).to('int64').mul(2))).toEqual([2, 2, 0, 0])
    expect(regions((p) => torch.stack([x(p).neg(), x(p).sub(1)], 1))).toEqual([0, 1, 0, 1])
    expect(regions((p) => x(p).unsqueeze(1))).toEqual([0, 1, 0, 1])
    expect(regions((p) => x(p))).toEqual([0, 1, 0, 1])
  })

  test('asks once, with float32 points and without gradients, and leaves no tensors behind', () => {
    const weight = torch.ones(2, { requiresGrad: true })
    const seen: unknown[] = []
    torch.backend()
    const before = torch.backend().stats().storages
    decisionBoundary(
      (p) => {
        const scores = p.mul(weight).sum(1)
        seen.push(p.shape, p.dtype, scores.requiresGrad)
        return scores
      },
      points,
      [0, 1],
      { steps: 3 },
    )
    expect(seen).toEqual([[9, 2], 'float32', false])
    expect(torch.backend().stats().storages).toBe(before)
  })
})

test('sideBySide puts figures next to each other in one picture', () => {
  const one = plot([1, 2], [1, 2], { title: 'left', width: 300, height: 200 })
  const svg = parsed(sideBySide([one, one, one], { title: 'three', columns: 2 }))
  const inner = all(svg, 'svg')
  expect(inner.map((element) => [element.getAttribute('x'), Number(element.getAttribute('y')) > 0])).toEqual([
    ['0', false],
    ['312', false],
    ['0', true],
  ])
  expect(svg.getAttribute('width')).toBe('612')
  expect(all(svg, 'style')).toHaveLength(1)
  expect(texts(svg, '.title')).toEqual(['three', 'left', 'left', 'left'])
})
