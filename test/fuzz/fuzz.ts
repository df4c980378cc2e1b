// The loop: draws cases, runs each on a device and on the reference device, and makes a failing one small.
import type { DeviceName } from '../../src/index.ts'
import { type Case, lineOf } from './case.ts'
import { execute, functionOf } from './execute.ts'
import { drawCase } from './families.ts'
import { type Failure, judge } from './judge.ts'
import { shrink } from './shrink.ts'

export interface Finding {
  readonly one: Case
  readonly failure: Failure
  /** The shrunk case as a line of TypeScript. */
  readonly line: string
}

/** How a case comes out; null: both devices agree. */
export async function check(one: Case, device: DeviceName): Promise<Failure | null> {
  const expected = await execute(one, 'reference')
  const actual = await execute(one, device)
  return judge(one, actual, expected, [device, 'reference'])
}

/** A failing case, made small and printed. */
export async function explain(one: Case, failure: Failure, device: DeviceName, seconds?: number): Promise<Finding> {
  const small = await shrink(one, failure, (candidate) => check(candidate, device), seconds)
  const { cotangents } = await execute(small.one, 'reference')
  const gradients = small.failure.kind === 'gradient' ? cotangents.first : null
  return { ...small, line: lineOf(small.one, functionOf(small.one.op) !== null, gradients) }
}

/** Runs cases `from` to `to` - 1 of a family; `before` is told each one and may stop by false. */
export async function fuzz(
  family: string,
  { seed, from, to, device }: { seed: number; from: number; to: number; device: DeviceName },
  before: (number: number) => boolean | Promise<boolean>,
  onFailure: (one: Case, failure: Failure) => void | Promise<void>,
): Promise<number> {
  for (let number = from; number < to; number++) {
    if (!(await before(number))) return number - from
    const one = drawCase(family, seed, number)
    const failure = await check(one, device)
    if (failure !== null) await onFailure(one, failure)
  }
  return to - from
}
