// Weight decay: a limit on the norm of the weights, hard or soft, and why it is called decay.
import * as torch from 'kindling'
import { nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { hist, plot, sideBySide } from 'kindling/plot'

cell('data')
torch.manualSeed(0)
const inputs = 200
const trueW = torch.ones(inputs, 1).mul(0.01)
const trueB = 0.05
const trainIter = d2l.loadArray(d2l.syntheticData(trueW, trueB, 20), 5)
const testIter = d2l.loadArray(d2l.syntheticData(trueW, trueB, 100), 5, false)
console.log('norm of the true weights:', trueW.norm().item().toFixed(3))

cell('hard')
const lr = 0.003
function start() {
  const w = torch.normal(0, 1, [inputs, 1], { requiresGrad: true })
  const b = torch.zeros(1, { requiresGrad: true })
  return { w, b, net: (X: Tensor) => d2l.linreg(X, w, b) }
}
async function hardLimit(theta: number) {
  const { w, b, net } = start()
  const norms: number[] = []
  for (let epoch = 0; epoch < 100; epoch++) {
    for (const [X, y] of trainIter) {
      d2l.squaredLoss(net(X), y).sum().backward()
      d2l.sgd([w, b], lr, X.shape[0])
      const norm = w.norm().item()
      if (norm > Math.sqrt(theta))
        torch.noGrad(() => w.mul_(Math.sqrt(theta) / norm))
      norms.push(w.norm().item())
    }
  }
  return { w, norms, test: await d2l.evaluateLoss(net, testIter, d2l.squaredLoss) }
}
torch.manualSeed(1)
const hard = await hardLimit(1)
console.log('largest norm after a step', Math.max(...hard.norms).toFixed(4))
console.log('largest single weight', hard.w.abs().max().item().toFixed(3))
console.log('test loss', hard.test.toFixed(3))

cell('soft')
const l2Penalty = (w: Tensor) => w.square().sum().div(2)
async function softLimit(lambda: number) {
  const { w, b, net } = start()
  const animator = new d2l.Animator({
    title: `lambda = ${lambda}`,
    xlabel: 'epoch',
    ylabel: 'loss',
    yscale: 'log',
    legend: ['train', 'test'],
    width: 330,
  })
  let [train, test] = [0, 0]
  for (let epoch = 1; epoch <= 100; epoch++) {
    for (const [X, y] of trainIter) {
      const loss = d2l.squaredLoss(net(X), y).add(l2Penalty(w).mul(lambda))
      loss.sum().backward()
      d2l.sgd([w, b], lr, X.shape[0])
    }
    if (epoch % 5 !== 0) continue
    train = await d2l.evaluateLoss(net, trainIter, d2l.squaredLoss)
    test = await d2l.evaluateLoss(net, testIter, d2l.squaredLoss)
    animator.add(epoch, [train, test])
  }
  animator.done()
  return { lambda, norm: w.norm().item(), train, test, animator }
}

cell('compare')
torch.manualSeed(1)
const free = await softLimit(0)
torch.manualSeed(1)
const held = await softLimit(3)
const row = (...columns: (string | number)[]) =>
  console.log(columns.map((column) => String(column).padEnd(10)).join(' '))
row('lambda', 'norm', 'train loss', 'test loss')
for (const { lambda, norm, train, test } of [free, held]) {
  row(lambda, norm.toFixed(3), train.toFixed(6), test.toFixed(3))
}
show(
  sideBySide([free.animator.figure(), held.animator.figure()]),
  'Without a penalty only the training loss falls; with it both do.',
)

cell('one-step')
torch.manualSeed(2)
const [eta, lambda] = [0.1, 0.5]
const p = torch.randn(4, { dtype: 'float64', requiresGrad: true })
p.pow(4).sum().backward()
const before = p.detach().clone()
const decayed = before.mul(1 - eta * lambda)
const byHand = decayed.sub(p.grad!.mul(eta))
console.log('before ', before)
console.log('decayed', decayed)
new optim.SGD([p], { lr: eta, weightDecay: lambda }).step()
console.log('by hand', byHand)
console.log('SGD    ', p.detach())

cell('concise')
async function concise(weightDecay: number) {
  torch.manualSeed(1)
  const net = new nn.Linear(inputs, 1)
  for (const p of net.parameters()) nn.init.normal_(p)
  const loss = new nn.MSELoss({ reduction: 'none' })
  const trainer = new optim.SGD(
    [{ params: net.weight, weightDecay }, { params: net.bias! }],
    { lr },
  )
  for (let epoch = 1; epoch <= 100; epoch++) {
    for (const [X, y] of trainIter) {
      trainer.zeroGrad()
      loss(net(X), y).mean().backward()
      trainer.step()
    }
  }
  const weights = net.weight.detach().flatten()
  const test = await d2l.evaluateLoss(net, testIter, loss)
  return { weights, norm: weights.norm().item(), test }
}

cell('sweep')
const lambdas = [0, 1e-4, 1e-3, 1e-2, 0.1, 1, 3]
const sweep: Awaited<ReturnType<typeof concise>>[] = []
for (const lambda of lambdas) sweep.push(await concise(lambda))
row('lambda', 'norm', 'test loss')
for (const [i, { norm, test }] of sweep.entries()) {
  row(lambdas[i], norm.toFixed(4), test.toFixed(3))
}
const log = 'log'
const axes = { xlabel: 'lambda', xscale: log, yscale: log, width: 330 } as const
const shown = lambdas.slice(1)
const [norms, tests] = [sweep.map((r) => r.norm), sweep.map((r) => r.test)]
show(
  sideBySide([
    plot(shown, norms.slice(1), { ...axes, ylabel: 'norm of w', markers: true }),
    plot(shown, tests.slice(1), { ...axes, ylabel: 'test loss', markers: true }),
  ]),
  'Up to 0.01 the penalty does next to nothing here.',
)

cell('range')
show(
  hist([sweep[0].weights, sweep.at(-1)!.weights], {
    bins: Array.from({ length: 13 }, (_, i) => i / 2 - 3),
    xlabel: 'weight',
    ylabel: 'how many',
    legend: ['lambda = 0', 'lambda = 3'],
  }),
  'The 200 weights with and without decay.',
)

export { before, byHand, decayed, free, hard, held }
export { lambdas, norms, p, sweep, tests }
