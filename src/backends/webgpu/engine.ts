// The connection to one GPU: memory, commands, compiled kernels, and the errors that arrive late. Kernels call `run`.
import { log } from '#platform'
import { DeviceError, IndexError, KindlingError } from '../../base/errors.ts'
import { Commands, PARAMETER_WINDOW } from './commands.ts'
import { type Block, bufferUsage, Memory } from './memory.ts'
import { Pipelines } from './pipelines.ts'

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

/** What kernels may want to know of the GPU. */
export interface GpuFacts {
  readonly f16: boolean
  readonly subgroups: boolean
  /** Bytes that threads of a workgroup can share. */
  readonly sharedBytes: number
  /** Threads of a workgroup at most. */
  readonly threads: number
}

/** Kernels that find an index out of range write [1 + number of the check, index, size] here. */
const FLAG_WORDS = 4

export class Engine {
  readonly adapter: GPUAdapter
  readonly device: GPUDevice
  readonly memory: Memory
  readonly commands: Commands
  readonly pipelines: Pipelines
  /** Why the GPU is gone, or null. */
  lost: string | null = null
  /** The first error that arrived and was not thrown yet. */
  private failure: string | null = null
  /** Where kernels report an index out of range. */
  readonly flags: Block
  /** What each check was about, by its number. */
  private readonly checks: string[] = []
  private checksPending = false

  private constructor(adapter: GPUAdapter, device: GPUDevice) {
    this.adapter = adapter
    this.device = device
    this.pipelines = new Pipelines(device)
    this.memory = new Memory(device, () => this.pipelines.forgetGroups())
    this.commands = new Commands(device)
    this.flags = this.memory.alloc(4 * FLAG_WORDS)
    device.onuncapturederror = ({ error }) => {
      this.failure ??= error.message
      log(`webgpu: ${error.message}`)
    }
    void device.lost.then(({ reason, message }) => {
      this.lost = message || reason || 'no reason given'
    })
  }

  /** Connects to the fastest GPU there is. Throws DeviceError where there is none. */
  static async open(gpu: GPU): Promise<Engine> {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (adapter === null) {
      throw new DeviceError('webgpu: no GPU can be used here', 'update the graphics driver, or use the device wasm.')
    }
    const wished = ['shader-f16', 'subgroups', 'timestamp-query'] as const
    const { limits } = adapter
    const device = await adapter.requestDevice({
      requiredFeatures: wished.filter((feature) => adapter.features.has(feature)),
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
      },
    })
    return new Engine(adapter, device)
  }

  get facts(): GpuFacts {
    const { features, limits } = this.device
    return {
      f16: features.has('shader-f16'),
      subgroups: features.has('subgroups'),
      sharedBytes: limits.maxComputeWorkgroupStorageSize,
      threads: limits.maxComputeInvocationsPerWorkgroup,
    }
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
    const size = typeof groups === 'number' ? spread(groups) : groups
    if (size.includes(0)) return
    const pipeline = this.pipelines.pipeline(key, blocks.length, code)
    this.commands.dispatch(pipeline, this.pipelines.group(blocks, this.commands), blocks, words, size)
  }

  /** The number of a check, for kernels that bind `flags`: what `what` was about is said when the check fails. */
  indexCheck(what: string): number {
    this.checksPending = true
    const known = this.checks.indexOf(what)
    return known >= 0 ? known : this.checks.push(what) - 1
  }

  /** Throws what went wrong since the last call. */
  check(): void {
    if (this.lost !== null) {
      throw new DeviceError(
        `webgpu: the GPU was lost: ${this.lost}`,
        'its tensors are gone; await torch.webgpu.init() connects again, then load the last checkpoint.',
      )
    }
    if (this.failure !== null) {
      const message = this.failure
      this.failure = null
      throw new DeviceError(`webgpu: ${message}`)
    }
  }

  /** The bytes, once all kernels before have run. Throws what went wrong in them. */
  async read(block: Block, offset: number, length: number): Promise<Uint8Array> {
    this.check()
    const first = Math.floor(offset / 4) * 4
    const bytes = Math.ceil((offset + length - first) / 4) * 4
    const flagsAt = bytes
    const withFlags = this.checksPending
    this.checksPending = false
    const { mapRead, copyDst } = bufferUsage
    const size = Math.max(bytes + (withFlags ? 4 * FLAG_WORDS : 0), 4)
    const staging = this.device.createBuffer({ size, usage: mapRead | copyDst })
    if (bytes > 0) this.commands.copy(block.buffer, first, staging, 0, bytes)
    if (withFlags) this.commands.copy(this.flags.buffer, 0, staging, flagsAt, 4 * FLAG_WORDS)
    this.commands.flush()
    try {
      await staging.mapAsync(1)
    } catch (error) {
      this.check()
      throw new DeviceError(`webgpu: values could not be read: ${(error as Error).message}`)
    }
    const all = staging.getMappedRange()
    const result = new Uint8Array(all.slice(offset - first, offset - first + length))
    const [check, index, limit] = withFlags ? new Int32Array(all.slice(flagsAt)) : [0, 0, 0]
    staging.unmap()
    staging.destroy()
    this.check()
    if (check !== 0) {
      this.commands.write(this.flags, 0, new Uint8Array(4 * FLAG_WORDS))
      throw new IndexError(
        `${this.checks[check - 1]}: index ${index} is out of range for size ${limit}`,
        'the GPU found it after the call: it belongs to one of the operations before this read.',
      )
    }
    return result
  }

  /** Resolves when all kernels before have run. Throws what went wrong in them. */
  async synchronize(): Promise<void> {
    await this.read(this.flags, 0, 4)
  }

  /** Gives all back: every tensor of the device is gone. */
  destroy(): void {
    this.device.destroy()
    this.lost = 'it was closed'
  }
}

const LONGEST = 65535
const spread = (groups: number): [number, number, number] =>
  groups <= LONGEST ? [groups, 1, 1] : [LONGEST, Math.ceil(groups / LONGEST), 1]
