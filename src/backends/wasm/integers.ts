// Integer division, remainder and power, lane by lane: WebAssembly has no vector forms. expr-codegen.ts calls them.
// Division by zero gives 0 here (the instruction would trap), the smallest number divided by -1 wraps.
import type { Func, FuncRef } from './asm.ts'
import { type Lanes, scalarOf, type Word } from './lanes.ts'

type IntegerLanes = 'i32x4' | 'i64x2'
type Scalar = 'i32' | 'i64'

function make(l: Lanes, name: string, s: Scalar, body: (f: Func, n: (value: number) => void) => void): FuncRef {
  const key = `${name}_${s}`
  return l.helper(key, () => l.module.func(key, [s, s], [s], (f) => body(f, (value) => f.constant(s, value))))
}
const lanewise =
  (name: string, body: (f: Func, s: Scalar, n: (value: number) => void) => void) =>
  (l: Lanes, type: IntegerLanes, args: Word[]): Word => {
    const s = scalarOf[type]
    const helper = make(l, name, s, (f, n) => body(f, s, n))
    return l.perLane(name, type, type, args, (f) => f.call(helper))
  }

const guarded = (f: Func, s: Scalar, n: (value: number) => void, minusOne: () => void, op: string): void => {
  const [a, b] = f.args
  f.get(b)
  n(-1)
  f.op(`${s}.eq`)
  f.if(
    minusOne,
    () => {
      f.get(b)
      f.op(`${s}.eqz`)
      f.if(
        () => n(0),
        () => {
          f.get(a)
          f.get(b)
          f.op(`${s}.${op}`)
        },
        s,
      )
    },
    s,
  )
}

export const integerDiv = lanewise('div', (f, s, n) => {
  const negated = (): void => {
    n(0)
    f.get(f.args[0])
    f.op(`${s}.sub`)
  }
  guarded(f, s, n, negated, 'div_s')
})
export const integerRem = lanewise('rem', (f, s, n) => guarded(f, s, n, () => n(0), 'rem_s'))

/** Squaring; a negative exponent gives the truncated power: 0, except for 1 and -1. */
export const integerPow = lanewise('pow', (f, s, n) => {
  const [x, y] = f.args
  const result = f.local(s)
  f.get(y)
  n(0)
  f.op(`${s}.lt_s`)
  f.if(() => {
    f.get(x)
    f.get(x)
    f.op(`${s}.mul`)
    n(1)
    f.op(`${s}.ne`)
    f.if(() => {
      n(0)
      f.return()
    })
    f.get(y)
    n(1)
    f.op(`${s}.and`)
    f.set(y)
  })
  n(1)
  f.set(result)
  f.while(
    () => {
      f.get(y)
      n(0)
      f.op(`${s}.ne`)
    },
    () => {
      f.get(y)
      n(1)
      f.op(`${s}.and`, `${s}.eqz`, 'i32.eqz')
      f.if(() => {
        f.get(result)
        f.get(x)
        f.op(`${s}.mul`)
        f.set(result)
      })
      f.get(x)
      f.get(x)
      f.op(`${s}.mul`)
      f.set(x)
      f.get(y)
      n(1)
      f.op(`${s}.shr_s`)
      f.set(y)
    },
  )
  f.get(result)
})
