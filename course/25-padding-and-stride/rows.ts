import { equal, type Row } from 'kindling/notebook'

const around = (corner: number, edge: number, inner: number): number[][] => {
  const line = (end: number, middle: number): number[] => [end, ...new Array(6).fill(middle), end]
  return [line(corner, edge), ...new Array(6).fill(line(edge, inner)), line(corner, edge)]
}

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 39,
    en: 'padding keeps the size: k - 1 rows in all, half of them on each side',
    zh: '填充保持大小：一共 k - 1 行，每边各一半',
    check: ({ plain, padded, uneven, sizes, heights, without, withOne }) => [
      equal('3 x 3 without padding', plain.shape, [1, 1, 6, 6]),
      equal('3 x 3 with padding 1', padded.shape, [1, 1, 8, 8]),
      equal('5 x 3 with padding (2, 1)', uneven.shape, [1, 1, 8, 8]),
      equal('rows with (k - 1) / 2 and with k - 1 on each side', sizes, [
        [8, 8],
        [8, 10],
        [8, 12],
        [8, 14],
      ]),
      equal('rows after each layer', heights, [
        [28, 24, 20, 16, 12, 8, 4],
        [28, 28, 28, 28, 28, 28, 28],
      ]),
      equal('windows that read each pixel, padding 1', withOne.tolist(), around(4, 6, 9)),
      equal('windows that read a corner, no padding', without.at(0, 0).item(), 1),
      equal('all readings, no padding', without.sum().item(), 9 * 36),
    ],
  },
  {
    row: 40,
    en: 'stride divides the size: floor((n + 2p - k) / s) + 1',
    zh: '步幅缩小输出：floor((n + 2p - k) / s) + 1',
    check: ({ agreed, book, halved, square, strided, tried }) => [
      equal('3 x 3, padding 1, stride 2', halved.shape, [1, 1, 4, 4]),
      equal('(3, 5), padding (0, 1), stride (3, 4)', book.shape, [1, 1, 2, 2]),
      equal('3 x 3, padding (0, 1), stride (2, 3)', square.shape, [1, 1, 3, 3]),
      equal('strides 3 and 2 by hand', strided.tolist(), [
        [
          [
            [0, 8],
            [6, 8],
          ],
        ],
      ]),
      equal('cases where the formula holds', agreed, tried),
      equal('cases', tried, 240),
    ],
  },
]
