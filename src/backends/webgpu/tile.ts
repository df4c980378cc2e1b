// A workgroup as a tile: `rows` results side by side, `lanes` threads at work on each, and the tree over shared memory that brings the lanes together.
// Reductions, softmax and cross-entropy are built on it.
import type { Dims } from '../../runtime/dims.ts'
import { THREADS } from './shader.ts'

/** rows * lanes = THREADS. `across`: neighbouring threads have neighbouring rows (columns of a matrix are reduced), else neighbouring lanes. */
export interface Tile {
  readonly rows: number
  readonly lanes: number
  readonly across: boolean
}

/**
 * A tile for `rows` results of `length` elements each. Few different ones: each is compiled anew.
 * `across` tells that neighbouring results, not neighbouring elements of one, are side by side in memory.
 */
export function tileFor(rows: number, length: number, across: boolean): Tile {
  const lanes = across
    ? length <= 16
      ? 1
      : rows <= 8
        ? THREADS / 8
        : THREADS / 32
    : length <= 4
      ? 1
      : length <= 16
        ? 4
        : length <= 256
          ? 32
          : THREADS
  return { rows: THREADS / lanes, lanes, across }
}

/** The step of the innermost dimension in memory, as operand `k` sees it; infinite where it does not move. */
export const innermost = ({ strides }: Dims, k = 0): number =>
  Math.abs(strides.at(-1)?.[k] ?? 0) || Number.POSITIVE_INFINITY

/** What of a tile is in the code. */
export const tileKey = ({ lanes, across }: Tile): string => `${across ? 'across' : 'along'} ${lanes}`

/** An entry point in which `g` counts workgroups, `row` and `lane` are the place in the tile; all threads run `body` to its end. */
export const perTile = ({ rows, lanes, across }: Tile, shared: string, body: string): string => `
${shared}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let g = group.y * groups.x + group.x;
  let row = ${across ? `thread % ${rows}u` : `thread / ${lanes}u`};
  let lane = ${across ? `thread / ${rows}u` : `thread % ${lanes}u`};
${body}
}`

/** Shared memory for one value of each thread. */
export const sharedArray = (name: string, type: string): string => `var<workgroup> ${name}: array<${type}, ${THREADS}>;`

/**
 * Brings the lanes' variables `names` together into those of lane 0: `merge(others)` gives statements and the values that a lane has after it met
 * another, whose values are `others`. `shared` names the arrays that pass values on; with `all`, every lane gets the result.
 */
export function tree(
  { rows, lanes, across }: Tile,
  names: readonly string[],
  shared: readonly string[],
  merge: (others: readonly string[]) => { lines: readonly string[]; values: readonly string[] },
  all = false,
): string {
  if (lanes === 1) return ''
  const step = across ? rows : 1
  const { lines, values } = merge(shared.map((name) => `${name}[thread + half * ${step}u]`))
  const pass = names.map((name, k) => `${shared[k]}[thread] = ${name};`).join(' ')
  const share = `
  workgroupBarrier();
  ${names.map((name, k) => `${name} = ${shared[k]}[thread - lane * ${step}u];`).join(' ')}
  workgroupBarrier();`
  return `
  ${pass}
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
${lines.join('\n')}
      ${names.map((name, k) => `${name} = ${values[k]};`).join(' ')}
      ${pass}
    }
  }${all ? share : ''}`
}
