// Reading through index tensors: a thread for each element of the result.
import { computeType } from '../../../base/dtype.ts'
import { collapse } from '../../../runtime/dims.ts'
import type { GatherSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { indexWords, moved, placeCode, places } from '../indices.ts'
import { bind, keyOf, load, operandsOf, perThread, shader, store, THREADS, word } from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'

/** Parameters: [check, size and stride of each index, walk]. */
export const gather =
  (engine: Engine) =>
  ({ x, indices, out }: GatherSpec): void => {
    const views = [out, x, ...indices.map(({ index }) => index)]
    const binding = bind(views)
    const dtype = moved(x.dtype)
    const operands = operandsOf(
      views.map((view, k) => ({ dtype: k < 2 ? dtype : view.dtype })),
      binding,
      1,
    )
    const dims = collapse(
      out.shape,
      views,
      out.shape.map((_, d) => d),
      true,
    )
    const walk = walkWords(dims, views)
    const first = 1 + 2 * indices.length
    engine.run({
      key: `gather ${keyOf(operands)} ${dims.sizes.length}`,
      code: () => {
        const { lines, at } = indexed(dims.sizes.length, views.length, { first })
        const steps = places(operands.slice(2), at.slice(2), 1).map((place, k) => `${place} * ${word(2 + 2 * k)}`)
        const compute = computeType(dtype)
        const body = `${lines.join('\n')}
  let origin = ${[at[1], ...steps].join(' + ')};
  ${store(operands[0], at[0], load(operands[1], 'origin', compute), compute)}`
        return shader(operands, placeCode(0) + perThread(first, body), { flags: true })
      },
      blocks: [...binding.blocks, engine.flags],
      words: [engine.indexCheck('gather'), ...indexWords(indices), ...walk.words],
      groups: Math.ceil(walk.count / THREADS),
    })
  }
