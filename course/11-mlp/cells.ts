// The multilayer perceptron: by hand, with layers, and the question whether to go wide or deep.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('data')
const [trainIter, testIter] = await d2l.loadDataFashionMnist(256)
const { name } = trainIter.dataset
console.log(
  `${name}: ${trainIter.dataset.length} images, ${testIter.dataset.length} to test`,
)

cell('parameters')
torch.manualSeed(6)
const W1 = new nn.Parameter(torch.randn(784, 256).mul(0.01))
const b1 = new nn.Parameter(torch.zeros(256))
const W2 = new nn.Parameter(torch.randn(256, 10).mul(0.01))
const b2 = new nn.Parameter(torch.zeros(10))
const params = [W1, b1, W2, b2]
const count = (tensors: Iterable<Tensor>) =>
  [...tensors].reduce((sum, p) => sum + p.numel(), 0)
console.log(count(params), 'parameters')

cell('model')
function relu(X: Tensor) {
  return torch.maximum(X, torch.zerosLike(X))
}
function scratchNet(X: Tensor) {
  const H = relu(X.reshape(-1, 784).matmul(W1).add(b1))
  return H.matmul(W2).add(b2)
}

cell('train-scratch')
const loss = new nn.CrossEntropyLoss({ reduction: 'none' })
const epochs = 10
const byHand = new optim.SGD(params, { lr: 0.1 })
const scratch = await d2l.trainCh3(
  scratchNet,
  trainIter,
  testIter,
  loss,
  epochs,
  byHand,
)
function report({ trainLoss, trainAcc, testAcc }: typeof scratch) {
  const [l, a, t] = [trainLoss, trainAcc, testAcc].map((value) => value.toFixed(3))
  console.log(`loss ${l}, train acc ${a}, test acc ${t}`)
}
report(scratch)
show(scratch.animator.figure(), 'Training by hand.')

cell('predict')
show(
  d2l.predictCh3(scratchNet, testIter),
  'Test images with their true labels and, below, what the network says.',
)

cell('concise')
torch.manualSeed(6)
const net = new nn.Sequential(
  new nn.Flatten(),
  new nn.Linear(784, 256),
  new nn.ReLU(),
  new nn.Linear(256, 10),
)
net.apply((m) => {
  if (m instanceof nn.Linear) nn.init.normal_(m.weight, 0, 0.01)
})
const trainer = new optim.SGD(net.parameters(), { lr: 0.1 })
const concise = await d2l.trainCh3(net, trainIter, testIter, loss, epochs, trainer)
report(concise)
show(concise.animator.figure(), 'The same network, with layers.')

cell('wave')
const x = torch.linspace(-1, 1, 256).unsqueeze(1)
const wave = x.mul(4 * Math.PI).sin()
function fit(widths: number[], seed: number) {
  torch.manualSeed(seed)
  const layers = widths.slice(1).map((width, i) => new nn.Linear(widths[i], width))
  const [first, ...others] = layers
  const model = new nn.Sequential(
    first,
    ...others.flatMap((l) => [new nn.Tanh(), l]),
  )
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.005 })
  for (let step = 0; step < 1500; step++) {
    using _ = torch.scope()
    optimizer.zeroGrad()
    F.mseLoss(model(x), wave).backward()
    optimizer.step()
  }
  const curve = torch.noGrad(() => model(x))
  return {
    curve,
    size: count(model.parameters()),
    error: F.mseLoss(curve, wave).item(),
  }
}

cell('wider')
const wider = [2, 10, 40, 160].map((width) => fit([1, width, 1], 0))
for (const { size, error } of wider)
  console.log(`${size} parameters: error ${error.toFixed(4)}`)
const fits = [wave, ...wider.map(({ curve }) => curve)].map((y) => y.squeeze(1))
show(
  plot(x.squeeze(1), fits, {
    xlabel: 'x',
    ylabel: 'y',
    legend: ['target', '2 units', '10', '40', '160'],
  }),
  'One hidden layer: with more units it comes closer to the wave.',
)

cell('deeper')
const duel = [0, 1, 2].map((seed) => {
  return { wide: fit([1, 160, 1], seed), deep: fit([1, 20, 20, 1], seed) }
})
console.log('seed   1-160-1   1-20-20-1')
for (const [seed, { wide, deep }] of duel.entries()) {
  console.log(`${seed}      ${wide.error.toFixed(5)}   ${deep.error.toFixed(5)}`)
}
console.log(duel[0].wide.size, 'and', duel[0].deep.size, 'parameters')

export { concise, count, duel, net, params, scratch, trainIter, wider }
