// Dimensions at run time: how specs become a few merged dimensions (JavaScript, per call) and the loops that walk them (WebAssembly).
// The code knows neither rank nor sizes; it reads them from a table of rows [size, byte stride of each operand], outermost first.
import { bytesOf } from '../../base/dtype.ts'
import { isContiguous, numelOf, sameShape } from '../../base/shape.ts'
import type { View } from '../../runtime/spec.ts'
import type { Func, I32, Local } from './asm.ts'

/** Dimensions seen by several operands at once; `strides[d][k]` counts elements of operand k. */
export interface Dims {
  readonly sizes: number[]
  readonly strides: number[][]
}

interface Strided {
  readonly strides: readonly number[]
}

/**
 * The dimensions `dims` of the operands, without those of size 1, neighbours merged where every operand steps through them as through one.
 * With `order`, first sorted so that strides of the operands fall, the first operand deciding before the second and so on.
 * This runs for every kernel, mostly before V8 has optimized it: hence plain loops, and arrays made at their length (an empty one grows to 17 at once).
 */
export function collapse(
  shape: readonly number[],
  views: readonly Strided[],
  dims: readonly number[],
  order: boolean,
): Dims {
  if (dims.length === shape.length && areContiguous(shape, views))
    return { sizes: [numelOf(shape)], strides: [new Array<number>(views.length).fill(1)] }
  const kept = dims.filter((d) => shape[d] !== 1)
  if (order && kept.length > 1 && !fallsAlready(views[0], kept)) kept.sort((a, b) => compareStrides(views, a, b))
  const sizes: number[] = []
  const strides: number[][] = []
  for (let i = 0; i < kept.length; i++) {
    const d = kept[i]
    const last = sizes.length - 1
    let merges = last >= 0
    for (let k = 0; merges && k < views.length; k++) merges = strides[last][k] === views[k].strides[d] * shape[d]
    if (merges) sizes[last] *= shape[d]
    else {
      sizes.push(shape[d])
      strides.push(new Array<number>(views.length))
    }
    const row = strides[strides.length - 1]
    for (let k = 0; k < views.length; k++) row[k] = views[k].strides[d]
  }
  return { sizes, strides }
}
function areContiguous(shape: readonly number[], views: readonly Strided[]): boolean {
  const { strides } = views[0]
  for (let k = 1; k < views.length; k++) if (!sameShape(views[k].strides, strides)) return false
  return isContiguous(shape, strides)
}
/** Whether the first operand alone orders the dimensions, as they are. */
function fallsAlready({ strides }: Strided, dims: readonly number[]): boolean {
  for (let k = 1; k < dims.length; k++)
    if (!(strides[dims[k - 1]] > strides[dims[k]] && strides[dims[k]] > 0)) return false
  return true
}
function compareStrides(views: readonly Strided[], a: number, b: number): number {
  for (let k = 0; k < views.length; k++) {
    const { strides } = views[k]
    const difference = Math.abs(strides[b]) - Math.abs(strides[a])
    if (difference !== 0 && strides[a] !== 0 && strides[b] !== 0) return difference
  }
  return a - b
}

/** The innermost dimension, taken off (a single step where there is none): its size and each operand's stride. */
export function takeInner(dims: Dims, operands: number): { size: number; strides: number[] } {
  const size = dims.sizes.pop() ?? 1
  const strides = dims.strides.pop() ?? new Array<number>(operands).fill(1)
  return { size, strides }
}

/** Cuts an inner dimension into pieces of at most `length`: they become the last of `dims`, and only the last piece may be shorter. */
export function cut(
  dims: Dims,
  inner: { size: number; strides: number[] },
  length: number,
): { count: number; last: number } {
  const pieces = Math.max(1, Math.ceil(inner.size / length))
  const count = pieces === 1 ? inner.size : length
  if (pieces > 1 || dims.sizes.length === 0) {
    dims.sizes.push(pieces)
    const steps = new Array<number>(inner.strides.length)
    for (let k = 0; k < steps.length; k++) steps[k] = inner.strides[k] * length
    dims.strides.push(steps)
    return { count, last: inner.size - (pieces - 1) * count }
  }
  return { count, last: count }
}

export const product: (sizes: readonly number[]) => number = numelOf
export function widthsOf(views: readonly Pick<View, 'dtype'>[]): number[] {
  const widths = new Array<number>(views.length)
  for (let k = 0; k < views.length; k++) widths[k] = bytesOf(views[k].dtype)
  return widths
}

/** A table of dimensions where it is walked: `columns[k]` is the byte stride's place in a row for pointer k. */
export interface Table {
  readonly address: Local
  readonly rank: Local
  /** Strides per row. */
  readonly width: number
}

const rowBytes = (table: Table): number => 4 * (1 + table.width)

/**
 * for (i = from; i < to; i++): pointers[k] = bases[k] + sum over d of index_d * stride of column k; body(isLast).
 * Positions are divided out once per run of the innermost dimension, then pointers only step. `isLast` pushes whether the innermost index is its last.
 */
export function walk(
  f: Func,
  table: Table,
  from: I32,
  to: Local,
  pointers: readonly { readonly base: I32; readonly pointer: Local }[],
  body: (isLast: () => void, i: Local) => void,
): void {
  const { i, rest, row, inner, size, index, end, step } = f.locals(
    'i32',
    'i',
    'rest',
    'row',
    'inner',
    'size',
    'index',
    'end',
    'step',
  )
  const advance = (): void => {
    // index and rest of the dimension at `row`
    f.get(rest)
    f.get(row)
    f.load('i32.load')
    f.op('i32.rem_u')
    f.set(index)
    f.get(rest)
    f.get(row)
    f.load('i32.load')
    f.op('i32.div_u')
    f.set(rest)
    pointers.forEach(({ pointer }, k) => {
      f.inc(pointer, () => {
        f.get(index)
        f.get(row)
        f.load('i32.load', 4 + 4 * k)
        f.op('i32.mul')
      })
    })
  }
  f.push(from)
  f.set(i)
  f.while(
    () => {
      f.get(i)
      f.get(to)
      f.op('i32.lt_u')
    },
    () => {
      f.get(i)
      f.set(rest)
      for (const { base, pointer } of pointers) {
        f.push(base)
        f.set(pointer)
      }
      f.get(table.address)
      f.get(table.rank)
      f.i32(1)
      f.op('i32.sub')
      f.i32(rowBytes(table))
      f.op('i32.mul', 'i32.add')
      f.tee(inner)
      f.tee(row)
      f.load('i32.load')
      f.set(size)
      advance()
      // What is left of the innermost dimension after its index.
      f.get(size)
      f.get(index)
      f.op('i32.sub')
      f.set(size)
      f.while(
        () => {
          f.get(row)
          f.get(table.address)
          f.op('i32.ne')
        },
        () => {
          f.inc(row, -rowBytes(table))
          advance()
        },
      )
      f.get(i)
      f.get(size)
      f.op('i32.add')
      f.set(end)
      f.get(end)
      f.get(to)
      f.get(end)
      f.get(to)
      f.op('i32.lt_u', 'select')
      f.set(step)
      f.loop((again) => {
        body(() => {
          f.get(i)
          f.i32(1)
          f.op('i32.add')
          f.get(end)
          f.op('i32.eq')
        }, i)
        pointers.forEach(({ pointer }, k) => {
          f.inc(pointer, () => {
            f.get(inner)
            f.load('i32.load', 4 + 4 * k)
          })
        })
        f.inc(i, 1)
        f.get(i)
        f.get(step)
        f.op('i32.lt_u')
        f.brIf(again)
      })
    },
  )
}
