// The clock of the bench, the same in Node and in a browser's worker.

/** One step of work. What it returns is a loss, where it trains. */
export type Step = () => number | Promise<number>

export interface Timed {
  /** Milliseconds of each step. */
  readonly times: readonly number[]
  /** What each step returned. */
  readonly losses: readonly number[]
}

/** Does `count` steps and times each. */
export async function timed(step: Step, count: number): Promise<Timed> {
  const times: number[] = []
  const losses: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    const result = step()
    losses.push(typeof result === 'number' ? result : await result)
    times.push(performance.now() - began)
  }
  return { times, losses }
}
