// report.html: one file without a network that tells how a run went. `train` writes it at the end.
import type { nn } from '../index.ts'
import type { ImageDataset } from '../vision/index.ts'
import { dataTitle, recipes } from './catalog.ts'
import { avx2Text, type Diagnosis, diagnose } from './doctor.ts'
import { type Predictions, predictAll } from './evaluate.ts'
import { writeAtomic } from './files.ts'
import { formatSeconds, grouped, percent } from './format.ts'
import { Html, html, htmlTable, page } from './html.ts'
import { layerRows, shapeText, total } from './layers.ts'
import { modelSource, resizedShape, sideOf } from './models.ts'
import { classSection, confusionSection, countConfusion, sampleSection } from './reportParts.ts'
import type { EpochMetrics, RunConfig, RunFolder } from './runFolder.ts'

/** Runs the test images through `net` once more and writes the report of the run, whole or not at all. */
export async function writeReport(folder: RunFolder, net: nn.Module, test: ImageDataset): Promise<void> {
  const config = await folder.config()
  const metrics = await folder.metrics()
  const predictions = await predictAll(net, test)
  const title = `${recipes[config.model].title} on ${dataTitle(config.data)}`
  const confusion = countConfusion(predictions)
  const body = html`<header>
<h1>${title}</h1>
<p class="soft">Trained with Kindling ${config.kindling} on ${config.started.slice(0, 10)}</p>
</header>
<main>
${headline(config, metrics, predictions, net)}
${await curves(metrics)}
${confusionSection(confusion, predictions.classes)}
${classSection(confusion, predictions.classes)}
${sampleSection(predictions, test)}
${network(net, resizedShape(sideOf(config)))}
${usage(folder, config)}
${environment(config, metrics, await diagnose())}
</main>`
  await writeAtomic(folder.file('report'), page(`${title}: ${percent(rightShare(predictions))}`, body))
}

const rightShare = ({ truth, predicted }: Predictions): number =>
  truth.reduce((sum, label, i) => sum + (label === predicted[i] ? 1 : 0), 0) / truth.length

function headline(config: RunConfig, metrics: readonly EpochMetrics[], predictions: Predictions, net: nn.Module): Html {
  const { length } = predictions.truth
  const right = rightShare(predictions)
  const wrong = Math.round(length * (1 - right))
  const seconds = metrics.reduce((sum, line) => sum + line.seconds, 0)
  const images = metrics.reduce((sum, line) => sum + line.seconds * line.imagesPerSecond, 0)
  const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0)
  const tiles: readonly (readonly [string, string])[] = [
    ['Epochs', String(metrics.length)],
    ['Training time', formatSeconds(seconds)],
    ['Images per second', grouped(images / Math.max(seconds, 1e-9))],
    ['Parameters', grouped(parameters)],
    ['Optimizer', `${config.optimizer === 'adam' ? 'Adam' : 'SGD'}, lr ${config.lr}, ${sideOf(config)} pixels a side`],
  ]
  return html`<div class="hero"><strong>${percent(right)}</strong>
<span>of ${grouped(length)} test images named right,<br>${grouped(wrong)} wrong</span></div>
<dl class="tiles">${tiles.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

async function curves(metrics: readonly EpochMetrics[]): Promise<Html> {
  const { plot } = await import('../plot/index.ts')
  const epochs = metrics.map(({ epoch }) => epoch)
  const last = metrics[metrics.length - 1]
  const losses = metrics.map((m) => m.trainLoss)
  const accuracies = [metrics.map((m) => 100 * m.trainAccuracy), metrics.map((m) => 100 * m.testAccuracy)]
  const look = { xlabel: 'epoch', markers: true, colours: ['var(--first)', 'var(--second)'], width: 460, height: 260 }
  const loss = plot(epochs, losses, {
    ...look,
    ylabel: 'loss',
    ylim: losses.every(Number.isFinite) ? [0, 1.05 * Math.max(...losses)] : undefined,
    legend: ['training loss'],
    description: `Training loss by epoch: from ${metrics[0].trainLoss.toFixed(3)} to ${last.trainLoss.toFixed(3)}`,
  })
  const accuracy = plot(epochs, accuracies, {
    ...look,
    ylabel: 'accuracy, %',
    ylim: [Math.max(0, Math.floor(Math.min(...accuracies.flat()) - 2)), 100],
    legend: ['training accuracy', 'test accuracy'],
    description: `Accuracy by epoch: in the end ${percent(last.trainAccuracy)} in training, ${percent(last.testAccuracy)} on the test images`,
  })
  const rows = metrics.map((m) => [
    m.epoch,
    m.trainLoss.toFixed(4),
    percent(m.trainAccuracy),
    percent(m.testAccuracy),
    m.seconds.toFixed(1),
    grouped(m.imagesPerSecond),
  ])
  return html`<section><h2>Training</h2>
<div class="two">
<figure>${new Html(loss.toSvg())}</figure>
<figure>${new Html(accuracy.toSvg())}</figure>
</div>
<p class="soft">Training figures are means over an epoch while the model still learns, so the test, taken at its end, may be better.</p>
<details><summary>All figures</summary>
${htmlTable(['epoch', 'training loss', 'training accuracy', 'test accuracy', 'seconds', 'images/s'], rows, [0, 1, 2, 3, 4, 5])}</details></section>`
}

function network(net: nn.Module, image: readonly number[]): Html {
  const rows = layerRows(net, image)
  const cells = rows.map((row) => [
    row.name,
    row.type,
    shapeText(row.shape),
    grouped(row.parameters),
    grouped(row.multiplyAdds),
  ])
  const totals = ['total', '', '', grouped(total(rows, 'parameters')), grouped(total(rows, 'multiplyAdds'))]
  return html`<section><h2>The network</h2>
${htmlTable(['layer', 'type', 'output', 'parameters', 'multiply-adds'], [...cells, totals], [3, 4])}</section>`
}

function usage(folder: RunFolder, config: RunConfig): Html {
  const file = folder.file('model')
  const predict = `kindling predict ${folder.path} picture.png`
  const { make, call } = modelSource(config.model, resizedShape(sideOf(config)), config.classes.length)
  const script = `import * as torch from 'kindling'
import { ${make} } from 'kindling/models'

const net = ${call}
net.loadStateDict(await torch.load('${file}'))`
  const python = `from safetensors.torch import load_file

net.load_state_dict(load_file("${file}"))  # the same layers in torch.nn.Sequential`
  return html`<section><h2>Use the model</h2>
<p>Name what is on a picture of your own (PNG, any size):</p><pre><code>${predict}</code></pre>
<p>In TypeScript:</p><pre><code>${script}</code></pre>
<p>In Python, with PyTorch:</p><pre><code>${python}</code></pre></section>`
}

function environment(config: RunConfig, metrics: readonly EpochMetrics[], found: Diagnosis): Html {
  const { device } = found
  const rows: readonly (readonly [string, string])[] = [
    ['Kindling', config.kindling],
    ['Node', `${found.node}, V8 ${found.v8}`],
    ['System', found.platform],
    ['Processor', `${found.processor}, ${found.cores} cores`],
    ['Threads', String(device.threads)],
    ['Instructions', `SIMD, fused multiply-add ${device.relaxedFma === true ? 'on' : 'off'}, AVX2 ${avx2Text(device)}`],
    ['Data', config.data],
    [
      'Options',
      `epochs ${config.epochs}, batch size ${config.batchSize}, ${config.optimizer}, lr ${config.lr}, ${sideOf(config)} pixels a side`,
    ],
    ['Seed', String(config.seed)],
    ['Started', config.started],
    ['Training time', `${metrics.reduce((sum, line) => sum + line.seconds, 0).toFixed(1)} s`],
  ]
  return html`<section class="facts"><h2>Environment</h2>${htmlTable(['', ''], rows)}</section>`
}
