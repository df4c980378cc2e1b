import { atLeast, atMost, equal, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 50,
    en: 'a block of NiN: a convolution, then two of 1 x 1',
    zh: 'NiN 块：一个卷积加两个 1 × 1 卷积',
    check: ({ difference, large, run: { testAcc, trainLoss }, trainIter, walk }, { full }) => [
      atMost('1 x 1 convolution against a linear layer at each pixel', difference, 1e-6),
      equal(
        'parameters',
        [...large.parameters()].reduce((sum, p) => sum + p.numel(), 0),
        1992166,
      ),
      equal('shapes', walk, [
        'Sequential 1 x 96 x 54 x 54',
        'MaxPool2d 1 x 96 x 26 x 26',
        'Sequential 1 x 256 x 26 x 26',
        'MaxPool2d 1 x 256 x 12 x 12',
        'Sequential 1 x 384 x 12 x 12',
        'MaxPool2d 1 x 384 x 5 x 5',
        'Dropout 1 x 384 x 5 x 5',
        'Sequential 1 x 10 x 5 x 5',
        'AdaptiveAvgPool2d 1 x 10 x 1 x 1',
        'Flatten 1 x 10',
      ]),
      // A tenth of the book's own runs of the full form never learn; its band allows for that.
      ...(full && trainIter.dataset.name === 'Fashion-MNIST'
        ? [within('training loss', trainLoss, [0.317, 2.304]), within('test accuracy', testAcc, [0.1, 0.885])]
        : [atMost('training loss', trainLoss, 1.3), atLeast('test accuracy', testAcc, 0.5)]),
    ],
  },
]
