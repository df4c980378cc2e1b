// Convolutions whose groups have few channels, depthwise ones above all: a thread sums all that meets in one result; for a weight, a workgroup does.
import type { ConvSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { parameters } from '../parameters.ts'
import { bind, keyOf, load, type Operand, operandsOf, perThread, shader, store, THREADS } from '../shader.ts'

const { words, u, i } = parameters([
  ...(['count', 'batch', 'channels', 'height', 'width', 'outputs', 'outHeight', 'outWidth'] as const),
  ...(['perGroup', 'kernelHeight', 'kernelWidth', 'outputsPerGroup'] as const),
  ...(['strideH', 'strideW', 'paddingH', 'paddingW', 'dilationH', 'dilationW'] as const),
  ...([
    'x',
    'xn',
    'xc',
    'xh',
    'xw',
    'w',
    'wo',
    'wc',
    'wh',
    'ww',
    'y',
    'yn',
    'yo',
    'yh',
    'yw',
    'bias',
    'biasO',
  ] as const),
])

export function directConv(engine: Engine, { pass, x, w, y, bias, stride, padding, dilation, groups }: ConvSpec): void {
  const order = { forward: [y, x, w], inputGrad: [x, y, w], weightGrad: [w, x, y] }[pass]
  const views = bias !== null && pass === 'forward' ? [...order, bias] : order
  const binding = bind(views)
  const operands = operandsOf(views, binding, 1, { halves: engine.facts.f16 })
  const [batch, channels, height, width] = x.shape
  const [outputs, perGroup, kernelHeight, kernelWidth] = w.shape
  const [outHeight, outWidth] = y.shape.slice(2)
  const count = order[0].shape.reduce((a, b) => a * b, 1)
  const hasBias = views.length === 4
  engine.run({
    key: `conv direct ${pass} ${hasBias} ${keyOf(operands)}`,
    code: () => {
      const of = { forward: forwardCode, inputGrad: inputGradCode, weightGrad: weightGradCode }[pass]
      return of(operands)
    },
    blocks: binding.blocks,
    words: words({
      ...{ count, batch, channels, height, width, outputs, outHeight, outWidth, perGroup, kernelHeight, kernelWidth },
      outputsPerGroup: outputs / groups,
      ...{ strideH: stride[0], strideW: stride[1], paddingH: padding[0], paddingW: padding[1] },
      ...{ dilationH: dilation[0], dilationW: dilation[1] },
      ...{ x: x.offset, xn: x.strides[0], xc: x.strides[1], xh: x.strides[2], xw: x.strides[3] },
      ...{ w: w.offset, wo: w.strides[0], wc: w.strides[1], wh: w.strides[2], ww: w.strides[3] },
      ...{ y: y.offset, yn: y.strides[0], yo: y.strides[1], yh: y.strides[2], yw: y.strides[3] },
      ...{ bias: bias?.offset ?? 0, biasO: bias?.strides[0] ?? 0 },
    }),
    groups: pass === 'weightGrad' ? count : Math.ceil(count / THREADS),
  })
}

/** Statements that take number \`${from}\` apart; the sizes are of all names but the first. */
function apart(from: string, names: readonly string[], sizes: readonly string[]): string {
  const lines: string[] = []
  let rest = from
  for (let d = names.length - 1; d > 0; d--) {
    lines.push(`  let ${names[d]} = ${rest} % ${sizes[d - 1]}; let before_${names[d]} = ${rest} / ${sizes[d - 1]};`)
    rest = `before_${names[d]}`
  }
  return `${lines.join('\n')}\n  let ${names[0]} = ${rest};`
}
const xAt = (n: string, c: string, h: string, w: string): string =>
  `${u('x')} + ${n} * ${u('xn')} + ${c} * ${u('xc')} + ${h} * ${u('xh')} + ${w} * ${u('xw')}`
const wAt = (o: string, c: string, h: string, w: string): string =>
  `${u('w')} + ${o} * ${u('wo')} + ${c} * ${u('wc')} + ${h} * ${u('wh')} + ${w} * ${u('ww')}`
const yAt = (n: string, o: string, h: string, w: string): string =>
  `${u('y')} + ${n} * ${u('yn')} + ${o} * ${u('yo')} + ${h} * ${u('yh')} + ${w} * ${u('yw')}`

/** Row and column of x that an output pixel and a tap meet, as unsigned: outside where they are not below its sizes. */
const row = `bitcast<u32>(i32(i_) * ${i('strideH')} - ${i('paddingH')} + i32(tapRow) * ${i('dilationH')})`
const column = `bitcast<u32>(i32(j_) * ${i('strideW')} - ${i('paddingW')} + i32(tapColumn) * ${i('dilationW')})`

function forwardCode(operands: readonly Operand[]): string {
  const [y, x, w, bias] = operands
  const body = `${apart('i', ['n', 'o', 'i_', 'j_'], [u('outputs'), u('outHeight'), u('outWidth')])}
  let firstChannel = (o / ${u('outputsPerGroup')}) * ${u('perGroup')};
  var sum = ${bias === undefined ? '0.0' : load(bias, `${u('bias')} + o * ${u('biasO')}`, 'float32')};
  for (var c = 0u; c < ${u('perGroup')}; c++) {
    for (var tapRow = 0u; tapRow < ${u('kernelHeight')}; tapRow++) {
      let row = ${row};
      if (row >= ${u('height')}) { continue; }
      for (var tapColumn = 0u; tapColumn < ${u('kernelWidth')}; tapColumn++) {
        let column = ${column};
        if (column >= ${u('width')}) { continue; }
        sum += ${load(x, xAt('n', '(firstChannel + c)', 'row', 'column'), 'float32')} * ${load(w, wAt('o', 'c', 'tapRow', 'tapColumn'), 'float32')};
      }
    }
  }
  ${store(y, yAt('n', 'o', 'i_', 'j_'), 'sum', 'float32')}`
  return shader(operands, perThread(0, body))
}

function inputGradCode(operands: readonly Operand[]): string {
  const [x, y, w] = operands
  const body = `${apart('i', ['n', 'channel', 'row', 'column'], [u('channels'), u('height'), u('width')])}
  let block = channel / ${u('perGroup')};
  let c = channel % ${u('perGroup')};
  var sum = 0.0;
  for (var k = 0u; k < ${u('outputsPerGroup')}; k++) {
    let o = block * ${u('outputsPerGroup')} + k;
    for (var tapRow = 0u; tapRow < ${u('kernelHeight')}; tapRow++) {
      let down = i32(row) + ${i('paddingH')} - i32(tapRow) * ${i('dilationH')};
      if (down < 0 || down % ${i('strideH')} != 0 || down / ${i('strideH')} >= ${i('outHeight')}) { continue; }
      for (var tapColumn = 0u; tapColumn < ${u('kernelWidth')}; tapColumn++) {
        let right = i32(column) + ${i('paddingW')} - i32(tapColumn) * ${i('dilationW')};
        if (right < 0 || right % ${i('strideW')} != 0 || right / ${i('strideW')} >= ${i('outWidth')}) { continue; }
        let i_ = u32(down / ${i('strideH')}); let j_ = u32(right / ${i('strideW')});
        sum += ${load(y, yAt('n', 'o', 'i_', 'j_'), 'float32')} * ${load(w, wAt('o', 'c', 'tapRow', 'tapColumn'), 'float32')};
      }
    }
  }
  ${store(x, xAt('n', 'channel', 'row', 'column'), 'sum', 'float32')}`
  return shader(operands, perThread(0, body))
}

function weightGradCode(operands: readonly Operand[]): string {
  const [w, x, y] = operands
  const tree: string[] = []
  for (let step = THREADS / 2; step >= 1; step /= 2) {
    tree.push(`  workgroupBarrier();\n  if (thread < ${step}u) { sums[thread] += sums[thread + ${step}u]; }`)
  }
  return shader(
    operands,
    `
var<workgroup> sums: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let id = group.y * groups.x + group.x;
  if (id >= ${u('count')}) { return; }
${apart('id', ['o', 'c', 'tapRow', 'tapColumn'], [u('perGroup'), u('kernelHeight'), u('kernelWidth')])}
  let channel = (o / ${u('outputsPerGroup')}) * ${u('perGroup')} + c;
  let pixels = ${u('batch')} * ${u('outHeight')} * ${u('outWidth')};
  var sum = 0.0;
  for (var pixel = thread; pixel < pixels; pixel += ${THREADS}u) {
${apart('pixel', ['n', 'i_', 'j_'], [u('outHeight'), u('outWidth')])}
    let row = ${row};
    let column = ${column};
    if (row < ${u('height')} && column < ${u('width')}) {
      sum += ${load(y, yAt('n', 'o', 'i_', 'j_'), 'float32')} * ${load(x, xAt('n', 'channel', 'row', 'column'), 'float32')};
    }
  }
  sums[thread] = sum;
${tree.join('\n')}
  if (thread == 0u) { ${store(w, wAt('o', 'c', 'tapRow', 'tapColumn'), 'sums[0]', 'float32')} }
}`,
  )
}
