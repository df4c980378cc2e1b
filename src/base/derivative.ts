// The derivative of a scalar expression, as an expression: gradients of pointwise ops follow from their forward row.
import { AutogradError } from './errors.ts'
import * as E from './expr.ts'
import type { Expr, ExprOp } from './expr.ts'

const twoOverSqrtPi = 2 / Math.sqrt(Math.PI)

/** d node / d args[k] for the node `e`; ops without an entry (rounding, sign, masks, leaves) have derivative 0. */
const partials: Partial<Record<ExprOp, readonly ((e: Expr, ...args: Expr[]) => Expr)[]>> = {
  neg: [() => E.constant(-1)],
  abs: [(_, a) => E.sign(a)],
  add: [() => E.constant(1), () => E.constant(1)],
  sub: [() => E.constant(1), () => E.constant(-1)],
  mul: [(_, _a, b) => b, (_, a) => a],
  div: [(_, _a, b) => E.div(1, b), (e, _a, b) => E.neg(E.div(e, b))],
  fma: [(_, _a, b) => b, (_, a) => a, () => E.constant(1)],
  rem: [() => E.constant(1), (_, a, b) => E.neg(E.trunc(E.div(a, b)))],
  min: [
    (_, a, b) => E.where(E.lt(a, b), 1, E.where(E.eq(a, b), 0.5, 0)),
    (_, a, b) => E.where(E.lt(b, a), 1, E.where(E.eq(a, b), 0.5, 0)),
  ],
  max: [
    (_, a, b) => E.where(E.gt(a, b), 1, E.where(E.eq(a, b), 0.5, 0)),
    (_, a, b) => E.where(E.gt(b, a), 1, E.where(E.eq(a, b), 0.5, 0)),
  ],
  pow: [
    (_, a, b) => E.where(E.eq(b, 0), 0, E.mul(b, E.pow(a, E.sub(b, 1)))),
    (e, a, b) => E.where(E.and(E.eq(a, 0), E.ge(b, 0)), 0, E.mul(e, E.log(a))),
  ],
  atan2: [
    (_, a, b) => E.div(b, E.add(E.mul(a, a), E.mul(b, b))),
    (_, a, b) => E.neg(E.div(a, E.add(E.mul(a, a), E.mul(b, b)))),
  ],
  sqrt: [(e) => E.div(0.5, e)],
  exp: [(e) => e],
  log: [(_, a) => E.div(1, a)],
  tanh: [(e) => E.sub(1, E.mul(e, e))],
  sigmoid: [(e) => E.mul(e, E.sub(1, e))],
  erf: [(_, a) => E.mul(twoOverSqrtPi, E.exp(E.neg(E.mul(a, a))))],
  erfc: [(_, a) => E.mul(-twoOverSqrtPi, E.exp(E.neg(E.mul(a, a))))],
  erfinv: [(e) => E.mul(1 / twoOverSqrtPi, E.exp(E.mul(e, e)))],
  sin: [(_, a) => E.cos(a)],
  cos: [(_, a) => E.neg(E.sin(a))],
  tan: [(e) => E.add(1, E.mul(e, e))],
  asin: [(_, a) => E.div(1, E.sqrt(E.sub(1, E.mul(a, a))))],
  acos: [(_, a) => E.div(-1, E.sqrt(E.sub(1, E.mul(a, a))))],
  atan: [(_, a) => E.div(1, E.add(1, E.mul(a, a)))],
  sinh: [(_, a) => E.cosh(a)],
  cosh: [(_, a) => E.sinh(a)],
  asinh: [(_, a) => E.div(1, E.sqrt(E.add(E.mul(a, a), 1)))],
  acosh: [(_, a) => E.div(1, E.sqrt(E.sub(E.mul(a, a), 1)))],
  atanh: [(_, a) => E.div(1, E.sub(1, E.mul(a, a)))],
  exp2: [(e) => E.mul(Math.LN2, e)],
  expm1: [(e) => E.add(e, 1)],
  log1p: [(_, a) => E.div(1, E.add(1, a))],
  log2: [(_, a) => E.div(Math.LOG2E, a)],
  log10: [(_, a) => E.div(Math.LOG10E, a)],
  lgamma: [(_, a) => E.digamma(a)],
  digamma: [(_, a) => E.trigamma(a)],
}

/** d root / d leaf. The ops `trigamma` and reductions have none and throw. */
export function derivative(root: Expr, leaf: Expr): Expr {
  const done = new Map<Expr, Expr>()
  const go = (e: Expr): Expr => {
    if (e === leaf) return E.constant(1)
    const seen = done.get(e)
    if (seen !== undefined) return seen
    const result = e.op === 'where' ? branch(e.args[0], go(e.args[1]), go(e.args[2])) : chain(e, go)
    done.set(e, result)
    return result
  }
  const branch = (mask: Expr, a: Expr, b: Expr): Expr => (a === b ? a : E.where(mask, a, b))
  return go(root)
}

/** Sum over the arguments of (d e / d argument) times (d argument). */
function chain(e: Expr, go: (e: Expr) => Expr): Expr {
  let sum = E.constant(0)
  const rules = partials[e.op]
  if (rules === undefined) {
    if (e.op === 'trigamma') throw new AutogradError('digamma: its second derivative is not available')
    return sum
  }
  e.args.forEach((arg, k) => {
    const inner = go(arg)
    if (inner.op === 'const' && inner.value === 0) return
    sum = E.add(sum, E.mul(rules[k](e, ...e.args), inner))
  })
  return sum
}
