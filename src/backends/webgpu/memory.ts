// Device memory: one GPU buffer for each storage, taken from a pool and given back to it, so that a training loop makes no buffers.
import { DeviceError } from '../../base/errors.ts'
import type { MemoryStats } from '../../runtime/backend.ts'

/** A buffer of the pool. Commands are carried out in order: whoever takes it next may write at once. */
export interface Block {
  /** The server's number for it. */
  readonly id: number
  readonly bytes: number
}

/** Buffers are made in steps of a quarter of a power of two, so that sizes of the same order share them. */
function sizeClass(bytes: number): number {
  const least = Math.max(256, bytes)
  const step = 2 ** Math.max(8, Math.floor(Math.log2(least)) - 2)
  return Math.ceil(least / step) * step
}

/** All buffers together may take this, or half as much again as was ever in use at once. */
const KEPT = 256 * 2 ** 20

interface Buffers {
  make(block: Block): void
  drop(block: Block): void
}

export class Memory {
  private readonly buffers: Buffers
  private readonly largest: number
  /** By size, the largest number first. */
  private readonly free = new Map<number, Block[]>()
  private used = 0
  private mostUsed = 0
  private spare = 0
  private highWater = 0
  private storages = 0
  private made = 0

  /** `largest`: bytes of a buffer at most. */
  constructor(buffers: Buffers, largest: number) {
    this.buffers = buffers
    this.largest = largest
  }

  /** Bytes of the block that `alloc` gives. */
  sizeOf(bytes: number): number {
    return sizeClass(bytes)
  }

  alloc(bytes: number): Block {
    const size = sizeClass(bytes)
    if (size > this.largest) {
      throw new DeviceError(
        `webgpu: a tensor of ${bytes} bytes does not fit: this GPU takes ${this.largest} at most`,
        'use a smaller batch, or the device wasm.',
      )
    }
    let block = this.free.get(size)?.pop()
    if (block === undefined) {
      block = { id: this.made++, bytes: size }
      this.buffers.make(block)
    } else this.spare -= size
    this.used += size
    this.mostUsed = Math.max(this.mostUsed, this.used)
    this.storages++
    this.highWater = Math.max(this.highWater, this.used + this.spare)
    return block
  }

  release(block: Block): void {
    this.used -= block.bytes
    this.storages--
    this.spare += block.bytes
    let list = this.free.get(block.bytes)
    if (list === undefined) this.free.set(block.bytes, (list = []))
    // Whatever the order in which they come back, the lowest number is taken first: so each step of a loop gets the same buffers, and the server
    // finds its bind groups again.
    let at = list.length
    while (at > 0 && list[at - 1].id < block.id) at--
    list.splice(at, 0, block)
    if (this.used + this.spare > Math.max(KEPT, 1.5 * this.mostUsed)) this.trim()
  }

  /** Gives the free buffers back. */
  trim(): void {
    for (const list of this.free.values()) for (const block of list) this.buffers.drop(block)
    this.free.clear()
    this.spare = 0
  }

  stats(): MemoryStats {
    return { used: this.used, highWater: this.highWater, storages: this.storages }
  }
}
