// optim.swaUtils: averages of the weights that training passes through. Source: `torch.optim.swa_utils`.
// Izmailov et al. 2018; with an exponential average, Polyak and Juditsky 1992.
import { noGrad } from '../autograd/noGrad.ts'
import { withoutRecording } from '../autograd/record.ts'
import { ValueError } from '../base/errors.ts'
import { deepcopy } from '../nn/copy.ts'
import { Module } from '../nn/module.ts'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../nn/norm.ts'
import { to } from '../ops/cast.ts'
import { detach } from '../ops/copy.ts'
import { zeros } from '../ops/creation.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { scoped } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { LRScheduler, perGroup, type Scheduled, type ScheduleOptions } from './lrScheduler/scheduler.ts'

/** The next average, from the one so far, the model's values, and how many models it is of. */
export type AvgFn = (averaged: Tensor, model: Tensor, numAveraged: number) => Tensor

export interface AveragedModelOptions {
  /** Where the average lies. Default: where the model lies. */
  device?: DeviceName
  /** Default: all models weigh the same. `(avg, x) => avg.mul(0.99).add(x.mul(0.01))` is an exponential moving average. */
  avgFn?: AvgFn
  /** Average the buffers, too; otherwise they stay what they were at first: see `updateBn`. Default false. */
  useBuffers?: boolean
}

const equalWeights: AvgFn = (averaged, model, n) => averaged.add(model.sub(averaged).div(n + 1))

/** A copy of `model` whose parameters become the average of the models that `updateParameters` is given. Source: `torch.optim.swa_utils.AveragedModel`. */
export class AveragedModel<M extends Module = Module> extends Module {
  static override readonly stateKeys: Readonly<Record<string, string>> = { nAveraged: 'n_averaged' }
  readonly module: M
  declare nAveraged: Tensor
  readonly avgFn: AvgFn
  readonly useBuffers: boolean

  constructor(model: M, { device, avgFn = equalWeights, useBuffers = false }: AveragedModelOptions = {}) {
    super()
    this.module = deepcopy(model)
    if (device !== undefined) this.module.to(device)
    this.registerBuffer('nAveraged', zeros([], { dtype: 'int64', device }))
    this.avgFn = avgFn
    this.useBuffers = useBuffers
  }

  /** Takes the values of `model` into the average; the first time, they are the average. Throws ValueError where it has not as many parameters. */
  updateParameters(model: Module): void {
    const valuesOf = (module: Module): Tensor[] => [
      ...module.parameters(),
      ...(this.useBuffers ? module.buffers() : []),
    ]
    const [own, others] = [valuesOf(this.module), valuesOf(model)]
    if (own.length !== others.length)
      throw new ValueError(`AveragedModel: the average has ${own.length} tensors, the model ${others.length}`)
    withoutRecording(() =>
      scoped(() => {
        const n = this.nAveraged.item()
        own.forEach((averaged, i) => {
          const value = to(detach(others[i]), averaged.device)
          averaged.copy_(n === 0 ? value : this.avgFn(detach(averaged), value, n))
        })
        this.nAveraged.add_(1)
      }),
    )
  }

  override forward(...args: unknown[]): unknown {
    return this.module(...args)
  }
}

/** A batch: the input, or a list that begins with it. */
type Batch = Tensor | readonly [Tensor, ...unknown[]]

/**
 * Sets the running statistics of all BatchNorm layers to the means over the batches of `loader`: an averaged network has seen no data itself. One pass in
 * training mode, without gradients. A loader that must be awaited is. Source: `torch.optim.swa_utils.update_bn`.
 */
export function updateBn(loader: Iterable<Batch>, model: Module, options?: { device?: DeviceName }): void
export function updateBn(loader: AsyncIterable<Batch>, model: Module, options?: { device?: DeviceName }): Promise<void>
export function updateBn(
  loader: Iterable<Batch> | AsyncIterable<Batch>,
  model: Module,
  { device }: { device?: DeviceName } = {},
): void | Promise<void> {
  const norms = [...model.modules()].filter(isBatchNorm)
  const momenta = norms.map(({ momentum }) => momentum)
  const { training } = model
  const see = (batch: Batch): void =>
    noGrad(() =>
      scoped(() => {
        const [x] = (Array.isArray(batch) ? batch : [batch]) as [Tensor]
        void model(device === undefined ? x : to(x, device))
      }),
    )
  const restore = (): void => {
    norms.forEach((norm, i) => {
      norm.momentum = momenta[i]
    })
    model.train(training)
  }
  const begin = (): void => {
    for (const norm of norms) {
      norm.resetRunningStats()
      norm.momentum = null
    }
    model.train()
  }
  if (norms.length === 0) return Symbol.iterator in loader ? undefined : Promise.resolve()
  begin()
  if (!(Symbol.iterator in loader)) return seeAll(loader, see).finally(restore)
  try {
    for (const batch of loader) see(batch)
  } finally {
    restore()
  }
}

async function seeAll(loader: AsyncIterable<Batch>, see: (batch: Batch) => void): Promise<void> {
  for await (const batch of loader) see(batch)
}

type BatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d
const isBatchNorm = (module: Module): module is BatchNorm =>
  [BatchNorm1d, BatchNorm2d, BatchNorm3d].some((kind) => module instanceof kind)

export interface SWALROptions extends ScheduleOptions {
  /** Steps from the learning rate that is found to `swaLr`. Default 10. */
  annealEpochs?: number
  /** Default 'cos'. */
  annealStrategy?: 'cos' | 'linear'
}

const strategies: Readonly<Record<string, (t: number) => number>> = {
  cos: (t) => (1 - Math.cos(Math.PI * t)) / 2,
  linear: (t) => t,
}

/**
 * Takes the learning rates to `swaLr`, one for all groups or one for each, where they stay while models are averaged. Throws ValueError for another
 * strategy, or a negative number of epochs. Source: `torch.optim.swa_utils.SWALR`.
 */
export class SWALR extends LRScheduler {
  annealEpochs: number
  annealStrategy: 'cos' | 'linear'

  constructor(
    optimizer: Scheduled,
    swaLr: number | readonly number[],
    { annealEpochs = 10, annealStrategy = 'cos', ...options }: SWALROptions = {},
  ) {
    if (!Object.hasOwn(strategies, annealStrategy))
      throw new ValueError(`SWALR: annealStrategy must be 'cos' or 'linear', got '${annealStrategy}'`)
    if (!(Number.isInteger(annealEpochs) && annealEpochs >= 0))
      throw new ValueError(`SWALR: annealEpochs must be a whole number >= 0, got ${annealEpochs}`)
    super(optimizer, options)
    const rates = perGroup('SWALR', 'swaLr', optimizer, swaLr)
    this.groups.forEach((group, i) => {
      group.swaLr = rates[i]
    })
    this.annealEpochs = annealEpochs
    this.annealStrategy = annealStrategy
    this.begin()
  }

  override getLr(): number[] {
    const anneal = strategies[this.annealStrategy]
    const span = Math.max(1, this.annealEpochs)
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1
    const alphaAt = (at: number): number => anneal(Math.max(0, Math.min(1, at / span)))
    const [before, now] = [alphaAt(step - 1), alphaAt(step)]
    return this.groups.map(({ lr, swaLr = lr }) => {
      const initial = before === 1 ? swaLr : (lr - before * swaLr) / (1 - before)
      return swaLr * now + initial * (1 - now)
    })
  }
}
