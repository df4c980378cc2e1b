import { atLeast, close, equal, holds, type Row, within } from 'kindling/notebook'

/** Test accuracy wobbles from epoch to epoch at this learning rate: the middle one of the last five. */
function settled({
  animator,
}: {
  animator: { points: Readonly<Record<string, readonly (readonly number[])[]>> }
}): number {
  const last = animator.points['test acc'].slice(-5).map(([, accuracy]) => accuracy)
  return last.sort((a, b) => a - b)[2]
}

/** After ten epochs: from the book's run by hand to the ninth tenth of its builds, or what MNIST gives here. */
const bands = {
  'Fashion-MNIST': { trainLoss: [0.33, 0.355], trainAcc: [0.87, 0.878], testAcc: [0.8325, 0.867] },
  MNIST: { trainLoss: [0.045, 0.075], trainAcc: [0.976, 0.988], testAcc: [0.965, 0.985] },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 27,
    en: 'dropout keeps the expectation',
    zh: '丢弃法不改变期望',
    check: ({ half, inEvaluation, inTraining, kept, mean, none, X }) => {
      const x = X.flatten().tolist() as number[]
      const shares = (mean.div(X).flatten().tolist() as number[]).slice(1)
      const values = half.flatten().tolist() as number[]
      return [
        equal('p = 0', kept.tolist(), X.tolist()),
        equal('p = 1', none.tolist(), X.mul(0).tolist()),
        holds(
          'p = 0.5: nothing, or twice the input',
          values.every((v, i) => v === 0 || v === 2 * x[i]),
          values,
        ),
        holds('p = 0.5: some of both', values.includes(0) && values.some((v) => v > 0), values),
        close('mean of 4000 masks, in parts of the input', shares, Array(15).fill(1), 0.08),
        atLeast('difference of two answers in train mode', inTraining, 0.1),
        equal('difference of two answers in eval mode', inEvaluation, 0),
      ]
    },
  },
  {
    row: 28,
    en: 'dropout behind the hidden layers of an MLP',
    zh: '在多层感知机的隐藏层之后丢弃',
    check: ({ concise, net, scratch, trainIter }, { figures }) => {
      const data = trainIter.dataset.name
      const band = bands[data as keyof typeof bands]
      return [
        equal(
          'parameters',
          [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0),
          269322,
        ),
        ...Object.entries({ scratch, concise }).flatMap(([run, curves]) => [
          within(`training loss of ${run} on ${data}`, curves.trainLoss, band.trainLoss),
          within(`training accuracy of ${run} on ${data}`, curves.trainAcc, band.trainAcc),
          within(`test accuracy of ${run} on ${data}`, settled(curves), band.testAcc),
        ]),
        equal('figures', figures.length, 2),
      ]
    },
  },
]
