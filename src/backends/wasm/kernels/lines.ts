// Passes over one line of elements, for softmax and cross-entropy: folds (maximum, sum) and elementwise writes, from vector words.
//   along: vectors lie along the line, elements side by side; across: the lanes are neighbouring lines; single: one element at a time.
import { bytesOf, type ComputeType, type DType } from '../../../base/dtype.ts'
import type { Func, Local } from '../asm.ts'
import type { Engine } from '../engine.ts'
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

export interface LineOptions {
  blocks?: 1 | 2
  withPosition?: boolean
  slot?: Local | null
}

/** Bytes of a slot of folds, one for each chunk of work. */
export const SLOT = 64

/** Scratch for the slots of all chunks. */
export const slotsFor = (engine: Engine, items: number, grain: number): number =>
  engine.scratch(SLOT * Math.ceil(items / grain))

/** A local with the slot of the chunk that begins at `begin`. */
export function slotOf(f: Func, slots: Local, grain: Local, begin: Local): Local {
  const slot = f.local('i32')
  f.get(slots)
  f.get(begin)
  f.get(grain)
  f.op('i32.div_u')
  f.i32(SLOT)
  f.op('i32.mul', 'i32.add')
  f.set(slot)
  return slot
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
  /** Vectors at a time, so that V8 can join two of them to 256 bits and chains of operations overlap. */
  private readonly blocks: 1 | 2
  /** What the leaves `acc` stand for, per block: vectors of one value per lane. */
  private readonly accs: (readonly Local[])[] = []
  /** What the leaf `position` stands for: the element's place in the line, as integers as wide as the type, per block; empty: not kept. */
  private readonly positions: readonly Local[]
  /** 32 bytes of memory for this thread alone, through which folds pass; null: they do not. */
  private readonly slot: Local | null

  constructor(
    f: Func,
    l: Lanes,
    compute: 'float32' | 'float64',
    operands: readonly LineOperand[],
    length: Local,
    mode: Mode,
    { blocks = mode === 'along' ? 2 : 1, withPosition = false, slot = null }: LineOptions = {},
  ) {
    this.f = f
    this.l = l
    this.compute = compute
    this.operands = operands
    this.length = length
    this.mode = mode
    this.blocks = blocks
    this.pool = new LocalPool(f)
    this.cursors = operands.map(() => f.local('i32'))
    this.type = laneTypes[compute] as 'f32x4' | 'f64x2'
    this.lanes = laneCount[this.type]
    this.i = f.local('i32')
    this.positions = withPosition ? Array.from({ length: blocks }, () => f.local('v128')) : []
    this.slot = slot
  }

  /** Operand k at the current element. */
  input(k: number): Word {
    return fromRaw(this.l, formatOf(this.compute, this.operands[k].dtype), this.l.leaf('input', k))
  }
  acc(k: number): Word {
    return this.l.leaf('acc', k)
  }
  /** A new accumulator with the vector that `push` leaves; across lines, each block has its own. */
  addAcc(push: (block: number) => void): Word {
    const own = Array.from({ length: this.mode === 'across' ? this.blocks : 1 }, (_, block) => {
      const acc = this.f.local('v128')
      push(block)
      this.f.set(acc)
      return acc
    })
    this.accs.push(own)
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
    return this.addAcc((block) => {
      const value = this.evaluate(word, this.mode === 'across' ? this.lanes : 1, block)
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
    const narrow = f.local('v128')
    const wide = Array.from({ length: this.blocks }, () => f.local('v128'))
    // The single vector behind the pairs has its own accumulator: one of a pair would not be joined any more.
    const rest = this.blocks === 2 ? f.local('v128') : wide[0]
    const splat = this.type === 'f32x4' ? f.v128f32.bind(f) : f.v128f64.bind(f)
    for (const acc of [...new Set([...wide, rest, narrow])]) {
      splat(op === 'max' ? -Infinity : 0)
      f.set(acc)
    }
    const step = (acc: Local, push: () => void): void => {
      f.get(acc)
      push()
      f.op(`${this.type}.${op === 'max' ? 'pmax' : 'add'}`)
      f.set(acc)
    }
    this.pass((lanes, blocks) => {
      const values = this.evaluateBlocks(word, lanes, blocks)
      values.forEach((value, block) =>
        step(lanes === 1 ? narrow : blocks === this.blocks ? wide[block] : rest, () => f.get(value)),
      )
      if (keepIn !== null) this.storeBlocks(keepIn, values, lanes)
      for (const value of values) this.pool.give(value)
    })
    if (this.mode === 'across') return this.addAcc((block) => f.get(wide[block]))
    if (this.mode === 'along') {
      this.throughSlot(wide)
      const [total, ...others] = wide
      if (rest !== total) others.push(rest)
      for (const other of others) step(total, () => f.get(other))
      const orders: [number, number, number, number][] = [[2, 3, 0, 1]]
      if (this.type === 'f32x4') orders.push([1, 0, 3, 2])
      for (const order of orders) {
        step(total, () => {
          f.get(total)
          f.get(total)
          f.shuffle32(...order)
        })
      }
      step(narrow, () => f.get(total))
    }
    return this.addAcc(() => f.get(narrow))
  }

  /** Stores a pair of vectors and reads it back: V8 joins pairs only where they end in stores. */
  private throughSlot(pair: readonly Local[]): void {
    const { f, slot } = this
    if (slot === null) return
    for (let block = pair.length - 1; block >= 0; block--) {
      f.get(slot)
      f.get(pair[block])
      f.store('v128.store', 16 * block)
    }
    pair.forEach((vector, block) => {
      f.get(slot)
      f.load('v128.load', 16 * block)
      f.set(vector)
    })
  }

  /** Writes a word to operand `to`, element by element. */
  write(to: number, word: Word): void {
    const stored = toStored(this.l, this.compute, this.operands[to].dtype, word)
    this.pass((lanes, blocks) => {
      const values = this.evaluateBlocks(stored, lanes, blocks)
      this.storeBlocks(to, values, lanes)
      for (const value of values) this.pool.give(value)
    })
  }

  private evaluateBlocks(word: Word, lanes: number, blocks: number): Local[] {
    return Array.from({ length: blocks }, (_, block) => this.evaluate(word, lanes, block))
  }
  private evaluate(word: Word, lanes: number, block = 0): Local {
    const { f } = this
    const evaluation = new Evaluation(f, this.pool, lanes, ({ kind, index }) => {
      if (kind === 'acc') f.get(this.accs[index][block] ?? this.accs[index][0])
      else if (kind === 'position') f.get(this.positions[block])
      else {
        const { dtype } = this.operands[index]
        const place = { address: this.cursors[index], stride: this.cursors[index] }
        pushLoad(f, formatOf(this.compute, dtype), lanes > 1 ? CONTIGUOUS : SPLAT, bytesOf(dtype), place, block)
      }
    })
    return evaluation.roots([word])[0]
  }
  /** [position] -> [position + n] */
  private advancePosition(n: number): void {
    if (this.type === 'f32x4') this.f.v128i32(n)
    else this.f.v128i64(n)
    this.f.op(this.type === 'f32x4' ? 'i32x4.add' : 'i64x2.add')
  }
  /** The last block first: so V8 joins stores in pairs. */
  private storeBlocks(to: number, values: readonly Local[], lanes: number): void {
    for (let block = values.length - 1; block >= 0; block--) {
      this.store(this.operands[to].dtype, this.cursors[to], values[block], lanes, block)
    }
  }
  private store(dtype: DType, address: Local, value: Local, lanes: number, block = 0): void {
    const place = { address, stride: address }
    emitStore(this.f, formatOf(this.compute, dtype), CONTIGUOUS, bytesOf(dtype), place, block, value, lanes)
  }

  private pass(body: (lanes: number, blocks: number) => void): void {
    const { f, i } = this
    this.operands.forEach(({ start }, k) => {
      f.get(start)
      f.set(this.cursors[k])
    })
    f.i32(0)
    f.set(i)
    this.positions.forEach((position, block) => {
      if (this.type === 'f32x4') f.v128([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
      else f.v128([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
      this.advancePosition(block * this.lanes)
      f.set(position)
    })
    /** While at least `advance` elements are left. */
    const loop = (lanes: number, blocks: number, advance: number): void =>
      f.while(
        () => {
          f.get(i)
          f.get(this.length)
          f.i32(-advance)
          f.op('i32.and', 'i32.lt_u')
        },
        () => {
          body(lanes, blocks)
          this.operands.forEach(({ dtype, step }, k) =>
            f.inc(this.cursors[k], advance > 1 ? advance * bytesOf(dtype) : step),
          )
          f.inc(i, advance)
          for (const position of this.positions) {
            f.get(position)
            this.advancePosition(advance)
            f.set(position)
          }
        },
      )
    if (this.mode === 'across') return loop(this.lanes, this.blocks, 1)
    if (this.mode === 'along') {
      if (this.blocks === 2) loop(this.lanes, 2, 2 * this.lanes)
      loop(this.lanes, 1, this.lanes)
    }
    loop(1, 1, 1)
  }
}
