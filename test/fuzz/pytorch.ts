// A third opinion: the same cases in PyTorch itself, by `pytorch.py`. Both devices share `ops/`; what is wrong there shows only here.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { DType } from '../../src/base/dtype.ts'
import { type Argument, type Case, isOptions, Operand } from './case.ts'
import { execute, type Outcome, type Value } from './execute.ts'
import { drawCase } from './families.ts'
import { type Failure, judge } from './judge.ts'

type Read = { dtype: DType; shape: number[]; data: (number | string | boolean)[] } | { plain: unknown } | null
type Answer = { error: readonly [string, string] | null; outputs: Read[]; gradients: Read[] }

/** JSON has no NaN, no -0 and no large integers: they travel as text. */
const encoded = (x: number | bigint): number | string =>
  typeof x === 'bigint'
    ? Number.isSafeInteger(Number(x))
      ? Number(x)
      : `${x}n`
    : Number.isFinite(x) && !Object.is(x, -0)
      ? x
      : Object.is(x, -0)
        ? '-0'
        : `${x}`
const decoded = (x: number | string | boolean): number | bigint =>
  typeof x === 'string' && x.endsWith('n') ? BigInt(x.slice(0, -1)) : Number(x)

function json(arg: Argument): unknown {
  if (arg instanceof Operand) return { operand: { ...arg, values: arg.values.map(encoded) } }
  if (typeof arg === 'bigint') return { number: `${arg}n` }
  if (typeof arg === 'number') return Number.isFinite(arg) && !Object.is(arg, -0) ? arg : { number: encoded(arg) }
  if (Array.isArray(arg)) return arg.map((x) => json(x as Argument))
  if (isOptions(arg)) return Object.fromEntries(Object.entries(arg).map(([k, x]) => [k, json(x)]))
  return arg ?? null
}

const valueOf = (read: Read): Value | null =>
  read === null || 'plain' in read
    ? read
    : { ...read, data: read.data.map((x) => (read.dtype === 'int64' ? BigInt(decoded(x)) : decoded(x))) }

/** What PyTorch says of cases, given the gradients that arrived at Kindling's results. */
function ask(python: string, cases: readonly Case[], mine: readonly Outcome[]): Answer[] {
  const lines = cases.map(({ op, inPlace, seed, order, args, rule }, i) =>
    JSON.stringify({
      op,
      inPlace,
      seed,
      order,
      writes: rule.writes ?? false,
      args: args.map(json),
      cotangents: mine[i].cotangents.first.map((x) => json(x)),
    }),
  )
  const { stdout, stderr, status } = spawnSync(python, [join(import.meta.dirname, 'pytorch.py')], {
    input: lines.join('\n'),
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
  })
  const answers = stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer)
  if (answers.length !== cases.length) {
    const last = cases[answers.length]
    throw new Error(`PyTorch ended with ${status} in ${last.family} ${last.number} (${last.op}): ${stderr.slice(-500)}`)
  }
  return answers
}

/** Order among equals is PyTorch's own affair there: positions and what flows by them are not compared. */
const ties = new Set('topk kthvalue median nanmedian mode min max msort quantile nanquantile put indexPut'.split(' '))

/** Errors of PyTorch that say nothing of the call: what it has not on CPU, or not for this dtype, its own bugs, and limits that Kindling has not. */
const ownErrors = [
  /not (yet )?(implemented|supported)|Half|BFloat16|support automatic differentiation|dimname|without overflow|ZeroDivision/,
  /INTERNAL ASSERT|returned an invalid gradient|Expected a proper Tensor|view size is not compatible/,
  // A new dimension behind a mask; positions of int32; dimension 0 of a 0-d tensor.
  /shape of the indexed tensor|(Expected a long|tensors used as indices|dtype int64 for|must be long)|tensor has no dimensions/,
]

/** PyTorch leaves the gradient of what they overwrite in place as it was. */
const kept = new Set(['logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot'])

/** A gradient of zeros says the same as none. */
const isZero = (x: Value | null): boolean =>
  x !== null && 'data' in x && Array.from(x.data).every((v) => Number(v) === 0)
const orNone = (list: readonly (Value | null)[]): (Value | null)[] => list.map((x) => (isZero(x) ? null : x))

/** What differs between a case on the reference device and in PyTorch; null where nothing does, `skip` where there is nothing to compare. */
async function compare(
  one: Case,
  mine: Outcome,
  { error, outputs, gradients }: Answer,
): Promise<Failure | 'skip' | null> {
  if (error !== null) {
    if (error[0] === 'TypeError' || error[0] === 'AttributeError') return 'skip'
    if (ownErrors.some((pattern) => pattern.test(error[1]))) return 'skip'
    // Gradients where the index is smaller than what is written.
    if (mine.error === null && one.op.startsWith('scatter') && /must match the size/.test(error[1])) return 'skip'
  }
  if ((error === null) !== (mine.error === null)) {
    const text = error === null ? `Kindling throws ${mine.error?.message}` : `PyTorch throws ${error.join(': ')}`
    return { kind: 'error', text }
  }
  if (error !== null) return null
  const values = outputs.map(valueOf) as Value[]
  const theirs: Outcome = { ...mine, outputs: values, gradients: gradients.map(valueOf), second: [] }
  const tied = ties.has(one.op)
  const part = (outcome: Outcome): Outcome => ({
    ...outcome,
    outputs: tied ? outcome.outputs.slice(0, 1) : outcome.outputs,
    gradients: tied || gradients.length === 0 || kept.has(one.op) ? [] : orNone(outcome.gradients),
    second: [],
  })
  return judge(
    { ...one, order: one.order === 2 ? 1 : one.order },
    part(mine),
    part(theirs),
    ['Kindling', 'PyTorch'],
    mine,
  )
}

/** Compares cases `from` to `to` - 1 of a family with PyTorch; returns how many could be compared. */
export async function askPyTorch(
  family: string,
  { seed, from, to, python }: { seed: number; from: number; to: number; python: string },
  onFailure: (one: Case, failure: Failure) => void,
): Promise<number> {
  let compared = 0
  for (let start = from; start < to; start += 500) {
    const cases: Case[] = []
    for (let number = start; number < Math.min(to, start + 500); number++) {
      const one = drawCase(family, seed, number)
      if (one.rule.own === undefined) cases.push({ ...one, order: one.order === 2 ? 1 : one.order })
    }
    const mine: Outcome[] = []
    for (const one of cases) mine.push(await execute(one, 'reference'))
    const answers = ask(python, cases, mine)
    for (const [i, one] of cases.entries()) {
      const failure = await compare(one, mine[i], answers[i])
      if (failure === 'skip') continue
      compared++
      if (failure !== null) onFailure(one, failure)
    }
  }
  return compared
}
