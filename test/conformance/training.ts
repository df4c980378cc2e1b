// Optimizers and schedulers: fixed gradients in, parameters after every step; learning rates over twenty steps.
import { scope } from '../../src/runtime/scope.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import type { Fixture } from '../support/safetensors.ts'
import { bind, camelCase } from './bind.ts'
import { mismatch } from './compare.ts'
import type { TensorRef } from './described.ts'
import { classAt, lookup, tensorFrom } from './kindling.ts'
import { type Line, Missing, runLine } from './report.ts'

export interface OptimizerRun {
  readonly optimizer: string
  readonly options: Readonly<Record<string, unknown>>
  readonly params: readonly TensorRef[]
  readonly steps: readonly { readonly grads: readonly TensorRef[]; readonly params: readonly TensorRef[] }[]
}
export interface Schedule {
  readonly scheduler: string
  readonly options: Readonly<Record<string, unknown>>
  readonly base_lr: number
  readonly lrs: readonly number[]
}

interface OptimizerLike {
  readonly paramGroups: readonly { readonly lr: number }[]
  step(): void
}

const camelKeys = (options: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]))

/** Ten steps of divisions and square roots; rounding adds up over them. */
const loose = { rtol: 1e-5, atol: 1e-6 }

export async function* checkOptimizers(
  { json, tensors }: Fixture<readonly OptimizerRun[]>,
  only: (name: string) => boolean,
): AsyncGenerator<Line> {
  for (const [name, runs] of Map.groupBy(json, (run) => `optim.${run.optimizer}`)) {
    if (!only(name)) continue
    yield await runLine(
      name,
      runs,
      (run) => JSON.stringify(run.options),
      (run) =>
        scope(() => {
          const Optimizer = classAt(name)
          const stored = (ref: TensorRef) => tensors.get(ref.tensor) as never
          const params = run.params.map((ref) => tensorFrom(stored(ref), true))
          const optimizer = new Optimizer(params, camelKeys(run.options)) as OptimizerLike
          for (const [s, step] of run.steps.entries()) {
            step.grads.forEach((ref, i) => {
              params[i].grad = tensorFrom(stored(ref))
            })
            optimizer.step()
            for (const [i, ref] of step.params.entries()) {
              const wrong = mismatch(params[i] as Tensor, stored(ref), loose)
              if (wrong !== null) return `step ${s + 1}, parameter ${i} ${wrong}`
            }
          }
          return null
        }),
    )
  }
}

/** Parameters of the schedulers behind the optimizer. */
const schedulers: Readonly<Record<string, string>> = {
  StepLR: 'step_size | gamma',
  MultiStepLR: 'milestones | gamma',
  ExponentialLR: 'gamma',
  CosineAnnealingLR: 'T_max | eta_min',
  CosineAnnealingWarmRestarts: 'T_0 | T_mult eta_min',
  LinearLR: '| start_factor end_factor total_iters',
  ConstantLR: '| factor total_iters',
  PolynomialLR: '| total_iters power',
  OneCycleLR:
    'max_lr | total_steps epochs steps_per_epoch pct_start anneal_strategy cycle_momentum div_factor final_div_factor three_phase',
  CyclicLR: 'base_lr max_lr | step_size_up step_size_down mode gamma cycle_momentum',
}

export async function* checkSchedulers(
  { json }: Fixture<readonly Schedule[]>,
  only: (name: string) => boolean,
): AsyncGenerator<Line> {
  for (const schedule of json) {
    const name = `optim.lrScheduler.${schedule.scheduler}`
    if (!only(name)) continue
    yield await runLine(
      name,
      [schedule],
      () => JSON.stringify(schedule.options),
      () => {
        if (lookup(name) === undefined) throw new Missing(`no ${name}`)
        const Scheduler = classAt(name)
        const weight = tensorFrom({ dtype: 'float32', shape: [1], data: new Float32Array(1) }, true)
        // OneCycleLR turns the momentum too, so the optimizer needs one.
        const optimizer = new (classAt('optim.SGD'))([weight], { lr: schedule.base_lr, momentum: 0.9 }) as OptimizerLike
        const scheduler = new Scheduler(optimizer, ...bind(schedulers[schedule.scheduler], [], schedule.options)) as {
          step(): void
        }
        for (const [i, want] of schedule.lrs.entries()) {
          const got = optimizer.paramGroups[0].lr
          if (!(Math.abs(got - want) <= 1e-12)) return `after ${i} steps ${got}, PyTorch ${want}`
          optimizer.step()
          scheduler.step()
        }
        return null
      },
    )
  }
}
