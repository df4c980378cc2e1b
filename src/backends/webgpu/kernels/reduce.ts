// Reductions. A workgroup is a tile of results and of threads on each; long ranges are cut into chunks, whose raw accumulators a second launch merges.
// The order of summation depends on sizes only: results have the same bits in every run.
import { bytesOf } from '../../../base/dtype.ts'
import { type Expr, walk } from '../../../base/expr.ts'
import { numelOf } from '../../../base/shape.ts'
import { collapse, type Dims } from '../../../runtime/dims.ts'
import type { ReduceSpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import type { Block } from '../memory.ts'
import { bind, keyOf, operandsOf, scalarWords } from '../shader.ts'
import { innermost, type Tile, tileFor, tileKey } from '../tile.ts'
import { walkWords } from '../walk.ts'
import { reduceCode } from './reduce-code.ts'

/** Ranges are cut while there are fewer workgroups than this, and every thread keeps so many elements. */
const GROUPS = 512
const ELEMENTS = 16

const ids = (exprs: readonly Expr[]): string => exprs.map(({ id }) => id).join()

function usesPosition(exprs: readonly Expr[]): boolean {
  let found = false
  walk(exprs, ({ op }) => {
    found ||= op === 'position'
  })
  return found
}

/** Kept dimensions of outputs and inputs, and reduced ones of the inputs; both ordered by the inputs, unless positions count. */
function dimsOf({ axes, inputs, outputs, reduction }: ReduceSpec): { kept: Dims; reduced: Dims } {
  const { shape } = inputs[0]
  const all = shape.map((_, d) => d)
  const keep = all.filter((d) => !axes.includes(d))
  const { sizes, strides } = collapse(shape, [...inputs, ...outputs], keep, true)
  const outputsFirst = strides.map((row) => [...row.slice(inputs.length), ...row.slice(0, inputs.length)])
  const reduced = all.filter((d) => axes.includes(d))
  return {
    kept: { sizes, strides: outputsFirst },
    reduced: collapse(shape, inputs, reduced, !usesPosition(reduction.step)),
  }
}

/** How many pieces each range is cut into, and how long they are. */
function cut(length: number, rows: number, { rows: side, lanes }: Tile): { chunks: number; size: number } {
  const wanted = Math.min(GROUPS / Math.ceil(rows / side), length / (lanes * ELEMENTS))
  const size = Math.max(1, Math.ceil(length / Math.max(1, Math.floor(wanted)) / lanes)) * lanes
  return { chunks: Math.max(1, Math.ceil(length / size)), size }
}

const columns = ({ sizes, strides }: Dims, from: number, to?: number): Dims => ({
  sizes,
  strides: strides.map((row) => row.slice(from, to)),
})

export const reduce =
  (engine: Engine) =>
  (spec: ReduceSpec): void => {
    const { reduction, compute, inputs, outputs } = spec
    const rows = numelOf(outputs[0].shape)
    const { kept, reduced } = dimsOf(spec)
    const length = numelOf(reduced.sizes)
    const scalars = spec.scalars.flatMap((x) => scalarWords(x, compute))
    const { init, accTypes, step, combine, finish } = reduction
    const key = `reduce ${init} ${accTypes} ${ids(step)} ${ids(combine)} ${ids(finish)} ${compute} ${spec.scalars.length}`

    /** From the inputs (else from parts) to the outputs (else to parts), of which there are `chunks` for each result. */
    const launch = (
      from: readonly View[],
      to: readonly View[],
      size: number,
      chunks: number,
      parts: Block | null,
    ): void => {
      const tile =
        from.length === 0
          ? tileFor(engine.facts, rows, chunks, false)
          : tileFor(engine.facts, rows, length, innermost(kept, outputs.length) < innermost(reduced))
      const views = [...to, ...from]
      const binding = bind(views)
      const operands = operandsOf(views, binding, to.length, { halves: engine.facts.f16 })
      const outer = columns(kept, to.length === 0 ? outputs.length : 0, from.length === 0 ? outputs.length : undefined)
      const inner = columns(reduced, 0, from.length)
      const ranks = [outer.sizes.length, inner.sizes.length] as const
      const starts = from.map(() => ({ offset: 0 }))
      engine.run({
        key: `${key} ${tileKey(tile)} ${ranks} ${to.length} ${from.length} ${parts !== null} ${keyOf(operands)}`,
        code: () =>
          reduceCode({
            reduction,
            compute,
            tile,
            operands,
            written: to.length,
            ranks,
            scalars: spec.scalars.length,
            parts: parts && binding.blocks.length,
          }),
        blocks: parts === null ? binding.blocks : [...binding.blocks, parts],
        words: [size, chunks, ...scalars, ...walkWords(outer, views).words, ...walkWords(inner, starts).words],
        groups: Math.ceil(rows / tile.rows) * (to.length === 0 ? chunks : 1),
      })
    }
    const tile = tileFor(engine.facts, rows, length, innermost(kept, outputs.length) < innermost(reduced))
    const { chunks, size } = cut(length, rows, tile)
    if (chunks === 1) {
      launch(inputs, outputs, size, 1, null)
      return
    }
    const parts = engine.alloc(rows * chunks * init.length * bytesOf(compute === 'int64' ? 'int64' : 'float32'))
    launch(inputs, [], size, chunks, parts)
    launch([], outputs, size, chunks, parts)
    engine.release(parts)
  }
