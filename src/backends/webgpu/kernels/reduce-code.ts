// The code of reductions: from the inputs, or from accumulators that other workgroups left, to the outputs or to such accumulators.
import type { ComputeType } from '../../../base/dtype.ts'
import { type Expr, typeOf } from '../../../base/expr.ts'
import type { Reduction } from '../../../runtime/spec.ts'
import { constantOf, type Leaves, printExpressions, typeName } from '../expression.ts'
import { load, type Operand, scalarAt, shader, store, word } from '../shader.ts'
import { perTile, sharedArray, type Tile, tree } from '../tile.ts'
import { indexed } from '../walk.ts'

export interface ReduceCode {
  readonly reduction: Reduction
  readonly compute: ComputeType
  readonly tile: Tile
  /** Outputs first. */
  readonly operands: readonly Operand[]
  /** How many are outputs; with none, accumulators go to `parts`; with outputs only, they come from there. */
  readonly written: number
  /** Numbers of kept and of reduced dimensions. */
  readonly ranks: readonly [number, number]
  readonly scalars: number
  /** The slot of the accumulators' memory: accumulator k of chunk c of result r is number (r * chunks + c) * accumulators + k. */
  readonly parts: number | null
}

/** Elements that are added one after the other before they join the rest: sums in float32 lose less. */
const RUN = 64

/** Parameters: [elements of a chunk, chunks, scalars..., walk over the kept dimensions, walk over the reduced ones]. */
export function reduceCode({ reduction, compute, tile, operands, written, ranks, scalars, parts }: ReduceCode): string {
  const { accTypes, init, step, combine, finish } = reduction
  const [size, chunks] = [word(0), word(1)]
  const outer = 2 + 2 * scalars
  const kept = indexed(ranks[0], operands.length, { i: 'o', first: outer, prefix: 'x' })
  const inputs = operands.length - written
  const reduced = indexed(ranks[1], inputs, {
    i: 'r',
    first: outer + 1 + ranks[0] + operands.length * (1 + ranks[0]),
    prefix: 'y',
  })
  const rangeLength = word(outer + 1 + ranks[0] + operands.length * (1 + ranks[0]))
  const rows = word(outer)

  const types = accTypes.map((type) => typeName(type, compute))
  /** The compute type in which an accumulator, or a result, is stored. */
  const kindOf = (type: string): ComputeType => (type === 'i' ? 'int32' : compute)
  const starts = init.map((x, k) => constantOf(x, kindOf(accTypes[k])))
  const print = (roots: readonly Expr[], prefix: string, leaves: Leaves) =>
    printExpressions(roots, compute, { scalar: (k) => scalarAt(2 + 2 * k, compute), ...leaves }, { accTypes, prefix })
  const declare = (name: string): string => init.map((_, k) => `var ${name}${k}: ${types[k]} = ${starts[k]};`).join(' ')
  const assign = (name: string, values: readonly string[]): string =>
    values.map((value, k) => `${name}${k} = ${value};`).join(' ')
  const meet = (others: readonly string[], prefix: string) =>
    print(combine, prefix, { acc: (k) => `sum${k}`, other: (k) => others[k] })

  const part = (k: number): Operand => ({
    slot: parts as number,
    dtype: kindOf(accTypes[k]) === 'float64' ? 'float32' : kindOf(accTypes[k]),
    atomic: false,
  })
  /** In elements of the accumulator's type: places are as wide as the widest. */
  const partAt = (chunk: string, k: number): string => {
    const wide = compute === 'int64' && kindOf(accTypes[k]) !== 'int64' ? '2u * ' : ''
    return `${wide}((o * ${chunks} + ${chunk}) * ${init.length}u + ${k}u)`
  }

  const fromInputs = (): string => {
    const elements = print(step, 's', {
      input: (k) => load(operands[written + k], `${kept.at[written + k]} + ${reduced.at[k]}`, compute),
      acc: (k) => `run${k}`,
      position: 'i32(r)',
    })
    const joined = meet(
      init.map((_, k) => `run${k}`),
      'j',
    )
    return `
    let end = min(chunk * ${size} + ${size}, ${rangeLength});
    var r = chunk * ${size} + lane;
    while (r < end) {
      ${declare('run')}
      for (var n = 0u; n < ${RUN}u && r < end; n++) {
${reduced.lines.join('\n')}
${elements.lines.join('\n')}
        ${assign('run', elements.values)}
        r += ${tile.lanes}u;
      }
${joined.lines.join('\n')}
      ${assign('sum', joined.values)}
    }`
  }
  const fromParts = (): string => {
    const joined = meet(
      init.map((_, k) => `run${k}`),
      'j',
    )
    const loads = init.map((_, k) => `let run${k} = ${load(part(k), partAt('r', k), kindOf(accTypes[k]))};`)
    return `
    for (var r = lane; r < ${chunks}; r += ${tile.lanes}u) {
      ${loads.join('\n')}
${joined.lines.join('\n')}
      ${assign('sum', joined.values)}
    }`
  }
  const results = (): string[] => {
    const { lines, values } = print(finish, 'f', { acc: (k) => `sum${k}` })
    const stores = values.map((value, k) => store(operands[k], kept.at[k], value, kindOf(typeOf(finish[k], accTypes))))
    return [...lines, ...stores]
  }
  const leave = (): string[] => init.map((_, k) => store(part(k), partAt('chunk', k), `sum${k}`, kindOf(accTypes[k])))

  const many = written === 0
  return shader(
    parts === null ? operands : [...operands, part(0)],
    perTile(
      tile,
      types.map((type, k) => sharedArray(`shared${k}`, type)).join('\n'),
      `
  let chunk = ${many ? `g % ${chunks}` : '0u'};
  let o = ${many ? `(g / ${chunks})` : 'g'} * ${tile.rows}u + row;
  ${declare('sum')}
${kept.lines.join('\n')}
  if (o < ${rows}) {${inputs > 0 ? fromInputs() : fromParts()}
  }
${tree(
  tile,
  init.map((_, k) => `sum${k}`),
  init.map((_, k) => `shared${k}`),
  (others) => meet(others, 't'),
)}
  if (lane == 0u && o < ${rows}) {
${(many ? leave() : results()).join('\n')}
  }`,
    ),
  )
}
