// `kindling predict <run> <image>`: what the model of a run says about a picture.
import { Command } from 'commander'
import { percent } from './format.ts'
import { UserError } from './userError.ts'

export function predictCommand(): Command {
  return new Command('predict')
    .description('name what is on a picture: a PNG or JPEG of any size, colour or depth')
    .argument('<run>', 'folder of a training run')
    .argument('<image>', 'the picture: one digit (or piece of clothing), dark on light or light on dark')
    .option('--json', 'as JSON')
    .action(run)
}

async function run(path: string, file: string, { json = false }: { json?: boolean }): Promise<void> {
  const { readPicture } = await import('./image.ts')
  const { prepareDigit, prepareWhole, side } = await import('./digit.ts')
  const { RunFolder } = await import('./runFolder.ts')
  const folder = new RunFolder(path)
  const config = await folder.config()
  if (!folder.has('model')) throw new UserError(`${folder.path} has no model.safetensors yet: the run was not saved`)
  const picture = await readPicture(file)
  const { values, steps } = config.data === 'fashion-mnist' ? prepareWhole(picture) : prepareDigit(picture)

  const { fromTypedArray, load, noGrad } = await import('../index.ts')
  const { modelOf, sideOf } = await import('./models.ts')
  const { Resize } = await import('../vision/index.ts')
  const { largest } = await import('./evaluate.ts')
  const { checkModel } = await import('./catalog.ts')
  checkModel(config.model)
  const { classes } = config
  const net = modelOf(config)
  net.loadStateDict(await load(folder.file('model')))
  net.eval()
  const probabilities = noGrad(() =>
    net(Resize(sideOf(config))(fromTypedArray(values, [1, 1, side, side])))
      .softmax(1)
      .numbers(),
  ) as number[]
  const best = largest(probabilities)
  if (json) {
    const named = Object.fromEntries(classes.map((name, k) => [name, probabilities[k]]))
    const answer = { image: file, class: classes[best], label: best, probability: probabilities[best] }
    process.stdout.write(`${JSON.stringify({ ...answer, probabilities: named, preparation: steps }, null, 2)}\n`)
    return
  }
  const answer = `${file}: ${classes[best]} (${percent(probabilities[best], 1)})`
  process.stdout.write(
    `${answer}\n\n${bars(classes, probabilities)}\n\nwhat the network saw (${steps.join(', ')}):\n${preview(values, side)}\n`,
  )
}

const barWidth = 30

/** A line per class, in the order of the labels. */
function bars(classes: readonly string[], probabilities: readonly number[]): string {
  const width = Math.max(...classes.map((name) => name.length))
  const line = (name: string, k: number): string => {
    const bar = '█'.repeat(Math.round(probabilities[k] * barWidth)).padEnd(barWidth)
    return `  ${name.padStart(width)} ${bar} ${percent(probabilities[k], 1).padStart(7)}`
  }
  return classes.map(line).join('\n')
}

const shades = ' ░▒▓█'

/** Characters are twice as high as wide: one stands for two pixels, one above the other. */
export function preview(values: ArrayLike<number>, width: number): string {
  const rows = Array.from({ length: values.length / width / 2 }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const mean = (values[2 * y * width + x] + values[(2 * y + 1) * width + x]) / 2
      return shades[Math.min(shades.length - 1, Math.ceil(mean * (shades.length - 1) - 0.1))]
    }).join(''),
  )
  return rows.map((row) => `  |${row}|`).join('\n')
}
