import { expect, test } from 'vitest'
import { heapStart } from '../../src/backends/wasm/layout.ts'
import { Allocator, createMemory } from '../../src/backends/wasm/memory.ts'

const MiB = 2 ** 20
const memory = createMemory(true)
const allocator = (bytes: number) => new Allocator(memory, heapStart + bytes)

/** A generator of numbers below n, from a seed. */
function random(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

test.each([1, 2, 3, 4])('blocks never overlap, are aligned and stay inside the memory (seed %i)', (seed) => {
  const below = random(seed)
  const heap = allocator(64 * MiB)
  const live: { address: number; bytes: number }[] = []
  let used = 0
  for (let step = 0; step < 4000; step++) {
    if (live.length > 60 || (live.length > 0 && below(2) === 0)) {
      const [block] = live.splice(below(live.length), 1)
      heap.free(block.address, block.bytes)
      used -= block.bytes
    } else {
      const bytes = below(3) === 0 ? below(MiB) : below(2) === 0 ? below(200_000) : below(3000)
      const address = heap.alloc(bytes)
      expect(address % 64).toBe(0)
      expect(address).toBeGreaterThanOrEqual(heapStart)
      expect(address + bytes).toBeLessThanOrEqual(heapStart + 64 * MiB)
      for (const other of live) {
        const apart =
          address + Math.max(bytes, 1) <= other.address || other.address + Math.max(other.bytes, 1) <= address
        if (!apart) throw new Error(`${address} + ${bytes} overlaps ${other.address} + ${other.bytes}`)
      }
      live.push({ address, bytes })
      used += bytes
    }
    expect(heap.stats()).toMatchObject({ used, storages: live.length })
  }
  for (const { address, bytes } of live) heap.free(address, bytes)
  expect(heap.stats()).toMatchObject({ used: 0, storages: 0 })
  // Free neighbours have become one, and empty slabs are pages again.
  const all = heap.alloc(63 * MiB)
  expect(all).toBeGreaterThanOrEqual(heapStart)
})

test('a repeated pattern of sizes does not raise the high-water mark after its first round', () => {
  const heap = allocator(64 * MiB)
  const sizes = [100, 70_000, 1_000_000, 64, 33_000, 250_000, 4, 65_536, 65_537]
  const round = () => {
    const blocks = sizes.map((bytes) => ({ address: heap.alloc(bytes), bytes }))
    for (const k of [3, 1, 8, 0, 2, 7, 5, 6, 4]) heap.free(blocks[k].address, blocks[k].bytes)
  }
  round()
  const { highWater } = heap.stats()
  for (let k = 0; k < 50; k++) round()
  expect(heap.stats().highWater).toBe(highWater)
})

test('blocks that outlive a round, and move, do not raise the high-water mark after the second', () => {
  const heap = allocator(256 * MiB)
  const sizes = [5_000_000, 70_000, 1_000_000, 250_000, 70_000, 3_000_000]
  let kept: { address: number; bytes: number }[] = []
  const round = (order: number[]) => {
    for (const { address, bytes } of kept) heap.free(address, bytes)
    const blocks = sizes.map((bytes) => ({ address: heap.alloc(bytes), bytes }))
    kept = blocks.slice(2, 4)
    for (const k of order) heap.free(blocks[k].address, blocks[k].bytes)
  }
  round([0, 1, 4, 5])
  round([5, 4, 1, 0])
  const { highWater } = heap.stats()
  for (let k = 0; k < 40; k++) round(k % 2 === 0 ? [4, 0, 5, 1] : [1, 5, 0, 4])
  expect(heap.stats().highWater).toBe(highWater)
})

test('a full memory is a DeviceError that names the sizes, and what was freed can be used again', () => {
  const heap = allocator(4 * MiB)
  const small = Array.from({ length: 1000 }, () => heap.alloc(1024))
  expect(() => heap.alloc(4 * MiB)).toThrow(
    /out of memory: asked for 4.00 MiB, with 0.98 MiB in 1000 tensors of 4.00 MiB/,
  )
  for (const address of small) heap.free(address, 1024)
  expect(heap.alloc(4 * MiB)).toBe(heapStart)
  expect(() => heap.alloc(1)).toThrow('out of memory')
})

test('a memory that is not shared grows when it has to', () => {
  const own = createMemory(false)
  const heap = new Allocator(own)
  const address = heap.alloc(40 * MiB)
  new Uint8Array(own.buffer, address, 40 * MiB).fill(1)
  expect(own.buffer.byteLength).toBeGreaterThan(40 * MiB)
})
