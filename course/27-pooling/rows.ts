import { equal, holds, type Row } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 43,
    en: 'max pooling tolerates a shift by a pixel',
    zh: '最大汇聚容忍一个像素的平移',
    check: ({ X, pool2d, before, after, shifts }) => [
      equal('largest of each 2 x 2 window', pool2d(X, [2, 2]).tolist(), [
        [4, 5],
        [7, 8],
      ]),
      equal(
        'an edge and the same edge one pixel further',
        [before.at(0).tolist(), after.at(0).tolist()],
        [
          [0, 0, 1, 0, 0, 0, 0],
          [0, 0, 0, 1, 0, 0, 0],
        ],
      ),
      equal(
        'both, pooled',
        [pool2d(before, [2, 2]).at(0).tolist(), pool2d(after, [2, 2]).at(0).tolist()],
        [
          [0, 1, 1, 0, 0, 0],
          [0, 0, 1, 1, 0, 0],
        ],
      ),
      equal('stride 2: what a shift changes', shifts, ['same', 'moved', 'same', 'moved', 'same']),
    ],
  },
  {
    row: 44,
    en: 'mean pooling; the stride is the window unless it is given; stride and padding by hand',
    zh: '平均汇聚；默认步幅等于窗口；也可指定步幅和填充',
    check: ({ X, pool2d, plain, overlapping, book, padded, largest, mean, pooled }, seen) => [
      equal('mean of each 2 x 2 window', pool2d(X, [2, 2], 'avg').tolist(), [
        [2, 3],
        [5, 6],
      ]),
      equal('window 3, stride 3', plain.tolist(), [[[[10]]]]),
      equal('window 3, padding 1, stride 2', overlapping.reshape(2, 2).tolist(), [
        [5, 7],
        [13, 15],
      ]),
      equal('window (2, 3), stride (2, 3), padding (0, 1)', book.reshape(2, 2).tolist(), [
        [5, 7],
        [13, 15],
      ]),
      equal('window (2, 3), stride (2, 3), padding (1, 1)', padded.tolist(), [
        [
          [
            [1, 3],
            [9, 11],
            [13, 15],
          ],
        ],
      ]),
      equal('what lies outside is never the largest', largest.reshape(4).tolist(), [-4, -4, -4, -4]),
      equal('but counts as zero in the mean', mean.reshape(4).tolist(), [-1, -1, -1, -1]),
      holds('padding beyond half the window', seen.output('borders').includes('Error'), seen.output('borders')),
      equal('two channels', pooled.tolist(), [
        [
          [
            [5, 7],
            [13, 15],
          ],
          [
            [6, 8],
            [14, 16],
          ],
        ],
      ]),
    ],
  },
]
