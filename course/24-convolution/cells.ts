// Convolution: cross-correlation by hand, an edge detector, a kernel that is learned, and the order of the dimensions.
import * as torch from 'kindling'
import { F, nn, type Tensor } from 'kindling'
import { cell, show } from 'kindling/notebook'
import { heatmap, plot, sideBySide } from 'kindling/plot'

cell('by-hand')
function corr2d(X: Tensor, K: Tensor): Tensor {
  const [h, w] = K.shape
  const Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
  for (let i = 0; i < Y.shape[0]; i++) {
    for (let j = 0; j < Y.shape[1]; j++) {
      const window = X.at(`${i}:${i + h}`, `${j}:${j + w}`)
      Y.set([i, j], window.mul(K).sum())
    }
  }
  return Y
}
const X = torch.arange(9, { dtype: 'float32' }).reshape(3, 3)
const K = torch.arange(4, { dtype: 'float32' }).reshape(2, 2)
console.log(corr2d(X, K))

cell('edges')
const image = torch.ones(6, 8)
image.set([':', '2:6'], 0)
const detector = torch.tensor([[1, -1]], { dtype: 'float32' })
const edges = corr2d(image, detector)
console.log(edges)
show(
  sideBySide([
    heatmap(image, { title: 'image' }),
    heatmap(edges, { title: 'edges' }),
  ]),
  'From light to dark gives 1, from dark to light -1.',
)

cell('transposed')
const turned = corr2d(image.t(), detector)
console.log(turned.shape, 'all zero:', turned.eq(0).all().item() === 1)

cell('learn')
torch.manualSeed(0)
const conv2d = new nn.Conv2d(1, 1, [1, 2], { bias: false })
const input = image.reshape(1, 1, 6, 8)
const target = edges.reshape(1, 1, 6, 7)
const lr = 0.03
const losses: number[] = []
for (let step = 1; step <= 10; step++) {
  const loss = conv2d(input).sub(target).square().sum()
  conv2d.zeroGrad()
  loss.backward()
  torch.noGrad(() => conv2d.weight.sub_(conv2d.weight.grad!.mul(lr)))
  losses.push(loss.item())
  if (step % 2 === 0) console.log(`step ${step}, loss ${loss.item().toFixed(3)}`)
}
console.log(conv2d.weight.reshape(1, 2).detach())

cell('loss')
const steps = losses.map((_, i) => i + 1)
show(
  plot(steps, [losses], {
    xlabel: 'step',
    ylabel: 'squared error',
    yscale: 'log',
    markers: true,
  }),
  'Ten steps of descent.',
)

cell('order')
const layer = new nn.Conv2d(3, 8, 5)
const photos = torch.rand(2, 3, 32, 48)
console.log(photos.shape, 'to', layer(photos).shape)
console.log('weight', layer.weight.shape)
try {
  layer(torch.rand(3, 2, 32, 48))
} catch (error) {
  console.log(String(error))
}

cell('flipped')
const library = F.conv2d(X.reshape(1, 1, 3, 3), K.reshape(1, 1, 2, 2)).reshape(2, 2)
const textbook = corr2d(X, K.flip([0, 1]))
console.log(library)
console.log(textbook)

export {
  conv2d,
  corr2d,
  edges,
  input,
  K,
  layer,
  library,
  losses,
  photos,
  target,
  textbook,
  turned,
  X,
}
