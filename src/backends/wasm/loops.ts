// Dimensions at run time: the loops that walk them (WebAssembly), and how they are cut into pieces (JavaScript, per call).
// The code knows neither rank nor sizes; it reads them from a table of rows [size, byte stride of each operand], outermost first.
import { bytesOf } from '../../base/dtype.ts'
import { numelOf } from '../../base/shape.ts'
import type { Dims } from '../../runtime/dims.ts'
import type { View } from '../../runtime/spec.ts'
import type { Func, I32, Local } from './asm.ts'

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
