// The parts of gemm that are not blocked: few rows (dot products along a contiguous k), integer dtypes, and C = beta * C + bias.
import type { Func, Local, Module } from '../asm.ts'
import { callByRows, dot, type Machine, shapeOf } from './gemm-micro.ts'
import { fields, giveSlotBack, readFields, takeSlot } from './gemm-pack.ts'

export const dotFields = fields(
  'alpha',
  'alphaHigh',
  'beta',
  'betaHigh',
  'x',
  'xBatch',
  'xRow',
  'w',
  'wBatch',
  'wRow',
  'c',
  'cBatch',
  'cRow',
  'cColumn',
  'bias',
  'biasBatch',
  'biasRow',
  'biasColumn',
  'hasBeta',
  'hasBias',
  'm',
  'n',
  'k',
  'blocks',
  'slotFlags',
  'slots',
  'slotBytes',
)
/** Columns of C of one item. */
export const dotBlock = 24
export const dotSlotBytes = 6 * 2 * 32

/** Leaves base + sum of the products on the stack. */
function address(f: Func, base: Local, ...terms: (readonly [Local, Local | number])[]): void {
  f.get(base)
  for (const [x, y] of terms) {
    f.get(x)
    f.push(y)
    f.op('i32.mul', 'i32.add')
  }
}

/** c[i, j] = alpha * (x[i] . w[j]) + beta * c[i, j] + bias[i, j]; rows of x and w contiguous. Items: batch x block of columns. */
export function dotKernel(mod: Module, m: Machine): void {
  const { bytes, vector, rows: maxRows } = shapeOf(m)
  const variants = ([1, 2] as const).map((columns) =>
    Array.from({ length: maxRows }, (_, r) => dot(mod, m, r + 1, columns)),
  )
  const cellBytes = vector * bytes
  const scalar = (f: Func, name: string) => f.op(`${m.type}.${name}`)
  const parameter = (f: Func, desc: Local, offset: number): void => {
    f.get(desc)
    f.load('f64.load', offset)
    if (m.type === 'f32') f.op('f32.demote_f64')
  }
  mod.kernel('dots', (f, desc, begin, end) => {
    const d = readFields(f, desc, dotFields)
    const { slot, address: cells } = takeSlot(f, d.slotFlags, d.slots, d.slotBytes)
    const l = f.locals(
      'i32',
      'item',
      'batch',
      'first',
      'last',
      'j',
      'i',
      'rows',
      'x',
      'x1',
      'w',
      'accRow',
      'steps',
      'r',
      'cell',
      'p',
      'q',
      't',
      'wide',
      'row',
    )
    const sum = f.local(m.type)
    const bytesPerStep = cellBytes
    f.get(d.k)
    f.i32(vector)
    f.op('i32.div_u')
    f.set(l.steps)
    const finish = (row: () => void, cellOffset: number): void => {
      // lanes in a fixed order, then the rest of k one by one
      f.get(l.cell)
      f.load(`${m.type}.load`, cellOffset)
      for (let lane = 1; lane < vector; lane++) {
        f.get(l.cell)
        f.load(`${m.type}.load`, cellOffset + lane * bytes)
        scalar(f, 'add')
      }
      f.set(sum)
      row()
      f.set(l.row)
      address(f, d.x, [l.batch, d.xBatch], [l.row, d.xRow], [l.steps, bytesPerStep])
      f.set(l.p)
      address(f, d.w, [l.batch, d.wBatch], [l.r, d.wRow], [l.steps, bytesPerStep])
      f.set(l.q)
      const from = () => {
        f.get(l.steps)
        f.i32(vector)
        f.op('i32.mul')
      }
      f.range(l.t, from, d.k, 1, () => {
        f.get(sum)
        f.get(l.p)
        f.load(`${m.type}.load`)
        f.get(l.q)
        f.load(`${m.type}.load`)
        scalar(f, 'mul')
        scalar(f, 'add')
        f.set(sum)
        f.inc(l.p, bytes)
        f.inc(l.q, bytes)
      })
      address(f, d.c, [l.batch, d.cBatch], [l.row, d.cRow], [l.r, d.cColumn])
      f.set(l.p)
      f.get(sum)
      parameter(f, desc, dotFields.alpha)
      scalar(f, 'mul')
      f.set(sum)
      f.get(d.hasBeta)
      f.if(() => {
        f.get(sum)
        f.get(l.p)
        f.load(`${m.type}.load`)
        parameter(f, desc, dotFields.beta)
        scalar(f, 'mul')
        scalar(f, 'add')
        f.set(sum)
      })
      f.get(d.hasBias)
      f.if(() => {
        f.get(sum)
        address(f, d.bias, [l.batch, d.biasBatch], [l.row, d.biasRow], [l.r, d.biasColumn])
        f.load(`${m.type}.load`)
        scalar(f, 'add')
        f.set(sum)
      })
      f.get(l.p)
      f.get(sum)
      f.store(`${m.type}.store`)
    }
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.get(d.blocks)
      f.op('i32.div_u')
      f.set(l.batch)
      f.get(l.item)
      f.get(d.blocks)
      f.op('i32.rem_u')
      f.i32(dotBlock)
      f.op('i32.mul')
      f.tee(l.first)
      f.i32(dotBlock)
      f.op('i32.add')
      f.tee(l.last)
      f.get(d.n)
      f.get(l.last)
      f.get(d.n)
      f.op('i32.lt_u', 'select')
      f.set(l.last)
      f.range(l.j, l.first, l.last, maxRows, () => {
        f.get(l.last)
        f.get(l.j)
        f.op('i32.sub')
        f.tee(l.rows)
        f.i32(maxRows)
        f.get(l.rows)
        f.i32(maxRows)
        f.op('i32.lt_u', 'select')
        f.set(l.rows)
        f.range(l.i, 0, d.m, 2, () => {
          f.get(l.i)
          f.i32(1)
          f.op('i32.add')
          f.get(d.m)
          f.op('i32.lt_u')
          f.set(l.wide)
          f.get(l.wide)
          f.i32(1)
          f.op('i32.add')
          f.i32(cellBytes)
          f.op('i32.mul')
          f.set(l.accRow)
          f.get(cells)
          f.i32(0)
          f.i32(2 * maxRows * cellBytes)
          f.op('memory.fill')
          address(f, d.x, [l.batch, d.xBatch], [l.i, d.xRow])
          f.set(l.x)
          address(f, l.x, [d.xRow, 1])
          f.set(l.x1)
          address(f, d.w, [l.batch, d.wBatch], [l.j, d.wRow])
          f.set(l.w)
          f.get(l.steps)
          f.if(() => {
            const args = () => {
              for (const a of [l.w, d.wRow, l.x, l.x1, cells, l.accRow, l.steps]) f.get(a)
              for (const constant of [1, 0, 0]) f.i32(constant)
            }
            f.get(l.wide)
            f.if(
              () => callByRows(f, l.rows, variants[1], args),
              () => callByRows(f, l.rows, variants[0], args),
            )
          })
          f.get(cells)
          f.set(l.cell)
          f.range(
            l.r,
            l.j,
            () => address(f, l.j, [l.rows, 1]),
            1,
            () => {
              finish(() => f.get(l.i), 0)
              f.get(l.wide)
              f.if(() => finish(() => address(f, l.i, [l.wide, 1]), cellBytes))
              f.inc(l.cell, l.accRow)
            },
          )
        })
      })
    })
    giveSlotBack(f, slot)
  })
}

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
  'alpha',
  'alphaHigh',
  'beta',
  'betaHigh',
  'a',
  'aBatch',
  'aRow',
  'aK',
  'b',
  'bBatch',
  'bK',
  'bColumn',
  'c',
  'cBatch',
  'cRow',
  'cColumn',
  'bias',
  'biasBatch',
  'biasRow',
  'biasColumn',
  'hasBeta',
  'hasBias',
  'm',
  'n',
  'k',
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
    const l = f.locals('i32', 'item', 'batch', 'row', 'column', 'i', 'p', 'q', 'out')
    const sum = f.local(type)
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.get(d.m)
      f.op('i32.div_u')
      f.set(l.batch)
      f.get(l.item)
      f.get(d.m)
      f.op('i32.rem_u')
      f.set(l.row)
      f.range(l.column, 0, d.n, 1, () => {
        f.constant(type, 0)
        f.set(sum)
        address(f, d.a, [l.batch, d.aBatch], [l.row, d.aRow])
        f.set(l.p)
        address(f, d.b, [l.batch, d.bBatch], [l.column, d.bColumn])
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
        address(f, d.c, [l.batch, d.cBatch], [l.row, d.cRow], [l.column, d.cColumn])
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
          address(f, d.bias, [l.batch, d.biasBatch], [l.row, d.biasRow], [l.column, d.biasColumn])
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
