// Captured steps against the same steps taken one by one: the same bits.
import { afterEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { lenet } from '../../src/models/index.ts'
import { settledStorages } from '../support/memory.ts'
import { cpuAndGpu } from '../support/gpu.ts'

const { nn, optim, F } = torch
const devices = await cpuAndGpu()

interface Training {
  readonly net: torch.nn.Module
  readonly X: torch.Tensor
  readonly y: torch.Tensor
  readonly optimizer: { step(): unknown; zeroGrad(): void }
  readonly after?: () => void
}

/** Losses of `steps` steps on fresh data each, the later ones by replays of a captured step. */
function losses({ net, X, y, optimizer, after }: Training, steps: number, captureAt: number): number[] {
  const step = (): torch.Tensor => {
    optimizer.zeroGrad()
    const loss = F.crossEntropy(net(X) as torch.Tensor, y)
    loss.backward()
    optimizer.step()
    return loss.detach()
  }
  const list: number[] = []
  let graph: torch.Capture<torch.Tensor> | null = null
  for (let k = 0; k < steps; k++) {
    torch.scope(() => {
      X.copy_(torch.rand(X.shape))
      y.copy_(torch.randint(0, 10, [y.shape[0]]))
    })
    if (k < captureAt) list.push(torch.scope(() => step()).item())
    else if (graph === null) {
      graph = torch.capture(step)
      list.push(graph.result.item())
    } else list.push(graph.replay().item())
    after?.()
  }
  graph?.dispose()
  return list
}

afterEach(() => torch.setDefaultDevice('wasm'))

describe.each(devices)('a captured step on %s', (device) => {
  const mlp = (): Training => {
    torch.setDefaultDevice(device)
    torch.manualSeed(1)
    const net = new nn.Sequential(new nn.Linear(20, 33), new nn.ReLU(), new nn.Dropout(0.3), new nn.Linear(33, 10))
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 })
    const scheduler = new optim.lrScheduler.StepLR(optimizer, 3, { gamma: 0.5 })
    const [X, y] = [torch.zeros(16, 20), torch.zeros(16, { dtype: 'int64' })]
    return { net, X, y, optimizer, after: () => scheduler.step() }
  }
  const convolutional = (): Training => {
    torch.setDefaultDevice(device)
    torch.manualSeed(2)
    const net = lenet()
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 })
    return { net, X: torch.zeros(8, 1, 28, 28), y: torch.zeros(8, { dtype: 'int64' }), optimizer }
  }
  const normalized = (): Training => {
    torch.setDefaultDevice(device)
    torch.manualSeed(3)
    const net = new nn.Sequential(
      ...[new nn.Conv2d(3, 16, 3, { padding: 1 }), new nn.BatchNorm2d(16), new nn.ReLU()],
      ...[new nn.Conv2d(16, 16, 3, { padding: 1, stride: 2 }), new nn.BatchNorm2d(16), new nn.MaxPool2d(2)],
      ...[new nn.Flatten(), new nn.Linear(256, 10)],
    )
    const optimizer = new optim.AdamW(net.parameters(), { lr: 0.01 })
    return { net, X: torch.zeros(4, 3, 16, 16), y: torch.zeros(4, { dtype: 'int64' }), optimizer }
  }

  test.each([
    ['an MLP with dropout, momentum and a scheduler', mlp],
    ['LeNet with Adam', convolutional],
    ['convolutions with batch normalisation and AdamW', normalized],
  ])('%s: the losses are those of steps taken one by one', (_, make) => {
    const eager = losses(make(), 10, Infinity)
    expect(losses(make(), 10, 2)).toEqual(eager)
    expect(new Set(eager).size).toBe(10)
  })

  test('replays take no memory, and dispose gives back what the capture took', async () => {
    torch.setDefaultDevice(device)
    const { net, X, y } = mlp()
    const run = (): torch.Tensor => F.crossEntropy(net(X) as torch.Tensor, y).detach()
    torch.scope(() => void run())
    const before = await settledStorages()
    const graph = torch.capture(run)
    const during = torch.backend(device).stats()
    for (let k = 0; k < 50; k++) graph.replay()
    expect(torch.backend(device).stats()).toEqual(during)
    graph.dispose()
    graph.result.dispose()
    expect(await settledStorages()).toBe(before)
    expect(() => graph.replay()).toThrow(/after it was disposed/)
  })
})

describe('what cannot be captured', () => {
  test('reading a value, an order drawn by chance, a promise', () => {
    const x = torch.ones(3)
    expect(() => torch.capture(() => x.add(1).sum().item())).toThrow(/reading values of a tensor cannot be part/)
    expect(() => torch.capture(() => torch.randperm(5))).toThrow(/randperm cannot be part/)
    expect(() => torch.capture(async () => x.add(1))).toThrow(/asynchronous/)
    expect(() => torch.capture(() => torch.capture(() => x.add(1)))).toThrow(/already/)
    expect(x.add(1).tolist()).toEqual([2, 2, 2])
  })

  test('a first step with momentum, which differs from the next', () => {
    const w = new nn.Parameter(torch.ones(3))
    const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 })
    const graph = torch.capture(() => {
      optimizer.zeroGrad()
      w.mul(w).sum().backward()
      optimizer.step()
    })
    expect(() => graph.replay()).toThrow(/take a step or two before capturing/)
  })

  test('an error in the step leaves nothing behind', async () => {
    const before = await settledStorages()
    const x = torch.ones(4)
    expect(() => torch.capture(() => x.add(1).matmul(torch.ones(3)))).toThrow(torch.ShapeError)
    x.dispose()
    expect(await settledStorages()).toBe(before)
  })
})
