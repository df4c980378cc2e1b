// Checkpoints: the same numbers as without, less memory between the passes, the same random numbers twice, and what goes wrong by name.
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { AutogradError, DisposedError, F, nn, type Tensor, utils } from '../../src/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

const { checkpoint, checkpointSequential } = utils

beforeEach(() => void torch.manualSeed(0))

const block = (size: number): nn.Sequential =>
  new nn.Sequential(
    new nn.Linear(size, size),
    new nn.Tanh(),
    new nn.Dropout(0.5),
    new nn.Linear(size, size),
    new nn.ReLU(),
  )

/** A network of four blocks, with or without checkpoints. */
class Deep extends nn.Module {
  readonly blocks = new nn.ModuleList([0, 1, 2, 3].map(() => block(8)))
  readonly head = new nn.Linear(8, 3)
  saves = false
  override forward(x: Tensor): Tensor {
    let y = x
    for (const one of this.blocks.children()) y = this.saves ? checkpoint((h: Tensor) => one(h), y) : one(y)
    return this.head(y)
  }
}
const gradientsOf = (net: nn.Module): number[][] => [...net.parameters()].map((p) => p.grad?.numbers() ?? [])

describe('a checkpoint', () => {
  test('inside a module gives the loss and gradients that it would give without, dropout included', () => {
    const net = new Deep()
    const x = torch.randn(5, 8, { requiresGrad: true })
    const run = (saves: boolean) => {
      net.saves = saves
      net.zeroGrad()
      x.grad = null
      torch.manualSeed(7)
      const loss = net(x).square().sum()
      loss.backward()
      // What comes next must not depend on the second run.
      return [loss.item(), x.grad, gradientsOf(net), torch.rand(3)].map((one) =>
        one instanceof torch.Tensor ? one.tolist() : one,
      )
    }
    const plain = run(false)
    expect(run(true)).toEqual(plain)
    expect(plain[0]).toBeGreaterThan(0)
  })
  test('draws nothing from the generator in the second run, which may come after other draws', () => {
    const x = torch.ones(64, { requiresGrad: true })
    const y = checkpoint((h: Tensor) => F.dropout(h.exp(), { p: 0.5 }), x)
    torch.rand(5)
    const state = torch.getRngState()
    y.sum().backward()
    expect(torch.equal(torch.getRngState(), state)).toBe(true)
    const kept = y.gt(0)
    expect(torch.equal((x.grad as Tensor).gt(0), kept)).toBe(true)
    expect(kept.sum().item()).toBeGreaterThan(0)
  })
  test('passes gradcheck and gradgradcheck, with several inputs, results and other arguments', () => {
    const [a, b] = [torch.rand(2, 3, { dtype: 'float64' }), torch.rand(3, { dtype: 'float64' })].map((x) =>
      x.requiresGrad_(),
    )
    const f = (p: { a: Tensor }, k: number, q: Tensor) => {
      const h = p.a.mul(q).exp().mul(k)
      return [h.sin().sum(0), h.matmul(q).tanh()] as const
    }
    const run = (x: Tensor, y: Tensor): Tensor[] => [...checkpoint(f, { a: x.mul(x) }, 2, y)]
    expect(torch.gradcheck(run, [a, b])).toBe(true)
    expect(torch.gradgradcheck(run, [a, b])).toBe(true)
  })
  test('sends gradients to what the function closes over, through torch.grad, too', () => {
    const w = torch.tensor([1, 2], { dtype: 'float32', requiresGrad: true })
    const y = checkpoint((x: Tensor) => x.mul(w).exp().exp(), torch.ones(2))
    const [wanted] = torch.grad(w.exp().exp().sum(), [w])
    expect(torch.grad(y.sum(), [w], { retainGraph: true })[0].tolist()).toEqual(wanted.tolist())
    y.sum().backward()
    expect(w.grad?.tolist()).toEqual(wanted.tolist())
    expect(() => y.sum().backward()).toThrow('a second time')
  })
  test('may hold another checkpoint', () => {
    const x = torch.rand(4, { dtype: 'float64', requiresGrad: true })
    const inner = (h: Tensor): Tensor => checkpoint((k: Tensor) => k.exp().sin(), h.mul(2))
    const outer = (h: Tensor): Tensor => checkpoint((k: Tensor) => inner(k).mul(inner(k.cos())), h)
    expect(torch.gradcheck(outer, [x])).toBe(true)
    expect(torch.gradgradcheck(outer, [x])).toBe(true)
  })
  test('runs the function once where nothing is recorded, and twice with backward', () => {
    let runs = 0
    const f = (x: Tensor): Tensor => {
      runs++
      return x.exp().sin()
    }
    torch.noGrad(() => checkpoint(f, torch.ones(2, { requiresGrad: true })))
    expect(runs).toBe(1)
    const y = checkpoint(f, torch.ones(2, { requiresGrad: true }))
    expect(runs).toBe(2)
    y.sum().backward()
    expect(runs).toBe(3)
  })
})

describe('memory', () => {
  test('between forward and backward holds the inputs of the blocks instead of all that they compute', async () => {
    const net = new Deep()
    const x = torch.randn(500, 8)
    const held = (saves: boolean): number => {
      net.saves = saves
      const before = memory().used
      const loss = torch.scope(() => net(x).square().sum())
      const bytes = memory().used - before
      loss.backward()
      loss.dispose()
      net.zeroGrad()
      expect(memory().used).toBe(before)
      return bytes
    }
    await settledStorages()
    const [plain, saving] = [held(false), held(true)]
    const one = 500 * 8 * 4
    // Of each block its output, which is the input of the next; of the rest the scores, their square's operand, and the loss.
    expect(saving).toBeLessThan(6 * one)
    expect(plain).toBeGreaterThan(14 * one)
  })
  test('of a graph that is dropped, used twice or never comes back', async () => {
    const x = torch.rand(10, { requiresGrad: true })
    const before = await settledStorages()
    torch.scope(() => void checkpoint((h: Tensor) => h.exp().sin(), x.mul(2)))
    expect(memory().storages).toBe(before)
    torch.scope(() => {
      const y = checkpoint((h: Tensor) => h.exp().sin(), x.mul(2)).sum()
      y.backward(null, { retainGraph: true })
    })
    x.grad = null
    expect(memory().storages).toBe(before)
    torch.scope(() => {
      expect(() => checkpoint((h: Tensor) => h.exp().matmul(torch.ones(3)), x)).toThrow('matmul')
    })
    expect(memory().storages).toBe(before)
  })
})

describe('mistakes', () => {
  const x = torch.rand(3, { requiresGrad: true })
  test('a function that computes something else the second time is refused', () => {
    let runs = 0
    const sizes = checkpoint((h: Tensor) => h.at(runs++ === 0 ? '0:2' : '0:3').exp(), x)
    expect(() => sizes.sum().backward()).toThrow('saved float32 [2] at first and float32 [3] the second time')
    runs = 0
    const fewer = checkpoint((h: Tensor) => (runs++ === 0 ? h.exp().sin() : h.exp()), x)
    expect(() => fewer.sum().backward()).toThrow('saved 2 values at first and 1 the second time')
    runs = 0
    const more = checkpoint((h: Tensor) => (runs++ === 0 ? h.exp() : h.exp().sin()), x)
    expect(() => more.sum().backward()).toThrow(AutogradError)
  })
  test('inputs and weights that were written to since are noticed, and values that the function overwrites itself', () => {
    const weight = torch.ones(3, { requiresGrad: true })
    const input = torch.ones(3)
    const make = (): Tensor => checkpoint((h: Tensor) => h.mul(weight).exp(), input)
    const byWeight = make()
    torch.noGrad(() => weight.add_(1))
    expect(() => byWeight.sum().backward()).toThrow('modified by an in-place operation')
    const byInput = make()
    input.add_(1)
    expect(() => byInput.sum().backward()).toThrow('modified by an in-place operation')
    const own = checkpoint((h: Tensor) => h.exp().mul_(2).add(1), x)
    expect(() => own.sum().backward()).toThrow('modified by an in-place operation')
  })
  test('a tensor of a scope that has ended must be an input', () => {
    const run = (asInput: boolean): Tensor =>
      torch.scope(() => {
        const h = x.mul(2)
        return asInput ? checkpoint((k: Tensor) => k.exp(), h) : checkpoint(() => h.exp())
      })
    expect(() => run(false).sum().backward()).toThrow(DisposedError)
    expect(() => run(true).sum().backward()).not.toThrow()
  })
  test('async functions are refused', () => {
    expect(() => checkpoint(async (h: Tensor) => h.exp(), x)).toThrow('must not be async')
  })
})

describe('checkpointSequential', () => {
  test('gives what the layers give, from one segment to as many as there are layers', () => {
    const net = block(4)
    const x = torch.randn(3, 4, { requiresGrad: true })
    const run = (f: () => Tensor): unknown[] => {
      net.zeroGrad()
      torch.manualSeed(1)
      const y = f()
      y.square().sum().backward()
      return [y.tolist(), gradientsOf(net)]
    }
    const wanted = run(() => net(x))
    for (const segments of [1, 2, 3, 5]) expect(run(() => checkpointSequential(net, segments, x))).toEqual(wanted)
    expect(() => checkpointSequential(net, 6, x)).toThrow('segments must be between 1 and 5, got 6')
  })
})
