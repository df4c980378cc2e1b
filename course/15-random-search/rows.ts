import { close, equal, holds, type Row, within } from 'kindling/notebook'

/** Accuracy of the winners, on the images to choose by and on test images: measured over seeds, with room for other rounding. */
const bands = {
  'Fashion-MNIST': { quick: [0.74, 0.83], full: [0.8, 0.9] },
  MNIST: { quick: [0.88, 0.96], full: [0.9, 0.99] },
} as const

const ascending = (curve: readonly (number | null)[]): boolean =>
  curve.every((value, i) => value !== null && (i === 0 || value >= curve[i - 1]!))

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 20,
    en: 'random search tries more values of what matters, with as many trials',
    zh: '试的次数相同，随机搜索在重要的超参数上试了更多的值',
    check: ({ grid, random, again, different, chances, tested, trainIter }, run) => {
      const band = bands[trainIter.dataset.name as keyof typeof bands][run.full ? 'full' : 'quick']
      const figures = [grid, random].map(({ trials }) => trials.map(({ value }) => value))
      const trial = ({ params, seed, value }: (typeof random.trials)[number]) => ({ params, seed, value })
      return [
        equal('trials', [grid.trials.length, random.trials.length], [27, 27]),
        holds(
          'no trial failed',
          figures.flat().every((value) => value !== null),
          figures,
        ),
        holds('the curve of the grid never falls', ascending(grid.bestSoFar), grid.bestSoFar),
        holds('the curve of the random points never falls', ascending(random.bestSoFar), random.bestSoFar),
        equal(
          'the curves end at the best trials',
          [grid.bestSoFar[26], random.bestSoFar[26]],
          figures.map((values) => Math.max(...values.map(Number))),
        ),
        equal('different learning rates', different, [3, 27]),
        equal(
          'learning rates of the grid after 18 trials',
          new Set(grid.trials.slice(0, 18).map((t) => t.params.lr)).size,
          2,
        ),
        equal('the same seed, the same trials', again.trials.map(trial), random.trials.slice(0, 3).map(trial)),
        close('chances', chances, [0.2262, 0.5123, 0.7497, 0.9515], 1e-4),
        within('grid: accuracy that was chosen', grid.best!.value!, band),
        within('random: accuracy that was chosen', random.best!.value!, band),
        within('grid: test accuracy', tested[0], band),
        within('random: test accuracy', tested[1], band),
        equal('figures', run.figures.length, 2),
      ]
    },
  },
]
