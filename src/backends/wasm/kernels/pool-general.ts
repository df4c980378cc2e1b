// Pooling of any dtype, windows and strides, one window at a time; tables in scratch memory say what the windows of each row and column cover.
//   for each plane: for each window: for each of its positions: maximum and place, or sum, or the gradient added there
import type { DType } from '../../../base/dtype.ts'
import { ShapeError } from '../../../base/errors.ts'
import type { PoolSpec, PoolWindows } from '../../../runtime/spec.ts'
import type { Local, Module } from '../asm.ts'
import type { Engine } from '../engine.ts'
import { sumOf } from './gemm-code.ts'
import { clearPlane, eachPlane } from './pool-planes.ts'
import { scalarOf } from './scalars.ts'

/** Bytes of one row of a window table: first position inside the input, how many, and the factor of the divisor. */
const tableRow = 12

/** The address of the table for dimension `d`. */
export function windowTable(engine: Engine, spec: PoolSpec, d: 0 | 1): number {
  const [size, outSize] = [spec.x.shape[2 + d], spec.y.shape[2 + d]]
  const address = engine.table(outSize * tableRow)
  for (let i = 0; i < outSize; i++) {
    const { first, count, padded } = windowOf(spec.windows[d], i, size, outSize)
    if (count === 0 && spec.op === 'max') throw new ShapeError(`pool: window ${i} holds nothing but padding`)
    engine.i32.set([first, count, spec.countIncludePad ? padded : count], (address + i * tableRow) >>> 2)
  }
  return address
}

function windowOf(
  windows: PoolWindows,
  i: number,
  size: number,
  outSize: number,
): { first: number; count: number; padded: number } {
  if (windows.adaptive) {
    const first = Math.floor((i * size) / outSize)
    const count = Math.ceil(((i + 1) * size) / outSize) - first
    return { first, count, padded: count }
  }
  const { size: length, stride, padding, dilation } = windows
  const start = i * stride - padding
  const skipped = start < 0 ? Math.ceil(-start / dilation) : 0
  /** Positions of the window that lie before `end`. */
  const before = (end: number): number => Math.max(0, Math.min(length, Math.ceil((end - start) / dilation)))
  return {
    first: start + skipped * dilation,
    count: Math.max(0, before(size) - skipped),
    padded: before(size + padding),
  }
}

export interface GeneralVariant {
  readonly op: PoolSpec['op']
  readonly pass: PoolSpec['pass']
  readonly dtype: DType
  readonly indices: DType | null
  /** A plane of x is one block of memory. */
  readonly dense: boolean
}

const LOWEST = { f32: -Infinity, f64: -Infinity, i32: -(2 ** 31), i64: -(2 ** 63) } as const

export function buildGeneral(m: Module, v: GeneralVariant): void {
  const scalar = scalarOf(m, v.dtype)
  const { type } = scalar
  // Sums of single floats are kept in double.
  const sumType = type === 'f32' ? 'f64' : type
  m.kernel('pool', (f, desc, begin, end) => {
    eachPlane(f, desc, begin, end, (p) => {
      const { i, j, u, k, at, place, index, rowAt, rowPlace, rows, columns, wins, rowEntry, columnEntry, out } =
        f.locals(
          'i32',
          'i',
          'j',
          'u',
          'k',
          'at',
          'place',
          'index',
          'rowAt',
          'rowPlace',
          'rows',
          'columns',
          'wins',
          'rowEntry',
          'columnEntry',
          'out',
        )
      const [value, best] = [f.local(type), f.local(type)]
      const [sum, divisor] = [f.local(sumType), f.local('f64')]

      const product = (x: Local, y: Local): Local => {
        const local = f.local('i32')
        sumOf(f, 0, [x, y])
        f.set(local)
        return local
      }
      // From one position of a window to the next: bytes, and places in the plane.
      const rowBytes = product(p.rowDilation, p.xRow)
      const columnBytes = product(p.columnDilation, p.xColumn)
      const rowPlaces = product(p.rowDilation, p.width)

      /** The window's first position, as an address and as a place in the plane, and its counts. */
      const openWindow = (): void => {
        const first = (base: Local | null, row: Local, column: Local | null, to: Local): void => {
          f.push(base ?? 0)
          for (const [entry, stride] of [
            [rowEntry, row],
            [columnEntry, column],
          ] as const) {
            f.get(entry)
            f.load('i32.load')
            if (stride) {
              f.get(stride)
              f.op('i32.mul')
            }
            f.op('i32.add')
          }
          f.set(to)
        }
        first(p.x, p.xRow, p.xColumn, rowAt)
        first(null, p.width, null, rowPlace)
        for (const [entry, count] of [
          [rowEntry, rows],
          [columnEntry, columns],
        ] as const) {
          f.get(entry)
          f.load('i32.load', 4)
          f.set(count)
        }
      }
      /** For each position of the window: `at` its address, `place` its place in the plane. */
      const eachPosition = (body: () => void): void =>
        f.range(u, 0, rows, 1, () => {
          f.get(rowAt)
          f.set(at)
          f.get(rowPlace)
          f.set(place)
          f.range(k, 0, columns, 1, () => {
            body()
            f.inc(at, columnBytes)
            f.inc(place, p.columnDilation)
          })
          f.inc(rowAt, rowBytes)
          f.inc(rowPlace, rowPlaces)
        })
      const pushDivisor = (): void => {
        f.get(desc)
        f.load('f64.load')
        f.tee(divisor)
        f.f64(0)
        f.op('f64.ne')
        f.if(
          () => f.get(divisor),
          () => {
            for (const entry of [rowEntry, columnEntry]) {
              f.get(entry)
              f.load('i32.load', 8)
            }
            // A window that holds nothing has the sum 0 and no divisor.
            f.op('i32.mul', 'f64.convert_i32_s')
            f.f64(1)
            f.op('f64.max')
          },
          'f64',
        )
      }
      const loadValue = (pointer: Local): void => {
        f.get(pointer)
        scalar.load(f)
      }
      const addTo = (pointer: Local, term: Local): void => {
        f.get(pointer)
        loadValue(pointer)
        f.get(term)
        f.op(`${type}.add`)
        scalar.store(f)
      }
      const pushIndexAddress = (): void => sumOf(f, p.indices, [i, p.indexRow], [j, p.indexColumn])

      const maxForward = (): void => {
        f.constant(type, LOWEST[type])
        f.set(best)
        f.get(rowPlace)
        f.set(index)
        eachPosition(() => {
          loadValue(at)
          f.tee(value)
          f.get(best)
          f.op(type.startsWith('f') ? `${type}.gt` : `${type}.gt_s`)
          if (type.startsWith('f')) {
            f.get(value)
            f.get(value)
            f.op(`${type}.ne`, 'i32.or')
          }
          f.set(wins)
          for (const [next, kept] of [
            [value, best],
            [place, index],
          ] as const) {
            f.get(next)
            f.get(kept)
            f.get(wins)
            f.op('select')
            f.set(kept)
          }
        })
        f.get(out)
        f.get(best)
        scalar.store(f)
        if (v.indices === null) return
        pushIndexAddress()
        f.get(index)
        if (v.indices === 'int64') f.op('i64.extend_i32_u')
        f.store(v.indices === 'int64' ? 'i64.store' : 'i32.store')
      }
      const maxBackward = (): void => {
        pushIndexAddress()
        f.load('i32.load')
        f.set(index)
        if (v.dense) {
          sumOf(f, p.x, [index, p.xColumn])
        } else {
          f.get(p.x)
          for (const [op, stride] of [
            ['i32.div_u', p.xRow],
            ['i32.rem_u', p.xColumn],
          ] as const) {
            f.get(index)
            f.get(p.width)
            f.op(op)
            f.get(stride)
            f.op('i32.mul', 'i32.add')
          }
        }
        f.set(at)
        loadValue(out)
        f.set(value)
        addTo(at, value)
      }
      const averageForward = (): void => {
        f.constant(sumType, 0)
        f.set(sum)
        eachPosition(() => {
          f.get(sum)
          loadValue(at)
          if (type === 'f32') f.op('f64.promote_f32')
          f.op(`${sumType}.add`)
          f.set(sum)
        })
        f.get(out)
        f.get(sum)
        pushDivisor()
        f.op('f64.div')
        if (type === 'f32') f.op('f32.demote_f64')
        scalar.store(f)
      }
      const averageBackward = (): void => {
        loadValue(out)
        if (type === 'f32') f.op('f64.promote_f32')
        pushDivisor()
        f.op('f64.div')
        if (type === 'f32') f.op('f32.demote_f64')
        f.set(value)
        eachPosition(() => addTo(at, value))
      }

      return () => {
        if (v.pass === 'backward') clearPlane(f, p, scalar, v.dense)
        f.get(p.rowTable)
        f.set(rowEntry)
        f.range(i, 0, p.outHeight, 1, () => {
          sumOf(f, p.y, [i, p.yRow])
          f.set(out)
          f.get(p.columnTable)
          f.set(columnEntry)
          f.range(j, 0, p.outWidth, 1, () => {
            if (v.op === 'avg' || v.pass === 'forward') openWindow()
            if (v.op === 'max') (v.pass === 'forward' ? maxForward : maxBackward)()
            else (v.pass === 'forward' ? averageForward : averageBackward)()
            f.inc(out, p.yColumn)
            f.inc(columnEntry, tableRow)
          })
          f.inc(rowEntry, tableRow)
        })
      }
    })
  })
}
