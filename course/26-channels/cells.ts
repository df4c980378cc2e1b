// Several input and output channels, and the 1 x 1 convolution as a matrix product.
import * as torch from 'kindling'
import { F, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, show } from 'kindling/notebook'
import { heatmap, sideBySide } from 'kindling/plot'

cell('multi-in')
function corr2dMultiIn(X: Tensor, K: Tensor): Tensor {
  const perChannel = [...X].map((channel, i) => d2l.corr2d(channel, K.at(i)))
  return torch.stack(perChannel).sum(0)
}
const plane = torch.arange(9, { dtype: 'float32' }).reshape(3, 3)
const X = torch.stack([plane, plane.add(1)])
const slice = torch.arange(4, { dtype: 'float32' }).reshape(2, 2)
const K = torch.stack([slice, slice.add(1)])
console.log(X.shape, K.shape)
console.log(corr2dMultiIn(X, K))

cell('multi-out')
function corr2dMultiInOut(X: Tensor, kernels: Tensor): Tensor {
  return torch.stack([...kernels].map((kernel) => corr2dMultiIn(X, kernel)))
}
const kernels = torch.stack([K, K.add(1), K.add(2)])
const maps = corr2dMultiInOut(X, kernels)
console.log(kernels.shape)
console.log(maps)

cell('layer')
const byLayer = F.conv2d(X.unsqueeze(0), kernels).squeeze(0)
console.log(byLayer.eq(maps).all())

cell('one-by-one')
function corr2dOneByOne(X: Tensor, kernels: Tensor): Tensor {
  const [channels, h, w] = X.shape
  const pixels = X.reshape(channels, h * w)
  const weights = kernels.reshape(kernels.shape[0], channels)
  return weights.matmul(pixels).reshape(kernels.shape[0], h, w)
}
torch.manualSeed(0)
const picture = torch.normal(0, 1, [3, 3, 3])
const mixing = torch.normal(0, 1, [2, 3, 1, 1])
const asProduct = corr2dOneByOne(picture, mixing)
const asConvolution = corr2dMultiInOut(picture, mixing)
console.log(asProduct.shape)
const difference = asProduct.sub(asConvolution).abs().sum().item()
console.log('the difference is below 1e-6:', difference < 1e-6)

cell('patterns')
const plus = torch.zeros(1, 9, 9)
plus.set([0, 4, '1:8'], 1)
plus.set([0, '1:8', 4], 1)
const bars = torch.zeros(2, 1, 3, 3)
bars.set([0, 0, 1], 1)
bars.set([1, 0, ':', 1], 1)
const found = F.conv2d(plus, bars, null, { padding: 1 })
const both = F.relu(F.conv2d(found, torch.ones(1, 2, 1, 1), torch.tensor([-4.5])))
show(
  sideBySide(
    [
      heatmap(plus.at(0), { title: 'image' }),
      heatmap(found.at(0), { title: 'lying bar' }),
      heatmap(found.at(1), { title: 'standing bar' }),
      heatmap(both.at(0), { title: 'both, at one place' }),
    ],
    { columns: 2 },
  ),
  'Two channels look for a pattern each; a 1 x 1 convolution weighs them.',
)
console.log(both.nonzero(), both.max())

export {
  asConvolution,
  asProduct,
  both,
  byLayer,
  corr2dMultiIn,
  difference,
  found,
  K,
  kernels,
  maps,
  X,
}
