// DenseNet: every layer sees all before it; its blocks, its shapes, and a small one trained.
import * as torch from 'kindling'
import { nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { densenet } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'

cell('block')
const convBlock = (inChannels: number, channels: number) =>
  new nn.Sequential(
    new nn.BatchNorm2d(inChannels),
    new nn.ReLU(),
    new nn.Conv2d(inChannels, channels, 3, { padding: 1 }),
  )
class DenseBlock extends nn.Module {
  net: nn.Sequential
  constructor(convs: number, inChannels: number, growth: number) {
    super()
    const block = (_: unknown, i: number) =>
      convBlock(inChannels + i * growth, growth)
    this.net = new nn.Sequential(...Array.from({ length: convs }, block))
  }
  override forward(x: Tensor): Tensor {
    for (const block of this.net) x = torch.cat([x, block(x)], 1)
    return x
  }
}
const Y = new DenseBlock(2, 3, 10)(torch.randn(4, 3, 8, 8)) as Tensor
console.log(Y.shape)

cell('transition')
const transition = (inChannels: number, channels: number) =>
  new nn.Sequential(
    new nn.BatchNorm2d(inChannels),
    new nn.ReLU(),
    new nn.Conv2d(inChannels, channels, 1),
    new nn.AvgPool2d(2, { stride: 2 }),
  )
const Z = transition(23, 10)(Y) as Tensor
console.log(Z.shape)

cell('shapes')
torch.manualSeed(0)
const large = densenet().eval()
const walk: string[] = []
torch.noGrad(() => {
  let X = torch.rand(1, 1, 96, 96)
  for (const layer of large) {
    X = layer(X)
    walk.push(`${layer.constructor.name} ${X.shape.join(' x ')}`)
  }
})
console.log(walk.join('\n'))
const parameters = [...large.parameters()].reduce((sum, p) => sum + p.numel(), 0)
console.log(parameters, 'parameters')

cell('train')
const small = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.MaxPool2d(2),
    new DenseBlock(3, 16, 12),
    transition(52, 26),
    new DenseBlock(3, 26, 12),
    new nn.BatchNorm2d(62),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d([1, 1]),
    new nn.Flatten(),
    new nn.Linear(62, 10),
  )
torch.manualSeed(0)
const net = preset({ quick: small, full: () => densenet() })()
const size = preset({
  quick: { resize: 28, trainSize: 4000, testSize: 4000, batch: 32, epochs: 3 },
  full: { resize: 96, trainSize: 60000, testSize: 10000, batch: 256, epochs: 10 },
})
const [trainIter, testIter] = await d2l.loadDataFashionMnist(size.batch, size)
console.log(`${trainIter.dataset.name}, ${trainIter.dataset.length} images`)
const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 })
const run = await d2l.trainCh6(net, trainIter, testIter, size.epochs, 0.1, {
  optimizer,
})
show(run.animator.figure(), 'Loss and accuracy of a dense network.')

export { parameters, run, trainIter, walk, Y, Z }
