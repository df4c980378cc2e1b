// The expression compiler: prints expressions (base/expr.ts) as vector code of one compute type. map.ts and reduce.ts call it.
// Every expression becomes a graph of words (lanes.ts); leaves are filled in where the graph is evaluated.
import { type ComputeType, type DType } from '../../base/dtype.ts'
import { type Expr, type ExprOp, type ExprType, exprOps, typeOf } from '../../base/expr.ts'
import type { HostName } from './host.ts'
import type { Lanes, LaneType, Word } from './lanes.ts'
import { fastMath } from './math.ts'
import { bitsOf, formatOf, fromRaw, laneTypes } from './operands.ts'
import { integerDiv, integerPow, integerRem } from './integers.ts'
import { wideMath } from './wide.ts'

interface Context {
  readonly l: Lanes
  readonly type: LaneType
  readonly bits: 32 | 64
  readonly isFloat: boolean
}
type Print = (c: Context, args: Word[], e: Expr) => Word

const same =
  (name: string): Print =>
  ({ l, type }, args) =>
    l.op(`${type}.${name}`, ...args)
const compare =
  (name: string): Print =>
  ({ l, type, isFloat }, args) =>
    l.op(`${type}.${name}${isFloat || name === 'eq' || name === 'ne' ? '' : '_s'}`, ...args)
const rounding =
  (name: string): Print =>
  (c, args) =>
    c.isFloat ? same(name)(c, args, undefined as never) : args[0]
const zero = ({ l, type }: Context): Word => l.constant(type, 0)

/** Float: NaN if either is NaN. Against a constant one instruction does that. */
const extremum =
  (float: 'min' | 'max', better: 'lt' | 'gt'): Print =>
  (c, [a, b], e) => {
    const { l, type, bits, isFloat } = c
    if (isFloat) {
      if (isNumber(e.args[1])) return l.op(`${type}.p${float}`, a, b)
      if (isNumber(e.args[0])) return l.op(`${type}.p${float}`, b, a)
      return l.op(`${type}.${float}`, a, b)
    }
    if (bits === 32) return l.op(`${type}.${float}_s`, a, b)
    return l.select(64, l.op(`${type}.${better}_s`, a, b), a, b)
  }
const isNumber = (e: Expr): boolean => e.op === 'const' && !Number.isNaN(e.value)

function sign(c: Context, [x]: Word[]): Word {
  const { l, type, bits, isFloat } = c
  const test = (name: string): Word => l.op(`${type}.${name}${isFloat ? '' : '_s'}`, x, zero(c))
  const one = l.constant(type, 1)
  const positive = l.op('v128.and', test('gt'), one)
  return l.select(bits, test('lt'), l.constant(type, -1), positive)
}

/** Exponents for which multiplications are as good. */
const powers: { readonly [exponent: number]: (c: Context, x: Word, e: Expr) => Word } = {
  1: (_, x) => x,
  2: (c, x, e) => same('mul')(c, [x, x], e),
  3: (c, x, e) => same('mul')(c, [same('mul')(c, [x, x], e), x], e),
}
function pow(c: Context, args: Word[], e: Expr): Word {
  const exponent = e.args[1]
  if (exponent.op === 'const' && exponent.value in powers) return powers[exponent.value](c, args[0], e)
  return c.isFloat ? transcendental('pow')(c, args, e) : integerPow(c.l, c.type as 'i32x4' | 'i64x2', args)
}

const hostFormula: { readonly [op: string]: (c: Context, x: Word) => Word } = {
  sigmoid: ({ l, type }, x) => {
    const e = l.host('exp', type, l.neg(type, l.abs(type, x)))
    const one = l.constant(type, 1)
    const top = l.select(64, l.op(`${type}.lt`, x, l.constant(type, 0)), e, one)
    return l.op(`${type}.div`, top, l.op(`${type}.add`, e, one))
  },
}

/** float32: vector code; float64: JavaScript's Math in each lane. Integers have none of these (ops promote first) but get them through double. */
const transcendental =
  (op: ExprOp): Print =>
  (c, args) => {
    const { l, type } = c
    if (type === 'f32x4') {
      if (op in fastMath) return fastMath[op](l, args[0])
      const wide = wideMath(l, op, args)
      if (wide) return wide
    }
    return op in hostFormula && c.isFloat ? hostFormula[op](c, args[0]) : l.host(op as HostName, type, ...args)
  }

const printers: { readonly [O in ExprOp]?: Print } = {
  neg: ({ l, type }, [x]) => l.neg(type, x),
  abs: ({ l, type }, [x]) => l.abs(type, x),
  add: same('add'),
  sub: same('sub'),
  mul: same('mul'),
  sign,
  div: (c, args, e) => (c.isFloat ? same('div')(c, args, e) : integerDiv(c.l, c.type as 'i32x4' | 'i64x2', args)),
  rem: (c, args) =>
    c.isFloat ? c.l.host('fmod', c.type, ...args) : integerRem(c.l, c.type as 'i32x4' | 'i64x2', args),
  min: extremum('min', 'lt'),
  max: extremum('max', 'gt'),
  fma: (c, [x, y, z], e) =>
    c.type === 'f32x4' || c.type === 'f64x2'
      ? c.l.madd(c.type, x, y, z)
      : same('add')(c, [same('mul')(c, [x, y], e), z], e),
  pow,
  floor: rounding('floor'),
  ceil: rounding('ceil'),
  trunc: rounding('trunc'),
  round: rounding('nearest'),
  sqrt: (c, args, e) => (c.isFloat ? same('sqrt')(c, args, e) : c.l.host('sqrt' as HostName, c.type, ...args)),
  lt: compare('lt'),
  le: compare('le'),
  gt: compare('gt'),
  ge: compare('ge'),
  eq: compare('eq'),
  ne: compare('ne'),
  and: ({ l }, args) => l.op('v128.and', ...args),
  or: ({ l }, args) => l.op('v128.or', ...args),
  not: ({ l }, args) => l.op('v128.not', ...args),
  where: ({ l, bits }, [mask, a, b]) => l.select(bits, mask, a, b),
}

/** About how many simple operations a node takes. */
export const costOf = (e: Expr): number => (e.args.length === 0 ? 0 : e.op === 'pow' || !(e.op in printers) ? 8 : 1)

export interface Source {
  readonly compute: ComputeType
  readonly inputs: readonly DType[]
  readonly accTypes?: readonly ExprType[]
}

/** Whether a value is a position: of `where`, either branch tells (the other may be a constant). */
export const holdsPosition = (e: Expr, accTypes: readonly ExprType[]): boolean =>
  typeOf(e, accTypes) === 'i' || (e.op === 'where' && e.args.slice(1).some((a) => holdsPosition(a, accTypes)))

/** Prints expressions into the graph `l`; results are values (a mask becomes 0 or 1). Input leaves are raw (operands.ts). */
export function printer(l: Lanes, source: Source): (e: Expr) => Word {
  const type = laneTypes[source.compute]
  const accTypes = source.accTypes ?? []
  const value: Context = { l, type, bits: bitsOf(type), isFloat: type === 'f32x4' || type === 'f64x2' }
  // Positions are integers in lanes as wide as the values, so masks of both kinds fit together.
  const place: Context = { ...value, type: value.bits === 32 ? 'i32x4' : 'i64x2', isFloat: false }
  const done = new Map<string, Word>()

  const isPlace = (e: Expr): boolean => holdsPosition(e, accTypes)

  function print(e: Expr, wanted: ExprType): Word {
    const key = `${e.id} ${wanted}`
    let word = done.get(key)
    if (word === undefined) done.set(key, (word = make(e, wanted)))
    return word
  }
  function make(e: Expr, wanted: ExprType): Word {
    switch (e.op) {
      case 'input':
        return fromRaw(l, formatOf(source.compute, source.inputs[e.value]), l.leaf('input', e.value))
      case 'const':
        return l.constant(wanted === 'i' ? place.type : type, e.value)
      case 'scalar':
      case 'acc':
      case 'other':
      case 'position':
        return l.leaf(e.op, e.value)
    }
    const signature = exprOps[e.op].split('>')[0]
    const branches = e.op === 'where' ? e.args.slice(1) : e.args
    const t: ExprType = branches.some(isPlace) ? 'i' : 'v'
    const args = e.args.map((a, k) => print(a, signature[k] === 't' ? t : (signature[k] as ExprType)))
    const print1 = printers[e.op] ?? transcendental(e.op)
    return print1(t === 'i' ? place : value, args, e)
  }

  return (e) => {
    const word = print(e, typeOf(e, accTypes))
    return typeOf(e, accTypes) === 'm' ? l.op('v128.and', word, l.constant(type, 1)) : word
  }
}
