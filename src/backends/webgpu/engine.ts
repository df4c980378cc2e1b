// The device as kernels see it: memory and a list of commands, handed over in batches. What goes wrong on the GPU is heard of later.
import { DeviceError, IndexError, KindlingError } from '../../base/errors.ts'
import type { Link } from './link.ts'
import { type Block, Memory } from './memory.ts'
import { Draft, GpuRecorder } from './recorder.ts'
import {
  type Batch,
  type Facts,
  ops,
  PARAMETER_BYTES,
  PARAMETER_WINDOW,
  type ReadReply,
  type ReadRequest,
} from './server.ts'

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
  /** Where among `words` the numbers of a map begin, and how they become words: a captured step may change them. */
  readonly scalars?: { readonly first: number; readonly encode: (values: readonly number[]) => number[] }
}

/** Kernels of one batch at most: the GPU begins while the next ones are being prepared. */
const BATCH = 128
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
  private draft = new Draft()
  private pipelines: { name: string; code: string; buffers: number }[] = []
  private recordings: Batch[] = []
  private kernels = 0
  /** How many recordings the server was given. */
  private kept = 0
  /** Notes what runs, while a step is captured. */
  recorder: GpuRecorder | null = null

  constructor(link: Link) {
    this.link = link
    const buffers = {
      make: ({ id, bytes }: Block) => this.draft.commands.push(ops.make, id, bytes / 256),
      drop: ({ id }: Block) => this.draft.commands.push(ops.drop, id),
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
    return this.recorder?.reuse(this.memory.sizeOf(bytes)) ?? this.memory.alloc(bytes)
  }
  release(block: Block): void {
    if (this.recorder === null) this.memory.release(block)
    else this.recorder.give(block)
  }

  /** Adds a kernel to the commands. */
  run(job: Job): void {
    this.check()
    const { key, code, blocks, words, groups } = job
    if (words.length * 4 > PARAMETER_WINDOW) throw new KindlingError(`webgpu: ${key}: too many dimensions or numbers`)
    const size = typeof groups === 'number' ? spread(groups) : groups
    if (size.includes(0)) return
    let pipeline = this.numbers.get(key)
    if (pipeline === undefined) {
      pipeline = this.numbers.size
      this.pipelines.push({ name: key, code: code(), buffers: blocks.length })
      this.numbers.set(key, pipeline)
    }
    if (this.draft.filled + PARAMETER_WINDOW > PARAMETER_BYTES) this.flush()
    this.draft.run(pipeline, size, job)
    this.recorder?.run(pipeline, size, job)
    if (++this.kernels === BATCH) this.flush()
  }

  /** Writes bytes from outside, in order with the kernels; they are copied. Offset and length are multiples of 4. */
  write(block: Block, offset: number, data: Uint8Array): void {
    this.check()
    this.draft.write(block, offset, data)
    this.recorder?.write(block, offset, data)
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (this.draft.commands.length === 0 && this.recordings.length === 0) return
    this.link.execute(this.draft.batch(this.pipelines, this.recordings))
    this.draft = new Draft()
    this.pipelines = []
    this.recordings = []
    this.kernels = 0
  }

  /** Gives the server commands to keep; returns their number. */
  keep(commands: Batch): number {
    // Their kernels and buffers must be known there before.
    this.flush()
    this.recordings.push(commands)
    return this.kept++
  }
  /** Carries out kept commands, in order with all others. */
  replay(recording: number, checks: boolean): void {
    this.check()
    this.checksPending ||= checks
    this.draft.commands.push(ops.replay, recording)
  }
  /** Changes numbers of kept commands, from byte `at` on. */
  patch(recording: number, at: number, words: readonly number[]): void {
    this.draft.patch(recording, at, words)
  }
  forget(recording: number): void {
    this.draft.commands.push(ops.forget, recording)
  }

  /** The number of a check, for kernels that bind `flags`: what `what` was about is said when the check fails. */
  indexCheck(what: string): number {
    this.checksPending = true
    if (this.recorder !== null) this.recorder.checks = true
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
    const reply = await this.link.read(request).catch((error: Error) => this.fail(error))
    return this.unpack(reply, offset - request.offset, length)
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
    let reply: ReadReply
    try {
      reply = readNow(request)
    } catch (error) {
      this.fail(error as Error)
    }
    return this.unpack(reply, offset - request.offset, length)
  }

  /** Throws that the GPU was lost, if that is why a read failed. */
  private fail(error: Error): never {
    this.check()
    throw error instanceof DeviceError ? error : new DeviceError(`webgpu: ${error.message}`)
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

  /** Begins to note what runs. */
  record(): GpuRecorder {
    this.recorder = new GpuRecorder(this)
    return this.recorder
  }

  /** Gives all back: every tensor of the device is gone. */
  destroy(): void {
    this.link.destroy()
  }
}

const LONGEST = 65535
const spread = (groups: number): [number, number, number] =>
  groups <= LONGEST ? [groups, 1, 1] : [LONGEST, Math.ceil(groups / LONGEST), 1]
