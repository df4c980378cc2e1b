// `kindling train <model>`: options and help; the work is in training.ts and kFold.ts, loaded when it starts.
import { Command, Option } from 'commander'
import {
  checkModel,
  datasets,
  helpList,
  modelNames,
  optimizerNames,
  presetNames,
  recipes,
  scheduleNames,
  schedules,
} from './catalog.ts'
import { number } from './options.ts'
import { settle, type StartOptions, trainDevices } from './settings.ts'
import { UserError } from './userError.ts'

const help = `
Models:
${helpList(recipes)}

Data sets:
${helpList(datasets)}

Schedules of the learning rate, from epoch to epoch:
${helpList(schedules)}

Presets:
  quick  (the default) what two cores do in minutes: the networks from AlexNet on get smaller and fewer images, and most of them fewer channels
  full   the settings of the book "Dive into Deep Learning": hours for these networks

  kindling train resnet18 --data fashion-mnist
  kindling train resnet18 --data fashion-mnist --preset full

Choose with a validation set, look at the test images once, and compare:
  kindling train mlp --valid 0.1 --patience 3 --epochs 50 --out runs/a
  kindling train mlp-dropout --valid 0.1 --patience 3 --epochs 50 --out runs/b
  kindling compare runs/a runs/b

The vanishing gradient of the notes in the flesh (the book's SGD: near 10 % for three epochs):
  kindling train lenet --preset full`

interface TrainOptions extends StartOptions {
  resume?: string
}

export function trainCommand(): Command {
  const count = (): ((text: string) => number) => number({ min: 1, integer: true })
  return new Command('train')
    .description('train a model; the run folder gets settings, figures, the model and a report')
    .argument('[model]', `one of: ${modelNames.join(', ')}`)
    .option('--data <name>', 'data set, or a folder with the four IDX files', 'mnist')
    .addOption(new Option('--preset <name>', 'what the options below begin with').choices(presetNames).default('quick'))
    .option('--epochs <n>', 'passes over the training images (default: the preset)', count())
    .option('--batch-size <n>', 'images per step (default: the preset)', count())
    .addOption(new Option('--optimizer <name>', 'default: the preset').choices(optimizerNames))
    .option('--lr <rate>', 'learning rate (default: the preset)', number({ above: 0 }))
    .addOption(new Option('--schedule <name>', 'of the learning rate (default: none)').choices(scheduleNames))
    .option('--momentum <m>', 'of SGD and RMSprop (default: 0)', number({ min: 0, below: 1 }))
    .option('--weight-decay <d>', 'pull of the weights towards 0 (default: 0)', number({ min: 0 }))
    .option(
      '--dropout <p>',
      'probability of all dropout layers (default: as in the book)',
      number({ min: 0, below: 1 }),
    )
    .option('--augment', 'images moved by up to two pixels, and (except MNIST) mirrored, at random')
    .option('--side <n>', 'resize the images to n x n pixels (default: the preset)', count())
    .option('--width <f>', 'factor of the channels and hidden units (default: the preset)', number({ above: 0 }))
    .option('--limit <n>', 'learn from n training images, chosen by the seed (default: the preset)', count())
    .option('--valid <fraction>', 'hold out training images to validate with', number({ above: 0, below: 1 }))
    .option('--patience <n>', 'stop after n epochs without a lower validation loss, and keep the best model', count())
    .option('--k-fold <k>', 'train k times, each time validating with another part', number({ min: 2, integer: true }))
    .option('--seed <n>', 'seed of all random numbers', number({ min: 0, integer: true }), 0)
    .addOption(
      new Option('--device <name>', 'the processor (wasm, the default), or the GPU (webgpu)').choices(trainDevices),
    )
    .option('--out <folder>', 'run folder (default: runs/<model>)')
    .option('--resume <run>', 'go on with an interrupted run; --epochs may be raised')
    .addHelpText('after', help)
    .action(run)
}

async function run(model: string | undefined, options: TrainOptions, command: Command): Promise<void> {
  if (options.resume === undefined) {
    if (model === undefined) throw new UserError(`train: which model? There are: ${modelNames.join(', ')}`)
    const settings = settle(checkModel(model), options)
    const { startRun } = await import('./training.ts')
    if (settings.kFold === undefined) return await startRun(settings, options.out)
    const { startFolds } = await import('./kFold.ts')
    return await startFolds(settings, options.out)
  }
  const given = command.options.map((option) => option.attributeName())
  const mixed = given.some(
    (name) => !['resume', 'epochs'].includes(name) && command.getOptionValueSource(name) === 'cli',
  )
  if (model !== undefined || mixed) {
    throw new UserError('--resume takes everything but --epochs from the run itself; leave the rest out')
  }
  const { RunFolder } = await import('./runFolder.ts')
  const folder = new RunFolder(options.resume)
  const config = await folder.config()
  checkModel(config.model)
  const { resumeRun } = await import('./training.ts')
  const { resumeFolds } = await import('./kFold.ts')
  await (config.kFold === undefined ? resumeRun(folder, options.epochs) : resumeFolds(folder, options.epochs))
}
