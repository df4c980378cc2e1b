// Models and optimizers made from their names.
import { nn, optim } from '../index.ts'
import * as models from '../models/index.ts'
import type { ModelName, OptimizerName } from './catalog.ts'

export type Optimizer = optim.SGD | optim.Adam

const builders: Readonly<Record<ModelName, (classes: number) => nn.Sequential>> = {
  lenet: (classes) => models.lenet({ classes }),
  mlp: (classes) => models.mlp({ classes }),
  'softmax-regression': (classes) => models.softmaxRegression({ classes }),
}

/** Images [N, 1, 28, 28] -> scores [N, classes]. */
export const inputShape: readonly number[] = [1, 28, 28]

export const buildModel = (name: ModelName, classes = 10): nn.Sequential => builders[name](classes)

/** Xavier weights, as the book initialises its networks. */
export function initialize(net: nn.Module): void {
  net.apply((module) => {
    if (module instanceof nn.Linear || module instanceof nn.Conv2d) nn.init.xavierUniform_(module.weight)
  })
}

export function makeOptimizer(name: OptimizerName, net: nn.Module, lr: number): Optimizer {
  return name === 'adam' ? new optim.Adam(net.parameters(), { lr }) : new optim.SGD(net.parameters(), { lr })
}
