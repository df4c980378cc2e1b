import { readFileSync } from 'node:fs'
import { atLeast, close, equal, holds, type Row, within } from 'kindling/notebook'

/** Log RMSE. The real table: the middle 80 % of the book's runs; the invented one: measured with room for other rounding and other seeds. */
const bands = {
  real: { train: [0.1652, 0.1661], valid: [0.17, 0.1714], all: [0.162, 0.1631] },
  invented: { train: [0.1535, 0.1555], valid: [0.156, 0.158], all: [0.158, 0.1615] },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 18,
    en: 'k-fold cross-validation holds every sample out once, and measures what a model will do',
    zh: 'K 折交叉验证让每个样本恰好被留出一次，由此估计模型的表现',
    check: (
      { train, test, synthetic, numeric, features, X, guess, folds, last, trainError, validError, allError, ...cells },
      { figures },
    ) => {
      const band = synthetic ? bands.invented : bands.real
      const indices = Array.from({ length: 1460 }, (_, i) => i)
      const { submission, path } = cells
      return [
        equal(
          'shapes of the tables',
          [train.shape, test.shape, features.shape],
          [
            [1460, 81],
            [1459, 80],
            [2919, 331],
          ],
        ),
        equal('columns of numbers', numeric.length, 36),
        holds('no gap is left', !X.isnan().any().item()),
        close('means of the standardised columns', X.narrow(1, 0, 36).mean(0).tolist(), new Array(36).fill(0), 1e-5),
        equal(
          'samples held out',
          folds.map(([, valid]) => valid.length),
          [292, 292, 292, 292, 292],
        ),
        equal(
          'all samples, held out once',
          folds.flatMap(([, valid]) => valid).sort((a, b) => a - b),
          indices,
        ),
        holds(
          'no sample is learned from and held out',
          folds.every(([learn, valid]) => new Set([...learn, ...valid]).size === 1460),
        ),
        within('log RMSE of the median', guess, [0.39, 0.43]),
        equal('folds measured', last.length, 5),
        within('mean log RMSE, training', trainError, band.train),
        within('mean log RMSE, held out', validError, band.valid),
        within('log RMSE, trained on all', allError, band.all),
        equal('file of predictions', readFileSync(path, 'utf8'), submission.toCsv()),
        equal(
          'its first and last line',
          [0, -1].map((line) => submission.toCsv().trimEnd().split('\n').at(line)?.split(',')[0]),
          ['Id', '2919'],
        ),
        atLeast('lowest price', Number(submission.column('SalePrice').min()), 1),
        equal('figures', figures.length, 2),
      ]
    },
  },
]
