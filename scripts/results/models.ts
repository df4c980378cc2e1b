// The networks of docs/results.md, with what the book's own builds gave.

export type Band = readonly [least: number, low: number, high: number, most: number]

interface BookModel {
  readonly model: string
  readonly title: string
  readonly section: string
  /** Training loss and test accuracy after ten epochs: least, tenth and ninetieth percentile, most. */
  readonly loss: Band
  readonly test: Band
}

export const bookModels: readonly BookModel[] = [
  {
    model: 'softmax-regression',
    title: 'Softmax regression',
    section: '3.7',
    loss: [0.4458, 0.4468, 0.4478, 0.4484],
    test: [0.8173, 0.8254, 0.8342, 0.8363],
  },
  {
    model: 'mlp',
    title: 'MLP',
    section: '4.3',
    loss: [0.379, 0.3807, 0.3841, 0.3864],
    test: [0.7922, 0.8317, 0.8529, 0.8562],
  },
  {
    model: 'mlp-dropout',
    title: 'MLP with dropout',
    section: '4.6',
    loss: [0.335, 0.34, 0.355, 0.378],
    test: [0.788, 0.8325, 0.867, 0.872],
  },
  {
    model: 'lenet',
    title: 'LeNet',
    section: '6.6',
    loss: [0.449, 0.459, 0.481, 0.512],
    test: [0.752, 0.781, 0.82, 0.828],
  },
  {
    model: 'lenet-batch-norm',
    title: 'LeNet with batch norm',
    section: '7.5',
    loss: [0.259, 0.262, 0.276, 0.285],
    test: [0.619, 0.754, 0.875, 0.885],
  },
]

export const presetModels = [
  { model: 'alexnet', title: 'AlexNet', section: '7.1' },
  { model: 'vgg', title: 'VGG-11', section: '7.2' },
  { model: 'nin', title: 'NiN', section: '7.3' },
  { model: 'googlenet', title: 'GoogLeNet', section: '7.4' },
  { model: 'resnet18', title: 'ResNet-18', section: '7.6' },
  { model: 'densenet', title: 'DenseNet', section: '7.7' },
] as const
