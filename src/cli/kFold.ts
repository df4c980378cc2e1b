// Cross-validation of a model: k runs into folders of their own, then their mean and spread, and a report of all.
import { writeAtomic } from './files.ts'
import { percent } from './format.ts'
import { comparePage } from './comparePage.ts'
import { loadRun, spread } from './comparison.ts'
import { dataTitle, recipes } from './catalog.ts'
import { html, htmlTable } from './html.ts'
import { freshFolder, type RunConfig, RunFolder } from './runFolder.ts'
import { type RunSettings, settingRows } from './settings.ts'
import { begin, describe, resumeRun } from './training.ts'
import { UserError } from './userError.ts'

type Described = Omit<RunConfig, 'classes'>

/** Runs that validate with one part of the training images each. */
export async function startFolds(settings: RunSettings, out?: string): Promise<void> {
  const config = describe(settings)
  const top = new RunFolder(out ?? freshFolder(`${config.model}-folds`))
  await top.create({ ...config, classes: [] })
  try {
    await runFolds(top, config, undefined)
  } catch (error) {
    if (!top.fold(1).has('checkpoint')) top.discard()
    throw error
  }
}

/** Goes on with the fold that was stopped, and with those after it; or with all of them, for more epochs. */
export async function resumeFolds(top: RunFolder, epochs: number | undefined): Promise<void> {
  const saved = await top.config()
  const config = { ...saved, epochs: epochs ?? saved.epochs }
  if (top.has('result') && config.epochs <= saved.epochs) {
    const more = `add epochs with --epochs ${saved.epochs + 4}`
    throw new UserError(`${top.path} has finished its ${config.kFold} folds\n  help: ${more}`)
  }
  top.reopen()
  await top.writeConfig(config)
  await runFolds(top, config, epochs)
}

async function runFolds(top: RunFolder, config: Described, epochs: number | undefined): Promise<void> {
  const of = config.kFold as number
  for (let index = 1; index <= of; index++) {
    const folder = top.fold(index)
    if (await isDone(folder, config.epochs)) continue
    const result = folder.has('checkpoint')
      ? await resumeRun(folder, epochs)
      : await begin(folder, { ...config, kFold: undefined, fold: { index, of } })
    if (result === null) return
  }
  const runs = await Promise.all(Array.from({ length: of }, (_, i) => loadRun(top.fold(i + 1), `fold ${i + 1}`)))
  const accuracies = runs.map(({ result }) => result?.accuracy as number)
  const { mean, deviation } = spread(accuracies)
  const around = `standard deviation ${percent(deviation)}, from ${percent(Math.min(...accuracies))} to ${percent(Math.max(...accuracies))}`
  const title = `${recipes[config.model].title} on ${dataTitle(config.data)}: ${of} folds`
  const lead = html`<div class="hero"><strong>${percent(mean)}</strong>
<span>of the images held out named right, on average<br>${around}</span></div>`
  const settings = html`<section class="facts"><h2>Settings</h2>${htmlTable(['', ''], settingRows(config))}</section>`
  await writeAtomic(top.file('report'), await comparePage(title, lead, runs, settings))
  await top.writeResult({ accuracies, mean, deviation })
  process.stdout.write(
    `validation accuracy of ${of} folds: mean ${percent(mean)}, ${around}\nreport: ${top.file('report')}\n`,
  )
}

/** Whether a fold has done its epochs, or has stopped early. */
async function isDone(folder: RunFolder, epochs: number): Promise<boolean> {
  const result = await folder.result()
  return result !== null && (result.epochs >= epochs || result.epochs < (await folder.config()).epochs)
}
