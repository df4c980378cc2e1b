// Passes over one line of elements, for softmax and cross-entropy: folds (maximum, sum) and elementwise writes, from vector words.
//   along: vectors lie along the line, elements side by side; across: the lanes are neighbouring lines; single: one element at a time.
import { bytesOf, type ComputeType, type DType } from '../../../base/dtype.ts'
import type { Func, Local } from '../asm.ts'
import { Evaluation, type Lanes, laneCount, LocalPool, type Word } from '../lanes.ts'
import { fastMath } from '../math.ts'
import { CONTIGUOUS, emitStore, formatOf, fromRaw, laneTypes, pushLoad, SPLAT, toStored } from '../operands.ts'

export type Mode = 'along' | 'across' | 'single'

export interface LineOperand {
  readonly dtype: DType
  /** Address of the first element. */
  readonly start: Local
  /** Bytes from one element to the next. */
  readonly step: Local
}

/** The functions that lines need, for both floating types. */
export function floatOps(l: Lanes, compute: 'float32' | 'float64') {
  const type = laneTypes[compute] as 'f32x4' | 'f64x2'
  const special = (name: 'exp' | 'log') => (x: Word) =>
    type === 'f32x4' ? fastMath[name](l, x) : l.host(name, type, x)
  const binary = (name: string) => (a: Word, b: Word) => l.op(`${type}.${name}`, a, b)
  return {
    exp: special('exp'),
    log: special('log'),
    add: binary('add'),
    sub: binary('sub'),
    mul: binary('mul'),
    div: binary('div'),
    constant: (x: number): Word => l.constant(type, x),
    /** 1 where two vectors of integers as wide as the type are equal, else 0. */
    equalOne: (a: Word, b: Word): Word =>
      l.op('v128.and', l.op(type === 'f32x4' ? 'i32x4.eq' : 'i64x2.eq', a, b), l.constant(type, 1)),
  }
}

export class Line {
  private readonly f: Func
  private readonly l: Lanes
  private readonly compute: ComputeType
  private readonly operands: readonly LineOperand[]
  private readonly length: Local
  private readonly mode: Mode
  private readonly pool: LocalPool
  private readonly cursors: Local[]
  private readonly type: 'f32x4' | 'f64x2'
  private readonly lanes: number
  private readonly i: Local
  /** What the leaves `acc` stand for: vectors of one value per lane. */
  readonly accs: Local[] = []
  /** What the leaf `position` stands for: the element's place in the line, as integers as wide as the type; null: not kept. */
  private readonly position: Local | null

  constructor(
    f: Func,
    l: Lanes,
    compute: 'float32' | 'float64',
    operands: readonly LineOperand[],
    length: Local,
    mode: Mode,
    withPosition = false,
  ) {
    this.f = f
    this.l = l
    this.compute = compute
    this.operands = operands
    this.length = length
    this.mode = mode
    this.pool = new LocalPool(f)
    this.cursors = operands.map(() => f.local('i32'))
    this.type = laneTypes[compute] as 'f32x4' | 'f64x2'
    this.lanes = laneCount[this.type]
    this.i = f.local('i32')
    this.position = withPosition ? f.local('v128') : null
  }

  /** Operand k at the current element. */
  input(k: number): Word {
    return fromRaw(this.l, formatOf(this.compute, this.operands[k].dtype), this.l.leaf('input', k))
  }
  acc(k: number): Word {
    return this.l.leaf('acc', k)
  }
  /** Splats what `push` leaves as an accumulator; the vector itself when it is one. */
  addAcc(push: () => void): Word {
    const acc = this.f.local('v128')
    push()
    this.f.set(acc)
    this.accs.push(acc)
    return this.acc(this.accs.length - 1)
  }
  /** The one element at `address`, in all lanes. */
  element(dtype: DType, address: Local): Word {
    const format = formatOf(this.compute, dtype)
    const raw = this.addAcc(() => pushLoad(this.f, format, SPLAT, bytesOf(dtype), { address, stride: address }, 0))
    return fromRaw(this.l, format, raw)
  }
  /** Stores lane 0 of a word at `address`. */
  storeElement(dtype: DType, address: Local, word: Word): void {
    this.store(dtype, address, this.evaluate(toStored(this.l, this.compute, dtype, word), 1), 1)
  }
  /** Computes a word without inputs once, as a new accumulator. */
  once(word: Word): Word {
    return this.addAcc(() => {
      const value = this.evaluate(word, this.mode === 'across' ? this.lanes : 1)
      this.f.get(value)
      this.pool.give(value)
      if (this.mode !== 'across') {
        this.f.lane(`${this.type}.extract_lane`, 0)
        this.f.op(`${this.type}.splat`)
      }
    })
  }

  /** The maximum or sum of a word over the line, as a new accumulator; with `keepIn` the word is stored there too. */
  fold(op: 'max' | 'add', word: Word, keepIn: number | null = null): Word {
    const { f } = this
    const [wide, narrow] = [f.local('v128'), f.local('v128')]
    const splat = this.type === 'f32x4' ? f.v128f32.bind(f) : f.v128f64.bind(f)
    for (const acc of [wide, narrow]) {
      splat(op === 'max' ? -Infinity : 0)
      f.set(acc)
    }
    const step = (acc: Local, push: () => void): void => {
      f.get(acc)
      push()
      f.op(`${this.type}.${op === 'max' ? 'pmax' : 'add'}`)
      f.set(acc)
    }
    this.pass((lanes) => {
      const value = this.evaluate(word, lanes)
      step(lanes > 1 ? wide : narrow, () => f.get(value))
      if (keepIn !== null) this.store(this.operands[keepIn].dtype, this.cursors[keepIn], value, lanes)
      this.pool.give(value)
    })
    if (this.mode === 'along') {
      for (const order of this.type === 'f32x4'
        ? ([
            [2, 3, 0, 1],
            [1, 0, 3, 2],
          ] as const)
        : ([[2, 3, 0, 1]] as const)) {
        step(wide, () => {
          f.get(wide)
          f.get(wide)
          f.shuffle32(order[0], order[1], order[2], order[3])
        })
      }
      step(wide, () => f.get(narrow))
    }
    return this.addAcc(() => f.get(this.mode === 'single' ? narrow : wide))
  }

  /** Writes a word to operand `to`, element by element. */
  write(to: number, word: Word): void {
    const { dtype } = this.operands[to]
    const stored = toStored(this.l, this.compute, dtype, word)
    this.pass((lanes) => {
      const value = this.evaluate(stored, lanes)
      this.store(dtype, this.cursors[to], value, lanes)
      this.pool.give(value)
    })
  }

  private evaluate(word: Word, lanes: number): Local {
    const evaluation = new Evaluation(this.f, this.pool, lanes, ({ kind, index }) => {
      if (kind === 'acc') this.f.get(this.accs[index])
      else if (kind === 'position' && this.position) this.f.get(this.position)
      else {
        const { dtype } = this.operands[index]
        const place = { address: this.cursors[index], stride: this.cursors[index] }
        pushLoad(this.f, formatOf(this.compute, dtype), lanes > 1 ? CONTIGUOUS : SPLAT, bytesOf(dtype), place, 0)
      }
    })
    return evaluation.roots([word])[0]
  }
  private store(dtype: DType, address: Local, value: Local, lanes: number): void {
    const place = { address, stride: address }
    emitStore(this.f, formatOf(this.compute, dtype), CONTIGUOUS, bytesOf(dtype), place, 0, value, lanes)
  }

  private pass(body: (lanes: number) => void): void {
    const { f, i } = this
    this.operands.forEach(({ start }, k) => {
      f.get(start)
      f.set(this.cursors[k])
    })
    f.i32(0)
    f.set(i)
    const integers = this.type === 'f32x4' ? 'i32x4' : 'i64x2'
    const constants = this.type === 'f32x4' ? f.v128i32.bind(f) : f.v128i64.bind(f)
    if (this.position) {
      if (this.type === 'f32x4') f.v128([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
      else f.v128([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
      f.set(this.position)
    }
    const loop = (lanes: number, advance: number, limit: () => void): void =>
      f.while(
        () => {
          f.get(i)
          limit()
          f.op('i32.lt_u')
        },
        () => {
          body(lanes)
          this.operands.forEach(({ dtype, step }, k) =>
            f.inc(this.cursors[k], advance > 1 ? advance * bytesOf(dtype) : step),
          )
          f.inc(i, advance)
          if (!this.position) return
          f.get(this.position)
          constants(advance)
          f.op(`${integers}.add`)
          f.set(this.position)
        },
      )
    const length = (): void => f.get(this.length)
    if (this.mode === 'along') {
      loop(this.lanes, this.lanes, () => {
        length()
        f.i32(-this.lanes)
        f.op('i32.and')
      })
    }
    loop(this.mode === 'across' ? this.lanes : 1, 1, length)
  }
}
