// Softmax, its logarithm and their gradients along one axis. Threads of a tile share a row: one pass for the maximum, one for the sum, one for the results.
import { numelOf } from '../../../base/shape.ts'
import { collapse } from '../../../runtime/dims.ts'
import type { SoftmaxSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { bind, keyOf, load, operandsOf, shader, store, word } from '../shader.ts'
import { innermost, perTile, sharedArray, type Tile, tileFor, tileKey, tree } from '../tile.ts'
import { indexed, walkWords } from '../walk.ts'

/** The largest element as `high`, and the sum of exp(x - high) as `sum`, of row `x` with elements 0 to `end` - 1: every lane has both. */
export const logSumExpCode = (tile: Tile, x: (i: string) => string): string => `
  var high = -bitcast<f32>(inf_bits);
  for (var i = lane; i < end; i += ${tile.lanes}u) { high = real_max(high, ${x('i')}); }
${tree(tile, ['high'], ['together'], ([other]) => ({ lines: [], values: [`real_max(high, ${other})`] }), true)}
${sumCode(tile, `real_exp(${x('i')} - high)`)}`

const sumCode = (tile: Tile, term: string): string => `
  var sum = 0.0;
  for (var i = lane; i < end; i += ${tile.lanes}u) { sum += ${term}; }
${tree(tile, ['sum'], ['together'], ([other]) => ({ lines: [], values: [`sum + ${other}`] }), true)}`

/** What a row needs before its results, and each result; `a` and `g` are the elements of the sources. */
const rows: Readonly<
  Record<
    SoftmaxSpec['op'],
    { before: (tile: Tile, a: (i: string) => string, g: (i: string) => string) => string; result: string }
  >
> = {
  softmax: { before: logSumExpCode, result: 'real_exp(a - high) / sum' },
  logSoftmax: {
    before: (tile, a) => `${logSumExpCode(tile, a)}\n  let rest = real_log(sum);`,
    result: 'a - high - rest',
  },
  softmaxGrad: { before: (tile, a, g) => sumCode(tile, `${a('i')} * ${g('i')}`), result: 'a * (g - sum)' },
  logSoftmaxGrad: { before: (tile, _, g) => sumCode(tile, g('i')), result: 'g - real_exp(a) * sum' },
}

/** Parameters: [length, step of each view along the axis (3 places), walk over the other dimensions]. */
export const softmax =
  (engine: Engine) =>
  (spec: SoftmaxSpec): void => {
    const { op, out, axis } = spec
    const sources = 'x' in spec ? [spec.x] : [spec.y, spec.g]
    const views = [out, ...sources]
    const others = out.shape.map((_, d) => d).filter((d) => d !== axis)
    const dims = collapse(out.shape, views, others, true)
    const count = numelOf(dims.sizes)
    // A 0-d tensor has one row of one element.
    const length = out.shape[axis] ?? 1
    if (length === 0) return
    const steps = views.map(({ strides }) => strides[axis] ?? 1)
    const tile = tileFor(
      engine.facts,
      count,
      length,
      innermost(dims, 1) < (Math.abs(steps[1]) || Number.POSITIVE_INFINITY),
    )
    const binding = bind(views)
    const operands = operandsOf(views, binding, 1, { halves: engine.facts.f16 })
    const first = 4
    engine.run({
      key: `softmax ${op} ${keyOf(operands)} ${tileKey(tile)} ${dims.sizes.length}`,
      code: () => {
        const { lines, at } = indexed(dims.sizes.length, views.length, { i: 'o', first })
        const element = (k: number) => (i: string) => load(operands[k], `${at[k]} + ${i} * ${word(1 + k)}`, 'float32')
        const { before, result } = rows[op]
        return shader(
          operands,
          perTile(
            tile,
            sharedArray('together', 'f32'),
            `
  let o = g * ${tile.rows}u + row;
  let end = select(0u, ${word(0)}, o < ${word(first)});
${lines.join('\n')}
${before(tile, element(1), element(2))}
  for (var i = lane; i < end; i += ${tile.lanes}u) {
    let a = ${element(1)('i')};
    ${sources.length > 1 ? `let g = ${element(2)('i')};` : ''}
    ${store(operands[0], `${at[0]} + i * ${word(1)}`, result, 'float32')}
  }`,
          ),
        )
      },
      blocks: binding.blocks,
      words: [length, ...[0, 1, 2].map((k) => steps[k] ?? 0), ...walkWords(dims, views).words],
      groups: Math.ceil(count / tile.rows),
    })
  }
