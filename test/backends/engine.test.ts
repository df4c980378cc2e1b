import { expect, test } from 'vitest'
import type { Module } from '../../src/backends/wasm/asm.ts'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { wasmBackend } from '../../src/backends/wasm/index.ts'

const { engine } = wasmBackend()

/** Descriptor: out. out[item] = begin of the item's chunk. */
const marks = (m: Module) => {
  m.kernel('marks', (f, desc, begin, end) => {
    const i = f.local('i32')
    f.range(i, begin, end, 1, () => {
      f.get(desc)
      f.load('i32.load')
      f.get(i)
      f.i32(4)
      f.op('i32.mul', 'i32.add')
      f.get(begin)
      f.store('i32.store')
    })
  })
}

test('dispatch covers every item once, in chunks that begin at multiples of the grain', () => {
  const kernel = engine.kernel('test marks', marks)
  for (const [items, grain] of [
    [1, 1],
    [3, 5],
    [17, 5],
    [33, 1],
    [1000, 7],
    [5, 5],
  ]) {
    engine.session(() => {
      const out = engine.scratch(items * 4)
      engine.i32.fill(-1, out / 4, out / 4 + items)
      engine.dispatch(kernel, engine.descriptor().i32(out), items, grain)
      const seen = [...engine.i32.subarray(out / 4, out / 4 + items)]
      expect(seen).toEqual(Array.from({ length: items }, (_, k) => Math.floor(k / grain) * grain))
    })
  }
})

test('a kernel is built once per key, and one module can export several', () => {
  let built = 0
  const build = (m: Module) => {
    built++
    m.kernel('first', () => {})
    m.kernel('second', () => {})
  }
  const all = engine.kernels('test pair', build)
  expect(Object.keys(all)).toEqual(['first', 'second'])
  expect(engine.kernel('test pair', build)).toBe(all.first)
  expect(engine.kernel('test pair', build, 'second')).toBe(all.second)
  expect(built).toBe(1)
})

test('a descriptor holds words and aligned doubles, and refuses to overflow', () => {
  engine.session(() => {
    const d = engine
      .descriptor(32)
      .i32(1, 2 ** 32 - 1, -3)
      .f64(0.5)
    expect(d.address % 8).toBe(0)
    expect([...engine.i32.subarray(d.address / 4, d.address / 4 + 3)]).toEqual([1, -1, -3])
    expect(engine.f64[d.address / 8 + 2]).toBe(0.5)
    expect(() => d.i32(0, 0, 0)).toThrow('exceeds 32 bytes')
  })
})

test('scratch memory and descriptors are given back when the outermost session ends, also after an error', () => {
  const addresses = (): number[] => engine.session(() => [engine.scratch(300_000), engine.descriptor().address])
  const first = addresses()
  expect(() =>
    engine.session(() => {
      engine.session(() => engine.scratch(300_000))
      expect(engine.scratch(300_000)).not.toBe(first[0])
      throw new Error('inside')
    }),
  ).toThrow('inside')
  const { highWater } = engine.allocator.stats()
  for (let k = 0; k < 20; k++) expect(addresses()[1]).toBe(first[1])
  expect(engine.allocator.stats().highWater).toBe(highWater)
})

test('a step of a session gives back what it took, and leaves the rest', () => {
  engine.session(() => {
    const before = engine.scratch(300_000)
    const steps: number[][] = []
    for (const step of engine.steps(2500, 3))
      steps.push([...step, engine.scratch(300_000), engine.descriptor(1000).address])
    expect(steps).toHaveLength(834)
    expect([steps[1].slice(0, 2), steps[833].slice(0, 2)]).toEqual([
      [3, 3],
      [2499, 1],
    ])
    expect(new Set(steps.map((step) => String(step.slice(2)))).size).toBe(1)
    expect(steps[0][2]).not.toBe(before)
  })
})

test('a kernel that traps is a DeviceError with the name of the kernel, and the engine goes on', () => {
  const traps = engine.kernel('test trap', (m) => {
    m.kernel('trap', (f, desc, begin) => {
      f.get(begin)
      f.get(desc)
      f.op('i32.eq')
      f.if(() => f.op('unreachable'))
    })
  })
  // The first argument is the item that traps.
  for (const item of [0, 3, 63])
    expect(() => engine.dispatch(traps, item, 64, 1)).toThrow('test trap: RuntimeError: unreachable')
  engine.dispatch(traps, 64, 64, 1)
  expect(() => engine.kernel('test broken', (m) => m.kernel('bad', (f) => f.op('i32.add')))).toThrow(
    'the code of kernel test broken is not valid',
  )
})

test('bytes are written, read and seen in place', async () => {
  const device = wasmBackend()
  const handle = device.alloc(5)
  device.write(handle, 1, Uint8Array.of(7, 8, 9))
  expect([...device.bytes(handle, 1, 3)]).toEqual([7, 8, 9])
  const copy = await device.read(handle, 2, 2)
  device.write(handle, 2, Uint8Array.of(0, 0))
  expect([...copy]).toEqual([8, 9])
  expect(copy.buffer).toBeInstanceOf(ArrayBuffer)
  device.free(handle, 5)
})

test('an engine without shared memory works on one thread, and its views follow the memory when it grows', () => {
  const alone = new Engine({ ...engine.features, sharedMemory: false, threads: 1 })
  expect(alone.memory.buffer).toBeInstanceOf(ArrayBuffer)
  const small = alone.alloc(64)
  alone.i32[small / 4] = 42
  const large = alone.alloc(50_000_000)
  expect(alone.u8.length).toBeGreaterThan(large + 49_999_999)
  expect(alone.i32[small / 4]).toBe(42)
  alone.dispatch(alone.kernel('test marks', marks), alone.descriptor().i32(large), 100, 30)
  expect([...alone.i32.subarray(large / 4 + 58, large / 4 + 62)]).toEqual([30, 30, 60, 60])
})
