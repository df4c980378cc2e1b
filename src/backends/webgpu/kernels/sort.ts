// Stable sort along one axis. Short rows: a thread for each element counts those that come before it. Long ones: bitonic sort of keys (sort-keys.ts).
import { computeType, isFloating } from '../../../base/dtype.ts'
import { numelOf } from '../../../base/shape.ts'
import { collapse } from '../../../runtime/dims.ts'
import type { SortSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { moved } from '../indices.ts'
import { bind, keyOf, load, type Operand, operandsOf, perThread, shader, store, THREADS, word } from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'
import { afterCode, entries, paddedLength, sortKeys } from './sort-keys.ts'

/** Rows up to this long are sorted by counting. */
const SHORT = 128

/** The key of an element, flipped by parameter 3 where the order descends. NaN is the largest, zeros are equal. */
function keyCode(operand: Operand, at: string): string {
  const flip = word(3)
  if (operand.dtype === 'int64') return `(${load(operand, at, 'int64')} ^ vec2<u32>(${flip}, ${flip} ^ 0x80000000u))`
  if (isFloating(operand.dtype)) return `(real_key(${load(operand, at, 'float32')}) ^ ${flip})`
  return `(bitcast<u32>(${load(operand, at, 'int32')}) ^ ${flip} ^ 0x80000000u)`
}

/** Parameters: [length, padded length, count, flip, step of each view along the axis (3), walk over the other dimensions]. */
const FIRST = 7

export const sort =
  (engine: Engine) =>
  ({ x, values, indices, axis, descending }: SortSpec): void => {
    if (x.shape.includes(0)) return
    const views = [values, indices, x]
    const length = x.shape[axis] ?? 1
    const others = x.shape.map((_, d) => d).filter((d) => d !== axis)
    const dims = collapse(x.shape, views, others, true)
    const rows = numelOf(dims.sizes)
    const binding = bind(views)
    const dtype = moved(x.dtype)
    const compute = computeType(dtype)
    const operands = operandsOf([{ dtype }, { dtype: 'int64' }, { dtype }], binding, 2)
    const source = { ...operands[2], dtype: x.dtype }
    const wide = x.dtype === 'int64'
    const padded = paddedLength(length)
    const walk = walkWords(dims, views).words
    const steps = views.map(({ strides }) => strides[axis] ?? 1)
    const entry = entries(`b${binding.blocks.length}`, wide)
    const short = length <= SHORT
    const scratch = short ? null : engine.alloc(rows * padded * entry.bytes)

    /** A thread for each place `here` of each row `o`, `size` (parameter `sizeAt`) to a row. */
    const launch = (
      name: string,
      sizeAt: number,
      size: number,
      body: (place: (k: number, i: string) => string) => string,
    ): void =>
      engine.run({
        key: `sort ${name} ${keyOf([...operands, source])} ${dims.sizes.length}`,
        code: () => {
          const { lines, at } = indexed(dims.sizes.length, views.length, { i: 'o', first: FIRST })
          const head = `
  let o = i / ${word(sizeAt)};
  let here = i % ${word(sizeAt)};
${lines.join('\n')}`
          const all: Operand[] = short
            ? operands
            : [...operands, { slot: binding.blocks.length, dtype: 'int32', atomic: false }]
          return shader(all, afterCode(wide) + perThread(2, head + body((k, i) => `${at[k]} + ${i} * ${word(4 + k)}`)))
        },
        blocks: scratch === null ? binding.blocks : [...binding.blocks, scratch],
        words: [length, padded, rows * size, descending ? 0xffffffff : 0, ...steps, ...walk],
        groups: Math.ceil((rows * size) / THREADS),
      })
    /** Element `position` of the row goes to place `goal`. */
    const write = (place: (k: number, i: string) => string, goal: string, position: string): string =>
      store(operands[0], place(0, goal), load(operands[2], place(2, position), compute), compute) +
      store(operands[1], place(1, goal), `bitcast<i32>(${position})`, 'int32')

    if (scratch === null) {
      launch(
        'short',
        0,
        length,
        (place) => `
  let mine = ${keyCode(source, place(2, 'here'))};
  var rank = 0u;
  for (var other = 0u; other < ${word(0)}; other++) {
    if (after(mine, here, ${keyCode(source, place(2, 'other'))}, other)) { rank++; }
  }
  ${write(place, 'rank', 'here')}`,
      )
      return
    }
    launch(
      'keys',
      1,
      padded,
      (place) => `
  if (here < ${word(0)}) {
    let key = ${keyCode(source, place(2, 'here'))};
    ${entry.put('i', 'key', 'here')}
  } else { ${entry.put('i', entry.last, '0xffffffffu')} }`,
    )
    sortKeys(engine, scratch, rows, padded, wide)
    launch(
      'write',
      0,
      length,
      (place) => `
  let position = ${entry.position(`o * ${word(1)} + here`)};
  ${write(place, 'here', 'position')}`,
    )
    engine.release(scratch)
  }
