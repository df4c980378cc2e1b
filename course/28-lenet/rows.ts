import { equal, type Row, within } from 'kindling/notebook'

/** Loss and accuracies after ten epochs: the middle 80 % of the book's own builds, or what MNIST gives here. */
const bands = {
  'Fashion-MNIST': { loss: [0.459, 0.481], train: [0.818, 0.829], test: [0.781, 0.82] },
  MNIST: { loss: [0.08, 0.3], train: [0.9, 0.98], test: [0.9, 0.98] },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 45,
    en: 'LeNet: its layers, the shapes that pass through them, ten epochs',
    zh: 'LeNet：各层、逐层的形状、十轮训练',
    check: ({ parameters, run: { testAcc, trainAcc, trainLoss }, trainIter, walk }) => {
      const data = trainIter.dataset.name
      const band = bands[data as keyof typeof bands]
      return [
        equal('shapes', walk, [
          'Conv2d 1 x 6 x 28 x 28',
          'Sigmoid 1 x 6 x 28 x 28',
          'AvgPool2d 1 x 6 x 14 x 14',
          'Conv2d 1 x 16 x 10 x 10',
          'Sigmoid 1 x 16 x 10 x 10',
          'AvgPool2d 1 x 16 x 5 x 5',
          'Flatten 1 x 400',
          'Linear 1 x 120',
          'Sigmoid 1 x 120',
          'Linear 1 x 84',
          'Sigmoid 1 x 84',
          'Linear 1 x 10',
        ]),
        equal('parameters', parameters, 61706),
        within(`training loss on ${data}`, trainLoss, band.loss),
        within(`training accuracy on ${data}`, trainAcc, band.train),
        within(`test accuracy on ${data}`, testAcc, band.test),
      ]
    },
  },
]
