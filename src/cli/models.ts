// The models that the command line can train, with the recipe that works for each.
import * as models from '../models/index.ts'
import { nn, optim } from '../index.ts'
import { UserError } from './userError.ts'

export type OptimizerName = 'adam' | 'sgd'

export interface Recipe {
  readonly build: () => nn.Sequential
  readonly optimizer: OptimizerName
  readonly lr: number
  readonly epochs: number
  readonly about: string
}

export const batchSize = 256

export const recipes: Readonly<Record<string, Recipe>> = {
  lenet: { build: () => models.lenet(), optimizer: 'adam', lr: 0.01, epochs: 6, about: 'the convolutional network of the notes: sigmoids and average pooling' },
  mlp: { build: () => models.mlp(), optimizer: 'sgd', lr: 0.1, epochs: 10, about: 'one hidden layer of 256 units with ReLU' },
  'softmax-regression': { build: () => models.softmaxRegression(), optimizer: 'sgd', lr: 0.1, epochs: 10, about: 'a single linear layer' },
}

/** Learning rates that go with the other optimizer: the book's SGD for LeNet, the usual rate for Adam. */
export const otherRates: Readonly<Record<string, Partial<Record<OptimizerName, number>>>> = {
  lenet: { sgd: 0.9 },
  mlp: { adam: 0.001 },
  'softmax-regression': { adam: 0.001 },
}

export function recipeOf(model: string): Recipe {
  const recipe = Object.hasOwn(recipes, model) ? recipes[model] : undefined
  if (recipe === undefined) throw new UserError(`unknown model '${model}'; there are: ${Object.keys(recipes).join(', ')}`)
  return recipe
}

/** Xavier weights, as the book initialises its networks. */
export function initialize(net: nn.Module): void {
  net.apply((module) => {
    if (module instanceof nn.Linear || module instanceof nn.Conv2d) nn.init.xavierUniform_(module.weight)
  })
}

export function makeOptimizer(name: OptimizerName, net: nn.Module, lr: number): optim.SGD | optim.Adam {
  return name === 'adam' ? new optim.Adam(net.parameters(), { lr }) : new optim.SGD(net.parameters(), { lr })
}
