// Do two outcomes agree? Floats may differ by what rounding does to this very case: it is measured, not guessed.
// The case is run again in float64 with operands moved by half a unit in their last place; how far the results move is what they are worth.
import type { DType } from '../../src/base/dtype.ts'
import { Random } from '../support/views.ts'
import { numelOf } from '../../src/base/shape.ts'
import { type Argument, type Case, isOptions, Operand, operandsOf, type Rule } from './case.ts'
import { execute, type Outcome, type Value } from './execute.ts'

export type Failure = {
  readonly kind: 'trap' | 'error' | 'result' | 'gradient' | 'second gradient' | 'inputs' | 'memory'
  readonly text: string
}

const epsilon: { readonly [D in DType]?: number } = {
  float64: 2 ** -52,
  float32: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
}
const largest: { readonly [D in DType]?: number } = {
  float64: Number.MAX_VALUE,
  float32: 3.4028234663852886e38,
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
}
/** Below, numbers lose their last bits. */
const smallest: { readonly [D in DType]?: number } = {
  float64: 2 ** -1022,
  float32: 2 ** -126,
  float16: 2 ** -24,
  bfloat16: 2 ** -126,
}

/** How many units in the last place are let pass without a second look. */
const ULPS = 4
/** How many times over the measured effect of rounding may count: an operation rounds more often than its operands were moved. */
const FACTOR = 24
/**
 * How a case is run again: operands moved by `part` of half a unit in their last place; in float64 (`raise`), where nothing else rounds, or in their own
 * dtype, where all that is stored on the way rounds, too.
 */
const runsOf = [
  { part: 0, raise: true },
  ...[1, 1, 1, 1 / 256, 1 / 256].map((part) => ({ part, raise: true })),
  ...[0, 2, 2, 2].map((part) => ({ part, raise: false })),
]

const raised: Readonly<Record<string, string>> = { float16: 'float64', bfloat16: 'float64', float32: 'float64' }

function moved(arg: Argument, move: (x: number, epsilon: number) => number, raise: boolean): Argument {
  if (arg instanceof Operand) {
    const own = epsilon[arg.dtype]
    if (own === undefined) return arg
    return arg.with({ dtype: raise ? 'float64' : arg.dtype, values: arg.values.map((x) => move(Number(x), own)) })
  }
  if (typeof arg === 'string') return (raise ? raised[arg] : undefined) ?? arg
  if (Array.isArray(arg)) return arg.map((x) => moved(x as Argument, move, raise))
  if (!isOptions(arg)) return arg
  return Object.fromEntries(Object.entries(arg).map(([k, x]) => [k, moved(x, move, raise)]))
}

const groups = ['outputs', 'gradients', 'second'] as const
type Group = (typeof groups)[number]
const kinds = { outputs: 'result', gradients: 'gradient', second: 'second gradient' } as const

interface Estimate {
  /** In float64. */
  readonly exact: number
  /** How far rounding of the operands moves it. */
  readonly spread: number
  /** How far the oracle itself is off, in the operands' own dtype. */
  readonly own: number
  /** How far the oracle is off at any element that is not large: what cancels exactly leaves so much behind. */
  readonly noise: number
  /** The largest element beside it. */
  readonly top: number
}

/** What the results of a case are worth, element by element: measured at the first question. */
class Worth {
  private readonly one: Case
  private readonly oracle: Outcome
  /** There is nothing finer than float64 to measure it by. */
  private readonly double: boolean
  private runs: readonly Outcome[] | null = null
  /** What is the same for all elements of a result. */
  private readonly wholes = new Map<string, { top: number; noise: number }>()

  constructor(one: Case, oracle: Outcome) {
    this.one = one
    this.oracle = oracle
    this.double = operandsOf(one.args).some((x) => x.dtype === 'float64')
  }

  private async measure(): Promise<readonly Outcome[]> {
    if (this.runs === null) {
      const random = new Random(this.one.seed)
      const runs: Outcome[] = []
      for (const { part, raise } of runsOf) {
        const move = (x: number, own: number): number => x * (1 + part * (random.next() < 0.5 ? own : -own))
        const change = (arg: Argument): Argument => moved(arg, move, raise)
        const { first, second } = this.oracle.cotangents
        const arriving = { first: first.map(change), second: second.map(change) } as Outcome['cotangents']
        runs.push(await execute({ ...this.one, args: this.one.args.map(change) }, 'reference', arriving))
      }
      this.runs = runs
    }
    return this.runs
  }

  /** What element `at` is worth. */
  async at(group: Group, output: number, at: number): Promise<Estimate | null> {
    const runs: ArrayLike<number | bigint>[] = []
    for (const run of await this.measure()) {
      const value = run[group][output]
      if (!value || 'plain' in value || at >= value.data.length) return null
      runs.push(value.data)
    }
    const exact = Number(runs[0][at])
    const off = (from: number, to: number, k = at): number =>
      Math.max(0, ...runs.slice(from, to).map((x) => finite(Number(x[k]) - Number(runs[0][k]))))
    const [spread, less, own] = [off(1, 4), off(4, 6), off(6, 10)]
    const key = `${group} ${output}`
    let whole = this.wholes.get(key)
    if (whole === undefined) {
      whole = { top: 0, noise: 0 }
      for (let k = 0; k < runs[0].length; k++) {
        const size = finite(Number(runs[0][k]))
        whole.top = Math.max(whole.top, size)
        if (size < 1e4) whole.noise = Math.max(whole.noise, off(6, 10, k))
      }
      this.wholes.set(key, whole)
    }
    const { top, noise } = whole
    // A jump that any step sets off lies exactly at the operands, which all devices know exactly: no excuse.
    // (What is far below the largest element is noise of float64 itself.)
    const jump = less > spread / 8 && spread > 1e-9 * Math.max(top, 1) && !this.double
    return { exact, spread: jump ? 0 : spread, own: jump ? 0 : own, noise: jump ? 0 : noise, top }
  }
}

const finite = (x: number): number => (Number.isFinite(x) ? Math.abs(x) : 0)

const show = (x: number | bigint): string => (Object.is(x, -0) ? '-0' : `${x}`)

/** Compares `actual` with `expected`; null where they agree. `names` are for people; `oracle` is what the reference device says. */
export async function judge(
  one: Case,
  actual: Outcome,
  expected: Outcome,
  names: readonly [string, string],
  oracle: Outcome = expected,
): Promise<Failure | null> {
  for (const [outcome, name] of [
    [actual, names[0]],
    [expected, names[1]],
  ] as const) {
    if (outcome.error?.trap) return { kind: 'trap', text: `${name} throws ${outcome.error.message}` }
    if (outcome.changed !== null) return { kind: 'inputs', text: `${name} changes ${outcome.changed}` }
    if (outcome.leaked !== 0) return { kind: 'memory', text: `${name} leaves ${outcome.leaked} storages behind` }
  }
  const [a, b] = [actual.error, expected.error]
  if (a?.message !== b?.message || a?.name !== b?.name) {
    const said = (x: Outcome['error']): string => (x === null ? 'throws nothing' : `throws ${x.name}: ${x.message}`)
    return { kind: 'error', text: `${names[0]} ${said(a)}; ${names[1]} ${said(b)}` }
  }
  const worth = new Worth(one, oracle)
  for (const group of groups) {
    const [mine, theirs] = [actual[group], expected[group]]
    const own: Case =
      group === 'outputs' ? one : { ...one, rule: { ...one.rule, ...gradientRule(one, group, expected) } }
    for (let k = 0; k < mine.length; k++) {
      const text = await differs(own, mine[k], theirs[k], (at) => worth.at(group, k, at), names)
      if (text !== null) return { kind: kinds[group], text: mine.length > 1 ? `${k}: ${text}` : text }
    }
  }
  return null
}

/**
 * Gradients take saved results, which are rounded: what is left of 1 - y is worth as much as y. They are as coarse as the coarsest dtype on their way,
 * and those of gradients come from several kernels, whose large parts may cancel.
 */
function gradientRule({ args, rule }: Case, group: Group, { outputs }: Outcome): Rule {
  const dtypes = [...operandsOf(args), ...outputs].flatMap((x) => ('dtype' in x ? [x.dtype] : []))
  const coarsest = Math.max(...dtypes.map((dtype) => epsilon[dtype] ?? 0))
  return { strict: undefined, coarsest, roundings: (group === 'second' ? 16 : 1) * (rule.roundings ?? 8) }
}

type Ask = (at: number) => Promise<Estimate | null>

async function differs(
  one: Case,
  a: Value | null,
  b: Value | null,
  ask: Ask,
  [mine, theirs]: readonly [string, string],
): Promise<string | null> {
  if (a === null || b === null) return a === b ? null : `${a === null ? mine : theirs} has none`
  if ('plain' in a || 'plain' in b) {
    const [x, y] = [a, b].map((v) => ('plain' in v ? String(v.plain) : 'a tensor'))
    return x === y ? null : `${x} on ${mine}, ${y} on ${theirs}`
  }
  if (a.dtype !== b.dtype) return `dtype ${a.dtype} on ${mine}, ${b.dtype} on ${theirs}`
  if (a.shape.join() !== b.shape.join()) return `shape [${a.shape}] on ${mine}, [${b.shape}] on ${theirs}`
  let first: string | null = null
  let count = 0
  let floor: number | null = null
  for (let i = 0; i < b.data.length; i++) {
    const [x, y] = [a.data[i], b.data[i]]
    if (Object.is(x, y)) continue
    if (!one.rule.exact) {
      floor ??= floorOf(
        one,
        b.dtype,
        Array.from(b.data, Number)
          .map(finite)
          .reduce((m, v) => Math.max(m, v), 0),
      )
      if (await close(one, Number(x), Number(y), a.dtype, floor, () => ask(i))) continue
    }
    count++
    if (count > 20) break
    if (first === null) {
      const worth = one.rule.exact ? null : await ask(i)
      const exact = worth === null ? '' : `, exactly ${worth.exact} +- ${worth.spread.toPrecision(3)}`
      first = `element ${i} is ${show(x)} on ${mine}, ${show(y)} on ${theirs}${exact}`
    }
  }
  return first === null ? null : `${first} (${count > 20 ? 'more than 20' : count} of ${b.data.length} differ)`
}

/** What is let pass beside a largest element of `top`, whatever the element itself. */
function floorOf({ rule, args }: Case, dtype: DType, top: number): number {
  const unit = Math.max(epsilon[dtype] ?? 0, rule.coarsest ?? 0)
  // Nothing finer than float64 measures how a long sum of it rounds: one time for each element of a lane.
  const terms = dtype === 'float64' ? Math.max(0, ...operandsOf(args).map((x) => numelOf(x.shape))) / 4 : 0
  const sums = rule.strict ? 0 : ((rule.roundings ?? 8) + terms) * unit * Math.max(1, Math.min(top, 100))
  return Math.max(sums, (rule.ofLargest?.[0] ?? 0) * top)
}

/** `floor`: an error that is never looked at; `ask` measures what the element is worth. */
async function close(
  one: Case,
  x: number,
  y: number,
  dtype: DType,
  floor: number,
  ask: () => ReturnType<Ask>,
): Promise<boolean> {
  const unit = epsilon[dtype]
  if (x === y) return true
  if (unit === undefined) return false
  const error = Math.abs(x - y)
  const tiny = smallest[dtype] as number
  if (error <= 2 * ULPS * unit * Math.max(Math.abs(x), Math.abs(y))) return Number.isFinite(error)
  if (error <= Math.max(tiny * ULPS, floor)) return true
  const worth = await ask()
  if (worth === null) return false
  const { exact, spread, own, noise, top } = worth
  if (!Number.isFinite(error)) {
    // Near the largest number either side of it is right.
    const edge = (largest[dtype] as number) * (1 - 8 * unit)
    const [odd, other] = Number.isFinite(x) ? [y, x] : [x, y]
    if (Number.isNaN(odd) || !Number.isFinite(other)) return false
    return Math.sign(odd) === Math.sign(other) && Math.abs(exact) + FACTOR * spread >= edge
  }
  const rounding = 4 * own + FACTOR * finite(spread) + 2 * ULPS * unit * finite(exact)
  return error <= rounding + floorOf(one, dtype, top) + (one.rule.strict ? 0 : 2 * noise)
}
