// The shape of most measurements: the same program in Kindling and in PyTorch, by turns, once for each number of threads.
import type { Contender } from '../contender.ts'
import { alternate, qualify, withContenders } from '../duel.ts'
import { kindling, pytorch, torchSettings } from '../programs.ts'
import { type Row, type RowHead, rowOf } from '../report/rows.ts'
import type { Run } from '../run.ts'
import { relativeDifference } from '../statistics.ts'

export interface Comparison extends Pick<RowHead, 'group' | 'name' | 'metric' | 'better'> {
  /** The program is `stem`.ts and `stem`.py. */
  readonly stem: string
  readonly args: readonly string[]
  /** Those of PyTorch's settings that can make a difference here; by default all. */
  readonly settings?: readonly string[]
  /** Arguments of a shorter run that finds PyTorch's fastest setting; by default the same. */
  readonly trial?: readonly string[]
  readonly steps: number
  readonly warmUp: number
  readonly rounds?: number
  /** The quantity, of milliseconds per step. */
  readonly value: (ms: number) => number
  /** Both return the same losses: figures count only where they do. */
  readonly losses?: boolean
  /** Another row for the memory of a step. */
  readonly memory?: boolean
}

/** How far losses may be apart after the first steps, relative to their size. */
const lossTolerance = 1e-2
const firstSteps = 5

export interface Agreement {
  readonly agrees: boolean
  readonly text: string
}

/** Whether two programs train the same network: their first loss and that after five steps; the last one is told too. */
export function agreement(a: readonly number[], b: readonly number[]): Agreement {
  const count = Math.min(a.length, b.length)
  const differences = [0, Math.min(firstSteps, count) - 1].map((step) => relativeDifference(a[step], b[step]))
  const agrees = count > 0 && differences.every((difference) => difference <= lossTolerance)
  const last = count - 1
  const show = (x: number): string => x.toPrecision(5)
  const text =
    `loss ${show(a[0])}, after ${count} steps ${show(a[last])} and ${show(b[last])}` +
    (agrees ? '' : `; the first steps differ by ${Math.max(...differences).toExponential(0)}: no figures`)
  return { agrees, text }
}

export async function compareWithTorch(run: Run, what: Comparison): Promise<void> {
  for (const threads of run.options.threads) await compareAt(run, what, threads)
}

async function compareAt(run: Run, what: Comparison, threads: number): Promise<void> {
  const { stem, args, steps, warmUp, name } = what
  const { rounds, python, avx2: modes } = run.options
  const title = `${what.group} ${name}`
  const settings = run.torch ? torchSettings(threads, what.settings) : []
  const trials = settings.map((setting) => pytorch(stem, what.trial ?? args, python, setting, threads))
  const fastest = await qualify(run, trials, { steps, warmUp, title })
  const finalists = fastest.map(({ name: setting }) => pytorch(stem, args, python, setting, threads))
  const programs = [...modes.map((avx2) => kindling(stem, args, threads, avx2)), ...finalists]
  await withContenders(run, programs, async (contenders) => {
    const times = await alternate(run, contenders, { rounds: what.rounds ?? rounds, steps, warmUp, title })
    const sides = contenders.map((contender, i) => ({ contender, values: times[i].map(what.value) }))
    const peers = sides.slice(modes.length)
    modes.forEach((wanted, i) => {
      const avx2 = modeOf(run, sides[i].contender, wanted)
      const head = { group: what.group, name, metric: what.metric, threads, avx2, better: what.better }
      run.add(againstBest(what, head, sides[i], peers))
      if (what.memory && avx2) run.add(memoryRow(head, sides[i], peers))
    })
  })
}

/** Whether it really runs with AVX2: the engine tries that at its start, and does without where it fails. */
function modeOf(run: Run, { ready }: Contender, wanted: boolean): boolean {
  run.facts.kindling ??= ready.about
  const { avx2, avx2Reason } = ready.about
  if (wanted && avx2 !== true) run.note(`Kindling ran without AVX2: ${avx2Reason}`)
  return avx2 === true
}

interface Side {
  readonly contender: Contender
  /** The quantity of each round. */
  readonly values: readonly number[]
}

const torchName = ({ contender }: Side): string => `PyTorch, ${contender.program.name}`

/** The row against the peer that makes Kindling look worst. */
function againstBest(what: Comparison, head: RowHead, own: Side, peers: readonly Side[]): Row {
  const rows = peers.map((peer) => against(what, head, own, peer))
  if (rows.length === 0) return rowOf(head, own.values, null)
  return rows.reduce((best, one) => ((one.ratio ?? Infinity) < (best.ratio ?? Infinity) ? one : best))
}

function against(what: Comparison, head: RowHead, own: Side, peer: Side): Row {
  const other = { name: torchName(peer), values: peer.values }
  if (!what.losses) return rowOf(head, own.values, other)
  const { agrees, text } = agreement(own.contender.losses, peer.contender.losses)
  const row = rowOf(head, own.values, other, text)
  return agrees ? row : { ...row, ratio: null }
}

/** Most memory of a training step beyond what the imports take; of the peers, the one that takes least. */
function memoryRow(head: RowHead, own: Side, peers: readonly Side[]): Row {
  const mebibytes = ({ contender }: Side): number => (contender.peakRss - contender.ready.rss) / 2 ** 20
  const least = peers.toSorted((a, b) => mebibytes(a) - mebibytes(b)).at(0)
  const peer = least ? { name: torchName(least), values: [mebibytes(least)] } : null
  return rowOf({ ...head, group: 'memory', metric: 'MiB', better: 'lower' }, [mebibytes(own)], peer)
}
