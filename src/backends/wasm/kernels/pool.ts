// 2-d pooling: the plan (what every window covers, as tables in scratch memory), and the general kernel, one window at a time.
// 2x2 windows with stride 2 of float32 have kernels of their own in pool-2x2.ts.
import { bytesOf, isFloating, type DType } from '../../../base/dtype.ts'
import { DTypeError, ShapeError } from '../../../base/errors.ts'
import type { PoolSpec, PoolWindows, View } from '../../../runtime/spec.ts'
import type { Local, Module } from '../asm.ts'
import { addressOf, type Engine } from '../engine.ts'
import { buildAverage2x2, buildMax2x2 } from './pool-2x2.ts'
import { clearPlane, eachPlane, pushAt } from './pool-planes.ts'
import { scalarOf } from './scalars.ts'

/** Bytes of one row of a window table: first position inside the input, how many, and the factor of the divisor. */
const ROW = 12

function windowTable(engine: Engine, spec: PoolSpec, d: 0 | 1): number {
  const [size, outSize] = [spec.x.shape[2 + d], spec.y.shape[2 + d]]
  const address = engine.scratch(outSize * ROW)
  for (let i = 0; i < outSize; i++) {
    const { first, count, padded } = windowOf(spec.windows[d], i, size, outSize)
    if (count === 0 && spec.op === 'max') throw new ShapeError(`pool: window ${i} holds nothing but padding`)
    engine.i32.set([first, count, spec.countIncludePad ? padded : count], (address + i * ROW) >>> 2)
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

interface Variant {
  readonly op: PoolSpec['op']
  readonly pass: PoolSpec['pass']
  readonly dtype: DType
  readonly indices: boolean
  /** A plane of x is one block of memory. */
  readonly dense: boolean
}

const LOWEST = { f32: -Infinity, f64: -Infinity, i32: -(2 ** 31), i64: -(2 ** 63) } as const

function build(m: Module, v: Variant): void {
  const scalar = scalarOf(m, v.dtype)
  const { type } = scalar
  // Sums of single floats are kept in double.
  const sumType = type === 'f32' ? 'f64' : type
  m.kernel('pool', (f, desc, begin, end) => {
    eachPlane(f, desc, begin, end, (p) => {
      const tables = [p.word(), p.word()]
      const dilation = [p.word(), p.word()]
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
        f.get(x)
        f.get(y)
        f.op('i32.mul')
        f.set(local)
        return local
      }
      // From one position of a window to the next: bytes, and places in the plane.
      const rowBytes = product(dilation[0], p.xStrides[0])
      const columnBytes = product(dilation[1], p.xStrides[1])
      const rowPlaces = product(dilation[0], p.width)

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
        first(p.x, p.xStrides[0], p.xStrides[1], rowAt)
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
            f.inc(place, dilation[1])
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
        if (!v.indices) return
        pushAt(f, p.indices, i, p.indexStrides[0])
        f.get(j)
        f.get(p.indexStrides[1])
        f.op('i32.mul', 'i32.add')
        f.get(index)
        f.op('i64.extend_i32_u')
        f.store('i64.store')
      }
      const maxBackward = (): void => {
        pushAt(f, p.indices, i, p.indexStrides[0])
        f.get(j)
        f.get(p.indexStrides[1])
        f.op('i32.mul', 'i32.add')
        f.load('i32.load')
        f.set(index)
        if (v.dense) {
          pushAt(f, p.x, index, p.xStrides[1])
        } else {
          f.get(p.x)
          for (const [op, stride] of [
            ['i32.div_u', p.xStrides[0]],
            ['i32.rem_u', p.xStrides[1]],
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
        f.get(tables[0])
        f.set(rowEntry)
        f.range(i, 0, p.outHeight, 1, () => {
          pushAt(f, p.y, i, p.yStrides[0])
          f.set(out)
          f.get(tables[1])
          f.set(columnEntry)
          f.range(j, 0, p.outWidth, 1, () => {
            if (v.op === 'avg' || v.pass === 'forward') openWindow()
            if (v.op === 'max') (v.pass === 'forward' ? maxForward : maxBackward)()
            else (v.pass === 'forward' ? averageForward : averageBackward)()
            f.inc(out, p.yStrides[1])
            f.inc(columnEntry, ROW)
          })
          f.inc(rowEntry, ROW)
        })
      }
    })
  })
}

const is2x2 = (windows: PoolWindows): boolean =>
  !windows.adaptive && windows.size === 2 && windows.stride === 2 && windows.padding === 0 && windows.dilation === 1

/** Whether pool-2x2.ts does it: whole vectors of four windows, side by side in memory. */
function fits2x2({ op, pass, x, y, indices, windows }: PoolSpec, dense: boolean): boolean {
  const [height, width] = x.shape.slice(2)
  const [outHeight, outWidth] = y.shape.slice(2)
  if (x.dtype !== 'float32' || !windows.every(is2x2) || 2 * outHeight > height || 2 * outWidth > width) return false
  if (outWidth < 4 || [x, y, indices].some((view) => view !== null && view.strides[3] !== 1)) return false
  return op === 'avg'
    ? pass === 'forward' || dense || (2 * outHeight === height && 2 * outWidth === width)
    : pass === 'forward'
}

export const pool =
  (engine: Engine) =>
  (spec: PoolSpec): void => {
    const { op, pass, x, y, indices, windows } = spec
    if (op === 'avg' && !isFloating(x.dtype)) throw new DTypeError(`pool: the average of ${x.dtype} is not defined`)
    const [batch, channels, height, width] = x.shape
    const dense = x.strides[3] === 1 && x.strides[2] === width
    const bytes = (view: View | null): number[] =>
      view ? view.strides.map((stride) => stride * bytesOf(view.dtype)) : [0, 0, 0, 0]
    const fast = fits2x2(spec, dense)
    const divisor = spec.divisor ?? (fast ? 4 : 0)
    const d = engine
      .descriptor(128)
      .f64(divisor)
      .i32(addressOf(x), addressOf(y), indices ? addressOf(indices) : 0)
    d.i32(...bytes(x), ...bytes(y), ...bytes(indices), channels, height, width, ...y.shape.slice(2))
    const grain = Math.max(1, Math.floor((fast ? 32768 : 4096) / Math.max(1, height * width)))
    if (fast) {
      const key = `pool 2x2 ${op} ${pass} ${indices !== null} ${dense}`
      const kernel = engine.kernel(key, (m) =>
        op === 'max' ? buildMax2x2(m, indices !== null) : buildAverage2x2(m, pass, dense),
      )
      engine.dispatch(kernel, d, batch * channels, grain)
      return
    }
    const dilation = windows.map((w) => (w.adaptive ? 1 : w.dilation))
    d.i32(windowTable(engine, spec, 0), windowTable(engine, spec, 1), ...dilation)
    const v: Variant = { op, pass, dtype: x.dtype, indices: indices !== null, dense }
    const key = `pool ${op} ${pass} ${v.dtype} ${v.indices} ${dense}`
    engine.dispatch(
      engine.kernel(key, (m) => build(m, v)),
      d,
      batch * channels,
      grain,
    )
  }
