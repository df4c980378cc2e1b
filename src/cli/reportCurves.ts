// Parts of the report that follow a run from epoch to epoch: loss, accuracy, learning rate, and the size of the numbers in each layer.
import type { Figure } from '../plot/index.ts'
import { grouped, percent } from './format.ts'
import { Html, html, htmlTable } from './html.ts'
import type { LayerSample } from './layerSamples.ts'
import type { EpochMetrics } from './runFolder.ts'

/** Loss and accuracy on the images that a run was followed with. */
export const heldLoss = ({ validLoss, testLoss }: EpochMetrics): number | undefined => validLoss ?? testLoss
export const heldAccuracy = ({ validAccuracy, testAccuracy }: EpochMetrics): number =>
  validAccuracy ?? testAccuracy ?? Number.NaN

export const look = { xlabel: 'epoch', markers: true, width: 460, height: 260 } as const
export const figureHtml = (figure: Figure): Html => html`<figure>${new Html(figure.toSvg())}</figure>`

/** From 0 to a little above the greatest. */
export const fromZero = (values: readonly number[]): [number, number] | undefined =>
  values.length > 0 && values.every(Number.isFinite) ? [0, 1.05 * Math.max(...values)] : undefined
/** Of percentages: from a little below the least to 100. */
export const toHundred = (values: readonly number[]): [number, number] => [
  Math.max(0, Math.floor(Math.min(...values.filter(Number.isFinite), 98) - 2)),
  100,
]

export async function curvesSection(metrics: readonly EpochMetrics[]): Promise<Html> {
  const { plot } = await import('../plot/index.ts')
  const epochs = metrics.map(({ epoch }) => epoch)
  const last = metrics[metrics.length - 1]
  const held = last.validAccuracy === undefined ? 'test' : 'validation'
  const colours = ['var(--first)', 'var(--second)']
  // Runs of earlier versions have no held-out loss.
  const losses = [metrics.map((m) => m.trainLoss), metrics.map((m) => heldLoss(m) ?? Number.NaN)]
  const accuracies = [metrics.map((m) => 100 * m.trainAccuracy), metrics.map((m) => 100 * heldAccuracy(m))]
  const loss = plot(epochs, losses, {
    ...look,
    colours,
    ylabel: 'loss',
    ylim: fromZero(losses.flat().filter((value) => !Number.isNaN(value))),
    legend: ['training loss', `${held} loss`],
    description: `Training loss by epoch: from ${metrics[0].trainLoss.toFixed(3)} to ${last.trainLoss.toFixed(3)}`,
  })
  const accuracy = plot(epochs, accuracies, {
    ...look,
    colours,
    ylabel: 'accuracy, %',
    ylim: toHundred(accuracies.flat()),
    legend: ['training accuracy', `${held} accuracy`],
    description: `Accuracy by epoch: in the end ${percent(last.trainAccuracy)} in training, ${percent(heldAccuracy(last))} on the ${held} images`,
  })
  const rates = metrics.map(({ lr }) => lr)
  const rate = plot(epochs, rates, {
    ...look,
    colours,
    ylabel: 'learning rate',
    ylim: fromZero(rates),
    description: `Learning rate by epoch: from ${rates[0]} to ${rates[rates.length - 1]}`,
  })
  const hasSchedule = new Set(rates).size > 1
  const rows = metrics.map((m) => [
    m.epoch,
    m.trainLoss.toFixed(4),
    percent(m.trainAccuracy),
    heldLoss(m)?.toFixed(4) ?? '',
    percent(heldAccuracy(m)),
    m.lr === undefined ? '' : String(Number(m.lr.toPrecision(4))),
    m.seconds.toFixed(1),
    grouped(m.imagesPerSecond),
  ])
  const head = [
    ...['epoch', 'training loss', 'training accuracy', `${held} loss`, `${held} accuracy`],
    ...['learning rate', 'seconds', 'images/s'],
  ]
  return html`<section><h2>Training</h2>
<div class="two">
${figureHtml(loss)}
${figureHtml(accuracy)}
${hasSchedule ? figureHtml(rate) : ''}
</div>
<p class="soft">Training figures are means over an epoch while the model still learns, so those of the ${held} images, taken at its end, may be better.</p>
<details><summary>All figures</summary>
${htmlTable(head, rows, [0, 1, 2, 3, 4, 5, 6, 7])}</details></section>`
}

/** Networks of more layers are shown as a matrix, where so many curves could not be told apart. */
const mostCurves = 8

/** Nothing for runs that did not look. */
export async function layersSection(metrics: readonly EpochMetrics[]): Promise<Html | ''> {
  const names = metrics[0]?.layers?.map(({ name }) => name) ?? []
  if (names.length === 0) return ''
  const figures = names.length > mostCurves ? await matrices(names, metrics) : await curves(names, metrics)
  return html`<section><h2>Layer by layer</h2>
<p class="soft">How large the numbers are, as root mean squares, in the first batch of each epoch: what each layer with weights gives, and the gradient of its
weights. Where gradients shrink from the last layer to the first by powers of ten, the first layers hardly learn; where numbers grow, they explode.</p>
<div class="two">${figures}</div></section>`
}

const sizes: readonly (readonly [key: keyof Omit<LayerSample, 'name'>, label: string])[] = [
  ['activation', 'output of the layer'],
  ['gradient', 'gradient of the weights'],
]
/** A row for each layer, a number for each epoch; NaN where there is none, or 0, which has no logarithm. */
const sizesOf = (key: keyof Omit<LayerSample, 'name'>, names: readonly string[], metrics: readonly EpochMetrics[]) =>
  names.map((_, i) => metrics.map(({ layers }) => layers?.[i]?.[key] || Number.NaN))

async function curves(names: readonly string[], metrics: readonly EpochMetrics[]): Promise<Html[]> {
  const { plot } = await import('../plot/index.ts')
  const epochs = metrics.map(({ epoch }) => epoch)
  return sizes.map(([key, ylabel]) => {
    const values = sizesOf(key, names, metrics)
    const yscale = values.flat().every(Number.isNaN) ? 'linear' : 'log'
    const description = `${ylabel} by epoch, one line for each of ${names.length} layers, on a logarithmic axis`
    return figureHtml(
      plot(epochs, values, { ...look, ylabel, yscale, legend: names.map((name) => `layer ${name}`), description }),
    )
  })
}

async function matrices(names: readonly string[], metrics: readonly EpochMetrics[]): Promise<Html[]> {
  const { heatmap } = await import('../plot/index.ts')
  const columnNames = metrics.map(({ epoch }) => String(epoch))
  return sizes.map(([key, label]) => {
    const powers = sizesOf(key, names, metrics).map((row) => row.map(Math.log10))
    const title = `${label}, as a power of ten`
    const size = { width: 400, height: 70 + 16 * names.length }
    const description = `${title}: ${names.length} layers by ${metrics.length} epochs`
    return figureHtml(heatmap(powers, { ...size, title, rowNames: names, columnNames, xlabel: 'epoch', description }))
  })
}
