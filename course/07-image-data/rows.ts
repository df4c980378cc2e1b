import { close, equal, type Row } from 'kindling/notebook'

/** What is known of the two data sets; mean and deviation are those of the test images. */
const facts: Record<string, { train: number[]; test: number[]; counts: number[]; mean: number; std: number }> = {
  'Fashion-MNIST': {
    train: [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
    test: [9, 2, 1, 1, 6, 1, 4, 6, 5, 7],
    counts: new Array(10).fill(6000),
    mean: 0.2868,
    std: 0.3524,
  },
  MNIST: {
    train: [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
    test: [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
    counts: [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    mean: 0.1325,
    std: 0.3105,
  },
}

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 8,
    en: 'a classifier has an output for each class; the images and their batches',
    zh: '分类器每类一个输出；图片及其小批量',
    check: ({ train, test, image, oneHot, pixels, mean, std, averages, net, scores, seen }, run) => {
      const known = facts[train.name]
      return [
        equal('shape of an image', image.shape, [1, 28, 28]),
        equal('number of images', [train.length, test.length], [60000, 10000]),
        equal('the first labels to train', train.labels.at('0:10').tolist(), known.train),
        equal('the first labels to test', test.labels.at('0:10').tolist(), known.test),
        equal('images of each class', oneHot.sum(0).tolist(), known.counts),
        close('mean and deviation of the pixels', [mean, std], [known.mean, known.std], 1e-4),
        equal('a mean image for each class', averages.length, 10),
        equal(
          'outputs for two images, and for five',
          [scores.shape, net(pixels.at('0:5')).shape],
          [
            [2, 10],
            [5, 10],
          ],
        ),
        equal('batches, and the size of the last', [seen.length, seen.at(-1)], [235, 96]),
        equal('the first batch', run.output('batches').split('\n')[0], '[ 256, 1, 28, 28 ] float32 [ 256 ] int64'),
        equal('a batch of larger images', run.output('resize'), '[ 32, 1, 64, 64 ] float32 [ 32 ] int64'),
        equal('figures', run.figures.length, 2),
      ]
    },
  },
]
