// Optimizers: steps by hand, groups, state that goes on where it stopped, errors. PyTorch's ten-step runs are in test/conformance.
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { AutogradError, KindlingError, nn, optim, type Tensor, ValueError } from '../../src/index.ts'
import { mismatch } from '../conformance/compare.ts'
import type { OptimizerRun } from '../conformance/training.ts'
import { readFixture } from '../support/safetensors.ts'

beforeEach(() => void torch.manualSeed(0))
const leaf = (...values: number[]): Tensor => torch.tensor(values, { dtype: 'float32', requiresGrad: true })
const give = (p: Tensor, ...grad: number[]): void => {
  p.grad = torch.tensor(grad, { dtype: 'float32' })
}

describe('ten steps are those of PyTorch', () => {
  const { json, tensors } = readFixture<readonly OptimizerRun[]>('goldens/optim')
  const known = json.filter((run) => run.optimizer in optim)
  const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  const titled = known.map((run) => [`${run.optimizer} ${JSON.stringify(run.options)}`, run] as const)
  test('for every optimizer of the fixture', () => {
    expect(known.length).toBe(json.length)
  })
  test.each(titled)('%s', (_, run) => {
    const stored = (ref: { tensor: string }) => tensors.get(ref.tensor) as NonNullable<ReturnType<typeof tensors.get>>
    const from = (ref: { tensor: string }): Tensor =>
      torch.fromTypedArray(stored(ref).data as Float32Array, stored(ref).shape)
    const params = run.params.map((ref) => from(ref).requiresGrad_())
    const options = Object.fromEntries(Object.entries(run.options).map(([key, value]) => [camel(key), value]))
    const optimizer = new optim[run.optimizer as 'SGD'](params, options as { lr: number })
    for (const step of run.steps) {
      step.grads.forEach((ref, i) => (params[i].grad = from(ref)))
      optimizer.step()
      // Rounding of float32 over ten steps.
      step.params.forEach((ref, i) => expect(mismatch(params[i], stored(ref), { rtol: 1e-6, atol: 1e-7 })).toBeNull())
    }
  })
})

describe('a step', () => {
  test('of SGD subtracts lr times the gradient', () => {
    const p = leaf(1, 2)
    give(p, 0.5, -1)
    new optim.SGD([p], { lr: 0.5 }).step()
    expect(p.tolist()).toEqual([0.75, 2.5])
  })
  test('climbs with maximize', () => {
    const p = leaf(1)
    give(p, 2)
    new optim.SGD([p], { lr: 0.5, maximize: true }).step()
    expect(p.item()).toBe(2)
  })
  test('leaves parameters without gradient alone, and makes no state for them', () => {
    const [p, q] = [leaf(1), leaf(1)]
    give(p, 1)
    const optimizer = new optim.Adam([p, q])
    optimizer.step()
    expect(q.item()).toBe(1)
    expect(optimizer.state.has(q)).toBe(false)
  })
  test('follows a learning rate that was changed', () => {
    const p = leaf(1)
    const optimizer = new optim.SGD([p], { lr: 1 })
    optimizer.paramGroups[0].lr = 0.25
    give(p, 1)
    optimizer.step()
    expect(p.item()).toBe(0.75)
  })
  test('calls a closure with recording on, under noGrad too, and returns its value', () => {
    const p = leaf(3)
    const optimizer = new optim.SGD([p], { lr: 0.1 })
    const loss = torch.noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad()
        const loss = p.mul(p).sum()
        loss.backward()
        return loss
      }),
    )
    expect(loss?.item()).toBe(9)
    expect(p.item()).toBeCloseTo(2.4, 6)
  })
  test('takes columns, rows and transposed parameters as they lie in memory', () => {
    const whole = torch.arange(6, { dtype: 'float32' }).reshape(2, 3)
    const p = whole.t().requiresGrad_()
    p.grad = torch.ones(3, 2)
    new optim.Adam([p], { lr: 1 }).step()
    expect(torch.allclose(whole, torch.arange(6).reshape(2, 3).sub(1).float(), { atol: 1e-5 })).toBe(true)
  })
  test('works in float64', () => {
    const p = torch.tensor([1], { dtype: 'float64', requiresGrad: true })
    p.grad = torch.tensor([1], { dtype: 'float64' })
    new optim.SGD([p], { lr: 0.1, momentum: 0.9 }).step()
    expect(p.item()).toBe(0.9)
  })
  test('is seen by the graph: a backward through the old value is an error', () => {
    const p = leaf(2)
    const loss = p.mul(p).sum()
    give(p, 1)
    new optim.SGD([p], { lr: 0.1 }).step()
    expect(() => loss.backward()).toThrow(AutogradError)
  })
})

describe('parameter groups', () => {
  test('have options of their own, and the defaults for the rest', () => {
    const [p, q] = [leaf(1), leaf(1)]
    const optimizer = new optim.SGD([{ params: [p] }, { params: q, lr: 0.5, momentum: 0.9 }], { lr: 0.1 })
    give(p, 1)
    give(q, 1)
    optimizer.step()
    expect(p.item()).toBeCloseTo(0.9, 6)
    expect(q.item()).toBe(0.5)
    expect(optimizer.paramGroups.map(({ lr, momentum, nesterov }) => [lr, momentum, nesterov])).toEqual([
      [0.1, 0, false],
      [0.5, 0.9, false],
    ])
  })
  test('can be added later', () => {
    const [p, q] = [leaf(1), leaf(1)]
    const optimizer = new optim.Adam([p])
    optimizer.addParamGroup({ params: [q], lr: 1 })
    give(q, 3)
    optimizer.step()
    expect(q.item()).toBeCloseTo(0, 5)
  })
  test('take weight decay of AdamW with its default of 0.01', () => {
    expect(new optim.AdamW([leaf(1)]).paramGroups[0].weightDecay).toBe(0.01)
  })
})

describe('the state', () => {
  const build = () => {
    const p = leaf(1, -2, 3)
    return { p, optimizer: new optim.Adam([p], { lr: 0.1, amsgrad: true }) }
  }
  test('goes on exactly where it was saved', () => {
    const [a, b] = [build(), build()]
    const step = ({ p, optimizer }: typeof a, k: number): void => {
      give(p, Math.sin(k), k / 3, -k)
      optimizer.step()
    }
    for (let k = 1; k < 4; k++) step(a, k)
    torch.noGrad(() => b.p.copy_(a.p))
    b.optimizer.loadStateDict(a.optimizer.stateDict())
    for (let k = 4; k < 8; k++) {
      step(a, k)
      step(b, k)
      expect(b.p.tolist()).toEqual(a.p.tolist())
    }
  })
  test('is numbered by parameter, in the names of PyTorch', () => {
    const { p, optimizer } = build()
    give(p, 1, 1, 1)
    optimizer.step()
    const { state, paramGroups } = optimizer.stateDict()
    expect(Object.keys(state)).toEqual(['0'])
    expect(Object.keys(state[0]).sort()).toEqual(['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'step'])
    expect(state[0].step).toBe(1)
    expect(paramGroups[0].params).toEqual([0])
    expect(paramGroups[0].lr).toBe(0.1)
  })
  test('does not fit groups of other sizes', () => {
    const { optimizer } = build()
    const other = new optim.Adam([leaf(1), leaf(2)])
    expect(() => other.loadStateDict(optimizer.stateDict())).toThrow(
      "Adam.loadStateDict: the saved parameter groups have sizes [1], the optimizer's [2]",
    )
    expect(() => other.loadStateDict(optimizer.stateDict())).toThrow(KindlingError)
  })
})

describe('zeroGrad', () => {
  test('frees gradients, or fills them with zeros', () => {
    const p = leaf(1)
    const optimizer = new optim.SGD([p], { lr: 1 })
    give(p, 5)
    optimizer.zeroGrad({ setToNone: false })
    expect(p.grad?.item()).toBe(0)
    optimizer.zeroGrad()
    expect(p.grad).toBeNull()
  })
})

describe('an optimizer refuses', () => {
  test('an empty list', () => {
    expect(() => new optim.SGD([], { lr: 1 })).toThrow(/SGD: got an empty parameter list[^]*help: pass net.parameters/)
  })
  test('one tensor in place of a list', () => {
    expect(() => new optim.SGD(leaf(1, 2) as unknown as Tensor[], { lr: 1 })).toThrow(
      /expected a list of tensors or groups, got one tensor/,
    )
  })
  test('tensors with a history', () => {
    expect(() => new optim.SGD([leaf(1).mul(2)], { lr: 1 })).toThrow(
      /cannot optimize a tensor that has a history \(MulBackward0\)/,
    )
  })
  test('a parameter that comes twice', () => {
    const p = leaf(1)
    expect(() => new optim.SGD([p, p], { lr: 1 })).toThrow(/a parameter appears twice/)
    expect(() => new optim.SGD([{ params: p }, { params: p }], { lr: 1 })).toThrow(ValueError)
  })
  test('options that make no sense', () => {
    const p = [leaf(1)]
    expect(() => new optim.SGD(p, { lr: -1 })).toThrow('SGD: lr must be a number >= 0, got -1')
    expect(() => new optim.SGD(p, { lr: Number.NaN })).toThrow(ValueError)
    expect(() => new optim.SGD(p, { lr: 1, nesterov: true })).toThrow(/Nesterov momentum needs momentum > 0/)
    expect(() => new optim.SGD(p, { lr: 1, momentum: -1 })).toThrow(/momentum must be >= 0/)
    expect(() => new optim.Adam(p, { betas: [0.9, 1] })).toThrow('Adam: betas[1] must be at least 0 and below 1, got 1')
    expect(() => new optim.AdamW(p, { eps: -1 })).toThrow('AdamW: eps must be >= 0, got -1')
  })
})

describe('training', () => {
  test('a line through points finds its slope', () => {
    const net = new nn.Linear(1, 1)
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.5 })
    const x = torch.linspace(-1, 1, 9).unsqueeze(1)
    const y = x.mul(3).add(1)
    for (let step = 0; step < 60; step++) {
      optimizer.zeroGrad()
      net(x).sub(y).square().mean().backward()
      optimizer.step()
    }
    expect(net.weight.item()).toBeCloseTo(3, 4)
    expect(net.bias?.item()).toBeCloseTo(1, 4)
  })
})
