// Reductions: a spec becomes kept and reduced dimensions, and one of two loop nests (reduce-along.ts, reduce-across.ts):
//   along:  for each output: vectors run along the innermost reduced dimension, lanes are combined at the end
//   across: vectors hold neighbouring outputs; all reduced dimensions are loops
// A long range for few outputs is cut into chunks, by the shapes alone; a second pass of the same kernels combines the partial results in order.
import { bytesOf, type ComputeType, type DType } from '../../../base/dtype.ts'
import { walk as walkExprs } from '../../../base/expr.ts'
import type { Reduction, ReduceSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine } from '../engine.ts'
import { computeNumber, KernelCache } from '../kernel-cache.ts'
import { laneCount } from '../lanes.ts'
import { collapse, cut, type Dims, product, takeInner } from '../loops.ts'
import { laneTypes, type StrideClass, strideClass } from '../operands.ts'
import { buildAcross, STRIP_PAIRS } from './reduce-across.ts'
import { buildAlong } from './reduce-along.ts'

/** What is in the code. `combine`: the inputs are partial accumulators, merged instead of stepped. `partial`: accumulators are stored as they are. */
export interface ReduceVariant {
  readonly reduction: Reduction
  readonly compute: ComputeType
  readonly combine: boolean
  readonly partial: boolean
  readonly scalars: number
  readonly outputs: readonly DType[]
  readonly inputs: readonly DType[]
  /** Stride classes along the vectors: of the inputs, and of the outputs where vectors hold outputs. */
  readonly inputClasses: readonly StrideClass[]
  readonly outputClasses: readonly StrideClass[]
}

/** Elements after which accumulators are added to the totals: what keeps float32 sums accurate. */
export const BLOCK = 2048
const CHUNK = 65536
const MAX_CHUNKS = 256
const GRAIN = 16384
/** Bytes of one accumulator in a slot of scratch memory: eight vectors. */
export const SLOT = 128

/** Zeros for a pair of vectors, then ones: read from n lanes behind the start, its last n lanes are set. */
export const MASK_BYTES = 64

/** Byte offsets of the descriptor's head. Then: scalars (f64), outputs' and inputs' addresses, byte strides, tables of kept and reduced dimensions. */
export const head = {
  keptRank: 0,
  keptItems: 4,
  reducedRank: 8,
  rows: 12,
  rowsPerChunk: 16,
  count: 20,
  last: 24,
  columns: 28,
  lastColumns: 32,
  grain: 36,
  slots: 40,
  masks: 44,
  scalars: 48,
} as const
export const offsets = (v: ReduceVariant) => {
  const addresses = head.scalars + 8 * v.scalars
  const operands = v.outputs.length + v.inputs.length
  /** Outputs, inputs: along the vectors. */
  const vectorStrides = addresses + 4 * operands
  /** Inputs: along the innermost reduced dimension. */
  const innerStrides = vectorStrides + 4 * operands
  return { addresses, vectorStrides, innerStrides, tables: innerStrides + 4 * v.inputs.length }
}

/** An operand while it is planned: a view, or partial results in scratch memory. */
interface Operand {
  readonly address: number
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}
const operand = (view: View): Operand => ({
  address: addressOf(view),
  dtype: view.dtype,
  shape: view.shape,
  strides: view.strides,
})

interface Facts {
  readonly id: number
  readonly key: string
  readonly usesPosition: boolean
}
const facts = new WeakMap<Reduction, Facts>()
/** Equal reductions share their facts, so that one made anew for every call does not fill the cache of kernels. */
const factsByKey = new Map<string, Facts>()
function factsOf(reduction: Reduction): Facts {
  let found = facts.get(reduction)
  if (found === undefined) {
    const ids = [reduction.step, reduction.combine, reduction.finish].map((list) => list.map((e) => e.id).join())
    const key = `${reduction.accTypes.join()} ${reduction.init.join()} ${ids.join(' ')}`
    found = factsByKey.get(key)
    if (found === undefined) {
      let usesPosition = false
      walkExprs(reduction.step, (e) => {
        if (e.op === 'position') usesPosition = true
      })
      factsByKey.set(key, (found = { id: factsByKey.size, key, usesPosition }))
    }
    facts.set(reduction, found)
  }
  return found
}

/** The dtype whose elements are accumulators: positions are integers as wide as the values. */
const partialDType = (compute: ComputeType, type: 'v' | 'i'): DType =>
  type === 'v' ? compute : bytesOf(compute) === 4 ? 'int32' : 'int64'

interface Pass {
  readonly reduction: Reduction
  readonly compute: ComputeType
  readonly combine: boolean
  readonly shape: readonly number[]
  readonly axes: readonly number[]
  readonly inputs: readonly Operand[]
  readonly outputs: readonly Operand[]
  readonly scalars: readonly number[]
}

export function reduceKernel(engine: Engine): (spec: ReduceSpec) => void {
  const cache = new KernelCache()
  const masks = engine.permanent(MASK_BYTES)
  engine.u8.fill(0, masks, masks + MASK_BYTES / 2)
  engine.u8.fill(255, masks + MASK_BYTES / 2, masks + MASK_BYTES)
  return (spec) => {
    if (product(spec.outputs[0].shape) === 0) return
    run(engine, cache, masks, {
      reduction: spec.reduction,
      compute: spec.compute,
      combine: false,
      shape: spec.inputs[0].shape,
      axes: spec.axes,
      inputs: spec.inputs.map(operand),
      outputs: spec.outputs.map(operand),
      scalars: spec.scalars,
    })
  }
}

function run(engine: Engine, cache: KernelCache, masks: number, pass: Pass): void {
  const { reduction, compute, shape, inputs, axes } = pass
  const { id, key, usesPosition } = factsOf(reduction)
  const all = shape.map((_, d) => d)
  const kept = collapse(
    shape,
    [...inputs, ...pass.outputs],
    all.filter((d) => !axes.includes(d)),
    true,
  )
  const reduced = collapse(
    shape,
    inputs,
    all.filter((d) => axes.includes(d)),
    pass.combine || !usesPosition,
  )
  const lanes = laneCount[laneTypes[compute]]
  const across = runsAcross(kept, reduced, inputs.length, lanes)
  const strip = across ? 2 * lanes * STRIP_PAIRS : 1

  const keptCount = product(kept.sizes)
  const empty = axes.some((d) => shape[d] === 0)
  const inner = takeInner(reduced, inputs.length)
  const positionSteps = outerSteps(reduced.sizes, inner.size)
  const piece = cut(reduced, inner, across ? BLOCK / 8 : BLOCK)
  if (reduced.sizes.length > positionSteps.length) positionSteps.push(piece.count)
  const rows = empty ? 0 : product(reduced.sizes)

  const innerKept = across ? (kept.sizes.at(-1) as number) : 1
  const items = (keptCount / innerKept) * Math.ceil(innerKept / strip)
  const rowsPerChunk = Math.max(1, Math.ceil(rows / chunksFor(items, rows, rows * piece.count * keptCount)))
  const chunks = Math.max(1, Math.ceil(rows / rowsPerChunk))

  const target = chunks > 1 ? partialResults(engine, pass, kept, chunks) : { outputs: pass.outputs, kept }
  const { outputs } = target
  const outer: Dims = { sizes: [...target.kept.sizes], strides: [...target.kept.strides] }
  const vector = across ? takeInner(outer, 0) : { size: 1, strides: inner.strides }
  const columns = cut(outer, across ? vector : { size: 1, strides: [...inputs, ...outputs].map(() => 0) }, strip)
  const vectorOut = across ? vector.strides.slice(inputs.length) : outputs.map(() => 1)
  const vectorIn = vector.strides.slice(0, inputs.length)

  const variant: ReduceVariant = {
    reduction,
    compute,
    combine: pass.combine,
    partial: chunks > 1,
    scalars: pass.scalars.length,
    outputs: outputs.map((x) => x.dtype),
    inputs: inputs.map((x) => x.dtype),
    inputClasses: vectorIn.map(strideClass),
    outputClasses: vectorOut.map(strideClass),
  }
  const { combine, partial, inputClasses, outputClasses } = variant
  const flags = (combine ? 1 : 0) + (partial ? 2 : 0) + (across ? 4 : 0)
  const number = computeNumber[compute] + 4 * flags + 32 * pass.scalars.length
  const kernel = cache.find([id], number, [...outputs, ...inputs], [...outputClasses, ...inputClasses], () => {
    const name = `${across ? 'reduceAcross' : 'reduceAlong'} ${compute} ${key} ${combine} ${partial} ${variant.scalars}`
    const build = across ? buildAcross : buildAlong
    return engine.kernel(
      `${name} ${variant.outputs} ${variant.inputs} ${outputClasses} ${inputClasses}`,
      (m, features) => build(m, features, variant),
    )
  })

  const work = items * chunks
  const perItem = (Math.min(rows, rowsPerChunk) * piece.count + 16) * strip
  const grain = Math.max(1, Math.floor(GRAIN / perItem), Math.ceil(work / 1024))
  const slots = across ? 0 : engine.scratch(Math.ceil(work / grain) * SLOT * reduction.accTypes.length)
  const rank = outer.sizes.length + (chunks > 1 ? 1 : 0)
  const operands = inputs.length + outputs.length
  const d = engine.descriptor(
    256 + 8 * pass.scalars.length + 16 * operands + 4 * (rank + reduced.sizes.length) * (2 + operands),
  )
  d.i32(
    rank,
    items,
    reduced.sizes.length,
    rows,
    rowsPerChunk,
    piece.count,
    piece.last,
    columns.count,
    columns.last,
    grain,
    slots,
    masks,
  )
  d.f64(...pass.scalars)
  const bytes = (strides: readonly number[], list: readonly Operand[]): void => {
    for (let k = 0; k < list.length; k++) d.i32(strides[k] * bytesOf(list[k].dtype))
  }
  for (const x of outputs) d.i32(x.address)
  for (const x of inputs) d.i32(x.address)
  bytes(vectorOut, outputs)
  bytes(vectorIn, inputs)
  bytes(inner.strides, inputs)
  if (chunks > 1) {
    d.i32(chunks)
    bytes(
      outputs.map(() => keptCount),
      outputs,
    )
    bytes(
      inputs.map(() => 0),
      inputs,
    )
  }
  outer.sizes.forEach((size, k) => {
    d.i32(size)
    bytes(outer.strides[k].slice(inputs.length), outputs)
    bytes(outer.strides[k], inputs)
  })
  reduced.sizes.forEach((size, k) => {
    d.i32(size, positionSteps[k])
    bytes(reduced.strides[k], inputs)
  })
  engine.dispatch(kernel, d, work, grain)

  if (chunks > 1) combinePartials(engine, cache, masks, pass, outputs, chunks, kept)
}

/** Vectors run along the reduced range where that is contiguous, else across the outputs where these are contiguous and enough. */
function runsAcross(kept: Dims, reduced: Dims, inputs: number, lanes: number): boolean {
  const contiguous = (strides: readonly number[] | undefined): boolean => strides?.slice(0, inputs).includes(1) ?? false
  const size = kept.sizes.at(-1) ?? 1
  return (
    size >= 2 * lanes &&
    !contiguous(reduced.strides.at(-1)) &&
    (contiguous(kept.strides.at(-1)) || reduced.sizes.length === 0)
  )
}

/** A number that depends on nothing but shapes: results must be the same with any number of threads. */
function chunksFor(items: number, rows: number, elements: number): number {
  if (items >= 32 || elements < 2 * CHUNK) return 1
  return Math.max(1, Math.min(rows, MAX_CHUNKS, Math.ceil(elements / CHUNK)))
}

/** Row-major position steps of the outer reduced dimensions. */
function outerSteps(sizes: readonly number[], inner: number): number[] {
  const steps: number[] = []
  for (let d = sizes.length - 1, step = inner; d >= 0; step *= sizes[d--]) steps[d] = step
  return steps
}

/** Scratch memory [chunks, kept...] for each accumulator, and the kept dimensions with its strides. */
function partialResults(engine: Engine, pass: Pass, kept: Dims, chunks: number): { outputs: Operand[]; kept: Dims } {
  const outputs = pass.reduction.accTypes.map((type): Operand => {
    const dtype = partialDType(pass.compute, type)
    return { address: engine.scratch(chunks * product(kept.sizes) * bytesOf(dtype)), dtype, shape: [], strides: [] }
  })
  const dense = outerSteps(kept.sizes, 1)
  const strides = kept.strides.map((list, d) => [...list.slice(0, pass.inputs.length), ...outputs.map(() => dense[d])])
  return { outputs, kept: { sizes: kept.sizes, strides } }
}

/** The second pass reduces the chunks; the spec's outputs are seen through the same kept dimensions. */
function combinePartials(
  engine: Engine,
  cache: KernelCache,
  masks: number,
  pass: Pass,
  partials: readonly Operand[],
  chunks: number,
  kept: Dims,
): void {
  const shape = [chunks, ...kept.sizes]
  const strides = outerSteps(shape, 1)
  run(engine, cache, masks, {
    ...pass,
    combine: true,
    shape,
    axes: [0],
    inputs: partials.map((x) => ({ ...x, shape, strides })),
    outputs: pass.outputs.map((x, k) => ({
      ...x,
      shape,
      strides: [0, ...kept.strides.map((list) => list[pass.inputs.length + k])],
    })),
  })
}
