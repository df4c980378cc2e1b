// A small WebAssembly assembler: kernels emit instructions by their names in the specification, `Module.bytes()` is the binary.
// Nothing is checked here beyond names and open labels: V8 validates the module when the engine compiles it.
import { hostArity, type HostName } from './host.ts'
import { leb, opcodes } from './opcodes.ts'

export type ValType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'
const valTypes: Record<ValType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }

export interface Local {
  readonly index: number
  readonly type: ValType
}
export interface FuncRef {
  readonly name: string
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
}
/** A block or loop that is open: the target of a branch. */
export interface Label {
  readonly depth: number
}
/** An i32 operand: a constant, a local, or code that leaves one on the stack. */
export type I32 = number | Local | (() => void)

function signedLeb(n: bigint): number[] {
  const out: number[] = []
  for (;;) {
    const byte = Number(n & 0x7fn)
    n >>= 7n
    if ((n === 0n && (byte & 0x40) === 0) || (n === -1n && (byte & 0x40) !== 0)) return [...out, byte]
    out.push(byte | 0x80)
  }
}

const scratch = new DataView(new ArrayBuffer(16))
const bytesOf = (length: number): number[] => [...new Uint8Array(scratch.buffer, 0, length)]

function look(table: Map<string, readonly number[]>, name: string): readonly number[] {
  const code = table.get(name)
  if (code === undefined) throw new Error(`asm: no instruction ${name} of this form`)
  return code
}

/** The body of one function while it is written. */
export class Func implements FuncRef {
  readonly name: string
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
  /** The parameters as locals. */
  readonly args: readonly Local[]
  code: number[] = []
  /** What comes before all else. */
  readonly start: number[] = []
  /** Where five bytes wait for the index of a function. */
  readonly calls: { at: number; callee: FuncRef }[] = []
  /** Names of parameters and locals by index, where they have any: for listings. */
  readonly names: (string | undefined)[] = []
  private readonly localTypes: ValType[] = []
  private depth = 0

  constructor(name: string, params: readonly ValType[], results: readonly ValType[]) {
    this.name = name
    this.params = params
    this.results = results
    this.args = params.map((type, index) => ({ type, index }))
  }

  /** Parameters and locals. */
  get localCount(): number {
    return this.params.length + this.localTypes.length
  }
  /** A new local; it holds 0 at the start of the function (not of a loop's iteration). */
  local(type: ValType): Local {
    this.localTypes.push(type)
    return { type, index: this.params.length + this.localTypes.length - 1 }
  }
  named(local: Local, name: string): Local {
    this.names[local.index] = name
    return local
  }
  locals<N extends string>(type: ValType, ...names: N[]): Record<N, Local> {
    return Object.fromEntries(names.map((name) => [name, this.named(this.local(type), name)])) as Record<N, Local>
  }

  get(l: Local): void {
    this.code.push(0x20, ...leb(l.index))
  }
  set(l: Local): void {
    this.code.push(0x21, ...leb(l.index))
  }
  tee(l: Local): void {
    this.code.push(0x22, ...leb(l.index))
  }

  /** Signed or unsigned 32-bit constant. */
  i32(n: number): void {
    this.code.push(0x41, ...signedLeb(BigInt(n | 0)))
  }
  i64(n: bigint | number): void {
    this.code.push(0x42, ...signedLeb(BigInt.asIntN(64, BigInt(n))))
  }
  f32(x: number): void {
    scratch.setFloat32(0, x, true)
    this.code.push(0x43, ...bytesOf(4))
  }
  f64(x: number): void {
    scratch.setFloat64(0, x, true)
    this.code.push(0x44, ...bytesOf(8))
  }
  v128(bytes: ArrayLike<number>): void {
    this.code.push(0xfd, 12, ...Array.from(bytes))
  }
  /** All four lanes `x`; likewise the next ones. */
  v128f32(x: number): void {
    for (let k = 0; k < 4; k++) scratch.setFloat32(k * 4, x, true)
    this.v128(bytesOf(16))
  }
  v128f64(x: number): void {
    for (let k = 0; k < 2; k++) scratch.setFloat64(k * 8, x, true)
    this.v128(bytesOf(16))
  }
  v128i32(n: number): void {
    for (let k = 0; k < 4; k++) scratch.setInt32(k * 4, n, true)
    this.v128(bytesOf(16))
  }
  v128i64(n: bigint | number): void {
    for (let k = 0; k < 2; k++) scratch.setBigInt64(k * 8, BigInt(n), true)
    this.v128(bytesOf(16))
  }
  /** A constant of any type; of v128 give the lanes by v128f32 and the like. */
  constant(type: Exclude<ValType, 'v128'>, x: number): void {
    if (type === 'i64') this.i64(BigInt(x))
    else this[type](x)
  }

  /** Instructions without immediates, one after the other, by their names; also memory.copy and memory.fill. */
  op(...names: string[]): void {
    for (const name of names) this.code.push(...look(opcodes.plain, name))
  }
  /** `offset` is added to the address without wrapping: 0 .. 2^32 - 1. */
  load(name: string, offset = 0): void {
    this.code.push(...look(opcodes.memory, name), 0, ...leb(offset))
  }
  store(name: string, offset = 0): void {
    this.load(name, offset)
  }
  /** v128.load32_lane and its like: the stack holds address, vector. */
  memoryLane(name: string, lane: number, offset = 0): void {
    this.code.push(...look(opcodes.memoryLane, name), 0, ...leb(offset), lane)
  }
  atomic(name: string, offset = 0): void {
    this.code.push(...look(opcodes.atomic, name), 2, ...leb(offset))
  }
  lane(name: string, index: number): void {
    this.code.push(...look(opcodes.lane, name), index)
  }
  /** i8x16.shuffle: bytes 0-15 of the first vector, 16-31 of the second. */
  shuffle(bytes: readonly number[]): void {
    if (bytes.length !== 16) throw new Error(`asm: a shuffle takes 16 bytes, not ${bytes.length}`)
    this.code.push(0xfd, 13, ...bytes)
  }
  /** A shuffle of 32-bit lanes: 0-3 of the first vector, 4-7 of the second. */
  shuffle32(...lanes: [number, number, number, number]): void {
    this.shuffle(lanes.flatMap((l) => [4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3]))
  }

  private open(opcode: number, result: ValType | undefined): Label {
    this.code.push(opcode, result === undefined ? 0x40 : valTypes[result])
    return { depth: ++this.depth }
  }
  private close(): void {
    this.code.push(0x0b)
    this.depth--
  }
  /** A branch to a loop's label goes to its start, to a block's label behind its end. */
  loop(body: (label: Label) => void, result?: ValType): void {
    body(this.open(0x03, result))
    this.close()
  }
  block(body: (label: Label) => void, result?: ValType): void {
    body(this.open(0x02, result))
    this.close()
  }
  /** Takes its condition from the stack. */
  if(then: (label: Label) => void, otherwise?: (label: Label) => void, result?: ValType): void {
    const label = this.open(0x04, result)
    then(label)
    if (otherwise) {
      this.code.push(0x05)
      otherwise(label)
    }
    this.close()
  }
  br(label: Label): void {
    this.code.push(0x0c, ...leb(this.depth - label.depth))
  }
  brIf(label: Label): void {
    this.code.push(0x0d, ...leb(this.depth - label.depth))
  }
  return(): void {
    this.code.push(0x0f)
  }
  call(callee: FuncRef): void {
    this.code.push(0x10, 0, 0, 0, 0, 0)
    this.calls.push({ at: this.code.length - 5, callee })
  }

  /** Puts what `body` writes, which must not call functions, at the start of the function. */
  atStart(body: () => void): void {
    const { code } = this
    this.code = this.start
    body()
    this.code = code
  }

  /** Leaves an i32 operand on the stack. */
  push(x: I32): void {
    if (typeof x === 'number') this.i32(x)
    else if (typeof x === 'function') x()
    else this.get(x)
  }
  /** local = local + x, of an i32. */
  inc(l: Local, x: I32): void {
    this.get(l)
    this.push(x)
    this.op('i32.add')
    this.set(l)
  }
  /**
   * for (local = from; local < to; local += step) body(). All unsigned, so that addresses above 2 GiB work: an end such as `n - 3` must not be
   * below zero (use `n & -4`). `from` and `step` are read where they stand; `to` is read before each iteration.
   */
  range(local: Local, from: I32, to: I32, step: I32, body: () => void): void {
    this.push(from)
    this.set(local)
    this.while(
      () => {
        this.get(local)
        this.push(to)
        this.op('i32.lt_u')
      },
      () => {
        body()
        this.inc(local, step)
      },
    )
  }
  /** while (test()) body(); the test is emitted twice, so that an iteration costs one branch. */
  while(test: () => void, body: () => void): void {
    this.block((end) => {
      test()
      this.op('i32.eqz')
      this.brIf(end)
      this.loop((again) => {
        body()
        test()
        this.brIf(again)
      })
    })
  }

  /** The body as the code section holds it; locals of one type in a row are one entry. */
  encode(indexOf: (callee: FuncRef) => number): number[] {
    for (const { at, callee } of this.calls) {
      const index = indexOf(callee)
      for (let k = 0; k < 5; k++) this.code[at + k] = ((index >>> (7 * k)) & 0x7f) | (k < 4 ? 0x80 : 0)
    }
    const runs: [number, ValType][] = []
    for (const type of this.localTypes) {
      const last = runs.at(-1)
      if (last?.[1] === type) last[0]++
      else runs.push([1, type])
    }
    const head = [...leb(runs.length), ...runs.flatMap(([count, type]) => [...leb(count), valTypes[type]])]
    const length = head.length + this.start.length + this.code.length + 1
    return [...leb(length), ...head].concat(this.start, this.code, 0x0b)
  }
}

const text = (s: string): number[] => {
  const utf8 = new TextEncoder().encode(s)
  return [...leb(utf8.length), ...utf8]
}
const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length)].concat(...items)
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length)].concat(content)

/** A module that imports the engine's memory and the host functions that it uses. */
export class Module {
  private readonly shared: boolean
  private readonly funcs: { func: Func; exported: boolean }[] = []
  private readonly hosts = new Map<HostName, FuncRef>()

  constructor(shared = true) {
    this.shared = shared
  }

  /** Its functions, for listings. */
  get functions(): readonly { readonly func: Func; readonly exported: boolean }[] {
    return this.funcs
  }

  /** Names of the exported functions, in the order in which they were made. */
  get exports(): string[] {
    return this.funcs.filter((f) => f.exported).map((f) => f.func.name)
  }

  func(
    name: string,
    params: readonly ValType[],
    results: readonly ValType[],
    body: (f: Func) => void,
    options: { export?: boolean } = {},
  ): FuncRef {
    const func = new Func(name, params, results)
    this.funcs.push({ func, exported: options.export ?? false })
    body(func)
    return func
  }

  /** An exported kernel: `(desc, begin, end)`, see engine.ts. */
  kernel(name: string, body: (f: Func, desc: Local, begin: Local, end: Local) => void): FuncRef {
    const params = ['i32', 'i32', 'i32'] as const
    const write = (f: Func): void => {
      const [desc, begin, end] = ['desc', 'begin', 'end'].map((arg, k) => f.named(f.args[k], arg))
      body(f, desc, begin, end)
    }
    return this.func(name, params, [], write, { export: true })
  }

  /** A JavaScript function of f64 arguments, for what is rare or hard: 20 to 50 ns a call. */
  host(name: HostName): FuncRef {
    let ref = this.hosts.get(name)
    if (ref === undefined) {
      ref = { name, params: new Array<ValType>(hostArity(name)).fill('f64'), results: ['f64'] }
      this.hosts.set(name, ref)
    }
    return ref
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const hosts = [...this.hosts.values()]
    const all: FuncRef[] = [...hosts, ...this.funcs.map((f) => f.func)]
    const indices = new Map(all.map((ref, index) => [ref, index]))
    const indexOf = (ref: FuncRef): number => {
      const index = indices.get(ref)
      if (index === undefined) throw new Error(`asm: ${ref.name} is not a function of this module`)
      return index
    }
    const types: string[] = []
    const typeIndex = (ref: FuncRef): number => {
      const encode = (list: readonly ValType[]) => vector(list.map((type) => [valTypes[type]]))
      const key = [0x60, ...encode(ref.params), ...encode(ref.results)].join()
      if (!types.includes(key)) types.push(key)
      return types.indexOf(key)
    }
    const limits = this.shared ? [3, 0, ...leb(65536)] : [0, 0]
    const imports = [
      [...text('k'), ...text('memory'), 2, ...limits],
      ...hosts.map((ref) => [...text('h'), ...text(ref.name), 0, ...leb(typeIndex(ref))]),
    ]
    const declared = this.funcs.map((f) => leb(typeIndex(f.func)))
    const exported = this.funcs.filter((f) => f.exported).map((f) => [...text(f.func.name), 0, ...leb(indexOf(f.func))])
    const bodies = this.funcs.map((f) => f.func.encode(indexOf))
    const names = section(1, vector(all.map((ref, index) => [...leb(index), ...text(ref.name)])))
    const typeBytes = types.map((key) => key.split(',').map(Number))
    return new Uint8Array(
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].concat(
        section(1, vector(typeBytes)),
        section(2, vector(imports)),
        section(3, vector(declared)),
        section(7, vector(exported)),
        section(10, vector(bodies)),
        section(0, [...text('name'), ...names]),
      ),
    )
  }
}
