// Generated code for people to read: the instructions of a module as statements on locals, `acc = f32x4.relaxed_madd(a, b, acc)`.
// For KINDLING_DEBUG=4 and other listeners of `runtime/compile.ts`. It reads the bytes that asm.ts wrote; who loads it gets listings, nothing else depends on it.
import type { Func, FuncRef, Module } from './asm.ts'
import { Code, type Instruction } from './decode.ts'
import { setListing } from './engine.ts'

/** A value on the stack while it is not yet part of a statement. */
interface Value {
  readonly text: string
  /** Whether it must stand in parentheses as an operand. */
  readonly compound?: boolean
  readonly reads: ReadonlySet<string>
  readonly loads: boolean
}
interface Frame {
  readonly label: string
  readonly loop: boolean
  readonly typed: boolean
  /** Values on the stack below it. */
  readonly height: number
}

const none: ReadonlySet<string> = new Set()
/** Operators of i32; comparisons and divisions are unsigned unless they say otherwise. */
// biome-ignore format: a table.
const operators: Readonly<Record<string, string>> = {
  add: '+', sub: '-', mul: '*', div_u: '/', rem_u: '%', and: '&', or: '|', xor: '^', shl: '<<', shr_u: '>>>', shr_s: '>>',
  eq: '==', ne: '!=', lt_u: '<', le_u: '<=', gt_u: '>', ge_u: '>=', lt_s: '<s', le_s: '<=s', gt_s: '>s', ge_s: '>=s',
}

/** Names of the parameters and locals of a function, each once: a name that comes again gets its index. */
function namesOf(f: Func, count: number): string[] {
  const taken = new Set<string>()
  return Array.from({ length: count }, (_, k) => {
    const plain = f.names[k] ?? `${k < f.params.length ? 'p' : 'v'}${k}`
    const name = taken.has(plain) ? `${plain}.${k}` : plain
    taken.add(name)
    return name
  })
}

class Printer {
  readonly lines: string[] = []
  private readonly names: readonly string[]
  private readonly frames: Frame[] = []
  private stack: Value[] = []
  private temps = 0
  private labels = 0

  /** How many values the function returns. */
  private readonly results: number

  constructor(names: readonly string[], results: number) {
    this.names = names
    this.results = results
  }

  private emit(text: string): void {
    this.lines.push(`${'  '.repeat(this.frames.length + 1)}${text}`)
  }
  private push(text: string, from: readonly Value[] = [], rest: Partial<Value> = {}): void {
    const reads = from.length === 0 ? none : new Set(from.flatMap((value) => [...value.reads]))
    this.stack.push({ text, reads, loads: from.some((value) => value.loads), ...rest })
  }
  private pop(count: number): Value[] {
    const floor = this.frames.at(-1)?.height ?? 0
    // Behind a jump there may be less on the stack than is taken: that code is never reached.
    return Array.from({ length: count }, () =>
      this.stack.length > floor ? (this.stack.pop() as Value) : { text: '?', reads: none, loads: false },
    ).reverse()
  }
  /** Values that a statement would change get names of their own before it. */
  private settle(changes: (value: Value) => boolean): void {
    this.stack = this.stack.map((value) => {
      if (!changes(value)) return value
      const text = `t${this.temps++}`
      this.emit(`${text} = ${value.text}`)
      return { text, reads: none, loads: false }
    })
  }
  private readonly settleLoads = (): void => this.settle((value) => value.loads)
  private readonly settleAll = (): void => this.settle((value) => value.loads || value.reads.size > 0)
  private target(depth: number): string {
    const frame = this.frames.at(-1 - depth)
    return frame === undefined ? 'return' : `${frame.loop ? 'again' : 'leave'} ${frame.label}`
  }

  private open(word: string, typed: boolean): void {
    this.settleAll()
    const label = `L${this.labels++}`
    this.emit(`${label}: ${word}`)
    this.frames.push({ label, loop: word === 'loop', typed, height: this.stack.length })
  }
  /** The result of a block that has one. */
  private finish(frame: Frame): void {
    if (frame.typed) this.emit(`${frame.label} = ${this.pop(1)[0].text}`)
    this.stack.length = frame.height
  }

  private readonly control: Readonly<Record<string, (i: Instruction) => void>> = {
    block: (i) => this.open('block', i.typed),
    loop: (i) => this.open('loop', i.typed),
    if: (i) => this.open(`if ${this.pop(1)[0].text}`, i.typed),
    else: () => {
      const frame = this.frames.at(-1) as Frame
      this.finish(frame)
      this.frames.pop()
      this.emit('else')
      this.frames.push(frame)
    },
    end: () => {
      const frame = this.frames.at(-1) as Frame
      this.finish(frame)
      this.frames.pop()
      if (frame.typed) this.push(frame.label)
    },
    br: (i) => this.emit(this.target(i.index)),
    br_if: (i) => this.emit(`if ${this.pop(1)[0].text}: ${this.target(i.index)}`),
    return: () => this.emit(['return', ...this.pop(this.results).map(({ text }) => text)].join(' ')),
    'local.get': (i) => {
      const name = this.names[i.index]
      this.push(name, [], { reads: new Set([name]) })
    },
    'local.set': (i) => this.assign(i.index),
    'local.tee': (i) => {
      this.assign(i.index)
      this.control['local.get'](i)
    },
  }
  private assign(index: number): void {
    const [value] = this.pop(1)
    const name = this.names[index]
    this.settle(({ reads }) => reads.has(name))
    this.emit(`${name} = ${value.text}`)
  }

  private call({ name, params, results }: FuncRef): void {
    const args = this.pop(params.length)
    this.settleLoads()
    const text = `${name}(${args.map((value) => value.text).join(', ')})`
    if (results.length === 0) this.emit(text)
    else {
      const result = `t${this.temps++}`
      this.emit(`${result} = ${text}`)
      this.push(result)
    }
  }

  /** What is left at the end of the function. */
  end(): void {
    if (this.stack.length > 0) this.control.return({} as Instruction)
  }

  instruction(i: Instruction): void {
    if (i.name in this.control) return this.control[i.name](i)
    if (i.callee !== undefined) return this.call(i.callee)
    if (i.constant !== undefined) return this.push(i.constant)
    const args = this.pop(i.takes)
    const operand = ({ text, compound }: Value): string => (compound ? `(${text})` : text)
    const operator = i.name.startsWith('i32.') && args.length === 2 ? operators[i.name.slice(4)] : undefined
    if (operator !== undefined)
      return this.push(`${operand(args[0])} ${operator} ${operand(args[1])}`, args, { compound: true })
    const text = `${i.name}(${[...args.map((value) => value.text), ...i.immediates].join(', ')})`
    if (i.gives) return this.push(text, args, i.loads ? { loads: true } : {})
    this.settleLoads()
    this.emit(text)
  }
}

function functionText(f: Func, exported: boolean): string {
  const code = new Code(f)
  const printer = new Printer(namesOf(f, code.locals), f.results.length)
  for (const instruction of code.instructions()) printer.instruction(instruction)
  printer.end()
  const params = namesOf(f, f.params.length).map((name, k) => `${name}: ${f.params[k]}`)
  const head = `${exported ? 'kernel' : 'func'} ${f.name}(${params.join(', ')})`
  return [`${head}${f.results.map((type) => `: ${type}`).join()}`, ...printer.lines].join('\n')
}

/** Every function of the module, those that others call first. */
export const listing = (m: Module): string =>
  m.functions.map(({ func, exported }) => functionText(func, exported)).join('\n')

setListing(listing)
