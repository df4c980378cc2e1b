// Data augmentation: changed copies of the training images, and AlexNet with and without them.
import * as torch from 'kindling'
import { optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { DataLoader } from 'kindling/data'
import { alexnet } from 'kindling/models'
import { cell, preset, show } from 'kindling/notebook'
import { plot, showImages } from 'kindling/plot'
import {
  ColorJitter,
  Compose,
  ImageDataset,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  ToTensor,
  type Transform,
} from 'kindling/vision'

cell('picture')
torch.manualSeed(0)
const [plainIter] = await d2l.loadDataFashionMnist(64)
const { images, labels, classes, name } = plainIter.dataset
console.log(`${name}, ${images.length} images`)
const picture = images.at(0)
const eight = (transform: Transform) =>
  Array.from({ length: 8 }, () => transform(picture).squeeze(0).clone())

cell('flip')
const flip = RandomHorizontalFlip()
show(
  showImages(eight(flip), 1, 8),
  'Every second one looks the other way, on average.',
)
const flipped = RandomHorizontalFlip(1)
const twice = flipped(flipped(picture)).equal(picture)
console.log('flipped twice, it is the same picture:', twice)

cell('crop')
const crop = RandomCrop(28, { padding: 2 })
show(showImages(eight(crop), 1, 8), 'Moved by up to two pixels.')
const resized = RandomResizedCrop(28, { scale: [0.4, 1], ratio: [0.75, 4 / 3] })
show(
  showImages(eight(resized), 1, 8),
  'A random part of it, resized to the full side.',
)

cell('colour')
const tint = torch.tensor([255, 160, 60]).reshape(3, 1, 1)
const coloured = picture.to('int64').mul(tint).floorDivide(255).to('uint8')
const jitter = ColorJitter({
  brightness: 0.5,
  contrast: 0.5,
  saturation: 0.5,
  hue: 0.5,
})
const variants = Array.from({ length: 8 }, () => jitter(coloured).clone())
show(
  showImages(variants, 1, 8),
  'Brightness, contrast, saturation and hue, by chance.',
)

cell('pipeline')
const { side, width, trainSize, batchSize, epochs } = preset({
  quick: { side: 67, width: 0.25, trainSize: 1000, batchSize: 25, epochs: 12 },
  full: { side: 224, width: 1, trainSize: 60000, batchSize: 128, epochs: 10 },
})
const changes = [RandomCrop(28, { padding: 2 }), RandomHorizontalFlip()]
const fixed = [Resize(side), ToTensor()]
function loader(transforms: Transform[]) {
  const some: [Tensor, Tensor] = [
    images.at(`0:${trainSize}`),
    labels.at(`0:${trainSize}`),
  ]
  const data = new ImageDataset(...some, {
    transform: Compose(transforms),
    classes,
    name,
  })
  return new DataLoader(data, { batchSize, shuffle: true })
}
const test = await d2l.loadDataFashionMnist(100, {
  resize: side,
  testSize: 2 * trainSize,
})

cell('train')
async function train(transforms: Transform[]) {
  torch.manualSeed(0)
  const net = alexnet({ side, width })
  const optimizer = preset({
    quick: () => new optim.Adam(net.parameters(), { lr: 0.001 }),
    full: () => new optim.SGD(net.parameters(), { lr: 0.01 }),
  })()
  return d2l.trainCh6(net, loader(transforms), test[1], epochs, 0.01, { optimizer })
}
const plain = await train(fixed)
const augmented = await train([...changes, ...fixed])

cell('curves')
const series = [plain, augmented].flatMap(({ animator }) => [
  animator.points['train acc'],
  animator.points['test acc'],
])
const figure = plot(
  series.map((points) => points.map(([x]) => x)),
  series.map((points) => points.map(([, y]) => y)),
  {
    xlabel: 'epoch',
    ylabel: 'accuracy',
    legend: ['train', 'test', 'train, augmented', 'test, augmented'],
    title: 'AlexNet with and without augmentation',
  },
)
show(figure, 'Augmentation closes the gap between training and test from above.')
const gaps = [plain, augmented].map(({ trainAcc, testAcc }) => trainAcc - testAcc)
console.log('gap without', gaps[0].toFixed(3), 'with', gaps[1].toFixed(3))

export { augmented, gaps, name, plain, twice, variants }
