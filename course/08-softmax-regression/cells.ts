// Softmax regression: probabilities from scores, cross-entropy, overflow, and a first classifier by hand and with layers.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { showImages } from 'kindling/plot'

cell('sums')
const M = torch.tensor([
  [1, 2, 3],
  [4, 5, 6],
])
console.log(M.sum(0, { keepdim: true }), M.sum(1, { keepdim: true }))

cell('softmax')
function softmax(X: Tensor): Tensor {
  const exps = X.exp()
  return exps.div(exps.sum(1, { keepdim: true }))
}
torch.manualSeed(0)
const scores = torch.normal(0, 1, [2, 5])
const probabilities = softmax(scores)
console.log(scores)
console.log(probabilities)
console.log(probabilities.sum(1))

cell('cross-entropy')
function crossEntropy(yHat: Tensor, y: Tensor): Tensor {
  return yHat.at(torch.arange(y.length), y).log().neg()
}
const y = torch.tensor([0, 2])
const yHat = torch.tensor([
  [0.1, 0.3, 0.6],
  [0.3, 0.2, 0.5],
])
console.log(yHat.at([0, 1], y))
console.log(crossEntropy(yHat, y))
console.log('accuracy', d2l.accuracy(yHat, y) / y.length)

cell('overflow')
const large = torch.tensor([
  [100, 0, 0],
  [0, 0, -110],
])
console.log(softmax(large))
console.log(crossEntropy(softmax(large), y))

cell('log-sum-exp')
function logSoftmax(X: Tensor): Tensor {
  const shifted = X.sub(X.amax(1, { keepdim: true }))
  return shifted.sub(shifted.exp().sum(1, { keepdim: true }).log())
}
console.log(logSoftmax(large))
const [byHand, builtIn] = [logSoftmax(large), F.logSoftmax(large.to('float32'), 1)]
console.log(torch.allclose(byHand, builtIn))
console.log(F.crossEntropy(large.to('float32'), y, { reduction: 'none' }))

cell('model')
const [trainIter, testIter] = await d2l.loadDataFashionMnist(256)
console.log(trainIter.dataset.name)
const W = torch.normal(0, 0.01, [784, 10], { requiresGrad: true })
const b = torch.zeros(10, { requiresGrad: true })
const net = (X: Tensor): Tensor => softmax(X.reshape(-1, 784).matmul(W).add(b))
const untrained = await d2l.evaluateAccuracy(net, testIter)
console.log('accuracy before training', untrained)

cell('scratch')
function report({ trainLoss, trainAcc, testAcc }: d2l.Curves): void {
  const numbers = [trainLoss, trainAcc, testAcc].map((x) => x.toFixed(4))
  console.log('loss, train accuracy, test accuracy:', numbers.join(', '))
}
const step = (batchSize: number): void => d2l.sgd([W, b], 0.1, batchSize)
const scratch = await d2l.trainCh3(net, trainIter, testIter, crossEntropy, 10, step)
report(scratch)
show(scratch.animator.figure(), 'Ten epochs by hand.')

cell('predict')
show(d2l.predictCh3(net, testIter, 8), 'True labels above, guesses below.')

cell('weights')
const { classes } = trainIter.dataset
const templates = W.detach().t().reshape(10, 28, 28)
show(
  showImages(templates, 2, 5, { titles: classes }),
  'The weights of each class: bright pixels speak for it.',
)

cell('concise')
torch.manualSeed(1)
const layers = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10))
layers.apply((layer) => {
  if (layer instanceof nn.Linear) nn.init.normal_(layer.weight, 0, 0.01)
})
const loss = new nn.CrossEntropyLoss({ reduction: 'none' })
const trainer = new optim.SGD(layers.parameters(), { lr: 0.1 })
const concise = await d2l.trainCh3(layers, trainIter, testIter, loss, 10, trainer)
report(concise)
show(concise.animator.figure(), 'Ten epochs with layers.')

export {
  byHand,
  builtIn,
  concise,
  crossEntropy,
  M,
  probabilities,
  scratch,
  trainIter,
  untrained,
  y,
  yHat,
}
