// Expressions as people read them: `max(x0 * s0 + x1, 0)`; what is used more than once gets a name of its own.
import { type Expr, type ExprOp, walk } from './expr.ts'

/** Operators and how tightly they bind. */
const infix: Partial<Record<ExprOp, readonly [symbol: string, level: number]>> = {
  or: ['or', 1],
  and: ['and', 2],
  lt: ['<', 3],
  le: ['<=', 3],
  gt: ['>', 3],
  ge: ['>=', 3],
  eq: ['==', 3],
  ne: ['!=', 3],
  add: ['+', 4],
  sub: ['-', 4],
  mul: ['*', 5],
  div: ['/', 5],
  rem: ['%', 5],
}
const leaves: Partial<Record<ExprOp, string>> = { input: 'x', scalar: 's', acc: 'acc', other: 'other' }

/** `names`: nodes that are written by name. `level`: what binds less tightly is put in parentheses. */
function textOf(e: Expr, names: ReadonlyMap<Expr, string>, level: number): string {
  const name = names.get(e)
  if (name !== undefined) return name
  if (e.op === 'const') return Object.is(e.value, -0) ? '-0' : String(e.value)
  if (e.op in leaves) return `${leaves[e.op]}${e.value}`
  if (e.args.length === 0) return e.op
  const around = (text: string, own: number): string => (own < level ? `(${text})` : text)
  const part = (k: number, own: number): string => textOf(e.args[k], names, own)
  const operator = infix[e.op]
  if (operator !== undefined) {
    const [symbol, own] = operator
    return around(`${part(0, own)} ${symbol} ${part(1, own + 1)}`, own)
  }
  if (e.op === 'neg') return around(`-${part(0, 6)}`, 6)
  if (e.op === 'where') return around(`${part(0, 1)} ? ${part(1, 1)} : ${part(2, 0)}`, 0)
  return `${e.op}(${e.args.map((_, k) => part(k, 0)).join(', ')})`
}

/** One line for each root, `name = ...`, after lines `t0 = ...` for what is used more than once. */
export function exprLines(roots: readonly (readonly [name: string, e: Expr])[]): string[] {
  const uses = new Map<Expr, number>()
  const use = (e: Expr): void => void uses.set(e, (uses.get(e) ?? 0) + 1)
  const order: Expr[] = []
  for (const [, root] of roots) use(root)
  walk(
    roots.map(([, root]) => root),
    (e) => {
      e.args.forEach(use)
      order.push(e)
    },
  )
  const names = new Map<Expr, string>()
  const lines: string[] = []
  for (const e of order) {
    if (e.args.length === 0 || (uses.get(e) ?? 0) < 2) continue
    const name = `t${names.size}`
    lines.push(`${name} = ${textOf(e, names, 0)}`)
    names.set(e, name)
  }
  return [...lines, ...roots.map(([name, root]) => `${name} = ${textOf(root, names, 0)}`)]
}
