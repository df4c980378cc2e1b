// The page that shows several runs side by side: learning curves, the settings that differ, and what came out.
import { type ComparedRun, differences, figureNames, figures } from './comparison.ts'
import { type Html, html, htmlTable, page } from './html.ts'
import { figureHtml, fromZero, heldAccuracy, heldLoss, look, toHundred } from './reportCurves.ts'
import type { EpochMetrics } from './runFolder.ts'

interface Panel {
  readonly title: string
  readonly value: (of: EpochMetrics) => number | undefined
  readonly limits: (values: readonly number[]) => [number, number] | undefined
}
const panels: readonly Panel[] = [
  { title: 'training loss', value: ({ trainLoss }) => trainLoss, limits: fromZero },
  { title: 'held-out loss', value: heldLoss, limits: fromZero },
  { title: 'training accuracy, %', value: ({ trainAccuracy }) => 100 * trainAccuracy, limits: toHundred },
  { title: 'held-out accuracy, %', value: (m) => 100 * heldAccuracy(m), limits: toHundred },
]

/** `lead` comes below the title, `settings` at the end. */
export async function comparePage(
  title: string,
  lead: Html | '',
  runs: readonly ComparedRun[],
  settings: Html,
): Promise<string> {
  const rows = runs.map((run) => [run.name, ...figures(run)])
  const body = html`<header><h1>${title}</h1></header>
<main>
${lead}
<section><h2>What came out</h2>
${htmlTable(['run', ...figureNames], rows, [1, 2, 3, 4, 5, 6, 7])}
<p class="soft">Best and last are by the accuracy after each epoch, on the validation images where a run has some, else on the test images. Kept model: what it
reaches on the images named; the model of the best epoch where a run stops early, else of the last.</p></section>
<section><h2>Learning curves</h2>
<div class="two">${await drawPanels(runs)}</div></section>
${settings}
</main>`
  return page(title, body)
}

/** The settings in which runs differ. */
export function differenceSection(runs: readonly ComparedRun[]): Html {
  const rows = differences(runs).map(([name, values]) => [name, ...values])
  const table = htmlTable(['setting', ...runs.map(({ name }) => name)], rows)
  return html`<section><h2>Settings that differ</h2>
${rows.length === 0 ? html`<p>None: all runs were told the same.</p>` : table}</section>`
}

async function drawPanels(runs: readonly ComparedRun[]): Promise<Html[]> {
  const { plot } = await import('../plot/index.ts')
  const epochs = runs.map(({ metrics }) => metrics.map(({ epoch }) => epoch))
  return panels.map(({ title, value, limits }) => {
    const rows = runs.map(({ metrics }) => metrics.map((line) => value(line) ?? Number.NaN))
    return figureHtml(
      plot(epochs, rows, {
        ...look,
        ylabel: title,
        ylim: limits(rows.flat().filter((number) => !Number.isNaN(number))),
        legend: runs.map(({ name }) => name),
        description: `${title} of ${runs.length} runs by epoch`,
      }),
    )
  })
}
