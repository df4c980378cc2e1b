// The device as kernels see it: memory and a list of commands, handed over in batches. What goes wrong on the GPU is heard of later.
import { DeviceError, IndexError, KindlingError } from '../../base/errors.ts'
import type { Link } from './link.ts'
import { type Block, Memory } from './memory.ts'
import { type Facts, ops, PARAMETER_BYTES, PARAMETER_WINDOW, type ReadReply, type ReadRequest } from './server.ts'

/** A kernel with all that it needs. */
export interface Job {
  /** All that is in the code. */
  readonly key: string
  /** WGSL with an entry point `main`; asked for once for each key. */
  readonly code: () => string
  /** Binding k shows buffer k. */
  readonly blocks: readonly Block[]
  /** 32-bit numbers, as bits. */
  readonly words: readonly number[]
  /** How many workgroups; a single number is spread over two dimensions where it has to be. */
  readonly groups: number | readonly [number, number, number]
}

/** Kernels of one batch at most: the GPU begins while the next ones are being prepared. */
const BATCH = 128
/** Parameters of a kernel start at a multiple of this. */
const ALIGN = 256
/** Kernels that find an index out of range write [1 + number of the check, index, size] into this many words. */
const FLAG_WORDS = 4

export class Engine {
  readonly memory: Memory
  /** Where kernels report an index out of range. */
  readonly flags: Block
  private readonly link: Link
  private readonly numbers = new Map<string, number>()
  /** What each check was about, by its number. */
  private readonly checks: string[] = []
  private checksPending = false
  // The batch that is being gathered.
  private commands: number[] = []
  private pipelines: { name: string; code: string; buffers: number }[] = []
  private data: Uint8Array[] = []
  private readonly parameters = new Uint32Array(PARAMETER_BYTES / 4)
  private filled = 0
  private kernels = 0

  constructor(link: Link) {
    this.link = link
    const buffers = {
      make: ({ id, bytes }: Block) => this.commands.push(ops.make, id, bytes / 256),
      drop: ({ id }: Block) => this.commands.push(ops.drop, id),
    }
    this.memory = new Memory(buffers, link.facts.maxBufferBytes)
    this.flags = this.memory.alloc(4 * FLAG_WORDS)
  }

  get facts(): Facts {
    return this.link.facts
  }
  /** Why the GPU is gone, or null. */
  get lost(): string | null {
    return this.link.lost()
  }
  /** How many kernels were compiled. */
  get compiled(): number {
    return this.numbers.size
  }
  /** Whether values can be read at once. */
  get readsNow(): boolean {
    return this.link.readNow !== null
  }

  /** Memory for a while, as for partial results; kernels that were added before still use it after `release`. */
  alloc(bytes: number): Block {
    return this.memory.alloc(bytes)
  }
  release(block: Block): void {
    this.memory.release(block)
  }

  /** Adds a kernel to the commands. */
  run({ key, code, blocks, words, groups }: Job): void {
    this.check()
    if (words.length * 4 > PARAMETER_WINDOW) throw new KindlingError(`webgpu: ${key}: too many dimensions or numbers`)
    const [x, y, z] = typeof groups === 'number' ? spread(groups) : groups
    if (x * y * z === 0) return
    let pipeline = this.numbers.get(key)
    if (pipeline === undefined) {
      pipeline = this.numbers.size
      this.pipelines.push({ name: key, code: code(), buffers: blocks.length })
      this.numbers.set(key, pipeline)
    }
    const bytes = Math.ceil((words.length * 4) / ALIGN) * ALIGN
    if (this.filled + bytes > PARAMETER_BYTES) this.flush()
    this.parameters.set(words, this.filled / 4)
    this.commands.push(ops.run, pipeline, x, y, z, this.filled, blocks.length)
    for (let k = 0; k < blocks.length; k++) this.commands.push(blocks[k].id)
    this.filled += bytes
    if (++this.kernels === BATCH) this.flush()
  }

  /** Writes bytes from outside, in order with the kernels; they are copied. Offset and length are multiples of 4. */
  write({ id }: Block, offset: number, data: Uint8Array): void {
    this.check()
    this.commands.push(ops.write, id, offset, this.data.length)
    this.data.push(data.slice())
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (this.commands.length === 0) return
    const { pipelines, data } = this
    this.link.execute({
      commands: Int32Array.from(this.commands),
      parameters: this.parameters.slice(0, this.filled / 4),
      pipelines,
      data,
    })
    this.commands = []
    this.pipelines = []
    this.data = []
    this.filled = 0
    this.kernels = 0
  }

  /** The number of a check, for kernels that bind `flags`: what `what` was about is said when the check fails. */
  indexCheck(what: string): number {
    this.checksPending = true
    const known = this.checks.indexOf(what)
    return known >= 0 ? known : this.checks.push(what) - 1
  }

  /** Throws what is known to have gone wrong since the last call. */
  check(): void {
    const lost = this.link.lost()
    if (lost !== null) {
      throw new DeviceError(
        `webgpu: the GPU was lost: ${lost}`,
        'its tensors are gone; await torch.webgpu.init() connects again, then load the last checkpoint.',
      )
    }
    const failure = this.link.takeFailure()
    if (failure !== null) throw new DeviceError(`webgpu: ${failure}`)
  }

  /** The bytes, once all kernels before have run. Throws what went wrong in them. */
  async read(block: Block, offset: number, length: number): Promise<Uint8Array> {
    const request = this.request(block, offset, length)
    return this.unpack(await this.link.read(request), offset - request.offset, length)
  }

  /** The same, now. Throws DeviceError where this thread cannot wait. */
  readNow(block: Block, offset: number, length: number): Uint8Array {
    const { readNow } = this.link
    if (readNow === null) {
      throw new DeviceError(
        'webgpu: values on the GPU cannot be read at once here',
        'await x.read() gives them; await x.toAsync("wasm") gives a tensor on the CPU. In a browser, an isolated page can read at once.',
      )
    }
    const request = this.request(block, offset, length)
    return this.unpack(readNow(request), offset - request.offset, length)
  }

  private request({ id }: Block, offset: number, length: number): ReadRequest {
    this.check()
    this.flush()
    const first = Math.floor(offset / 4) * 4
    const words = this.checksPending ? FLAG_WORDS : 0
    this.checksPending = false
    return {
      buffer: id,
      offset: first,
      length: Math.ceil((offset + length - first) / 4) * 4,
      flags: this.flags.id,
      words,
    }
  }

  private unpack({ bytes, flags }: ReadReply, skip: number, length: number): Uint8Array {
    this.check()
    const [check = 0, index, size] = flags
    if (check !== 0) {
      this.write(this.flags, 0, new Uint8Array(4 * FLAG_WORDS))
      throw new IndexError(
        `${this.checks[check - 1]}: index ${index} is out of range for size ${size}`,
        'the GPU found it after the call: it belongs to one of the operations before this read.',
      )
    }
    return bytes.subarray(skip, skip + length)
  }

  /** Resolves when all kernels before have run. Throws what went wrong in them. */
  async synchronize(): Promise<void> {
    await this.read(this.flags, 0, 4)
  }

  /** Gives all back: every tensor of the device is gone. */
  destroy(): void {
    this.link.destroy()
  }
}

const LONGEST = 65535
const spread = (groups: number): [number, number, number] =>
  groups <= LONGEST ? [groups, 1, 1] : [LONGEST, Math.ceil(groups / LONGEST), 1]
