// Fused cross-entropy of rows of logits with class indices: targets are checked here, rows run as lines (lines.ts).
import type { DType } from '../../../base/dtype.ts'
import { IndexError } from '../../../base/errors.ts'
import type { CrossEntropySpec, View } from '../../../runtime/spec.ts'
import type { Func, Local, Module } from '../asm.ts'
import { addressOf, type Engine, type Features } from '../engine.ts'
import { Lanes } from '../lanes.ts'
import { walk, widthsOf } from '../loops.ts'
import { tableOf, words } from './indexed.ts'
import { floatOps, Line, type Mode, slotOf, slotsFor } from './lines.ts'

interface Variant {
  readonly pass: CrossEntropySpec['pass']
  readonly mode: Mode
  /** Of x, lse, then loss, or g and out. */
  readonly dtypes: readonly DType[]
}

function checkTargets(engine: Engine, target: View, classes: number, ignoreIndex: number): void {
  const { i32 } = engine
  const first = addressOf(target) >>> 2
  const stride = target.strides[0]
  for (let n = 0; n < target.shape[0]; n++) {
    const at = first + 2 * n * stride
    const low = i32[at] >>> 0
    const high = i32[at + 1]
    if (high === 0 && low < classes) continue
    if (high * 2 ** 32 + low === ignoreIndex) continue
    const value = engine.i64[at / 2]
    throw new IndexError(`crossEntropy: target ${value} is out of range for ${classes} classes`)
  }
}

/** Kernel: i64 ignoreIndex; words: addresses of target, x, lse, loss or g, (out); table, rank; classes; byte steps of classes in x and out; slots, grain. */
function build(m: Module, features: Features, v: Variant): void {
  const compute = v.dtypes[0] === 'float64' ? 'float64' : 'float32'
  const l = new Lanes(m, features.relaxedFma)
  const { exp, log, add, sub, mul, constant, equalOne } = floatOps(l, compute)
  const count = v.pass === 'forward' ? 4 : 5
  m.kernel(v.pass, (f, desc, begin, end) => {
    const ignore = f.local('i64')
    f.get(desc)
    f.load('i64.load')
    f.set(ignore)
    const word = words(f, desc)
    word()
    word()
    const bases = Array.from({ length: count }, word)
    const [address, rank, classes, xStep, outStep] = [word(), word(), word(), word(), word()]
    const slot = slotOf(f, word(), word(), begin)
    const starts = bases.map((base) => ({ base, pointer: f.local('i32') }))
    const label = f.local('i64')
    const at = f.local('i32')
    walk(f, { address, rank, width: count }, begin, end, starts, () => {
      const [target, x, lse, third, out] = starts.map(({ pointer }) => pointer)
      f.get(target)
      f.load('i64.load')
      f.set(label)
      const ignored = (): void => {
        f.get(label)
        f.get(ignore)
        f.op('i64.eq')
      }
      if (v.pass === 'forward') {
        const line = new Line(f, l, compute, [{ dtype: v.dtypes[0], start: x, step: xStep }], classes, v.mode, { slot })
        const high = line.fold('max', line.input(0))
        const sum = line.fold('add', exp(sub(line.input(0), high)))
        const total = line.once(add(high, log(sum)))
        line.storeElement(v.dtypes[1], lse, total)
        ignored()
        f.if(
          () => line.storeElement(v.dtypes[2], third, constant(0)),
          () => {
            f.get(x)
            f.get(label)
            f.op('i32.wrap_i64')
            f.get(xStep)
            f.op('i32.mul', 'i32.add')
            f.set(at)
            line.storeElement(v.dtypes[2], third, sub(total, line.element(v.dtypes[0], at)))
          },
        )
        return
      }
      const operands = [
        { dtype: v.dtypes[0], start: x, step: xStep },
        { dtype: v.dtypes[3], start: out, step: outStep },
      ]
      const line = new Line(f, l, compute, operands, classes, v.mode, { withPosition: true })
      ignored()
      f.if(
        () => line.write(1, constant(0)),
        () => {
          const wide = splatLabel(f, label, compute)
          const isTarget = equalOne(l.leaf('position', 0), line.addAcc(wide))
          const total = line.element(v.dtypes[1], lse)
          const g = line.element(v.dtypes[2], third)
          line.write(1, mul(g, sub(exp(sub(line.input(0), total)), isTarget)))
        },
      )
    })
  })
}

const splatLabel = (f: Func, label: Local, compute: 'float32' | 'float64') => (): void => {
  f.get(label)
  if (compute === 'float32') f.op('i32.wrap_i64', 'i32x4.splat')
  else f.op('i64x2.splat')
}

export const crossEntropy =
  (engine: Engine) =>
  (spec: CrossEntropySpec): void => {
    const { x, target, lse, ignoreIndex } = spec
    const [rows, classes] = x.shape
    // What backward gets was checked before: it is saved, so nobody has written into it since.
    if (spec.pass === 'forward') engine.host(() => checkTargets(engine, target, classes, ignoreIndex))
    if (rows === 0) return
    const views = [target, x, lse, ...(spec.pass === 'forward' ? [spec.loss] : [spec.g, spec.out])]
    const out = spec.pass === 'forward' ? x : spec.out
    const table = tableOf(engine, { sizes: [rows], strides: [views.map(({ strides }) => strides[0])] }, widthsOf(views))
    const d = engine
      .descriptor(128)
      .i64(BigInt(ignoreIndex))
      .i32(...views.map(addressOf), table.address, table.rank)
    d.i32(classes, x.strides[1] * widthsOf([x])[0], out.strides[1] * widthsOf([out])[0])
    const grain = Math.max(1, Math.floor(8192 / Math.max(1, classes)))
    d.i32(slotsFor(engine, rows, grain), grain)
    const mode = x.strides[1] === 1 && out.strides[1] === 1 ? 'along' : 'single'
    const v: Variant = { pass: spec.pass, mode, dtypes: views.slice(1).map(({ dtype }) => dtype) }
    const key = `crossEntropy ${v.pass} ${mode} ${v.dtypes.join(' ')}`
    const kernel = engine.kernel(key, (m, features) => build(m, features, v))
    engine.dispatch(kernel, d, rows, grain)
  }
