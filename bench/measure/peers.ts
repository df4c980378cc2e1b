// Training steps against the other libraries of the JavaScript world: the same weights and images, so that the losses show that they train
// the same network. They run on one thread in Node. A library that cannot train a network is listed with its own error.
import type { Program } from '../contender.ts'
import { turnTime, withContenders } from '../duel.ts'
import { networkOf } from '../networks.ts'
import { installPeers, peerPrograms } from '../peers.ts'
import { kindling } from '../programs.ts'
import { type Row, type RowHead, rowOf } from '../report/rows.ts'
import type { Run } from '../run.ts'
import type { Timed } from '../timed.ts'
import { agreement } from './compare.ts'

/** Networks that bench/start.ts can hand over; the last takes minutes in some libraries. */
const trained = ['lenet', 'lenet-batchnorm', 'resnet18']
const slow = 'resnet18'

export interface Patience {
  /** Steps of Kindling in a turn; the others do as many as take a second, no more. */
  readonly steps: number
  readonly rounds: number
  /** Milliseconds. A first step that takes longer counts, with what it compiles; otherwise it only warms up. */
  readonly longFirst: number
  /** Longest wait for a turn, in milliseconds. */
  readonly limit: number
}

/** Milliseconds. A turn lasts about so long. */
const turnLength = 1000
/** A step that takes longer is not repeated. */
const longStep = 10_000

export async function measurePeers(run: Run): Promise<void> {
  const { against, nets, quick } = run.options
  const wanted = against.filter((name) => name !== 'pytorch')
  const names = trained.filter((name) => nets.includes(name) && !(quick && name === slow))
  if (wanted.length > 0 && quick && nets.includes(slow))
    run.note(`${networkOf(slow).title} against the peers is left out: it takes minutes; run without --quick`)
  if (wanted.length === 0 || names.length === 0) return
  await installPeers(run)
  for (const name of names) {
    for (const program of peerPrograms(wanted, name, quick)) await measureOne(run, name, program)
  }
}

async function measureOne(run: Run, name: string, program: Program): Promise<void> {
  const { title } = networkOf(name)
  const head = { group: 'peers', name: title, metric: 'ms per step', better: 'lower' } as const
  const heads = run.options.threads.map((threads): RowHead => ({ ...head, threads, avx2: true }))
  run.progress(`${title}: ${program.name}`)
  try {
    await withContenders(run, [program], async ([peer]) => {
      const ours = heads.map(({ threads }) => kindling('step', [name], threads))
      await withContenders(run, ours, async (contenders) => {
        for (const one of contenders) await one.run(networkOf(name).quick)
        const { quick, steps } = networkOf(name)
        const patience = { rounds: run.options.rounds, longFirst: 120_000, limit: 600_000 }
        const turns = await takeTurns(contenders, peer, { steps: run.options.quick ? quick : steps, ...patience })
        run.add(...heads.map((one, i) => turnsRow(one, program.name, turns, i, contenders[i], peer)))
      })
    })
  } catch (error) {
    if (run.signal.aborted) throw error
    const row = rowOf(heads[0], [], { name: program.name, values: [] }, `cannot train it: ${(error as Error).message}`)
    run.add(row)
  }
}

/** What takes turns: a process, or a worker of a page. */
export interface Trainee {
  readonly losses: readonly number[]
  run(steps: number, limit: number): Promise<Timed>
}

/** Milliseconds per step of every turn, those of Kindling by contender. */
export interface Turns {
  readonly times: readonly (readonly number[])[]
  readonly others: readonly number[]
  readonly note: string
}

/** Kindling and the peer by turns; what the peer's step takes says how many steps and turns it can be asked for. */
export async function takeTurns(
  own: readonly Trainee[],
  peer: Trainee,
  { steps, rounds, longFirst, limit }: Patience,
): Promise<Turns> {
  const times = own.map((): number[] => [])
  const ownTurns = async (): Promise<void> => {
    for (const [i, one] of own.entries()) times[i].push(turnTime(await one.run(steps, limit)))
  }
  const step = async (): Promise<number> => (await peer.run(1, limit)).times[0]
  const first = await step()
  await ownTurns()
  const single = first > longFirst ? first : await step()
  if (single > longStep) {
    return { times, others: [single], note: single === first ? 'the first step, once' : 'one step after the first' }
  }
  const others: number[] = []
  for (const list of times) list.length = 0
  for (let round = 0; round < rounds; round++) {
    await ownTurns()
    others.push(turnTime(await peer.run(Math.max(1, Math.min(steps, Math.round(turnLength / single))), limit)))
  }
  return { times, others, note: '' }
}

/** The row of contender `i` against the peer: no ratio where their losses tell that they do different work. */
export function turnsRow(
  head: RowHead,
  peerName: string,
  { times, others, note }: Turns,
  i: number,
  own: Trainee,
  peer: Trainee,
): Row {
  const { agrees, text } = agreement(own.losses, peer.losses)
  const row = rowOf(head, times[i], { name: peerName, values: others }, [note, text].filter(Boolean).join('; '))
  return agrees ? row : { ...row, ratio: null }
}
