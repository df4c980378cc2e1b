// Running sums, products, maxima, minima and log-sum-exps along one axis. Short rows: a thread for each. Long ones: blocks of 256 threads with some neighbours
// each, whose totals are scanned in between where a row has several blocks. What joins two ranges is associative, so the order is that of the axis.
import { type ComputeType, computeType, type DType } from '../../../base/dtype.ts'
import { numelOf } from '../../../base/shape.ts'
import { collapse } from '../../../runtime/dims.ts'
import type { ScanSpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { constantOf } from '../expression.ts'
import type { Block } from '../memory.ts'
import {
  bind,
  computeTypes,
  keyOf,
  load,
  type Operand,
  operandsOf,
  perThread,
  shader,
  store,
  THREADS,
  word,
} from '../shader.ts'
import { innermost, perTile, sharedArray, wholeGroup } from '../tile.ts'
import { indexed, walkWords } from '../walk.ts'

type Op = ScanSpec['op']

/** Where every range begins; it only ever stands in front. */
const identity: Readonly<Record<Op, number>> = {
  sum: 0,
  prod: 1,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
  logsumexp: Number.NEGATIVE_INFINITY,
}

/** Neighbours of one thread of a block. */
const RUN = 8
const BLOCK = THREADS * RUN

/** A statement that puts range `a` in front of range `b`, into `into`: names of a value, and of a position with `At` behind it. */
function join(op: Op, compute: ComputeType, into: string, a: string, b: string): string {
  const long = compute === 'int64'
  if (op === 'sum') return `${into} = ${long ? `long_add(${a}, ${b})` : `${a} + ${b}`};`
  if (op === 'prod') return `${into} = ${long ? `long_mul(${a}, ${b})` : `${a} * ${b}`};`
  if (op === 'logsumexp') return `${into} = log_add_exp(${a}, ${b});`
  const [lesser, greater] = op === 'max' ? [a, b] : [b, a]
  const reaches = long ? `long_le(${lesser}, ${greater})` : `${lesser} <= ${greater}`
  const takes = compute.startsWith('float') ? `is_nan(${b}) || (!is_nan(${a}) && ${reaches})` : reaches
  return `{ let takes = ${takes}; ${into}At = select(${a}At, ${b}At, takes); ${into} = select(${a}, ${b}, takes); }`
}

interface Code {
  readonly op: Op
  readonly compute: ComputeType
  /** out, indices if any, x. */
  readonly operands: readonly Operand[]
  readonly places: boolean
  readonly rank: number
}

/** Parameters: [length, neighbours of a thread, blocks of a row, step of each view along the axis (3 places), walk over the other dimensions]. */
const FIRST = 6

/** What the kernels share: a row's place `o`, its elements, and how results are written. */
function parts({ op, compute, operands, places, rank }: Code) {
  const { lines, at } = indexed(rank, operands.length, { i: 'o', first: FIRST })
  const place = (k: number): string => `${at[k]} + i * ${word(3 + k)}`
  const x = operands.length - 1
  const start = constantOf(identity[op], compute)
  return {
    lines: lines.join('\n'),
    declare: (name: string): string =>
      `var ${name}: ${computeTypes[compute]} = ${start};${places ? ` var ${name}At = 0u;` : ''}`,
    element: `let next = ${load(operands[x], place(x), compute)};${places ? ' let nextAt = i;' : ''}`,
    write: (name: string): string =>
      store(operands[0], place(0), name, compute) +
      (places ? store(operands[1], place(1), `bitcast<i32>(${name}At)`, 'int32') : ''),
  }
}

/** A thread for each row. */
function rowsCode(code: Code): string {
  const { lines, declare, element, write } = parts(code)
  const body = `
  let o = i;
${lines}
  ${declare('sum')}
  for (var i = 0u; i < ${word(0)}; i++) {
    ${element}
    ${join(code.op, code.compute, 'sum', 'sum', 'next')}
    ${write('sum')}
  }`
  return shader(code.operands, perThread(FIRST, body))
}

/** `totals`: every block's total, from x. `starts`: from totals of a row what stands before each block. `results`: from x, and what stands before. */
type Stage = 'totals' | 'starts' | 'results'

function blocksCode(code: Code, stage: Stage, several: boolean): string {
  const { op, compute, operands, places } = code
  const { lines, declare, element, write } = parts(code)
  const slot = Math.max(...operands.map((operand) => operand.slot)) + 1
  const dtype: DType = compute === 'float64' ? 'float32' : compute
  const totals: Operand[] = several ? [{ slot, dtype, atomic: false }] : []
  if (several && places) totals.push({ slot: slot + 1, dtype: 'int32', atomic: false })
  const loadTotal = (name: string, at: string): string =>
    `let ${name} = ${load(totals[0], at, compute)};` +
    (places ? ` let ${name}At = bitcast<u32>(${load(totals[1], at, 'int32')});` : '')
  const storeTotal = (name: string, at: string): string =>
    store(totals[0], at, name, compute) + (places ? store(totals[1], at, `bitcast<i32>(${name}At)`, 'int32') : '')
  const joined = (into: string, a: string, b: string): string => join(op, compute, into, a, b)
  const next = stage === 'starts' ? loadTotal('next', `o * ${word(0)} + i`) : element
  const each = (body: string): string => `for (var i = start; i < end; i++) {
    ${next}
    ${body}
  }`
  // The first thread has nothing of its own block in front of it.
  const behind = `{
    ${several ? loadTotal('before', `o * ${word(2)} + block`) : ''}
    if (thread > 0u) { ${joined('front', 'before', 'front')} } else { front = before;${places ? ' frontAt = beforeAt;' : ''} }
  }`
  const last = {
    totals: `if (thread == ${THREADS - 1}u) { ${several ? storeTotal('sum', `o * ${word(2)} + block`) : ''} }`,
    starts: each(`${several ? storeTotal('front', `o * ${word(0)} + i`) : ''} ${joined('front', 'front', 'next')}`),
    results: `${several ? behind : ''}
  ${each(`${joined('front', 'front', 'next')} ${write('front')}`)}`,
  }[stage]
  const front = `${declare('front')}
  if (thread > 0u) { front = values[thread - 1u];${places ? ' frontAt = ats[thread - 1u];' : ''} }`
  const body = `
  let block = ${stage === 'starts' ? '0u' : `g % ${word(2)}`};
  let o = ${stage === 'starts' ? 'g' : `g / ${word(2)}`};
${stage === 'starts' ? '' : lines}
  let start = min((block * ${THREADS}u + thread) * ${word(1)}, ${word(0)});
  let end = min(start + ${word(1)}, ${word(0)});
  ${declare('sum')}
  ${each(joined('sum', 'sum', 'next'))}
  values[thread] = sum;${places ? ' ats[thread] = sumAt;' : ''}
  for (var step = 1u; step < ${THREADS}u; step *= 2u) {
    workgroupBarrier();
    let near = select(thread, thread - step, thread >= step);
    let other = values[near];${places ? ' let otherAt = ats[near];' : ''}
    workgroupBarrier();
    if (thread >= step) {
      ${joined('sum', 'other', 'sum')}
      values[thread] = sum;${places ? ' ats[thread] = sumAt;' : ''}
    }
  }
  workgroupBarrier();
  ${front}
  ${last}`
  const shared = [sharedArray('values', computeTypes[compute])]
  if (places) shared.push(sharedArray('ats', 'u32'))
  return shader([...operands, ...totals], perTile(wholeGroup, shared.join('\n'), body))
}

export const scan =
  (engine: Engine) =>
  (spec: ScanSpec): void => {
    const { op, x, out, indices, axis } = spec
    if (out.shape.includes(0)) return
    const compute = computeType(out.dtype)
    const views: View[] = indices === null ? [out, x] : [out, indices, x]
    const length = out.shape[axis] ?? 1
    const others = out.shape.map((_, d) => d).filter((d) => d !== axis)
    const dims = collapse(out.shape, views, others, true)
    const rows = numelOf(dims.sizes)
    const binding = bind(views)
    const operands = operandsOf(views, binding, views.length - 1)
    const places = indices !== null
    const code: Code = { op, compute, operands, places, rank: dims.sizes.length }
    const steps = views.map(({ strides }) => strides[axis] ?? 1)
    const key = `scan ${op} ${compute} ${keyOf(operands)} ${dims.sizes.length}`
    const walk = walkWords(dims, views)
    const words = (size: number, run: number, blocks: number): number[] => [
      size,
      run,
      blocks,
      ...[0, 1, 2].map((k) => steps[k] ?? 0),
      ...walk.words,
    ]
    const across = innermost(dims, views.length - 1) < Math.abs(steps[views.length - 1])
    if (length <= 64 || (across && rows >= 1024)) {
      engine.run({
        key: `${key} rows`,
        code: () => rowsCode(code),
        blocks: binding.blocks,
        words: words(length, 1, 1),
        groups: Math.ceil(rows / THREADS),
      })
      return
    }
    const blocks = Math.ceil(length / BLOCK)
    const several = blocks > 1
    const scratch: Block[] = []
    if (several) {
      scratch.push(engine.alloc(rows * blocks * (compute === 'int64' ? 8 : 4)))
      if (places) scratch.push(engine.alloc(rows * blocks * 4))
    }
    const launch = (stage: Stage, size: number, run: number, groups: number): void =>
      engine.run({
        key: `${key} ${stage} ${several}`,
        code: () => blocksCode(code, stage, several),
        blocks: [...binding.blocks, ...scratch],
        words: words(size, run, blocks),
        groups,
      })
    if (several) {
      launch('totals', length, RUN, rows * blocks)
      launch('starts', blocks, Math.ceil(blocks / THREADS), rows)
    }
    launch('results', length, RUN, rows * blocks)
    for (const block of scratch) engine.release(block)
  }
