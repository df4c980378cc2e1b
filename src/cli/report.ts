// report.html: one file without a network that tells how a run went. `train` writes it at the end.
import type { nn } from '../index.ts'
import type { ImageDataset } from '../vision/index.ts'
import { dataTitle, optimizers, recipes } from './catalog.ts'
import { avx2Text, type Diagnosis, diagnose } from './doctor.ts'
import type { Predictions } from './evaluate.ts'
import { writeAtomic } from './files.ts'
import { formatSeconds, grouped, percent } from './format.ts'
import { type Html, html, htmlTable, page } from './html.ts'
import { modelSource, resizedShape, sideOf } from './models.ts'
import { curvesSection, layersSection } from './reportCurves.ts'
import { convolutionSection, networkSection } from './reportNetwork.ts'
import { classSection, confusionSection, countConfusion, sampleSection } from './reportParts.ts'
import type { EpochMetrics, RunConfig, RunFolder, RunResult } from './runFolder.ts'
import { settingRows } from './settings.ts'

/** Writes the report of a run, whole or not at all; `predictions` are those of `images`. */
export async function writeReport(
  folder: RunFolder,
  net: nn.Module,
  images: ImageDataset,
  predictions: Predictions,
  result: RunResult,
): Promise<void> {
  const config = await folder.config()
  const metrics = await folder.metrics()
  const title = `${recipes[config.model].title} on ${dataTitle(config.data)}`
  const confusion = countConfusion(predictions)
  const body = html`<header>
<h1>${title}</h1>
<p class="soft">Trained with Kindling ${config.kindling} on ${config.started.slice(0, 10)}</p>
</header>
<main>
${headline(config, metrics, predictions, net, result)}
${await curvesSection(metrics)}
${await layersSection(metrics)}
${confusionSection(confusion, predictions.classes)}
${classSection(confusion, predictions.classes)}
${sampleSection(predictions, images)}
${convolutionSection(net, images)}
${networkSection(net, resizedShape(sideOf(config)))}
${usage(folder, config)}
${environment(config, await diagnose())}
</main>`
  await writeAtomic(folder.file('report'), page(`${title}: ${percent(result.accuracy)}`, body))
}

function headline(
  config: RunConfig,
  metrics: readonly EpochMetrics[],
  { truth, predicted }: Predictions,
  net: nn.Module,
  { images, accuracy, epochs, modelEpoch, seconds }: RunResult,
): Html {
  const wrong = truth.filter((label, i) => label !== predicted[i]).length
  const learned = metrics.reduce((sum, line) => sum + line.seconds * line.imagesPerSecond, 0)
  const parameters = [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0)
  const tiles: readonly (readonly [string, string])[] = [
    ['Epochs', modelEpoch === epochs ? String(epochs) : `${epochs}, model of ${modelEpoch}`],
    ['Training time', formatSeconds(seconds)],
    ['Images per second', grouped(learned / Math.max(seconds, 1e-9))],
    ['Parameters', grouped(parameters)],
    ['Optimizer', `${optimizers[config.optimizer].title}, lr ${config.lr}`],
    ['Images', `${sideOf(config)} x ${sideOf(config)}`],
  ]
  return html`<div class="hero"><strong>${percent(accuracy)}</strong>
<span>of ${grouped(truth.length)} ${images} images named right,<br>${grouped(wrong)} wrong</span></div>
<dl class="tiles">${tiles.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function usage(folder: RunFolder, config: RunConfig): Html {
  const file = folder.file('model')
  const predict = `kindling predict ${folder.path} picture.png`
  const { make, call } = modelSource(config)
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

function environment(config: RunConfig, found: Diagnosis): Html {
  const { device } = found
  const rows: readonly (readonly [string, string])[] = [
    ...settingRows(config),
    ['Kindling', config.kindling],
    ['Node', `${found.node}, V8 ${found.v8}`],
    ['System', found.platform],
    ['Processor', `${found.processor}, ${found.cores} cores`],
    ['Threads', String(device.threads)],
    ['Instructions', `SIMD, fused multiply-add ${device.relaxedFma === true ? 'on' : 'off'}, AVX2 ${avx2Text(device)}`],
    ['Started', config.started],
  ]
  return html`<section class="facts"><h2>Settings and environment</h2>${htmlTable(['', ''], rows)}</section>`
}
