// What the command line knows by name: models with the settings that work for each, optimizers, and data sets. No tensors here: --help stays fast.
import { UserError } from './userError.ts'

interface OptimizerEntry {
  readonly title: string
  /** Where a recipe says nothing. */
  readonly lr: number
  /** Whether it takes `--momentum`, and `--weight-decay`. */
  readonly momentum: boolean
  readonly weightDecay: boolean
}
/** All but L-BFGS, whose steps want the loss of all images several times over. */
export const optimizers = {
  sgd: { title: 'SGD', lr: 0.1, momentum: true, weightDecay: true },
  adam: { title: 'Adam', lr: 0.001, momentum: false, weightDecay: true },
  adamw: { title: 'AdamW', lr: 0.001, momentum: false, weightDecay: true },
  adagrad: { title: 'Adagrad', lr: 0.01, momentum: false, weightDecay: true },
  rmsprop: { title: 'RMSprop', lr: 0.001, momentum: true, weightDecay: true },
  adadelta: { title: 'Adadelta', lr: 1, momentum: false, weightDecay: true },
  adamax: { title: 'Adamax', lr: 0.002, momentum: false, weightDecay: true },
  nadam: { title: 'NAdam', lr: 0.002, momentum: false, weightDecay: true },
  radam: { title: 'RAdam', lr: 0.001, momentum: false, weightDecay: true },
  asgd: { title: 'ASGD', lr: 0.1, momentum: false, weightDecay: true },
  rprop: { title: 'Rprop', lr: 0.001, momentum: false, weightDecay: false },
} as const satisfies Record<string, OptimizerEntry>
export type OptimizerName = keyof typeof optimizers
export const optimizerNames = Object.keys(optimizers) as OptimizerName[]

export const schedules = {
  none: { about: 'the same throughout' },
  step: { about: 'a tenth after each third of the epochs' },
  exponential: { about: 'the same factor after each epoch, down to a hundredth' },
  cosine: { about: 'down to 0 along half a cosine' },
  'warmup-cosine': { about: 'up from a tenth in the first tenth of the epochs, then as cosine' },
} as const
export type ScheduleName = keyof typeof schedules
export const scheduleNames = Object.keys(schedules) as ScheduleName[]

export type PresetName = 'quick' | 'full'
export const presetNames: readonly PresetName[] = ['quick', 'full']

/** How a model is trained where the command line says nothing else. */
export interface Settings {
  readonly optimizer: OptimizerName
  readonly lr: number
  /** Default: the same throughout. */
  readonly schedule?: ScheduleName
  readonly batchSize: number
  readonly epochs: number
  /** Pixels to a side that the images are resized to. */
  readonly side: number
  /** Training images. Default: all. */
  readonly limit?: number
  /** Factor of the channels and hidden units. Default 1. */
  readonly width?: number
}

export interface Recipe {
  readonly title: string
  readonly about: string
  /** The book's settings, and what a laptop does in minutes. */
  readonly full: Settings
  readonly quick: Settings
  /** Learning rates that go with other optimizers, where they are not the usual ones. */
  readonly rates?: Readonly<Partial<Record<OptimizerName, number>>>
  /** Weights at the start: normal with this standard deviation. Default: Xavier's. */
  readonly std?: number
  /** Whether it has dropout layers, and whether its width can be changed. */
  readonly dropout?: true
  readonly wide?: true
}

/** The book's settings for its linear and for its large convolutional networks. */
const linear = { optimizer: 'sgd', batchSize: 256, epochs: 10, side: 28 } as const
const large = { optimizer: 'sgd', batchSize: 128, epochs: 10 } as const

/** What the large ones have in common in their quick form. At the end of a falling rate the result does not depend on the last few batches. */
const small = { optimizer: 'adam', lr: 0.001, schedule: 'cosine', batchSize: 64 } as const

const softmax = { ...linear, lr: 0.1 } as const
const dropped = { ...linear, lr: 0.5 } as const
const normalized = { ...linear, lr: 1 } as const

export const recipes = {
  lenet: {
    title: 'LeNet',
    about: 'the convolutional network of the notes: sigmoids and average pooling',
    full: { ...linear, lr: 0.9 },
    quick: { optimizer: 'adam', lr: 0.005, batchSize: 64, epochs: 6, side: 28 },
    rates: { sgd: 0.9, adam: 0.005 },
  },
  mlp: {
    title: 'Multilayer perceptron',
    about: 'one hidden layer of 256 units with ReLU',
    std: 0.01,
    full: softmax,
    quick: softmax,
  },
  'softmax-regression': {
    title: 'Softmax regression',
    about: 'a single linear layer',
    std: 0.01,
    full: softmax,
    quick: softmax,
  },
  'mlp-dropout': {
    title: 'Multilayer perceptron with dropout',
    about: 'two hidden layers of 256 units',
    std: 0.01,
    full: dropped,
    quick: dropped,
    dropout: true,
  },
  'lenet-batch-norm': {
    title: 'LeNet with batch normalisation',
    about: 'the same with a normalisation in front of every sigmoid',
    full: normalized,
    quick: normalized,
  },
  alexnet: {
    title: 'AlexNet',
    about: 'five convolutions and three wide linear layers',
    full: { ...large, lr: 0.01, side: 224 },
    quick: { ...small, epochs: 5, side: 67, limit: 12_000, width: 0.5 },
    dropout: true,
    wide: true,
  },
  vgg: {
    title: 'VGG-11',
    about: 'blocks of 3x3 convolutions, with a quarter of the channels',
    full: { ...large, lr: 0.05, side: 224 },
    quick: { ...small, epochs: 6, side: 32, limit: 20_000, width: 0.5 },
    dropout: true,
    wide: true,
  },
  nin: {
    title: 'Network in network',
    about: '1x1 convolutions, no linear layers',
    full: { ...large, lr: 0.1, side: 224 },
    quick: { ...small, lr: 0.0005, epochs: 6, side: 67, limit: 15_000, width: 0.5 },
    dropout: true,
    wide: true,
  },
  googlenet: {
    title: 'GoogLeNet',
    about: 'nine blocks of four paths each',
    full: { ...large, lr: 0.1, side: 96 },
    quick: { ...small, epochs: 6, side: 32, limit: 15_000, width: 0.5 },
    wide: true,
  },
  resnet18: {
    title: 'ResNet-18',
    about: 'eight residual blocks',
    full: { ...large, lr: 0.05, batchSize: 256, side: 96 },
    quick: { ...small, epochs: 5, side: 32, limit: 15_000, width: 0.5 },
    wide: true,
  },
  densenet: {
    title: 'DenseNet',
    about: 'four dense blocks of four convolutions',
    full: { ...large, lr: 0.1, batchSize: 256, side: 96 },
    quick: { ...small, epochs: 4, side: 32, limit: 12_000 },
    wide: true,
  },
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
