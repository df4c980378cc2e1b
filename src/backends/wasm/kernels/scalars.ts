// Single elements of every dtype for kernels that go one by one (gather, scatter, pool): how to load, store and merge two values.
import { bytesOf, type DType, type HalfDType, isHalf } from '../../../base/dtype.ts'
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { Evaluation, Lanes, LocalPool, type Word } from '../lanes.ts'
import { halfLanes } from '../operands.ts'

export type Merge = 'add' | 'mul' | 'max' | 'min'

/** One dtype in one module. */
export interface Scalar {
  readonly type: 'i32' | 'i64' | 'f32' | 'f64'
  readonly bytes: number
  /** [address] -> [value] */
  load(f: Func, offset?: number): void
  /** [address, value] -> [] */
  store(f: Func, offset?: number): void
}

/** A function of one lane from a word of code. */
function oneLane(
  m: Module,
  name: string,
  from: 'i32' | 'f32',
  to: 'i32' | 'f32',
  word: (l: Lanes, x: Word) => Word,
): FuncRef {
  return m.func(name, [from], [to], (f) => {
    const l = new Lanes(m, false)
    const evaluation = new Evaluation(f, new LocalPool(f), 1, () => {
      f.get(f.args[0])
      f.op(`${from}x4.splat`)
    })
    const [result] = evaluation.roots([word(l, l.leaf('input', 0))])
    f.get(result)
    f.lane(`${to}x4.extract_lane`, 0)
  })
}

const plain: Record<Exclude<DType, HalfDType>, [Scalar['type'], load: string, store: string]> = {
  float32: ['f32', 'f32.load', 'f32.store'],
  float64: ['f64', 'f64.load', 'f64.store'],
  int64: ['i64', 'i64.load', 'i64.store'],
  int32: ['i32', 'i32.load', 'i32.store'],
  uint8: ['i32', 'i32.load8_u', 'i32.store8'],
  bool: ['i32', 'i32.load8_u', 'i32.store8'],
}

/** Values of a dtype; floats of 16 bits come as f32. Make one per module: it may add functions to it. */
export function scalarOf(m: Module, dtype: DType): Scalar {
  if (isHalf(dtype)) {
    const toFloat = oneLane(m, `${dtype}ToFloat`, 'i32', 'f32', halfLanes[dtype].toFloat)
    const toHalf = oneLane(m, `floatTo${dtype}`, 'f32', 'i32', halfLanes[dtype].fromFloat)
    return {
      type: 'f32',
      bytes: 2,
      load: (f, offset = 0) => {
        f.load('i32.load16_u', offset)
        f.call(toFloat)
      },
      store: (f, offset = 0) => {
        f.call(toHalf)
        f.store('i32.store16', offset)
      },
    }
  }
  const [type, load, store] = plain[dtype]
  return {
    type,
    bytes: bytesOf(dtype),
    load: (f, offset = 0) => f.load(load, offset),
    store: (f, offset = 0) => {
      if (dtype === 'bool') {
        f.i32(0)
        f.op('i32.ne')
      }
      f.store(store, offset)
    },
  }
}

/** Elements of a size as they are, for moving them. */
export function bitsOf(bytes: number): Scalar {
  const bits: Record<number, [Scalar['type'], string, string]> = {
    1: ['i32', 'i32.load8_u', 'i32.store8'],
    2: ['i32', 'i32.load16_u', 'i32.store16'],
    4: ['i32', 'i32.load', 'i32.store'],
    8: ['i64', 'i64.load', 'i64.store'],
  }
  const [type, load, store] = bits[bytes]
  return {
    type,
    bytes,
    load: (f, offset = 0) => f.load(load, offset),
    store: (f, offset = 0) => f.store(store, offset),
  }
}

/** Leaves a merged with b on the stack; of floats, max and min are NaN where either is. */
export function merge(f: Func, op: Merge, type: Scalar['type'], a: Local, b: Local): void {
  f.get(a)
  f.get(b)
  if (op === 'add' || op === 'mul' || type === 'f32' || type === 'f64') {
    f.op(`${type}.${op}`)
    return
  }
  f.get(a)
  f.get(b)
  f.op(`${type}.${op === 'max' ? 'gt_s' : 'lt_s'}`, 'select')
}
