import { atLeast, equal, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: null,
    en: 'DenseNet: blocks, shapes, a dense network trained',
    zh: 'DenseNet：块、形状、训练一个稠密网络',
    check: ({ parameters, run, trainIter, walk, Y, Z }, { full }) => [
      equal('a dense block', Y.shape, [4, 23, 8, 8]),
      equal('a transition', Z.shape, [4, 10, 4, 4]),
      equal('parameters', parameters, 758226),
      equal('the last maps', walk[8], 'BatchNorm2d 1 x 248 x 3 x 3'),
      ...(full && trainIter.dataset.name === 'Fashion-MNIST'
        ? [within('training loss', run.trainLoss, [0.139, 0.143]), within('test accuracy', run.testAcc, [0.82, 0.92])]
        : [atLeast('training accuracy', run.trainAcc, 0.65)]),
    ],
  },
]
