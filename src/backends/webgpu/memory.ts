// Device memory: one GPU buffer for each storage, taken from a pool and given back to it, so that a training loop makes no buffers.
import { DeviceError } from '../../base/errors.ts'
import type { MemoryStats } from '../../runtime/backend.ts'

// The flags of WebGPU by value: Node has no globals for them.
export const bufferUsage = { mapRead: 1, copySrc: 4, copyDst: 8, uniform: 64, storage: 128 } as const

/** A buffer of the pool. What it holds is in the order of commands: whoever takes it next may write at once. */
export interface Block {
  readonly buffer: GPUBuffer
  readonly bytes: number
  /** Names it in the keys of bind groups. */
  readonly id: number
  /** The batch of commands that uses it last: bytes written from outside must wait until that one was handed over. */
  batch: number
}

/** Buffers are made in steps of a quarter of a power of two, so that sizes of the same order share them. */
function sizeClass(bytes: number): number {
  const least = Math.max(256, bytes)
  const step = 2 ** Math.max(8, Math.floor(Math.log2(least)) - 2)
  return Math.ceil(least / step) * step
}

/** Free buffers are kept up to this size, or as much as is in use. */
const SPARE = 256 * 2 ** 20

export class Memory {
  private readonly device: GPUDevice
  private readonly free = new Map<number, Block[]>()
  private readonly forget: (block: Block) => void
  private used = 0
  private spare = 0
  private highWater = 0
  private storages = 0
  private made = 0

  /** `forget` is called for a buffer that will be no more. */
  constructor(device: GPUDevice, forget: (block: Block) => void) {
    this.device = device
    this.forget = forget
  }

  alloc(bytes: number): Block {
    const size = sizeClass(bytes)
    const limit = Math.min(this.device.limits.maxBufferSize, this.device.limits.maxStorageBufferBindingSize)
    if (size > limit) {
      throw new DeviceError(
        `webgpu: a tensor of ${bytes} bytes does not fit: this GPU takes ${limit} at most`,
        'use a smaller batch, or the device wasm.',
      )
    }
    const block = this.free.get(size)?.pop() ?? this.make(size)
    this.spare -= size
    this.used += size
    this.storages++
    return block
  }

  private make(bytes: number): Block {
    const { storage, copySrc, copyDst } = bufferUsage
    const buffer = this.device.createBuffer({ size: bytes, usage: storage | copySrc | copyDst })
    this.spare += bytes
    this.highWater = Math.max(this.highWater, this.used + this.spare)
    return { buffer, bytes, id: this.made++, batch: -1 }
  }

  release(block: Block): void {
    this.used -= block.bytes
    this.storages--
    const list = this.free.get(block.bytes)
    if (list === undefined) this.free.set(block.bytes, [block])
    else list.push(block)
    this.spare += block.bytes
    if (this.spare > Math.max(SPARE, this.used)) this.trim()
  }

  /** Gives the free buffers back. */
  trim(): void {
    for (const list of this.free.values()) {
      for (const block of list) {
        this.forget(block)
        block.buffer.destroy()
      }
    }
    this.free.clear()
    this.spare = 0
  }

  stats(): MemoryStats {
    return { used: this.used, highWater: this.highWater, storages: this.storages }
  }
}
