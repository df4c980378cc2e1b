// What gather and scatter share: the check of the indices, the plan of the loops, and the kernel.
// Dimensions of the common shape that are coordinates of the written view have targets of their own: blocks of them run at once, in any order.
// The others may meet in one target, so each block walks all of them in row-major order: results do not depend on the threads.
//   for each block (parallel): for each step (in order): for each element of the inner dimension: target op= source
import { collapse, type Dims } from '../../../runtime/dims.ts'
import { bytesOf } from '../../../base/dtype.ts'
import { IndexError } from '../../../base/errors.ts'
import { numelOf } from '../../../base/shape.ts'
import type { IndexOperand, View } from '../../../runtime/spec.ts'
import type { Func, Local, Module } from '../asm.ts'
import { addressOf, type Engine } from '../engine.ts'
import { cut, product, takeInner, walk, widthsOf } from '../loops.ts'
import { bitsOf, merge, type Merge, type Scalar, scalarOf } from './scalars.ts'

/** Writes a table for `walk`; returns its address. A table has at least one row. */
export function tableOf(engine: Engine, dims: Dims, widths: readonly number[]): { address: number; rank: number } {
  if (dims.sizes.length === 0) {
    dims.sizes.push(1)
    dims.strides.push(widths.map(() => 0))
  }
  const d = engine.descriptor(4 * dims.sizes.length * (1 + widths.length))
  dims.sizes.forEach((size, k) => d.i32(size, ...dims.strides[k].map((stride, o) => stride * widths[o])))
  return { address: d.address, rank: dims.sizes.length }
}

/** Words of a descriptor, loaded into locals at the start of a kernel, in the order in which they are asked for. */
export function words(f: Func, desc: Local): () => Local {
  let at = 0
  return () => {
    const local = f.local('i32')
    f.get(desc)
    f.load('i32.load', at)
    f.set(local)
    at += 4
    return local
  }
}

/** Kernel: words [flag, index, table, rank, pad, -], i64 size at 24; sets the flag when an index is not in -size .. size - 1. */
function buildCheck(m: Module): void {
  m.kernel('check', (f, desc, begin, end) => {
    const word = words(f, desc)
    const [flag, index, address, rank] = [word(), word(), word(), word()]
    const [pointer, bad, size] = [f.local('i32'), f.local('i32'), f.local('i64')]
    f.get(desc)
    f.load('i64.load', 24)
    f.set(size)
    walk(f, { address, rank, width: 1 }, begin, end, [{ base: index, pointer }], () => {
      f.get(bad)
      f.get(pointer)
      f.load('i64.load')
      f.get(size)
      f.op('i64.add')
      f.get(size)
      f.i64(1)
      f.op('i64.shl', 'i64.ge_u', 'i32.or')
      f.set(bad)
    })
    f.get(bad)
    f.if(() => {
      f.get(flag)
      f.i32(1)
      f.store('i32.store')
    })
  })
}

/** Throws IndexError for the first index, in row-major order, that is out of range. Broadcast dimensions are looked at once. */
export function checkIndices(engine: Engine, op: string, operands: readonly IndexOperand[]): void {
  for (const { index, size } of operands) {
    const shape = index.shape.map((n, d) => (index.strides[d] === 0 ? 1 : n))
    const dims = collapse(
      shape,
      [index],
      shape.map((_, d) => d),
      false,
    )
    const count = product(dims.sizes)
    const table = tableOf(engine, dims, widthsOf([index]))
    const flag = engine.descriptor(4).i32(0).address
    const d = engine.descriptor(32).i32(flag, addressOf(index), table.address, table.rank).i32(0, 0).i64(BigInt(size))
    engine.dispatch(engine.kernel('check indices', buildCheck), d, count, 32768)
    engine.host(() => {
      if (engine.i32[flag >> 2] !== 0) throwFirst(engine, op, index, shape, size)
    })
  }
}

function throwFirst(engine: Engine, op: string, index: View, shape: readonly number[], size: number): void {
  const visit = (d: number, at: number): void => {
    if (d < shape.length) {
      for (let i = 0; i < shape[d]; i++) visit(d + 1, at + i * index.strides[d])
      return
    }
    const value = engine.i64[at]
    if (value >= -size && value < size) return
    throw new IndexError(`${op}: index ${value} is out of range for size ${size}`)
  }
  visit(0, addressOf(index) / 8)
}

interface Variant {
  /** set moves elements of this many bytes; the others compute in the dtype. */
  readonly op: 'gather' | 'set' | Merge
  readonly dtype: View['dtype']
  readonly operands: number
  /** Indices are constant along the inner dimension: one address per row. */
  readonly rows: boolean
  /** Rows whose elements lie side by side in both views. */
  readonly contiguous: boolean
  /** There are dimensions to be walked in order. */
  readonly ordered: boolean
}

/** Kernel words: plain, addressed, the indices; table, rank; table, rank, steps; count, last; inner strides; per index size and stride. */
function build(m: Module, v: Variant): void {
  const moves = v.op === 'gather' || v.op === 'set'
  const scalar = moves ? bitsOf(bytesOf(v.dtype)) : scalarOf(m, v.dtype)
  m.kernel(v.op, (f, desc, begin, end) => {
    const word = words(f, desc)
    const list = (n: number): Local[] => Array.from({ length: n }, word)
    const all = 2 + v.operands
    const bases = list(all)
    const [outer, outerRank, inOrder, inOrderRank, steps, count, last] = list(7)
    const inner = list(all)
    const sizes = list(v.operands)
    const strides = list(v.operands)
    const length = f.local('i32')
    const starts = bases.map(() => f.local('i32'))

    walk(
      f,
      { address: outer, rank: outerRank, width: all },
      begin,
      end,
      bases.map((base, k) => ({ base, pointer: starts[k] })),
      (isLast) => {
        f.get(last)
        f.get(count)
        isLast()
        f.op('select')
        f.set(length)
        const row = (pointers: readonly Local[]): void =>
          emitRow(f, v, scalar, { pointers, inner, sizes, strides, length })
        if (!v.ordered) return row(starts)
        const pointers = starts.map(() => f.local('i32'))
        const here = starts.map((base, k) => ({ base, pointer: pointers[k] }))
        walk(f, { address: inOrder, rank: inOrderRank, width: all }, 0, steps, here, () => row(pointers))
      },
    )
  })
}

interface RowLocals {
  readonly pointers: readonly Local[]
  readonly inner: readonly Local[]
  readonly sizes: readonly Local[]
  readonly strides: readonly Local[]
  readonly length: Local
}

function emitRow(f: Func, v: Variant, scalar: Scalar, { pointers, inner, sizes, strides, length }: RowLocals): void {
  // Copies: the walk around this row still needs its pointers.
  const cursors = pointers.map((pointer) => {
    const cursor = f.local('i32')
    f.get(pointer)
    f.set(cursor)
    return cursor
  })
  const [plain, addressed, ...indices] = cursors
  const { value, left, at } = f.locals('i32', 'value', 'left', 'at')
  /** [address] -> [address + where the indices point] */
  const addIndices = (): void =>
    indices.forEach((pointer, k) => {
      f.get(pointer)
      f.load('i32.load')
      f.tee(value)
      f.get(value)
      f.i32(31)
      f.op('i32.shr_s')
      f.get(sizes[k])
      f.op('i32.and', 'i32.add')
      f.get(strides[k])
      f.op('i32.mul', 'i32.add')
    })
  const [a, b] = [f.local(scalar.type), f.local(scalar.type)]
  const element = (): void => {
    const [source, target] = v.op === 'gather' ? [at, plain] : [plain, at]
    if (v.op === 'gather' || v.op === 'set') {
      f.get(target)
      f.get(source)
      scalar.load(f)
      scalar.store(f)
      return
    }
    f.get(target)
    scalar.load(f)
    f.set(a)
    f.get(source)
    scalar.load(f)
    f.set(b)
    f.get(target)
    merge(f, v.op, scalar.type, a, b)
    scalar.store(f)
  }
  const repeat = (step: number, body: () => void): void =>
    f.while(
      () => {
        f.get(left)
        f.i32(step)
        f.op('i32.ge_u')
      },
      () => {
        body()
        f.inc(left, -step)
      },
    )
  f.get(length)
  f.set(left)
  if (!v.rows) {
    repeat(1, () => {
      f.get(addressed)
      addIndices()
      f.set(at)
      element()
      cursors.forEach((cursor, k) => f.inc(cursor, inner[k]))
    })
    return
  }
  f.get(addressed)
  addIndices()
  f.set(at)
  if (v.contiguous && (v.op === 'gather' || v.op === 'set')) {
    for (const place of v.op === 'gather' ? [plain, at] : [at, plain]) f.get(place)
    f.get(length)
    f.i32(scalar.bytes)
    f.op('i32.mul', 'memory.copy')
    return
  }
  const both = (step: () => void): void => {
    f.inc(plain, v.contiguous ? step : inner[0])
    f.inc(at, v.contiguous ? step : inner[1])
  }
  if (v.contiguous && (v.dtype === 'float32' || v.dtype === 'float64') && (v.op === 'add' || v.op === 'mul')) {
    const lanes = 16 / scalar.bytes
    repeat(lanes, () => {
      f.get(at)
      f.get(at)
      f.load('v128.load')
      f.get(plain)
      f.load('v128.load')
      f.op(`${scalar.type}x${lanes}.${v.op}`)
      f.store('v128.store')
      both(() => f.i32(16))
    })
  }
  repeat(1, () => {
    element()
    both(() => f.i32(scalar.bytes))
  })
}

/**
 * Runs a gather (`addressed` is read) or a scatter (`addressed` is written). `plain` has the common shape.
 * The indices are checked already, every one in its range.
 */
export function runIndexed(
  engine: Engine,
  op: Variant['op'],
  plain: View,
  addressed: View,
  operands: readonly IndexOperand[],
): void {
  const { shape } = plain
  const total = numelOf(shape)
  if (total === 0) return
  const views = [plain, addressed, ...operands.map(({ index }) => index)]
  const widths = widthsOf(views)
  const all = shape.map((_, d) => d)
  const parallel = all.filter((d) => op === 'gather' || addressed.strides[d] !== 0)
  const innermost = all.findLast((d) => shape[d] !== 1)
  const outer = collapse(shape, views, parallel, false)
  const inOrder = collapse(
    shape,
    views,
    all.filter((d) => !parallel.includes(d)),
    false,
  )
  const steps = product(inOrder.sizes)
  const free = innermost === undefined || parallel.includes(innermost)
  const inner = takeInner(free ? outer : inOrder, views.length)
  const orderedSteps = free ? steps : steps / inner.size

  // Blocks of at least 64 bytes; as many as keep all threads busy where there is work for them.
  const block =
    !free || total < 32768 ? inner.size : op === 'gather' ? 8192 : Math.max(16, (Math.ceil(inner.size / 8) + 15) & -16)
  const { count, last } = cut(outer, inner, block)
  const items = product(outer.sizes)
  const rows = inner.size === 1 || inner.strides.slice(2).every((stride) => stride === 0)
  const contiguous = rows && (inner.size === 1 || (inner.strides[0] === 1 && inner.strides[1] === 1))
  const v: Variant = { op, dtype: plain.dtype, operands: operands.length, rows, contiguous, ordered: orderedSteps > 1 }

  const outerTable = tableOf(engine, outer, widths)
  const inOrderTable = tableOf(engine, inOrder, widths)
  const d = engine.descriptor(4 * (9 + 4 * views.length)).i32(...views.map(addressOf))
  d.i32(outerTable.address, outerTable.rank, inOrderTable.address, inOrderTable.rank, orderedSteps, count, last)
  d.i32(...inner.strides.map((stride, k) => stride * widths[k]))
  d.i32(...operands.map(({ size }) => size), ...operands.map(({ stride }) => stride * widths[1]))
  const type = op === 'gather' || op === 'set' ? widths[0] : v.dtype
  const key = `indexed ${op} ${type} ${v.operands} ${rows ? (contiguous ? 'rows' : 'strided rows') : 'elements'} ${v.ordered}`
  const perItem = Math.min(count, inner.size) * orderedSteps
  engine.dispatch(
    engine.kernel(key, (m) => build(m, v)),
    d,
    items,
    Math.max(1, Math.floor(16384 / perItem)),
  )
}
