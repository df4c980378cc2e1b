// The kernels of pooling. Positions are i32: windows begin in the padding, before the first row and column.
import type { ComputeType } from '../../../base/dtype.ts'
import type { PoolSpec } from '../../../runtime/spec.ts'
import { arithmetic } from '../arithmetic.ts'
import { parameters } from '../parameters.ts'
import { load, type Operand, perThread, shader, store, THREADS } from '../shader.ts'

/** What of a pooling is in the code. */
export interface PoolVariant extends Pick<PoolSpec, 'op' | 'pass' | 'countIncludePad'> {
  readonly divisor: boolean
  readonly indices: boolean
  readonly compute: ComputeType
  readonly adaptive: readonly [boolean, boolean]
  /** Threads that share a window. */
  readonly lanes: number
}
export const LANES = 32

const { words, u, i, f } = parameters([
  ...(['count', 'channels', 'height', 'width', 'outHeight', 'outWidth', 'divisor'] as const),
  ...(['sizeH', 'strideH', 'paddingH', 'dilationH', 'sizeW', 'strideW', 'paddingW', 'dilationW'] as const),
  ...(['x', 'xn', 'xc', 'xh', 'xw', 'y', 'yn', 'yc', 'yh', 'yw', 'at', 'atN', 'atC', 'atH', 'atW'] as const),
])
export const poolWords = words

const xAt = (h: string, w: string): string =>
  `${u('x')} + n * ${u('xn')} + c * ${u('xc')} + u32(${h}) * ${u('xh')} + u32(${w}) * ${u('xw')}`
const yAt = (h: string, w: string): string =>
  `${u('y')} + n * ${u('yn')} + c * ${u('yc')} + u32(${h}) * ${u('yh')} + u32(${w}) * ${u('yw')}`
const indexAt = (h: string, w: string): string =>
  `${u('at')} + n * ${u('atN')} + c * ${u('atC')} + u32(${h}) * ${u('atH')} + u32(${w}) * ${u('atW')}`

type Side = 'H' | 'W'
const sizeOf = (side: Side): string => i(side === 'H' ? 'height' : 'width')
const outOf = (side: Side): string => i(side === 'H' ? 'outHeight' : 'outWidth')

/**
 * `window_H(i)` and `window_W(i)`: of window i, the first position inside, the first one that is not any more, and how many positions count
 * when the padding does. `step_H`, `step_W`: from one position to the next.
 */
function windowFunction(side: Side, adaptive: boolean): string {
  const [size, out] = [sizeOf(side), outOf(side)]
  if (adaptive) {
    return `fn window_${side}(k: i32) -> vec3<i32> {
  let first = k * ${size} / ${out}; let end = ((k + 1) * ${size} + ${out} - 1) / ${out};
  return vec3<i32>(first, end, end - first);
}`
  }
  const [length, stride, padding, dilation] = (['size', 'stride', 'padding', 'dilation'] as const).map((name) =>
    i(`${name}${side}`),
  )
  return `fn window_${side}(k: i32) -> vec3<i32> {
  let start = k * ${stride} - ${padding};
  let reach = start + (${length} - 1) * ${dilation} + 1;
  let skipped = (max(0, -start) + ${dilation} - 1) / ${dilation};
  let padded = min(reach, ${size} + ${padding}) - start;
  return vec3<i32>(start + skipped * ${dilation}, min(reach, ${size}), max(0, (padded + ${dilation} - 1) / ${dilation}));
}`
}
const stepOf = (side: Side, adaptive: boolean): string => (adaptive ? '1' : i(`dilation${side}`))
/** How many positions lie in a window from `window_H` or `window_W`. */
const positions = (window: string, step: string): string =>
  `max(0, (${window}.y - ${window}.x + ${step} - 1) / ${step})`

/** `around_H(at)`: the first and the last window that may hold position `at`. */
function aroundFunction(side: Side, adaptive: boolean): string {
  const [size, out] = [sizeOf(side), outOf(side)]
  if (adaptive) {
    return `fn around_${side}(at: i32) -> vec2<i32> { return vec2<i32>(at * ${out} / ${size}, ((at + 1) * ${out} - 1) / ${size}); }`
  }
  const [length, stride, padding, dilation] = (['size', 'stride', 'padding', 'dilation'] as const).map((name) =>
    i(`${name}${side}`),
  )
  return `fn around_${side}(at: i32) -> vec2<i32> {
  let first = at + ${padding} - (${length} - 1) * ${dilation};
  return vec2<i32>(select(0, (first + ${stride} - 1) / ${stride}, first > 0), min((at + ${padding}) / ${stride}, ${out} - 1));
}`
}

/** Statements that find batch n, channel c and place (h, w) of element i of a tensor with planes of the given sizes. */
const places = (height: string, width: string): string => `
  let w = bitcast<i32>(i % ${width}); let rows = i / ${width};
  let h = bitcast<i32>(rows % ${height}); let planes = rows / ${height};
  let c = planes % ${u('channels')}; let n = planes / ${u('channels')};`

export function code(v: PoolVariant, operands: readonly Operand[]): string {
  const functions = [
    windowFunction('H', v.adaptive[0]),
    windowFunction('W', v.adaptive[1]),
    ...(v.pass === 'backward' ? [aroundFunction('H', v.adaptive[0]), aroundFunction('W', v.adaptive[1])] : []),
  ]
  const body =
    v.pass === 'backward'
      ? perThread(0, backward(v, operands))
      : v.op === 'max'
        ? perThread(0, maximum(v, operands))
        : average(v, operands)
  return shader(operands, `${functions.join('\n')}\n${body}`)
}

const loops = (v: PoolVariant, inside: string): string => `
  for (var row = rowsOf.x; row < rowsOf.y; row += ${stepOf('H', v.adaptive[0])}) {
    for (var column = columnsOf.x; column < columnsOf.y; column += ${stepOf('W', v.adaptive[1])}) {
      ${inside}
    }
  }`

function maximum(v: PoolVariant, operands: readonly Operand[]): string {
  const { compute } = v
  const { less } = arithmetic(compute)
  const [y, ...rest] = operands
  const [indices, x] = v.indices ? rest : [null, rest[0]]
  const value = load(x, xAt('row', 'column'), compute)
  const better = `${less('best', 'value')}${compute.startsWith('float') ? ' || is_nan(value)' : ''}`
  return `${places(u('outHeight'), u('outWidth'))}
  let rowsOf = window_H(h); let columnsOf = window_W(w);
  var bestAt = rowsOf.x * ${i('width')} + columnsOf.x;
  var best = ${load(x, xAt('rowsOf.x', 'columnsOf.x'), compute)};
  ${loops(v, `let value = ${value}; if (${better}) { best = value; bestAt = row * ${i('width')} + column; }`)}
  ${store(y, yAt('h', 'w'), 'best', compute)}
  ${indices === null ? '' : store(indices, indexAt('h', 'w'), 'bestAt', 'int32')}`
}

/** What a sum is divided by. */
function divisorOf(v: PoolVariant): string {
  if (v.divisor) return f('divisor')
  if (v.countIncludePad) return 'f32(rowsOf.z * columnsOf.z)'
  return `f32(${positions('rowsOf', stepOf('H', v.adaptive[0]))} * ${positions('columnsOf', stepOf('W', v.adaptive[1]))})`
}

function average(v: PoolVariant, operands: readonly Operand[]): string {
  const [y, x] = operands
  const finish = `if (rowsOf.x < rowsOf.y && columnsOf.x < columnsOf.y) { sum /= ${divisorOf(v)}; }
  ${store(y, yAt('h', 'w'), 'sum', 'float32')}`
  const window = `${places(u('outHeight'), u('outWidth'))}
  let rowsOf = window_H(h); let columnsOf = window_W(w);
  var sum = 0.0;`
  if (v.lanes === 1) {
    return perThread(0, `${window}${loops(v, `sum += ${load(x, xAt('row', 'column'), 'float32')};`)}\n  ${finish}`)
  }
  const perGroup = THREADS / v.lanes
  const tree: string[] = []
  for (let step = v.lanes / 2; step >= 1; step /= 2) {
    tree.push(`  workgroupBarrier();\n  if (lane < ${step}u) { sums[thread] += sums[thread + ${step}u]; }`)
  }
  const [stepH, stepW] = [stepOf('H', v.adaptive[0]), stepOf('W', v.adaptive[1])]
  // Threads behind the last result read for it, and write nothing: all of a workgroup meet at the barriers.
  return `
var<workgroup> sums: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let id = (group.y * groups.x + group.x) * ${perGroup}u + thread / ${v.lanes}u;
  let lane = thread % ${v.lanes}u;
  let i = min(id, ${u('count')} - 1u);
  ${window}
  let across = ${positions('columnsOf', stepW)};
  let all = ${positions('rowsOf', stepH)} * across;
  for (var k = i32(lane); k < all; k += ${v.lanes}) {
    let row = rowsOf.x + (k / across) * ${stepH}; let column = columnsOf.x + (k % across) * ${stepW};
    sum += ${load(x, xAt('row', 'column'), 'float32')};
  }
  sums[thread] = sum;
${tree.join('\n')}
  if (lane > 0u || id >= ${u('count')}) { return; }
  sum = sums[thread];
  ${finish}
}`
}

/** One element of x from the windows that hold it, row by row. */
function backward(v: PoolVariant, operands: readonly Operand[]): string {
  const [x, y, indices] = operands
  const { zero, add } = arithmetic(v.compute)
  const g = load(y, yAt('row', 'column'), v.compute)
  const inside =
    v.op === 'max'
      ? `if (${load(indices, indexAt('row', 'column'), 'int32')} == here) { sum = ${add('sum', g)}; }`
      : `let rowsOf = window_H(row); let columnsOf = window_W(column);
      if (${holds('h', 'rowsOf', 'H', v)} && ${holds('w', 'columnsOf', 'W', v)}) { sum += ${g} / ${divisorOf(v)}; }`
  return `${places(u('height'), u('width'))}
  let here = h * ${i('width')} + w;
  let rowRange = around_H(h); let columnRange = around_W(w);
  var sum = ${zero};
  for (var row = rowRange.x; row <= rowRange.y; row++) {
    for (var column = columnRange.x; column <= columnRange.y; column++) {
      ${inside}
    }
  }
  ${store(x, xAt('h', 'w'), 'sum', v.compute)}`
}
function holds(place: string, window: string, side: Side, v: PoolVariant): string {
  const inside = `${place} >= ${window}.x && ${place} < ${window}.y`
  const step = stepOf(side, v.adaptive[side === 'H' ? 0 : 1])
  return step === '1' ? inside : `${inside} && (${place} - ${window}.x) % ${step} == 0`
}
