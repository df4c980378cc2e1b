// The kernel of a product: a workgroup keeps slices of both operands in shared memory, every thread a tile of sums in registers.
//
// Shared memory is read by vectors of four. The four rows (or columns) of a vector are not neighbours but a quarter of the tile apart: so neighbouring
// threads read neighbouring elements, whichever way an operand lies, and still write whole vectors.
import { load, loadHalf, type Operand, real, shader, store, word } from '../shader.ts'
import type { ProductTile } from './product-plan.ts'
import { parameterOf } from './product-words.ts'

/** What of a product is in the code. */
export interface ProductVariant {
  readonly tile: ProductTile
  /** Digits of the axes. */
  readonly n: number
  readonly k: number
  readonly windowed: boolean
  /** Along which index neighbouring threads read the operands. */
  readonly aAlong: 'k' | 'row'
  readonly bAlong: 'k' | 'row'
  readonly bias: boolean
  readonly beta: boolean
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
/** A parameter, unsigned. */
const u = (name: string): string => word(parameterOf(name))

/** Statements that take index `i` of an axis apart, into `${name}0`, ... */
function digits(axis: 'N' | 'K', count: number, name: string, i: string): string {
  const lines: string[] = []
  let rest = i
  for (let d = count - 1; d > 0; d--) {
    const size = u(`${axis.toLowerCase()}${d}`)
    lines.push(`let ${name}${d} = ${rest} % ${size}; let ${name}r${d} = ${rest} / ${size};`)
    rest = `${name}r${d}`
  }
  lines.push(`let ${name}0 = ${rest};`)
  return lines.join(' ')
}
/** Sum of the steps of an operand. */
const steps = (operand: string, axis: 'N' | 'K', count: number, name: string): string =>
  range(count)
    .map((d) => `${name}${d} * ${u(`${operand}${axis}${d}`)}`)
    .join(' + ')

/** Rows and columns of what lies beyond the end of an axis: outside of every window, also when both are added. */
const FAR = '0x40000000u'
const FARTHER = '0x20000000u'

interface Side {
  readonly name: 'a' | 'b'
  readonly operand: Operand
  readonly rows: number
  readonly along: 'k' | 'row'
  /** Quads of four rows each that a thread reads of a slice. */
  readonly quads: number
  /** Only the first so many threads have a quad of their own; the others read what these read, and write nothing. */
  readonly part: number | null
}

export function productCode(v: ProductVariant, operands: readonly Operand[]): string {
  const { tile } = v
  const { threadsM, threadsN, quadsM, quadsN, depth } = tile
  const threads = threadsM * threadsN
  const [result, a, b, bias] = operands
  const side = (name: 'a' | 'b', operand: Operand, rows: number, along: 'k' | 'row'): Side => {
    const all = (rows / 4) * depth
    return { name, operand, rows, along, quads: Math.ceil(all / threads), part: all < threads ? all : null }
  }
  /** Elements of float16 stay so in shared memory, and become float32, exactly, for each product. */
  const typeOf = ({ operand }: Side): string => (operand.half ? 'f16' : 'f32')
  const pick = ({ operand }: Side, index: string, where: string): string =>
    operand.half
      ? `select(0.0h, ${loadHalf(operand, index)}, ${where})`
      : `select(0.0, ${load(operand, index, 'float32')}, ${where})`
  const quadOf = ({ operand }: Side, quad: string): string => (operand.half ? `vec4<f32>(${quad})` : quad)
  const sides = [side('a', a, tile.rows, v.aAlong), side('b', b, tile.columns, v.bAlong)]
  const kTable = v.k > 1 || v.windowed
  const nTable = v.n > 1 || v.windowed
  const pitch = (rows: number): number => rows / 4 + 1

  const fillK = (base: string): string =>
    kTable
      ? `if (thread < ${depth}u) {
      let k = ${base} + thread; ${digits('K', v.k, 'd', 'k')}
      let beyond = select(0u, ${FARTHER}, k >= kEnd);
      kTable[thread] = vec4<u32>(${steps('a', 'K', v.k, 'd')}, ${steps('b', 'K', v.k, 'd')}, ${
        v.windowed ? `(${steps('row', 'K', v.k, 'd')}) + beyond, ${steps('column', 'K', v.k, 'd')}` : 'beyond, 0u'
      });
    }`
      : ''
  const fillN = nTable
    ? `for (var i = thread; i < ${tile.columns}u; i += ${threads}u) {
    let n = nTile + i; ${digits('N', v.n, 'd', 'n')}
    let beyond = select(0u, ${FAR}, n >= ${u('n')});
    nTable[i] = vec4<u32>(bAt + ${steps('b', 'N', v.n, 'd')}, ${
      v.windowed
        ? `${u('rowAt')} + ${steps('row', 'N', v.n, 'd')} + beyond, ${u('columnAt')} + ${steps('column', 'N', v.n, 'd')}`
        : 'beyond, 0u'
    }, 0u);
  }`
    : ''

  /** The quad's row and k within the slice. */
  const places = ({ rows, along, name, part }: Side, l: number): string => {
    const e = part === null ? `(thread + ${l * threads}u)` : `(thread % ${part}u)`
    const [q, k] =
      along === 'k' ? [`${e} / ${depth}u`, `${e} % ${depth}u`] : [`${e} % ${rows / 4}u`, `${e} / ${rows / 4}u`]
    return `let ${name}q${l} = ${q}; let ${name}k${l} = ${k};`
  }
  /** The element in row `row` of the tile and column `k` of the slice from k0 on; 0 outside. */
  const element = (s: Side, l: number, c: number): string => {
    const row = `${s.name}q${l} + ${(s.rows / 4) * c}u`
    if (s.name === 'a') {
      const at = kTable ? 'entry.x' : `k * ${u('aK0')}`
      return `{ let m = mTile + ${row}; x[${c}] = ${pick(s, `aAt + m * ${u('aM')} + ${at}`, `m < ${u('m')} && k < kEnd`)}; }`
    }
    if (!nTable) {
      const at = kTable ? 'entry.y' : `k * ${u('bK0')}`
      return `{ let n = nTile + ${row}; x[${c}] = ${pick(s, `bAt + n * ${u('bN0')} + ${at}`, `n < ${u('n')} && k < kEnd`)}; }`
    }
    const index = `there.x + ${kTable ? 'entry.y' : `k * ${u('bK0')}`}`
    const inside = v.windowed
      ? `there.y + entry.z < ${u('height')} && there.z + entry.w < ${u('width')}`
      : 'there.y == 0u && k < kEnd'
    return `{ let there = nTable[${row}]; x[${c}] = ${pick(s, index, inside)}; }`
  }
  /** Reads this thread's part of the slice from `base` on into registers. */
  const fetch = (base: string): string =>
    sides
      .map((s) =>
        range(s.quads)
          .map((l) => {
            const entry = kTable ? `let entry = kTable[${s.name}k${l}];` : ''
            return `{ let k = ${base} + ${s.name}k${l}; ${entry} var x: vec4<${typeOf(s)}>;
      ${range(4)
        .map((c) => element(s, l, c))
        .join('\n      ')}
      ${s.name}next${l} = x; }`
          })
          .join('\n    '),
      )
      .join('\n    ')
  const put = sides
    .map((s) =>
      range(s.quads)
        .map((l) => {
          const line = `${s.name}Tile[${s.name}k${l} * ${pitch(s.rows)}u + ${s.name}q${l}] = ${s.name}next${l};`
          return s.part === null ? line : `if (thread < ${s.part}u) { ${line} }`
        })
        .join(' '),
    )
    .join('\n    ')

  const rows = range(4 * quadsM)
  const columns = range(quadsN)
  const multiply = [
    ...range(quadsM).map(
      (i) => `let left${i} = ${quadOf(sides[0], `aTile[kk * ${pitch(tile.rows)}u + ty + ${i * threadsM}u]`)};`,
    ),
    ...columns.map(
      (j) => `let right${j} = ${quadOf(sides[1], `bTile[kk * ${pitch(tile.columns)}u + tx + ${j * threadsN}u]`)};`,
    ),
    ...rows.flatMap((r) => columns.map((j) => `s${r}_${j} += left${r >> 2}.${'xyzw'[r & 3]} * right${j};`)),
  ].join('\n      ')

  const finish = columns
    .flatMap((j) =>
      range(4).map((c) => {
        const lines = rows.map(
          (r) =>
            `if (m${r} < ${u('m')}) { finish(m${r} * ${u('cM')} + column, ${v.bias ? `m${r} * ${u('biasM')} + biasColumn, ` : ''}s${r}_${j}[${c}]); }`,
        )
        return `{ let n = nTile + tx + ${j * threadsN + (tile.columns / 4) * c}u;
    if (n < ${u('n')}) {
      ${digits('N', v.n, 'd', 'n')} let column = cAt + ${steps('c', 'N', v.n, 'd')};
      ${v.bias ? `let biasColumn = biasAt + ${steps('bias', 'N', v.n, 'd')};` : ''}
      ${lines.join('\n      ')}
    } }`
      }),
    )
    .join('\n  ')
  const beta = v.beta ? ` + ${real(parameterOf('beta'))} * ${load(result, 'at', 'float32')}` : ''
  const added = v.bias ? ` + ${load(bias, 'biasAt', 'float32')}` : ''
  const [high, wide] = [Math.min(4, threadsM), Math.min(8, threadsN)]

  return shader(
    operands,
    `
var<workgroup> aTile: array<vec4<${typeOf(sides[0])}>, ${depth * pitch(tile.rows)}>;
var<workgroup> bTile: array<vec4<${typeOf(sides[1])}>, ${depth * pitch(tile.columns)}>;
${kTable ? `var<workgroup> kTable: array<vec4<u32>, ${depth}>;` : ''}
${nTable ? `var<workgroup> nTable: array<vec4<u32>, ${tile.columns}>;` : ''}

fn finish(at: u32, ${v.bias ? 'biasAt: u32, ' : ''}sum: f32) {
  let value = ${real(parameterOf('alpha'))} * sum${beta}${added};
  ${store(result, 'at', 'value', 'float32')}
}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let id = workgroup.y * workgroups.x + workgroup.x;
  if (id >= ${u('groups')}) { return; }
  // Tiles of one column follow each other: what they read of b is still near.
  let mTile = (id % ${u('mTiles')}) * ${tile.rows}u;
  let nTile = ((id / ${u('mTiles')}) % ${u('nTiles')}) * ${tile.columns}u;
  let z = id / (${u('mTiles')} * ${u('nTiles')});
  let split = z % ${u('splits')};
  let batch = z / ${u('splits')};
  let kBegin = split * ${u('depth')};
  let kEnd = min(kBegin + ${u('depth')}, ${u('k')});
  let aAt = ${u('aAt')} + batch * ${u('aBatch')};
  let bAt = ${u('bAt')} + batch * ${u('bBatch')};
  let cAt = ${u('cAt')} + batch * ${u('cBatch')} + split * ${u('cSplit')};
  ${v.bias ? `let biasAt = ${u('biasAt')} + batch * ${u('biasBatch')};` : ''}
  // 32 neighbouring threads are a block of ${high} x ${wide}, which share what they read.
  let tx = thread % ${wide}u + ${wide}u * ((thread / ${wide * high}u) % ${threadsN / wide}u);
  let ty = (thread / ${wide}u) % ${high}u + ${high}u * (thread / ${high * threadsN}u);
  ${sides.flatMap((s) => range(s.quads).map((l) => places(s, l))).join('\n  ')}
  ${sides.flatMap((s) => range(s.quads).map((l) => `var ${s.name}next${l} = vec4<${typeOf(s)}>();`)).join(' ')}
  ${rows.flatMap((r) => columns.map((j) => `var s${r}_${j} = vec4<f32>();`)).join(' ')}
  ${fillN}
  ${fillK('kBegin')}
  ${kTable || nTable ? 'workgroupBarrier();' : ''}
    ${fetch('kBegin')}
  ${kTable ? 'workgroupBarrier();' : ''}
  for (var k0 = kBegin; k0 < kEnd; k0 += ${depth}u) {
    ${put}
    ${fillK(`k0 + ${depth}u`)}
    workgroupBarrier();
    if (k0 + ${depth}u < kEnd) {
    ${fetch(`k0 + ${depth}u`)}
    }
    for (var kk = 0u; kk < ${depth}u; kk++) {
      ${multiply}
    }
    workgroupBarrier();
  }
  ${rows.map((r) => `let m${r} = mTile + ty + ${(r >> 2) * threadsM + (tile.rows / 4) * (r & 3)}u;`).join(' ')}
  ${finish}
}`,
  )
}
