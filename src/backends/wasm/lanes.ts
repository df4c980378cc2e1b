// Vector code as a graph: math.ts, wide.ts and expr-codegen.ts build `Word`s (one v128 each), `Evaluation` writes them as instructions.
// Equal words are one object, so common subexpressions are computed once; a word is good for any number of lanes and loop positions.
import type { Func, FuncRef, Local, Module } from './asm.ts'
import { type HostName, hostArity } from './host.ts'

export type LaneType = 'f32x4' | 'i32x4' | 'f64x2' | 'i64x2'
export const laneCount: Record<LaneType, 2 | 4> = { f32x4: 4, i32x4: 4, f64x2: 2, i64x2: 2 }
export const scalarOf = { f32x4: 'f32', i32x4: 'i32', f64x2: 'f64', i64x2: 'i64' } as const

type Write = (f: Func, word: Word, evaluation: Evaluation) => void

/** One 128-bit value. `write` expects nothing on the stack and leaves the value there; it pushes its arguments itself. */
export interface Word {
  readonly id: number
  readonly args: readonly Word[]
  readonly write: Write
  /** Of leaves: what the evaluation's owner puts here. */
  readonly leaf: Leaf | null
}

export interface Leaf {
  readonly kind: 'input' | 'scalar' | 'acc' | 'other' | 'position'
  readonly index: number
}

const toF64 = { f32: 'f64.promote_f32', i32: 'f64.convert_i32_s', i64: 'f64.convert_i64_s', f64: '' } as const
const fromF64 = { f32: 'f32.demote_f64', i32: 'i32.trunc_sat_f64_s', i64: 'i64.trunc_sat_f64_s', f64: '' } as const

/** As the conversions of WebAssembly: infinities are the ends of the range, NaN is 0. */
function saturated(x: number, bits: 32 | 64): bigint {
  const limit = 2 ** (bits - 1)
  if (Number.isNaN(x)) return 0n
  return x >= limit ? BigInt(limit) - 1n : BigInt(Math.trunc(Math.max(x, -limit)))
}

/** A graph under construction, for one module: interns words and knows which instructions the engine has. */
export class Lanes {
  readonly module: Module
  /** Relaxed SIMD: fused multiply-add and single-instruction selects. */
  readonly relaxed: boolean
  private readonly words = new Map<string, Word>()
  private readonly helpers = new Map<string, FuncRef>()

  constructor(module: Module, relaxed: boolean) {
    this.module = module
    this.relaxed = relaxed
  }

  private word(key: string, args: readonly Word[], write: Write, leaf: Leaf | null = null): Word {
    const full = `${key}(${args.map((a) => a.id).join()})`
    let found = this.words.get(full)
    if (found === undefined) {
      found = { id: this.words.size, args, write, leaf }
      this.words.set(full, found)
    }
    return found
  }

  leaf(kind: Leaf['kind'], index: number): Word {
    const never = (): void => {
      throw new Error(`lanes: no value for ${kind} ${index}`)
    }
    return this.word(`${kind} ${index}`, [], never, { kind, index })
  }

  op(name: string, ...args: Word[]): Word {
    return this.word(name, args, (f, word, e) => {
      word.args.forEach((a) => e.push(a))
      f.op(name)
    })
  }
  shift(name: string, x: Word, by: number): Word {
    return this.word(`${name} ${by}`, [x], (f, word, e) => {
      e.push(word.args[0])
      f.i32(by)
      f.op(name)
    })
  }
  shuffle32(a: Word, b: Word, lanes: [number, number, number, number]): Word {
    return this.word(`shuffle ${lanes.join()}`, [a, b], (f, word, e) => {
      word.args.forEach((x) => e.push(x))
      f.shuffle32(...lanes)
    })
  }

  f32(x: number): Word {
    return this.word(`f32 ${Object.is(x, -0) ? '-0' : Math.fround(x)}`, [], (f) => f.v128f32(x))
  }
  f64(x: number): Word {
    return this.word(`f64 ${Object.is(x, -0) ? '-0' : x}`, [], (f) => f.v128f64(x))
  }
  i32(n: number): Word {
    return this.word(`i32 ${n | 0}`, [], (f) => f.v128i32(n))
  }
  i64(n: bigint): Word {
    return this.word(`i64 ${n}`, [], (f) => f.v128i64(n))
  }
  constant(type: LaneType, x: number): Word {
    if (type === 'f32x4') return this.f32(x)
    if (type === 'f64x2') return this.f64(x)
    return type === 'i32x4' ? this.i32(Number(saturated(x, 32))) : this.i64(saturated(x, 64))
  }

  /** a * b + c; fused where the engine can. */
  madd(type: 'f32x4' | 'f64x2', a: Word, b: Word, c: Word): Word {
    return this.relaxed
      ? this.op(`${type}.relaxed_madd`, a, b, c)
      : this.op(`${type}.add`, this.op(`${type}.mul`, a, b), c)
  }
  /** c - a * b; fused where the engine can. */
  nmadd(type: 'f32x4' | 'f64x2', a: Word, b: Word, c: Word): Word {
    return this.relaxed
      ? this.op(`${type}.relaxed_nmadd`, a, b, c)
      : this.op(`${type}.sub`, c, this.op(`${type}.mul`, a, b))
  }
  // By masks, which a loop keeps in a register: V8 builds those of `abs` and `neg` anew at each use.
  abs(type: LaneType, x: Word): Word {
    if (type === 'f32x4') return this.op('v128.and', x, this.i32(0x7fffffff))
    return type === 'f64x2' ? this.op('v128.and', x, this.i64(0x7fffffffffffffffn)) : this.op(`${type}.abs`, x)
  }
  neg(type: LaneType, x: Word): Word {
    if (type === 'f32x4') return this.op('v128.xor', x, this.i32(0x80000000))
    return type === 'f64x2' ? this.op('v128.xor', x, this.i64(-0x8000000000000000n)) : this.op(`${type}.neg`, x)
  }

  /** mask ? a : b, where every lane of the mask (of `bits` bits) is all ones or all zeros. */
  select(bits: 32 | 64, mask: Word, a: Word, b: Word): Word {
    const name = this.relaxed
      ? bits === 32
        ? 'i32x4.relaxed_laneselect'
        : 'i64x2.relaxed_laneselect'
      : 'v128.bitselect'
    return this.op(name, a, b, mask)
  }

  /** Lane by lane: `body` finds one scalar per argument on the stack and leaves one. */
  perLane(key: string, from: LaneType, to: LaneType, args: Word[], body: (f: Func) => void): Word {
    return this.word(`${key} ${from} ${to}`, args, (f, word, e) => {
      const locals = word.args.map((a) => e.keep(a))
      for (let lane = 0; lane < Math.min(e.lanes, laneCount[to]); lane++) {
        for (const local of locals) {
          f.get(local)
          f.lane(`${from}.extract_lane`, lane)
        }
        body(f)
        if (lane === 0) f.op(`${to}.splat`)
        else f.lane(`${to}.replace_lane`, lane)
      }
    })
  }
  /** A JavaScript function, lane by lane in double. */
  host(name: HostName, type: LaneType, ...args: Word[]): Word {
    const scalar = scalarOf[type]
    const helper = this.helper(`${name} ${scalar}`, () => {
      const params = new Array<typeof scalar>(hostArity(name)).fill(scalar)
      return this.module.func(`${name}_${scalar}`, params, [scalar], (f) => {
        for (const arg of f.args) {
          f.get(arg)
          if (scalar !== 'f64') f.op(toF64[scalar])
        }
        f.call(this.module.host(name))
        if (scalar !== 'f64') f.op(fromF64[scalar])
      })
    })
    return this.perLane(`host ${name}`, type, type, args, (f) => f.call(helper))
  }
  /** A function of the module that is made once. */
  helper(key: string, make: () => FuncRef): FuncRef {
    let found = this.helpers.get(key)
    if (found === undefined) this.helpers.set(key, (found = make()))
    return found
  }
  /** `usual`, but where any lane of the mask is set, all lanes of `rare`, which is computed only then. `rare` must not be used elsewhere. */
  unless(mask: Word, usual: Word, rare: (x: Word) => Word, x: Word): Word {
    return this.word(`unless ${rare(x).id}`, [mask, usual, x], (f, word, e) => {
      const [m, u, input] = word.args.map((a) => e.keep(a))
      f.get(m)
      f.op('v128.any_true')
      f.if(
        () => e.nested(rare(x), x, input),
        () => f.get(u),
        'v128',
      )
    })
  }
}

/** v128 locals of one function, used again once their value is dead. */
export class LocalPool {
  private readonly f: Func
  private readonly free: Local[] = []
  constructor(f: Func) {
    this.f = f
  }
  take(): Local {
    return this.free.pop() ?? this.f.local('v128')
  }
  give(local: Local): void {
    this.free.push(local)
  }
}

const constants = new WeakMap<Func, Map<Word, Local>>()

/** A constant in a local that is set at the start of the function: in a loop V8 would build it anew in every iteration. */
function constantLocal(f: Func, word: Word): Local {
  let locals = constants.get(f)
  if (locals === undefined) constants.set(f, (locals = new Map()))
  let local = locals.get(word)
  if (local === undefined) {
    const made = (local = f.local('v128'))
    locals.set(word, made)
    f.atStart(() => {
      word.write(f, word, undefined as never)
      f.set(made)
    })
  }
  return local
}

/** Writes words for one place (one position of an unrolled loop): `leaf` pushes what a leaf means there. */
export class Evaluation {
  /** 1: only lane 0 counts (single elements). */
  readonly lanes: number
  private readonly f: Func
  private readonly pool: LocalPool
  private readonly leaf: (leaf: Leaf) => void
  private readonly uses = new Map<Word, number>()
  private readonly kept = new Map<Word, Local>()

  constructor(f: Func, pool: LocalPool, lanes: number, leaf: (leaf: Leaf) => void) {
    this.f = f
    this.pool = pool
    this.lanes = lanes
    this.leaf = leaf
  }

  /** The values of the roots, each in a local of the pool, which the caller gives back. */
  roots(words: readonly Word[]): Local[] {
    words.forEach((word) => this.count(word))
    return words.map((word) => {
      this.push(word)
      const local = this.pool.take()
      this.f.set(local)
      return local
    })
  }

  private count(word: Word): void {
    const uses = this.uses.get(word) ?? 0
    this.uses.set(word, uses + 1)
    if (uses === 0) word.args.forEach((a) => this.count(a))
  }

  /** Leaves the value on the stack: computed at the first use, kept in a local while there are more. */
  push(word: Word): void {
    const left = (this.uses.get(word) ?? 1) - 1
    this.uses.set(word, left)
    if (word.leaf === null && word.args.length === 0) return this.f.get(constantLocal(this.f, word))
    const local = this.kept.get(word)
    if (local !== undefined) {
      this.f.get(local)
      if (left === 0) {
        this.kept.delete(word)
        this.pool.give(local)
      }
      return
    }
    if (word.leaf !== null) this.leaf(word.leaf)
    else word.write(this.f, word, this)
    if (left > 0) {
      const kept = this.pool.take()
      this.kept.set(word, kept)
      this.f.tee(kept)
    }
  }

  /** The value in a local that nobody else writes: for words whose code reads an argument several times. */
  keep(word: Word): Local {
    this.push(word)
    const local = this.f.local('v128')
    this.f.set(local)
    return local
  }

  /** A graph of its own inside a branch, where `x` has the value of `local`. */
  nested(word: Word, x: Word, local: Local): void {
    const inner = new Evaluation(this.f, this.pool, this.lanes, () => {
      throw new Error('lanes: a leaf inside a rare branch')
    })
    inner.kept.set(x, local)
    inner.uses.set(x, Number.MAX_SAFE_INTEGER)
    inner.count(word)
    inner.push(word)
  }
}
