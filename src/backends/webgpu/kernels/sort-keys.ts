// Bitonic sort of rows of keys with positions, which decide between equal keys. A key is one word or two, the high one second, compared as unsigned numbers.
// Distances inside a block are done in shared memory, longer ones in launches of their own. The code knows nothing of what the keys stand for.
import type { Engine } from '../engine.ts'
import type { Block } from '../memory.ts'
import { perThread, shader, THREADS, word } from '../shader.ts'
import { perTile, wholeGroup } from '../tile.ts'

/** Keys of a block: with their positions they fit into 16 KiB of shared memory. Rows of up to 256 have smaller blocks. */
const blockOf = (padded: number): number => Math.min(1024, padded)
/** Rows are padded to a power of two. */
export const paddedLength = (length: number): number =>
  length <= 256 ? 256 : Math.max(1024, 2 ** Math.ceil(Math.log2(length)))

const typeOf = (wide: boolean): string => (wide ? 'vec2<u32>' : 'u32')
/** Whether (a, i) comes after (b, j). */
export function afterCode(wide: boolean): string {
  const type = typeOf(wide)
  const above = wide ? '(a.y > b.y || (a.y == b.y && a.x > b.x))' : 'a > b'
  const same = wide ? 'all(a == b)' : 'a == b'
  return `fn after(a: ${type}, i: u32, b: ${type}, j: u32) -> bool { return ${above} || (${same} && i > j); }`
}

/** Entries of an array of words: those of the key, then the position. */
export function entries(name: string, wide: boolean) {
  const words = wide ? 3 : 2
  const part = (at: string, k: number): string => `${name}[(${at}) * ${words}u + ${k}u]`
  return {
    bytes: 4 * words,
    /** A key that no other one exceeds. */
    last: wide ? 'vec2<u32>(0xffffffffu, 0xffffffffu)' : '0xffffffffu',
    key: (at: string): string => (wide ? `vec2<u32>(${part(at, 0)}, ${part(at, 1)})` : part(at, 0)),
    position: (at: string): string => part(at, words - 1),
    put: (at: string, key: string, position: string): string =>
      `${wide ? `${part(at, 0)} = ${key}.x; ${part(at, 1)} = ${key}.y;` : `${part(at, 0)} = ${key};`} ${part(at, words - 1)} = ${position};`,
  }
}

/** Sorts `rows` rows of `padded` entries. */
export function sortKeys(engine: Engine, keys: Block, rows: number, padded: number, wide: boolean): void {
  const block = blockOf(padded)
  const total = rows * padded
  const operands = [{ slot: 0, dtype: 'int32', atomic: false }] as const
  const entry = entries('b0', wide)
  const near = (from: number, to: number): void =>
    engine.run({
      key: `sort near ${wide} ${block}`,
      code: () => shader(operands, nearCode(entry, wide, block)),
      blocks: [keys],
      words: [total, padded, from, to],
      groups: total / block,
    })
  const far = (size: number, distance: number): void =>
    engine.run({
      key: `sort far ${wide}`,
      code: () => shader(operands, farCode(entry, wide)),
      blocks: [keys],
      words: [total / 2, padded, size, distance],
      groups: Math.ceil(total / 2 / THREADS),
    })
  near(2, block)
  for (let size = 2 * block; size <= padded; size *= 2) {
    for (let distance = size / 2; distance >= block; distance /= 2) far(size, distance)
    near(size, size)
  }
}

/** Runs of sizes from parameter 2 to parameter 3, at the distances inside a block. Parameters: [entries, entries of a row, ...]. */
function nearCode(entry: ReturnType<typeof entries>, wide: boolean, block: number): string {
  const shared = `${afterCode(wide)}
var<workgroup> keys: array<${typeOf(wide)}, ${block}>;
var<workgroup> places: array<u32, ${block}>;`
  const body = `
  let first = g * ${block}u;
  if (first >= ${word(0)}) { return; }
  let inRow = first % ${word(1)};
  for (var k = thread; k < ${block}u; k += ${THREADS}u) {
    keys[k] = ${entry.key('first + k')}; places[k] = ${entry.position('first + k')};
  }
  for (var size = ${word(2)}; size <= ${word(3)}; size *= 2u) {
    for (var distance = min(size, ${block}u) / 2u; distance > 0u; distance /= 2u) {
      workgroupBarrier();
      for (var pair = thread; pair < ${block / 2}u; pair += ${THREADS}u) {
        let low = (pair / distance) * 2u * distance + pair % distance;
        let high = low + distance;
        if (after(keys[low], places[low], keys[high], places[high]) == (((inRow + low) & size) == 0u)) {
          let key = keys[low]; keys[low] = keys[high]; keys[high] = key;
          let place = places[low]; places[low] = places[high]; places[high] = place;
        }
      }
    }
  }
  workgroupBarrier();
  for (var k = thread; k < ${block}u; k += ${THREADS}u) { ${entry.put('first + k', 'keys[k]', 'places[k]')} }`
  return perTile(wholeGroup, shared, body)
}

/** One step of runs of parameter 2 at the distance of parameter 3: a thread for each pair. */
function farCode(entry: ReturnType<typeof entries>, wide: boolean): string {
  const body = `
  let distance = ${word(3)};
  let low = (i / distance) * 2u * distance + i % distance;
  let high = low + distance;
  let a = ${entry.key('low')}; let b = ${entry.key('high')};
  let j = ${entry.position('low')}; let k = ${entry.position('high')};
  if (after(a, j, b, k) == (((low % ${word(1)}) & ${word(2)}) == 0u)) { ${entry.put('low', 'b', 'k')} ${entry.put('high', 'a', 'j')} }`
  return afterCode(wide) + perThread(0, body)
}
