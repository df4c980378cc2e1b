// GoogLeNet: several windows at once, and how fast channels grow and pictures shrink.
import * as torch from 'kindling'
import { nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { alexnet, googlenet } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('inception')
type Pair = readonly [number, number]
class Inception extends nn.Module {
  p1: nn.Module
  p2: nn.Module
  p3: nn.Module
  p4: nn.Module
  constructor(inChannels: number, c1: number, c2: Pair, c3: Pair, c4: number) {
    super()
    const conv = (from: number, to: number, size: number) =>
      new nn.Sequential(
        new nn.Conv2d(from, to, size, { padding: (size - 1) / 2 }),
        new nn.ReLU(),
      )
    this.p1 = conv(inChannels, c1, 1)
    this.p2 = new nn.Sequential(conv(inChannels, c2[0], 1), conv(c2[0], c2[1], 3))
    this.p3 = new nn.Sequential(conv(inChannels, c3[0], 1), conv(c3[0], c3[1], 5))
    this.p4 = new nn.Sequential(
      new nn.MaxPool2d(3, { stride: 1, padding: 1 }),
      conv(inChannels, c4, 1),
    )
  }
  override forward(x: Tensor): Tensor {
    return torch.cat([this.p1(x), this.p2(x), this.p3(x), this.p4(x)], 1)
  }
}
const block = new Inception(192, 64, [96, 128], [16, 32], 32)
console.log(block(torch.rand(1, 192, 28, 28)).shape)

cell('shapes')
torch.manualSeed(0)
const large = googlenet()
const walk: string[] = []
torch.noGrad(() => {
  let X = torch.rand(1, 1, 96, 96)
  for (const layer of large) {
    X = layer(X)
    walk.push(`${layer.constructor.name} ${X.shape.join(' x ')}`)
  }
})
console.log(walk.join('\n'))
const blocks = [...large.modules()].filter(
  (m) => m.constructor.name === 'Inception',
).length
console.log(blocks, 'Inception blocks')

cell('compare')
/** [channels, side] after each change of the side. */
function stages(net: Iterable<nn.Module>, side: number) {
  const found: [number, number][] = [[1, side]]
  torch.noGrad(() => {
    let X = torch.rand(1, 1, side, side)
    for (const layer of net) {
      X = layer(X)
      if (X.ndim !== 4) break
      const [, channels, now] = X.shape
      if (now === found.at(-1)?.[1]) found[found.length - 1][0] = channels
      else found.push([channels, now])
    }
  })
  return found
}
const alex = stages(alexnet().eval(), 224)
const google = stages(large, 96)
console.log('AlexNet  ', alex.map(([c, s]) => `${c} of ${s} x ${s}`).join(', '))
console.log('GoogLeNet', google.map(([c, s]) => `${c} of ${s} x ${s}`).join(', '))
const figure = plot(
  [alex.map(([, s]) => s), google.map(([, s]) => s)],
  [alex.map(([c]) => c), google.map(([c]) => c)],
  {
    xlabel: 'side of the maps (pixels)',
    ylabel: 'channels',
    xscale: 'log',
    yscale: 'log',
    legend: ['AlexNet', 'GoogLeNet'],
    markers: true,
    title: 'From few large maps to many small ones',
  },
)
show(
  figure,
  'Read from right to left: both networks trade pixels for channels from the first layers on.',
)

cell('train')
const small = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 32, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    new Inception(32, 16, [16, 32], [8, 16], 8),
    new Inception(72, 32, [32, 48], [8, 24], 24),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    new Inception(128, 48, [32, 64], [8, 24], 24),
    new nn.AdaptiveAvgPool2d([1, 1]),
    new nn.Flatten(),
    new nn.Linear(160, 10),
  )
torch.manualSeed(0)
const net = preset({ quick: small, full: () => googlenet() })()
const { side, trainSize, batchSize, epochs } = preset({
  quick: { side: 28, trainSize: 4000, batchSize: 32, epochs: 3 },
  full: { side: 96, trainSize: 60000, batchSize: 128, epochs: 10 },
})
const [trainIter, testIter] = await d2l.loadDataFashionMnist(batchSize, {
  resize: side,
  trainSize,
  testSize: trainSize,
})
console.log(
  `${trainIter.dataset.name}, ${trainIter.dataset.length} images of ${side} x ${side}`,
)
const optimizer = preset({
  quick: () => new optim.Adam(net.parameters(), { lr: 0.002 }),
  full: () => new optim.SGD(net.parameters(), { lr: 0.1 }),
})()
const run = await d2l.trainCh6(net, trainIter, testIter, epochs, 0.1, { optimizer })
show(run.animator.figure(), 'Loss and accuracy of a network of Inception blocks.')

export { alex, block, blocks, google, run, trainIter, walk }
