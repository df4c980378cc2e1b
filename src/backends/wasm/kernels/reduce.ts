// Reductions: a spec becomes kept and reduced dimensions, and one of two loop nests (reduce-along.ts, reduce-across.ts):
//   along:  for each output: vectors run along the innermost reduced dimension, lanes are combined at the end
//   across: vectors hold neighbouring outputs; all reduced dimensions are loops
// A long range for few outputs is cut into chunks, by the shapes alone; a second pass of the same kernels combines the partial results in order.
import { collapse, type Dims } from '../../../runtime/dims.ts'
import { bytesOf, type ComputeType, type DType } from '../../../base/dtype.ts'
import { walk as walkExprs } from '../../../base/expr.ts'
import type { Reduction, ReduceSpec, View } from '../../../runtime/spec.ts'
import { addressOf, type Engine } from '../engine.ts'
import { computeNumber, KernelCache } from '../kernel-cache.ts'
import { laneCount } from '../lanes.ts'
import { cut, product, takeInner, widthsOf } from '../loops.ts'
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
/** Elements of a chunk: of one range in a row; of several ranges that lie between each other, which are read one after the other. */
const [CHUNK, CHUNK_BETWEEN] = [65536, 16384]
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

/** A view's elements, or partial results in scratch memory. */
interface Operand {
  readonly address: number
  readonly dtype: DType
}
const operand = (view: View): Operand => ({ address: addressOf(view), dtype: view.dtype })

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

/** A spec, or the second pass over its partial results. Strides are those of inputs, then (of `kept`) outputs. */
interface Pass {
  readonly reduction: Reduction
  readonly compute: ComputeType
  readonly combine: boolean
  readonly kept: Dims
  readonly reduced: Dims
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
    const { reduction, compute, axes, inputs, outputs, scalars } = spec
    if (product(outputs[0].shape) === 0) return
    const { shape } = inputs[0]
    const [keptDims, reducedDims]: number[][] = [[], []]
    for (let d = 0; d < shape.length; d++) (axes.includes(d) ? reducedDims : keptDims).push(d)
    run(engine, cache, masks, {
      reduction,
      compute,
      combine: false,
      kept: collapse(shape, [...inputs, ...outputs], keptDims, true),
      reduced: collapse(shape, inputs, reducedDims, !factsOf(reduction).usesPosition),
      inputs: inputs.map(operand),
      outputs: outputs.map(operand),
      scalars,
    })
  }
}

function run(engine: Engine, cache: KernelCache, masks: number, pass: Pass): void {
  const { reduction, compute, combine, inputs, kept, reduced, scalars } = pass
  const lanes = laneCount[laneTypes[compute]]
  const across = runsAcross(kept, reduced, inputs.length, lanes)
  const strip = across ? 2 * lanes * STRIP_PAIRS : 1

  const keptCount = product(kept.sizes)
  const isEmpty = product(reduced.sizes) === 0
  const inner = takeInner(reduced, inputs.length)
  const positionSteps = outerSteps(reduced.sizes, inner.size)
  const piece = cut(reduced, inner, across ? BLOCK / 8 : BLOCK)
  if (reduced.sizes.length > positionSteps.length) positionSteps.push(piece.count)
  const rows = isEmpty ? 0 : product(reduced.sizes)

  const innerKept = across ? kept.sizes[kept.sizes.length - 1] : 1
  const items = (keptCount / innerKept) * Math.ceil(innerKept / strip)
  const rowsPerChunk = Math.max(1, Math.ceil(rows / chunksFor(items, rows, rows * piece.count * keptCount)))
  const chunks = Math.max(1, Math.ceil(rows / rowsPerChunk))

  const target = chunks > 1 ? partialResults(engine, pass, chunks, keptCount) : { outputs: pass.outputs, kept }
  const { outputs } = target
  const operands = [...outputs, ...inputs]
  const outer: Dims = { sizes: target.kept.sizes.slice(), strides: target.kept.strides.slice() }
  const vector = across ? takeInner(outer, 0) : { size: 1, strides: inner.strides }
  const columns = cut(outer, across ? vector : { size: 1, strides: new Array<number>(operands.length).fill(0) }, strip)
  const vectorIn = vector.strides.slice(0, inputs.length)
  const vectorOut = across ? vector.strides.slice(inputs.length) : new Array<number>(outputs.length).fill(1)
  const vectorStrides = vectorOut.concat(vectorIn)
  const classes = new Array<StrideClass>(operands.length)
  for (let k = 0; k < classes.length; k++) classes[k] = strideClass(vectorStrides[k])

  const flags = (combine ? 1 : 0) + (chunks > 1 ? 2 : 0) + (across ? 4 : 0)
  const number = computeNumber[compute] + 4 * flags + 32 * scalars.length
  const facts = factsOf(reduction)
  const kernel = cache.find([facts], number, operands, classes, () => {
    const variant: ReduceVariant = {
      reduction,
      compute,
      combine,
      partial: chunks > 1,
      scalars: scalars.length,
      outputs: outputs.map((x) => x.dtype),
      inputs: inputs.map((x) => x.dtype),
      outputClasses: classes.slice(0, outputs.length),
      inputClasses: classes.slice(outputs.length),
    }
    const name = `${across ? 'reduceAcross' : 'reduceAlong'} ${compute} ${facts.key} ${combine} ${chunks > 1}`
    const key = `${name} ${scalars.length} ${variant.outputs} ${variant.inputs} ${classes}`
    const build = across ? buildAcross : buildAlong
    return engine.kernel(key, (m, features) => build(m, features, variant))
  })

  const work = items * chunks
  const perItem = (Math.min(rows, rowsPerChunk) * piece.count + 16) * strip
  const grain = Math.max(1, Math.floor(GRAIN / perItem), Math.ceil(work / 1024))
  const slots = across ? 0 : engine.scratch(Math.ceil(work / grain) * SLOT * reduction.accTypes.length)
  const rank = outer.sizes.length + (chunks > 1 ? 1 : 0)
  const words = 64 + 2 * scalars.length + 4 * operands.length + (rank + reduced.sizes.length) * (2 + operands.length)
  const { address } = engine.descriptor(4 * words)
  const { i32, f64 } = engine
  const widths = widthsOf(operands)
  let at = address / 4
  i32[at++] = rank
  i32[at++] = items
  i32[at++] = reduced.sizes.length
  i32[at++] = rows
  i32[at++] = rowsPerChunk
  i32[at++] = piece.count
  i32[at++] = piece.last
  i32[at++] = columns.count
  i32[at++] = columns.last
  i32[at++] = grain
  i32[at++] = slots
  i32[at++] = masks
  for (let k = 0; k < scalars.length; k++, at += 2) f64[at / 2] = scalars[k]
  /** Strides of the operands from `first` on, in bytes. */
  const put = (strides: readonly number[], first: number): void => {
    for (let k = 0; k < strides.length; k++) i32[at++] = strides[k] * widths[first + k]
  }
  const ofInputs = outputs.length
  for (let k = 0; k < operands.length; k++) i32[at++] = operands[k].address
  put(vectorStrides, 0)
  put(inner.strides, ofInputs)
  if (chunks > 1) {
    i32[at++] = chunks
    for (let k = 0; k < operands.length; k++) i32[at++] = k < ofInputs ? keptCount * widths[k] : 0
  }
  for (let d = 0; d < outer.sizes.length; d++) {
    i32[at++] = outer.sizes[d]
    put(outer.strides[d].slice(inputs.length), 0)
    put(outer.strides[d].slice(0, inputs.length), ofInputs)
  }
  for (let d = 0; d < reduced.sizes.length; d++) {
    i32[at++] = reduced.sizes[d]
    i32[at++] = positionSteps[d]
    put(reduced.strides[d], ofInputs)
  }
  engine.dispatch(kernel, address, work, grain)
  if (chunks > 1) combinePartials(engine, cache, masks, pass, outputs, chunks, keptCount)
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
  const chunk = items > 1 ? CHUNK_BETWEEN : CHUNK
  if (items >= 32 || elements < 2 * chunk) return 1
  return Math.max(1, Math.min(rows, MAX_CHUNKS, Math.ceil(elements / chunk)))
}

/** Row-major position steps of the outer reduced dimensions. */
function outerSteps(sizes: readonly number[], inner: number): number[] {
  const steps: number[] = []
  for (let d = sizes.length - 1, step = inner; d >= 0; step *= sizes[d--]) steps[d] = step
  return steps
}

/** Scratch memory [chunks, kept...] for each accumulator, and the kept dimensions with its strides. */
function partialResults(engine: Engine, pass: Pass, chunks: number, keptCount: number): Pick<Pass, 'outputs' | 'kept'> {
  const { reduction, compute, inputs, kept } = pass
  const outputs = reduction.accTypes.map((type): Operand => {
    const dtype = partialDType(compute, type)
    return { address: engine.scratch(chunks * keptCount * bytesOf(dtype)), dtype }
  })
  const dense = outerSteps(kept.sizes, 1)
  const strides = kept.strides.map((list, d) => list.slice(0, inputs.length).concat(outputs.map(() => dense[d])))
  return { outputs, kept: { sizes: kept.sizes, strides } }
}

/** The second pass reduces the chunks, in order. */
function combinePartials(
  engine: Engine,
  cache: KernelCache,
  masks: number,
  pass: Pass,
  partials: readonly Operand[],
  chunks: number,
  keptCount: number,
): void {
  const { kept, inputs } = pass
  const dense = outerSteps(kept.sizes, 1)
  const strides = kept.strides.map((list, d) => partials.map(() => dense[d]).concat(list.slice(inputs.length)))
  run(engine, cache, masks, {
    ...pass,
    combine: true,
    kept: { sizes: kept.sizes, strides },
    reduced: { sizes: [chunks], strides: [partials.map(() => keptCount)] },
    inputs: partials,
  })
}
