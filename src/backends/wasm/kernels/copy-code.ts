// The code of copy.ts's kernels: one item is one block of the inner dimension, or a tile strip of a transpose; an odometer walks the outer ones.
import type { Func, Local, Module } from '../asm.ts'

// Descriptor words: x, out, inner size, elements per block, x step, out step, rows, x row step; then per outer dimension size, x step, out step.
const word = {
  x: 0,
  out: 4,
  inner: 8,
  block: 12,
  xStep: 16,
  outStep: 20,
  rows: 24,
  xRow: 28,
  outRow: 32,
  dims: 36,
} as const
export const stripRows = 16
/** Elements of the inner dimension in one item. */
export const blockElements = 16384
export const tileBlock = 512

interface Items {
  readonly x: Local
  readonly out: Local
  /** Position in the last outer dimensions: strip of rows, block of the inner dimension. */
  readonly strip: Local
  readonly block: Local
}

/** for (item of begin .. end) body(item): an odometer over `rank` outer dimensions, of which the last counts blocks. */
function forItems(f: Func, [desc, begin, end]: readonly Local[], rank: number, body: (items: Items) => void): void {
  const { x, out, rest, item } = f.locals('i32', 'x', 'out', 'rest', 'item')
  const index = Array.from({ length: rank }, () => f.local('i32'))
  const push = (offset: number): void => {
    f.get(desc)
    f.load('i32.load', offset)
  }
  const move = (pointer: Local, d: number, side: 1 | 2, op: 'add' | 'sub', count: () => void): void => {
    f.get(pointer)
    count()
    push(word.dims + 12 * d + 4 * side)
    f.op('i32.mul', `i32.${op}`)
    f.set(pointer)
  }
  push(word.x)
  f.set(x)
  push(word.out)
  f.set(out)
  f.get(begin)
  f.set(rest)
  for (let d = rank - 1; d >= 0; d--) {
    f.get(rest)
    push(word.dims + 12 * d)
    f.op('i32.rem_u')
    f.set(index[d])
    f.get(rest)
    push(word.dims + 12 * d)
    f.op('i32.div_u')
    f.set(rest)
    move(x, d, 1, 'add', () => f.get(index[d]))
    move(out, d, 2, 'add', () => f.get(index[d]))
  }
  const advance = (d: number): void => {
    f.inc(index[d], 1)
    f.inc(x, () => push(word.dims + 12 * d + 4))
    f.inc(out, () => push(word.dims + 12 * d + 8))
    if (d === 0) return
    f.get(index[d])
    push(word.dims + 12 * d)
    f.op('i32.eq')
    f.if(() => {
      move(x, d, 1, 'sub', () => f.get(index[d]))
      move(out, d, 2, 'sub', () => f.get(index[d]))
      f.i32(0)
      f.set(index[d])
      advance(d - 1)
    })
  }
  f.range(item, begin, end, 1, () => {
    body({ x, out, strip: index[rank - 2], block: index[rank - 1] })
    advance(rank - 1)
  })
}

export type Width = 1 | 2 | 4 | 8
const moves: Record<Width, readonly [load: string, store: string, splat: string]> = {
  1: ['i32.load8_u', 'i32.store8', 'v128.load8_splat'],
  2: ['i32.load16_u', 'i32.store16', 'v128.load16_splat'],
  4: ['i32.load', 'i32.store', 'v128.load32_splat'],
  8: ['i64.load', 'i64.store', 'v128.load64_splat'],
}

function pushField(f: Func, desc: Local, offset: number): void {
  f.get(desc)
  f.load('i32.load', offset)
}

/** left = min(size - position * step, step): what the last block or strip has less. */
function clip(f: Func, desc: Local, left: Local, size: number, position: Local, step: () => void): void {
  pushField(f, desc, size)
  f.get(position)
  step()
  f.op('i32.mul', 'i32.sub')
  f.tee(left)
  step()
  f.get(left)
  step()
  f.op('i32.lt_u', 'select')
  f.set(left)
}

/** The body of a kernel that moves one block of the inner dimension per item: `emit(x, out, count)` may change all three. */
function lineKernel(
  m: Module,
  name: string,
  rank: number,
  emit: (f: Func, x: Local, out: Local, left: Local, desc: Local) => void,
): void {
  m.kernel(name, (f, desc) => {
    const { from, to, left } = f.locals('i32', 'from', 'to', 'left')
    forItems(f, f.args, rank, ({ x, out, block }) => {
      clipBlock(f, desc, left, block)
      f.get(x)
      f.set(from)
      f.get(out)
      f.set(to)
      emit(f, from, to, left, desc)
    })
  })
}
const clipBlock = (f: Func, desc: Local, left: Local, block: Local): void =>
  clip(f, desc, left, word.inner, block, () => pushField(f, desc, word.block))

/** while (left >= step) { body(); left -= step }. */
function countDown(f: Func, left: Local, step: number, body: () => void): void {
  f.while(
    () => {
      f.get(left)
      f.i32(step)
      f.op('i32.ge_u')
    },
    () => {
      body()
      f.inc(left, -step)
    },
  )
}

export function buildLines(m: Module, width: Width, rank: number): void {
  const [load, store, splat] = moves[width]
  const lanes = 16 / width
  lineKernel(m, 'any', rank, (f, x, out, left, desc) => {
    countDown(f, left, 1, () => {
      f.get(out)
      f.get(x)
      f.load(load)
      f.store(store)
      f.inc(x, () => pushField(f, desc, word.xStep))
      f.inc(out, () => pushField(f, desc, word.outStep))
    })
  })
  lineKernel(m, 'run', rank, (f, x, out, left) => {
    f.get(left)
    f.i32(1024 / width)
    f.op('i32.ge_u')
    f.if(
      () => {
        f.get(out)
        f.get(x)
        f.get(left)
        f.i32(width)
        f.op('i32.mul', 'memory.copy')
      },
      () => {
        const step = (bytes: number, from: string, to: string): void => {
          f.get(out)
          f.get(x)
          f.load(from)
          f.store(to)
          f.inc(x, bytes)
          f.inc(out, bytes)
        }
        countDown(f, left, lanes, () => step(16, 'v128.load', 'v128.store'))
        countDown(f, left, 1, () => step(width, load, store))
      },
    )
  })
  lineKernel(m, 'fill', rank, (f, x, out, left) => {
    const value = f.local('v128')
    f.get(x)
    f.load(splat)
    f.set(value)
    countDown(f, left, 2 * lanes, () => {
      for (const offset of [16, 0]) {
        f.get(out)
        f.get(value)
        f.store('v128.store', offset)
      }
      f.inc(out, 32)
    })
    countDown(f, left, 1, () => {
      f.get(out)
      f.get(x)
      f.load(load)
      f.store(store)
      f.inc(out, width)
    })
  })
}

/**
 * Four-byte elements, `out` contiguous along the inner dimension j, `x` along the rows i: per item a strip of up to 16 rows (one cache line of x).
 *   for j by 4, for i by 4: four vectors of x along i become four vectors of out along j; what is left over goes one by one.
 */
export function buildTiles(m: Module, rank: number): void {
  m.kernel('tiles', (f, desc) => {
    const { i, j, rows, left, from, to, xs, os } = f.locals('i32', 'i', 'j', 'rows', 'left', 'from', 'to', 'xs', 'os')
    const v = Array.from({ length: 4 }, () => f.local('v128'))
    const t = Array.from({ length: 4 }, () => f.local('v128'))
    /** The address of element (i, j): of x in `from`, of out in `to`. */
    const locate = (x: Local, out: Local): void => {
      for (const [pointer, base, alongJ, step, alongI] of [
        [from, x, j, xs, i],
        [to, out, i, os, j],
      ]) {
        f.get(base)
        f.get(alongJ)
        f.get(step)
        f.op('i32.mul', 'i32.add')
        f.get(alongI)
        f.i32(4)
        f.op('i32.mul', 'i32.add')
        f.set(pointer)
      }
    }
    const shuffle = (target: Local, a: Local, b: Local, lanes: [number, number, number, number]): void => {
      f.get(a)
      f.get(b)
      f.shuffle32(...lanes)
      f.set(target)
    }
    const tile = (): void => {
      for (let k = 0; k < 4; k++) {
        f.get(from)
        f.load('v128.load')
        f.set(v[k])
        if (k < 3) f.inc(from, xs)
      }
      shuffle(t[0], v[0], v[1], [0, 4, 1, 5])
      shuffle(t[1], v[2], v[3], [0, 4, 1, 5])
      shuffle(t[2], v[0], v[1], [2, 6, 3, 7])
      shuffle(t[3], v[2], v[3], [2, 6, 3, 7])
      for (let k = 0; k < 4; k++) {
        f.get(to)
        f.get(t[k & 2])
        f.get(t[(k & 2) + 1])
        if ((k & 1) === 0) f.shuffle32(0, 1, 4, 5)
        else f.shuffle32(2, 3, 6, 7)
        f.store('v128.store')
        if (k < 3) f.inc(to, os)
      }
    }
    const single = (): void => {
      f.get(to)
      f.get(from)
      f.load('i32.load')
      f.store('i32.store')
    }
    const fours = (count: Local) => (): void => {
      f.get(count)
      f.i32(-4)
      f.op('i32.and')
    }
    pushField(f, desc, word.xStep)
    f.set(xs)
    pushField(f, desc, word.outRow)
    f.set(os)
    forItems(f, f.args, rank, ({ x, out, strip, block }) => {
      clip(f, desc, rows, word.rows, strip, () => f.i32(stripRows))
      clipBlock(f, desc, left, block)
      const area = (
        firstRow: number | (() => void),
        lastRow: Local | (() => void),
        firstColumn: number | (() => void),
        lastColumn: Local | (() => void),
        step: number,
        emit: () => void,
      ): void =>
        f.range(j, firstColumn, lastColumn, step, () =>
          f.range(i, firstRow, lastRow, step, () => {
            locate(x, out)
            emit()
          }),
        )
      area(0, fours(rows), 0, fours(left), 4, tile)
      area(fours(rows), rows, 0, left, 1, single)
      area(0, fours(rows), fours(left), left, 1, single)
    })
  })
}
