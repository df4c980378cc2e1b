// Makes a failing case smaller: contiguous operands, fewer and smaller dimensions, plain values, fewer options, as long as it fails in the same way.
import { contiguousStrides, numelOf } from '../../src/base/shape.ts'
import { type Argument, type Case, isOptions, mapOperands, Operand, operandsOf } from './case.ts'
import type { Failure } from './judge.ts'

const replaceOperand = (one: Case, which: number, by: (operand: Operand) => Operand): Case => {
  let k = -1
  const change = (operand: Operand): Operand => {
    k++
    return k === which ? by(operand) : operand
  }
  return { ...one, args: one.args.map((arg) => mapOperands(arg, change) as Argument) }
}
const replaceAll = (one: Case, by: (operand: Operand) => Operand): Case => ({
  ...one,
  args: one.args.map((arg) => mapOperands(arg, by) as Argument),
})

/** The elements that a view shows, in order. */
function shown({ values, shape, strides, offset }: Operand): (number | bigint)[] {
  return shape
    .reduce<number[]>(
      (list, n, d) => list.flatMap((at) => Array.from({ length: n }, (_, i) => at + i * strides[d])),
      [offset],
    )
    .map((at) => values[at])
}

const plain = (x: Operand): Operand =>
  x.plain ? x : x.with({ values: shown(x), strides: contiguousStrides(x.shape), offset: 0 })

/** Contiguous with another shape: elements that stay, stay where they are. */
function resized(x: Operand, shape: readonly number[]): Operand {
  const from = plain(x)
  const index = (at: number): number => {
    let rest = at
    let place = 0
    const strides = contiguousStrides(from.shape)
    for (let d = shape.length - 1; d >= 0; d--) {
      place += (rest % shape[d]) * (strides[d + from.shape.length - shape.length] ?? 0)
      rest = Math.floor(rest / shape[d])
    }
    return place
  }
  const values = Array.from({ length: numelOf(shape) }, (_, i) => from.values[index(i)] ?? from.values[0])
  return from.with({ shape, values, strides: contiguousStrides(shape), offset: 0 })
}

const smaller = (size: number): number[] => [...new Set([1, 2, size >> 1, size - 1])].filter((x) => x > 0 && x < size)

function* withoutOptions(arg: Argument): Generator<Argument> {
  if (Array.isArray(arg)) {
    for (let i = 0; i < arg.length; i++) yield arg.filter((_, k) => k !== i)
    return
  }
  if (!isOptions(arg)) return
  for (const name of Object.keys(arg)) {
    const { [name]: _, ...rest } = arg
    yield rest
  }
}

type Pass = (one: Case) => Generator<Case>

/** What is tried, one kind after another: what makes most difference first. */
const passes: readonly Pass[] = [
  function* calls(one) {
    if (one.order > 0) yield { ...one, order: (one.order - 1) as 0 | 1 }
    if (one.inPlace) yield { ...one, inPlace: false }
  },
  function* layouts(one) {
    if (operandsOf(one.args).every((x) => x.plain)) return
    yield replaceAll(one, plain)
    for (const [k, { plain: done }] of operandsOf(one.args).entries()) if (!done) yield replaceOperand(one, k, plain)
  },
  function* leaves(one) {
    for (const [k, { grad }] of operandsOf(one.args).entries())
      if (grad) yield replaceOperand(one, k, (x) => x.with({ grad: false }))
  },
  function* commonSizes(one) {
    const all = new Set(operandsOf(one.args).flatMap((x) => x.shape))
    for (const size of [...all].filter((n) => n > 1).sort((a, b) => b - a)) {
      const to = (less: number) => (x: Operand) =>
        x.shape.includes(size)
          ? resized(
              x,
              x.shape.map((n) => (n === size ? less : n)),
            )
          : x
      for (const less of smaller(size)) yield replaceAll(one, to(less))
    }
  },
  function* dimensions(one) {
    const operands = operandsOf(one.args)
    const most = Math.max(0, ...operands.map((x) => x.shape.length))
    if (most > 0) yield replaceAll(one, (x) => (x.shape.length === most ? resized(x, x.shape.slice(1)) : x))
    for (const [k, { shape }] of operands.entries())
      if (shape.length > 0) yield replaceOperand(one, k, (x) => resized(x, shape.slice(1)))
  },
  function* ownSizes(one) {
    for (const [k, { shape }] of operandsOf(one.args).entries()) {
      for (let d = 0; d < shape.length; d++) {
        for (const less of smaller(shape[d]))
          yield replaceOperand(one, k, (x) =>
            resized(
              x,
              shape.map((n, i) => (i === d ? less : n)),
            ),
          )
      }
    }
  },
  function* options(one) {
    for (let i = 0; i < one.args.length; i++) {
      for (const arg of withoutOptions(one.args[i])) yield { ...one, args: one.args.map((x, k) => (k === i ? arg : x)) }
    }
  },
  function* values(one) {
    for (const [k, { dtype, values }] of operandsOf(one.args).entries()) {
      for (const value of dtype === 'int64' ? [1n, 0n] : [1, 0]) {
        if (values.some((x) => !Object.is(x, value)))
          yield replaceOperand(one, k, (x) => x.with({ values: values.map(() => value) }))
      }
      if (values.length > 12) continue
      for (let i = 0; i < values.length; i++) {
        const x = values[i]
        if (typeof x === 'number' && Number.isFinite(x) && !Number.isInteger(x * 2))
          yield replaceOperand(one, k, (o) => o.with({ values: values.with(i, Math.round(x * 2) / 2) }))
      }
    }
  },
]

/** The smallest case found in so many seconds that fails as `failure` does, with its failure. */
export async function shrink(
  one: Case,
  failure: Failure,
  fails: (one: Case) => Promise<Failure | null>,
  seconds = 5,
): Promise<{ one: Case; failure: Failure }> {
  let best = { one, failure }
  const end = performance.now() + 1000 * seconds
  /** Whether a candidate of the pass fails, too: it is the best one then. */
  const improve = async (pass: Pass): Promise<boolean> => {
    for (const candidate of pass(best.one)) {
      if (performance.now() > end) return false
      const again = await fails(candidate)
      if (again === null || again.kind !== failure.kind) continue
      best = { one: candidate, failure: again }
      return true
    }
    return false
  }
  for (let found = true; found; ) {
    found = false
    for (const pass of passes) while (await improve(pass)) found = true
  }
  return best
}
