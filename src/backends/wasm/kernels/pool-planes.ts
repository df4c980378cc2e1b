// The planes [H, W] of a pooling, one work item each: their descriptor, and how kernels find and clear them.
import { bytesOf } from '../../../base/dtype.ts'
import type { View } from '../../../runtime/spec.ts'
import type { Func, I32, Local } from '../asm.ts'
import { addressOf } from '../engine.ts'
import { fields, readFields, sumOf } from './gemm-code.ts'
import type { Scalar } from './scalars.ts'

type Side = 'x' | 'y' | 'index'
type Step = 'Carry' | 'Plane' | 'Row' | 'Column'

/**
 * Addresses and byte strides of x, y and the indices; sizes; and what some of the kernels read. `Carry` leads from the end of an image to the
 * next one. A divisor of 0: the tables say.
 */
export const poolFields = fields(
  'divisor divisorHigh x y indices',
  'xCarry xPlane xRow xColumn yCarry yPlane yRow yColumn indexCarry indexPlane indexRow indexColumn',
  'channels height width outHeight outWidth padTop padLeft rowTable columnTable rowDilation columnDilation',
  'planeHeight planeWidth planeRow planePadTop planePadLeft',
)
export type PoolField = keyof typeof poolFields

/** Addresses and byte strides for the descriptor. */
export function viewFields(x: View, y: View, indices: View | null): Partial<Record<PoolField, number>> {
  const [a, b, c] = [bytesOf(x.dtype), bytesOf(y.dtype), indices ? bytesOf(indices.dtype) : 0]
  const i = indices?.strides ?? y.strides
  return {
    x: addressOf(x),
    xCarry: (x.strides[0] - x.shape[1] * x.strides[1]) * a,
    xPlane: x.strides[1] * a,
    xRow: x.strides[2] * a,
    xColumn: x.strides[3] * a,
    y: addressOf(y),
    yCarry: (y.strides[0] - y.shape[1] * y.strides[1]) * b,
    yPlane: y.strides[1] * b,
    yRow: y.strides[2] * b,
    yColumn: y.strides[3] * b,
    indices: indices ? addressOf(indices) : 0,
    indexCarry: (i[0] - y.shape[1] * i[1]) * c,
    indexPlane: i[1] * c,
    indexRow: i[2] * c,
    indexColumn: i[3] * c,
  }
}

/** The descriptor in locals; `x`, `y` and `indices` are the first elements of the plane. */
export type Planes = Readonly<Record<PoolField, Local>>

/** for (plane = begin; plane < end; plane++) body; `setup` runs in front of the loop. */
export function eachPlane(f: Func, desc: Local, begin: Local, end: Local, setup: (planes: Planes) => () => void): void {
  const p = readFields(f, desc, poolFields)
  const { plane, channel, image } = f.locals('i32', 'plane', 'channel', 'image')
  const pointers = [
    [p.x, 'x'],
    [p.y, 'y'],
    [p.indices, 'index'],
  ] as const
  const stride = (side: Side, step: Step): Local => p[`${side}${step}`]
  f.get(begin)
  f.get(p.channels)
  f.op('i32.div_u')
  f.set(image)
  f.get(begin)
  f.get(p.channels)
  f.op('i32.rem_u')
  f.set(channel)
  for (const [pointer, side] of pointers) {
    sumOf(f, pointer, [begin, stride(side, 'Plane')], [image, stride(side, 'Carry')])
    f.set(pointer)
  }
  const body = setup(p)
  f.range(plane, begin, end, 1, () => {
    body()
    for (const [pointer, side] of pointers) f.inc(pointer, stride(side, 'Plane'))
    f.inc(channel, 1)
    f.get(channel)
    f.get(p.channels)
    f.op('i32.eq')
    f.if(() => {
      f.i32(0)
      f.set(channel)
      for (const [pointer, side] of pointers) f.inc(pointer, stride(side, 'Carry'))
    })
  })
}

/** Leaves height * width on the stack. */
export const pushPlaneSize = (f: Func, p: Planes): void => sumOf(f, 0, [p.height, p.width])

/** value[at .. at + 4 * count] = value: vectors, the last one shifted back; single words where there are fewer than four. Changes `at`. */
export function fillWords(f: Func, at: Local, count: I32, value: Local): void {
  const { last, end } = f.locals('i32', 'last', 'end')
  f.get(at)
  f.push(count)
  f.i32(2)
  f.op('i32.shl', 'i32.add')
  f.set(end)
  f.get(end)
  f.i32(16)
  f.op('i32.sub')
  f.set(last)
  f.get(at)
  f.get(last)
  f.op('i32.le_u')
  f.if(
    () => {
      f.while(
        () => {
          f.get(at)
          f.get(last)
          f.op('i32.lt_u')
        },
        () => {
          f.get(at)
          f.get(value)
          f.store('v128.store')
          f.inc(at, 16)
        },
      )
      f.get(last)
      f.get(value)
      f.store('v128.store')
    },
    () =>
      f.range(at, at, end, 4, () => {
        f.get(at)
        f.get(value)
        f.memoryLane('v128.store32_lane', 0)
      }),
  )
}

/** Zeroes the plane of x. */
export function clearPlane(f: Func, p: Planes, scalar: Scalar, dense: boolean): void {
  const { i, j, at } = f.locals('i32', 'i', 'j', 'at')
  if (dense) {
    f.get(p.x)
    f.i32(0)
    pushPlaneSize(f, p)
    f.i32(scalar.bytes)
    f.op('i32.mul', 'memory.fill')
    return
  }
  f.range(i, 0, p.height, 1, () => {
    sumOf(f, p.x, [i, p.xRow])
    f.set(at)
    f.range(j, 0, p.width, 1, () => {
      f.get(at)
      f.constant(scalar.type, 0)
      scalar.store(f)
      f.inc(at, p.xColumn)
    })
  })
}
