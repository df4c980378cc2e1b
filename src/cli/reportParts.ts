// Parts of the report about single classes and images: confusion matrix, classes, sample predictions.
import { confusionMatrix } from '../metrics/index.ts'
import type { ImageDataset } from '../vision/index.ts'
import type { Predictions } from './evaluate.ts'
import { grouped, percent } from './format.ts'
import { type Html, html, htmlTable } from './html.ts'
import { pngDataUri } from './image.ts'

/** `counts[truth][predicted]`. */
export type Confusion = readonly (readonly number[])[]

export const countConfusion = ({ truth, predicted, classes }: Predictions): Confusion =>
  confusionMatrix(truth, predicted, { labels: classes.map((_, label) => label) })

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Right answers in one colour by their share of the row, mistakes in another by their number: among the former they would not show. */
export function confusionSection(counts: Confusion, classes: readonly string[]): Html {
  const mostWrong = Math.max(1, ...counts.flatMap((row, t) => row.filter((_, p) => p !== t)))
  const cell = (count: number, truth: number, predicted: number): Html => {
    const title = `true ${classes[truth]}, predicted ${classes[predicted]}: ${count}`
    if (count === 0) return html`<td class="none" title="${title}">0</td>`
    const isRight = truth === predicted
    const share = isRight ? count / sum(counts[truth]) : 0.12 + 0.8 * (count / mostWrong)
    const kind = `${isRight ? 'hit' : 'miss'}${isRight && share > 0.55 ? ' strong' : ''}`
    return html`<td class="${kind}" style="--share:${share.toFixed(3)}" title="${title}">${count}</td>`
  }
  const names = `${Math.max(3, Math.min(7, 0.62 * Math.max(...classes.map((name) => name.length)) + 1)).toFixed(1)}rem`
  return html`<section><h2>Confusion matrix</h2>
<p class="soft">Rows are the true classes, columns what the model predicted. Blue: right. Orange: mistakes, the stronger the more.</p>
<div class="matrix scroll" style="--names:${names}"><table>
<thead><tr><th scope="col" class="corner">true</th>${classes.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${counts.map((row, t) => html`<tr><th scope="row">${classes[t]}</th>${row.map((count, p) => cell(count, t, p))}</tr>\n`)}</tbody>
</table></div></section>`
}

export function classSection(counts: Confusion, classes: readonly string[]): Html {
  const rows = classes.map((name, t) => {
    const images = sum(counts[t])
    const share = images === 0 ? 0 : counts[t][t] / images
    const others = counts[t].map((count, p) => ({ count, name: classes[p], p })).filter(({ p }) => p !== t)
    const worst = others.reduce((a, b) => (b.count > a.count ? b : a))
    return [
      name,
      grouped(images),
      images === 0 ? 'no images' : percent(share),
      worst.count === 0 ? 'never wrong' : `${worst.name} (${worst.count} times)`,
    ]
  })
  return html`<section><h2>Class by class</h2>
${htmlTable(['class', 'images', 'right', 'most often taken for'], rows, [1, 2])}</section>`
}

const shown = 20

/** The first images of each class that were named right, and the mistakes with the highest loss. */
export function sampleSection(predictions: Predictions, images: ImageDataset): Html {
  const { truth, predicted, losses, classes } = predictions
  const indices = Array.from(truth, (_, i) => i)
  const perClass = Math.ceil(shown / classes.length)
  const right = classes
    .flatMap((_, label) => indices.filter((i) => truth[i] === label && predicted[i] === label).slice(0, perClass))
    .slice(0, shown)
  const mistakes = indices.filter((i) => truth[i] !== predicted[i])
  const worst = mistakes.sort((a, b) => losses[b] - losses[a]).slice(0, shown)
  const grid = (list: readonly number[]): Html =>
    html`<div class="samples">${list.map((i) => sample(predictions, images, i))}</div>`
  return html`<section><h2>Sample predictions</h2>
<h3>Named right</h3>
${right.length > 0 ? grid(right) : html`<p>None.</p>`}
<h3>Worst mistakes</h3>
<p class="soft">Those with the highest loss: the model is sure, and wrong.</p>
${worst.length > 0 ? grid(worst) : html`<p>None: every image was named right.</p>`}</section>`
}

function sample(predictions: Predictions, images: ImageDataset, i: number): Html {
  const { truth, predicted, probabilities, losses, classes } = predictions
  const [, , height, width] = images.images.shape
  const pixels = images.images.select(0, i).data() as Uint8Array
  const [said, is] = [classes[predicted[i]], classes[truth[i]]]
  const sure = percent(probabilities[i * classes.length + predicted[i]], 1)
  const alt = `Image ${i}: ${is}, predicted ${said} with ${sure}`
  const together = sure.replace(' ', '\u00a0')
  const caption =
    said === is
      ? html`<b>${said}</b> ${together}`
      : html`<b>${said}</b> ${together}<br>true: <b>${is}</b><br>loss ${losses[i].toFixed(2)}`
  return html`<figure><img src="${pngDataUri(width, height, pixels)}" alt="${alt}" width="28" height="28" loading="lazy">
<figcaption>${caption}</figcaption></figure>`
}
