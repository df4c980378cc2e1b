// House prices: a table of 79 columns, k-fold cross-validation, and predictions in a file.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { concat, getDummies, housePrices, readCsv } from 'kindling/data'
import { KFold } from 'kindling/model-selection'
import { cell, progress, show } from 'kindling/notebook'
import { hist, plot } from 'kindling/plot'

cell('data')
const { train, test, name, synthetic } = await housePrices()
console.log(name)
console.log(train.shape, test.shape)
console.log(train.iloc('0:4', [0, 1, 2, 3, -3, -2, -1]))

cell('columns')
const all = concat([train.iloc(':', '1:-1'), test.iloc(':', '1:')])
const numeric = all.names.filter((column) => all.dtypes[column] !== 'object')
const standard = all.map(numeric, (x) => x.sub(x.mean()).div(x.std()).fillna(0))
const features = getDummies(standard, { dummyNa: true })
console.log(`${numeric.length} of ${all.names.length} columns are numbers`)
console.log(features.shape)

cell('tensors')
const X = features.toTensor({ dtype: 'float32' })
const [trainX, testX] = X.split([train.length, test.length])
const prices = train
  .column('SalePrice')
  .toTensor({ dtype: 'float32' })
  .reshape(-1, 1)
console.log(trainX.shape, testX.shape, prices.shape)
show(hist(prices.flatten(), { xlabel: 'price' }), 'What the houses were sold for.')

cell('error')
function logRmse(net: nn.Module, X: Tensor, y: Tensor): number {
  const predicted = torch.noGrad(() => net(X).clamp(1))
  return F.mseLoss(predicted.log(), y.log()).sqrt().item()
}
const middle = prices.median().item()
const same = torch.full([train.length, 1], middle)
const guess = F.mseLoss(same.log(), prices.log()).sqrt().item()
console.log('the median for every house:', guess.toFixed(3))

cell('train')
function fit(
  X: Tensor,
  y: Tensor,
  afterEpoch?: (net: nn.Module) => void,
): nn.Module {
  const net = new nn.Sequential(new nn.Linear(X.shape[1], 1))
  const loss = new nn.MSELoss()
  const optimizer = new optim.Adam(net.parameters(), { lr: 5 })
  const batches = d2l.loadArray([X, y], 64)
  for (let epoch = 0; epoch < 100; epoch++) {
    for (const [X, y] of batches) {
      optimizer.zeroGrad()
      loss(net(X), y).backward()
      optimizer.step()
    }
    afterEpoch?.(net)
  }
  return net
}

cell('folds')
torch.manualSeed(0)
const folds = [...new KFold(5).split(train.length)]
const steps = progress('epochs', 500)
let done = 0
const curves = folds.map(([learn, valid]) => {
  const [X, y, validX, validY] = [learn, valid].flatMap((rows) => [
    trainX.at(rows),
    prices.at(rows),
  ])
  const errors = { train: [] as number[], valid: [] as number[] }
  fit(X, y, (net) => {
    errors.train.push(logRmse(net, X, y))
    errors.valid.push(logRmse(net, validX, validY))
    steps.update(++done)
  })
  return errors
})
steps.done()

cell('results')
const last = curves.map(({ train, valid }) => ({
  train: train[99],
  valid: valid[99],
}))
for (const [i, { train, valid }] of last.entries())
  console.log(`fold ${i + 1}: train ${train.toFixed(4)}, valid ${valid.toFixed(4)}`)
const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length
const [trainError, validError] = [
  mean(last.map(({ train }) => train)),
  mean(last.map(({ valid }) => valid)),
]
console.log(
  `mean:   train ${trainError.toFixed(4)}, valid ${validError.toFixed(4)}`,
)
show(
  plot(torch.arange(1, 101), [curves[0].train, curves[0].valid], {
    ...{ xlabel: 'epoch', ylabel: 'log RMSE', yscale: 'log' },
    legend: ['train', 'valid'],
  }),
  'The first fold.',
)

cell('all')
const net = fit(trainX, prices)
const allError = logRmse(net, trainX, prices)
console.log('trained on all houses:', allError.toFixed(4))

cell('predict')
const predicted = torch.noGrad(() => net(testX).flatten())
const submission = test.columns(['Id']).assign({ SalePrice: predicted })
const path = join(await mkdtemp(join(tmpdir(), 'kindling-')), 'submission.csv')
await submission.writeCsv(path)
console.log(path)
console.log((await readCsv(path)).head(3))

export {
  all,
  allError,
  features,
  folds,
  guess,
  last,
  numeric,
  path,
  submission,
  synthetic,
  test,
  train,
  trainError,
  validError,
  X,
}
