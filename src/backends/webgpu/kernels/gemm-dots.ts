// Products with a vector: threads of a workgroup share the sum of a row, or have neighbouring rows, whichever way the matrix lies.
import type { View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
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
import { perTile, sharedArray, type Tile, tileKey, tileOf, tree } from '../tile.ts'
import { partsView, type Product } from './product.ts'
import { ENOUGH } from './product-plan.ts'
import { sumParts } from './product-sum.ts'

/** A thread of a split sum has at least so many terms. */
const LEAST_TERMS = 16
const MOST_SPLITS = 256

/** The product where m or n is 1; axes have one digit. */
export function dots(engine: Engine, p: Product): void {
  const { a, b, c, bias, batch, m, n } = p
  const [[aK, bK]] = p.k.strides
  const [[nB, nC, nBias]] = p.n.strides
  const vertical = n.sizes[0] === 1
  const rows = vertical ? m.size : n.sizes[0]
  const k = p.k.sizes[0]
  const [matrix, vector] = vertical ? [a, b] : [b, a]
  const [matrixBatch, vectorBatch] = vertical ? [batch.a, batch.b] : [batch.b, batch.a]
  const [rowStep, kStep, vectorStep] = vertical ? [m.a, aK, bK] : [nB, bK, aK]
  const [cStep, biasStep] = vertical ? [m.c, m.bias] : [nC, nBias]

  const alongK = Math.abs(kStep) <= Math.abs(rowStep) || rows === 1
  const lanes = !alongK ? 8 : rows < 8 ? THREADS : 32
  const tile = tileOf(engine.facts, lanes, !alongK)
  const rowGroups = Math.ceil(rows / tile.rows)
  const wanted = Math.floor(ENOUGH / (rowGroups * batch.size * THREADS))
  const splits = Math.max(1, Math.min(wanted, Math.floor(k / (lanes * LEAST_TERMS)), MOST_SPLITS))
  const depth = Math.ceil(k / splits)

  const whole = batch.size * rows
  const scratch = splits > 1 ? engine.alloc(4 * splits * whole) : null
  const first = scratch === null
  const result: View = scratch === null ? c : partsView(scratch, splits * whole)
  const added = scratch === null ? bias : null
  const views = added === null ? [result, matrix, vector] : [result, matrix, vector, added]
  const binding = bind(views)
  const operands = operandsOf(views, binding, 1, { halves: engine.facts.f16 })
  const beta = first && p.beta !== 0
  engine.run({
    key: `dots ${tileKey(tile)} ${beta} ${keyOf(operands)}`,
    code: () => code(operands, tile, beta),
    blocks: binding.blocks,
    words: [
      ...[rows, k, rowGroups, splits, depth, first ? c.offset : 0, first ? batch.c : rows, first ? cStep : 1, whole],
      ...[matrix.offset, matrixBatch, rowStep, kStep, vector.offset, vectorBatch, vectorStep],
      ...[bias?.offset ?? 0, batch.bias, biasStep, floatBits(first ? p.alpha : 1), floatBits(p.beta)],
    ],
    groups: rowGroups * batch.size * splits,
  })
  if (scratch === null) return
  sumParts(engine, p, scratch, splits)
  engine.release(scratch)
}

function code(operands: readonly Operand[], tile: Tile, beta: boolean): string {
  const [result, matrix, vector, bias] = operands
  const [rows, k, rowGroups, splits, depth, cAt, cBatch, cStep, cSplit] = Array.from({ length: 9 }, (_, i) => word(i))
  const [xAt, xBatch, xRow, xK, vAt, vBatch, vK, biasAt, biasBatch, biasStep] = Array.from({ length: 10 }, (_, i) =>
    word(9 + i),
  )
  return shader(
    operands,
    perTile(
      tile,
      sharedArray('sums', 'f32'),
      `
  let r = (g % ${rowGroups}) * ${tile.rows}u + row;
  let z = g / ${rowGroups};
  let split = z % ${splits};
  let batch = z / ${splits};
  let end = min((split + 1u) * ${depth}, ${k});
  var sum = 0.0;
  if (r < ${rows}) {
    let xAt = ${xAt} + batch * ${xBatch} + r * ${xRow};
    let vAt = ${vAt} + batch * ${vBatch};
    for (var k = split * ${depth} + lane; k < end; k += ${tile.lanes}u) {
      sum += ${load(matrix, `xAt + k * ${xK}`, 'float32')} * ${load(vector, `vAt + k * ${vK}`, 'float32')};
    }
  }
${tree(tile, ['sum'], ['sums'], ([other]) => ({ lines: [], values: [`sum + ${other}`] }))}
  if (lane > 0u || r >= ${rows}) { return; }
  let at = ${cAt} + batch * ${cBatch} + r * ${cStep} + split * ${cSplit};
  let value = ${real(19)} * sum${beta ? ` + ${real(20)} * ${load(result, 'at', 'float32')}` : ''}${
    bias === undefined ? '' : ` + ${load(bias, `${biasAt} + batch * ${biasBatch} + r * ${biasStep}`, 'float32')}`
  };
  ${store(result, 'at', 'value', 'float32')}`,
    ),
  )
}
