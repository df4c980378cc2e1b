import { atLeast, equal, holds, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: null,
    en: 'ResNet: shapes, what the additions do, a residual network trained',
    zh: 'ResNet：形状、加法的作用、训练一个残差网络',
    check: ({ halved, losses, run, same, trainIter, walk }, { full }) => [
      equal('a block that keeps the shape', same, [4, 3, 6, 6]),
      equal('a block that halves the sides', halved, [4, 6, 3, 3]),
      equal('shapes', walk, [
        'Sequential 1 x 64 x 56 x 56',
        'Sequential 1 x 64 x 56 x 56',
        'Sequential 1 x 128 x 28 x 28',
        'Sequential 1 x 256 x 14 x 14',
        'Sequential 1 x 512 x 7 x 7',
        'AdaptiveAvgPool2d 1 x 512 x 1 x 1',
        'Flatten 1 x 512',
        'Linear 1 x 10',
      ]),
      holds('the tower learns faster with the additions', losses['with the additions'] < losses.without - 0.2, losses),
      ...(full && trainIter.dataset.name === 'Fashion-MNIST'
        ? [within('training loss', run.trainLoss, [0.008, 0.022]), within('test accuracy', run.testAcc, [0.806, 0.927])]
        : [atLeast('training accuracy', run.trainAcc, 0.65)]),
    ],
  },
]
