import { close, equal, holds, type Row } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 46,
    en: 'from hand-made features to learning end to end',
    zh: '从手工特征到端到端学习',
    check: (_, { links }) => [
      holds(
        'links to the paper of 2012',
        links.some((link) => link.includes('papers.nips.cc')),
        links,
      ),
    ],
  },
  {
    row: 47,
    en: 'AlexNet is larger than LeNet: parameters and multiply-adds, counted',
    zh: 'AlexNet 比 LeNet 大：数一数参数和乘加次数',
    check: ({ large, slopes, small, walk }) => [
      equal('parameters of AlexNet', large.parameters, 46764746),
      equal('parameters of LeNet', small.parameters, 61706),
      close('multiply-adds of AlexNet (millions)', large.macs / 1e6, 938, 0.5),
      close('multiply-adds of LeNet (millions)', small.macs / 1e6, 0.42, 0.005),
      close('largest slopes', [slopes.sigmoid, slopes.relu], [0.25, 1], 1e-6),
      equal('shapes', walk, [
        'Conv2d 1 x 96 x 54 x 54',
        'MaxPool2d 1 x 96 x 26 x 26',
        'Conv2d 1 x 256 x 26 x 26',
        'MaxPool2d 1 x 256 x 12 x 12',
        'Conv2d 1 x 384 x 12 x 12',
        'Conv2d 1 x 384 x 12 x 12',
        'Conv2d 1 x 256 x 12 x 12',
        'MaxPool2d 1 x 256 x 5 x 5',
        'Flatten 1 x 6400',
        'Linear 1 x 4096',
        'Linear 1 x 4096',
        'Linear 1 x 10',
      ]),
    ],
  },
]
