import { atLeast, atMost, equal, type Row, within } from 'kindling/notebook'

/** After ten epochs: all of the book's builds for training, the middle 80 % for the test; or what MNIST gives here. */
const bands = {
  'Fashion-MNIST': {
    scratch: { trainLoss: [0.3767, 0.3869], trainAcc: [0.8624, 0.8669], testAcc: [0.824, 0.8524] },
    concise: { trainLoss: [0.379, 0.3864], trainAcc: [0.862, 0.867], testAcc: [0.8317, 0.8529] },
  },
  MNIST: {
    scratch: { trainLoss: [0.16, 0.2], trainAcc: [0.94, 0.96], testAcc: [0.94, 0.96] },
    concise: { trainLoss: [0.16, 0.2], trainAcc: [0.94, 0.96], testAcc: [0.94, 0.96] },
  },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 15,
    en: 'one hidden layer by hand and with layers; wide against deep',
    zh: '单隐藏层网络，手写与简洁实现；宽与深的比较',
    check({ concise, count, duel, net, params, scratch, trainIter, wider }, { figures }) {
      const data = trainIter.dataset.name
      const runs = { scratch, concise }
      return [
        equal('parameters', [count(params), count(net.parameters())], [203530, 203530]),
        ...(['scratch', 'concise'] as const).flatMap((run) =>
          (['trainLoss', 'trainAcc', 'testAcc'] as const).map((figure) =>
            within(`${figure} of ${run} on ${data}`, runs[run][figure], bands[data as keyof typeof bands][run][figure]),
          ),
        ),
        equal(
          'parameters of one hidden layer',
          wider.map(({ size }) => size),
          [7, 31, 121, 481],
        ),
        atLeast('error of 2 units against 160', wider[0].error / wider[3].error, 5),
        atMost('error of 160 units', wider[3].error, 0.1),
        equal(
          'parameters of both',
          duel.map(({ wide, deep }) => [wide.size, deep.size]),
          Array(3).fill([481, 481]),
        ),
        ...duel.map(({ wide, deep }, seed) =>
          atLeast(`error of wide against deep, seed ${seed}`, wide.error / deep.error, 5),
        ),
        equal('figures', figures.length, 4),
      ]
    },
  },
]
