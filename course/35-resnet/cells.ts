// ResNet: blocks that learn what to add, the shapes of ResNet-18, and a small one against the same network without the additions.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { resnet18 } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('block')
class Residual extends nn.Module {
  conv1: nn.Conv2d
  conv2: nn.Conv2d
  conv3: nn.Conv2d | null
  bn1: nn.BatchNorm2d
  bn2: nn.BatchNorm2d
  skip: boolean
  constructor(
    inChannels: number,
    channels: number,
    { stride = 1, skip = true } = {},
  ) {
    super()
    this.conv1 = new nn.Conv2d(inChannels, channels, 3, { padding: 1, stride })
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 1 })
    const changes = stride !== 1 || inChannels !== channels
    this.conv3 =
      changes && skip ? new nn.Conv2d(inChannels, channels, 1, { stride }) : null
    this.bn1 = new nn.BatchNorm2d(channels)
    this.bn2 = new nn.BatchNorm2d(channels)
    this.skip = skip
  }
  override forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(F.relu(this.bn1(this.conv1(x)))))
    if (!this.skip) return F.relu(y)
    return F.relu(y.add(this.conv3 ? this.conv3(x) : x))
  }
}
const X = torch.rand(4, 3, 6, 6)
const same: number[] = new Residual(3, 3)(X).shape
const halved: number[] = new Residual(3, 6, { stride: 2 })(X).shape
console.log(same, halved)

cell('shapes')
torch.manualSeed(0)
const large = resnet18().eval()
const walk: string[] = []
torch.noGrad(() => {
  let Y = torch.rand(1, 1, 224, 224)
  for (const layer of large) {
    Y = layer(Y)
    walk.push(`${layer.constructor.name} ${Y.shape.join(' x ')}`)
  }
})
console.log(walk.join('\n'))

cell('depth')
const { depth, trainSize, epochs } = preset({
  quick: { depth: 12, trainSize: 2000, epochs: 2 },
  full: { depth: 24, trainSize: 20000, epochs: 3 },
})
const [trainIter, testIter] = await d2l.loadDataFashionMnist(32, {
  trainSize,
  testSize: trainSize,
})
console.log(`${trainIter.dataset.name}, ${trainIter.dataset.length} images`)
function tower(skip: boolean) {
  const blocks = Array.from({ length: depth }, () => new Residual(8, 8, { skip }))
  return new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { stride: 4, padding: 1 }),
    ...blocks,
    new nn.AdaptiveAvgPool2d([1, 1]),
    new nn.Flatten(),
    new nn.Linear(8, 10),
  )
}
const curves: Record<string, [number, number][]> = {}
const losses: Record<string, number> = {}
for (const skip of [true, false]) {
  torch.manualSeed(1)
  const name = skip ? 'with the additions' : 'without'
  console.log(`${2 * depth + 1} convolutions, ${name}`)
  const net = tower(skip)
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 })
  const run = await d2l.trainCh6(net, trainIter, testIter, epochs, 0.01, {
    optimizer,
  })
  curves[name] = run.animator.points['train loss'].map(([x, y]) => [x, y])
  losses[name] = run.trainLoss
}

cell('curves')
const names = Object.keys(curves)
const figure = plot(
  names.map((name) => curves[name].map(([x]) => x)),
  names.map((name) => curves[name].map(([, y]) => y)),
  {
    xlabel: 'epoch',
    ylabel: 'training loss',
    legend: names,
    title: 'A deep tower with and without additions',
  },
)
show(figure, 'The same blocks, the same first numbers; only the additions differ.')

cell('train')
const small = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new Residual(16, 16),
    new Residual(16, 32, { stride: 2 }),
    new Residual(32, 64, { stride: 2 }),
    new nn.AdaptiveAvgPool2d([1, 1]),
    new nn.Flatten(),
    new nn.Linear(64, 10),
  )
torch.manualSeed(0)
const net = preset({ quick: small, full: () => resnet18() })()
const size = preset({
  quick: { resize: 28, trainSize: 4000, testSize: 4000, batch: 32, epochs: 2 },
  full: { resize: 96, trainSize: 60000, testSize: 10000, batch: 256, epochs: 10 },
})
const [images, tests] = await d2l.loadDataFashionMnist(size.batch, size)
const run = await d2l.trainCh6(net, images, tests, size.epochs, 0.05)
show(run.animator.figure(), 'Loss and accuracy of a residual network.')

export { halved, losses, run, same, trainIter, walk }
