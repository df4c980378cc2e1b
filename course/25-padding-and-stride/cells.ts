// Padding and stride: how large the output of a convolution is, and why one pads.
import * as torch from 'kindling'
import { F, nn } from 'kindling'
import { cell, show } from 'kindling/notebook'
import { heatmap, plot, sideBySide } from 'kindling/plot'

cell('padded')
const X = torch.rand(1, 1, 8, 8)
const plain = new nn.Conv2d(1, 1, 3)(X)
const padded = new nn.Conv2d(1, 1, 3, { padding: 1 })(X)
const uneven = new nn.Conv2d(1, 1, [5, 3], { padding: [2, 1] })(X)
console.log(plain.shape, padded.shape, uneven.shape)

cell('per-side')
const sizes: number[][] = []
for (const k of [1, 3, 5, 7]) {
  const half = new nn.Conv2d(1, 1, k, { padding: (k - 1) / 2 })(X).shape[2]
  const whole = new nn.Conv2d(1, 1, k, { padding: k - 1 })(X).shape[2]
  console.log(`kernel ${k}: (k - 1) / 2 gives ${half} rows, k - 1 gives ${whole}`)
  sizes.push([half, whole])
}

cell('read')
function timesRead(padding: number): torch.Tensor {
  const pixels = torch.ones(1, 1, 8, 8, { requiresGrad: true })
  const sums = F.conv2d(pixels, torch.ones(1, 1, 3, 3), null, { padding })
  sums.sum().backward()
  return pixels.grad!.reshape(8, 8)
}
const without = timesRead(0)
const withOne = timesRead(1)
console.log(without.at(0))
console.log(withOne.at(0))
show(
  sideBySide([
    heatmap(without, { title: 'no padding', vmin: 0, vmax: 9 }),
    heatmap(withOne, { title: 'padding 1', vmin: 0, vmax: 9 }),
  ]),
  'How many windows of a 3 x 3 kernel read each pixel.',
)

cell('deep')
const depth = [0, 1, 2, 3, 4, 5, 6]
const heights = [0, 2].map((padding) => {
  const layer = new nn.Conv2d(1, 1, 5, { padding })
  let x = torch.rand(1, 1, 28, 28)
  return depth.map((d) => {
    if (d > 0) x = layer(x)
    return x.shape[2]
  })
})
console.log('no padding:', heights[0].join(', '))
console.log('padding 2: ', heights[1].join(', '))
const legend = ['no padding', 'padding 2']
show(
  plot(depth, heights, {
    xlabel: 'layers of 5 x 5 kernels',
    ylabel: 'rows',
    legend,
    markers: true,
  }),
  'Six layers eat up an image.',
)

cell('by-hand')
const small = torch.arange(9, { dtype: 'float32' }).reshape(1, 1, 3, 3)
const kernel = torch.arange(4, { dtype: 'float32' }).reshape(1, 1, 2, 2)
const strided = F.conv2d(small, kernel, null, { padding: 1, stride: [3, 2] })
console.log(strided)

cell('strided')
const halved = new nn.Conv2d(1, 1, 3, { padding: 1, stride: 2 })(X)
const book = new nn.Conv2d(1, 1, [3, 5], { padding: [0, 1], stride: [3, 4] })(X)
const square = new nn.Conv2d(1, 1, 3, { padding: [0, 1], stride: [2, 3] })(X)
console.log(halved.shape.slice(2), book.shape.slice(2), square.shape.slice(2))

cell('formula')
const outputSize = (n: number, k: number, p: number, s: number) =>
  Math.floor((n + 2 * p - k) / s) + 1
let tried = 0
let agreed = 0
for (const n of [5, 6, 7, 8]) {
  for (const k of [1, 2, 3, 4, 5]) {
    for (const p of [0, 1, 2]) {
      for (const s of [1, 2, 3, 4]) {
        const layer = new nn.Conv2d(1, 1, k, { padding: p, stride: s })
        const rows = layer(torch.ones(1, 1, n, n)).shape[2]
        tried++
        if (rows === outputSize(n, k, p, s)) agreed++
      }
    }
  }
}
console.log(`${agreed} of ${tried} agree`)

export {
  agreed,
  book,
  halved,
  heights,
  padded,
  plain,
  sizes,
  square,
  strided,
  tried,
  uneven,
  withOne,
  without,
}
