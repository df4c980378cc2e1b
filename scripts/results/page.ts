// docs/results.md and its figures, from the folders of finished runs.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Figure, plot } from 'kindling/plot'
import type { HouseRun } from './house.ts'
import { type Band, bookModels, presetModels } from './models.ts'

interface Epoch {
  readonly epoch: number
  readonly trainLoss: number
  readonly trainAccuracy: number
  readonly testAccuracy: number
  readonly seconds: number
  /** The version, in a line of PyTorch's. */
  readonly torch?: string
}

interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
}

/** The epochs of a run; null where it is not there or not finished. */
async function epochsOf(runs: string, name: string, file = 'metrics.jsonl'): Promise<Epoch[] | null> {
  const path = join(runs, name, file)
  if (!existsSync(join(runs, name, 'report.html')) || !existsSync(path)) return null
  const text = (await readFile(path, 'utf8')).trim()
  return text === '' ? null : text.split('\n').map((line) => JSON.parse(line) as Epoch)
}

const percent = (value: number): string => (100 * value).toFixed(2)
/** Where a value lies among the book's own builds. */
const place = (value: number, [least, low, high, most]: Band): string =>
  value < least || value > most ? 'outside' : value < low || value > high ? 'at the edge' : 'inside'

const bandText = ([least, low, high, most]: Band, format: (value: number) => string): string =>
  `${format(low)} to ${format(high)} (${format(least)} to ${format(most)})`

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export async function writePage(runs: string, docs: string): Promise<void> {
  const figures = join(docs, 'results')
  await mkdir(figures, { recursive: true })
  const save = async (name: string, figure: Figure, description: string): Promise<string> => {
    await writeFile(join(figures, `${name}.svg`), `${figure.toSvg()}\n`)
    return `![${description}](results/${name}.svg)`
  }
  const parts = [
    await introduction(runs),
    await book(runs, save),
    await presets(runs, save),
    await augment(runs, save),
    await house(runs),
  ]
  await writeFile(join(docs, 'results.md'), `${parts.filter((part) => part !== '').join('\n\n')}\n`)
}

type Save = (name: string, figure: Figure, description: string) => Promise<string>

async function introduction(runs: string): Promise<string> {
  const { cpu, cores, node } = JSON.parse(await readFile(join(runs, 'machine.json'), 'utf8')) as Machine
  return `# Results

What the book's experiments give with Kindling, on real data. This page is made by \`npm run results\`, which trains with \`kindling train\` and compares with PyTorch where that can be
imported. A run can be repeated with the command that is given. The runs below were made by several processes at once on a machine with ${cores} cores (${cpu}), Node ${node}, so their seconds
are no measure of speed; the [README](../README.md#speed) has measures.`
}

async function book(runs: string, save: Save): Promise<string> {
  const rows: (string | number)[][] = []
  const curves: string[] = []
  for (const { model, title, section, loss, test } of bookModels) {
    const series: Epoch[][] = []
    const seeds: number[] = []
    for (let seed = 0; seed < 10; seed++) {
      const epochs = await epochsOf(runs, `${model}-${seed}`)
      if (epochs === null) continue
      series.push(epochs)
      seeds.push(seed)
      const last = epochs[epochs.length - 1]
      const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
      rows.push([
        seed === 0 ? `${title} (${section})` : '',
        seed,
        `${last.trainLoss.toFixed(4)} (${place(last.trainLoss, loss)})`,
        bandText(loss, String),
        percent(last.trainAccuracy),
        `${percent(last.testAccuracy)} (${place(last.testAccuracy, test)})`,
        bandText(test, percent),
        seconds.toFixed(0),
      ])
    }
    if (series.length === 0) continue
    const figure = plot(
      series.flatMap((epochs) => [epochs.map(({ epoch }) => epoch), epochs.map(({ epoch }) => epoch)]),
      series.flatMap((epochs) => [
        epochs.map(({ trainLoss }) => trainLoss),
        epochs.map(({ testAccuracy }) => testAccuracy),
      ]),
      {
        title,
        xlabel: 'epoch',
        ylabel: 'training loss, test accuracy',
        legend: seeds.flatMap((seed) => [`loss, seed ${seed}`, `test accuracy, seed ${seed}`]),
      },
    )
    curves.push(await save(model, figure, `${title}: training loss and test accuracy over ten epochs`))
  }
  if (rows.length === 0) return ''
  return `## The book's settings on Fashion-MNIST

Ten epochs, 60,000 images. \`npx kindling train MODEL --data fashion-mnist --preset full --seed S\`. The bands are those of the book's own builds (60 to 215 for each network): the
middle four fifths of them, and in parentheses all. A run is *inside* where it lies among the middle four fifths, *at the edge* where it lies among the rest, *outside* otherwise; one in five is expected at the edge.

${table(['network (section)', 'seed', 'training loss', 'band', 'training accuracy, %', 'test accuracy, %', 'band', 'seconds'], rows)}

${curves.join('\n')}`
}

async function presets(runs: string, save: Save): Promise<string> {
  const rows: (string | number)[][] = []
  const names: string[] = []
  const xs: number[][] = []
  const ys: number[][] = []
  let version = ''
  for (const { model, title, section } of presetModels) {
    const own = await epochsOf(runs, `${model}-quick`)
    if (own === null) continue
    const peer = await epochsOf(runs, `${model}-quick`, 'torch.jsonl')
    version = peer?.[0].torch ?? version
    const [last, other] = [own[own.length - 1], peer?.[peer.length - 1]]
    const seconds = (epochs: readonly Epoch[]): string =>
      epochs.reduce((sum, epoch) => sum + epoch.seconds, 0).toFixed(0)
    rows.push([
      `${title} (${section})`,
      last.trainLoss.toFixed(4),
      other?.trainLoss.toFixed(4) ?? '',
      percent(last.testAccuracy),
      other ? percent(other.testAccuracy) : '',
      other ? (100 * (last.testAccuracy - other.testAccuracy)).toFixed(2) : '',
      seconds(own),
      peer ? seconds(peer) : '',
    ])
    names.push(title)
    xs.push(own.map(({ epoch }) => epoch))
    ys.push(own.map(({ testAccuracy }) => testAccuracy))
  }
  if (rows.length === 0) return ''
  const figure = plot(xs, ys, {
    title: 'Quick presets',
    xlabel: 'epoch',
    ylabel: 'test accuracy',
    legend: names,
    markers: true,
  })
  return `## The large networks, quick preset, beside PyTorch

Smaller images, fewer of them, narrower networks: \`npx kindling train MODEL --data fashion-mnist --preset quick\`, seed 0. PyTorch ${version} trains the same from the same numbers in the same order
(\`scripts/results/preset.py\`), but rounds otherwise, so that the runs drift apart as two machines with PyTorch do. Accuracy on all 10,000 test images. Seconds of training alone.

${table(['network (section)', 'training loss', "PyTorch's", 'test accuracy, %', "PyTorch's", 'difference, points', 'seconds', "PyTorch's"], rows)}

${await save('presets', figure, 'Test accuracy of the quick presets by epoch')}

The book's own settings for these networks (\`--preset full\`, 60,000 images of 96 or 224 pixels, ten epochs) were not run: by the times of a step in the
[README](../README.md#speed) they take one and a half to five hours each on two cores.`
}

async function augment(runs: string, save: Save): Promise<string> {
  const [plain, augmented] = [await epochsOf(runs, 'alexnet-quick'), await epochsOf(runs, 'alexnet-augment')]
  if (plain === null || augmented === null) return ''
  const figure = plot(
    [plain, augmented, plain, augmented].map((epochs) => epochs.map(({ epoch }) => epoch)),
    [
      plain.map(({ trainAccuracy }) => trainAccuracy),
      augmented.map(({ trainAccuracy }) => trainAccuracy),
      plain.map(({ testAccuracy }) => testAccuracy),
      augmented.map(({ testAccuracy }) => testAccuracy),
    ],
    {
      title: 'AlexNet with and without augmentation',
      xlabel: 'epoch',
      ylabel: 'accuracy',
      legend: ['training, plain', 'training, augmented', 'test, plain', 'test, augmented'],
      markers: true,
    },
  )
  const rows = [
    ['without', plain],
    ['with', augmented],
  ].map(([name, epochs]) => {
    const last = (epochs as Epoch[]).at(-1) as Epoch
    return [
      name as string,
      percent(last.trainAccuracy),
      percent(last.testAccuracy),
      percent(last.trainAccuracy - last.testAccuracy),
    ]
  })
  return `## Augmentation

AlexNet, quick preset, with and without \`--augment\` (random crops and flips). In so few epochs the network has not begun to learn its images by heart, so changed copies only make the
task harder: what they do here is to close the gap between training and test. The lesson \`augmentation\` shows the other case.

${table(['augmentation', 'training accuracy, %', 'test accuracy, %', 'gap, points'], rows)}

${await save('augment', figure, 'Accuracies of AlexNet with and without augmentation')}`
}

async function house(runs: string): Promise<string> {
  const path = join(runs, 'house.json')
  if (!existsSync(path)) return ''
  const run = JSON.parse(await readFile(path, 'utf8')) as HouseRun
  const bands = { train: [0.1652, 0.1661], valid: [0.17, 0.1714], full: [0.162, 0.1631] } as const
  const cell = (value: number, [low, high]: readonly [number, number]): string =>
    run.synthetic ? value.toFixed(4) : `${value.toFixed(4)} (${value >= low && value <= high ? 'inside' : 'outside'})`
  return `## House prices

Section 4.10 of the book: ${run.features} features, a linear model, Adam with a rate of 5, 100 epochs, five folds; the error is the root of the mean squared difference of logarithms. Data: ${run.name}.${
    run.synthetic ? ' They are invented, since the real ones could not be had; the book has no band for them.' : ''
  }
\`npx kindling course house-prices\` shows it step by step.

${table(
  [
    'seed',
    'mean of training',
    ...(run.synthetic ? [] : ['band']),
    'mean of validation',
    ...(run.synthetic ? [] : ['band']),
    'all data',
  ],
  run.seeds.map(({ seed, ...errors }) => [
    seed,
    cell(errors.train, bands.train),
    ...(run.synthetic ? [] : [bands.train.join(' to ')]),
    cell(errors.valid, bands.valid),
    ...(run.synthetic ? [] : [bands.valid.join(' to ')]),
    cell(errors.full, bands.full),
  ]),
)}`
}
