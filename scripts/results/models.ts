// The networks of docs/results.md, with what the book's own builds gave: the middle 80 % of its runs.

interface BookModel {
  readonly model: string
  readonly title: string
  readonly section: string
  /** Training loss and test accuracy after ten epochs. */
  readonly loss: readonly [number, number]
  readonly test: readonly [number, number]
}

export const bookModels: readonly BookModel[] = [
  {
    model: 'softmax-regression',
    title: 'Softmax regression',
    section: '3.7',
    loss: [0.4468, 0.4478],
    test: [0.8254, 0.8342],
  },
  { model: 'mlp', title: 'MLP', section: '4.3', loss: [0.3807, 0.3841], test: [0.8317, 0.8529] },
  { model: 'mlp-dropout', title: 'MLP with dropout', section: '4.6', loss: [0.34, 0.355], test: [0.8325, 0.867] },
  { model: 'lenet', title: 'LeNet', section: '6.6', loss: [0.459, 0.481], test: [0.781, 0.82] },
  {
    model: 'lenet-batch-norm',
    title: 'LeNet with batch norm',
    section: '7.5',
    loss: [0.262, 0.276],
    test: [0.705, 0.875],
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
