// The inner loops of gemm and conv, generated for an element type and a machine: `outer` (tile of C += columns of A x rows of B) and
// `dot` (lanes along the reduced dimension). Every logical vector is `width` SIMD registers at +0 and +16: V8's revectorizer fuses such pairs.
import type { Func, FuncRef, Local, Module } from '../asm.ts'

/** What a generated kernel depends on besides its algorithm. */
export interface Machine {
  readonly type: 'f32' | 'f64'
  /** SIMD registers in a logical vector: 2 where pairs become 256-bit registers. */
  readonly width: 1 | 2
  /** Relaxed fused multiply-add. */
  readonly fma: boolean
}

/** Sizes that follow from a machine. */
export interface TileShape {
  readonly bytes: 4 | 8
  /** Elements of a 128-bit register. */
  readonly lanes: number
  /** Elements of a logical vector. */
  readonly vector: number
  /** Most rows of an outer tile, and its columns. */
  readonly rows: number
  readonly columns: number
}

/** 15 vector registers: rows x 2 accumulators, 2 of B, 1 of A, and one more for the product where there is no fused multiply-add. */
export function shapeOf(machine: Machine): TileShape {
  const bytes = machine.type === 'f32' ? 4 : 8
  const lanes = 16 / bytes
  const vector = lanes * machine.width
  return { bytes, lanes, vector, rows: machine.fma ? 6 : 4, columns: 2 * vector }
}

export const machineKey = (m: Machine): string => `${m.type}x${m.width}${m.fma ? 'fma' : ''}`

/** What `outer` reads row k of B from: b + k * step, or b + table[k] (byte distances as i32). */
export type RowSource = 'step' | 'table'

const pair = (m: Machine): number[] => Array.from({ length: m.width }, (_, k) => 16 * k)

export function multiplyAdd(f: Func, m: Machine, a: Local, b: Local, acc: Local): void {
  const vec = m.type === 'f32' ? 'f32x4' : 'f64x2'
  if (m.fma) {
    f.get(a)
    f.get(b)
    f.get(acc)
    f.op(`${vec}.relaxed_madd`)
  } else {
    f.get(acc)
    f.get(a)
    f.get(b)
    f.op(`${vec}.mul`, `${vec}.add`)
  }
  f.set(acc)
}

/** `n` addresses base, base + stride, ... in locals of their own. */
function addresses(f: Func, base: Local, stride: Local, n: number): Local[] {
  const out = [base]
  for (let r = 1; r < n; r++) {
    const next = f.local('i32')
    f.get(out[r - 1])
    f.get(stride)
    f.op('i32.add')
    f.set(next)
    out.push(next)
  }
  return out
}

/**
 * out[r][..] = init[r][..] + sum over k of a[r, k] * b[k][..], a tile of `rows` x columns.
 * Packed A is [k][rows]: (a, b, step | table, init, initStride, out, outStride, k). Otherwise A is read where it stands:
 * (a, aRow, aStep, b, ...). Strides in bytes, k > 0. `init` may be `out`, and may have stride 0.
 */
export function outer(mod: Module, m: Machine, rows: number, packedA: boolean, source: RowSource): FuncRef {
  const { bytes } = shapeOf(m)
  const params = new Array<'i32'>(packedA ? 8 : 10).fill('i32')
  return mod.func(`outer${rows}`, params, [], (f) => {
    const a = f.args[0]
    const [b, step, init, initStride, out, outStride, k] = f.args.slice(packedA ? 1 : 3)
    const offsets = [0, 1].flatMap((v) => pair(m).map((o) => o + 16 * m.width * v))
    const acc = Array.from({ length: rows }, () => offsets.map(() => f.local('v128')))
    const bv = offsets.map(() => f.local('v128'))
    const av = f.local('v128')
    const row = f.local('i32')
    const aRows = packedA ? [a] : addresses(f, a, f.args[1], rows)
    f.get(init)
    f.set(row)
    for (let r = 0; r < rows; r++) {
      offsets.forEach((o, v) => {
        f.get(row)
        f.load('v128.load', o)
        f.set(acc[r][v])
      })
      if (r < rows - 1) f.inc(row, initStride)
    }
    const index = f.local('i32')
    f.loop((again) => {
      if (source === 'table') {
        f.get(step)
        f.load('i32.load')
        f.get(b)
        f.op('i32.add')
        f.set(row)
        f.inc(step, 4)
      }
      offsets.forEach((o, v) => {
        f.get(source === 'table' ? row : b)
        f.load('v128.load', o)
        f.set(bv[v])
      })
      for (let r = 0; r < rows; r++) {
        f.get(packedA ? a : aRows[r])
        if (!packedA) {
          f.get(index)
          f.op('i32.add')
        }
        f.load(m.type === 'f32' ? 'v128.load32_splat' : 'v128.load64_splat', packedA ? r * bytes : 0)
        f.set(av)
        for (let v = 0; v < offsets.length; v++) multiplyAdd(f, m, av, bv[v], acc[r][v])
      }
      if (packedA) f.inc(a, rows * bytes)
      else f.inc(index, f.args[2])
      if (source === 'step') f.inc(b, step)
      f.get(k)
      f.i32(1)
      f.op('i32.sub')
      f.tee(k)
      f.brIf(again)
    })
    for (let r = 0; r < rows; r++) {
      // The higher offset first: the revectorizer then needs no extra store.
      for (let v = offsets.length - 1; v >= 0; v--) {
        f.get(out)
        f.get(acc[r][v])
        f.store('v128.store', offsets[v])
      }
      if (r < rows - 1) f.inc(out, outStride)
    }
  })
}

/**
 * The same for `panels` packed panels of A one under the other, against one panel of B with rows of whole tiles: (a, aSkip, b, init, initStride, out,
 * outStride, k, panels). From a panel to the next, `aSkip` bytes of A are left out; init and out go on by their strides.
 */
export function outerPanels(mod: Module, m: Machine, rows: number): FuncRef {
  const { bytes, columns, rows: most } = shapeOf(m)
  // Almost all panels have most rows, or one less: only these are worth the code. Counting takes as many instructions as two rows.
  const unrolled = rows >= most - 1 ? 8 : 1
  return mod.func(`panels${rows}`, new Array<'i32'>(9).fill('i32'), [], (f) => {
    const [a, aSkip, bStart, init, initStride, out, outStride, k, panels] = f.args
    const offsets = [0, 1].flatMap((v) => pair(m).map((o) => o + 16 * m.width * v))
    const acc = Array.from({ length: rows }, () => offsets.map(() => f.local('v128')))
    const bv = offsets.map(() => f.local('v128'))
    const av = f.local('v128')
    const [b, left] = [f.local('i32'), f.local('i32')]
    /** k / unrolled iterations of so many steps, or the k % unrolled that are left. */
    const steps = (part: 'div_u' | 'rem_u', count: number): void => {
      f.get(k)
      f.i32(unrolled)
      f.op(`i32.${part}`)
      f.set(left)
      f.while(
        () => f.get(left),
        () => {
          for (let s = 0; s < count; s++) {
            offsets.forEach((o, v) => {
              f.get(b)
              f.load('v128.load', o + s * columns * bytes)
              f.set(bv[v])
            })
            acc.forEach((row, r) => {
              f.get(a)
              f.load(m.type === 'f32' ? 'v128.load32_splat' : 'v128.load64_splat', (r + s * rows) * bytes)
              f.set(av)
              row.forEach((cell, v) => multiplyAdd(f, m, av, bv[v], cell))
            })
          }
          f.inc(a, count * rows * bytes)
          f.inc(b, count * columns * bytes)
          f.inc(left, -1)
        },
      )
    }
    f.loop((next) => {
      for (const row of acc) {
        offsets.forEach((o, v) => {
          f.get(init)
          f.load('v128.load', o)
          f.set(row[v])
        })
        f.inc(init, initStride)
      }
      f.get(bStart)
      f.set(b)
      steps('div_u', unrolled)
      if (unrolled > 1) steps('rem_u', 1)
      for (const row of acc) {
        for (let v = offsets.length - 1; v >= 0; v--) {
          f.get(out)
          f.get(row[v])
          f.store('v128.store', offsets[v])
        }
        f.inc(out, outStride)
      }
      f.inc(a, aSkip)
      f.inc(panels, -1)
      f.get(panels)
      f.brIf(next)
    })
  })
}

/**
 * acc[r][c] += a[r] * b[c], lane by lane, over `blocks` runs of `steps` logical vectors; r < rows, c < columns (1 or 2). From a run to the next,
 * `aSkip` and `bSkip` bytes are left out. acc[r][c] is one logical vector; columns are neighbours, rows accStride apart.
 * (a, aRow, b0, b1, acc, accStride, steps, blocks, aSkip, bSkip), steps and blocks > 0; b1 is not read with one column.
 */
export function dot(mod: Module, m: Machine, rows: number, columns: 1 | 2): FuncRef {
  return mod.func(`dot${rows}x${columns}`, new Array<'i32'>(10).fill('i32'), [], (f) => {
    const [a, aRow, b0, b1, accBase, accStride, steps, blocks, aSkip, bSkip] = f.args
    const halves = pair(m)
    const sums = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => halves.map(() => f.local('v128'))),
    )
    const bv = Array.from({ length: columns }, () => halves.map(() => f.local('v128')))
    const av = halves.map(() => f.local('v128'))
    const accRows = addresses(f, accBase, accStride, rows)
    const at = (c: number, h: number) => 16 * (c * m.width + h)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        for (let h = 0; h < halves.length; h++) {
          f.get(accRows[r])
          f.load('v128.load', at(c, h))
          f.set(sums[r][c][h])
        }
    const row = f.local('i32')
    const loadPair = (address: Local, into: Local[]) =>
      halves.forEach((offset, h) => {
        f.get(address)
        f.load('v128.load', offset)
        f.set(into[h])
      })
    const countDown = (l: Local): void => {
      f.get(l)
      f.i32(1)
      f.op('i32.sub')
      f.tee(l)
    }
    const left = f.local('i32')
    f.loop((nextBlock) => {
      f.get(steps)
      f.set(left)
      f.loop((again) => {
        for (let c = 0; c < columns; c++) loadPair(c === 0 ? b0 : b1, bv[c])
        // Row addresses are computed anew: eight running pointers would not fit into the general registers.
        f.get(a)
        f.set(row)
        for (let r = 0; r < rows; r++) {
          loadPair(row, av)
          for (let c = 0; c < columns; c++) halves.forEach((_, h) => multiplyAdd(f, m, av[h], bv[c][h], sums[r][c][h]))
          if (r < rows - 1) f.inc(row, aRow)
        }
        for (const pointer of [a, b0, b1].slice(0, columns + 1)) f.inc(pointer, 16 * m.width)
        countDown(left)
        f.brIf(again)
      })
      f.inc(a, aSkip)
      for (const pointer of [b0, b1].slice(0, columns)) f.inc(pointer, bSkip)
      countDown(blocks)
      f.brIf(nextBlock)
    })
    for (let r = 0; r < rows; r++)
      for (let c = columns - 1; c >= 0; c--)
        for (let h = halves.length - 1; h >= 0; h--) {
          f.get(accRows[r])
          f.get(sums[r][c][h])
          f.store('v128.store', at(c, h))
        }
  })
}

/** Calls the variant of `variants` (index: rows - 1) for the run-time number of rows; `args` leaves the arguments. */
export function callByRows(f: Func, rows: Local, variants: readonly FuncRef[], args: () => void): void {
  f.block((done) => {
    for (let r = variants.length; r > 1; r--) {
      f.get(rows)
      f.i32(r)
      f.op('i32.eq')
      f.if(() => {
        args()
        f.call(variants[r - 1])
        f.br(done)
      })
    }
    args()
    f.call(variants[0])
  })
}
