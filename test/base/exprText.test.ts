import { expect, test } from 'vitest'
import * as E from '../../src/base/expr.ts'
import { exprLines } from '../../src/base/exprText.ts'

const [x, y] = [E.input(0), E.input(1)]
const s = E.scalar(0)
const text = (e: E.Expr): string => exprLines([['y0', e]]).join('; ')

test.each<[E.Expr, string]>([
  [E.add(E.mul(x, s), y), 'y0 = x0 * s0 + x1'],
  [E.mul(x, E.add(y, 2)), 'y0 = x0 * (x1 + 2)'],
  [E.sub(x, E.sub(y, s)), 'y0 = x0 - (x1 - s0)'],
  [E.sub(E.sub(x, y), s), 'y0 = x0 - x1 - s0'],
  [E.div(x, E.mul(y, s)), 'y0 = x0 / (x1 * s0)'],
  [E.neg(E.add(x, y)), 'y0 = -(x0 + x1)'],
  [E.mul(E.neg(x), y), 'y0 = -x0 * x1'],
  [E.max(x, 0), 'y0 = max(x0, 0)'],
  [E.mul(x, E.constant(-0)), 'y0 = x0 * -0'],
  [E.where(E.and(E.gt(x, 0), E.not(E.le(y, 1))), x, 0), 'y0 = x0 > 0 and not(x1 <= 1) ? x0 : 0'],
  [E.mul(E.where(E.gt(x, 0), x, 0), y), 'y0 = (x0 > 0 ? x0 : 0) * x1'],
  [E.fma(x, y, E.exp(s)), 'y0 = fma(x0, x1, exp(s0))'],
  [E.where(E.lt(E.acc(0), E.other(0)), E.position, E.acc(1)), 'y0 = acc0 < other0 ? position : acc1'],
])('an expression reads as it would be written: %#', (e, expected) => {
  expect(text(e)).toBe(expected)
})

test('what is used more than once gets a name, also across expressions', () => {
  const shared = E.exp(E.add(x, y))
  expect(
    exprLines([
      ['y0', E.div(shared, E.add(shared, 1))],
      ['y1', E.mul(E.add(x, y), shared)],
      ['y2', shared],
    ]),
  ).toEqual(['t0 = x0 + x1', 't1 = exp(t0)', 'y0 = t1 / (t1 + 1)', 'y1 = t0 * t1', 'y2 = t1'])
})
