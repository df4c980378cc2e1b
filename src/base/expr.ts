// The scalar expression IR: what one element of a map or one step of a reduction computes.
// Ops build it, `derivative.ts` differentiates it, each device prints it (WASM SIMD, WGSL, plain JavaScript).
// Nodes are interned: equal expressions are the same object, so a device may use them as cache keys and CSE is free.

/** What an op takes and gives: `v` a value in the compute type, `m` a mask (true/false), `i` an int32 position. `t` is the type of the branches. */
// biome-ignore format: a table, one family a line.
export const exprOps = {
  // leaves; `value` is the index of the operand, or the constant
  input: '>v', const: '>v', scalar: '>v', acc: '>t', other: '>t', position: '>i',
  // arithmetic; div, rem truncate in integer types (x / 0 is 0 there); rem has the sign of the dividend; min and max give NaN if either is NaN
  neg: 'v>v', abs: 'v>v', sign: 'v>v', add: 'vv>v', sub: 'vv>v', mul: 'vv>v', div: 'vv>v', rem: 'vv>v', min: 'vv>v', max: 'vv>v', fma: 'vvv>v', pow: 'vv>v', atan2: 'vv>v',
  // rounding (identity in integer types); round is half to even
  floor: 'v>v', ceil: 'v>v', trunc: 'v>v', round: 'v>v',
  // floating-point functions
  sqrt: 'v>v', exp: 'v>v', log: 'v>v', tanh: 'v>v', sigmoid: 'v>v', erf: 'v>v', sin: 'v>v', cos: 'v>v',
  exp2: 'v>v', expm1: 'v>v', log1p: 'v>v', log2: 'v>v', log10: 'v>v', tan: 'v>v', asin: 'v>v', acos: 'v>v', atan: 'v>v',
  sinh: 'v>v', cosh: 'v>v', asinh: 'v>v', acosh: 'v>v', atanh: 'v>v', erfc: 'v>v', erfinv: 'v>v', lgamma: 'v>v', digamma: 'v>v', trigamma: 'v>v',
  // masks
  lt: 'tt>m', le: 'tt>m', gt: 'tt>m', ge: 'tt>m', eq: 'tt>m', ne: 'tt>m', and: 'mm>m', or: 'mm>m', not: 'm>m',
  /** where(mask, a, b). */
  where: 'mtt>t',
} as const

export type ExprOp = keyof typeof exprOps

export interface Expr {
  readonly id: number
  readonly op: ExprOp
  readonly args: readonly Expr[]
  /** Of leaves: the operand's index (`input`, `scalar`, `acc`, `other`) or the number (`const`); else 0. */
  readonly value: number
}

const interned = new Map<string, Expr>()

/** The node itself, without any simplification. */
export function node(op: ExprOp, args: readonly Expr[] = [], value = 0): Expr {
  const key = `${op} ${Object.is(value, -0) ? '-0' : value} ${args.map((a) => a.id).join(' ')}`
  let found = interned.get(key)
  if (found === undefined) {
    found = { id: interned.size, op, args, value }
    interned.set(key, found)
  }
  return found
}

export type ExprLike = Expr | number
const lift = (x: ExprLike): Expr => (typeof x === 'number' ? constant(x) : x)
const isConst = (x: Expr, value: number): boolean => x.op === 'const' && x.value === value

/** Operand `index` of the kernel, read at this element and converted to the compute type. */
export const input = (index: number): Expr => node('input', [], index)
export const constant = (value: number): Expr => node('const', [], value)
/** Run-time number `index` of the kernel: changing it compiles nothing. */
export const scalar = (index: number): Expr => node('scalar', [], index)
/** Accumulator `index` of a reduction. */
export const acc = (index: number): Expr => node('acc', [], index)
/** The same accumulator of the other partial result, in `combine`. */
export const other = (index: number): Expr => node('other', [], index)
/** Position inside the reduced range, counted in row-major order over the reduced dimensions. */
export const position: Expr = node('position')

export const add = (a: ExprLike, b: ExprLike): Expr => {
  const [x, y] = [lift(a), lift(b)]
  return isConst(x, 0) ? y : isConst(y, 0) ? x : node('add', [x, y])
}
export const sub = (a: ExprLike, b: ExprLike): Expr => (isConst(lift(b), 0) ? lift(a) : node('sub', [lift(a), lift(b)]))
export const mul = (a: ExprLike, b: ExprLike): Expr => {
  const [x, y] = [lift(a), lift(b)]
  return isConst(x, 1) ? y : isConst(y, 1) ? x : isConst(x, -1) ? neg(y) : isConst(y, -1) ? neg(x) : node('mul', [x, y])
}
export const div = (a: ExprLike, b: ExprLike): Expr => (isConst(lift(b), 1) ? lift(a) : node('div', [lift(a), lift(b)]))
export const neg = (a: ExprLike): Expr => {
  const x = lift(a)
  return x.op === 'const' ? constant(-x.value) : x.op === 'neg' ? x.args[0] : node('neg', [x])
}
export const fma = (a: ExprLike, b: ExprLike, c: ExprLike): Expr => node('fma', [lift(a), lift(b), lift(c)])
export const where = (mask: Expr, a: ExprLike, b: ExprLike): Expr => node('where', [mask, lift(a), lift(b)])
/** 1 where the mask holds, else 0. */
export const fromMask = (mask: Expr): Expr => where(mask, 1, 0)

// biome-ignore format: a list of names.
type UnaryName = 'abs' | 'sign' | 'floor' | 'ceil' | 'trunc' | 'round' | 'sqrt' | 'exp' | 'log' | 'tanh' | 'sigmoid' | 'erf' | 'sin' | 'cos'
  | 'exp2' | 'expm1' | 'log1p' | 'log2' | 'log10' | 'tan' | 'asin' | 'acos' | 'atan' | 'sinh' | 'cosh' | 'asinh' | 'acosh' | 'atanh'
  | 'erfc' | 'erfinv' | 'lgamma' | 'digamma' | 'trigamma' | 'not'
const unary =
  (op: UnaryName) =>
  (a: ExprLike): Expr =>
    node(op, [lift(a)])
const binary =
  (op: ExprOp) =>
  (a: ExprLike, b: ExprLike): Expr =>
    node(op, [lift(a), lift(b)])

// biome-ignore format: a table, one family a line.
export const
  abs = unary('abs'), sign = unary('sign'), floor = unary('floor'), ceil = unary('ceil'), trunc = unary('trunc'), round = unary('round'),
  sqrt = unary('sqrt'), exp = unary('exp'), log = unary('log'), tanh = unary('tanh'), sigmoid = unary('sigmoid'), erf = unary('erf'),
  exp2 = unary('exp2'), expm1 = unary('expm1'), log1p = unary('log1p'), log2 = unary('log2'), log10 = unary('log10'),
  sin = unary('sin'), cos = unary('cos'), tan = unary('tan'), asin = unary('asin'), acos = unary('acos'), atan = unary('atan'),
  sinh = unary('sinh'), cosh = unary('cosh'), asinh = unary('asinh'), acosh = unary('acosh'), atanh = unary('atanh'),
  erfc = unary('erfc'), erfinv = unary('erfinv'), lgamma = unary('lgamma'), digamma = unary('digamma'), trigamma = unary('trigamma'),
  not = unary('not'),
  rem = binary('rem'), min = binary('min'), max = binary('max'), pow = binary('pow'), atan2 = binary('atan2'),
  lt = binary('lt'), le = binary('le'), gt = binary('gt'), ge = binary('ge'), eq = binary('eq'), ne = binary('ne'),
  and = binary('and'), or = binary('or')
export const isNaN = (a: ExprLike): Expr => ne(a, a)

export type ExprType = 'v' | 'm' | 'i'

/** The type of a node. `accTypes[k]` tells whether accumulator `k` holds a value or a position. */
export function typeOf(e: Expr, accTypes: readonly ExprType[] = []): ExprType {
  if (e.op === 'acc' || e.op === 'other') return accTypes[e.value] ?? 'v'
  if (e.op === 'where') return typeOf(e.args[1], accTypes)
  return exprOps[e.op].split('>')[1] as ExprType
}

/** Calls `visit` on each distinct node, arguments first. */
export function walk(roots: readonly Expr[], visit: (e: Expr) => void): void {
  const seen = new Set<Expr>()
  const go = (e: Expr): void => {
    if (seen.has(e)) return
    seen.add(e)
    e.args.forEach(go)
    visit(e)
  }
  roots.forEach(go)
}

/** The expression with leaves replaced: `leaf` returns the replacement, or undefined to keep the leaf. */
export function substitute(root: Expr, leaf: (e: Expr) => Expr | undefined): Expr {
  const done = new Map<Expr, Expr>()
  const go = (e: Expr): Expr => {
    const seen = done.get(e)
    if (seen !== undefined) return seen
    const result = e.args.length === 0 ? (leaf(e) ?? e) : node(e.op, e.args.map(go), e.value)
    done.set(e, result)
    return result
  }
  return go(root)
}

/** Which inputs an expression reads. */
export function inputsOf(root: Expr): Set<number> {
  const used = new Set<number>()
  walk([root], (e) => e.op === 'input' && used.add(e.value))
  return used
}
