import { atMost, close, equal, holds, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 53,
    en: 'gradients are large near the loss and small near the input',
    zh: '靠近损失处梯度大，靠近输入处梯度小',
    check: ({ norms }) => [
      holds(
        'at every sampled step the last layer has a larger gradient than the second',
        norms[7].every((norm, i) => norm > norms[1][i]),
      ),
      holds(
        'and at the start more than a hundred times larger',
        norms[7][0] > 100 * norms[1][0],
        norms[7][0] / norms[1][0],
      ),
    ],
  },
  {
    row: 54,
    en: 'batch normalisation by hand and as a layer',
    zh: '批量规范化：从零实现与现成的层',
    check: ({ byColumn, byRow, difference, layer }) => [
      atMost('by hand against BatchNorm2d on one batch', difference, 1e-5),
      close(
        'LayerNorm of [[1, 2], [2, 3]]',
        byRow.tolist(),
        [
          [-1, 1],
          [-1, 1],
        ],
        1e-4,
      ),
      close(
        'BatchNorm1d of [[1, 2], [2, 3]]',
        byColumn.tolist(),
        [
          [-1, -1],
          [1, 1],
        ],
        1e-4,
      ),
      equal('one gamma and one beta for each channel', [layer.weight?.shape, layer.bias?.shape], [[6], [6]]),
      holds('they were learned', layer.weight!.sub(1).abs().max().item() > 0.05),
    ],
  },
  {
    row: 55,
    en: 'it speeds up training; accuracy on test images need not gain',
    zh: '它加快收敛，测试精度未必提高',
    check: ({ normalised, plain, trainIter }, { full }) =>
      full && trainIter.dataset.name === 'Fashion-MNIST'
        ? [
            within('loss without it', plain.trainLoss, [0.449, 0.512]),
            within('loss with it', normalised.trainLoss, [0.262, 0.276]),
            within('test accuracy with it', normalised.testAcc, [0.57, 0.885]),
          ]
        : [
            holds('the loss falls faster', normalised.trainLoss < 0.7 * plain.trainLoss, [
              normalised.trainLoss,
              plain.trainLoss,
            ]),
            atMost('loss with it after three epochs', normalised.trainLoss, 0.5),
          ],
  },
]
