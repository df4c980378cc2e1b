// Network in network: a small network at every pixel, and no linear layer at the end.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import * as d2l from 'kindling/d2l'
import { nin } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'

cell('block')
function ninBlock(
  inChannels: number,
  outChannels: number,
  size: number,
  stride: number,
  padding: number,
) {
  return new nn.Sequential(
    new nn.Conv2d(inChannels, outChannels, size, { stride, padding }),
    new nn.ReLU(),
    new nn.Conv2d(outChannels, outChannels, 1),
    new nn.ReLU(),
    new nn.Conv2d(outChannels, outChannels, 1),
    new nn.ReLU(),
  )
}
console.log(ninBlock(1, 96, 11, 4, 0)(torch.rand(1, 1, 224, 224)).shape)

cell('per-pixel')
torch.manualSeed(0)
const mixing = new nn.Conv2d(3, 2, 1)
const picture = torch.rand(1, 3, 4, 4)
const asConvolution = mixing(picture) as torch.Tensor
const pixels = picture.permute(0, 2, 3, 1)
const asLinear = F.linear(pixels, mixing.weight.reshape(2, 3), mixing.bias).permute(
  0,
  3,
  1,
  2,
)
const difference = asConvolution.sub(asLinear).abs().max().item()
console.log('largest difference:', difference < 1e-6 ? 'below 1e-6' : difference)

cell('shapes')
const large = nin()
const walk: string[] = []
large.eval()
torch.noGrad(() => {
  let X = torch.rand(1, 1, 224, 224)
  for (const layer of large) {
    X = layer(X)
    walk.push(`${layer.constructor.name} ${X.shape.join(' x ')}`)
  }
})
console.log(walk.join('\n'))

cell('train')
const small = () =>
  new nn.Sequential(
    ninBlock(1, 16, 5, 1, 2),
    new nn.MaxPool2d(3, { stride: 2 }),
    ninBlock(16, 32, 5, 1, 2),
    new nn.MaxPool2d(3, { stride: 2 }),
    new nn.Dropout(0.2),
    ninBlock(32, 10, 3, 1, 1),
    new nn.AdaptiveAvgPool2d([1, 1]),
    new nn.Flatten(),
  )
torch.manualSeed(0)
const net = preset({ quick: small, full: () => nin() })()
const { side, trainSize, batchSize, epochs } = preset({
  quick: { side: 28, trainSize: 4000, batchSize: 32, epochs: 6 },
  full: { side: 224, trainSize: 60000, batchSize: 128, epochs: 10 },
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
  quick: () => new optim.Adam(net.parameters(), { lr: 0.003 }),
  full: () => new optim.SGD(net.parameters(), { lr: 0.1 }),
})()
const run = await d2l.trainCh6(net, trainIter, testIter, epochs, 0.1, { optimizer })
show(run.animator.figure(), 'Loss and accuracy of a network in network.')

export { difference, large, run, trainIter, walk }
