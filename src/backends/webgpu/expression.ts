// Expressions (base/expr.ts) printed as WGSL: one `let` for each distinct node, so that common parts are computed once.
import type { ComputeType } from '../../base/dtype.ts'
import { DeviceError } from '../../base/errors.ts'
import { type Expr, type ExprOp, typeOf, walk } from '../../base/expr.ts'
import { computeTypes, floatBits, scalarWords } from './shader.ts'

/** WGSL of the leaves; what a kernel does not have may be left out. */
export interface Leaves {
  readonly input?: (index: number) => string
  readonly scalar?: (index: number) => string
  readonly acc?: (index: number) => string
  readonly other?: (index: number) => string
  /** An i32. */
  readonly position?: string
}

type Print = (...args: string[]) => string
type Table = Partial<Readonly<Record<ExprOp, Print>>>

const call =
  (name: string): Print =>
  (...args) =>
    `${name}(${args.join(', ')})`
const infix =
  (operator: string): Print =>
  (a, b) =>
    `(${a} ${operator} ${b})`
const itself: Print = (x) => x

/** Of any type. */
const masks: Table = {
  and: infix('&&'),
  or: infix('||'),
  not: (a) => `!${a}`,
  where: (mask, a, b) => `select(${b}, ${a}, ${mask})`,
}
const comparisons: Table = {
  lt: infix('<'),
  le: infix('<='),
  gt: infix('>'),
  ge: infix('>='),
  eq: infix('=='),
  // WGSL's != may say that NaN is no different from a number.
  ne: (a, b) => `!(${a} == ${b})`,
}

const real: Table = {
  neg: (x) => `(-${x})`,
  abs: call('abs'),
  sign: call('real_sign'),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  rem: call('real_rem'),
  min: call('real_min'),
  max: call('real_max'),
  fma: call('fma'),
  pow: call('real_pow'),
  atan2: call('real_atan2'),
  floor: call('floor'),
  ceil: call('ceil'),
  trunc: call('trunc'),
  round: call('round'),
  sqrt: call('sqrt'),
  exp: call('real_exp'),
  log: call('real_log'),
  exp2: call('real_exp2'),
  log2: call('real_log2'),
}
const mathNames = [
  ...[
    'tanh',
    'sigmoid',
    'erf',
    'sin',
    'cos',
    'expm1',
    'log1p',
    'log10',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'asinh',
  ],
  ...['acosh', 'atanh', 'erfc', 'erfinv', 'lgamma', 'digamma', 'trigamma'],
] as const
const reals: Table = {
  ...real,
  ...Object.fromEntries(mathNames.map((name) => [name, call(`real_${name}`)])),
}

const int: Table = {
  neg: (x) => `(-${x})`,
  abs: call('abs'),
  sign: call('sign'),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: call('int_div'),
  rem: call('int_rem'),
  min: call('min'),
  max: call('max'),
  fma: (a, b, c) => `(${a} * ${b} + ${c})`,
  pow: call('int_pow'),
}
const long: Table = {
  ...Object.fromEntries(
    (
      ['neg', 'abs', 'sign', 'add', 'sub', 'mul', 'div', 'rem', 'min', 'max', 'fma', 'pow', 'lt', 'le', 'eq'] as const
    ).map((name) => [name, call(`long_${name}`)]),
  ),
  gt: (a, b) => `long_lt(${b}, ${a})`,
  ge: (a, b) => `long_le(${b}, ${a})`,
  ne: (a, b) => `!long_eq(${a}, ${b})`,
}
const rounding: Table = { floor: itself, ceil: itself, trunc: itself, round: itself }

const tables: Readonly<Record<ComputeType, Table>> = {
  float32: { ...comparisons, ...reals, ...masks },
  float64: { ...comparisons, ...reals, ...masks },
  int32: { ...comparisons, ...int, ...rounding, ...masks },
  int64: { ...long, ...rounding, ...masks },
}
/** Floating-point functions of integers: through float32. */
const throughReal: Readonly<Record<'int32' | 'int64', (f: Print) => Print>> = {
  int32:
    (f) =>
    (...args) =>
      `real_to_int(${f(...args.map((x) => `f32(${x})`))})`,
  int64:
    (f) =>
    (...args) =>
      `real_to_long(${f(...args.map((x) => `long_to_real(${x})`))})`,
}

/** How a node is written, by its op and the types of its arguments. */
function printOf(e: Expr, compute: ComputeType, types: (e: Expr) => string): Print {
  // Positions are i32 in every compute type.
  const isPosition = e.args.length > 0 && types(e.args[0]) === 'i'
  if (isPosition && e.op in comparisons) return comparisons[e.op] as Print
  // The same value against itself: whether it is NaN, which a compiler may take for impossible.
  if ((e.op === 'ne' || e.op === 'eq') && e.args[0] === e.args[1] && compute.startsWith('float'))
    return (x) => (e.op === 'ne' ? `is_nan(${x})` : `!is_nan(${x})`)
  const found = tables[compute][e.op]
  if (found !== undefined) return found
  const f = reals[e.op]
  if (f === undefined || compute === 'float32' || compute === 'float64')
    throw new DeviceError(`webgpu: the operation ${e.op} is not there`)
  return throughReal[compute](f)
}

/** A number as a value of the compute type. */
export function constantOf(value: number, compute: ComputeType): string {
  const [low, high] = scalarWords(value, compute)
  if (compute === 'int32') return `bitcast<i32>(${low}u)`
  if (compute === 'int64') return `vec2<u32>(${low}u, ${high}u)`
  const x = Math.fround(value)
  if (Number.isNaN(x)) return 'bitcast<f32>(nan_bits)'
  if (Math.abs(x) === Infinity) return x > 0 ? 'bitcast<f32>(inf_bits)' : '(-bitcast<f32>(inf_bits))'
  return `bitcast<f32>(${floatBits(x)}u)`
}

/** Statements that compute the expressions, and the names of their values. `prefix` keeps the names of two blocks apart. */
export function printExpressions(
  roots: readonly Expr[],
  compute: ComputeType,
  leaves: Leaves,
  { accTypes = [], prefix = 'e' }: { accTypes?: readonly ('v' | 'i')[]; prefix?: string } = {},
): { lines: string[]; values: string[] } {
  const names = new Map<Expr, string>()
  const lines: string[] = []
  const types = (e: Expr): string => typeOf(e, accTypes)
  const leaf: Partial<Record<ExprOp, (e: Expr) => string | undefined>> = {
    const: (e) => constantOf(e.value, compute),
    input: (e) => leaves.input?.(e.value),
    scalar: (e) => leaves.scalar?.(e.value),
    acc: (e) => leaves.acc?.(e.value),
    other: (e) => leaves.other?.(e.value),
    position: () => leaves.position,
  }
  walk(roots, (e) => {
    const text = leaf[e.op]?.(e) ?? printOf(e, compute, types)(...e.args.map((arg) => names.get(arg) as string))
    const name = `${prefix}${names.size}`
    lines.push(`  let ${name} = ${text};`)
    names.set(e, name)
  })
  return { lines, values: roots.map((root) => names.get(root) as string) }
}

export const typeName = (type: 'v' | 'i', compute: ComputeType): string =>
  type === 'i' ? 'i32' : computeTypes[compute]
