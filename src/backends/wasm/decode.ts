// The instructions of a function, read back from the bytes that asm.ts wrote: for listings (listing.ts).
import type { Func, FuncRef } from './asm.ts'
import { opcodes } from './opcodes.ts'

export interface Instruction {
  readonly name: string
  /** Values taken from the stack, and whether one is left there. */
  readonly takes: number
  readonly gives: boolean
  /** Whether it reads memory. */
  readonly loads: boolean
  /** Offsets, lanes and the like, for people. */
  readonly immediates: readonly string[]
  /** Of constants: the value. */
  readonly constant?: string
  /** Of calls. */
  readonly callee?: FuncRef
  /** A local, or how many blocks a branch leaves. */
  readonly index: number
  /** Of blocks: whether it has a result. */
  readonly typed: boolean
}

type Form = keyof typeof opcodes
const prefixed = (prefix: number, code: number): number => prefix * 65536 + code

function unsigned(bytes: readonly number[], at: number): [value: number, next: number] {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++]
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return [value, at]
  }
}

interface Meaning {
  readonly name: string
  readonly form: Form
  /** Bytes that always follow. */
  readonly rest: number
}
let meanings: Map<number, Meaning> | null = null
/** What a code stands for; the table is made when it is first asked for. */
function meaningOf(code: number): Meaning {
  if (meanings === null) {
    meanings = new Map()
    for (const form of Object.keys(opcodes) as Form[])
      for (const [name, bytes] of opcodes[form]) {
        const [first] = bytes
        const [sub, next] = first >= 0xfc ? unsigned(bytes, 1) : [first, 1]
        meanings.set(prefixed(first >= 0xfc ? first : 0, sub), { name, form, rest: bytes.length - next })
      }
  }
  const found = meanings.get(code)
  if (found === undefined) throw new Error(`listing: no instruction 0x${code.toString(16)}`)
  return found
}

const unary =
  /^drop$|\.(eqz|clz|ctz|popcnt|abs|neg|ceil|floor|trunc|nearest|sqrt|not|any_true|all_true|bitmask|splat)$|\.(wrap|relaxed_trunc|trunc|convert|demote|promote|reinterpret)_|\.ext(end|add)/
const ternary = /^select$|^memory\.(copy|fill)$|bitselect$|relaxed_(n?madd|laneselect)$|i7x16_add_s$/
const silent = /^(drop|nop|unreachable|atomic\.fence|memory\.(copy|fill))$|store/
/** How many values an instruction takes from the stack. */
const takes: Readonly<Record<Form, (name: string) => number>> = {
  plain: (name) => {
    if (/^(nop|unreachable|atomic\.fence)$/.test(name)) return 0
    return unary.test(name) ? 1 : ternary.test(name) ? 3 : 2
  },
  memory: (name) => (name.includes('store') ? 2 : 1),
  memoryLane: () => 2,
  lane: (name) => (name.includes('extract') ? 1 : 2),
  atomic: (name) => (name.endsWith('.load') ? 1 : /cmpxchg|wait32/.test(name) ? 3 : 2),
}

const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** A function's code as instructions. */
export class Code {
  /** Parameters and locals. */
  readonly locals: number
  private readonly code: readonly number[]
  private readonly view: DataView
  private readonly callees: ReadonlyMap<number, FuncRef>
  private at = 0

  constructor(f: Func) {
    this.code = f.start.concat(f.code)
    this.view = new DataView(Uint8Array.from(this.code).buffer)
    this.callees = new Map(f.calls.map(({ at, callee }) => [f.start.length + at, callee]))
    this.locals = f.localCount
  }

  private unsigned(): number {
    const [value, next] = unsigned(this.code, this.at)
    this.at = next
    return value
  }
  private signed(): bigint {
    let value = 0n
    let shift = 0n
    for (;;) {
      const byte = this.code[this.at++]
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) return byte & 0x40 ? value - (1n << shift) : value
    }
  }
  private skip(bytes: number): number {
    this.at += bytes
    return this.at - bytes
  }

  /** Four equal floats as one number, else four words. */
  private vector(): string {
    const at = this.skip(16)
    const words = [0, 4, 8, 12].map((k) => this.view.getUint32(at + k, true))
    const float = this.view.getFloat32(at, true)
    const usual = words[0] === 0 || (Math.abs(float) > 1e-30 && Math.abs(float) < 1e30)
    if (words.every((word) => word === words[0])) return usual ? `f32x4(${number(float)})` : `i32x4(${words[0] | 0})`
    return `v128(${words.map((word) => `0x${word.toString(16)}`).join(' ')})`
  }

  /** Instructions with immediates of their own. */
  private readonly special: Readonly<Record<number, () => Partial<Instruction> & { name: string }>> = {
    2: () => ({ name: 'block', typed: this.code[this.at++] !== 0x40 }),
    3: () => ({ name: 'loop', typed: this.code[this.at++] !== 0x40 }),
    4: () => ({ name: 'if', typed: this.code[this.at++] !== 0x40 }),
    5: () => ({ name: 'else' }),
    11: () => ({ name: 'end' }),
    12: () => ({ name: 'br', index: this.unsigned() }),
    13: () => ({ name: 'br_if', index: this.unsigned() }),
    15: () => ({ name: 'return' }),
    16: () => ({ name: 'call', callee: this.callees.get(this.skip(5)) }),
    32: () => ({ name: 'local.get', index: this.unsigned() }),
    33: () => ({ name: 'local.set', index: this.unsigned() }),
    34: () => ({ name: 'local.tee', index: this.unsigned() }),
    65: () => ({ name: 'i32.const', constant: String(this.signed()) }),
    66: () => ({ name: 'i64.const', constant: `${this.signed()}n` }),
    67: () => ({ name: 'f32.const', constant: number(this.view.getFloat32(this.skip(4), true)) }),
    68: () => ({ name: 'f64.const', constant: number(this.view.getFloat64(this.skip(8), true)) }),
    [prefixed(0xfd, 12)]: () => ({ name: 'v128.const', constant: this.vector() }),
    [prefixed(0xfd, 13)]: () => {
      const at = this.skip(16)
      return { name: 'i8x16.shuffle', takes: 2, gives: true, immediates: [this.code.slice(at, at + 16).join(' ')] }
    },
  }

  private next(): Instruction {
    const first = this.code[this.at++]
    const code = first >= 0xfc ? prefixed(first, this.unsigned()) : first
    const plain = { takes: 0, gives: false, loads: false, immediates: [], index: 0, typed: false }
    if (code in this.special) return { ...plain, ...this.special[code]() }
    const { name, form, rest } = meaningOf(code)
    this.skip(rest)
    const immediates: string[] = []
    const accesses = form !== 'plain' && form !== 'lane'
    if (accesses) {
      this.skip(1)
      const offset = this.unsigned()
      if (offset > 0) immediates.push(`+${offset}`)
    }
    if (form === 'lane' || form === 'memoryLane') immediates.push(`lane ${this.code[this.at++]}`)
    const loads = accesses && !name.includes('store')
    return { ...plain, name, takes: takes[form](name), gives: !silent.test(name), loads, immediates }
  }

  *instructions(): Generator<Instruction> {
    while (this.at < this.code.length) yield this.next()
  }
}
