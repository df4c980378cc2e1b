// Pooling: maximum and mean by hand, what a shift by one pixel does, and the layers with their options.
import * as torch from 'kindling'
import { nn, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { heatmap, sideBySide } from 'kindling/plot'

cell('by-hand')
function pool2d(
  X: Tensor,
  [h, w]: [number, number],
  mode: 'max' | 'avg' = 'max',
): Tensor {
  const Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
  for (let i = 0; i < Y.shape[0]; i++) {
    for (let j = 0; j < Y.shape[1]; j++) {
      const window = X.at(`${i}:${i + h}`, `${j}:${j + w}`)
      Y.set([i, j], mode === 'max' ? window.max() : window.mean())
    }
  }
  return Y
}
const X = torch.arange(9, { dtype: 'float32' }).reshape(3, 3)
console.log(pool2d(X, [2, 2]))
console.log(pool2d(X, [2, 2], 'avg'))

cell('shift')
const detector = torch.tensor([[1, -1]], { dtype: 'float32' })
function edgesOf(column: number): Tensor {
  const image = torch.zeros(6, 8)
  image.set([':', `0:${column}`], 1)
  return d2l.corr2d(image, detector)
}
const [before, after] = [edgesOf(3), edgesOf(4)]
console.log('edges ', before.at(0), after.at(0))
console.log('pooled', pool2d(before, [2, 2]).at(0), pool2d(after, [2, 2]).at(0))
show(
  sideBySide(
    [
      heatmap(before, { title: 'edges' }),
      heatmap(after, { title: 'shifted' }),
      heatmap(pool2d(before, [2, 2]), { title: 'edges, pooled' }),
      heatmap(pool2d(after, [2, 2]), { title: 'shifted, pooled' }),
    ],
    { columns: 2 },
  ),
  'Before pooling the answers share no column, after pooling they share one.',
)

cell('strided')
const pool = new nn.MaxPool2d(2)
const shifts = [1, 2, 3, 4, 5].map((column) => {
  const here = pool(edgesOf(column).unsqueeze(0))
  const next = pool(edgesOf(column + 1).unsqueeze(0))
  return here.equal(next) ? 'same' : 'moved'
})
console.log(shifts)

cell('options')
const image = torch.arange(16, { dtype: 'float32' }).reshape(1, 1, 4, 4)
const plain = new nn.MaxPool2d(3)(image)
const overlapping = new nn.MaxPool2d(3, { padding: 1, stride: 2 })(image)
const book = new nn.MaxPool2d([2, 3], { stride: [2, 3], padding: [0, 1] })(image)
const padded = new nn.MaxPool2d([2, 3], { stride: [2, 3], padding: [1, 1] })(image)
for (const result of [plain, overlapping, book, padded]) {
  console.log(result.at(0, 0).tolist())
}

cell('borders')
const negative = torch.ones(1, 1, 2, 2).mul(-4)
const largest = new nn.MaxPool2d(2, { padding: 1 })(negative)
const mean = new nn.AvgPool2d(2, { padding: 1 })(negative)
console.log(largest.reshape(2, 2))
console.log(mean.reshape(2, 2))
try {
  new nn.MaxPool2d(2, { padding: 2 })(negative)
} catch (error) {
  console.log(String(error))
}

cell('channels')
const two = torch.cat([image, image.add(1)], 1)
const pooled = new nn.MaxPool2d(3, { padding: 1, stride: 2 })(two)
console.log(two.shape, 'to', pooled.shape)
console.log(pooled)

export {
  after,
  before,
  book,
  largest,
  mean,
  overlapping,
  padded,
  plain,
  pool2d,
  pooled,
  shifts,
  X,
}
