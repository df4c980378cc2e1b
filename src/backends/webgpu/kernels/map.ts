// Elementwise kernels: a thread computes one element of every output. Sizes and strides are parameters; dtypes, the number of merged dimensions and the expressions are in the code.
import type { MapSpec } from '../../../runtime/spec.ts'
import { collapse } from '../../../runtime/dims.ts'
import type { Engine } from '../engine.ts'
import { printExpressions } from '../expression.ts'
import { bind, keyOf, load, operandsOf, perThread, scalarAt, scalarWords, shader, store, THREADS } from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'

export const map =
  (engine: Engine) =>
  ({ exprs, compute, inputs, outputs, scalars }: MapSpec): void => {
    const views = [...outputs, ...inputs]
    const binding = bind(views)
    const operands = operandsOf(views, binding, outputs.length, { halves: engine.facts.f16 })
    const dims = collapse(
      outputs[0].shape,
      views,
      outputs[0].shape.map((_, d) => d),
      true,
    )
    const walk = walkWords(dims, views)
    const firstScalar = walk.words.length
    const words = [...walk.words, ...scalars.flatMap((x) => scalarWords(x, compute))]
    engine.run({
      key: `map ${exprs.map(({ id }) => id)} ${compute} ${keyOf(operands)} ${dims.sizes.length} ${scalars.length}`,
      code: () => {
        const { lines: positions, at } = indexed(dims.sizes.length, views.length)
        const { lines, values } = printExpressions(exprs, compute, {
          input: (k) => load(operands[outputs.length + k], at[outputs.length + k], compute),
          scalar: (k) => scalarAt(firstScalar + 2 * k, compute),
        })
        const stores = outputs.map((_, k) => store(operands[k], at[k], values[k], compute))
        return shader(operands, perThread(0, [...positions, ...lines, ...stores].join('\n')))
      },
      blocks: binding.blocks,
      words,
      scalars: { first: firstScalar, encode: (values) => values.flatMap((x) => scalarWords(x, compute)) },
      groups: Math.ceil(walk.count / THREADS),
    })
  }
