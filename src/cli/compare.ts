// `kindling compare <run>...`: several runs in one page, and as a table in the terminal.
import { Command } from 'commander'
import { UserError } from './userError.ts'

export function compareCommand(): Command {
  return new Command('compare')
    .description('show runs side by side: learning curves, settings that differ, best and last figures')
    .argument('<run...>', 'folders of training runs; a run of k folds stands for its folds')
    .option('--out <file>', 'the page', 'compare.html')
    .action(run)
}

async function run(paths: readonly string[], { out }: { out: string }): Promise<void> {
  const { resolve } = await import('node:path')
  const { comparePage, differenceSection } = await import('./comparePage.ts')
  const { differences, figureNames, figures, loadRuns } = await import('./comparison.ts')
  const { writeAtomic } = await import('./files.ts')
  const { textTable } = await import('./format.ts')
  const runs = (await Promise.all(paths.map(loadRuns))).flat()
  if (runs.length < 2) throw new UserError(`compare: two runs at least, got ${runs.length}`)
  const columns = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
  const results = textTable(
    [['run', ...figureNames], ...runs.map((one) => [one.name, ...figures(one)])],
    columns(figureNames.length),
  )
  const differing = differences(runs).map(([name, values]) => [name, ...values])
  const settings =
    differing.length === 0
      ? 'the settings are the same'
      : textTable([['', ...runs.map(({ name }) => name)], ...differing], columns(runs.length))
  const file = resolve(out)
  await writeAtomic(file, await comparePage(`${runs.length} runs`, '', runs, differenceSection(runs)))
  process.stdout.write(`${results}\n\n${settings}\n\npage: ${file}\n`)
}
