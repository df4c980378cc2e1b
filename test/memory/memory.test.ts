// Memory: what a training step takes it gives back, and what is used after its end is an error that says why.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DisposedError, F, nn, optim, type Tensor } from '../../src/index.ts'
import { DataLoader, TensorDataset } from '../../src/data/index.ts'
import { lenet } from '../../src/models/index.ts'
import { collectGarbage, memory, settledStorages } from '../support/memory.ts'

beforeEach(() => void torch.manualSeed(0))

describe('ten steps of LeNet', () => {
  const setup = () => {
    const net = lenet()
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 })
    const step = (images: Tensor, labels: Tensor): Tensor => {
      optimizer.zeroGrad()
      const loss = F.crossEntropy(net(images), labels)
      loss.backward()
      optimizer.step()
      return loss
    }
    return { net, step, images: torch.rand(170, 1, 28, 28), labels: torch.randint(0, 10, [170]) }
  }
  /** The same after every step from the second on. */
  const expectSteady = (stats: ReturnType<typeof memory>[]): void => {
    expect(stats.length).toBe(10)
    for (const after of stats.slice(2)) expect(after).toEqual(stats[1])
  }

  test('in a loop over a loader take no memory after the second', async () => {
    const { step, images, labels } = setup()
    await collectGarbage()
    const stats = []
    for (const [x, y] of new DataLoader(new TensorDataset(images, labels), { batchSize: 17, shuffle: true })) {
      step(x, y)
      stats.push(memory())
    }
    expectSteady(stats)
  })
  test('nor with for await and a running sum of the loss', async () => {
    const { net, step, images, labels } = setup()
    await collectGarbage()
    const stats = []
    let [sum, correct] = [0, 0]
    for await (const [x, y] of new DataLoader(new TensorDataset(images, labels), { batchSize: 17 })) {
      sum += step(x, y).item()
      correct += torch.noGrad(() => net(x).argmax(1).eq(y).sum().item())
      stats.push(memory())
    }
    expectSteady(stats)
    expect(sum).toBeGreaterThan(0)
    expect(correct).toBeGreaterThanOrEqual(0)
  })
  test('nor in a loop of one’s own with a scope', async () => {
    const { step, images, labels } = setup()
    await collectGarbage()
    const stats = []
    for (let i = 0; i < 10; i++) {
      torch.scope(() => {
        step(images, labels)
      })
      stats.push(memory())
    }
    expectSteady(stats)
  })
  test('in a bare loop leave only the scores and the loss of each step to the garbage collector', async () => {
    const { step, images, labels } = setup()
    await collectGarbage()
    const stats = []
    for (let i = 0; i < 10; i++) {
      step(images, labels)
      stats.push(memory())
    }
    for (let i = 2; i < 10; i++) {
      expect(stats[i].highWater).toBe(stats[1].highWater)
      expect(stats[i].storages - stats[i - 1].storages).toBe(2)
      expect(stats[i].used - stats[i - 1].used).toBeLessThan(170 * 10 * 4 + 64)
    }
    await collectGarbage()
    expect(memory().storages).toBeLessThan(stats[1].storages)
  })
})

describe('a graph', () => {
  const mlp = () => new nn.Sequential(new nn.Linear(5, 7), new nn.Tanh(), new nn.Linear(7, 3))
  test('that is dropped without backward gives its memory back', async () => {
    const net = mlp()
    const x = torch.ones(3, 5)
    const before = await settledStorages()
    for (let i = 0; i < 3; i++) torch.scope(() => void net(x).sum())
    expect(memory().storages).toBe(before)
  })
  test('is not kept under noGrad', async () => {
    const net = mlp().eval()
    const x = torch.ones(3, 5)
    const before = await settledStorages()
    const y = torch.noGrad(() => net(x))
    expect(memory().storages).toBe(before + 1)
    y.dispose()
    expect(memory().storages).toBe(before)
  })
  test('holds its saved values until backward, and gradients until zeroGrad', async () => {
    const net = mlp()
    const x = torch.ones(3, 5)
    const before = await settledStorages()
    const loss = torch.scope(() => net(x).sum())
    // Saved: the output of tanh; and the loss itself.
    expect(memory().storages).toBe(before + 2)
    loss.backward()
    expect(memory().storages).toBe(before + 1 + 4)
    net.zeroGrad()
    loss.dispose()
    expect(memory().storages).toBe(before)
  })
  test('with retainGraph can be walked again, and is freed by the last time', async () => {
    const w = torch.ones(4, { requiresGrad: true })
    const before = await settledStorages()
    const y = torch.scope(() => w.exp().sum())
    y.backward(null, { retainGraph: true })
    y.backward()
    expect(torch.allclose(w.grad as Tensor, torch.full([4], 2 * Math.E), { rtol: 1e-6 })).toBe(true)
    expect(() => y.backward()).toThrow(/trying to go through the graph a second time/)
    w.grad = null
    y.dispose()
    await collectGarbage()
    expect(memory().storages).toBe(before)
  })
})

describe('a scope', () => {
  test('frees what is made in it, except what is returned or kept', () => {
    const made: Tensor[] = []
    const [a, { b }, kept] = torch.scope(() => {
      made.push(torch.ones(2), torch.ones(2).keep())
      return [torch.zeros(1), { b: torch.ones(1) }, made[1]] as const
    })
    expect([a, b, kept, made[0]].map((x) => x.disposed)).toEqual([false, false, false, true])
  })
  test('lasts until the end of the block with using', () => {
    let x: Tensor
    {
      using _ = torch.scope()
      x = torch.ones(1)
      expect(x.disposed).toBe(false)
    }
    expect(x.disposed).toBe(true)
    expect(torch.ones(1).owner).toBeNull()
  })
  test('spans await', async () => {
    const made: Tensor[] = []
    const result = await torch.scope(async () => {
      made.push(torch.ones(1))
      await new Promise((resolve) => setTimeout(resolve, 1))
      made.push(torch.ones(2))
      return torch.ones(3)
    })
    expect(made.map((x) => x.disposed)).toEqual([true, true])
    expect(result.disposed).toBe(false)
  })
  test('frees on an exception, also of a promise', async () => {
    const made: Tensor[] = []
    const fail = (): never => {
      made.push(torch.ones(1))
      throw new Error('no')
    }
    expect(() => torch.scope(fail)).toThrow('no')
    await expect(torch.scope(async () => fail())).rejects.toThrow('no')
    expect(made.map((x) => x.disposed)).toEqual([true, true])
  })
  test('inside another one hands its results to it', () => {
    let inner: Tensor | undefined
    torch.scope(() => {
      inner = torch.scope(() => torch.ones(1))
      expect(inner.disposed).toBe(false)
    })
    expect(inner?.disposed).toBe(true)
  })
  test('frees the gradient of a leaf with the leaf, and lets it go with it', () => {
    let lost: Tensor | null = null
    const { leaf, grad } = torch.scope(() => {
      const gone = torch.ones(2, { requiresGrad: true })
      gone.sum().backward()
      lost = gone.grad
      const leaf = torch.ones(2, { requiresGrad: true })
      leaf.sum().backward()
      const other = torch.ones(2, { requiresGrad: true })
      other.mul(3).sum().backward()
      return { leaf, grad: other.grad as Tensor }
    })
    expect((lost as Tensor | null)?.disposed).toBe(true)
    expect(leaf.grad?.tolist()).toEqual([1, 1])
    expect(grad.tolist()).toEqual([3, 3])
  })
  test('does not remember what was disposed early', () => {
    const before = memory().used
    torch.scope(() => {
      for (let i = 0; i < 1000; i++) torch.ones(10).dispose()
      expect(memory().used).toBe(before)
    })
  })
})

describe('use after the end', () => {
  test('names the tensor and the way out', () => {
    const x = torch.scope(() => [() => torch.ones(2, 3)][0]().sum(0) && { get: torch.ones(2, 3).sum })
    expect(x).toBeDefined()
    let late: Tensor | undefined
    torch.scope(() => {
      late = torch.ones(2, 3)
    })
    expect(() => late?.add(1)).toThrow(DisposedError)
    expect(() => late?.add(1)).toThrow(
      /\[2, 3\] of float32: used after its memory was given back\n {2}help: .*return it from the scope or call keep\(\)/,
    )
    expect(String(late)).toBe('tensor(<disposed> [2, 3], dtype=float32)')
  })
})

test('a forgotten tensor is freed by its finalizer', async () => {
  const before = await settledStorages()
  ;(() => void torch.ones(1000))()
  expect(memory().storages).toBe(before + 1)
  await collectGarbage()
  expect(memory().storages).toBe(before)
})

describe('a script', () => {
  const run = (body: string) => {
    const index = JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))
    const text = `import * as torch from ${index}
      const net = new torch.nn.Linear(300, 300)
      const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 })
      net(torch.ones(300, 300)).sum().backward()
      optimizer.step()
      ${body}`
    return spawnSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8', timeout: 30_000 })
  }
  test('that trains on and on leaves the heap of JavaScript where it was', () => {
    const { status, stdout, stderr } = run(`
      const { setFlagsFromString } = await import('node:v8')
      const { runInNewContext } = await import('node:vm')
      setFlagsFromString('--expose-gc')
      const gc = runInNewContext('gc')
      const tiny = new torch.nn.Linear(4, 2)
      const adam = new torch.optim.Adam(tiny.parameters())
      const x = torch.rand(8, 4)
      const y = torch.arange(8).remainder(2)
      const heapAfter = (steps) => {
        for (let i = 0; i < steps; i++)
          torch.scope(() => {
            adam.zeroGrad()
            torch.F.crossEntropy(tiny(x), y).backward()
            adam.step()
          })
        gc()
        return process.memoryUsage().heapUsed
      }
      heapAfter(4000)
      const before = heapAfter(4000)
      console.log((heapAfter(8000) - before) / 8000)`)
    expect([status, stderr]).toEqual([0, ''])
    // Bytes a step: 385 when each call of cross-entropy left a reduction in the cache of kernels.
    expect(Number(stdout)).toBeLessThan(60)
  })
  test('that trains a step ends by itself', () => {
    const { status, signal, stdout } = run("console.log('done')")
    expect([status, signal, stdout]).toEqual([0, null, 'done\n'])
  })
  test('that throws ends with the error', () => {
    const { status, stderr } = run("throw new Error('mine')")
    expect(status).toBe(1)
    expect(stderr).toContain('Error: mine')
  })
})
