// A matrix product by one thread for each result: integers, which must be exact, and matrices too small for anything else.
import { computeType } from '../../../base/dtype.ts'
import type { GemmSpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { arithmetic } from '../arithmetic.ts'
import {
  bind,
  keyOf,
  load,
  operandsOf,
  perThread,
  scalarAt,
  scalarWords,
  shader,
  store,
  THREADS,
  word,
} from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'

export function plainGemm(engine: Engine, { a, b, c, bias, alpha, beta }: GemmSpec): void {
  const compute = computeType(c.dtype)
  const views: View[] = bias === null ? [c, a, b] : [c, a, b, bias]
  const binding = bind(views)
  const operands = operandsOf(views, binding, 1, { halves: engine.facts.f16 })
  const [batch, m, n] = c.shape
  const strides = [
    [c.strides[0], a.strides[0], b.strides[0], bias?.strides[0] ?? 0],
    [c.strides[1], a.strides[1], 0, bias?.strides[1] ?? 0],
    [c.strides[2], 0, b.strides[2], bias?.strides[2] ?? 0],
  ]
  const { count, words } = walkWords({ sizes: [batch, m, n], strides }, views)
  const first = words.length
  const { zero, add, mul } = arithmetic(compute)
  engine.run({
    key: `gemm plain ${compute} ${beta !== 0} ${keyOf(operands)}`,
    code: () => {
      const { lines, at } = indexed(3, views.length)
      const [result, left, right, added] = operands
      let value = mul(scalarAt(first + 3, compute), 'sum')
      if (beta !== 0) value = add(value, mul(scalarAt(first + 5, compute), load(result, 'place', compute)))
      if (bias !== null) value = add(value, load(added, at[3], compute))
      const body = `
  let place = ${at[0]}; let row = ${at[1]}; let column = ${at[2]};
  var sum = ${zero};
  for (var k = 0u; k < ${word(first)}; k++) {
    let x = ${load(left, `row + k * ${word(first + 1)}`, compute)};
    let y = ${load(right, `column + k * ${word(first + 2)}`, compute)};
    sum = ${add('sum', mul('x', 'y'))};
  }
  let value = ${value};
  ${store(result, 'place', 'value', compute)}`
      return shader(operands, perThread(0, lines.join('\n') + body))
    },
    blocks: binding.blocks,
    words: [
      ...[...words, a.shape[2], a.strides[2], b.strides[1]],
      ...scalarWords(alpha, compute),
      ...scalarWords(beta, compute),
    ],
    groups: Math.ceil(count / THREADS),
  })
}
