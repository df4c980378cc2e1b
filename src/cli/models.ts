// Models and optimizers made from their names.
import { nn, optim } from '../index.ts'
import * as models from '../models/index.ts'
import type { ModelName } from './catalog.ts'
import type { RunConfig } from './runFolder.ts'
import type { RunSettings } from './settings.ts'
import { UserError } from './userError.ts'

export type Optimizer = optim.Optimizer<{ lr: number }>

type Builder =
  | 'softmaxRegression'
  | 'mlp'
  | 'lenet'
  | 'lenetBatchNorm'
  | 'alexnet'
  | 'vgg'
  | 'nin'
  | 'googlenet'
  | 'resnet18'
  | 'densenet'
interface Entry {
  readonly make: Builder
  /** What the network must know of its images besides their channels. */
  readonly fits: 'inputs' | 'side' | 'any side'
  readonly options?: Readonly<Record<string, unknown>>
}
const entries: Readonly<Record<ModelName, Entry>> = {
  lenet: { make: 'lenet', fits: 'side' },
  mlp: { make: 'mlp', fits: 'inputs' },
  'mlp-dropout': { make: 'mlp', fits: 'inputs', options: { hidden: [256, 256], dropout: [0.2, 0.5] } },
  'softmax-regression': { make: 'softmaxRegression', fits: 'inputs' },
  'lenet-batch-norm': { make: 'lenetBatchNorm', fits: 'side' },
  alexnet: { make: 'alexnet', fits: 'side' },
  vgg: { make: 'vgg', fits: 'side', options: { ratio: 4 } },
  nin: { make: 'nin', fits: 'any side' },
  googlenet: { make: 'googlenet', fits: 'any side' },
  resnet18: { make: 'resnet18', fits: 'any side' },
  densenet: { make: 'densenet', fits: 'any side' },
}

/** One image as the data sets have it. */
export const inputShape: readonly number[] = [1, 28, 28]
/** The same resized to `side` pixels. */
export const resizedShape = (side: number): readonly number[] => [inputShape[0], side, side]
/** The side that a run was trained with. */
export const sideOf = ({ side }: { side?: number }): number => side ?? inputShape[1]

/** What can be changed about a model, besides the images that it is for. */
export interface Changes {
  width?: number
  dropout?: number
}

/** The options of the model for images [C, H, W]. */
function optionsFor(
  { fits, options }: Entry,
  image: readonly number[],
  classes: number,
  { width, dropout }: Changes,
): Record<string, unknown> {
  const changes = { ...(width === undefined ? {} : { width }), ...(dropout === undefined ? {} : { dropout }) }
  const [channels, ...side] = image
  if (fits === 'inputs') return { inputs: image.reduce((n, size) => n * size, 1), classes, ...options, ...changes }
  if (side.length !== 2)
    throw new UserError(`this model takes images of three sizes, channels, height and width; got ${image.join(' x ')}`)
  const sized = fits === 'side' ? { side: side[0] === side[1] ? side[0] : side } : {}
  return { channels, classes, ...sized, ...options, ...changes }
}

/** Images [N, C, H, W] -> scores [N, classes]. Throws UserError or ShapeError where `image` [C, H, W] does not fit. */
export function buildModel(
  name: ModelName,
  image: readonly number[],
  classes = 10,
  changes: Changes = {},
): nn.Sequential {
  const entry = entries[name]
  const make = models[entry.make] as (options: object) => nn.Sequential
  return make(optionsFor(entry, image, classes, changes))
}

/** The model of a run, with weights of its own. */
export const modelOf = (config: RunConfig): nn.Sequential =>
  buildModel(config.model, resizedShape(sideOf(config)), config.classes.length, config)

/** The same as a line of TypeScript for the report, and the function that it needs. */
export function modelSource(config: RunConfig): { make: string; call: string } {
  const entry = entries[config.model]
  const options = Object.entries(optionsFor(entry, resizedShape(sideOf(config)), config.classes.length, config))
    .map(([key, value]) => `${key}: ${JSON.stringify(value).replaceAll(',', ', ')}`)
    .join(', ')
  return { make: entry.make, call: `${entry.make}({ ${options} })` }
}

/** Weights as the book initialises its networks: Xavier's, or normal with a standard deviation of `std`. */
export function initialize(net: nn.Module, std?: number): void {
  net.apply((module) => {
    if (!(module instanceof nn.Linear || module instanceof nn.Conv2d)) return
    if (std === undefined) nn.init.xavierUniform_(module.weight)
    else nn.init.normal_(module.weight, 0, std)
  })
}

const makers = {
  sgd: optim.SGD,
  adam: optim.Adam,
  adamw: optim.AdamW,
  adagrad: optim.Adagrad,
  rmsprop: optim.RMSprop,
  adadelta: optim.Adadelta,
  adamax: optim.Adamax,
  nadam: optim.NAdam,
  radam: optim.RAdam,
  asgd: optim.ASGD,
  rprop: optim.Rprop,
} as const

export function makeOptimizer(settings: RunSettings, net: nn.Module): Optimizer {
  const { optimizer, lr, momentum, weightDecay } = settings
  const options = {
    lr,
    ...(momentum === undefined ? {} : { momentum }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
  }
  return new makers[optimizer](net.parameters(), options)
}
