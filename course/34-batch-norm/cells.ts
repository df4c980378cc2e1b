// Batch normalisation: where gradients fade, the layer by hand, PyTorch's, and LeNet with and without it.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { lenet, lenetBatchNorm } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('gradients')
torch.manualSeed(0)
const [trainIter, testIter] = await d2l.loadDataFashionMnist(256)
console.log(`${trainIter.dataset.name}, ${trainIter.dataset.length} images`)
const linear = () => new nn.Sequential(new nn.Linear(128, 128), new nn.Sigmoid())
const deep = new nn.Sequential(
  new nn.Flatten(),
  new nn.Linear(784, 128),
  new nn.Sigmoid(),
  ...Array.from({ length: 6 }, linear),
  new nn.Linear(128, 10),
)
const weights = [...deep.parameters()].filter((p) => p.ndim === 2)
for (const weight of weights) nn.init.xavierUniform_(weight)
const sgd = new optim.SGD(deep.parameters(), { lr: 0.5 })
const norms: number[][] = weights.map(() => [])
const every = 47
let step = 0
for (let epoch = 0; epoch < 2; epoch++) {
  for await (const [X, y] of trainIter) {
    sgd.zeroGrad()
    F.crossEntropy(deep(X), y).backward()
    if (step++ % every === 0)
      weights.forEach((w, i) => norms[i].push(w.grad!.norm().item()))
    sgd.step()
  }
}
const steps = norms[0].map((_, i) => i * every)
const shown = [0, 2, 4, 7]
const figure = plot(
  steps,
  shown.map((i) => norms[i]),
  {
    xlabel: 'step',
    ylabel: 'norm of the gradient',
    yscale: 'log',
    legend: shown.map((i) => `linear layer ${i + 1} of 8`),
    title: 'Gradients of a deep network of sigmoids',
  },
)
show(figure, 'The closer to the loss, the larger the gradient.')

cell('scratch')
function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  movingMean: Tensor,
  movingVar: Tensor,
  eps: number,
  momentum: number,
) {
  if (!torch.isGradEnabled()) {
    return gamma.mul(X.sub(movingMean).div(movingVar.add(eps).sqrt())).add(beta)
  }
  const dims = X.ndim === 2 ? [0] : [0, 2, 3]
  const mean = X.mean(dims, { keepdim: true })
  const variance = X.sub(mean).square().mean(dims, { keepdim: true })
  torch.noGrad(() => {
    movingMean.mul_(momentum).add_(mean.mul(1 - momentum))
    movingVar.mul_(momentum).add_(variance.mul(1 - momentum))
  })
  return gamma.mul(X.sub(mean).div(variance.add(eps).sqrt())).add(beta)
}

cell('module')
class BatchNorm extends nn.Module {
  gamma: nn.Parameter
  beta: nn.Parameter
  movingMean: Tensor
  movingVar: Tensor
  constructor(features: number, dims: 2 | 4) {
    super()
    const shape = dims === 2 ? [1, features] : [1, features, 1, 1]
    this.gamma = new nn.Parameter(torch.ones(shape))
    this.beta = new nn.Parameter(torch.zeros(shape))
    this.movingMean = torch.zeros(shape)
    this.movingVar = torch.ones(shape)
  }
  override forward(X: Tensor) {
    return batchNorm(
      X,
      this.gamma,
      this.beta,
      this.movingMean,
      this.movingVar,
      1e-5,
      0.9,
    )
  }
}

cell('compare')
const pictures = torch.randn(8, 3, 5, 5).mul(4).add(2)
const mine = new BatchNorm(3, 4)
const theirs = new nn.BatchNorm2d(3)
const difference = mine(pictures).sub(theirs(pictures)).abs().max().item()
console.log(
  'largest difference on one batch:',
  difference < 1e-5 ? 'below 1e-5' : difference,
)
const unbiased = 8 * 5 * 5
console.log('ratio of what they remember of the variance:')
console.log(
  theirs.runningVar!.sub(0.9).div(mine.movingVar.flatten().sub(0.9)),
  unbiased / (unbiased - 1),
)

cell('axes')
const two = torch.tensor(
  [
    [1, 2],
    [2, 3],
  ],
  { dtype: 'float32' },
)
const byRow = new nn.LayerNorm(2)(two) as Tensor
const byColumn = new nn.BatchNorm1d(2)(two) as Tensor
console.log(byRow.detach().round(), byColumn.detach().round())

cell('train')
const epochs = preset({ quick: 3, full: 10 })
torch.manualSeed(0)
console.log('LeNet')
const plain = await d2l.trainCh6(lenet(), trainIter, testIter, epochs, 0.9)
console.log('LeNet with batch normalisation')
const net = lenetBatchNorm()
const normalised = await d2l.trainCh6(net, trainIter, testIter, epochs, 1.0)
const [a, b] = [plain, normalised].map(
  ({ animator }) => animator.points['train loss'],
)
const curves = plot(
  [a.map(([x]) => x), b.map(([x]) => x)],
  [a.map(([, y]) => y), b.map(([, y]) => y)],
  {
    xlabel: 'epoch',
    ylabel: 'training loss',
    legend: ['LeNet', 'with batch norm'],
    title: 'The same network with and without batch normalisation',
  },
)
show(curves, 'With normalisation the loss falls from the first steps on.')

cell('learned')
const layer = net.get(1) as nn.BatchNorm2d
console.log('gamma', layer.weight!.detach())
console.log('beta ', layer.bias!.detach())

export { byColumn, byRow, difference, layer, norms, normalised, plain, trainIter }
