// What both loop nests of reduce.ts share in code: accumulators in locals, stepping them, merging them, storing results.
import { bytesOf, type ComputeType, type DType } from '../../../base/dtype.ts'
import { typeOf, walk } from '../../../base/expr.ts'
import type { Func, I32, Local, Module } from '../asm.ts'
import type { Features } from '../engine.ts'
import { holdsPosition, printer } from '../expr-codegen.ts'
import { Evaluation, type Leaf, Lanes, laneCount, type LaneType, LocalPool, type Word } from '../lanes.ts'
import type { Table } from '../loops.ts'
import {
  bitsOf,
  emitStore,
  formatOf,
  laneTypes,
  type Place,
  pushLoad,
  pushScalar,
  SPLAT,
  STRIDED,
  type StrideClass,
  toStored,
} from '../operands.ts'
import { head, offsets, type ReduceVariant } from './reduce.ts'

/** One accumulator per entry of the reduction, each in one local per block of lanes. */
export type Accumulators = readonly (readonly Local[])[]

export class ReduceCode {
  readonly v: ReduceVariant
  readonly type: LaneType
  readonly lanes: number
  readonly at: ReturnType<typeof offsets>
  /** Whether sums of many elements need a second level. */
  readonly blocked: boolean
  readonly usesPosition: boolean
  readonly inputWidths: readonly number[]
  private readonly laneSelect: string
  private readonly stepScalars: readonly number[]
  private scalars: ReadonlyMap<number, Local> = new Map()
  private readonly step: readonly Word[]
  private readonly combine: readonly Word[]
  private readonly results: readonly Word[]
  private readonly init: readonly Word[]
  private readonly inputFormats: readonly ReturnType<typeof formatOf>[]
  private readonly outputFormats: readonly ReturnType<typeof formatOf>[]

  constructor(m: Module, features: Features, v: ReduceVariant) {
    const { reduction, compute, outputs, inputs } = v
    const { accTypes } = reduction
    const l = new Lanes(m, features.relaxedFma)
    this.v = v
    this.laneSelect = features.relaxedFma ? 'i32x4.relaxed_laneselect' : 'v128.bitselect'
    this.type = laneTypes[compute]
    this.lanes = laneCount[this.type]
    this.at = offsets(v)
    this.blocked = compute === 'float32' || compute === 'float64'
    const places: ComputeType = bitsOf(this.type) === 32 ? 'int32' : 'int64'
    const print = printer(l, { compute, inputs: v.combine ? [] : inputs, accTypes })
    const raw = (dtype: DType): ReturnType<typeof formatOf> => formatOf(dtype as ComputeType, dtype)

    this.combine = reduction.combine.map(print)
    this.step = v.combine ? this.combine : reduction.step.map(print)
    this.init = accTypes.map((t, k) => l.constant(t === 'i' ? laneTypes[places] : this.type, reduction.init[k]))
    this.inputFormats = inputs.map((dtype) => (v.combine ? raw(dtype) : formatOf(compute, dtype)))
    if (v.partial) {
      this.results = accTypes.map((_, k) => l.leaf('acc', k))
      this.outputFormats = outputs.map(raw)
    } else {
      const types = reduction.finish.map((e) => (holdsPosition(e, accTypes) ? places : compute))
      this.results = reduction.finish.map((e, k) => toStored(l, types[k], outputs[k], print(e)))
      this.outputFormats = outputs.map((dtype, k) => formatOf(types[k], dtype))
    }
    this.inputWidths = inputs.map(bytesOf)
    let usesPosition = false
    const stepScalars = new Set<number>()
    if (!v.combine) {
      walk(reduction.step, (e) => {
        usesPosition ||= e.op === 'position'
        if (e.op === 'scalar') stepScalars.add(e.value)
      })
    }
    this.usesPosition = usesPosition
    this.stepScalars = [...stepScalars]
  }

  /** Pairs of vectors that are in flight at once: enough to hide the latency of a short step. */
  get pairs(): number {
    let nodes = 0
    walk(this.v.reduction.step, (e) => void (nodes += e.args.length > 0 && typeOf(e) !== 'm' ? 1 : 0))
    return nodes > 4 ? 1 : this.v.reduction.accTypes.length === 1 ? 4 : 2
  }

  /** At the start of a function: the scalars of its loops. */
  begin(f: Func, desc: Local): void {
    this.scalars = new Map(
      this.stepScalars.map((index) => {
        const local = f.local('v128')
        pushScalar(f, this.type, desc, head.scalars + 8 * index)
        f.set(local)
        return [index, local]
      }),
    )
  }
  accumulators(f: Func, blocks: number): Accumulators {
    return this.init.map(() => Array.from({ length: blocks }, () => f.local('v128')))
  }
  reset(f: Func, pool: LocalPool, accs: Accumulators): void {
    const values = new Evaluation(f, pool, this.lanes, () => {}).roots(this.init)
    accs.forEach((blocks, k) => {
      for (const local of blocks) {
        f.get(values[k])
        f.set(local)
      }
    })
    values.forEach((local) => pool.give(local))
  }

  /** All accumulators of one block become step(inputs, accumulators, position), at once, in the lanes that `mask` has set. */
  advance(
    f: Func,
    pool: LocalPool,
    accs: Accumulators,
    accBlock: number,
    active: number,
    load: (k: number) => void,
    position: () => void,
    mask?: Local,
  ): void {
    const leafAt = (leaf: Leaf): void => {
      if (leaf.kind === 'position') position()
      else if (leaf.kind === 'scalar') f.get(this.scalars.get(leaf.index) as Local)
      else load(leaf.index)
    }
    this.assign(f, pool, this.step, accs, accBlock, active, leafAt, mask)
  }
  /** accs = combine(accs, other) in one block. */
  merge(f: Func, pool: LocalPool, accs: Accumulators, block: number, active: number, other: (k: number) => void): void {
    this.assign(f, pool, this.combine, accs, block, active, (leaf) => other(leaf.index))
  }
  private assign(
    f: Func,
    pool: LocalPool,
    words: readonly Word[],
    accs: Accumulators,
    block: number,
    active: number,
    leafAt: (leaf: Leaf) => void,
    mask?: Local,
  ): void {
    const leaf = (found: Leaf): void => (found.kind === 'acc' ? f.get(accs[found.index][block]) : leafAt(found))
    const values = new Evaluation(f, pool, active, leaf).roots(words)
    values.forEach((local, k) => {
      f.get(local)
      if (mask !== undefined) {
        f.get(accs[k][block])
        f.get(mask)
        f.op(this.laneSelect)
      }
      f.set(accs[k][block])
      pool.give(local)
    })
  }
  /** totals = combine(totals, accs), then accs start anew. */
  flush(f: Func, pool: LocalPool, totals: Accumulators, accs: Accumulators, active: number): void {
    totals[0].forEach((_, block) => this.merge(f, pool, totals, block, active, (k) => f.get(accs[k][block])))
    this.reset(f, pool, accs)
  }

  loadInput(f: Func, k: number, cls: StrideClass, place: Place, block: number): void {
    pushLoad(f, this.inputFormats[k], cls, this.inputWidths[k], place, block)
  }
  /** Positions of the lanes of a block: `first` + `by` per lane. */
  pushPosition(f: Func, first: Local, block: number, by: number): void {
    f.get(first)
    if (this.lanes === 4) {
      f.op('i32x4.splat')
      if (by === 0) return
      f.v128(new Uint8Array(Int32Array.from([0, 1, 2, 3], (k) => k + 4 * block).buffer))
      f.op('i32x4.add')
      return
    }
    f.op('i64.extend_i32_s', 'i64x2.splat')
    if (by === 0) return
    f.v128(new Uint8Array(BigInt64Array.from([0n, 1n], (k) => k + BigInt(2 * block)).buffer))
    f.op('i64x2.add')
  }

  /** Stores finish(accs) of one block. */
  store(
    f: Func,
    pool: LocalPool,
    accs: Accumulators,
    blocks: readonly number[],
    active: number,
    classes: readonly StrideClass[],
    places: readonly Place[],
    desc: Local,
  ): void {
    const values = blocks.map((block) =>
      new Evaluation(f, pool, active, (leaf) => {
        if (leaf.kind === 'acc') f.get(accs[leaf.index][block])
        else pushScalar(f, this.type, desc, head.scalars + 8 * leaf.index)
      }).roots(this.results),
    )
    for (let j = blocks.length - 1; j >= 0; j--) {
      this.v.outputs.forEach((dtype, k) => {
        emitStore(f, this.outputFormats[k], classes[k], bytesOf(dtype), places[k], blocks[j], values[j][k], active)
      })
    }
    values.flat().forEach((local) => pool.give(local))
  }

  /** The table of the reduced dimensions, which stands behind that of the kept ones. */
  reducedTable(f: Func, desc: Local): Table {
    const { address, rank } = f.locals('i32', 'address', 'rank')
    const operands = this.v.outputs.length + this.v.inputs.length
    f.get(desc)
    f.i32(this.at.tables)
    f.op('i32.add')
    f.get(desc)
    f.load('i32.load', head.keptRank)
    f.i32(4 * (1 + operands))
    f.op('i32.mul', 'i32.add')
    f.set(address)
    f.get(desc)
    f.load('i32.load', head.reducedRank)
    f.set(rank)
    return { address, rank, width: 1 + this.v.inputs.length }
  }
}

/** Pushes a word of the descriptor. */
export const word = (f: Func, desc: Local, offset: number) => (): void => {
  f.get(desc)
  f.load('i32.load', offset)
}

/** A word of the descriptor in a local; `unless` spares the load of strides that are not used. */
export function wordLocal(f: Func, desc: Local, offset: number): Local {
  const local = f.local('i32')
  word(f, desc, offset)()
  f.set(local)
  return local
}

/** Pushes `i`'s row length: the last row of the innermost dimension may be shorter. */
export const rowLength = (f: Func, desc: Local, isLast: () => void, last: number, count: number): void => {
  word(f, desc, last)()
  word(f, desc, count)()
  isLast()
  f.op('select')
}

export const advanceBy = (
  f: Func,
  address: Local,
  cls: StrideClass,
  elements: I32,
  width: number,
  stride: Local,
): void => {
  if (cls === SPLAT) return
  f.inc(address, () => {
    f.push(elements)
    if (cls === STRIDED) f.get(stride)
    else f.i32(width)
    f.op('i32.mul')
  })
}
