// for each strip of neighbouring outputs (and chunk of the range): one lane per output, all reduced dimensions are loops around one step.
// A strip is a few pairs of vectors; a shorter last strip is done pair by pair, then output by output.
import type { FuncRef, Local, Module } from '../asm.ts'
import type { Features } from '../engine.ts'
import { LocalPool } from '../lanes.ts'
import { walk } from '../loops.ts'
import { type Place, SPLAT } from '../operands.ts'
import { buildItems } from './reduce-along.ts'
import { advanceBy, ReduceCode, rowLength, wordLocal } from './reduce-code.ts'
import { head, type ReduceVariant } from './reduce.ts'
import { bytesOf } from '../../../base/dtype.ts'

/** Pairs of vectors in a strip: 128 bytes of each row. */
export const STRIP_PAIRS = 4
/** Elements in a chain of additions before it is added to the total. */
const CHAIN = 256

export function buildAcross(m: Module, features: Features, v: ReduceVariant): void {
  const code = new ReduceCode(m, features, v)
  const { lanes, at } = code
  const inputs = v.inputs.map((_, k) => k)
  const outputs = v.outputs.map((_, k) => k)
  const operands = [...v.outputs, ...v.inputs]
  const classes = [...v.outputClasses, ...v.inputClasses]
  const types = new Array<'i32'>(3 + operands.length).fill('i32')

  /** (desc, from, to, outputs..., inputs...): all rows for `blocks` vectors of outputs, or for one output. */
  const strip = (name: string, blocks: number, active: number): FuncRef =>
    m.func(name, types, [], (f) => {
      const [desc, from, to, ...addresses] = f.args
      const pool = new LocalPool(f)
      code.begin(f, desc)
      const vectorStrides = operands.map((_, k) => wordLocal(f, desc, at.vectorStrides + 4 * k))
      const steps = inputs.map((k) => wordLocal(f, desc, at.innerStrides + 4 * k))
      const accs = code.accumulators(f, blocks)
      const totals = code.blocked ? code.accumulators(f, blocks) : accs
      code.reset(f, pool, accs)
      if (code.blocked) code.reset(f, pool, totals)
      const { position, first, left, since } = f.locals('i32', 'position', 'first', 'left', 'since')
      const bases = inputs.map(() => f.local('i32'))
      const places = inputs.map((k): Place => ({ address: f.local('i32'), stride: vectorStrides[outputs.length + k] }))
      const pointers = [
        { base: 0, pointer: position },
        ...inputs.map((k) => ({ base: addresses[outputs.length + k], pointer: bases[k] })),
      ]
      walk(f, code.reducedTable(f, desc), from, to, pointers, (isLast) => {
        rowLength(f, desc, isLast, head.last, head.count)
        f.set(left)
        f.inc(since, left)
        f.get(position)
        f.set(first)
        inputs.forEach((k) => {
          f.get(bases[k])
          f.set(places[k].address)
        })
        f.loop((again) => {
          for (let block = blocks - 1; block >= 0; block--) {
            const load = (k: number): void =>
              code.loadInput(f, k, active === 1 ? SPLAT : v.inputClasses[k], places[k], block)
            code.advance(f, pool, accs, block, active, load, () => code.pushPosition(f, first, block, 0))
          }
          inputs.forEach((k) => f.inc(places[k].address, steps[k]))
          f.inc(first, 1)
          f.inc(left, -1)
          f.get(left)
          f.brIf(again)
        })
        if (!code.blocked) return
        f.get(since)
        f.i32(CHAIN)
        f.op('i32.ge_u')
        f.if(() => {
          code.flush(f, pool, totals, accs, active)
          f.i32(0)
          f.set(since)
        })
      })
      if (code.blocked) code.flush(f, pool, totals, accs, active)
      const targets = outputs.map((k): Place => ({ address: addresses[k], stride: vectorStrides[k] }))
      const list = Array.from({ length: blocks }, (_, block) => block)
      code.store(f, pool, totals, list, active, v.outputClasses, targets, desc)
    })
  const sizes = [
    { elements: 2 * lanes * STRIP_PAIRS, func: strip('strip', 2 * STRIP_PAIRS, lanes) },
    { elements: 2 * lanes, func: strip('pair', 2, lanes) },
    { elements: 1, func: strip('single', 1, 1) },
  ]

  buildItems(m, code, (f, desc, _slot, from, to, pointers, isLast) => {
    const columns = f.local('i32')
    const strides = operands.map((_, k) => wordLocal(f, desc, at.vectorStrides + 4 * k))
    const moving: Local[] = pointers.map((pointer) => {
      const local = f.local('i32')
      f.get(pointer)
      f.set(local)
      return local
    })
    rowLength(f, desc, isLast, head.lastColumns, head.columns)
    f.set(columns)
    for (const { elements, func } of sizes) {
      f.while(
        () => {
          f.get(columns)
          f.i32(elements)
          f.op('i32.ge_u')
        },
        () => {
          for (const local of [desc, from, to, ...moving]) f.get(local)
          f.call(func)
          operands.forEach((dtype, k) => advanceBy(f, moving[k], classes[k], elements, bytesOf(dtype), strides[k]))
          f.inc(columns, -elements)
        },
      )
    }
  })
}
