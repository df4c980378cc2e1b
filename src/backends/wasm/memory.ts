// The one WebAssembly memory of the process and its allocator. Blocks up to 64 KiB come in powers of two from slabs of one page; larger ones
// are runs of 64 KiB pages. A run that is given back waits for the next request of its size: the steps of a training loop ask for the same sizes, so
// the heap stops growing after the first. Only when much is waiting, or memory is short, do waiting runs coalesce and serve others by best fit.
import { DeviceError } from '../../base/errors.ts'
import type { MemoryStats } from '../../runtime/backend.ts'
import { heapEnd, heapStart } from './layout.ts'

const page = 65536
/** So many pages may always wait: 64 MiB. */
const patientPages = 1024
const minClass = 6
const maxClass = 16
/** Pages taken at once for slabs, which stay for good: side by side they do not break up the runs. */
const pagesAside = 32

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 2 : 0)} MiB`
const classOf = (bytes: number): number => Math.max(minClass, 32 - Math.clz32(Math.max(bytes, 1) - 1))
const pagesOf = (bytes: number): number => Math.ceil(bytes / page)

/** 4 GiB where the engine reserves them; where it does not, a memory that grows; unshared without SharedArrayBuffer. */
export function createMemory(shared: boolean): WebAssembly.Memory {
  const first = Math.ceil(heapStart / page) + 16
  if (!shared) return new WebAssembly.Memory({ initial: first })
  try {
    return new WebAssembly.Memory({ initial: 65536, maximum: 65536, shared })
  } catch {
    for (let maximum = 65536; ; maximum /= 2) {
      try {
        return new WebAssembly.Memory({ initial: first, maximum, shared })
      } catch (error) {
        if (maximum <= 4096) throw new DeviceError(`wasm: no shared memory: ${(error as Error).message}`)
      }
    }
  }
}

export class Allocator {
  private readonly memory: WebAssembly.Memory
  private readonly limit: number
  /** First page behind everything that was ever taken. */
  private top = heapStart / page
  /** Free small blocks by class. */
  private readonly small: number[][] = Array.from({ length: maxClass + 1 }, () => [])
  /** Class of the slab on a page, 0 where the page is no slab. */
  private readonly slabs = new Map<number, number>()
  /** Free runs: length by first page, first page by last page, first pages by length; and the lengths in order. */
  private readonly lengthAt = new Map<number, number>()
  private readonly startOfEnd = new Map<number, number>()
  private readonly runs = new Map<number, Set<number>>()
  private lengths: number[] = []
  /** Runs that wait for a request of their length, by length: not yet among the free runs. */
  private readonly waiting = new Map<number, number[]>()
  private waitingPages = 0
  /** Pages set aside for slabs. */
  private readonly aside: number[] = []
  private used = 0
  private storages = 0

  /** `limit`: first address that may not be used; tests make it small. */
  constructor(memory: WebAssembly.Memory, limit = heapEnd) {
    this.memory = memory
    this.limit = limit
  }

  /** Memory of a tensor, counted in the statistics. */
  alloc(bytes: number): number {
    const address = this.take(bytes)
    this.used += bytes
    this.storages++
    return address
  }
  free(address: number, bytes: number): void {
    this.give(address, bytes)
    this.used -= bytes
    this.storages--
  }

  /** Memory of the engine itself: not counted as a storage. 64-byte aligned; what it holds is undefined. */
  take(bytes: number): number {
    if (bytes > page) return this.takePages(pagesOf(bytes), bytes) * page
    const k = classOf(bytes)
    const list = this.small[k]
    if (list.length === 0) this.addSlab(k, bytes)
    return list.pop() as number
  }
  give(address: number, bytes: number): void {
    if (bytes > page) this.park(address / page, pagesOf(bytes))
    else this.small[classOf(bytes)].push(address)
  }

  stats(): MemoryStats {
    return { used: this.used, highWater: this.top * page - heapStart, storages: this.storages }
  }

  private addSlab(k: number, bytes: number): void {
    const start = this.takeSlabPage(bytes)
    this.slabs.set(start, k)
    const size = 1 << k
    // From the back, so that pop gives ascending addresses.
    for (let at = page - size; at >= 0; at -= size) this.small[k].push(start * page + at)
  }

  private takeSlabPage(bytes: number): number {
    if (this.aside.length === 0) {
      const start = this.find(pagesAside)
      if (start === undefined) return this.takePages(1, bytes)
      for (let k = pagesAside - 1; k >= 0; k--) this.aside.push(start + k)
    }
    return this.aside.pop() as number
  }

  private takePages(count: number, bytes: number): number {
    const found =
      this.unparkOne(count) ??
      this.find(count) ??
      this.findAfter(this.unparkAll(), count) ??
      this.findAfter(this.sweep(), count)
    if (found !== undefined) return found
    throw new DeviceError(
      `wasm: out of memory: asked for ${megabytes(bytes)}, with ${megabytes(this.used)} in ${this.storages} tensors of ${megabytes(this.limit - heapStart)} in use`,
      'give tensors back earlier: scope(() => { ... }) around each step, or a smaller batch.',
    )
  }

  private find(count: number): number | undefined {
    const run = this.takeRun(count)
    if (run !== undefined) return run
    if (this.waitingPages > Math.max(patientPages, this.top / 2)) {
      this.unparkAll()
      return this.find(count)
    }
    return this.extend(count)
  }
  private findAfter(changed: boolean, count: number): number | undefined {
    return changed ? this.find(count) : undefined
  }

  private park(start: number, length: number): void {
    const same = this.waiting.get(length)
    if (same === undefined) this.waiting.set(length, [start])
    else same.push(start)
    this.waitingPages += length
  }
  private unparkOne(length: number): number | undefined {
    const start = this.waiting.get(length)?.pop()
    if (start !== undefined) this.waitingPages -= length
    return start
  }
  /** Makes the waiting runs free ones. False where none waits. */
  private unparkAll(): boolean {
    if (this.waitingPages === 0) return false
    for (const [length, starts] of this.waiting) for (const start of starts) this.givePages(start, length)
    this.waiting.clear()
    this.waitingPages = 0
    return true
  }

  private takeRun(count: number): number | undefined {
    let low = 0
    let high = this.lengths.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.lengths[middle] < count) low = middle + 1
      else high = middle
    }
    if (low === this.lengths.length) return undefined
    const length = this.lengths[low]
    const [start] = this.runs.get(length) as Set<number>
    this.removeRun(start, length)
    if (length > count) this.addRun(start + count, length - count)
    return start
  }

  /** Moves the end of the heap up; a free run that touches the end is used first. */
  private extend(count: number): number | undefined {
    const tail = this.startOfEnd.get(this.top - 1)
    const start = tail ?? this.top
    const top = start + count
    if (top * page > this.limit || !this.reach(top)) return undefined
    if (tail !== undefined) this.removeRun(tail, this.top - tail)
    this.top = top
    return start
  }

  /** Whether memory reaches beyond page `top`, after it has grown if need be: a page stays unused behind it, for kernels that read whole vectors. */
  private reach(top: number): boolean {
    const pages = this.memory.buffer.byteLength / page
    if (top < pages) return true
    try {
      // In steps of an eighth, since growing an unshared memory may copy it.
      this.memory.grow(Math.min(65536, Math.max(top + 1, Math.ceil(pages * 1.125))) - pages)
    } catch {
      try {
        this.memory.grow(top + 1 - pages)
      } catch {
        return false
      }
    }
    return true
  }

  private givePages(start: number, length: number): void {
    const before = this.startOfEnd.get(start - 1)
    if (before !== undefined) {
      this.removeRun(before, start - before)
      length += start - before
      start = before
    }
    const after = this.lengthAt.get(start + length)
    if (after !== undefined) {
      this.removeRun(start + length, after)
      length += after
    }
    this.addRun(start, length)
  }

  private addRun(start: number, length: number): void {
    this.lengthAt.set(start, length)
    this.startOfEnd.set(start + length - 1, start)
    const same = this.runs.get(length)
    if (same !== undefined) {
      same.add(start)
      return
    }
    this.runs.set(length, new Set([start]))
    const at = this.lengths.findIndex((other) => other > length)
    this.lengths.splice(at < 0 ? this.lengths.length : at, 0, length)
  }

  private removeRun(start: number, length: number): void {
    this.lengthAt.delete(start)
    this.startOfEnd.delete(start + length - 1)
    const same = this.runs.get(length) as Set<number>
    same.delete(start)
    if (same.size > 0) return
    this.runs.delete(length)
    this.lengths.splice(this.lengths.indexOf(length), 1)
  }

  /** Turns slabs without a used block into free pages: only when memory is short, since it walks every free block. */
  private sweep(): boolean {
    const kept = this.aside.splice(0)
    for (const start of kept) this.givePages(start, 1)
    const free = new Map<number, number>()
    for (const list of this.small) {
      for (const address of list) {
        const at = Math.floor(address / page)
        free.set(at, (free.get(at) ?? 0) + 1)
      }
    }
    const empty = new Set<number>()
    for (const [at, k] of this.slabs) if (free.get(at) === page >> k) empty.add(at)
    if (empty.size === 0) return kept.length > 0
    for (let k = minClass; k <= maxClass; k++) {
      this.small[k] = this.small[k].filter((address) => !empty.has(Math.floor(address / page)))
    }
    for (const at of empty) {
      this.slabs.delete(at)
      this.givePages(at, 1)
    }
    return true
  }
}
