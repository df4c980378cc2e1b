// The product behind matrix products and convolutions: c[m, n] = sum over k of a[m, k] * b[k, n]. How the operands' elements follow from m, n and k
// is a matter of parameters (axes of up to three digits, a window outside of which b is 0); product-code.ts has the kernel, gemm.ts and conv.ts say what is what.
import type { DType } from '../../../base/dtype.ts'
import { collapse, type Dims } from '../../../runtime/dims.ts'
import type { View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import type { Block } from '../memory.ts'
import { bind, floatBits, keyOf, operandsOf } from '../shader.ts'
import { productCode, type ProductVariant } from './product-code.ts'
import { planOf } from './product-plan.ts'
import { sumParts } from './product-sum.ts'

/** Elements of an operand: `step` along m (or the batch), `steps` for each digit of an axis. */
export interface Product {
  readonly a: View
  readonly b: View
  readonly c: View
  readonly bias: View | null
  readonly batch: {
    readonly size: number
    readonly a: number
    readonly b: number
    readonly c: number
    readonly bias: number
  }
  readonly m: { readonly size: number; readonly a: number; readonly c: number; readonly bias: number }
  /** By digit, outermost first; `strides[d]`: of b, c, bias, and the row and column that b's window looks at. */
  readonly n: Dims
  /** `strides[d]`: of a, b, and the row and column. */
  readonly k: Dims
  /** b is 0 where the row or the column, counted from these, is outside; null: never. */
  readonly window: {
    readonly row: number
    readonly column: number
    readonly height: number
    readonly width: number
  } | null
  /** Added to the offsets of the views. */
  readonly at: { readonly a: number; readonly b: number; readonly c: number }
  readonly alpha: number
  readonly beta: number
}

/** An axis from its digits and, for each operand, a step for each of them; digits that all operands take as one are merged. */
export function axis(sizes: readonly number[], ...steps: readonly (readonly number[])[]): Dims {
  const dims = collapse(
    sizes,
    steps.map((strides) => ({ strides })),
    sizes.map((_, d) => d),
    false,
  )
  return dims.sizes.length > 0 ? dims : { sizes: [1], strides: [steps.map(() => 0)] }
}

const numel = ({ sizes }: Dims): number => sizes.reduce((x, y) => x * y, 1)
/** What of an axis goes into `width` words a digit. */
function stepsOf({ strides }: Dims, width: number): number[] {
  const words = new Array<number>(3 * width).fill(0)
  strides.forEach((steps, d) => {
    for (let k = 0; k < width; k++) words[d * width + k] = steps[k] ?? 0
  })
  return words
}

/** Runs the product; what is written has float32 or a narrower floating dtype. */
export function runProduct(engine: Engine, p: Product): void {
  const [n, k] = [numel(p.n), numel(p.k)]
  if (p.batch.size === 0 || p.m.size === 0 || n === 0) return
  const plan = planOf(engine.facts, p.batch.size, p.m.size, n, k)
  const { tile, splits } = plan
  // The parts of a split product lie one behind the other, each as [batch, m, n].
  const whole = p.batch.size * p.m.size * n
  const scratch = splits > 1 ? engine.alloc(4 * splits * whole) : null
  const result: View = scratch === null ? p.c : partsView(scratch, whole * splits)
  const cAxis = scratch === null ? p.n : asParts(p.n)
  const views = scratch === null && p.bias !== null ? [result, p.a, p.b, p.bias] : [result, p.a, p.b]
  const binding = bind(views)
  const operands = operandsOf(views, binding, 1, { halves: engine.facts.f16 })
  const variant: ProductVariant = {
    tile,
    n: p.n.sizes.length,
    k: p.k.sizes.length,
    windowed: p.window !== null,
    aAlong: sectors(p.k, 0) <= sectors({ sizes: [p.m.size], strides: [[p.m.a]] }, 0) ? 'k' : 'row',
    bAlong: sectors(p.k, 1) <= sectors(p.n, 0) ? 'k' : 'row',
    bias: scratch === null && p.bias !== null,
    beta: scratch === null && p.beta !== 0,
  }
  const [mTiles, nTiles] = [Math.ceil(p.m.size / tile.rows), Math.ceil(n / tile.columns)]
  const groups = mTiles * nTiles * p.batch.size * splits
  const first = scratch === null
  engine.run({
    key: `product ${JSON.stringify(variant)} ${keyOf(operands)}`,
    code: () => productCode(variant, operands),
    blocks: binding.blocks,
    words: [
      ...[groups, mTiles, nTiles, splits, plan.depth, p.m.size, n, k],
      ...[p.n.sizes[1] ?? 1, p.n.sizes[2] ?? 1, p.k.sizes[1] ?? 1, p.k.sizes[2] ?? 1],
      ...[p.a.offset + p.at.a, p.b.offset + p.at.b, first ? p.c.offset + p.at.c : 0, p.bias?.offset ?? 0],
      ...[p.window?.row ?? 0, p.window?.column ?? 0, p.window?.height ?? 0, p.window?.width ?? 0],
      ...[p.batch.a, p.batch.b, first ? p.batch.c : p.m.size * n, p.batch.bias, whole],
      ...[p.m.a, first ? p.m.c : n, p.m.bias, floatBits(first ? p.alpha : 1), floatBits(p.beta)],
      ...stepsOf(p.k, 4),
      ...stepsOf(cAxis, 5),
    ],
    groups,
  })
  if (scratch === null) return
  sumParts(engine, p, scratch, splits)
  engine.release(scratch)
}

/** About how many pieces of 8 elements 16 neighbours along an axis lie in: fewer are read faster. */
function sectors({ sizes, strides }: Dims, operand: number): number {
  const length = Math.max(1, Math.min(16, sizes[sizes.length - 1]))
  const step = Math.abs(strides[strides.length - 1][operand])
  return Math.ceil(16 / length) * Math.min(length, 1 + ((length - 1) * step) / 8)
}

/** Memory for parts of sums, as a view. */
export function partsView(block: Block, length: number): View {
  const dtype: DType = 'float32'
  return { storage: { handle: block } as unknown as View['storage'], dtype, shape: [length], strides: [1], offset: 0 }
}
/** The axis n with c's steps as they are in a row of parts. */
function asParts(n: Dims): Dims {
  let step = numel(n)
  const strides = n.strides.map((steps, d) => {
    step /= Math.max(1, n.sizes[d])
    return [steps[0], step, 0, ...steps.slice(3)]
  })
  return { sizes: n.sizes, strides }
}
