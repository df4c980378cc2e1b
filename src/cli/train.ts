// `kindling train <model>`: options and help; the work is in training.ts, loaded when it starts.
import { Command, Option } from 'commander'
import { checkModel, datasets, helpList, modelNames, optimizerNames, recipes } from './catalog.ts'
import { number } from './options.ts'
import type { StartOptions } from './training.ts'
import { UserError } from './userError.ts'

const help = `
Models:
${helpList(recipes)}

Data sets:
${helpList(datasets)}

The networks from AlexNet on need minutes to hours for an epoch; smaller images are faster:
  kindling train resnet18 --side 28

The vanishing gradient of the notes in the flesh (the book's SGD: near 10 % for three epochs):
  kindling train lenet --optimizer sgd --lr 0.9 --batch-size 256 --epochs 10`

interface TrainOptions extends StartOptions {
  resume?: string
}

export function trainCommand(): Command {
  const count = (): ((text: string) => number) => number({ min: 1, integer: true })
  return new Command('train')
    .description('train a model; the run folder gets config.json, metrics.jsonl, model.safetensors and report.html')
    .argument('[model]', `one of: ${modelNames.join(', ')}`)
    .option('--data <name>', 'data set, or a folder with the four IDX files', 'mnist')
    .option('--epochs <n>', 'passes over the training images (default: the recipe of the model)', count())
    .option('--batch-size <n>', 'images per step (default: the recipe of the model)', count())
    .addOption(new Option('--optimizer <name>', 'default: the recipe of the model').choices(optimizerNames))
    .option('--lr <rate>', 'learning rate (default: the recipe of the model)', number({ above: 0 }))
    .option('--side <n>', 'resize the images to n x n pixels (default: the recipe of the model)', count())
    .option('--seed <n>', 'seed of all random numbers', number({ min: 0, integer: true }), 0)
    .option('--out <folder>', 'run folder (default: runs/<model>)')
    .option('--resume <run>', 'go on with an interrupted run; --epochs may be raised')
    .addHelpText('after', help)
    .action(run)
}

async function run(model: string | undefined, options: TrainOptions, command: Command): Promise<void> {
  if (options.resume === undefined) {
    if (model === undefined) throw new UserError(`train: which model? There are: ${modelNames.join(', ')}`)
    const name = checkModel(model)
    const { startRun } = await import('./training.ts')
    return startRun(name, options)
  }
  const fixed = ['data', 'batchSize', 'optimizer', 'lr', 'side', 'seed', 'out'] as const
  if (model !== undefined || fixed.some((name) => command.getOptionValueSource(name) === 'cli')) {
    throw new UserError('--resume takes everything but --epochs from the run itself; leave the rest out')
  }
  const { resumeRun } = await import('./training.ts')
  return resumeRun(options.resume, options.epochs)
}
