// Fused cross-entropy of rows of logits with class indices. Forward: a row is shared by the threads of a tile; backward: a thread for each logit.
import type { CrossEntropySpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { reportCode } from '../indices.ts'
import { bind, keyOf, load, operandsOf, perThread, scalarWords, shader, store, THREADS, word } from '../shader.ts'
import { perTile, sharedArray, tileFor, tileKey } from '../tile.ts'
import { indexed, walkWords } from '../walk.ts'
import { logSumExpCode } from './softmax.ts'

/** Whether a label is `ignoreIndex`; parameters 2 and 3. */
const ignored = `all(label == vec2<u32>(${word(2)}, ${word(3)}))`
const inRange = `(label.y == 0u && label.x < ${word(0)})`
/** Where the walk begins; parameters: [classes, step between them, ignoreIndex (2), check]. */
const FIRST = 5

export const crossEntropy =
  (engine: Engine) =>
  (spec: CrossEntropySpec): void => {
    const { x, target, lse } = spec
    const [rows, classes] = x.shape
    if (rows === 0) return
    const first = [
      classes,
      x.strides[1],
      ...scalarWords(spec.ignoreIndex, 'int64'),
      engine.indexCheck('crossEntropy: target'),
    ]

    if (spec.pass === 'forward') {
      const views = [spec.loss, lse, x, target]
      const binding = bind(views)
      const operands = operandsOf(views, binding, 2, { halves: engine.facts.f16 })
      const tile = tileFor(engine.facts, rows, classes, Math.abs(x.strides[0]) < Math.abs(x.strides[1]))
      const dims = { sizes: [rows], strides: [views.map(({ strides }) => strides[0])] }
      engine.run({
        key: `crossEntropy forward ${keyOf(operands)} ${tileKey(tile)}`,
        code: () => {
          const { lines, at } = indexed(1, views.length, { i: 'o', first: FIRST })
          const logit = (i: string): string => load(operands[2], `${at[2]} + ${i} * ${word(1)}`, 'float32')
          return shader(
            operands,
            reportCode(4) +
              perTile(
                tile,
                sharedArray('together', 'f32'),
                `
  let o = g * ${tile.rows}u + row;
  let inside = o < ${word(FIRST)};
  let end = select(0u, ${word(0)}, inside);
${lines.join('\n')}
${logSumExpCode(tile, logit)}
  if (lane == 0u && inside) {
    let label = ${load(operands[3], at[3], 'int64')};
    let rest = real_log(sum);
    var loss = 0.0;
    if (!${ignored}) {
      if (${inRange}) { loss = high - ${logit('label.x')} + rest; } else { report(label, ${word(0)}); }
    }
    ${store(operands[0], at[0], 'loss', 'float32')}
    ${store(operands[1], at[1], '(high + rest)', 'float32')}
  }`,
              ),
            { flags: true },
          )
        },
        blocks: [...binding.blocks, engine.flags],
        words: [...first, ...walkWords(dims, views).words],
        groups: Math.ceil(rows / tile.rows),
      })
      return
    }

    const views: View[] = [spec.out, x, spec.g, lse, target]
    const binding = bind(views)
    const operands = operandsOf(views, binding, 1, { halves: engine.facts.f16 })
    const dims = {
      sizes: [rows, classes],
      strides: [views.map(({ strides }) => strides[0]), views.map(({ strides }) => strides[1] ?? 0)],
    }
    const walk = walkWords(dims, views)
    engine.run({
      key: `crossEntropy backward ${keyOf(operands)}`,
      code: () => {
        const { lines, at } = indexed(2, views.length, { first: FIRST })
        const value = (k: number): string => load(operands[k], at[k], 'float32')
        return shader(
          operands,
          reportCode(4) +
            perThread(
              FIRST,
              `${lines.join('\n')}
  let label = ${load(operands[4], at[4], 'int64')};
  var gradient = 0.0;
  if (!${ignored}) {
    if (!${inRange}) { report(label, ${word(0)}); }
    gradient = ${value(2)} * (real_exp(${value(1)} - ${value(3)}) - select(0.0, 1.0, x1 == label.x));
  }
  ${store(operands[0], at[0], 'gradient', 'float32')}`,
            ),
          { flags: true },
        )
      },
      blocks: [...binding.blocks, engine.flags],
      words: [...first, ...walk.words],
      groups: Math.ceil(walk.count / THREADS),
    })
  }
