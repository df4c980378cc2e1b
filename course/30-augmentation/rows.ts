import { atLeast, equal, holds, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 48,
    en: 'what AlexNet brought besides its size: dropout, ReLU, max pooling, and augmented data',
    zh: '除了大小，AlexNet 还带来：dropout、ReLU、最大汇聚和数据增广',
    check: ({ augmented, gaps, name, plain, twice, variants }, { full }) => [
      equal('a picture flipped twice', twice, true),
      holds('jittered pictures differ', !variants[0].equal(variants[1])),
      ...(full && name === 'Fashion-MNIST'
        ? [
            within('training loss', plain.trainLoss, [0.326, 0.332]),
            within('test accuracy', plain.testAcc, [0.875, 0.884]),
          ]
        : [
            atLeast('test accuracy without augmentation', plain.testAcc, 0.6),
            atLeast('test accuracy with it', augmented.testAcc, 0.6),
            holds('the gap is smaller with augmentation', gaps[1] < gaps[0] - 0.02, gaps),
          ]),
    ],
  },
]
