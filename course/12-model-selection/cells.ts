// Model selection: training error and generalisation error, and three parts of the data.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { trainValidTestSplit } from 'kindling/model-selection'
import { cell, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('data')
torch.manualSeed(0)
interface Points {
  X: Tensor
  y: Tensor
}
const factorials = torch.cat([torch.ones(1), torch.arange(1, 9)]).cumprod(0)
const trueW = torch.tensor([5, 1.2, -3.4, 5.6])
function draw(n: number): Points {
  const X = torch.randn(n, 1).pow(torch.arange(9)).div(factorials)
  const y = X.at(':', ':4')
    .matmul(trueW)
    .add(torch.normal(0, 0.1, [n]))
  return { X, y: y.unsqueeze(1) }
}
const fresh = draw(10_000)
console.log(fresh.X.shape[0], 'points on which no model is trained')

cell('fit')
const terms = (net: nn.Linear, X: Tensor) => X.at(':', `:${net.inFeatures}`)
function errorOf(net: nn.Linear, { X, y }: Points) {
  return torch.noGrad(() => F.mseLoss(net(terms(net, X)), y).item())
}
function fit(degree: number, { X, y }: Points, steps: number, every = steps) {
  const net = new nn.Linear(degree + 1, 1, { bias: false })
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.01 })
  const batches = d2l.loadArray([terms(net, X), y], 10)
  const train: number[] = []
  const generalisation: number[] = []
  let step = 0
  while (step < steps) {
    for (const [features, labels] of batches) {
      optimizer.zeroGrad()
      F.mseLoss(net(features), labels).backward()
      optimizer.step()
      if (++step % every !== 0) continue
      train.push(errorOf(net, { X, y }))
      generalisation.push(errorOf(net, fresh))
    }
  }
  return { net, train, generalisation }
}

cell('errors')
const few = fit(3, draw(10), 4000, 50)
const many = fit(3, draw(100), 4000, 50)
const steps = few.train.map((_, i) => 50 * (i + 1))
const curves = [few.train, few.generalisation, many.train, many.generalisation]
show(
  plot(steps, curves, {
    xlabel: 'steps',
    ylabel: 'mean squared error',
    yscale: 'log',
    legend: ['train, 10 points', 'fresh, 10', 'train, 100 points', 'fresh, 100'],
  }),
  'Training error and generalisation error, after 10 and after 100 points.',
)
const [train10, fresh10, train100, fresh100] = curves.map((curve) => curve.at(-1)!)
console.log(`10 points:  train ${train10.toFixed(4)}, fresh ${fresh10.toFixed(4)}`)
console.log(
  `100 points: train ${train100.toFixed(4)}, fresh ${fresh100.toFixed(4)}`,
)

cell('split')
const { X, y } = draw(100)
const parts = trainValidTestSplit(100, { validSize: 0.2, testSize: 0.2 })
const [train, valid, test] = parts.map((rows) => {
  const index = torch.tensor(rows)
  return { X: X.indexSelect(0, index), y: y.indexSelect(0, index) }
})
console.log(parts.map((part) => part.length))
console.log('validation set:', parts[1].join(' '))

cell('choose')
const trials = [1, 2, 3, 4, 5, 6, 7, 8].map((degree) => {
  const { net } = fit(degree, train, 1800)
  return { degree, net, train: errorOf(net, train), valid: errorOf(net, valid) }
})
console.log('degree  train     validation')
for (const t of trials) {
  console.log(
    String(t.degree).padEnd(7),
    t.train.toFixed(4).padEnd(9),
    t.valid.toFixed(4),
  )
}
const best = trials.reduce((a, b) => (b.valid < a.valid ? b : a))
console.log('chosen: degree', best.degree)

cell('test-once')
const testError = errorOf(best.net, test)
console.log('on the test set', testError.toFixed(4))
console.log('on fresh points', errorOf(best.net, fresh).toFixed(4))

cell('test-often')
torch.manualSeed(0)
const answers = torch.randint(0, 2, [100])
const guesses = torch.randint(0, 2, [1000, 100])
const scores = guesses.eq(answers).to('float32').mean(1)
const [mean, top] = [scores.mean().item(), scores.max().item()]
console.log(`1000 guessers: mean ${mean.toFixed(3)}, best ${top.toFixed(3)}`)

export { best, fresh10, fresh100, mean, parts, testError, top }
export { train10, train100, trials }
