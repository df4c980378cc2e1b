// Products with few rows: dot products along a contiguous k, nothing is packed. Planned by gemm.ts.
import type { Func, Local, Module } from '../asm.ts'
import { fields, giveSlotBack, locals, minus, readFields, setMin, splitOff, sumOf, takeSlot } from './gemm-code.ts'
import { callByRows, dot, type Machine, shapeOf } from './gemm-micro.ts'

export const dotFields = fields(
  'alpha alphaHigh beta betaHigh x xBatch xRow w wBatch wRow c cBatch cRow cColumn bias biasBatch biasRow',
  'biasColumn hasBeta hasBias m n k blocks slotFlags slots slotBytes',
)
/** Columns of C of one item. */
export const dotBlock = 24
export const dotSlotBytes = 6 * 2 * 32

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
    const { slot, address: cells } = takeSlot(f, d)
    const l = locals(f, 'item batch first last j i rows x x1 w accRow steps r cell p q t wide row')
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
      sumOf(f, d.x, [l.batch, d.xBatch], [l.row, d.xRow], [l.steps, bytesPerStep])
      f.set(l.p)
      sumOf(f, d.w, [l.batch, d.wBatch], [l.r, d.wRow], [l.steps, bytesPerStep])
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
      sumOf(f, d.c, [l.batch, d.cBatch], [l.row, d.cRow], [l.r, d.cColumn])
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
        sumOf(f, d.bias, [l.batch, d.biasBatch], [l.row, d.biasRow], [l.r, d.biasColumn])
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
      f.set(l.batch)
      splitOff(f, l.batch, d.blocks, l.first)
      sumOf(f, 0, [l.first, dotBlock])
      f.set(l.first)
      setMin(f, l.last, () => sumOf(f, dotBlock, [l.first, 1]), d.n)
      f.range(l.j, l.first, l.last, maxRows, () => {
        setMin(f, l.rows, minus(f, l.last, l.j), maxRows)
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
          sumOf(f, d.x, [l.batch, d.xBatch], [l.i, d.xRow])
          f.set(l.x)
          sumOf(f, l.x, [d.xRow, 1])
          f.set(l.x1)
          sumOf(f, d.w, [l.batch, d.wBatch], [l.j, d.wRow])
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
            () => sumOf(f, l.j, [l.rows, 1]),
            1,
            () => {
              finish(() => f.get(l.i), 0)
              f.get(l.wide)
              f.if(() => finish(() => sumOf(f, l.i, [l.wide, 1]), cellBytes))
              f.inc(l.cell, l.accRow)
            },
          )
        })
      })
    })
    giveSlotBack(f, slot)
  })
}
