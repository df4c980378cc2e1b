// Several runs beside one another: what they have been told, and what came of it. `compare` and the report of folds show it.
import { existsSync } from 'node:fs'
import { formatSeconds, percent } from './format.ts'
import { heldAccuracy } from './reportCurves.ts'
import { type EpochMetrics, type RunConfig, RunFolder, type RunResult } from './runFolder.ts'
import { settingNames, settingRows } from './settings.ts'
import { UserError } from './userError.ts'

export interface ComparedRun {
  readonly name: string
  readonly config: RunConfig
  /** At least one. */
  readonly metrics: readonly EpochMetrics[]
  /** null where the run has not come to its end. */
  readonly result: RunResult | null
}

/** Throws UserError where there is no run, or one without an epoch. */
export async function loadRun(folder: RunFolder, name: string): Promise<ComparedRun> {
  const run = { name, config: await folder.config(), metrics: await folder.metrics(), result: await folder.result() }
  if (run.metrics.length === 0) throw new UserError(`${name} has not done an epoch yet`)
  return run
}

/** The run of a folder, or those of its folds. */
export async function loadRuns(path: string): Promise<ComparedRun[]> {
  const folder = new RunFolder(path)
  const { kFold } = await folder.config()
  if (kFold === undefined) return [await loadRun(folder, path)]
  const folds = Array.from({ length: kFold }, (_, i) => folder.fold(i + 1)).filter((fold) => existsSync(fold.path))
  return await Promise.all(folds.map((fold, i) => loadRun(fold, `${path}/fold-${i + 1}`)))
}

/** A table: the settings in which the runs differ, by name, with a value for each run; '' where a run has none. */
export function differences(runs: readonly ComparedRun[]): [setting: string, values: string[]][] {
  const tables = runs.map(({ config }) => new Map(settingRows(config)))
  return settingNames
    .map((name): [string, string[]] => [name, tables.map((table) => table.get(name) ?? '')])
    .filter(([, values]) => new Set(values).size > 1)
}

/** What came out, as a head and a row for each run. */
export const figureNames = ['epochs', 'training loss', 'best', 'at epoch', 'last', 'kept model', 'time'] as const
export function figures({ metrics, result }: ComparedRun): string[] {
  const last = metrics[metrics.length - 1]
  const kind = last.validAccuracy === undefined ? 'test' : 'valid'
  const accuracies = metrics.map(heldAccuracy)
  const best = Math.max(...accuracies)
  const seconds = metrics.reduce((sum, line) => sum + line.seconds, 0)
  return [
    String(metrics.length),
    last.trainLoss.toFixed(4),
    `${kind} ${percent(best)}`,
    String(metrics[accuracies.indexOf(best)].epoch),
    `${kind} ${percent(accuracies[accuracies.length - 1])}`,
    result === null ? 'not finished' : `${result.images === 'test' ? 'test' : 'valid'} ${percent(result.accuracy)}`,
    formatSeconds(seconds),
  ]
}

/** Mean, and standard deviation with n - 1. */
export function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) }
}
