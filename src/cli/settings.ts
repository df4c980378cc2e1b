// The settings of a run: what the command line says, and the preset of the model where it says nothing.
import {
  type ModelName,
  modelNames,
  type OptimizerName,
  optimizerNames,
  optimizers,
  type PresetName,
  type Recipe,
  recipes,
  type ScheduleName,
} from './catalog.ts'
import { UserError } from './userError.ts'

/** What decides how a run goes; all of it is in config.json. */
export interface RunSettings {
  model: ModelName
  /** The name of a data set, or a folder. */
  data: string
  preset?: PresetName
  epochs: number
  batchSize: number
  optimizer: OptimizerName
  lr: number
  momentum?: number
  weightDecay?: number
  schedule?: ScheduleName
  /** Of all dropout layers; without it as the model has them. */
  dropout?: number
  augment?: boolean
  /** Pixels to a side that the images are resized to; runs of earlier versions have none: 28. */
  side?: number
  /** Factor of the channels and hidden units; 1 where it is missing. */
  width?: number
  /** Training images that take part, those for validation among them; all where it is missing. */
  limit?: number
  /** The fraction of them that is held out. */
  valid?: number
  patience?: number
  /** Of a run that is many: how many. */
  kFold?: number
  seed: number
  /** 'webgpu': the GPU; the processor where it is missing. */
  device?: TrainDevice
}

export const trainDevices = ['wasm', 'webgpu'] as const
export type TrainDevice = (typeof trainDevices)[number]

export type StartOptions = Partial<Omit<RunSettings, 'model' | 'data' | 'preset' | 'seed'>> & {
  data: string
  preset: PresetName
  seed: number
  out?: string
}

/** Held out for `--patience` where nothing else is. */
const usualValid = 0.1

/** Throws UserError for options that do not go together, or not with the model. */
export function settle(model: ModelName, { out: _, ...options }: StartOptions): RunSettings & { side: number } {
  const recipe: Recipe = recipes[model]
  const preset = recipe[options.preset]
  const optimizer = options.optimizer ?? preset.optimizer
  check(model, recipe, { ...options, optimizer })
  const usual = recipe.rates?.[optimizer] ?? optimizers[optimizer].lr
  const needsValid = options.patience !== undefined && options.kFold === undefined
  return {
    ...preset,
    lr: optimizer === preset.optimizer ? preset.lr : usual,
    ...(needsValid ? { valid: usualValid } : {}),
    ...options,
    optimizer,
    model,
  }
}

function check(model: ModelName, recipe: Recipe, options: StartOptions & { optimizer: OptimizerName }): void {
  const namesOf = (has: 'dropout' | 'wide'): string =>
    modelNames.filter((name) => (recipes[name] as Recipe)[has]).join(', ')
  if (options.dropout !== undefined && !recipe.dropout)
    throw new UserError(`--dropout: ${model} has no dropout layers; there are some in: ${namesOf('dropout')}`)
  if (options.width !== undefined && !recipe.wide)
    throw new UserError(`--width: ${model} comes in one width; it can be changed in: ${namesOf('wide')}`)
  for (const [option, has] of [
    ['--momentum', 'momentum'],
    ['--weight-decay', 'weightDecay'],
  ] as const) {
    if (options[has] === undefined || optimizers[options.optimizer][has]) continue
    const names = optimizerNames.filter((name) => optimizers[name][has]).join(', ')
    throw new UserError(`${option}: ${options.optimizer} has none; it goes with: ${names}`)
  }
  if (options.kFold !== undefined && options.valid !== undefined)
    throw new UserError('--k-fold: each fold is a validation set already; leave --valid out')
}

type SettingKey = keyof RunSettings | 'fold'
/** How tables name the settings, in this order. */
const labels: Readonly<Record<SettingKey, string>> = {
  model: 'Model',
  data: 'Data',
  preset: 'Preset',
  epochs: 'Epochs',
  batchSize: 'Batch size',
  optimizer: 'Optimizer',
  lr: 'Learning rate',
  schedule: 'Schedule',
  momentum: 'Momentum',
  weightDecay: 'Weight decay',
  dropout: 'Dropout',
  augment: 'Augmented',
  side: 'Pixels a side',
  width: 'Width',
  limit: 'Training images',
  valid: 'Held out to validate',
  patience: 'Patience',
  kFold: 'Folds',
  fold: 'Fold',
  seed: 'Seed',
  device: 'Device',
}

export const settingNames: readonly string[] = Object.values(labels)

/** The settings that a run has, in words. */
export function settingRows(settings: RunSettings & { fold?: { index: number; of: number } }): [string, string][] {
  const keys = (Object.keys(labels) as SettingKey[]).filter((key) => settings[key] !== undefined)
  return keys.map((key) => [labels[key], valueText(settings[key])])
}

function valueText(value: string | number | boolean | { index: number; of: number } | undefined): string {
  if (typeof value === 'object') return `${value.index} of ${value.of}`
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}
