// Which vector kernel does a pooling of float32, and what it reads from the descriptor.
import { bytesOf } from '../../../base/dtype.ts'
import type { PoolSpec, PoolWindows, View } from '../../../runtime/spec.ts'
import type { Engine, Kernel } from '../engine.ts'
import { buildAverage, type Summing } from './pool-average.ts'
import type { Divisor } from './pool-edges.ts'
import { buildGlobal } from './pool-global.ts'
import { buildMax, type MaxVariant } from './pool-max.ts'
import { type PoolField, viewFields } from './pool-planes.ts'
import { buildScatter } from './pool-scatter.ts'
import { buildSpread, phasesOf, type SpreadVariant } from './pool-spread.ts'
import type { Sliding } from './pool-strips.ts'

export interface Plan {
  readonly kernel: Kernel
  readonly fields: Partial<Record<PoolField, number>>
}

/** How the windows lie in one dimension: `length` positions, `count` windows. */
interface Axis {
  readonly size: number
  readonly stride: number
  readonly padding: number
  readonly length: number
  readonly count: number
}
type Axes = readonly [Axis, Axis]
type Make = (engine: Engine, spec: PoolSpec, axes: Axes) => Plan | null

/** Larger windows would make long code, larger strides would read far beyond a plane. */
const longest = 8
const isShort = ({ size, stride }: Axis): boolean => size <= longest && stride <= longest

/** Fixed windows without dilation. Adaptive ones that all have the same size and do not overlap are that, too. */
function axisOf(windows: PoolWindows, length: number, count: number): Axis | null {
  if (length === 0 || count === 0) return null
  if (windows.adaptive) {
    const size = length / count
    return Number.isInteger(size) ? { size, stride: size, padding: 0, length, count } : null
  }
  const { size, stride, padding, dilation } = windows
  return dilation === 1 || size === 1 ? { size, stride, padding, length, count } : null
}

const reachesOut = ({ size, stride, padding, length, count }: Axis): boolean =>
  padding > 0 || (count - 1) * stride + size > length
/** Bits of the positions in the windows that lie outside the plane in some of them. */
function hiddenBits({ size, stride, padding, length, count }: Axis): number {
  const before = Math.min(padding, size)
  const inside = Math.max(0, Math.min(size, length + padding - (count - 1) * stride))
  return ((1 << before) - 1) | ((1 << size) - (1 << inside))
}
const neverEmpty = ({ size, stride, padding, length, count }: Axis): boolean =>
  padding < size && (count - 1) * stride - padding < length
/** The only window is the plane. */
const isWhole = ({ size, padding, length, count }: Axis): boolean => count === 1 && padding === 0 && size === length

const sideBySide = ({ shape, strides }: View): boolean => strides[3] === 1 || shape[3] === 1
export const rowsFollow = ({ shape, strides }: View): boolean => strides[2] === shape[3] || shape[2] === 1
const isBlock = (view: View): boolean => {
  const { shape, strides } = view
  const [batch, channels, height, width] = shape
  const plane = height * width
  return (
    rowsFollow(view) && (channels === 1 || strides[1] === plane) && (batch === 1 || strides[0] === channels * plane)
  )
}

function slidingOf(engine: Engine, [rows, columns]: Axes): Sliding {
  // With a stride a pair is a whole line of the cache. Without, V8 joins the two, or there are few vectors to keep.
  const pairs = columns.stride > 1 || engine.features.revec || rows.size <= rows.stride
  return {
    size: [rows.size, columns.size],
    stride: [rows.stride, columns.stride],
    hiddenColumns: hiddenBits(columns),
    strip: columns.count < 4 ? 'narrow' : pairs && columns.count >= 8 ? 'pair' : 'four',
  }
}
const keyOf = ({ size, stride, hiddenColumns, strip }: Sliding): string =>
  `${strip} ${size[0]} ${size[1]} ${stride[0]} ${stride[1]} ${hiddenColumns}`
const slidingFields = ([rows, columns]: Axes): Plan['fields'] => ({
  height: rows.length,
  width: columns.length,
  outHeight: rows.count,
  outWidth: columns.count,
  padTop: rows.padding,
  padLeft: columns.padding,
})

const max: Make = (engine, { x, y, indices }, axes) => {
  if (!axes.every((axis) => isShort(axis) && neverEmpty(axis))) return null
  const v: MaxVariant = {
    ...slidingOf(engine, axes),
    indices: indices && (indices.dtype as MaxVariant['indices']),
    block: isBlock(x),
  }
  const kernel = engine.kernel(`pool max ${keyOf(v)} ${v.indices} ${v.block}`, (m, features) =>
    buildMax(m, features, v),
  )
  return { kernel, fields: { ...viewFields(x, y, indices), ...slidingFields(axes) } }
}

/** Whatever the windows were: the indices say it all. */
function scatter(engine: Engine, { x, y, indices }: PoolSpec): Plan | null {
  if (indices === null || !rowsFollow(x)) return null
  const [[height, width], [rows, columns]] = [x.shape.slice(2), y.shape.slice(2)]
  const indexBytes = bytesOf(indices.dtype)
  const oneRow = rowsFollow(y) && rowsFollow(indices)
  return {
    kernel: engine.kernel(`pool scatter ${indexBytes}`, (m) => buildScatter(m, indexBytes)),
    fields: {
      ...viewFields(x, y, indices),
      height,
      width,
      outHeight: oneRow ? 1 : rows,
      outWidth: oneRow ? rows * columns : columns,
    },
  }
}

/** The divisor: a number where it is the same for all windows. */
function divisorOf(spec: PoolSpec, axes: Axes): { kind: Divisor; value: number } {
  if (spec.divisor !== null) return { kind: 'given', value: spec.divisor }
  const kind = spec.countIncludePad ? 'padded' : 'inside'
  const isFull = (axis: Axis): boolean => {
    const { size, stride, padding, length, count } = axis
    return kind === 'inside' ? !reachesOut(axis) : (count - 1) * stride + size <= length + 2 * padding
  }
  return axes.every(isFull) ? { kind: 'given', value: axes[0].size * axes[1].size } : { kind, value: 0 }
}

const whole: Make = (engine, spec, axes) => {
  const { x, y, pass } = spec
  if (!axes.every(isWhole) || !rowsFollow(x)) return null
  const kernel = engine.kernel(`pool whole ${pass}`, (m) => buildGlobal(m, pass))
  const divisor = divisorOf(spec, axes).value
  return { kernel, fields: { ...viewFields(x, y, null), ...slidingFields(axes), divisor } }
}

const average: Make = (engine, spec, axes) => {
  if (!axes.every(isShort)) return null
  const { kind, value } = divisorOf(spec, axes)
  const v: Summing = { ...slidingOf(engine, axes), hiddenRows: reachesOut(axes[0]), divisor: kind }
  const kernel = engine.kernel(`pool average ${keyOf(v)} ${v.hiddenRows} ${v.divisor}`, (m) => buildAverage(m, v))
  return { kernel, fields: { ...viewFields(spec.x, spec.y, null), ...slidingFields(axes), divisor: value } }
}

/** The windows around the groups of a dimension, which slide over the gradients. */
function around({ size, stride, padding, length, count }: Axis): Axis {
  const phases = phasesOf(size, stride, padding)
  const first = Math.min(...phases.map(([from]) => from))
  const last = Math.max(...phases.map(([, to]) => to))
  return { size: last - first + 1, stride: 1, padding: -first, length: count, count: Math.ceil(length / stride) }
}

const spread: Make = (engine, spec, axes) => {
  if (!axes.every((axis) => isShort(axis) && neverEmpty(axis)) || axes[1].stride > 2) return null
  const [rows, columns] = axes
  const groups = [around(rows), around(columns)] as const
  const { kind, value } = divisorOf(spec, axes)
  const sliding = slidingOf(engine, groups)
  const v: SpreadVariant = {
    ...sliding,
    hiddenRows: reachesOut(groups[0]),
    divisor: kind,
    phases: [phasesOf(rows.size, rows.stride, rows.padding), phasesOf(columns.size, columns.stride, columns.padding)],
    window: { size: [rows.size, columns.size], stride: [rows.stride, columns.stride] },
    whole: sliding.strip !== 'narrow' && axes.every(({ length, stride }) => length % stride === 0),
  }
  const views = viewFields(spec.y, spec.x, null)
  const planeRow = views.yRow ?? 0
  return {
    kernel: engine.kernel(
      `pool spread ${v.window.size} ${v.window.stride} ${v.phases} ${keyOf(v)} ${v.hiddenRows} ${v.divisor} ${v.whole}`,
      (m) => buildSpread(m, v),
    ),
    fields: {
      ...views,
      ...slidingFields(groups),
      divisor: value,
      yRow: planeRow * rows.stride,
      planeRow,
      planeHeight: rows.length,
      planeWidth: columns.length,
      planePadTop: rows.padding,
      planePadLeft: columns.padding,
    },
  }
}

/** The vector kernel for a pooling, null where there is none. */
export function vectorPlan(engine: Engine, spec: PoolSpec): Plan | null {
  const { op, pass, x, y, indices, windows } = spec
  if (x.dtype !== 'float32' || ![x, y].every(sideBySide) || (indices !== null && !sideBySide(indices))) return null
  if (op === 'max' && pass === 'backward') return scatter(engine, spec)
  const rows = axisOf(windows[0], x.shape[2], y.shape[2])
  const columns = axisOf(windows[1], x.shape[3], y.shape[3])
  if (rows === null || columns === null) return null
  const makes = op === 'max' ? [max] : pass === 'forward' ? [whole, average] : [whole, spread]
  for (const make of makes) {
    const plan = make(engine, spec, [rows, columns])
    if (plan !== null) return plan
  }
  return null
}
