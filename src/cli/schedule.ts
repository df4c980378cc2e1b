// Learning rates from epoch to epoch.
import { optim } from '../index.ts'
import type { ScheduleName } from './catalog.ts'
import type { Optimizer } from './models.ts'
import type { RunSettings } from './settings.ts'

/** `step` after every epoch. */
export interface Schedule {
  step(): void
}

const { CosineAnnealingLR, ExponentialLR, LinearLR, SequentialLR, StepLR } = optim.lrScheduler

const makers: Readonly<Record<ScheduleName, (optimizer: Optimizer, epochs: number) => Schedule>> = {
  none: () => ({ step: () => {} }),
  step: (optimizer, epochs) => new StepLR(optimizer, Math.ceil(epochs / 3)),
  exponential: (optimizer, epochs) => new ExponentialLR(optimizer, 0.01 ** (1 / epochs)),
  cosine: (optimizer, epochs) => new CosineAnnealingLR(optimizer, epochs),
  'warmup-cosine': (optimizer, epochs) => {
    const warm = Math.ceil(epochs / 10)
    const rise = new LinearLR(optimizer, { startFactor: 0.1, totalIters: warm })
    const fall = new CosineAnnealingLR(optimizer, Math.max(1, epochs - warm))
    return new SequentialLR(optimizer, [rise, fall], [warm])
  },
}

/** The schedule of a run at the beginning of `epoch` (from 1); its length is that of all epochs, also where they were raised. */
export function makeSchedule(
  { schedule = 'none', epochs }: RunSettings,
  optimizer: Optimizer,
  epoch: number,
): Schedule {
  const made = makers[schedule](optimizer, epochs)
  for (let done = 1; done < epoch; done++) made.step()
  return made
}
