// What the command line knows by name: models with the recipe that works for each, and data sets. No tensors here: --help stays fast.
import { UserError } from './userError.ts'

export type OptimizerName = 'adam' | 'sgd'
export const optimizerNames: readonly OptimizerName[] = ['adam', 'sgd']

export interface Recipe {
  readonly title: string
  readonly about: string
  readonly optimizer: OptimizerName
  readonly lr: number
  /** The learning rate that goes with the other optimizer. */
  readonly otherLr: number
  readonly batchSize: number
  readonly epochs: number
  /** Pixels to a side that the images are resized to. */
  readonly side: number
}

/** The book's settings for its convolutional networks. */
const book = { optimizer: 'sgd', otherLr: 0.001, batchSize: 128, epochs: 10 } as const

export const recipes = {
  lenet: {
    title: 'LeNet',
    about: 'the convolutional network of the notes: sigmoids and average pooling',
    optimizer: 'adam',
    lr: 0.005,
    otherLr: 0.9,
    batchSize: 64,
    epochs: 6,
    side: 28,
  },
  mlp: {
    title: 'Multilayer perceptron',
    about: 'one hidden layer of 256 units with ReLU',
    optimizer: 'sgd',
    lr: 0.1,
    otherLr: 0.001,
    batchSize: 256,
    epochs: 10,
    side: 28,
  },
  'softmax-regression': {
    title: 'Softmax regression',
    about: 'a single linear layer',
    optimizer: 'sgd',
    lr: 0.1,
    otherLr: 0.001,
    batchSize: 256,
    epochs: 10,
    side: 28,
  },
  'mlp-dropout': {
    title: 'Multilayer perceptron with dropout',
    about: 'two hidden layers of 256 units',
    optimizer: 'sgd',
    lr: 0.5,
    otherLr: 0.001,
    batchSize: 256,
    epochs: 10,
    side: 28,
  },
  'lenet-batch-norm': {
    title: 'LeNet with batch normalisation',
    about: 'the same with a normalisation in front of every sigmoid',
    ...book,
    lr: 1,
    batchSize: 256,
    side: 28,
  },
  alexnet: { title: 'AlexNet', about: 'five convolutions and three wide linear layers', ...book, lr: 0.01, side: 224 },
  vgg: {
    title: 'VGG-11',
    about: 'blocks of 3x3 convolutions, with a quarter of the channels',
    ...book,
    lr: 0.05,
    // Half of the book's: more does not fit into the 4 GiB of WebAssembly.
    batchSize: 64,
    side: 224,
  },
  nin: { title: 'Network in network', about: '1x1 convolutions, no linear layers', ...book, lr: 0.1, side: 224 },
  googlenet: { title: 'GoogLeNet', about: 'nine blocks of four paths each', ...book, lr: 0.1, side: 96 },
  resnet18: { title: 'ResNet-18', about: 'eight residual blocks', ...book, lr: 0.05, side: 96 },
  densenet: { title: 'DenseNet', about: 'four dense blocks of four convolutions', ...book, lr: 0.1, side: 96 },
} as const satisfies Record<string, Recipe>

export type ModelName = keyof typeof recipes
export const modelNames = Object.keys(recipes) as ModelName[]

export const datasets = {
  mnist: { title: 'MNIST', about: '70,000 handwritten digits' },
  'fashion-mnist': { title: 'Fashion-MNIST', about: '70,000 pictures of clothes' },
} as const
export type DatasetName = keyof typeof datasets
export const datasetNames = Object.keys(datasets) as DatasetName[]

/** Throws UserError for a name that is no model. */
export function checkModel(name: string): ModelName {
  if (!Object.hasOwn(recipes, name)) {
    throw new UserError(`unknown model '${name}'; there are: ${modelNames.join(', ')}`)
  }
  return name as ModelName
}

/** The title of a data set; a folder is its own title. */
export const dataTitle = (data: string): string =>
  Object.hasOwn(datasets, data) ? datasets[data as DatasetName].title : data

/** The lines `name  about` for a help text. */
export function helpList(entries: Readonly<Record<string, { about: string }>>): string {
  const width = Math.max(...Object.keys(entries).map((name) => name.length))
  return Object.entries(entries)
    .map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
    .join('\n')
}
