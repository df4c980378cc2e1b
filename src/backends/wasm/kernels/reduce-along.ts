// for each output (and chunk of its range): hot: vectors of accumulators over each row; what is left of it is the masked end of one more step.
// cold: rows shorter than a step, then all lanes merged into lane 0, finished and stored. hot leaves its accumulators in a slot of scratch memory: V8
// joins vectors from stores.
import type { FuncRef, Local, Module } from '../asm.ts'
import type { Features } from '../engine.ts'
import { LocalPool } from '../lanes.ts'
import { walk } from '../loops.ts'
import { CONTIGUOUS, type Place, SPLAT } from '../operands.ts'
import { advanceBy, ReduceCode, rowLength, word, wordLocal } from './reduce-code.ts'
import { head, type ReduceVariant, SLOT } from './reduce.ts'

/** Elements in a chain of additions before it is added to the total. */
const CHAIN = 512

export function buildAlong(m: Module, features: Features, v: ReduceVariant): void {
  const code = new ReduceCode(m, features, v)
  const { lanes, at } = code
  const step = 2 * lanes
  const { pairs } = code
  const inputs = v.inputs.map((_, k) => k)
  const outputs = v.outputs.map((_, k) => k)

  /** Walks the rows of (desc, .., from, to, addresses...); `body` gets the row's length and pointers. */
  const rows = (
    f: Parameters<Parameters<Module['func']>[3]>[0],
    desc: Local,
    from: Local,
    to: Local,
    addresses: readonly Local[],
    body: (n: Local, places: Place[], position: Local) => void,
  ): void => {
    const table = code.reducedTable(f, desc)
    const n = f.local('i32')
    const position = f.local('i32')
    const strides = inputs.map((k) => wordLocal(f, desc, at.innerStrides + 4 * k))
    const bases = inputs.map(() => f.local('i32'))
    const pointers = [{ base: 0, pointer: position }, ...inputs.map((k) => ({ base: addresses[k], pointer: bases[k] }))]
    // The body moves copies: the walk's own pointers step from row to row.
    const moving = inputs.map(() => f.local('i32'))
    const first = f.local('i32')
    walk(f, table, from, to, pointers, (isLast) => {
      rowLength(f, desc, isLast, head.last, head.count)
      f.set(n)
      inputs.forEach((k) => {
        f.get(bases[k])
        f.set(moving[k])
      })
      f.get(position)
      f.set(first)
      body(
        n,
        inputs.map((k) => ({ address: moving[k], stride: strides[k] })),
        first,
      )
    })
  }

  const hot = m.func('hot', ['i32', 'i32', 'i32', 'i32', ...inputs.map(() => 'i32' as const)], [], (f) => {
    const [desc, slot, from, to, ...addresses] = f.args
    const pool = new LocalPool(f)
    code.begin(f, desc)
    const accs = code.accumulators(f, 2 * pairs)
    const totals = code.blocked ? code.accumulators(f, 2 * pairs) : accs
    const { left, since, masks } = f.locals('i32', 'left', 'since', 'masks')
    const mask = [0, 1].map(() => f.local('v128'))
    const splats = inputs.map((k) => (v.inputClasses[k] === SPLAT ? f.local('v128') : null))
    code.reset(f, pool, accs)
    if (code.blocked) code.reset(f, pool, totals)
    rows(f, desc, from, to, addresses, (n, places, position) => {
      const move = (elements: () => void): void => {
        inputs.forEach((k) =>
          advanceBy(f, places[k].address, v.inputClasses[k], elements, code.inputWidths[k], places[k].stride),
        )
        f.inc(position, elements)
      }
      const steps = (blocks: number, masked = false): void => {
        for (let block = blocks - 1; block >= 0; block--) {
          code.advance(
            f,
            pool,
            accs,
            block,
            lanes,
            (k) => {
              const splat = splats[k]
              if (splat) f.get(splat)
              else code.loadInput(f, k, v.inputClasses[k], places[k], block)
            },
            () => code.pushPosition(f, position, block, 1),
            masked ? mask[block] : undefined,
          )
        }
      }
      const loop = (blocks: number): void => {
        f.while(
          () => {
            f.get(left)
            f.i32(blocks * lanes)
            f.op('i32.ge_u')
          },
          () => {
            steps(blocks)
            move(() => f.i32(blocks * lanes))
            f.inc(left, -blocks * lanes)
          },
        )
      }
      splats.forEach((splat, k) => {
        if (splat === null) return
        code.loadInput(f, k, SPLAT, places[k], 0)
        f.set(splat)
      })
      f.get(n)
      f.set(left)
      if (pairs > 1) loop(2 * pairs)
      loop(2)
      f.get(left)
      f.i32(0)
      f.op('i32.ne')
      f.get(n)
      f.i32(step)
      f.op('i32.ge_u', 'i32.and')
      f.if(() => {
        move(() => {
          f.get(left)
          f.i32(step)
          f.op('i32.sub')
        })
        word(f, desc, head.masks)()
        f.get(left)
        f.i32(32 / step)
        f.op('i32.mul', 'i32.add')
        f.set(masks)
        for (const block of [0, 1]) {
          f.get(masks)
          f.load('v128.load', 16 * block)
          f.set(mask[block])
        }
        steps(2, true)
      })
      if (!code.blocked) return
      f.inc(since, n)
      f.get(since)
      f.i32(CHAIN * lanes)
      f.op('i32.ge_u')
      f.if(() => {
        code.flush(f, pool, totals, accs, lanes)
        f.i32(0)
        f.set(since)
      })
    })
    if (code.blocked) code.flush(f, pool, totals, accs, lanes)
    totals.forEach((blocks, k) => {
      for (let block = blocks.length - 1; block >= 0; block--) {
        f.get(slot)
        f.get(blocks[block])
        f.store('v128.store', k * SLOT + 16 * block)
      }
    })
  })

  const i32s = (n: number) => new Array<'i32'>(n).fill('i32')
  /** (desc, slot, hot has run, from, to, outputs..., inputs...) */
  const cold = m.func('cold', i32s(5 + outputs.length + inputs.length), [], (f) => {
    const [desc, slot, hasRun, from, to, ...addresses] = f.args
    const pool = new LocalPool(f)
    code.begin(f, desc)
    const tail = code.accumulators(f, 1)
    const totals = code.blocked ? code.accumulators(f, 1) : tail
    const left = f.local('i32')
    const since = f.local('i32')
    code.reset(f, pool, tail)
    if (code.blocked) code.reset(f, pool, totals)
    word(f, desc, head.last)()
    f.i32(step)
    f.op('i32.lt_u')
    f.if(() => {
      rows(f, desc, from, to, addresses.slice(outputs.length), (n, places, position) => {
        f.get(n)
        f.i32(0)
        f.get(n)
        f.i32(step)
        f.op('i32.lt_u', 'select')
        f.set(left)
        f.while(
          () => f.get(left),
          () => {
            code.advance(
              f,
              pool,
              tail,
              0,
              1,
              (k) => code.loadInput(f, k, SPLAT, places[k], 0),
              () => code.pushPosition(f, position, 0, 0),
            )
            inputs.forEach((k) =>
              advanceBy(f, places[k].address, v.inputClasses[k], 1, code.inputWidths[k], places[k].stride),
            )
            f.inc(position, 1)
            f.inc(left, -1)
          },
        )
        if (!code.blocked) return
        f.inc(since, 1)
        f.get(since)
        f.i32(CHAIN / step)
        f.op('i32.ge_u')
        f.if(() => {
          code.flush(f, pool, totals, tail, 1)
          f.i32(0)
          f.set(since)
        })
      })
    })
    if (code.blocked) code.flush(f, pool, totals, tail, 1)
    f.get(hasRun)
    f.if(() => {
      const accs = code.accumulators(f, 2 * pairs)
      accs.forEach((blocks, k) => {
        blocks.forEach((local, block) => {
          f.get(slot)
          f.load('v128.load', k * SLOT + 16 * block)
          f.set(local)
        })
      })
      for (let width = pairs; width >= 1; width /= 2) {
        for (let block = 0; block < width; block++)
          code.merge(f, pool, accs, block, lanes, (k) => f.get(accs[k][block + width]))
      }
      for (let width = lanes / 2; width >= 1; width /= 2) {
        const other = accs.map(([local]) => {
          const moved = f.local('v128')
          f.get(local)
          f.get(local)
          // Lane `width` comes to lane 0, and with it the lanes behind it.
          if (width * 2 === lanes) f.shuffle32(2, 3, 2, 3)
          else f.shuffle32(1, 1, 1, 1)
          f.set(moved)
          return moved
        })
        code.merge(f, pool, accs, 0, lanes, (k) => f.get(other[k]))
      }
      code.merge(f, pool, accs, 0, 1, (k) => f.get(totals[k][0]))
      accs.forEach(([local], k) => {
        f.get(local)
        f.set(totals[k][0])
      })
    })
    const places = outputs.map((k): Place => ({ address: addresses[k], stride: desc }))
    code.store(
      f,
      pool,
      totals,
      [0],
      1,
      outputs.map(() => CONTIGUOUS),
      places,
      desc,
    )
  })

  buildItems(m, code, (f, desc, slot, from, to, pointers) => {
    const hasRun = f.local('i32')
    word(f, desc, head.count)()
    f.i32(step)
    f.op('i32.ge_u')
    f.tee(hasRun)
    f.if(() => {
      for (const local of [desc, slot, from, to, ...pointers.slice(outputs.length)]) f.get(local)
      f.call(hot)
    })
    for (const local of [desc, slot, hasRun, from, to, ...pointers]) f.get(local)
    f.call(cold)
  })
}

type Item = (
  f: Parameters<Parameters<Module['kernel']>[1]>[0],
  desc: Local,
  slot: Local,
  from: Local,
  to: Local,
  pointers: Local[],
  isLast: () => void,
) => void

/** The kernel: for each item, its operands' addresses and its rows [from, to) of the reduced range. */
export function buildItems(m: Module, code: ReduceCode, item: Item): FuncRef {
  const operands = code.v.outputs.length + code.v.inputs.length
  return m.kernel('reduce', (f, desc, begin, end) => {
    const { table, rank, slot, from, to } = f.locals('i32', 'table', 'rank', 'slot', 'from', 'to')
    f.get(desc)
    f.i32(code.at.tables)
    f.op('i32.add')
    f.set(table)
    word(f, desc, head.keptRank)()
    f.set(rank)
    word(f, desc, head.slots)()
    f.get(begin)
    word(f, desc, head.grain)()
    f.op('i32.div_u')
    f.i32(SLOT * code.v.reduction.accTypes.length)
    f.op('i32.mul', 'i32.add')
    f.set(slot)
    const pointers = Array.from({ length: operands }, (_, k) => ({
      base: word(f, desc, code.at.addresses + 4 * k),
      pointer: f.local('i32'),
    }))
    walk(f, { address: table, rank, width: operands }, begin, end, pointers, (isLast, i) => {
      f.get(i)
      word(f, desc, head.keptItems)()
      f.op('i32.div_u')
      word(f, desc, head.rowsPerChunk)()
      f.op('i32.mul')
      f.tee(from)
      word(f, desc, head.rowsPerChunk)()
      f.op('i32.add')
      f.tee(to)
      word(f, desc, head.rows)()
      f.get(to)
      word(f, desc, head.rows)()
      f.op('i32.lt_u', 'select')
      f.set(to)
      item(
        f,
        desc,
        slot,
        from,
        to,
        pointers.map(({ pointer }) => pointer),
        isLast,
      )
    })
  })
}
