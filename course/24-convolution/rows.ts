import { close, equal, holds, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 38,
    en: 'a 1 x 2 kernel takes (1, 1, 6, 8) to (1, 1, 6, 7), finds edges, and can be learned',
    zh: '1 x 2 的卷积核把 (1, 1, 6, 8) 变成 (1, 1, 6, 7)，能检测边缘，也能学出来',
    check: ({ X, K, conv2d, corr2d, edges, input, layer, library, losses, photos, target, textbook, turned }, seen) => [
      equal('the sum of products in each window', corr2d(X, K).tolist(), [
        [19, 25],
        [37, 43],
      ]),
      equal('the same by the layer', library.tolist(), [
        [19, 25],
        [37, 43],
      ]),
      equal('with the kernel turned round', textbook.tolist(), [
        [5, 11],
        [23, 29],
      ]),
      equal('edges', edges.tolist(), new Array(6).fill([0, 1, 0, 0, 0, -1, 0])),
      equal('edges of the transposed image', turned.tolist(), new Array(8).fill(new Array(5).fill(0))),
      equal(
        'shapes',
        [input.shape, conv2d(input).shape, target.shape],
        [
          [1, 1, 6, 8],
          [1, 1, 6, 7],
          [1, 1, 6, 7],
        ],
      ),
      equal('shape of the learned kernel', conv2d.weight.shape, [1, 1, 1, 2]),
      close('learned kernel', conv2d.weight.reshape(2).tolist(), [1, -1], 0.15),
      within('loss of step 10', losses[9], [0, 0.34]),
      equal('batch, channel, height, width', layer(photos).shape, [2, 8, 28, 44]),
      holds('batch and channel exchanged', seen.output('order').includes('ShapeError'), seen.output('order')),
    ],
  },
]
