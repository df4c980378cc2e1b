// Winograd's kernels of a convolution: weights to points and, for their gradient, points back to weights. Planned by winograd.ts.
import type { Func, FuncRef, Module } from '../asm.ts'
import { blockBytes, blockChannels, partsOf } from './blocks.ts'
import { fields, giveSlotBack, locals, readFields, setMin, splitOff, sumOf, takeSlot } from './gemm-code.ts'
import type { Machine } from './gemm-micro.ts'
import { transpose } from './gemm-pack.ts'
import { fromPoints, loadVector, type Matrix, newVector, storeVector, toPoints, type Vector } from './winograd-math.ts'

type Apply = (x: readonly Vector[], spare: readonly Vector[], give: (row: number, value: Vector) => void) => void

/** (from, across, to, plane): a square of blocks, `matrix` applied to its rows and columns; `across` is scratch, the result `plane` bytes apart. */
function square(mod: Module, m: Machine, matrix: Matrix, fromPlanes: boolean, apply: (f: Func) => Apply): FuncRef {
  const [size, result] = [matrix[0].length, matrix.length]
  return mod.func('square', new Array<'i32'>(4).fill('i32'), [], (f) => {
    const [from, across, to, plane] = f.args
    const p = f.local('i32')
    const x = matrix[0].map(() => newVector(f, m))
    const spare = [newVector(f, m), newVector(f, m), newVector(f, m)]
    const run = apply(f)
    for (const part of partsOf(m)) {
      f.get(from)
      f.set(p)
      for (let row = 0; row < size; row++) {
        x.forEach((value, k) => {
          loadVector(f, fromPlanes ? p : from, part + (fromPlanes ? 0 : (row * size + k) * blockBytes), value)
          if (fromPlanes) f.inc(p, plane)
        })
        run(x, spare, (k, value) => storeVector(f, across, (row * result + k) * blockBytes + part, value))
      }
      for (let column = 0; column < result; column++) {
        x.forEach((value, k) => loadVector(f, across, (k * result + column) * blockBytes + part, value))
        if (fromPlanes) {
          run(x, spare, (k, value) => storeVector(f, to, (k * result + column) * blockBytes + part, value))
          continue
        }
        sumOf(f, to, [plane, column])
        f.set(p)
        run(x, spare, (_, value) => {
          storeVector(f, p, part, value)
          for (let k = 0; k < result; k++) f.inc(p, plane)
        })
      }
    }
  })
}

/**
 * (from, laneStride, to, dense): the taps of four kernels, which lie side by side, become four lanes of a block each. From the first tap on where
 * `dense` is 4; where it is -4 `from` is the first tap too, and the others lie before it.
 */
function fourKernels(mod: Module, taps: number): FuncRef {
  return mod.func('four', ['i32', 'i32', 'i32', 'i32'], [], (f) => {
    const [from, stride, to, dense] = f.args
    const lanes = [from, ...[1, 2, 3].map(() => f.local('i32'))]
    const v = lanes.map(() => f.local('v128'))
    const { step } = locals(f, 'step')
    const next = (bytes: number): void => {
      for (const lane of lanes) f.inc(lane, bytes)
    }
    f.i32(blockBytes)
    f.set(step)
    f.get(dense)
    f.i32(0)
    f.op('i32.lt_s')
    f.if(() => {
      // In the order of memory: the last tap comes first.
      f.inc(from, -4 * (taps - 1))
      f.inc(to, (taps - 1) * blockBytes)
      f.i32(-blockBytes)
      f.set(step)
    })
    for (let k = 1; k < 4; k++) {
      f.get(lanes[k - 1])
      f.get(stride)
      f.op('i32.add')
      f.set(lanes[k])
    }
    for (let tap = 0; tap + 4 <= taps; tap += 4) {
      lanes.forEach((lane, k) => {
        f.get(lane)
        f.load('v128.load', 4 * tap)
        f.set(v[k])
      })
      transpose(f, 4, v)
      for (const value of v) {
        f.get(to)
        f.get(value)
        f.store('v128.store')
        f.inc(to, step)
      }
    }
    next(4 * (taps & -4))
    for (let tap = taps & -4; tap < taps; tap++) {
      lanes.forEach((lane, k) => {
        f.get(to)
        f.get(lane)
        f.load('f32.load')
        f.store('f32.store', 4 * k)
      })
      f.inc(to, step)
      if (tap < taps - 1) next(4)
    }
  })
}

/** `dense`: 4 where the taps of a kernel lie side by side, -4 where they do in reverse, else 0. */
export const kernelFields = fields(
  'src lane depth row column dense lanes depths depthBlocks out plane slotFlags slots slotBytes',
)
export const kernelSlotBytes = (points: number, taps: number): number => (taps * taps + points * taps) * blockBytes

/**
 * out[point][block][depth][16] from src[lane * 16.., depth, taps]; what is beyond `lanes` and `depths` is zero. Items: block of lanes x depth.
 *   copy the taps of 16 lanes;  rows to points;  columns to points
 */
export function kernelKernel(mod: Module, m: Machine, name: string, matrix: Matrix): void {
  const taps = matrix[0].length
  const transform = square(mod, m, matrix, false, (f) => (x, spare, give) => toPoints(f, m, matrix, x, spare, give))
  const four = fourKernels(mod, taps * taps)
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, kernelFields)
    const { slot, address: kernels } = takeSlot(f, d)
    const l = locals(f, 'item block depth from to lane lanes whole at')
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.block)
      splitOff(f, l.block, d.depthBlocks, l.depth)
      f.get(kernels)
      f.i32(0)
      f.i32(taps * taps * blockBytes)
      f.op('memory.fill')
      f.get(d.lanes)
      f.get(l.block)
      f.i32(blockChannels)
      f.op('i32.mul', 'i32.sub')
      f.set(l.lanes)
      setMin(f, l.lanes, l.lanes, blockChannels)
      f.i32(0)
      f.get(l.lanes)
      f.get(l.depth)
      f.get(d.depths)
      f.op('i32.ge_u', 'select')
      f.set(l.lanes)
      f.get(l.block)
      f.i32(blockChannels)
      f.op('i32.mul')
      f.get(d.lane)
      f.op('i32.mul')
      f.set(l.from)
      sumOf(f, d.src, [l.depth, d.depth])
      f.get(l.from)
      f.op('i32.add')
      f.set(l.from)
      f.get(kernels)
      f.set(l.to)
      f.get(l.lanes)
      f.i32(-4)
      f.op('i32.and')
      f.i32(0)
      f.get(d.dense)
      f.op('select')
      f.set(l.whole)
      f.range(l.lane, 0, l.whole, 4, () => {
        for (const x of [l.from, d.lane, l.to, d.dense]) f.get(x)
        f.call(four)
        sumOf(f, l.from, [d.lane, 4])
        f.set(l.from)
        f.inc(l.to, 16)
      })
      f.range(l.lane, l.whole, l.lanes, 1, () => {
        for (let i = 0; i < taps; i++) {
          sumOf(f, l.from, [d.row, i])
          f.set(l.at)
          for (let j = 0; j < taps; j++) {
            f.get(l.to)
            f.get(l.at)
            f.load('f32.load')
            f.store('f32.store', (i * taps + j) * blockBytes)
            if (j < taps - 1) f.inc(l.at, d.column)
          }
        }
        f.inc(l.from, d.lane)
        f.inc(l.to, 4)
      })
      f.get(kernels)
      sumOf(f, kernels, [taps * taps, blockBytes])
      sumOf(f, d.out, [l.item, blockBytes])
      f.get(d.plane)
      f.call(transform)
    })
    giveSlotBack(f, slot)
  })
}

export const kernelGradFields = fields(
  'src plane rowBytes blocks dst outStride inStride row column channels slotFlags slots slotBytes',
)
export const kernelGradSlotBytes = (points: number, taps: number): number => (points * taps + taps * taps) * blockBytes

/** dst[output, channel, taps] from src[point][output][channel]. Items: output x block of channels. */
export function kernelGradKernel(mod: Module, m: Machine, name: string, matrix: Matrix): void {
  const taps = matrix.length
  const points = matrix[0].length
  const transform = square(mod, m, matrix, true, (f) => (x, spare, give) => fromPoints(f, m, matrix, x, spare, give))
  mod.kernel(name, (f, desc, begin, end) => {
    const d = readFields(f, desc, kernelGradFields)
    const { slot, address: across } = takeSlot(f, d)
    const l = locals(f, 'item output block from to lane lanes at kernels')
    sumOf(f, across, [points * taps, blockBytes])
    f.set(l.kernels)
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.output)
      splitOff(f, l.output, d.blocks, l.block)
      sumOf(f, d.src, [l.output, d.rowBytes], [l.block, blockBytes])
      f.get(across)
      f.get(l.kernels)
      f.get(d.plane)
      f.call(transform)
      f.get(l.block)
      f.i32(blockChannels)
      f.op('i32.mul')
      f.set(l.lane)
      f.get(d.channels)
      f.get(l.lane)
      f.op('i32.sub')
      f.set(l.lanes)
      setMin(f, l.lanes, l.lanes, blockChannels)
      sumOf(f, d.dst, [l.output, d.outStride], [l.lane, d.inStride])
      f.set(l.to)
      f.get(l.kernels)
      f.set(l.from)
      f.range(l.lane, 0, l.lanes, 1, () => {
        for (let i = 0; i < taps; i++) {
          sumOf(f, l.to, [d.row, i])
          f.set(l.at)
          for (let j = 0; j < taps; j++) {
            f.get(l.at)
            f.get(l.from)
            f.load('f32.load', (i * taps + j) * blockBytes)
            f.store('f32.store')
            if (j < taps - 1) f.inc(l.at, d.column)
          }
        }
        f.inc(l.from, 4)
        f.inc(l.to, d.inStride)
      })
    })
    giveSlotBack(f, slot)
  })
}
