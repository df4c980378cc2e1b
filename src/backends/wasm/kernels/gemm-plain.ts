// Products one element after the other: integer dtypes, and C = beta * C + bias. Planned by gemm.ts.
import type { Func, Local, Module } from '../asm.ts'
import { fields, locals, readFields, splitOff, sumOf } from './gemm-code.ts'

export type ScalarType = 'f32' | 'f64' | 'i32' | 'i64' | 'u8'
/** How elements of a dtype are read, computed with and written. */
const scalars = {
  f32: { type: 'f32', load: 'f32.load', store: 'f32.store', bytes: 4 },
  f64: { type: 'f64', load: 'f64.load', store: 'f64.store', bytes: 8 },
  i32: { type: 'i32', load: 'i32.load', store: 'i32.store', bytes: 4 },
  i64: { type: 'i64', load: 'i64.load', store: 'i64.store', bytes: 8 },
  u8: { type: 'i32', load: 'i32.load8_u', store: 'i32.store8', bytes: 1 },
} as const

export const plainFields = fields(
  'alpha alphaHigh beta betaHigh a aBatch aRow aK b bBatch bK bColumn c cBatch cRow cColumn bias biasBatch',
  'biasRow biasColumn hasBeta hasBias m n k',
)

/**
 * One element of C after the other, in the computing type; k may be 0, which leaves beta * C + bias.
 * Items: batch x row.
 */
export function plainKernel(mod: Module, name: string, scalarType: ScalarType): void {
  const { type, load, store } = scalars[scalarType]
  const parameter = (f: Func, desc: Local, offset: number): void => {
    f.get(desc)
    f.load('f64.load', offset)
    if (type === 'f32') f.op('f32.demote_f64')
    else if (type !== 'f64') f.op(`${type}.trunc_sat_f64_s`)
  }
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, plainFields)
    const l = locals(f, 'item batch row column i p q out')
    const sum = f.local(type)
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.batch)
      splitOff(f, l.batch, d.m, l.row)
      f.range(l.column, 0, d.n, 1, () => {
        f.constant(type, 0)
        f.set(sum)
        sumOf(f, d.a, [l.batch, d.aBatch], [l.row, d.aRow])
        f.set(l.p)
        sumOf(f, d.b, [l.batch, d.bBatch], [l.column, d.bColumn])
        f.set(l.q)
        f.range(l.i, 0, d.k, 1, () => {
          f.get(sum)
          f.get(l.p)
          f.load(load)
          f.get(l.q)
          f.load(load)
          f.op(`${type}.mul`, `${type}.add`)
          f.set(sum)
          f.inc(l.p, d.aK)
          f.inc(l.q, d.bK)
        })
        sumOf(f, d.c, [l.batch, d.cBatch], [l.row, d.cRow], [l.column, d.cColumn])
        f.set(l.out)
        f.get(sum)
        parameter(f, desc, plainFields.alpha)
        f.op(`${type}.mul`)
        f.set(sum)
        f.get(d.hasBeta)
        f.if(() => {
          f.get(sum)
          f.get(l.out)
          f.load(load)
          parameter(f, desc, plainFields.beta)
          f.op(`${type}.mul`, `${type}.add`)
          f.set(sum)
        })
        f.get(d.hasBias)
        f.if(() => {
          f.get(sum)
          sumOf(f, d.bias, [l.batch, d.biasBatch], [l.row, d.biasRow], [l.column, d.biasColumn])
          f.load(load)
          f.op(`${type}.add`)
          f.set(sum)
        })
        f.get(l.out)
        f.get(sum)
        f.store(store)
      })
    })
  })
}
