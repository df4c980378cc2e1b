// `kindling summary <model>`: layer by layer, with totals.
import { Command } from 'commander'
import { checkModel, modelNames, recipes } from './catalog.ts'
import { grouped, textTable } from './format.ts'
import { sizes } from './options.ts'

export function summaryCommand(): Command {
  return new Command('summary')
    .description('show a model layer by layer: output shape, parameters, multiply-adds')
    .argument('<model>', `one of: ${modelNames.join(', ')}`)
    .option(
      '--input <sizes>',
      'shape of one image, which the model is made for (default: 1,28,28, or as the book trains it)',
      sizes,
    )
    .action(run)
}

async function run(model: string, options: { input?: number[] }): Promise<void> {
  const name = checkModel(model)
  const { buildModel, resizedShape } = await import('./models.ts')
  const { layerCells, layerHead, layerRows, shapeText, total, totalCells } = await import('./layers.ts')
  const input = options.input ?? resizedShape(recipes[name].full.side)
  const rows = layerRows(buildModel(name, input), input)
  const [parameters, multiplyAdds] = [total(rows, 'parameters'), total(rows, 'multiplyAdds')]
  const table = textTable(
    [layerHead, ['', 'input', shapeText(input), '', ''], ...layerCells(rows), totalCells(rows)],
    [3, 4],
  ).split('\n')
  const rule = '-'.repeat(Math.max(...table.map((line) => line.length)))
  table.splice(1, 0, rule)
  table.splice(-1, 0, rule)
  const weights = `${((4 * parameters) / 1024).toFixed(0)} KiB as float32`
  process.stdout.write(
    `${table.join('\n')}\n\n${grouped(parameters)} parameters (${weights}), ${(multiplyAdds / 1e6).toFixed(2)} M multiply-adds per image\n`,
  )
}
