import { atLeast, close, equal, holds, type Row, within } from 'kindling/notebook'

/** Balanced accuracy on test images: measured over seeds, with room for other rounding. */
const bands = {
  'Fashion-MNIST': { plain: [0.6, 0.68], weighted: [0.76, 0.82] },
  MNIST: { plain: [0.66, 0.73], weighted: [0.84, 0.87] },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 21,
    en: 'unequal classes: a balanced validation set, balanced accuracy, and a weighted loss',
    zh: '类别不均衡：均衡的验证集、均衡精度和加权损失',
    check: ({ kept, learn, natural, balanced, countsOf, guessed, weight, scores, tested, recalls, name }, run) => {
      const { plain, weighted } = bands[name as keyof typeof bands]
      const counts = countsOf(kept)
      const parts = [...learn, ...natural, ...balanced]
      const weights = weight.tolist() as number[]
      return [
        equal('images of each class', counts, [3000, 1950, 1268, 824, 536, 348, 226, 147, 96, 62]),
        equal('balanced set: images of each class', countsOf(balanced), new Array(10).fill(30)),
        close(
          'natural set: images of each class',
          countsOf(natural),
          counts.map((count) => (500 * count) / kept.length),
          1,
        ),
        equal('natural set: images', natural.length, 500),
        equal('no image is in two sets', new Set(parts).size, parts.length),
        equal(
          'every image is in one',
          [...parts].sort((a, b) => a - b),
          [...kept].sort((a, b) => a - b),
        ),
        equal('guessing the largest class', guessed, [0.354, 0.1]),
        close(
          'weight times images, as a share',
          countsOf(learn).map((count, label) => (count * weights[label]) / learn.length),
          new Array(10).fill(0.1),
          1e-6,
        ),
        holds(
          'on the balanced set the two measures are one',
          scores.every(({ onBalanced: [accuracy, balanced] }) => accuracy === balanced),
          scores,
        ),
        within('plain loss: balanced accuracy on test images', tested[0], plain),
        within('weighted loss: balanced accuracy on test images', tested[1], weighted),
        atLeast('balanced accuracy gained on test images', tested[1] - tested[0], 0.1),
        atLeast('balanced accuracy gained on the natural set', scores[1].onNatural[1] - scores[0].onNatural[1], 0.03),
        atLeast('gained by the rarest class', recalls[1][9] - recalls[0][9], 0.3),
        equal('figures', run.figures.length, 3),
      ]
    },
  },
]
