// The ends of a convolution: weights packed for the micro-kernel, and rows of accumulators written out.
import type { Func, FuncRef, Module } from '../asm.ts'
import { fields, firstOfPanel, lanesOfPanel, locals, readFields, splitOff } from './gemm-code.ts'
import { type Machine, shapeOf } from './gemm-micro.ts'

/** (from, to, step, count, bias): to[i * step] = from[i] + *bias. */
export function rowWriter(mod: Module, m: Machine): FuncRef {
  const { bytes, lanes } = shapeOf(m)
  const vec = m.type === 'f32' ? 'f32x4' : 'f64x2'
  return mod.func('store', new Array<'i32'>(5).fill('i32'), [], (f: Func) => {
    const [from, to, step, count, biasAt] = f.args
    const bias = f.local(m.type)
    f.get(biasAt)
    f.load(`${m.type}.load`)
    f.set(bias)
    f.get(step)
    f.i32(bytes)
    f.op('i32.eq')
    f.if(() =>
      f.while(
        () => {
          f.get(count)
          f.i32(lanes)
          f.op('i32.ge_u')
        },
        () => {
          f.get(to)
          f.get(from)
          f.load('v128.load')
          f.get(bias)
          f.op(`${vec}.splat`, `${vec}.add`)
          f.store('v128.store')
          f.inc(from, 16)
          f.inc(to, 16)
          f.inc(count, -lanes)
        },
      ),
    )
    f.while(
      () => f.get(count),
      () => {
        f.get(to)
        f.get(from)
        f.load(`${m.type}.load`)
        f.get(bias)
        f.op(`${m.type}.add`)
        f.store(`${m.type}.store`)
        f.inc(from, bytes)
        f.inc(to, step)
        f.inc(count, -1)
      },
    )
  })
}

export const weightFields = fields('src group row table dst dstGroup k panels rowsSmall bigPanels')

/** dst[panel][k][row] = src[row * rowStride + table[k]]: weights as the micro-kernel reads them. Items: group x panel. */
export function weightPackKernel(mod: Module, m: Machine): void {
  const { bytes } = shapeOf(m)
  mod.kernel('packWeights', (f, desc, begin, end) => {
    const d = readFields(f, desc, weightFields)
    const l = locals(f, 'item group panel from to rows row0 k r at')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.group)
      splitOff(f, l.group, d.panels, l.panel)
      lanesOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
      f.set(l.rows)
      firstOfPanel(f, l.panel, d.rowsSmall, d.bigPanels)
      f.set(l.row0)
      f.get(l.group)
      f.get(d.dstGroup)
      f.op('i32.mul')
      f.get(d.dst)
      f.op('i32.add')
      f.get(l.row0)
      f.get(d.k)
      f.op('i32.mul')
      f.i32(bytes)
      f.op('i32.mul', 'i32.add')
      f.set(l.to)
      f.get(l.group)
      f.get(d.group)
      f.op('i32.mul')
      f.get(d.src)
      f.op('i32.add')
      f.get(l.row0)
      f.get(d.row)
      f.op('i32.mul', 'i32.add')
      f.set(l.from)
      f.range(l.k, 0, d.k, 1, () => {
        f.get(d.table)
        f.get(l.k)
        f.i32(4)
        f.op('i32.mul', 'i32.add')
        f.load('i32.load')
        f.get(l.from)
        f.op('i32.add')
        f.set(l.at)
        f.range(l.r, 0, l.rows, 1, () => {
          f.get(l.to)
          f.get(l.at)
          f.load(`${m.type}.load`)
          f.store(`${m.type}.store`)
          f.inc(l.to, bytes)
          f.inc(l.at, d.row)
        })
      })
    })
  })
}
