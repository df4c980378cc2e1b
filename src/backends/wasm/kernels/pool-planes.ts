// The planes [H, W] of a pooling, one work item each: how kernels find them and clear them.
import type { Func, Local } from '../asm.ts'
import { words } from './indexed.ts'
import type { Scalar } from './scalars.ts'

/** One plane inside a kernel: addresses, byte strides and sizes; `word` reads what follows in the descriptor. */
export interface Planes {
  /** First element of the plane. */
  readonly x: Local
  readonly y: Local
  readonly indices: Local
  /** Byte strides of rows and columns. */
  readonly xStrides: readonly [Local, Local]
  readonly yStrides: readonly [Local, Local]
  readonly indexStrides: readonly [Local, Local]
  readonly height: Local
  readonly width: Local
  readonly outHeight: Local
  readonly outWidth: Local
  readonly word: () => Local
}

/**
 * for (plane = begin; plane < end; plane++) body, with the addresses of the plane in x, y and indices.
 * Descriptor: f64 divisor (0: that of the tables); addresses; byte strides of x, y, indices; channels and sizes; then what the kernel reads by `word`.
 */
export function eachPlane(f: Func, desc: Local, begin: Local, end: Local, setup: (planes: Planes) => () => void): void {
  const word = words(f, desc)
  word()
  word()
  const bases = [word(), word(), word()]
  const strides = bases.map(() => [word(), word(), word(), word()] as const)
  const [channels, height, width, outHeight, outWidth] = [word(), word(), word(), word(), word()]
  const [x, y, indices, plane] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  const inner = strides.map(([, , row, column]) => [row, column] as const)
  const body = setup({
    x,
    y,
    indices,
    xStrides: inner[0],
    yStrides: inner[1],
    indexStrides: inner[2],
    height,
    width,
    outHeight,
    outWidth,
    word,
  })
  f.range(plane, begin, end, 1, () => {
    for (const [k, pointer] of [x, y, indices].entries()) {
      f.get(bases[k])
      f.get(plane)
      f.get(channels)
      f.op('i32.div_u')
      f.get(strides[k][0])
      f.op('i32.mul', 'i32.add')
      f.get(plane)
      f.get(channels)
      f.op('i32.rem_u')
      f.get(strides[k][1])
      f.op('i32.mul', 'i32.add')
      f.set(pointer)
    }
    body()
  })
}

/** Pushes base + i * stride. */
export function pushAt(f: Func, base: Local, i: Local, stride: Local): void {
  f.get(base)
  f.get(i)
  f.get(stride)
  f.op('i32.mul', 'i32.add')
}

/** Zeroes the plane of x. */
export function clearPlane(f: Func, p: Planes, scalar: Scalar, dense: boolean): void {
  if (dense) {
    f.get(p.x)
    f.i32(0)
    f.get(p.height)
    f.get(p.width)
    f.i32(scalar.bytes)
    f.op('i32.mul', 'i32.mul', 'memory.fill')
    return
  }
  const { i, j, at } = f.locals('i32', 'i', 'j', 'at')
  f.range(i, 0, p.height, 1, () => {
    pushAt(f, p.x, i, p.xStrides[0])
    f.set(at)
    f.range(j, 0, p.width, 1, () => {
      f.get(at)
      f.constant(scalar.type, 0)
      scalar.store(f)
      f.inc(at, p.xStrides[1])
    })
  })
}
