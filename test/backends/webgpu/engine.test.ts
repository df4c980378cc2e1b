// The connection to the GPU: in this thread and in one of its own, order of commands, memory, errors, loss.
import { describe, expect, test } from 'vitest'
import { directLink, threadLink, WebGpuBackend } from '../../../src/backends/webgpu/index.ts'
import * as torch from '../../../src/index.ts'
import { setBackendFactory } from '../../../src/runtime/device.ts'
import { noGpu, openGpu } from '../../support/gpu.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)

const links = { 'in this thread': directLink, 'in a thread of its own': threadLink }

describe.skipIf(!connected).each(Object.entries(links))('a GPU %s', (_, open) => {
  async function use<T>(body: (device: WebGpuBackend) => T): Promise<Awaited<T>> {
    const device = new WebGpuBackend((await open()) as NonNullable<Awaited<ReturnType<typeof open>>>)
    setBackendFactory('webgpu', () => device)
    try {
      return await body(device)
    } finally {
      device.engine.destroy()
    }
  }

  test('writes, kernels and reads happen in the order of the calls', () =>
    use(async () => {
      const x = torch.zeros(1000, { device: 'webgpu' })
      const sums: Promise<unknown>[] = []
      for (let k = 1; k <= 5; k++) {
        x.add_(1)
        sums.push(x.read().then((values) => values[999]))
        torch.noGrad(() => x.copy_(torch.full([1000], 10 * k)))
      }
      expect(await Promise.all(sums)).toEqual([1, 11, 21, 31, 41])
    }))

  test('more kernels than a batch holds, with memory that is taken again at once', () =>
    use(async () => {
      let x = torch.zeros(64, { device: 'webgpu' })
      for (let k = 0; k < 1000; k++) {
        const next = x.add(1)
        x.dispose()
        x = next
      }
      expect((await x.read())[5]).toBe(1000)
    }))

  test('a loop takes no more memory after its first round', () =>
    use(async (device) => {
      const x = torch.ones(100, 100, { device: 'webgpu' })
      const step = () => torch.scope(() => void x.mul(2).add(1).exp())
      step()
      await x.read()
      const before = device.stats()
      for (let k = 0; k < 1000; k++) step()
      await x.read()
      expect(device.stats()).toEqual(before)
    }))

  test('bytes of any length and place are read', () =>
    use(async (device) => {
      const values = Uint8Array.from({ length: 23 }, (_, k) => k)
      const handle = device.alloc(23)
      device.write(handle, 0, values)
      for (const [offset, length] of [
        [0, 23],
        [1, 1],
        [3, 8],
        [22, 1],
        [5, 0],
      ])
        expect(await device.read(handle, offset, length)).toEqual(values.slice(offset, offset + length))
    }))

  test('a kernel that does not compile is an error at the next read, which says why', () =>
    use(async ({ engine }) => {
      engine.run({
        key: 'broken',
        code: () => '@compute @workgroup_size(1) fn main() { nonsense; }',
        blocks: [],
        words: [],
        groups: 1,
      })
      await expect(engine.synchronize()).rejects.toThrow(/nonsense/)
      await engine.synchronize()
    }))

  test('values that it should have computed are not read: at once neither', () =>
    use(async ({ engine }) => {
      const broken = { key: 'broken', code: () => 'nonsense', blocks: [], words: [], groups: 1 }
      engine.run(broken)
      if (engine.readsNow) expect(() => engine.readNow(engine.flags, 0, 4)).toThrow(/nonsense/)
      else await expect(engine.read(engine.flags, 0, 4)).rejects.toThrow(/nonsense/)
    }))

  test('a tensor that is too large is refused', () =>
    use((device) => {
      expect(() => device.alloc(2 ** 45)).toThrow(/does not fit/)
    }))

  test('after the GPU was lost every call says so', () =>
    use(async (device) => {
      const x = torch.ones(3, { device: 'webgpu' })
      device.engine.destroy()
      expect(() => x.add(1)).toThrow(/the GPU was lost/)
      await expect(x.read()).rejects.toThrow(torch.DeviceError)
      x.dispose()
    }))
})

describe.skipIf(!connected)('values of a GPU', () => {
  test('with a thread of its own they are read at once', async () => {
    torch.webgpu.close()
    await torch.webgpu.init({ thread: true })
    const x = torch.arange(6, { device: 'webgpu' }).reshape(2, 3)
    expect(x.add(1).tolist()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(x.at(1, 2).item()).toBe(5)
    expect(x.to('wasm').device).toBe('wasm')
  })

  test('without one, asking at once is an error that says what to write', async () => {
    torch.webgpu.close()
    await torch.webgpu.init({ thread: false })
    const x = torch.arange(6, { device: 'webgpu' })
    expect(() => x.tolist()).toThrow(/await x.read\(\)/)
    expect(() => x.to('wasm')).toThrow(torch.DeviceError)
    expect((await x.toAsync('wasm')).tolist()).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('threads that have ended leave no listener with the process', async () => {
    torch.webgpu.close()
    const listeners = (): number => process.listenerCount('exit')
    const ended = async (count: number): Promise<void> => {
      for (let k = 0; k < 500 && listeners() !== count; k++) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    // Those of earlier tests end meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const before = listeners()
    for (let k = 0; k < 3; k++) {
      await torch.webgpu.init({ thread: true })
      expect(listeners()).toBe(before + 1)
      torch.webgpu.close()
      await ended(before)
    }
    expect(listeners()).toBe(before)
  })

  test('before init, and after close, a tensor cannot be made there', () => {
    torch.webgpu.close()
    expect(() => torch.zeros(2, { device: 'webgpu' })).toThrow(/await torch.webgpu.init\(\)/)
  })

  test('after a loss, init connects again', async () => {
    await torch.webgpu.init()
    torch.zeros(2, { device: 'webgpu' })
    torch.webgpu.close()
    await torch.webgpu.init()
    expect(torch.ones(2, { device: 'webgpu' }).tolist()).toEqual([1, 1])
  })
})
