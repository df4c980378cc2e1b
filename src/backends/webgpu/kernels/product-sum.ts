// The second half of a split product: adds the parts, in an order that is fixed, and finishes the results.
import type { View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import type { Block } from '../memory.ts'
import { bind, floatBits, keyOf, load, type Operand, operandsOf, real, shader, store, word } from '../shader.ts'
import { perTile, sharedArray, type Tile, tileKey, tileOf, tree } from '../tile.ts'
import { indexed, walkWords } from '../walk.ts'
import type { Product } from './product.ts'

/** c = alpha * sum of the parts + beta * c + bias; `parts` are [splits][batch, m, n] of float32. */
export function sumParts(engine: Engine, p: Product, parts: Block, splits: number): void {
  const { c, bias, alpha, beta } = p
  const results: View[] = bias === null ? [c] : [c, bias]
  const binding = bind(results)
  const operands = operandsOf(results, binding, 1, { halves: engine.facts.f16 })
  const source: Operand = { slot: binding.blocks.length, dtype: 'float32', atomic: false }
  const sizes = [p.batch.size, p.m.size, ...p.n.sizes]
  const strides = [[p.batch.c, p.batch.bias], [p.m.c, p.m.bias], ...p.n.strides.map((steps) => [steps[1], steps[2]])]
  const offsets = [{ offset: c.offset + p.at.c }, { offset: bias?.offset ?? 0 }].slice(0, results.length)
  const { count, words } = walkWords({ sizes, strides }, offsets)
  // Threads that share the parts of one result.
  const lanes = splits <= 4 ? 1 : splits <= 32 ? 4 : 16
  const tile = tileOf(engine.facts, lanes, true)
  const first = words.length
  engine.run({
    key: `product sum ${tileKey(tile)} ${sizes.length} ${beta !== 0} ${keyOf(operands)} ${source.slot}`,
    code: () => code([...operands, source], sizes.length, tile, beta !== 0, first),
    blocks: [...binding.blocks, parts],
    words: [...words, splits, floatBits(alpha), floatBits(beta)],
    groups: Math.ceil(count / tile.rows),
  })
}

function code(operands: readonly Operand[], rank: number, tile: Tile, beta: boolean, first: number): string {
  const [c, bias] = operands
  const source = operands[operands.length - 1]
  const hasBias = operands.length === 3
  const { lines, at } = indexed(rank, hasBias ? 2 : 1)
  return shader(
    operands,
    perTile(
      tile,
      tile.lanes > 1 ? sharedArray('sums', 'f32') : '',
      `
  let i = g * ${tile.rows}u + row;
  let count = ${word(0)};
  var sum = 0.0;
  if (i < count) {
    for (var part = lane; part < ${word(first)}; part += ${tile.lanes}u) { sum += ${load(source, 'part * count + i', 'float32')}; }
  }
${tree(tile, ['sum'], ['sums'], ([other]) => ({ lines: [], values: [`sum + ${other}`] }))}
  if (i >= count || lane > 0u) { return; }
${lines.join('\n')}
  let at = ${at[0]};
  let value = ${real(first + 1)} * sum${beta ? ` + ${real(first + 2)} * ${load(c, 'at', 'float32')}` : ''}${hasBias ? ` + ${load(bias, at[1], 'float32')}` : ''};
  ${store(c, 'at', 'value', 'float32')}`,
    ),
  )
}
