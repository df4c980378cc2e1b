import { close, equal, holds, type Row, within } from 'kindling/notebook'

/** Loss and test accuracy after ten epochs. Fashion-MNIST: the middle 80 % of the book's runs; MNIST: measured with room for other rounding. */
const bands = {
  'Fashion-MNIST': { loss: [0.4467, 0.4479], test: [0.822, 0.835] },
  MNIST: { loss: [0.306, 0.317], test: [0.912, 0.924] },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 9,
    en: 'softmax makes probabilities of any scores, and trains a classifier',
    zh: 'softmax 把任意分数变成概率，并训练出分类器',
    check: (
      { M, probabilities, crossEntropy, y, yHat, byHand, builtIn, untrained, scratch, concise, trainIter },
      run,
    ) => {
      const { loss, test } = bands[trainIter.dataset.name as keyof typeof bands]
      return [
        equal(
          'sums of columns and rows',
          [M.sum(0, { keepdim: true }).tolist(), M.sum(1, { keepdim: true }).tolist()],
          [[[5, 7, 9]], [[6], [15]]],
        ),
        close('rows of probabilities add up to 1', probabilities.sum(1).tolist(), [1, 1], 1e-6),
        holds('probabilities are positive', probabilities.gt(0).all().item() === 1, probabilities.tolist()),
        close('probabilities of the true classes', yHat.at([0, 1], y).tolist(), [0.1, 0.5], 1e-7),
        close('cross-entropy', crossEntropy(yHat, y).tolist(), [Math.log(10), Math.log(2)], 1e-6),
        equal('accuracy', run.output('cross-entropy').split('\n').at(-1), 'accuracy 0.5'),
        equal('the naive losses overflow', run.output('overflow').split('\n').at(-1), 'tensor([nan, inf])'),
        close('log-sum-exp', byHand.tolist(), builtIn.tolist(), 1e-4),
        within('accuracy before training', untrained, [0.03, 0.25]),
        within('by hand: loss', scratch.trainLoss, loss),
        within('by hand: test accuracy', scratch.testAcc, test),
        within('with layers: loss', concise.trainLoss, loss),
        within('with layers: test accuracy', concise.testAcc, test),
        equal('figures', run.figures.length, 4),
      ]
    },
  },
]
