// A thousand training steps, one by one and as replays of a captured step: after the first few they take nothing more from the device, and on a GPU make no object.
import { requestGpu } from '#platform'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { cpuAndGpu } from '../support/gpu.ts'
import { collectGarbage } from '../support/memory.ts'

const devices = await cpuAndGpu()

const creators = ['createBuffer', 'createBindGroup', 'createShaderModule', 'createComputePipeline'] as const
/** How often each was called. */
const calls: Record<string, number> = {}
let restore = (): void => {}

/** Counts what is made of WebGPU's objects in this thread. */
async function countCreations(): Promise<void> {
  const adapter = await (await requestGpu())?.requestAdapter()
  const device = (await adapter?.requestDevice()) as GPUDevice
  const prototype: Record<string, (this: GPUDevice, descriptor: never) => unknown> = Object.getPrototypeOf(device)
  device.destroy()
  const originals = creators.map((name) => [name, prototype[name]] as const)
  for (const [name, original] of originals) {
    calls[name] = 0
    prototype[name] = function (descriptor) {
      calls[name]++
      return original.call(this, descriptor)
    }
  }
  restore = () => Object.assign(prototype, Object.fromEntries(originals))
}

describe.each(devices)('a thousand steps on %s', { timeout: 300_000 }, (device) => {
  beforeAll(async () => {
    if (device !== 'webgpu') return
    await countCreations()
    torch.webgpu.close()
    await torch.webgpu.init({ thread: false })
  })
  afterAll(async () => {
    restore()
    if (device !== 'webgpu') return
    torch.webgpu.close()
    await torch.webgpu.init()
  })

  interface Training {
    readonly batch: () => void
    readonly step: () => torch.Tensor
  }
  function training(): Training {
    torch.manualSeed(0)
    const net = new torch.nn.Sequential(
      new torch.nn.Linear(20, 32),
      new torch.nn.ReLU(),
      new torch.nn.Linear(32, 5),
    ).to(device)
    const optimizer = new torch.optim.Adam(net.parameters())
    const X = torch.empty(64, 20, { device })
    const y = torch.arange(64, { device }).remainder(5)
    return {
      batch: () => torch.scope(() => void X.copy_(torch.rand(64, 20))),
      step() {
        const loss = torch.F.crossEntropy(net(X), y)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return loss.detach()
      },
    }
  }
  /** All that could grow. It may shrink, when the garbage collector finds what an earlier test has left. */
  const state = (): Record<string, number> => {
    const { memoryReserved = 0, kernelsCompiled = 0 } = torch.backend(device).info?.() ?? {}
    return { ...torch.backend(device).stats(), ...({ memoryReserved, kernelsCompiled } as object), ...calls }
  }
  async function expectSteady(round: () => Promise<void>): Promise<void> {
    await collectGarbage()
    for (let k = 0; k < 3; k++) await round()
    const before = state()
    for (let k = 0; k < 10; k++) await round()
    const grown = Object.entries(state()).filter(([name, value]) => value > before[name])
    expect(Object.fromEntries(grown)).toEqual({})
  }

  test('one by one', async () => {
    const { batch, step } = training()
    await expectSteady(async () => {
      for (let k = 0; k < 100; k++) {
        batch()
        const loss = torch.scope(() => step())
        // Not each: Node looks only now and then whether a read is done.
        if (k % 10 === 0) expect((await loss.read())[0]).toBeLessThan(3)
        loss.dispose()
      }
    })
  })

  test('as replays', async () => {
    const { batch, step } = training()
    batch()
    torch.scope(() => void step())
    const captured = torch.capture(step)
    await expectSteady(async () => {
      for (let k = 0; k < 100; k++) {
        batch()
        captured.replay()
      }
      expect((await captured.result.read())[0]).toBeLessThan(3)
    })
    captured.dispose()
  })
})
