// `kindling train <model>`: trains on MNIST or Fashion-MNIST into a run folder, with progress, Ctrl-C and resume.
import { Command, Option } from 'commander'
import * as torch from '../index.ts'
import { F, type nn, type optim } from '../index.ts'
import { DataLoader } from '../data/index.ts'
import type { ImageDataset } from '../vision/index.ts'
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts'
import { datasets, openData } from './data.ts'
import { batchSize, initialize, makeOptimizer, type OptimizerName, otherRates, recipeOf, recipes } from './models.ts'
import { number } from './options.ts'
import { formatSeconds, ProgressBar } from './progress.ts'
import { writeReport } from './report.ts'
import { type EpochMetrics, freshFolder, type RunConfig, RunFolder } from './runFolder.ts'
import { UserError } from './userError.ts'

interface TrainOptions {
  data: string
  epochs?: number
  batchSize: number
  optimizer?: OptimizerName
  lr?: number
  seed: number
  out?: string
  resume?: string
}

export function trainCommand(): Command {
  const list = Object.entries(recipes).map(([name, { about }]) => `  ${name.padEnd(20)}${about}`)
  const known = Object.entries(datasets).map(([name, { about }]) => `  ${name.padEnd(20)}${about}`)
  return new Command('train')
    .description('train a model; the run folder gets config.json, metrics.jsonl, model.safetensors and report.html')
    .argument('[model]', `one of: ${Object.keys(recipes).join(', ')}`)
    .option('--data <name>', 'data set, or a folder with the four IDX files', 'mnist')
    .option('--epochs <n>', 'passes over the training images (default: the recipe of the model)', number({ min: 1, integer: true }))
    .option('--batch-size <n>', 'images per step', number({ min: 1, integer: true }), batchSize)
    .addOption(new Option('--optimizer <name>', 'default: the recipe of the model').choices(['adam', 'sgd']))
    .option('--lr <rate>', 'learning rate (default: the recipe of the model)', number({ above: 0 }))
    .option('--seed <n>', 'seed of all random numbers', number({ min: 0, integer: true }), 0)
    .option('--out <folder>', 'run folder (default: runs/<model>)')
    .option('--resume <run>', 'continue an interrupted run; --epochs may be raised')
    .addHelpText(
      'after',
      `\nModels:\n${list.join('\n')}\n\nData sets:\n${known.join('\n')}\n\nThe vanishing gradient of the notes in the flesh (the book's SGD; stays near 10 % for three epochs):\n  kindling train lenet --optimizer sgd --lr 0.9 --epochs 10`,
    )
    .action(async (model: string | undefined, options: TrainOptions, command: Command) => {
      if (options.resume !== undefined) await resume(options.resume, model, options, command)
      else if (model === undefined) throw new UserError(`train: which model? There are: ${Object.keys(recipes).join(', ')}`)
      else await start(model, options)
    })
}

async function start(model: string, options: TrainOptions): Promise<void> {
  const recipe = recipeOf(model)
  const optimizer = options.optimizer ?? recipe.optimizer
  const config: RunConfig = {
    model,
    data: options.data,
    epochs: options.epochs ?? recipe.epochs,
    batchSize: options.batchSize,
    optimizer,
    lr: options.lr ?? (optimizer === recipe.optimizer ? recipe.lr : (otherRates[model]?.[optimizer] ?? recipe.lr)),
    seed: options.seed,
    kindling: torch.version,
    node: process.versions.node,
    started: new Date().toISOString(),
  }
  const folder = new RunFolder(options.out ?? freshFolder(model))
  torch.manualSeed(config.seed)
  const net = recipe.build()
  initialize(net)
  // The data comes first: a run folder without data would be half a run.
  const data = await openData(config.data)
  await folder.create(config)
  await train(folder, config, net, makeOptimizer(optimizer, net, config.lr), data, 1)
}

async function resume(path: string, model: string | undefined, options: TrainOptions, command: Command): Promise<void> {
  const given = (['data', 'batchSize', 'optimizer', 'lr', 'seed', 'out'] as const).filter((name) => command.getOptionValueSource(name) === 'cli')
  if (model !== undefined || given.length > 0) throw new UserError('--resume takes everything but --epochs from the run itself; leave the other options out')
  const folder = new RunFolder(path)
  const config = await folder.config()
  const net = recipeOf(config.model).build()
  const optimizer = makeOptimizer(config.optimizer, net, config.lr)
  const epoch = await loadCheckpoint(folder, net, optimizer)
  const epochs = options.epochs ?? config.epochs
  if (epoch > epochs) throw new UserError(`the run has finished its ${epochs} epochs; add some with --epochs ${epochs + 5}`)
  await train(folder, { ...config, epochs }, net, optimizer, await openData(config.data), epoch)
}

type Optimizer = optim.SGD | optim.Adam

async function train(
  folder: RunFolder,
  config: RunConfig,
  net: nn.Sequential,
  optimizer: Optimizer,
  data: { train: ImageDataset; test: ImageDataset },
  firstEpoch: number,
): Promise<void> {
  const interrupt = listenForInterrupt()
  const trainLoader = new DataLoader(data.train, { batchSize: config.batchSize, shuffle: true })
  const testLoader = new DataLoader(data.test, { batchSize: 1000 })
  process.stdout.write(
    `${config.model} on ${config.data}: ${data.train.length} images, ${config.epochs} epochs, batch ${config.batchSize}, ${config.optimizer} lr ${config.lr}, seed ${config.seed}\n`,
  )
  const began = performance.now()
  try {
    for (let epoch = firstEpoch; epoch <= config.epochs; epoch++) {
      const pass = await trainEpoch(net, optimizer, trainLoader, `epoch ${epoch}/${config.epochs}`, interrupt)
      if (pass === null) {
        await saveCheckpoint(folder, net, optimizer, epoch)
        process.stdout.write(`stopped in epoch ${epoch}; the model is saved in ${folder.path}\ngo on with: kindling train --resume ${folder.path}\n`)
        process.exitCode = 130
        return
      }
      const metrics: EpochMetrics = { epoch, ...pass, testAccuracy: await accuracy(net, testLoader) }
      await saveCheckpoint(folder, net, optimizer, epoch + 1)
      await folder.append(metrics)
      process.stdout.write(
        `epoch ${epoch}: loss ${metrics.trainLoss.toFixed(4)}, train ${percent(metrics.trainAccuracy)}, test ${percent(metrics.testAccuracy)}, ` +
          `${metrics.seconds.toFixed(1)} s, ${Math.round(metrics.imagesPerSecond)} images/s\n`,
      )
    }
    await writeReport(folder, net, data.test)
    process.stdout.write(`done in ${formatSeconds((performance.now() - began) / 1000)}; look at ${folder.file('report.html')}\n`)
  } finally {
    interrupt.stop()
  }
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`

/** One pass over the training images; null when it was interrupted. Throws UserError when the loss is no number any more. */
async function trainEpoch(
  net: nn.Sequential,
  optimizer: Optimizer,
  loader: DataLoader<readonly [torch.Tensor, torch.Tensor]>,
  title: string,
  interrupt: { requested: boolean },
): Promise<Omit<EpochMetrics, 'epoch' | 'testAccuracy'> | null> {
  const bar = new ProgressBar(title)
  const began = performance.now()
  let [lossSum, correct, seen] = [0, 0, 0]
  net.train()
  for await (const [images, labels] of loader) {
    optimizer.zeroGrad()
    const scores = net(images)
    const loss = F.crossEntropy(scores, labels)
    const value = loss.item()
    if (!Number.isFinite(value)) {
      bar.clear()
      throw new UserError(`${title}: the loss became ${value} after ${seen} images\n  help: the steps are too large; try a smaller --lr (it is ${optimizer.paramGroups[0].lr}).`)
    }
    loss.backward()
    optimizer.step()
    lossSum += value * labels.length
    correct += scores.argmax(1).eq(labels).sum().item()
    seen += labels.length
    const seconds = (performance.now() - began) / 1000
    bar.update({ done: seen, total: loader.dataset.length, loss: lossSum / seen, accuracy: correct / seen, imagesPerSecond: seen / seconds })
    if (interrupt.requested) break
  }
  bar.clear()
  if (interrupt.requested) return null
  const seconds = (performance.now() - began) / 1000
  return { trainLoss: lossSum / seen, trainAccuracy: correct / seen, seconds, imagesPerSecond: seen / seconds }
}

async function accuracy(net: nn.Sequential, loader: DataLoader<readonly [torch.Tensor, torch.Tensor]>): Promise<number> {
  net.eval()
  let correct = 0
  await torch.noGrad(async () => {
    for await (const [images, labels] of loader) correct += net(images).argmax(1).eq(labels).sum().item()
  })
  return correct / loader.dataset.length
}

/** The first Ctrl-C asks to stop after the running step, the second one stops at once. */
function listenForInterrupt(): { requested: boolean; stop(): void } {
  const state = {
    requested: false,
    stop: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
  function onSignal(): void {
    if (state.requested) process.exit(130)
    state.requested = true
    process.stderr.write('\nfinishing this step; Ctrl-C again stops at once\n')
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return state
}
