import { atMost, close, equal, type Row } from 'kindling/notebook'

const threeMaps = [
  [
    [56, 72],
    [104, 120],
  ],
  [
    [76, 100],
    [148, 172],
  ],
  [
    [96, 128],
    [192, 224],
  ],
]

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 41,
    en: 'input channels are summed, each output channel has kernels of its own',
    zh: '输入通道各自卷积再相加，每个输出通道有自己的一组核',
    check: ({ X, K, corr2dMultiIn, kernels, maps, byLayer, found, both }) => [
      equal('two input channels', corr2dMultiIn(X, K).tolist(), threeMaps[0]),
      equal('shape of three kernels', kernels.shape, [3, 2, 2, 2]),
      equal('three output channels', maps.tolist(), threeMaps),
      equal('the same by the layer', byLayer.tolist(), threeMaps),
      equal('lying bar: the answer along row 4', found.at(0, 4).tolist(), [1, 2, 3, 3, 3, 3, 3, 2, 1]),
      equal('standing bar: the answer along column 4', found.at(1, ':', 4).tolist(), [1, 2, 3, 3, 3, 3, 3, 2, 1]),
      equal('both bars are found at the crossing only', both.nonzero().tolist(), [[0, 4, 4]]),
    ],
  },
  {
    row: 42,
    en: 'a 1 x 1 convolution mixes channels: it is a matrix product over pixels',
    zh: '1 x 1 卷积只混合通道：等于对各像素做矩阵乘法',
    check: ({ asConvolution, asProduct, difference }) => [
      equal('shape', asProduct.shape, [2, 3, 3]),
      atMost('sum of the differences', difference, 1e-6),
      close('product and convolution', asProduct.tolist(), asConvolution.tolist(), 1e-6),
    ],
  },
]
