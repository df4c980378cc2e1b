// Polynomials on the same hundred points: one that fits, one too simple, one with too much freedom.
import * as torch from 'kindling'
import { nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('data')
torch.manualSeed(0)
const factorials = torch.cat([torch.ones(1), torch.arange(1, 20)]).cumprod(0)
const powers = (x: Tensor) => x.pow(torch.arange(20)).div(factorials)
const trueW = torch.zeros(20)
trueW.set('0:4', torch.tensor([5, 1.2, -3.4, 5.6]))

const x = torch.randn(200, 1)
const features = powers(x)
const noise = torch.normal(0, 0.1, [200])
const labels = features.matmul(trueW).add(noise)
console.log(features.shape, labels.shape)
console.log(features.at('0:2', '0:4'))

cell('fit')
const loss = new nn.MSELoss({ reduction: 'none' })
async function fit(degree: number, epochs: number, y = labels, n = 100) {
  const X = features.at(':', `:${degree + 1}`)
  const Y = y.unsqueeze(1)
  const trainIter = d2l.loadArray([X.at(`:${n}`), Y.at(`:${n}`)], 10)
  const testIter = d2l.loadArray([X.at('100:'), Y.at('100:')], 10, false)
  const layer = new nn.Linear(degree + 1, 1, { bias: false })
  const trainer = new optim.SGD(layer.parameters(), { lr: 0.01 })
  const animator = new d2l.Animator({
    title: `degree ${degree}`,
    xlabel: 'epoch',
    ylabel: 'loss',
    yscale: 'log',
    ylim: [1e-3, 1e2],
    legend: ['train', 'test'],
  })
  let [train, test] = [0, 0]
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await d2l.trainEpochCh3(layer, trainIter, loss, trainer)
    if (epoch > 1 && epoch % 20 !== 0) continue
    train = await d2l.evaluateLoss(layer, trainIter, loss)
    test = await d2l.evaluateLoss(layer, testIter, loss)
    animator.add(epoch, [train, test])
  }
  animator.done()
  return { degree, weights: layer.weight.detach().flatten(), train, test, animator }
}
type Fit = Awaited<ReturnType<typeof fit>>
function report({ degree, weights, train, test }: Fit) {
  console.log(
    `degree ${degree}: train ${train.toFixed(4)}, test ${test.toFixed(4)}`,
  )
  console.log(weights)
}

cell('right')
const right = await fit(3, 400)
report(right)
show(right.animator.figure(), 'Both losses come down to the noise.')

cell('under')
const under = await fit(1, 400)
report(under)
show(under.animator.figure(), 'Both losses stay high.')

cell('over')
const over = await fit(19, 1500)
report(over)
show(over.animator.figure(), 'The losses part: the test loss stays above.')

cell('distance')
const grid = torch.linspace(-4, 4, 161)
const ofGrid = powers(grid.unsqueeze(1))
const truth = ofGrid.matmul(trueW)
const distances = [under, right, over].map(({ degree, weights }) =>
  ofGrid
    .at(':', `:${degree + 1}`)
    .matmul(weights)
    .sub(truth)
    .abs(),
)
show(
  plot(grid, distances, {
    xlabel: 'x',
    ylabel: 'distance from the true curve',
    yscale: 'log',
    ylim: [1e-3, 1e2],
    legend: ['degree 1', 'degree 3', 'degree 19'],
  }),
  'Where there are few points, near both ends, degree 19 goes its own way.',
)

cell('capacity')
const line = features.at(':', ':2').matmul(trueW.at(':2')).add(noise)
const grids: Fit[][] = []
for (const y of [line, labels]) {
  grids.push([await fit(1, 1500, y, 20), await fit(19, 1500, y, 20)])
}
console.log('data        degree 1          degree 19   (train / test)')
for (const [i, data] of ['line ', 'cubic'].entries()) {
  const losses = grids[i].map((f) => `${f.train.toFixed(3)} / ${f.test.toFixed(3)}`)
  console.log(data, ...losses.map((text) => text.padStart(18)))
}

export { factorials, features, grids, over, right, trueW, under }
