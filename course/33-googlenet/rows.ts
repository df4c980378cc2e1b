import { atLeast, atMost, equal, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 51,
    en: 'an Inception block looks through several windows at once; nine of them make GoogLeNet',
    zh: 'Inception 块同时用几种窗口看；九个块组成 GoogLeNet',
    check: ({ blocks, run: { testAcc, trainLoss }, trainIter, walk }, { full }) => [
      equal('blocks', blocks, 9),
      equal('shapes', walk, [
        'Sequential 1 x 64 x 24 x 24',
        'Sequential 1 x 192 x 12 x 12',
        'Sequential 1 x 480 x 6 x 6',
        'Sequential 1 x 832 x 3 x 3',
        'Sequential 1 x 1024',
        'Linear 1 x 10',
      ]),
      ...(full && trainIter.dataset.name === 'Fashion-MNIST'
        ? [within('training loss', trainLoss, [0.24, 0.262]), within('test accuracy', testAcc, [0.875, 0.895])]
        : [atMost('training loss', trainLoss, 1), atLeast('test accuracy', testAcc, 0.65)]),
    ],
  },
  {
    row: 52,
    en: 'channels grow and pictures shrink early, as in AlexNet',
    zh: '尽早增加通道、缩小宽高，和 AlexNet 一样',
    check: ({ alex, google }) => [
      equal('AlexNet, channels and side', alex, [
        [1, 224],
        [96, 54],
        [256, 26],
        [256, 12],
        [256, 5],
      ]),
      equal('GoogLeNet, channels and side', google, [
        [1, 96],
        [64, 24],
        [192, 12],
        [480, 6],
        [832, 3],
      ]),
    ],
  },
]
