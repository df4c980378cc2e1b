// The optimizers besides SGD and Adam, against PyTorch: steps with fixed gradients, their state, L-BFGS on two functions. Fixture: scripts/oracle/optimizers.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, optim, Tensor, ValueError } from '../../src/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

type Numbers = number | Numbers[]
interface Stepped {
  readonly source: string
  readonly start: readonly Numbers[]
  readonly steps: readonly { readonly grads: readonly Numbers[]; readonly params: readonly Numbers[] }[]
  readonly state: readonly Readonly<Record<string, Numbers>>[]
}
interface Minimized {
  readonly source: string
  readonly function: 'rosenbrock' | 'valley'
  readonly steps: readonly {
    readonly loss: number
    readonly params: readonly Numbers[]
    readonly calls: number
    readonly iterations: number
  }[]
}
const path = join(import.meta.dirname, '../fixtures/optimizers.json.gz')
const fixture: { stepped: Stepped[]; minimized: Minimized[] } = JSON.parse(gunzipSync(readFileSync(path)).toString())

const build = (source: string, params: Tensor[]): optim.Adam =>
  new Function('optim', 'params', `return ${source}`)(optim, params) as optim.Adam
const single = (numbers: Numbers): Tensor => torch.tensor(numbers as number[], { dtype: 'float32' })
const flat = (value: unknown): number[] => [value].flat(9) as number[]
function expectClose(actual: unknown, expected: Numbers, tolerance: number, what: string): void {
  const got = flat(actual instanceof Tensor ? actual.tolist() : actual)
  const wanted = flat(expected)
  expect(got.length, what).toBe(wanted.length)
  const far = got.map((value, i) => Math.abs(value - wanted[i]) / Math.max(1, Math.abs(wanted[i])))
  expect(Math.max(...far), what).toBeLessThan(tolerance)
}

beforeEach(() => void torch.manualSeed(0))

describe('eight steps are those of PyTorch, and so is the state after them', () => {
  test.each(fixture.stepped)('of $source', ({ source, start, steps, state }) => {
    const params = start.map((numbers) => single(numbers).requiresGrad_())
    const optimizer = build(source, params)
    for (const [s, step] of steps.entries()) {
      step.grads.forEach((grad, i) => (params[i].grad = single(grad)))
      optimizer.step()
      step.params.forEach((wanted, i) => expectClose(params[i], wanted, 2e-6, `parameter ${i} after step ${s + 1}`))
    }
    params.forEach((param, i) => {
      const own = optimizer.state.get(param) as Record<string, unknown>
      expect(Object.keys(own).sort()).toEqual(Object.keys(state[i]).sort())
      for (const [key, wanted] of Object.entries(state[i])) expectClose(own[key], wanted, 2e-6, `${key} of ${i}`)
    })
  })
  test.each(fixture.stepped)('of $source, saved and taken up again', ({ source, start, steps }) => {
    let params = start.map((numbers) => single(numbers).requiresGrad_())
    let optimizer = build(source, params)
    for (const [s, step] of steps.entries()) {
      if (s === 3) {
        const again = params.map((param) => param.detach().clone().requiresGrad_())
        const next = build(source, again)
        next.loadStateDict(optimizer.stateDict())
        ;[params, optimizer] = [again, next]
      }
      step.grads.forEach((grad, i) => (params[i].grad = single(grad)))
      optimizer.step()
      step.params.forEach((wanted, i) => expectClose(params[i], wanted, 2e-6, `parameter ${i} after step ${s + 1}`))
    }
  })
})

const weights = torch.tensor([1, 30], { dtype: 'float64' })
const functions = {
  rosenbrock: (a: Tensor, b: Tensor): Tensor =>
    a.neg().add(1).square().sum().add(b.sub(a.square()).square().sum().mul(100)),
  valley: (a: Tensor, b: Tensor): Tensor =>
    a.cosh().log().mul(weights).sum().add(b.sub(a.sin()).pow(4).sum()).add(b.square().sum().mul(0.1)),
}
function problem(name: keyof typeof functions) {
  const params = [
    [-1.5, 0.5],
    [2, -1],
  ].map((values) => torch.tensor(values, { dtype: 'float64', requiresGrad: true }))
  const closure = (optimizer: optim.LBFGS) => (): Tensor => {
    optimizer.zeroGrad()
    const loss = functions[name](params[0], params[1])
    loss.backward()
    return loss
  }
  return { params, closure }
}

describe('L-BFGS goes the way of PyTorch', () => {
  test.each(fixture.minimized)('with $source on $function', ({ source, function: name, steps }) => {
    const { params, closure } = problem(name)
    const optimizer = build(source, params) as unknown as optim.LBFGS
    for (const [s, wanted] of steps.entries()) {
      const loss = optimizer.step(closure(optimizer))
      const when = `after call ${s + 1}`
      // Rounding grows on the way where no line search holds it.
      expectClose(loss, wanted.loss, 1e-6, `loss ${when}`)
      wanted.params.forEach((values, i) => expectClose(params[i], values, 1e-6, `parameter ${i} ${when}`))
      const state = optimizer.state.get(params[0])
      expect([state?.func_evals, state?.n_iter], when).toEqual([wanted.calls, wanted.iterations])
    }
  })
  test('goes on exactly where it was saved', () => {
    const [a, b] = [problem('rosenbrock'), problem('rosenbrock')]
    const options = { maxIter: 3, lineSearchFn: 'strongWolfe' } as const
    const [first, second] = [a, b].map(({ params }) => new optim.LBFGS(params, options))
    for (let k = 0; k < 3; k++) first.step(a.closure(first))
    torch.noGrad(() => b.params.forEach((param, i) => void param.copy_(a.params[i])))
    second.loadStateDict(first.stateDict())
    for (let k = 0; k < 3; k++) {
      first.step(a.closure(first))
      second.step(b.closure(second))
    }
    expect(b.params.map((p) => p.tolist())).toEqual(a.params.map((p) => p.tolist()))
  })
  test('takes a loss that is a number, and parameters without gradient', () => {
    const used = torch.tensor([3], { dtype: 'float64', requiresGrad: true })
    const unused = torch.ones([2], { dtype: 'float64', requiresGrad: true })
    const optimizer = new optim.LBFGS([unused, used], { lineSearchFn: 'strongWolfe' })
    const loss = optimizer.step(() => {
      optimizer.zeroGrad()
      const value = used.sub(1).square().sum()
      value.backward()
      return value.item()
    })
    expect(loss).toBe(4)
    expect(used.item()).toBeCloseTo(1, 9)
    expect(unused.tolist()).toEqual([1, 1])
  })
  test('holds no more memory than its history', async () => {
    const { params, closure } = problem('rosenbrock')
    const optimizer = new optim.LBFGS(params, {
      maxIter: 4,
      historySize: 2,
      lineSearchFn: 'strongWolfe',
      toleranceChange: 0,
    })
    const step = (): void => torch.scope(() => void optimizer.step(closure(optimizer)))
    for (let k = 0; k < 2; k++) step()
    await settledStorages()
    const before = memory().storages
    for (let k = 0; k < 4; k++) step()
    expect(memory().storages).toBe(before)
  })
  test('fits a small network', () => {
    const net = new nn.Sequential(new nn.Linear(1, 8), new nn.Tanh(), new nn.Linear(8, 1))
    const x = torch.linspace(-2, 2, 33).unsqueeze(1)
    const y = x.sin()
    const optimizer = new optim.LBFGS(net.parameters(), { lineSearchFn: 'strongWolfe' })
    let loss = 0
    for (let k = 0; k < 5; k++) {
      loss = optimizer.step(() => {
        optimizer.zeroGrad()
        const value = net(x).sub(y).square().mean()
        value.backward()
        return value.item()
      })
    }
    expect(loss).toBeLessThan(1e-4)
  })
})

describe('refused are', () => {
  const p = (): Tensor[] => [torch.zeros([1], { requiresGrad: true })]
  test.each<[string, () => unknown, string]>([
    ['a decay below 0', () => new optim.Adagrad(p(), { lrDecay: -1 }), 'Adagrad: lrDecay must be >= 0, got -1'],
    [
      'a sum that begins below 0',
      () => new optim.Adagrad(p(), { initialAccumulatorValue: -1 }),
      'Adagrad: initialAccumulatorValue must be >= 0, got -1',
    ],
    ['a momentum below 0', () => new optim.RMSprop(p(), { momentum: -1 }), 'RMSprop: momentum must be >= 0, got -1'],
    ['a rho above 1', () => new optim.Adadelta(p(), { rho: 1.5 }), 'Adadelta: rho must be between 0 and 1, got 1.5'],
    [
      'a beta of 1',
      () => new optim.Adamax(p(), { betas: [0.9, 1] }),
      'Adamax: betas[1] must be at least 0 and below 1, got 1',
    ],
    [
      'a momentum that shrinks',
      () => new optim.NAdam(p(), { momentumDecay: -1 }),
      'NAdam: momentumDecay must be >= 0, got -1',
    ],
    ['eps that is no number', () => new optim.RAdam(p(), { eps: Number.NaN }), 'RAdam: eps must be >= 0, got NaN'],
    ['weight decay below 0', () => new optim.ASGD(p(), { weightDecay: -1 }), 'ASGD: weightDecay must be >= 0, got -1'],
    [
      'factors on one side',
      () => new optim.Rprop(p(), { etas: [0.5, 0.9] }),
      'Rprop: etas must lie between 0 and 1 and above 1, got 0.5 and 0.9',
    ],
    [
      'groups',
      () => new optim.LBFGS([{ params: p() }, { params: p() }]),
      'LBFGS: there can be only one parameter group, got 2',
    ],
    [
      'another search',
      () => new optim.LBFGS(p(), { lineSearchFn: 'armijo' as 'strongWolfe' }),
      "LBFGS: lineSearchFn must be 'strongWolfe' or null, got 'armijo'",
    ],
    ['a step without a closure', () => new optim.LBFGS(p()).step(), 'LBFGS: step needs a closure'],
  ])('%s', (_, body, message) => {
    expect(body).toThrow(ValueError)
    expect(body).toThrow(message)
  })
})
