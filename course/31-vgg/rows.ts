import { atLeast, atMost, equal, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 49,
    en: 'VGG: deeper, and built of blocks',
    zh: 'VGG：更深，由块搭成',
    check: ({ large, run: { testAcc, trainLoss }, trainIter, walk }, { full }) => [
      equal('shapes', walk, [
        'Sequential 1 x 64 x 112 x 112',
        'Sequential 1 x 128 x 56 x 56',
        'Sequential 1 x 256 x 28 x 28',
        'Sequential 1 x 512 x 14 x 14',
        'Sequential 1 x 512 x 7 x 7',
        'Flatten 1 x 25088',
        'Linear 1 x 4096',
        'Linear 1 x 4096',
        'Linear 1 x 10',
      ]),
      equal(
        'parameters at full width',
        [...large.parameters()].reduce((sum, p) => sum + p.numel(), 0),
        128806154,
      ),
      ...(full && trainIter.dataset.name === 'Fashion-MNIST'
        ? [within('training loss', trainLoss, [0.171, 0.181]), within('test accuracy', testAcc, [0.913, 0.923])]
        : [atMost('training loss', trainLoss, 1.2), atLeast('test accuracy', testAcc, 0.6)]),
    ],
  },
]
