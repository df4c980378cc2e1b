// Evaluates expressions for map and reduce: an expression becomes a list of steps, each distinct node one step.
// One table per kind of arithmetic says what each op means; `float32` is the table of the doubles, rounded at every step.
import type { ComputeType } from '../../base/dtype.ts'
import { type Expr, type ExprOp, walk } from '../../base/expr.ts'
import { fma } from '../../base/float.ts'
import { digamma, erf, erfc, erfinv, lgamma, trigamma } from '../../base/special.ts'
import { toCompute, type Value } from './values.ts'

/** A value, a mask, or a position. */
type Result = Value | boolean

/** What the leaves of an expression stand for. Values are converted to the compute type already. */
export interface Leaves {
  inputs: readonly Value[]
  scalars: readonly Value[]
  acc: readonly Value[]
  other: readonly Value[]
  position: number
}

type Leaf = 'input' | 'const' | 'scalar' | 'acc' | 'other' | 'position'
type Masks = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne' | 'and' | 'or' | 'not' | 'where'
type ValueOp = Exclude<ExprOp, Leaf | Masks>

const leaves: { readonly [op in Leaf]: (env: Leaves, e: Expr, constant: Value) => Value } = {
  input: (env, e) => env.inputs[e.value],
  scalar: (env, e) => env.scalars[e.value],
  acc: (env, e) => env.acc[e.value],
  other: (env, e) => env.other[e.value],
  position: (env) => env.position,
  const: (_env, _e, constant) => constant,
}

// Mixed comparisons of bigint and number (a position with a constant) are right with < and <=, wrong with ===.
const masks: { readonly [op in Masks]: (a: never, b: never, c: never) => Result } = {
  lt: (a: Value, b: Value) => a < b,
  le: (a: Value, b: Value) => a <= b,
  gt: (a: Value, b: Value) => a > b,
  ge: (a: Value, b: Value) => a >= b,
  eq: (a: Value, b: Value) => a <= b && a >= b,
  ne: (a: Value, b: Value) => !(a <= b && a >= b),
  and: (a: boolean, b: boolean) => a && b,
  or: (a: boolean, b: boolean) => a || b,
  not: (a: boolean) => !a,
  where: (mask: boolean, a: Result, b: Result) => (mask ? a : b),
}

/** Nearest whole number, ties to the even one. */
function roundHalfToEven(x: number): number {
  const low = Math.floor(x)
  const odd = Math.abs(low % 2) === 1
  const nearest = x - low > 0.5 || (x - low === 0.5 && odd) ? low + 1 : low
  return nearest === 0 ? 0 * Math.sign(x) : nearest
}
/** C's pow: unlike JavaScript, 1 to any power and -1 to an infinite one are 1. */
const realPow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)

const real: { readonly [op in ValueOp]: (a: number, b: number, c: number) => number } = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  rem: (x, y) => x % y,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  fma: (x, y, z) => x * y + z,
  pow: realPow,
  atan2: (y, x) => Math.atan2(y, x),
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  round: roundHalfToEven,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf,
  sin: Math.sin,
  cos: Math.cos,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erfc,
  erfinv,
  lgamma,
  digamma,
  trigamma,
}

/** base to a whole power, wrapping; a negative power is 1 / base ** n, truncated. */
function integerPow<T extends Value>(base: T, power: T, zero: T, one: T, mul: (a: T, b: T) => T): T {
  if (power < 0) {
    const odd = Number(BigInt(power) & 1n) === 1
    return base === one ? one : BigInt(base) === -1n ? (odd ? base : one) : zero
  }
  let result = one
  for (let n = BigInt(power), square = base; n > 0n; n >>= 1n) {
    if (n & 1n) result = mul(result, square)
    square = mul(square, square)
  }
  return result
}

type Integral =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'rem'
  | 'min'
  | 'max'
  | 'fma'
  | 'pow'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'round'
const { imul } = Math
const int32: { readonly [op in Integral]: (a: number, b: number, c: number) => number } = {
  neg: (x) => -x | 0,
  abs: (x) => Math.abs(x) | 0,
  sign: Math.sign,
  add: (x, y) => (x + y) | 0,
  sub: (x, y) => (x - y) | 0,
  mul: imul,
  div: (x, y) => (x / y) | 0,
  rem: (x, y) => (x % y) | 0,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  fma: (x, y, z) => (imul(x, y) + z) | 0,
  pow: (x, y) => integerPow(x, y, 0, 1, imul),
  floor: (x) => x,
  ceil: (x) => x,
  trunc: (x) => x,
  round: (x) => x,
}

const wrap = (x: bigint): bigint => BigInt.asIntN(64, x)
const int64: { readonly [op in Integral]: (a: bigint, b: bigint, c: bigint) => bigint } = {
  neg: (x) => wrap(-x),
  abs: (x) => wrap(x < 0n ? -x : x),
  sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  add: (x, y) => wrap(x + y),
  sub: (x, y) => wrap(x - y),
  mul: (x, y) => wrap(x * y),
  div: (x, y) => (y === 0n ? 0n : wrap(x / y)),
  rem: (x, y) => (y === 0n ? 0n : x % y),
  min: (x, y) => (x < y ? x : y),
  max: (x, y) => (x > y ? x : y),
  fma: (x, y, z) => wrap(x * y + z),
  pow: (x, y) => integerPow(x, y, 0n, 1n, (a, b) => wrap(a * b)),
  floor: (x) => x,
  ceil: (x) => x,
  trunc: (x) => x,
  round: (x) => x,
}

type Apply = (a: never, b: never, c: never) => Result

/** The meaning of an op that computes a value. Floating-point functions of integers go through doubles. */
function meaning(op: ValueOp, compute: ComputeType): Apply {
  if (compute === 'float64') return real[op]
  if (compute === 'float32') {
    const f = op === 'fma' ? fma : real[op]
    return (a: number, b: number, c: number) => Math.fround(f(a, b, c))
  }
  const table: Partial<Record<ExprOp, Apply>> = compute === 'int32' ? int32 : int64
  const f = real[op]
  return table[op] ?? ((a: Value, b: Value, c: Value) => toCompute[compute](f(Number(a), Number(b), Number(c))))
}

/** Expressions made ready to be evaluated: `run` gives one result per root. */
export function compile(roots: readonly Expr[], compute: ComputeType): (env: Leaves) => Result[] {
  const order: Expr[] = []
  walk(roots, (e) => order.push(e))
  const slot = new Map(order.map((e, k) => [e, k]))
  const results = new Array<Result>(order.length)
  const steps = order.map((e): ((env: Leaves) => Result) => {
    if (e.op in leaves) {
      const leaf = leaves[e.op as Leaf]
      const constant = toCompute[compute](e.value)
      return (env) => leaf(env, e, constant)
    }
    const apply = e.op in masks ? masks[e.op as Masks] : meaning(e.op as ValueOp, compute)
    const [a, b, c] = e.args.map((arg) => slot.get(arg) as number)
    return () => apply(results[a] as never, results[b] as never, results[c] as never)
  })
  const outputs = roots.map((root) => slot.get(root) as number)
  return (env) => {
    for (let k = 0; k < steps.length; k++) results[k] = steps[k](env)
    return outputs.map((k) => results[k])
  }
}
