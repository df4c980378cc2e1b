import { atLeast, atMost, close, equal, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 19,
    en: 'too simple, right, too free: three polynomials, and the table of capacity and data',
    zh: '太简单、正合适、太自由：三个多项式，以及容量与数据的对照表',
    check({ factorials, features, grids, over, right, trueW, under }, { figures }) {
      const [x, square, cube] = [1, 2, 3].map((k) => features.at(':', k).tolist() as number[])
      const [[lineLow, lineHigh], [cubicLow, cubicHigh]] = grids
      return [
        equal('shape of the features', features.shape, [200, 20]),
        equal('factorials', factorials.at(':6').tolist(), [1, 1, 2, 6, 24, 120]),
        close(
          'x^2 / 2!',
          square,
          x.map((v) => v ** 2 / 2),
          1e-5,
        ),
        close(
          'x^3 / 3!',
          cube,
          x.map((v) => v ** 3 / 6),
          1e-4,
        ),
        close('weights of degree 3', right.weights.tolist(), trueW.at(':4').tolist(), 0.15),
        within('training loss of degree 3', right.train, [0.008, 0.012]),
        within('test loss of degree 3', right.test, [0.008, 0.018]),
        within('training loss of degree 1', under.train, [3.2, 20]),
        within('test loss of degree 1', under.test, [5.2, 22]),
        within('training loss of degree 19', over.train, [0.009, 0.014]),
        within('test loss of degree 19', over.test, [0.0143, 0.043]),
        atLeast('test loss of degree 19 against degree 3', over.test / right.test, 1.2),
        atMost('line, degree 1: test loss against training loss', lineLow.test / lineLow.train, 1.2),
        atLeast('line, degree 19: test loss against degree 1', lineHigh.test / lineLow.test, 1.2),
        atLeast('cubic, degree 1: training loss', cubicLow.train, 3),
        atLeast('cubic: test loss of degree 1 against degree 19', cubicLow.test / cubicHigh.test, 10),
        equal('figures', figures.length, 4),
      ]
    },
  },
]
