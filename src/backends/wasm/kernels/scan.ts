// Running sum, product, maximum, minimum and log-sum-exp: one line along the axis is one item, element after element in scalar code.
// float32 sums and products run in double, as PyTorch's do, and are rounded when stored.
import { collapse } from '../../../runtime/dims.ts'
import { bytesOf, type ComputeType, computeType, type DType } from '../../../base/dtype.ts'
import { numelOf } from '../../../base/shape.ts'
import type { ScanSpec } from '../../../runtime/spec.ts'
import type { Func, Local, Module } from '../asm.ts'
import { addressOf, type Engine } from '../engine.ts'
import { Evaluation, Lanes, LocalPool, scalarOf } from '../lanes.ts'
import { cut, product, walk } from '../loops.ts'
import { CONTIGUOUS, emitStore, formatOf, fromRaw, laneTypes, pushLoad, SPLAT, toStored } from '../operands.ts'

type Op = ScanSpec['op']
type Scalar = 'f32' | 'f64' | 'i32' | 'i64'

/** Byte offsets in the descriptor; then the table of the other dimensions. */
const head = { rank: 0, length: 4, addresses: 8, steps: 20, table: 32 } as const
const GRAIN = 16384

const isFloat = (s: Scalar): boolean => s === 'f32' || s === 'f64'

/** running = running op next; for max and min also best = i, where next is at least as good or NaN comes up. */
function emitStep(f: Func, m: Module, op: Op, s: Scalar, running: Local, next: Local, best: Local, i: Local): void {
  const both = (): void => {
    f.get(running)
    f.get(next)
  }
  if (op === 'sum' || op === 'prod') {
    both()
    f.op(`${s}.${op === 'sum' ? 'add' : 'mul'}`)
    f.set(running)
    return
  }
  if (op === 'logsumexp') {
    logAddExp(f, m, running, next)
    return
  }
  f.get(next)
  f.get(running)
  f.op(`${s}.${op === 'max' ? 'ge' : 'le'}${isFloat(s) ? '' : '_s'}`)
  if (isFloat(s)) {
    f.get(next)
    f.get(next)
    f.op(`${s}.ne`, 'i32.or')
  }
  f.if(() => {
    // Once NaN, the running value stays; another NaN moves the position on.
    f.get(next)
    f.set(running)
    f.get(i)
    f.set(best)
  })
}

/** high + log1p(exp(low - high)), in double; an infinite `high` is the result. */
function logAddExp(f: Func, m: Module, running: Local, next: Local): void {
  const high = f.local('f64')
  f.get(running)
  f.get(next)
  f.op('f64.max')
  f.tee(high)
  f.op('f64.abs')
  f.f64(Infinity)
  f.op('f64.lt')
  f.if(
    () => {
      f.get(running)
      f.get(next)
      f.op('f64.min')
      f.get(high)
      f.op('f64.sub')
      f.call(m.host('exp'))
      f.call(m.host('log1p'))
      f.get(high)
      f.op('f64.add')
    },
    () => f.get(high),
    'f64',
  )
  f.set(running)
}

function build(m: Module, relaxed: boolean, op: Op, x: DType, out: DType, hasIndices: boolean): void {
  const compute: ComputeType = computeType(out)
  const wide = compute === 'float32' && (op === 'sum' || op === 'prod' || op === 'logsumexp')
  const type = laneTypes[compute]
  const s: Scalar = wide ? 'f64' : scalarOf[type]
  const [load, store] = [formatOf(compute, x), formatOf(compute, out)]
  const l = new Lanes(m, relaxed)
  const loaded = fromRaw(l, load, l.leaf('input', 0))
  const stored = toStored(l, compute, out, l.leaf('acc', 0))

  m.kernel('scan', (f, desc, begin, end) => {
    const { table, rank, i, best, length } = f.locals('i32', 'table', 'rank', 'i', 'best', 'length')
    const [running, next] = [f.local(s), f.local(s)]
    const pool = new LocalPool(f)
    const read = (local: Local, offset: number): void => {
      f.get(desc)
      f.load('i32.load', offset)
      f.set(local)
    }
    f.get(desc)
    f.i32(head.table)
    f.op('i32.add')
    f.set(table)
    read(rank, head.rank)
    read(length, head.length)
    const operands = hasIndices ? [0, 1, 2] : [0, 1]
    const steps = operands.map((k) => {
      const local = f.local('i32')
      read(local, head.steps + 4 * k)
      return local
    })
    const at = operands.map(() => f.local('i32'))
    const pointers = operands.map((k) => ({
      base: () => {
        f.get(desc)
        f.load('i32.load', head.addresses + 4 * k)
      },
      pointer: f.local('i32'),
    }))
    const pushNext = (): void => {
      const place = { address: at[0], stride: at[0] }
      const [value] = new Evaluation(f, pool, 1, () => pushLoad(f, load, SPLAT, bytesOf(x), place, 0)).roots([loaded])
      f.get(value)
      pool.give(value)
      f.lane(`${type}.extract_lane`, 0)
      if (wide) f.op('f64.promote_f32')
    }
    const write = (): void => {
      const [value] = new Evaluation(f, pool, 1, () => {
        f.get(running)
        if (wide) f.op('f32.demote_f64')
        f.op(`${type}.splat`)
      }).roots([stored])
      emitStore(f, store, CONTIGUOUS, bytesOf(out), { address: at[1], stride: at[1] }, 0, value, 1)
      pool.give(value)
      if (!hasIndices) return
      f.get(at[2])
      f.get(best)
      f.op('i64.extend_i32_s')
      f.store('i64.store')
    }
    walk(f, { address: table, rank, width: 3 }, begin, end, pointers, () => {
      operands.forEach((k) => {
        f.get(pointers[k].pointer)
        f.set(at[k])
      })
      f.i32(0)
      f.set(best)
      f.range(i, 0, length, 1, () => {
        pushNext()
        f.set(next)
        f.get(i)
        f.if(
          () => emitStep(f, m, op, s, running, next, best, i),
          () => {
            f.get(next)
            f.set(running)
          },
        )
        write()
        operands.forEach((k) => f.inc(at[k], steps[k]))
      })
    })
  })
}

export function scanKernel(engine: Engine): (spec: ScanSpec) => void {
  return ({ op, x, out, indices, axis }) => {
    if (numelOf(x.shape) === 0) return
    const views = indices ? [x, out, indices] : [x, out]
    const [size, rank] = [x.shape[axis] ?? 1, x.shape.length]
    const others = Array.from({ length: rank }, (_, d) => d).filter((d) => d !== axis)
    const dims = collapse(x.shape, views, others, true)
    cut(dims, { size: 1, strides: views.map(() => 0) }, 1)
    const kernel = engine.kernel(`scan ${op} ${x.dtype} ${out.dtype} ${indices !== null}`, (m, features) =>
      build(m, features.relaxedFma, op, x.dtype, out.dtype, indices !== null),
    )
    const bytes = (k: number, stride: number): number => (k < views.length ? stride * bytesOf(views[k].dtype) : 0)
    const d = engine.descriptor(64 + 16 * dims.sizes.length)
    d.i32(dims.sizes.length, size)
    for (let k = 0; k < 3; k++) d.i32(k < views.length ? addressOf(views[k]) : 0)
    for (let k = 0; k < 3; k++) d.i32(bytes(k, views[k]?.strides[axis] ?? 0))
    dims.sizes.forEach((count, row) => {
      d.i32(count)
      for (let k = 0; k < 3; k++) d.i32(bytes(k, dims.strides[row][k] ?? 0))
    })
    engine.dispatch(kernel, d, product(dims.sizes), Math.max(1, Math.floor(GRAIN / size)))
  }
}
