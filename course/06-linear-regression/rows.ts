import { atLeast, atMost, close, equal, holds, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 5,
    en: 'linear regression is a network with one layer',
    zh: '线性回归是只有一层的网络',
    check: ({ byLoop, atOnce, densities, difference }, { figures }) => [
      holds('the loop and the vector sum agree', byLoop.equal(atOnce)),
      close(
        'the greatest density of each curve',
        densities.map((density) => density.max().item()),
        [1, 2, 1].map((std) => 1 / (std * Math.sqrt(2 * Math.PI))),
        1e-5,
      ),
      close(
        'the area under each curve',
        densities.map((density) => density.sum().item() * 0.01),
        [1, 1, 1],
        1e-3,
      ),
      atMost('a layer against its formula', difference, 1e-6),
      equal('figures', figures.length, 3),
    ],
  },
  {
    row: 6,
    en: 'a batch gives the gradient without bias and for less; its noise falls with its size',
    zh: '小批量梯度无偏而便宜，噪声随批量增大而下降',
    check: ({ noise, sizes, work, afterwards }) => [
      ...noise.map(({ off, spread }, i) =>
        atMost(`batches of ${sizes[i]}: the mean, in its standard errors`, off / (spread / Math.sqrt(500)), 3),
      ),
      ...noise
        .slice(1)
        .map(({ spread }, i) =>
          within(
            `variance for 1 over that for ${sizes[i + 1]}`,
            (noise[0].spread / spread) ** 2 / sizes[i + 1],
            [0.75, 1.3],
          ),
        ),
      equal(
        'multiply-adds of a gradient',
        work,
        sizes.map((size) => 4 * size),
      ),
      within('loss after 3000 examples, batches of 10', afterwards[1], [4.5e-5, 5.6e-5]),
      atLeast('loss after 3000 examples, all the data at a time', afterwards[3], 1),
    ],
  },
  {
    row: 7,
    en: 'linear regression by hand and with layers: the losses of the book',
    zh: '线性回归从零实现与简洁实现：书中的损失',
    check: ({ first, scratchLosses, conciseLosses, wError, bError }) => [
      equal(
        'shapes of a batch',
        first.map(({ shape }) => shape),
        [
          [10, 2],
          [10, 1],
        ],
      ),
      within('loss by hand, epoch 3', scratchLosses[2], [4.5e-5, 5.6e-5]),
      within('loss with layers, epoch 3', conciseLosses[2], [8.9e-5, 1.16e-4]),
      atMost('largest error of w', wError.abs().max().item(), 0.002),
      atMost('error of b', Math.abs(bError), 0.003),
    ],
  },
]
