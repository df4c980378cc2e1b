// Packing several panels of an operand: as a pass in front of gemm, and inside its items (gemm-blocks.ts). Panels with contiguous lanes are packed side by
// side, by short runs of k: alone, each would touch every row of the operand, which may be a page of memory away from the next, for a few lanes.
import type { FuncRef, Local, Module } from '../asm.ts'
import { byHeight, fields, firstOfPanel, locals, minus, readFields, setMin, splitOff, sumOf } from './gemm-code.ts'
import { type Machine, shapeOf } from './gemm-micro.ts'
import { type Bytes, packer } from './gemm-pack.ts'

/** Steps of k that one panel takes before its neighbour has its turn: so many rows of the source stay in the nearest cache. */
const spreadSteps = 16

/**
 * dst[panel][k][lane] = src[lane, k] where lanes are contiguous, for panels of `lanes` one behind the other: (src, kStride, dst, k, panels). Panels take
 * turns, so that a row of the source, which may be a page of memory away from the next, is read once.
 */
function spreader(mod: Module, bytes: Bytes, lanes: number): FuncRef {
  /** Registers of 16, 8 and 4 bytes that hold the lanes. */
  const pieces: { readonly at: number; readonly type: string }[] = []
  for (let at = 0, rest = lanes * bytes; rest > 0; ) {
    const [size, type] =
      rest >= 16 ? ([16, 'v128'] as const) : rest >= 8 ? ([8, 'i64'] as const) : ([4, 'i32'] as const)
    pieces.push({ at, type })
    at += size
    rest -= size
  }
  return mod.func(`spread${lanes}`, new Array<'i32'>(5).fill('i32'), [], (f) => {
    const [src, kStride, dst, k, panels] = f.args
    const l = locals(f, 'left steps panel from row step to panelBytes there')
    sumOf(f, 0, [k, lanes * bytes])
    f.set(l.panelBytes)
    f.get(k)
    f.set(l.left)
    f.while(
      () => f.get(l.left),
      () => {
        setMin(f, l.steps, l.left, spreadSteps)
        f.get(src)
        f.set(l.from)
        f.get(dst)
        f.set(l.there)
        f.range(l.panel, 0, panels, 1, () => {
          f.get(l.from)
          f.set(l.row)
          f.get(l.there)
          f.set(l.to)
          f.range(l.step, 0, l.steps, 1, () => {
            for (const { at, type } of pieces) {
              f.get(l.to)
              f.get(l.row)
              f.load(`${type}.load`, at)
              f.store(`${type}.store`, at)
            }
            f.inc(l.row, kStride)
            f.inc(l.to, lanes * bytes)
          })
          f.inc(l.from, lanes * bytes)
          f.inc(l.there, l.panelBytes)
        })
        sumOf(f, src, [l.steps, kStride])
        f.set(src)
        sumOf(f, dst, [l.steps, lanes * bytes])
        f.set(dst)
        f.get(l.left)
        f.get(l.steps)
        f.op('i32.sub')
        f.set(l.left)
      },
    )
  })
}

/** (src, laneStride, kStride, dst, lanes, k, panels): panels of so many lanes each, one behind the other. `lanes` is one of `widths`. */
export function panelsPacker(mod: Module, bytes: Bytes, widths: readonly number[], pack: FuncRef): FuncRef {
  const spreads = widths.map((width) => [width, spreader(mod, bytes, width)] as const)
  return mod.func('packPanels', new Array<'i32'>(7).fill('i32'), [], (f) => {
    const [src, laneStride, kStride, dst, lanes, k, panels] = f.args
    f.block((done) => {
      f.get(laneStride)
      f.i32(bytes)
      f.op('i32.eq')
      f.if(() => {
        for (const [width, spread] of spreads) {
          f.get(lanes)
          f.i32(width)
          f.op('i32.eq')
          f.if(() => {
            for (const x of [src, kStride, dst, k, panels]) f.get(x)
            f.call(spread)
            f.br(done)
          })
        }
      })
      f.while(
        () => f.get(panels),
        () => {
          for (const x of [src, laneStride, kStride, dst, lanes, lanes, k]) f.get(x)
          f.call(pack)
          sumOf(f, src, [lanes, laneStride])
          f.set(src)
          f.get(lanes)
          f.get(k)
          f.i32(bytes)
          f.op('i32.mul', 'i32.mul')
          f.get(dst)
          f.op('i32.add')
          f.set(dst)
          f.inc(panels, -1)
        },
      )
    })
  })
}

/** Panels that one item of the packing pass takes where lanes are contiguous: their rows are read together. */
export const panelsTogether = 16

export const packFields = fields(
  'alpha alphaHigh scale src srcBatch srcLane srcK dst dstBatch k lanes panels laneSmall bigPanels padded together groups',
)

/**
 * Items: batch x group of `together` panels. Panel p holds the next `laneSmall` lanes (one more in the first `bigPanels`), or `padded` lanes, the last of
 * them zeros.
 */
export function packKernel(mod: Module, m: Machine): void {
  const { bytes, rows, columns } = shapeOf(m)
  const pack = packer(mod, bytes)
  const packPanels = panelsPacker(mod, bytes, [...Array.from({ length: rows }, (_, r) => r + 1), columns], pack)
  mod.kernel('pack', (f, desc, begin, end) => {
    const d = readFields(f, desc, packFields)
    const l = locals(f, 'item batch first last middle width lane0 to start i end full')
    /** Panels first .. last - 1 of `width` lanes, from lane0 and `to` on. */
    const several = (first: Local, last: Local): void => {
      sumOf(f, d.src, [l.batch, d.srcBatch], [l.lane0, d.srcLane])
      for (const x of [d.srcLane, d.srcK, l.to, l.width, d.k]) f.get(x)
      minus(f, last, first)()
      f.call(packPanels)
    }
    const address = (): void => {
      sumOf(f, d.dst, [l.batch, d.dstBatch])
      f.get(l.lane0)
      f.get(d.k)
      f.op('i32.mul')
      f.i32(bytes)
      f.op('i32.mul', 'i32.add')
      f.set(l.to)
    }
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.batch)
      splitOff(f, l.batch, d.groups, l.first)
      sumOf(f, 0, [l.first, d.together])
      f.set(l.first)
      setMin(f, l.last, () => sumOf(f, l.first, [d.together, 1]), d.panels)
      f.get(d.padded)
      f.if(
        () => {
          f.get(d.padded)
          f.tee(l.width)
          f.get(l.first)
          f.op('i32.mul')
          f.set(l.lane0)
          address()
          f.get(l.to)
          f.set(l.start)
          // Whole panels, then one that is not full.
          f.get(d.lanes)
          f.get(d.padded)
          f.op('i32.div_u')
          f.set(l.full)
          setMin(f, l.full, l.full, l.last)
          f.get(l.full)
          f.get(l.first)
          f.op('i32.gt_u')
          f.if(() => several(l.first, l.full))
          f.get(l.full)
          f.get(l.last)
          f.op('i32.lt_u')
          f.if(() => {
            f.get(l.full)
            f.get(d.padded)
            f.op('i32.mul')
            f.set(l.lane0)
            address()
            sumOf(f, d.src, [l.batch, d.srcBatch], [l.lane0, d.srcLane])
            for (const x of [d.srcLane, d.srcK, l.to]) f.get(x)
            minus(f, d.lanes, l.lane0)()
            f.get(d.padded)
            f.get(d.k)
            f.call(pack)
          })
          f.get(l.last)
          f.get(d.padded)
          f.op('i32.mul')
          f.set(l.lane0)
        },
        () => {
          firstOfPanel(f, l.first, d.laneSmall, d.bigPanels)
          f.set(l.lane0)
          address()
          f.get(l.to)
          f.set(l.start)
          byHeight(f, l, d.bigPanels, (first, last, more) => {
            f.get(first)
            f.get(last)
            f.op('i32.lt_u')
            f.if(() => {
              sumOf(f, more, [d.laneSmall, 1])
              f.set(l.width)
              firstOfPanel(f, first, d.laneSmall, d.bigPanels)
              f.set(l.lane0)
              address()
              several(first, last)
            })
          })
          firstOfPanel(f, l.last, d.laneSmall, d.bigPanels)
          f.set(l.lane0)
        },
      )
      f.get(d.scale)
      f.if(() => {
        address()
        f.get(l.to)
        f.set(l.end)
        f.range(l.i, l.start, l.end, bytes, () => {
          f.get(l.i)
          f.get(l.i)
          f.load(`${m.type}.load`)
          f.get(desc)
          f.load('f64.load', packFields.alpha)
          if (m.type === 'f32') f.op('f32.demote_f64')
          f.op(`${m.type}.mul`)
          f.store(`${m.type}.store`)
        })
      })
    })
  })
}
