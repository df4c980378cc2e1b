// `npm run bench`: measures Kindling against PyTorch and other libraries, prints tables, and writes figures and charts.
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { cpuTimes, environment, isQuiet, share, torchBuild, waitUntilQuiet } from './machine.ts'
import { groups, measurements } from './measurements.ts'
import { networkNames, networkOf } from './networks.ts'
import { ratioChart } from './report/ratioChart.ts'
import { writeResults } from './report/files.ts'
import { table } from './report/table.ts'
import { type BenchOptions, Run } from './run.ts'

const peers = ['pytorch', 'tfjs', 'jax-js'] as const
/** With --quick, where no networks are named: those whose step takes milliseconds. */
const smallNets = networkNames.filter((name) => networkOf(name).side === 28)

/** A parser for lists with commas; every entry must be one of `known`. */
const oneOf =
  (known: readonly string[]) =>
  (text: string): string[] => {
    const list = text.split(',').map((entry) => entry.trim())
    const wrong = list.find((entry) => !known.includes(entry))
    if (wrong !== undefined) throw new InvalidArgumentError(`Expected ${known.join(', ')}, got '${wrong}'.`)
    return list
  }

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(`Expected a whole number of at least 1, got '${text}'.`)
  return value
}
const wholes = (text: string): number[] => text.split(',').map(whole)

interface Flags {
  nets?: string[]
  against: string[]
  only: string[]
  quick: boolean
  rounds?: number
  threads: number[]
  avx: string[]
  python: string
  wait: number
  out: string
}

const command = new Command('bench')
  .description(
    'Measure Kindling against PyTorch and other libraries. Programs take turns, so that a change of load meets all.',
  )
  .option(
    '--nets <names>',
    `networks: ${networkNames.join(', ')} (default: all; with --quick the small ones)`,
    oneOf(networkNames),
  )
  .option('--against <peers>', `peers: ${peers.join(', ')}`, oneOf(peers), ['pytorch'])
  .option(
    '--only <groups>',
    `measurements: ${groups.join(', ')}`,
    oneOf(groups),
    groups.filter((name) => name !== 'scaling' && name !== 'browser'),
  )
  .option('--quick', 'few rounds and short turns: about two minutes', false)
  .option('--rounds <n>', 'turns of each program (default: 7; with --quick 3)', whole)
  .option('--threads <n,...>', 'threads; several numbers are measured one after another', wholes, [
    availableParallelism(),
  ])
  .option('--avx <on,off>', "Kindling's 256-bit code: on, off, or both", oneOf(['on', 'off']), ['on'])
  .option('--python <path>', 'the interpreter that has PyTorch', '/usr/bin/python3')
  .option('--wait <seconds>', 'longest wait for a quiet machine', whole, 15)
  .option('--out <folder>', 'where figures and charts go', join(import.meta.dirname, 'results'))
  .addHelpText('after', '\nEvery ratio is above 1 where Kindling is better. Ctrl-C writes what was measured so far.')

function optionsOf(flags: Flags): BenchOptions {
  const { quick, threads, avx, python } = flags
  return {
    nets: flags.nets ?? (quick ? smallNets : networkNames),
    against: flags.against,
    quick,
    rounds: flags.rounds ?? (quick ? 3 : 7),
    threads: [...new Set(threads)],
    avx2: [...new Set(avx)].map((mode) => mode === 'on'),
    python,
  }
}

async function main(flags: Flags): Promise<void> {
  const abort = new AbortController()
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(130)
    abort.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const options = optionsOf(flags)
  const build = options.against.includes('pytorch') ? await torchBuild(options.python, abort.signal) : 'not asked for'
  const run = new Run(options, abort.signal, typeof build !== 'string')
  if (typeof build !== 'string') console.log(`PyTorch ${build.version}; ${build.config}; Python ${build.python}`)
  else if (options.against.includes('pytorch')) run.note(`PyTorch is left out: ${options.python}: ${build}`)
  const started = cpuTimes()
  let quiet: number | null = null
  try {
    quiet = await waitUntilQuiet(run, flags.wait)
    if (!isQuiet(quiet)) console.log(quietLine(quiet, flags.wait))
    await measureAll(run, flags.only)
  } catch (error) {
    if (!abort.signal.aborted) throw error
    run.note('interrupted: what was not measured by then is missing')
    process.exitCode = 130
  } finally {
    run.progress('')
  }
  for (const line of run.notes) console.log(`\n${line}`)
  if (run.rows.length === 0) return
  const ended = cpuTimes()
  const results = {
    environment: {
      ...environment(),
      ...run.facts,
      pytorch: build,
      command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
      busyBefore: quiet,
      stolen: started && ended ? share(started, ended).stolen : null,
    },
    notes: run.notes.join('; '),
    rows: run.rows,
  }
  if (run.rows.some(({ ratio }) => ratio !== null))
    run.charts.set('ratios', ratioChart(run.rows, 'Kindling and its peers'))
  const paths = await writeResults(flags.out, results, run.charts)
  console.log(`\nwritten: ${paths.map((path) => relative(process.cwd(), path)).join(', ')}`)
}

const quietLine = (quiet: number | null, seconds: number): string =>
  quiet === null
    ? 'how busy the machine is cannot be read here'
    : `the machine is not quiet: ${(100 * quiet).toFixed(0)} % of its processors are in use after ${seconds} s; figures will vary`

/** One measurement after another; each prints its tables when it is done. One that fails is told and does not stop the others. */
async function measureAll(run: Run, only: readonly string[]): Promise<void> {
  for (const { name, measure } of measurements) {
    if (!only.includes(name)) continue
    const before = run.rows.length
    try {
      await measure(run)
    } catch (error) {
      if (run.signal.aborted) throw error
      run.note(`${name}: ${(error as Error).message}`)
    } finally {
      run.progress('')
      for (const [group, rows] of Map.groupBy(run.rows.slice(before), (row) => row.group)) {
        if (group !== 'convolutions') console.log(`\n${table(group, rows)}`)
      }
    }
  }
}

await main(command.parse().opts<Flags>())
