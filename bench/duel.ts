// Programs by turns: A, B, A, B. A machine that is slower for a while is slower for both, and the ratio of each round stays fair.
import { setTimeout as sleep } from 'node:timers/promises'
import { Contender, type Program } from './contender.ts'
import type { Run } from './run.ts'
import { median } from './statistics.ts'
import type { Timed } from './timed.ts'

/** Milliseconds between turns, in which the threads of the last program stop spinning. */
const settle = 60

/** What a turn took, per step. The first step also wakes the threads: it does not count where there are others. */
export const turnTime = ({ times }: Timed): number => median(times.length >= 3 ? times.slice(1) : times)

export interface DuelOptions {
  readonly rounds: number
  /** Steps of one turn, and steps before the first. */
  readonly steps: number
  readonly warmUp: number
  /** For the progress line. */
  readonly title: string
}

/** Milliseconds per step of every round, by contender. */
export async function alternate(
  run: Run,
  contenders: readonly Contender[],
  { rounds, steps, warmUp, title }: DuelOptions,
): Promise<number[][]> {
  const values = contenders.map((): number[] => [])
  for (const contender of contenders) {
    run.progress(`${title}: warming up ${contender.program.name}`)
    if (warmUp > 0) await contender.run(warmUp)
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      await sleep(settle)
      run.progress(`${title}: round ${round + 1} of ${rounds}, ${contender.program.name}`)
      values[i].push(turnTime(await contender.run(steps)))
    }
  }
  return values
}

/** Two of the programs at most, those within a quarter of the fastest: a short run may be disturbed. */
const finalists = { count: 2, within: 1.25 } as const

/** The fastest programs of a list, best first, after a short run of each alone: the better of two turns. */
export async function qualify(
  run: Run,
  programs: readonly Program[],
  { steps, warmUp, title }: Pick<DuelOptions, 'steps' | 'warmUp' | 'title'>,
): Promise<Program[]> {
  if (programs.length <= 1) return [...programs]
  const timed: { program: Program; time: number }[] = []
  for (const program of programs) {
    run.progress(`${title}: trying PyTorch, ${program.name}`)
    const contender = await Contender.start(program, run.signal)
    try {
      await contender.run(Math.max(1, warmUp))
      const times = [turnTime(await contender.run(steps)), turnTime(await contender.run(steps))]
      timed.push({ program, time: Math.min(...times) })
    } finally {
      await contender.stop()
    }
  }
  timed.sort((a, b) => a.time - b.time)
  return timed
    .filter(({ time }) => time <= finalists.within * timed[0].time)
    .slice(0, finalists.count)
    .map(({ program }) => program)
}

/** Starts all, hands them to `body`, and stops all, whatever happens. */
export async function withContenders<T>(
  run: Run,
  programs: readonly Program[],
  body: (contenders: Contender[]) => Promise<T>,
): Promise<T> {
  const contenders: Contender[] = []
  try {
    for (const program of programs) contenders.push(await Contender.start(program, run.signal))
    return await body(contenders)
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()))
  }
}
