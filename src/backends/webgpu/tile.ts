// A workgroup as a tile: `rows` results side by side, `lanes` threads at work on each, and the tree over shared memory that brings the lanes together.
// Reductions, softmax and cross-entropy are built on it.
import type { Dims } from '../../runtime/dims.ts'
import type { Facts } from './server.ts'
import { THREADS } from './shader.ts'

/** rows * lanes = THREADS. `across`: neighbouring threads have neighbouring rows (columns of a matrix are reduced), else neighbouring lanes. */
export interface Tile {
  readonly rows: number
  readonly lanes: number
  readonly across: boolean
  /** The last steps of the tree pass values within subgroups. */
  readonly subgroups: boolean
}

/**
 * A tile for `rows` results of `length` elements each. Few different ones: each is compiled anew.
 * `across` tells that neighbouring results, not neighbouring elements of one, are side by side in memory.
 */
export function tileFor(facts: Facts, rows: number, length: number, across: boolean): Tile {
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
  return tileOf(facts, lanes, across)
}

/** A tile of `lanes` threads for each result. */
export function tileOf({ subgroups, subgroupSize }: Facts, lanes: number, across: boolean): Tile {
  const rows = THREADS / lanes
  return { rows, lanes, across, subgroups: subgroups && lanes > 1 && (across ? rows : 1) < subgroupSize }
}
/** A workgroup that is not divided. */
export const wholeGroup: Tile = { rows: 1, lanes: THREADS, across: false, subgroups: false }

/** The step of the innermost dimension in memory, as operand `k` sees it; infinite where it does not move. */
export const innermost = ({ strides }: Dims, k = 0): number =>
  Math.abs(strides.at(-1)?.[k] ?? 0) || Number.POSITIVE_INFINITY

/** What of a tile is in the code. */
export const tileKey = ({ lanes, across, subgroups }: Tile): string =>
  `${across ? 'across' : 'along'} ${lanes}${subgroups ? ' subgroups' : ''}`

/**
 * `thread` counts through one subgroup after the other, whichever threads the GPU puts into them; `wave` is their size, or 1 where they are not full and so
 * do not make up the workgroup.
 */
const subgroupThread = `@builtin(local_invocation_index) index: u32,
  @builtin(subgroup_id) subgroup: u32, @builtin(num_subgroups) subgroups: u32, @builtin(subgroup_size) width: u32, @builtin(subgroup_invocation_id) place: u32) {
  let full = subgroups * width == ${THREADS}u;
  let wave = select(1u, width, full);
  let thread = select(index, subgroup * width + place, full);`

/** An entry point in which `g` counts workgroups, `row` and `lane` are the place in the tile; all threads run `body` to its end. */
export const perTile = ({ rows, lanes, across, subgroups }: Tile, shared: string, body: string): string => `
${shared}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, ${subgroups ? subgroupThread : '@builtin(local_invocation_index) thread: u32) {'}
  let g = group.y * groups.x + group.x;
  let row = ${across ? `thread % ${rows}u` : `thread / ${lanes}u`};
  let lane = ${across ? `thread / ${rows}u` : `thread % ${lanes}u`};
${body}
}`

/** Shared memory for one value of each thread. */
export const sharedArray = (name: string, type: string): string => `var<workgroup> ${name}: array<${type}, ${THREADS}>;`

/**
 * Brings the lanes' variables `names` together into those of lane 0: `merge(others)` gives statements and the values that a lane has after it met
 * another, whose values are `others`. `shared` names the arrays that pass values on; with `all`, every lane gets the result. Lane l meets lane l + half, for
 * half = lanes / 2, ..., 1: with subgroups or without, and of any size, results have the same bits.
 */
export function tree(
  { rows, lanes, across, subgroups }: Tile,
  names: readonly string[],
  shared: readonly string[],
  merge: (others: readonly string[]) => { lines: readonly string[]; values: readonly string[] },
  all = false,
): string {
  if (lanes === 1) return ''
  const step = across ? rows : 1
  const set = (values: readonly string[]): string => names.map((name, k) => `${name} = ${values[k]};`).join(' ')
  const meet = (other: (k: number) => string): string => {
    const { lines, values } = merge(names.map((_, k) => other(k)))
    return `${lines.join('\n')}\n      ${set(values)}`
  }
  const pass = names.map((name, k) => `${shared[k]}[thread] = ${name};`).join(' ')
  const through = `
    workgroupBarrier();
    if (lane < half) {
${meet((k) => `${shared[k]}[thread + half * ${step}u]`)}
      ${pass}
    }`
  const share = `
  workgroupBarrier();
  ${set(shared.map((name) => `${name}[thread - lane * ${step}u]`))}
  workgroupBarrier();`
  if (!subgroups) {
    return `
  ${pass}
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {${through}
  }${all ? share : ''}`
  }
  // What lies further apart than a subgroup is long goes through memory.
  const inner = `subgroupShuffle(NAME, place - lane * ${step}u)`
  return `
  {
  var half = ${lanes / 2}u;
  if (half * ${step}u >= wave) {
  ${pass}
  for (; half * ${step}u >= wave; half /= 2u) {${through}
  }
  }
  for (; half > 0u; half /= 2u) {
${meet((k) => `subgroupShuffleXor(${names[k]}, half * ${step}u)`)}
  }
  }${
    all
      ? `
  if (${lanes * step}u <= wave) {
  ${set(names.map((name) => inner.replace('NAME', name)))}
  } else {
  if (lane == 0u) { ${pass} }${share}
  }`
      : ''
  }`
}
