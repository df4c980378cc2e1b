// Pictures as data: a data set, its classes, batches, and why a classifier has as many outputs as there are classes.
import * as torch from 'kindling'
import { F, nn } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { showImages } from 'kindling/plot'

cell('load')
const [trainIter, testIter] = await d2l.loadDataFashionMnist(256)
const [train, test] = [trainIter.dataset, testIter.dataset]
console.log(`${train.name}: ${train.length} and ${test.length} images`)
const [image, label] = train.get(0)
console.log(image.shape, image.dtype, label.dtype)
console.log('the first one:', label.item(), train.classes[label.item()])

cell('look')
const [images, labels] = train.batch([...Array(18).keys()])
const titles = labels.numbers().map((k) => train.classes[k])
show(
  showImages(images.squeeze(1), 2, 9, { titles }),
  'The first 18 training images.',
)

cell('pixels')
const bytes = test.images
console.log(bytes.shape, bytes.dtype, bytes.min().item(), bytes.max().item())
const pixels = bytes.to('float32').div(255)
const [mean, std] = [pixels.mean().item(), pixels.std().item()]
console.log('mean', mean.toFixed(4), 'std', std.toFixed(4))

cell('averages')
const averages = train.classes.map((_, k) => pixels.at(test.labels.eq(k)).mean(0))
show(
  showImages(torch.cat(averages), 2, 5, { titles: train.classes }),
  'The mean test image of each class.',
)

cell('classes')
const oneHot = F.oneHot(train.labels, 10)
console.log(oneHot.at('0:3'))
console.log(oneHot.sum(0))

cell('outputs')
torch.manualSeed(0)
const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10))
const scores = net(images.at('0:2'))
console.log(scores)
console.log(scores.argmax(1), labels.at('0:2'))

cell('batches')
const seen: number[] = []
const timer = new d2l.Timer()
for (const [X, y] of trainIter) {
  if (seen.length === 0) console.log(X.shape, X.dtype, y.shape, y.dtype)
  seen.push(y.length)
}
const seconds = timer.stop().toFixed(2)
console.log(`${seen.length} batches in ${seconds} s, the last of ${seen.at(-1)}`)

cell('resize')
const [larger] = await d2l.loadDataFashionMnist(32, { resize: 64 })
for (const [X, y] of larger) {
  console.log(X.shape, X.dtype, y.shape, y.dtype)
  break
}

export {
  averages,
  image,
  mean,
  net,
  oneHot,
  pixels,
  scores,
  seen,
  std,
  test,
  train,
}
