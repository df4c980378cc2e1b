// The second half of a split product: adds the parts, in an order that is fixed, and finishes the results.
import type { View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import type { Block } from '../memory.ts'
import {
  bind,
  floatBits,
  keyOf,
  load,
  type Operand,
  operandsOf,
  real,
  shader,
  store,
  THREADS,
  word,
} from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'
import type { Product } from './product.ts'

/** c = alpha * sum of the parts + beta * c + bias; `parts` are [splits][batch, m, n] of float32. */
export function sumParts(engine: Engine, p: Product, parts: Block, splits: number): void {
  const { c, bias, alpha, beta } = p
  const results: View[] = bias === null ? [c] : [c, bias]
  const binding = bind(results)
  const operands = operandsOf(results, binding, 1)
  const source: Operand = { slot: binding.blocks.length, dtype: 'float32', atomic: false }
  const sizes = [p.batch.size, p.m.size, ...p.n.sizes]
  const strides = [[p.batch.c, p.batch.bias], [p.m.c, p.m.bias], ...p.n.strides.map((steps) => [steps[1], steps[2]])]
  const offsets = [{ offset: c.offset + p.at.c }, { offset: bias?.offset ?? 0 }].slice(0, results.length)
  const { count, words } = walkWords({ sizes, strides }, offsets)
  // Threads that share the parts of one result.
  const lanes = splits <= 4 ? 1 : splits <= 32 ? 4 : 16
  const first = words.length
  engine.run({
    key: `product sum ${lanes} ${sizes.length} ${beta !== 0} ${keyOf(operands)} ${source.slot}`,
    code: () => code([...operands, source], sizes.length, lanes, beta !== 0, first),
    blocks: [...binding.blocks, parts],
    words: [...words, splits, floatBits(alpha), floatBits(beta)],
    groups: Math.ceil(count / (THREADS / lanes)),
  })
}

function code(operands: readonly Operand[], rank: number, lanes: number, beta: boolean, first: number): string {
  const [c, bias] = operands
  const source = operands[operands.length - 1]
  const hasBias = operands.length === 3
  const results = THREADS / lanes
  const { lines, at } = indexed(rank, hasBias ? 2 : 1)
  const tree: string[] = []
  for (let step = lanes / 2; step >= 1; step /= 2) {
    tree.push(`workgroupBarrier();
  if (lane < ${step}u) { shared_sums[thread] += shared_sums[thread + ${step * results}u]; }`)
  }
  return shader(
    operands,
    `
${lanes > 1 ? `var<workgroup> shared_sums: array<f32, ${THREADS}>;` : ''}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * ${results}u + thread % ${results}u;
  let lane = thread / ${results}u;
  let count = ${word(0)};
  var sum = 0.0;
  if (i < count) {
    for (var part = lane; part < ${word(first)}; part += ${lanes}u) { sum += ${load(source, 'part * count + i', 'float32')}; }
  }
  ${lanes > 1 ? `shared_sums[thread] = sum;\n  ${tree.join('\n  ')}` : ''}
  if (i >= count || lane > 0u) { return; }
${lines.join('\n')}
  let place = ${at[0]};
  let value = ${real(first + 1)} * ${lanes > 1 ? 'shared_sums[thread]' : 'sum'}${beta ? ` + ${real(first + 2)} * ${load(c, 'place', 'float32')}` : ''}${hasBias ? ` + ${load(bias, at[1], 'float32')}` : ''};
  ${store(c, 'place', 'value', 'float32')}
}`,
  )
}
