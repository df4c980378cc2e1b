// Elementwise kernels: one loop per expression, dtypes and stride classes; shapes and strides are run-time numbers.
// for each row: while 8 elements are left (4 of 64 bits): hot; for the rest one by one: cold. Rows are cut at 16k elements, earlier where they take long.
import { collapse, type Dims } from '../../../runtime/dims.ts'
import { bytesOf, type ComputeType, type DType } from '../../../base/dtype.ts'
import { type Expr, walk as walkExprs } from '../../../base/expr.ts'
import { dimsOf } from '../../../base/shape.ts'
import type { MapSpec } from '../../../runtime/spec.ts'
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { addressOf, type Engine, type Features, type Kernel } from '../engine.ts'
import { costOf, printer } from '../expr-codegen.ts'
import { computeNumber, KernelCache } from '../kernel-cache.ts'
import { Evaluation, type Leaf, Lanes, laneCount, LocalPool } from '../lanes.ts'
import { cut, product, takeInner, walk, widthsOf } from '../loops.ts'
import {
  CONTIGUOUS,
  emitStore,
  formatOf,
  laneTypes,
  type Place,
  pushLoad,
  pushScalar,
  SPLAT,
  STRIDED,
  type StrideClass,
  strideClass,
  toStored,
} from '../operands.ts'

/** Elements per piece of work, where the expressions are cheap. */
const GRAIN = 16384
/** Operations on an element that are still cheap. */
const CHEAP = 4

/** What is in the code; all else is in the descriptor. */
interface Variant {
  readonly exprs: readonly Expr[]
  readonly compute: ComputeType
  readonly scalars: number
  /** Outputs first, then inputs, as everywhere in this file. */
  readonly dtypes: readonly DType[]
  readonly classes: readonly StrideClass[]
}

/** Byte offsets in the descriptor: [rank, count, last count, 0], scalars (f64), addresses, inner byte strides, table. */
const header = { rank: 0, count: 4, last: 8, scalars: 16 } as const
const layout = (v: Variant) => {
  const addresses = header.scalars + 8 * v.scalars
  const strides = addresses + 4 * v.dtypes.length
  return { addresses, strides, table: strides + 4 * v.dtypes.length }
}

function build(m: Module, features: Features, v: Variant): void {
  const l = new Lanes(m, features.relaxedFma)
  const type = laneTypes[v.compute]
  const lanes = laneCount[type]
  const step = 2 * lanes
  const outputs = v.exprs.length
  const print = printer(l, { compute: v.compute, inputs: v.dtypes.slice(outputs) })
  const words = v.exprs.map((e, k) => toStored(l, v.compute, v.dtypes[k], print(e)))
  const operands = v.dtypes.map((_, k) => k)
  const formats = v.dtypes.map((dtype) => formatOf(v.compute, dtype))
  const widths = v.dtypes.map(bytesOf)
  const at = layout(v)

  /** (desc, steps, addresses...): `blocks` vectors per step; one lane where `active` is 1. */
  const body = (name: string, blocks: number, active: number): FuncRef =>
    m.func(name, ['i32', 'i32', ...operands.map(() => 'i32' as const)], [], (f) => {
      const [desc, steps, ...addresses] = f.args
      const pool = new LocalPool(f)
      const places = operands.map(
        (k): Place => ({ address: addresses[k], stride: strideLocal(f, desc, v.classes[k], at.strides + 4 * k) }),
      )
      const scalars = Array.from({ length: v.scalars }, (_, k) => {
        const local = f.local('v128')
        pushScalar(f, type, desc, header.scalars + 8 * k)
        f.set(local)
        return local
      })
      const load = (k: number, block: number, cls: StrideClass): void =>
        pushLoad(f, formats[k], cls, widths[k], places[k], block)
      const splats = new Map<number, Local>()
      for (const k of operands.slice(outputs)) {
        if (v.classes[k] !== SPLAT) continue
        const local = f.local('v128')
        load(k, 0, SPLAT)
        f.set(local)
        splats.set(k, local)
      }
      const leafAt =
        (block: number) =>
        (leaf: Leaf): void => {
          if (leaf.kind === 'scalar') return f.get(scalars[leaf.index])
          const k = outputs + leaf.index
          const splat = splats.get(k)
          if (splat) f.get(splat)
          else load(k, block, active === 1 ? SPLAT : v.classes[k])
        }
      f.loop((again) => {
        // All values before any store (an output may be an input), and stores from the back: so V8 joins them in pairs.
        const values: Local[][] = []
        for (let block = blocks - 1; block >= 0; block--)
          values[block] = new Evaluation(f, pool, active, leafAt(block)).roots(words)
        for (let block = blocks - 1; block >= 0; block--) {
          for (let k = 0; k < outputs; k++)
            emitStore(f, formats[k], v.classes[k], widths[k], places[k], block, values[block][k], active)
        }
        values.flat().forEach((local) => pool.give(local))
        const elements = active === 1 ? 1 : step
        for (const k of operands) {
          if (v.classes[k] === CONTIGUOUS) f.inc(addresses[k], elements * widths[k])
          else if (v.classes[k] === STRIDED) {
            f.inc(addresses[k], () => {
              f.get(places[k].stride)
              f.i32(elements)
              f.op('i32.mul')
            })
          }
        }
        f.inc(steps, -1)
        f.get(steps)
        f.brIf(again)
      })
    })
  const hot = body('hot', 2, lanes)
  const cold = body('cold', 1, 1)

  m.kernel('map', (f, desc, begin, end) => {
    const { rank, table, count, steps } = f.locals('i32', 'rank', 'table', 'count', 'steps')
    f.get(desc)
    f.load('i32.load', header.rank)
    f.set(rank)
    f.get(desc)
    f.i32(at.table)
    f.op('i32.add')
    f.set(table)
    const pointers = operands.map((k) => ({
      base: () => {
        f.get(desc)
        f.load('i32.load', at.addresses + 4 * k)
      },
      pointer: f.local('i32'),
    }))
    walk(f, { address: table, rank, width: operands.length }, begin, end, pointers, (isLast) => {
      f.get(desc)
      f.load('i32.load', header.last)
      f.get(desc)
      f.load('i32.load', header.count)
      isLast()
      f.op('select')
      f.tee(count)
      f.i32(Math.log2(step))
      f.op('i32.shr_u')
      f.tee(steps)
      f.if(() => {
        f.get(desc)
        f.get(steps)
        for (const { pointer } of pointers) f.get(pointer)
        f.call(hot)
      })
      f.get(count)
      f.i32(step - 1)
      f.op('i32.and')
      f.if(() => {
        f.get(desc)
        f.get(count)
        f.i32(step - 1)
        f.op('i32.and')
        pointers.forEach(({ pointer }, k) => {
          f.get(pointer)
          if (v.classes[k] === SPLAT) return
          f.get(count)
          f.i32(-step)
          f.op('i32.and')
          if (v.classes[k] === CONTIGUOUS) f.i32(widths[k])
          else {
            f.get(desc)
            f.load('i32.load', at.strides + 4 * k)
          }
          f.op('i32.mul', 'i32.add')
        })
        f.call(cold)
      })
    })
  })
}

function strideLocal(f: Func, desc: Local, cls: StrideClass, offset: number): Local {
  if (cls !== STRIDED) return desc
  const local = f.local('i32')
  f.get(desc)
  f.load('i32.load', offset)
  f.set(local)
  return local
}

/**
 * An operand that jumps along rows (a transposed one) touches a cache line per element: narrow columns of rows use each line again before it is lost.
 * Only for widths that divide the row, so that columns are one more dimension.
 */
function tile(dims: Dims, inner: { size: number; strides: number[] }): void {
  // Strides of whole kilobytes share few sets of the cache.
  let width = inner.strides.some((stride) => stride !== 0 && stride % 256 === 0) ? 16 : 64
  if (inner.size <= width || dims.sizes.length === 0) return
  while (inner.size % width !== 0) width--
  if (width < 16) return
  dims.sizes.unshift(inner.size / width)
  dims.strides.unshift(inner.strides.map((stride) => stride * width))
  inner.size = width
}

/** Elements per piece of work: fewer where an element takes longer. */
function grainOf(exprs: readonly Expr[]): number {
  let cost = 0
  walkExprs(exprs, (e) => (cost += costOf(e)))
  return Math.ceil(GRAIN / Math.max(1, Math.floor(cost / CHEAP)))
}

export function mapKernel(engine: Engine): (spec: MapSpec) => void {
  const cache = new KernelCache()
  const grains = new Map<Kernel, number>()
  return (spec) => {
    const { exprs, compute, outputs, scalars } = spec
    const views = outputs.concat(spec.inputs)
    const { shape } = outputs[0]
    if (product(shape) === 0) return
    const dims = collapse(shape, views, dimsOf(shape), true)
    const inner = takeInner(dims, views.length)
    const classes = new Array<StrideClass>(views.length)
    for (let k = 0; k < views.length; k++) classes[k] = strideClass(inner.strides[k])
    if (classes.includes(STRIDED)) tile(dims, inner)
    const kernel = cache.find(exprs, computeNumber[compute] + 4 * scalars.length, views, classes, () => {
      const dtypes = views.map((view) => view.dtype)
      const key = `map ${compute} ${exprs.map((e) => e.id)} ${dtypes} ${classes} ${scalars.length}`
      const variant: Variant = { exprs, compute, scalars: scalars.length, dtypes, classes }
      const made = engine.kernel(key, (m, features) => build(m, features, variant))
      grains.set(made, grainOf(exprs))
      return made
    })
    const grain = grains.get(kernel) as number
    const { count, last } = cut(dims, inner, grain)
    const rank = dims.sizes.length
    const words = 4 + 2 * scalars.length + 2 * views.length + rank * (1 + views.length)
    const { address } = engine.descriptor(4 * words)
    const { i32, f64 } = engine
    const widths = widthsOf(views)
    engine.recorder?.noteScalars(address + header.scalars)
    let at = address / 4
    i32[at++] = rank
    i32[at++] = count
    i32[at++] = last
    at++
    for (let k = 0; k < scalars.length; k++, at += 2) f64[at / 2] = scalars[k]
    for (let k = 0; k < views.length; k++) i32[at++] = addressOf(views[k])
    for (let k = 0; k < views.length; k++) i32[at++] = inner.strides[k] * widths[k]
    for (let d = 0; d < rank; d++) {
      i32[at++] = dims.sizes[d]
      for (let k = 0; k < views.length; k++) i32[at++] = dims.strides[d][k] * widths[k]
    }
    engine.dispatch(kernel, address, product(dims.sizes), Math.max(1, Math.floor(grain / count)))
  }
}
