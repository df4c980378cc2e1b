import { atLeast, equal, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 16,
    en: 'training error and generalisation error are two things',
    zh: '训练误差与泛化误差是两回事',
    check: ({ fresh10, fresh100, train10, train100 }, { figures }) => [
      equal('figures', figures.length, 1),
      within('training error, 100 points', train100, [0.008, 0.013]),
      within('generalisation error, 100 points', fresh100, [0.0095, 0.015]),
      within('training error, 10 points', train10, [0.001, 0.1]),
      atLeast('generalisation error against training error, 10 points', fresh10 / train10, 10),
    ],
  },
  {
    row: 17,
    en: 'three parts of the data: learn, choose, and measure once',
    zh: '数据分三份：学习、选择、只测一次',
    check({ best, mean, parts, testError, top, trials }) {
      const valid = trials.map((trial) => trial.valid)
      return [
        equal(
          'sizes',
          parts.map((part) => part.length),
          [60, 20, 20],
        ),
        equal(
          'the parts together are every sample once',
          parts.flat().sort((a, b) => a - b),
          Array.from({ length: 100 }, (_, i) => i),
        ),
        equal(
          'degrees tried',
          trials.map((trial) => trial.degree),
          [1, 2, 3, 4, 5, 6, 7, 8],
        ),
        equal('the chosen one has the least validation error', best.valid, Math.min(...valid)),
        equal('chosen degree', best.degree, 3),
        within('test error', testError, [0.005, 0.02]),
        within('mean score of guessers', mean, [0.49, 0.51]),
        within('best score of 1000 guessers', top, [0.62, 0.75]),
      ]
    },
  },
]
