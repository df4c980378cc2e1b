// Dropout: zeros at random that leave the mean alone, by hand and as a layer.
import * as torch from 'kindling'
import { nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'

cell('layer')
function dropoutLayer(X: Tensor, dropout: number) {
  if (dropout === 1) return torch.zerosLike(X)
  if (dropout === 0) return X
  const mask = torch.rand(X.shape).gt(dropout).to('float32')
  return mask.mul(X).div(1 - dropout)
}
torch.manualSeed(0)
const X = torch.arange(16, { dtype: 'float32' }).reshape(2, 8)
const [kept, half, none] = [0, 0.5, 1].map((p) => dropoutLayer(X, p))
console.log(kept)
console.log(half)
console.log(none)

cell('mean')
const many = Array.from({ length: 4000 }, () => dropoutLayer(X, 0.5))
const mean = torch.stack(many).mean(0)
console.log(mean)

cell('net')
const [drop1, drop2] = [0.2, 0.5]
class Net extends nn.Module {
  linear1 = new nn.Linear(784, 256)
  linear2 = new nn.Linear(256, 256)
  linear3 = new nn.Linear(256, 10)

  override forward(images: Tensor) {
    let H = this.linear1(images.reshape(-1, 784)).relu()
    if (this.training) H = dropoutLayer(H, drop1)
    H = this.linear2(H).relu()
    if (this.training) H = dropoutLayer(H, drop2)
    return this.linear3(H)
  }
}

cell('train-scratch')
const [trainIter, testIter] = await d2l.loadDataFashionMnist(256)
console.log(`${trainIter.dataset.name}: ${trainIter.dataset.length} images`)
const loss = new nn.CrossEntropyLoss({ reduction: 'none' })
const epochs = 10
torch.manualSeed(3)
const byHand = new Net()
const updater = new optim.SGD(byHand.parameters(), { lr: 0.5 })
const scratch = await d2l.trainCh3(
  byHand,
  trainIter,
  testIter,
  loss,
  epochs,
  updater,
)
function report({ trainLoss, trainAcc, testAcc }: typeof scratch) {
  const [l, a, t] = [trainLoss, trainAcc, testAcc].map((value) => value.toFixed(3))
  console.log(`loss ${l}, train acc ${a}, test acc ${t}`)
}
report(scratch)
show(scratch.animator.figure(), 'Training with dropout by hand.')

cell('concise')
torch.manualSeed(3)
const net = new nn.Sequential(
  new nn.Flatten(),
  new nn.Linear(784, 256),
  new nn.ReLU(),
  new nn.Dropout(drop1),
  new nn.Linear(256, 256),
  new nn.ReLU(),
  new nn.Dropout(drop2),
  new nn.Linear(256, 10),
)
net.apply((m) => {
  if (m instanceof nn.Linear) nn.init.normal_(m.weight, 0, 0.01)
})
const trainer = new optim.SGD(net.parameters(), { lr: 0.5 })
const concise = await d2l.trainCh3(net, trainIter, testIter, loss, epochs, trainer)
report(concise)
show(concise.animator.figure(), 'The same network, with layers.')

cell('modes')
const [images] = testIter.dataset.batch([0, 1])
function difference() {
  return net(images).sub(net(images)).abs().max().item()
}
net.train()
const inTraining = difference()
net.eval()
const inEvaluation = difference()
console.log('two answers in train mode differ by', inTraining.toFixed(3))
console.log('two answers in eval mode differ by', inEvaluation.toFixed(3))

export { concise, half, inEvaluation, inTraining, kept, mean, net }
export { none, scratch, trainIter, X }
