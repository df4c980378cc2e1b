// What kernels stand on: modules compiled once by key, descriptors and scratch memory, and `dispatch` over all threads.
// A kernel is an exported function `(desc: i32, begin: i32, end: i32)`: the address of a descriptor and a range of work items.
import { now } from '#platform'
import { bytesOf } from '../../base/dtype.ts'
import { DeviceError } from '../../base/errors.ts'
import { tellCompiled } from '../../runtime/compile.ts'
import type { View } from '../../runtime/spec.ts'
import { Module } from './asm.ts'
import { type Features, probeFeatures } from './features.ts'
import { hostMath } from './host.ts'
import { descriptors } from './layout.ts'
import { Allocator, createMemory } from './memory.ts'
import { WasmRecorder } from './recorder.ts'
import { type Job, runChunks, ThreadPool } from './threads.ts'

export type { Features } from './features.ts'

/** Generated code for people to read. A page does without: where listing.ts is not loaded, these are the names of its kernels. */
let listing = (m: Module): string => m.exports.join('\n')
export const setListing = (print: (m: Module) => string): void => {
  listing = print
}

/** A compiled kernel; `run` is the exported function itself, for work too small for `dispatch`. */
export interface Kernel extends Job {
  readonly id: number
}

/** Writes a descriptor word by word. What it wrote is valid until the spec that it belongs to is done. */
export class Descriptor {
  readonly address: number
  private readonly engine: Engine
  private readonly end: number
  private at: number

  constructor(engine: Engine, address: number, bytes: number) {
    this.engine = engine
    this.address = address
    this.at = address
    this.end = address + bytes
  }

  private next(bytes: number): number {
    const at = (this.at + bytes - 1) & -bytes
    this.at = at + bytes
    if (this.at > this.end)
      throw new DeviceError(`wasm: a kernel's descriptor exceeds ${this.end - this.address} bytes`)
    return at
  }

  /** Signed or unsigned 32-bit word, for example an address. */
  i32(...values: number[]): this {
    for (const value of values) {
      const at = this.next(4)
      this.engine.i32[at >> 2] = value
    }
    return this
  }
  f32(value: number): this {
    const at = this.next(4)
    this.engine.f32[at >> 2] = value
    return this
  }
  /** Aligned to 8 bytes, as i64. */
  f64(...values: number[]): this {
    for (const value of values) {
      const at = this.next(8)
      this.engine.f64[at >> 3] = value
    }
    return this
  }
  i64(value: bigint): this {
    const at = this.next(8)
    this.engine.i64[at >> 3] = value
    return this
  }
  /** The address of a view's first element. */
  ptr(view: View): this {
    return this.i32(addressOf(view))
  }
}

/** The byte address of a view's first element, 0 .. 2^32 - 1. */
export const addressOf = (view: View): number => (view.storage.handle as number) + view.offset * bytesOf(view.dtype)

export class Engine {
  readonly features: Features
  readonly memory: WebAssembly.Memory
  readonly allocator: Allocator
  readonly pool: ThreadPool
  /** Notes what runs, while a step is captured. */
  recorder: WasmRecorder | null = null
  private readonly modules = new Map<string, Record<string, Kernel>>()
  private readonly imported = hostMath()
  private kernelCount = 0
  private descriptorTop: number = descriptors.start
  private scratches: { address: number; bytes: number }[] = []
  private depth = 0
  private views!: { u8: Uint8Array; i32: Int32Array; i64: BigInt64Array; f32: Float32Array; f64: Float64Array }

  constructor(features: Features = probeFeatures()) {
    this.features = features
    this.memory = createMemory(features.sharedMemory)
    this.allocator = new Allocator(this.memory)
    this.pool = new ThreadPool(this.memory, features.threads)
    this.refresh()
  }

  private refresh(): void {
    const { buffer } = this.memory
    this.views = {
      u8: new Uint8Array(buffer),
      i32: new Int32Array(buffer),
      i64: new BigInt64Array(buffer),
      f32: new Float32Array(buffer),
      f64: new Float64Array(buffer),
    }
  }

  /** Views over the memory. Take them anew after an allocation: where memory grows, old ones end too early or are detached. */
  get u8(): Uint8Array {
    return this.views.u8
  }
  get i32(): Int32Array {
    return this.views.i32
  }
  get i64(): BigInt64Array {
    return this.views.i64
  }
  get f32(): Float32Array {
    return this.views.f32
  }
  get f64(): Float64Array {
    return this.views.f64
  }

  alloc(bytes: number): number {
    const address = this.allocator.alloc(bytes)
    if (this.views.u8.buffer !== this.memory.buffer) this.refresh()
    return address
  }
  free(address: number, bytes: number): void {
    this.allocator.free(address, bytes)
  }
  /** Memory that stays for good, for example a table of constants; 64-byte aligned. */
  permanent(bytes: number): number {
    const address = this.allocator.take(bytes)
    if (this.views.u8.buffer !== this.memory.buffer) this.refresh()
    return address
  }
  /** Memory until the spec is done; 64-byte aligned, its content is undefined. */
  scratch(bytes: number): number {
    const address = this.recorder === null ? this.permanent(bytes) : this.recorder.scratch(bytes)
    this.scratches.push({ address, bytes })
    return address
  }
  /** The same for what is written here, not by a kernel: a captured step keeps it. */
  table(bytes: number): number {
    return this.recorder === null ? this.scratch(bytes) : this.recorder.keep(bytes)
  }

  /** Begins to note what runs. */
  record(): WasmRecorder {
    this.recorder = new WasmRecorder(this)
    return this.recorder
  }
  /** Does what belongs to a kernel but is done here: now, and in every replay. */
  host(run: () => void): void {
    if (this.recorder === null) run()
    else this.recorder.host(run)
  }
  fill(value: number, address: number, bytes: number): void {
    this.host(() => this.u8.fill(value, address, address + bytes))
  }
  private giveScratch(block: { address: number; bytes: number }): void {
    if (this.recorder === null) this.allocator.give(block.address, block.bytes)
    else this.recorder.reuse(block)
  }

  /** Runs one spec: its descriptors and scratch memory are given back at the end, also after an error. */
  session<T>(run: () => T): T {
    this.depth++
    try {
      return run()
    } finally {
      this.depth--
      if (this.depth === 0) this.release()
    }
  }
  /** The steps of a spec that has many: 0 .. `all` - 1 by `size`. What a step takes of descriptors and scratch memory is given back at its end. */
  *steps(all: number, size: number): Generator<[first: number, count: number]> {
    for (let first = 0; first < all; first += size) {
      const { descriptorTop } = this
      const { length } = this.scratches
      yield [first, Math.min(size, all - first)]
      this.descriptorTop = descriptorTop
      for (const block of this.scratches.splice(length)) this.giveScratch(block)
    }
  }
  private release(): void {
    this.descriptorTop = descriptors.start
    if (this.scratches.length === 0) return
    for (const block of this.scratches) this.giveScratch(block)
    this.scratches = []
  }

  descriptor(bytes = 1024): Descriptor {
    if (this.recorder !== null) return new Descriptor(this, this.recorder.keep(bytes), bytes)
    const address = this.descriptorTop
    if (address + bytes > descriptors.end) {
      throw new DeviceError(
        `wasm: the descriptors of one operation exceed ${descriptors.end - descriptors.start} bytes`,
      )
    }
    this.descriptorTop = (address + bytes + 63) & -64
    return new Descriptor(this, address, bytes)
  }

  /** The kernels that `build` exports, by name; built and compiled at the first call with this key. */
  kernels(key: string, build: (m: Module, features: Features) => void): Record<string, Kernel> {
    let kernels = this.modules.get(key)
    if (kernels === undefined) {
      kernels = this.compile(key, build)
      this.modules.set(key, kernels)
    }
    return kernels
  }
  /** One of them: the export of that name, or the first. */
  kernel(key: string, build: (m: Module, features: Features) => void, name?: string): Kernel {
    const kernels = this.kernels(key, build)
    for (const first in kernels) return kernels[name ?? first]
    throw new DeviceError(`wasm: ${key} exports no kernel`)
  }

  private compile(key: string, build: (m: Module, features: Features) => void): Record<string, Kernel> {
    const began = now()
    const m = new Module(this.features.sharedMemory)
    build(m, this.features)
    const bytes = m.bytes()
    const generated = now()
    const module = this.compileBytes(key, bytes)
    const times = { generateMs: generated - began, compileMs: now() - generated }
    tellCompiled({ device: 'wasm', name: key, bytes: bytes.length, ...times, text: () => listing(m) })
    const imports = { k: { memory: this.memory }, h: this.imported }
    const { exports } = new WebAssembly.Instance(module, imports)
    let moduleAddress = 0
    if (this.features.threads > 1) {
      moduleAddress = this.permanent(bytes.length)
      this.u8.set(bytes, moduleAddress)
    }
    const moduleId = this.modules.size + 1
    const kernels: Record<string, Kernel> = {}
    m.exports.forEach((name, exportIndex) => {
      const run = exports[name] as Kernel['run']
      const id = this.kernelCount++
      kernels[name] = {
        id,
        name: m.exports.length > 1 ? `${key} ${name}` : key,
        moduleId,
        moduleAddress,
        moduleLength: bytes.length,
        exportIndex,
        run,
      }
    })
    return kernels
  }

  private compileBytes(key: string, bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
    try {
      return new WebAssembly.Module(bytes)
    } catch (error) {
      throw new DeviceError(`wasm: the code of kernel ${key} is not valid: ${(error as Error).message}`)
    }
  }

  /**
   * Runs the kernel on items 0 .. `items` - 1, in chunks of `grain` that begin at multiples of it whatever the number of threads, so a result per
   * chunk is the same on every machine. Chunks run in any order and at once; aim at 20 to 200 microseconds each. Throws DeviceError when a kernel traps.
   */
  dispatch(kernel: Kernel, desc: Descriptor | number, items: number, grain: number): void {
    const address = typeof desc === 'number' ? desc : desc.address
    this.recorder?.job(kernel, address, items, grain)
    if (items > grain && this.features.threads > 1) this.pool.run(kernel, address, items, grain)
    else if (items > 0) {
      try {
        runChunks(kernel.run, address, items, grain)
      } catch (error) {
        throw new DeviceError(`${kernel.name}: ${String(error)}`)
      }
    }
  }
}
