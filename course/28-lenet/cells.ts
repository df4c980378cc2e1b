// LeNet: the network of the notes, its shapes, and ten epochs of the book's recipe.
import * as torch from 'kindling'
import { nn } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { showImages } from 'kindling/plot'

cell('network')
torch.manualSeed(0)
const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.Sigmoid(),
  new nn.AvgPool2d(2, { stride: 2 }),
  new nn.Conv2d(6, 16, 5),
  new nn.Sigmoid(),
  new nn.AvgPool2d(2, { stride: 2 }),
  new nn.Flatten(),
  new nn.Linear(16 * 5 * 5, 120),
  new nn.Sigmoid(),
  new nn.Linear(120, 84),
  new nn.Sigmoid(),
  new nn.Linear(84, 10),
)

cell('shapes')
let X = torch.rand(1, 1, 28, 28)
const walk: string[] = []
for (const layer of net) {
  X = layer(X)
  walk.push(`${layer.constructor.name} ${X.shape.join(' x ')}`)
}
console.log(walk.join('\n'))

cell('count')
const sizes = [...net.namedParameters()].map(
  ([name, p]) => `${name.padEnd(10)} ${p.numel()}`,
)
console.log(sizes.join('\n'))
const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0)
console.log('together  ', parameters)

cell('train')
const [trainIter, testIter] = await d2l.loadDataFashionMnist(256)
console.log(`${trainIter.dataset.name}: ${trainIter.dataset.length} images`)
const run = await d2l.trainCh6(net, trainIter, testIter, 10, 0.9)
show(
  run.animator.figure(),
  'Loss and accuracy of LeNet over ten epochs. The start is flat.',
)

cell('kernels')
const first = net.get(0) as nn.Conv2d
const kernels = first.weight.detach().squeeze(1)
show(
  showImages(kernels, 1, 6, {
    titles: [1, 2, 3, 4, 5, 6].map((n) => `kernel ${n}`),
  }),
  'What the first layer learned.',
)

cell('maps')
const [images, labels] = testIter.dataset.batch([0, 1, 2, 3, 4])
const maps = torch.noGrad(() => net.get(1)(net.get(0)(images.at('0:1')))).squeeze(0)
show(
  showImages(maps, 1, 6, { titles: [1, 2, 3, 4, 5, 6].map((n) => `map ${n}`) }),
  'The six feature maps of the first test image.',
)
console.log('it is a', testIter.dataset.classes[labels.at(0).item()])

export { parameters, run, trainIter, walk }
