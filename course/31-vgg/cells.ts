// VGG: convolutions in blocks, the shapes of VGG-11, and a narrow one trained.
import * as torch from 'kindling'
import { nn, optim } from 'kindling'
import * as d2l from 'kindling/d2l'
import { vgg } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'

cell('block')
function vggBlock(convs: number, inChannels: number, outChannels: number) {
  const layers: nn.Module[] = []
  for (let i = 0; i < convs; i++) {
    layers.push(
      new nn.Conv2d(i === 0 ? inChannels : outChannels, outChannels, 3, {
        padding: 1,
      }),
      new nn.ReLU(),
    )
  }
  return new nn.Sequential(...layers, new nn.MaxPool2d(2, { stride: 2 }))
}
console.log(vggBlock(2, 64, 128)(torch.rand(1, 64, 56, 56)).shape)

cell('shapes')
torch.manualSeed(0)
const large = vgg()
const walk: string[] = []
large.eval()
torch.noGrad(() => {
  let X = torch.randn(1, 1, 224, 224)
  for (const layer of large) {
    X = layer(X)
    if (!(layer instanceof nn.ReLU || layer instanceof nn.Dropout))
      walk.push(`${layer.constructor.name} ${X.shape.join(' x ')}`)
  }
})
console.log(walk.join('\n'))

cell('kernels')
for (const [size, layers] of [
  [3, 2],
  [5, 1],
  [3, 3],
  [7, 1],
]) {
  const seen = layers * (size - 1) + 1
  console.log(
    `${layers} of ${size} x ${size}: a window of ${seen} x ${seen}, ${layers * size * size} weights per pair of channels`,
  )
}

cell('train')
const { ratio, side, hidden, trainSize, batchSize, epochs } = preset({
  quick: {
    ratio: 8,
    side: 32,
    hidden: 256,
    trainSize: 4000,
    batchSize: 32,
    epochs: 3,
  },
  full: {
    ratio: 4,
    side: 224,
    hidden: 4096,
    trainSize: 60000,
    batchSize: 128,
    epochs: 10,
  },
})
torch.manualSeed(0)
const net = vgg({ ratio, side, hidden })
const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0)
const [trainIter, testIter] = await d2l.loadDataFashionMnist(batchSize, {
  resize: side,
  trainSize,
  testSize: trainSize,
})
console.log(
  `${trainIter.dataset.name}, ${trainIter.dataset.length} images of ${side} x ${side}; ${parameters} parameters`,
)
const optimizer = preset({
  quick: () => new optim.Adam(net.parameters(), { lr: 0.001 }),
  full: () => new optim.SGD(net.parameters(), { lr: 0.05 }),
})()
const run = await d2l.trainCh6(net, trainIter, testIter, epochs, 0.05, {
  optimizer,
})
show(run.animator.figure(), 'Loss and accuracy of the narrow VGG.')

export { large, run, trainIter, walk }
