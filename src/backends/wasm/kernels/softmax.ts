// Softmax, its logarithm and their gradients along one axis: two or three passes over each line (lines.ts).
// Vectors lie along the axis where its elements are side by side, else across lines along another dimension where they are.
import { collapse } from '../../../runtime/dims.ts'
import { bytesOf, type DType, isHalf } from '../../../base/dtype.ts'
import { numelOf } from '../../../base/shape.ts'
import type { SoftmaxSpec, View } from '../../../runtime/spec.ts'
import type { Func, Local, Module } from '../asm.ts'
import { addressOf, type Engine, type Features } from '../engine.ts'
import { Lanes } from '../lanes.ts'
import { cut, product, takeInner, walk, widthsOf } from '../loops.ts'
import { tableOf, words } from './indexed.ts'
import { floatOps, Line, type LineOperand, type LineOptions, type Mode, slotOf, slotsFor } from './lines.ts'

interface Variant {
  readonly op: SoftmaxSpec['op']
  readonly dtype: DType
  readonly mode: Mode
}

/** All passes over one line. The operands are the sources, then the result. */
function emitLine(
  f: Func,
  l: Lanes,
  v: Variant,
  mode: Mode,
  operands: readonly LineOperand[],
  length: Local,
  options: LineOptions,
): void {
  const compute = v.dtype === 'float64' ? 'float64' : 'float32'
  const { exp, log, sub, mul, div, constant } = floatOps(l, compute)
  const line = new Line(f, l, compute, operands, length, mode, options)
  const out = operands.length - 1
  const x = line.input(0)
  if (v.op === 'softmax') {
    const shifted = sub(x, line.fold('max', x))
    // A float of 16 bits would round what is kept for the second use.
    const keep = !isHalf(v.dtype)
    const scale = line.once(div(constant(1), line.fold('add', exp(shifted), keep ? out : null)))
    line.write(out, mul(keep ? line.input(out) : exp(shifted), scale))
  } else if (v.op === 'logSoftmax') {
    const shifted = sub(x, line.fold('max', x))
    const rest = line.once(log(line.fold('add', exp(shifted))))
    line.write(out, sub(shifted, rest))
  } else if (v.op === 'softmaxGrad') {
    const g = line.input(1)
    const dot = line.fold('add', mul(x, g))
    line.write(out, mul(x, sub(g, dot)))
  } else {
    const g = line.input(1)
    const sum = line.fold('add', g)
    line.write(out, sub(g, mul(exp(x), sum)))
  }
}

/** Kernel words: addresses; table, rank; length of a line; byte steps along it; count, last of the columns in a block; slots, grain. */
function build(m: Module, features: Features, v: Variant): void {
  const l = new Lanes(m, features.relaxedFma)
  const count = v.op.endsWith('Grad') ? 3 : 2
  const bytes = bytesOf(v.dtype)
  m.kernel(v.op, (f, desc, begin, end) => {
    const word = words(f, desc)
    const list = (n: number): Local[] => Array.from({ length: n }, word)
    const bases = list(count)
    const [address, rank, length] = list(3)
    const steps = list(count)
    const [columns, lastColumns, slots, grain] = list(4)
    const slot = slotOf(f, slots, grain, begin)
    const starts = bases.map((base) => ({ base, pointer: f.local('i32') }))
    walk(f, { address, rank, width: count }, begin, end, starts, (isLast) => {
      if (v.mode !== 'across') {
        const operands = starts.map(({ pointer }, k) => ({ dtype: v.dtype, start: pointer, step: steps[k] }))
        emitLine(f, l, v, v.mode, operands, length, { slot })
        return
      }
      const left = f.local('i32')
      f.get(lastColumns)
      f.get(columns)
      isLast()
      f.op('select')
      f.set(left)
      // Copies: the walk around this block still needs its pointers.
      const operands = starts.map(({ pointer }, k) => {
        const start = f.local('i32')
        f.get(pointer)
        f.set(start)
        return { dtype: v.dtype, start, step: steps[k] }
      })
      const lanes = v.dtype === 'float64' ? 2 : 4
      for (const [width, mode, blocks] of [
        [2 * lanes, 'across', 2],
        [lanes, 'across', 1],
        [1, 'single', 1],
      ] as const) {
        f.while(
          () => {
            f.get(left)
            f.i32(width)
            f.op('i32.ge_u')
          },
          () => {
            emitLine(f, l, v, mode, operands, length, { blocks })
            for (const { start } of operands) f.inc(start, width * bytes)
            f.inc(left, -width)
          },
        )
      }
    })
  })
}

export const softmax =
  (engine: Engine) =>
  (spec: SoftmaxSpec): void => {
    const { out, axis, op } = spec
    if (numelOf(out.shape) === 0) return
    const views: View[] = 'x' in spec ? [spec.x, out] : [spec.y, spec.g, out]
    const widths = widthsOf(views)
    const length = out.shape[axis] ?? 1
    const others = out.shape.map((_, d) => d).filter((d) => d !== axis)
    const dims = collapse(out.shape, views, others, true)
    const along = views.every(({ strides }) => strides[axis] === 1)
    const across = !along && (dims.strides.at(-1)?.every((stride) => stride === 1) ?? false)
    const mode: Mode = along ? 'along' : across ? 'across' : 'single'
    const block = across ? cut(dims, takeInner(dims, views.length), 64) : { count: 1, last: 1 }
    const table = tableOf(engine, dims, widths)
    const d = engine.descriptor(128).i32(...views.map(addressOf), table.address, table.rank, length)
    d.i32(...views.map(({ strides }, k) => (strides[axis] ?? 0) * widths[k]), block.count, block.last)
    const items = product(dims.sizes)
    const grain = Math.max(1, Math.floor(8192 / (length * block.count)))
    d.i32(slotsFor(engine, items, grain), grain)
    const v: Variant = { op, dtype: out.dtype, mode }
    const kernel = engine.kernel(`softmax ${op} ${v.dtype} ${mode}`, (m, features) => build(m, features, v))
    engine.dispatch(kernel, d, items, grain)
  }
