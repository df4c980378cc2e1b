// Loss scaling against PyTorch's scaler over steps of which some overflow; what it refuses. Fixture: scripts/oracle/autocast.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { F, KindlingError, nn, optim, type Tensor, ValueError } from '../../src/index.ts'
import type { GradScalerState } from '../../src/optim/amp.ts'

interface Run {
  readonly options: Partial<Record<'init_scale' | 'growth_factor' | 'backoff_factor' | 'growth_interval', number>>
  readonly steps: { inputs: string[][]; state: GradScalerState; parameters: number[][] }[]
}
const path = join(import.meta.dirname, '../fixtures/autocast.json.gz')
const { scaling }: { scaling: Run[] } = JSON.parse(gunzipSync(readFileSync(path)).toString())

const numberOf = (text: string): number => (text === 'inf' ? Infinity : text === 'nan' ? Number.NaN : Number(text))

/** A parameter and its optimizer, and a scaler that has scaled a loss. */
function begun(options: torch.amp.GradScalerOptions = {}) {
  const weight = torch.ones(2, { requiresGrad: true })
  const optimizer = new optim.SGD([weight], { lr: 1 })
  const scaler = new torch.amp.GradScaler({ initScale: 8, ...options })
  scaler.scale(weight.sum()).backward()
  return { weight, optimizer, scaler }
}

describe('factor, tracker and parameters are those of PyTorch', () => {
  test.each(scaling.map((run) => [JSON.stringify(run.options), run] as const))('%s', (_name, { options, steps }) => {
    const { init_scale, growth_factor, backoff_factor, growth_interval } = options
    const scaler = new torch.amp.GradScaler({
      initScale: init_scale,
      growthFactor: growth_factor,
      backoffFactor: backoff_factor,
      growthInterval: growth_interval,
    })
    const parameters = [2, 3].map((n) => torch.ones(n, { requiresGrad: true }))
    const optimizers = [
      new optim.SGD([parameters[0]], { lr: 0.1, momentum: 0.9 }),
      new optim.Adam([parameters[1]], { lr: 0.1 }),
    ] as const
    for (const [k, wanted] of steps.entries()) {
      for (const optimizer of optimizers) optimizer.zeroGrad()
      const parts = wanted.inputs.map((row, i) =>
        torch.tensor(row.map(numberOf), { dtype: 'float32' }).mul(parameters[i]).sum(),
      )
      scaler.scale(parts[0].add(parts[1])).backward()
      if (k % 3 === 0) {
        scaler.unscale_(optimizers[0])
        nn.utils.clipGradNorm_([parameters[0]], 1)
      }
      for (const optimizer of optimizers) scaler.step(optimizer)
      scaler.update(k === 8 ? 7 : undefined)
      expect(scaler.stateDict(), `step ${k}`).toEqual(wanted.state)
      for (const [i, parameter] of parameters.entries())
        for (const [j, value] of parameter.numbers().entries())
          expect(value, `step ${k}`).toBeCloseTo(wanted.parameters[i][j], 6)
    }
  })
})

test('gradients are scaled, and unscaled before the step', () => {
  const { weight, optimizer, scaler } = begun()
  expect(weight.grad?.tolist()).toEqual([8, 8])
  scaler.unscale_(optimizer)
  expect(weight.grad?.tolist()).toEqual([1, 1])
  scaler.step(optimizer)
  expect(weight.tolist()).toEqual([0, 0])
  scaler.update()
})

test('a step whose gradients overflow is left out, and the factor shrinks', () => {
  const { weight, optimizer, scaler } = begun({ growthInterval: 1 })
  weight.grad?.set(0, Infinity)
  expect(scaler.step(optimizer)).toBe(undefined)
  scaler.update()
  expect(weight.tolist()).toEqual([1, 1])
  expect(scaler.getScale()).toBe(4)
  optimizer.zeroGrad()
  scaler.scale(weight.sum()).backward()
  scaler.step(optimizer)
  scaler.update()
  expect(scaler.getScale()).toBe(8)
})

test('the factor does not grow beyond float32', () => {
  const { optimizer, scaler } = begun({ initScale: 2 ** 127, growthInterval: 1 })
  scaler.unscale_(optimizer)
  scaler.step(optimizer)
  scaler.update()
  expect(scaler.getScale()).toBe(2 ** 127)
})

test('what comes in the wrong order is refused', () => {
  const { weight, optimizer, scaler } = begun()
  scaler.unscale_(optimizer)
  expect(() => scaler.unscale_(optimizer)).toThrow('already, since the last update()')
  scaler.step(optimizer)
  expect(() => scaler.unscale_(optimizer)).toThrow('after step()')
  expect(() => scaler.step(optimizer)).toThrow('already, since the last update()')
  scaler.update()
  expect(() => scaler.update()).toThrow('no gradient was checked')
  optimizer.zeroGrad()
  expect(() => scaler.step(optimizer)).toThrow('no gradient of this optimizer')
  const fresh = new torch.amp.GradScaler()
  for (const call of [() => fresh.unscale_(optimizer), () => fresh.step(optimizer), () => fresh.update()])
    expect(call).toThrow('nothing was scaled yet')
  const lbfgs = new optim.LBFGS([weight])
  expect(() => scaler.step(lbfgs, () => weight.sum())).toThrow(KindlingError)
  const half = torch.ones(2, { dtype: 'float16', requiresGrad: true })
  scaler.scale(half.sum()).backward()
  expect(() => scaler.unscale_(new optim.SGD([half], { lr: 1 }))).toThrow(ValueError)
  expect(() => new torch.amp.GradScaler({ growthFactor: 1 })).toThrow(ValueError)
  expect(() => new torch.amp.GradScaler({ backoffFactor: 1 })).toThrow(ValueError)
})

test('a scaler that is not enabled changes nothing', () => {
  const scaler = new torch.amp.GradScaler({ enabled: false, growthFactor: 1 })
  const weight = torch.ones(1, { requiresGrad: true })
  const optimizer = new optim.SGD([weight], { lr: 1 })
  const loss = weight.sum()
  expect(scaler.scale(loss)).toBe(loss)
  loss.backward()
  scaler.unscale_(optimizer)
  scaler.step(optimizer)
  scaler.update()
  expect(weight.tolist()).toEqual([0])
  expect([scaler.getScale(), scaler.isEnabled(), scaler.stateDict()]).toEqual([1, false, {}])
  expect(scaler.step(new optim.LBFGS([weight]), () => weight.square().sum())).toBeDefined()
})

test('the state goes into another scaler; arrays of outputs are scaled, too', () => {
  const { scaler } = begun({ growthInterval: 5, growthFactor: 3, backoffFactor: 0.25 })
  const other = new torch.amp.GradScaler()
  other.loadStateDict(scaler.stateDict())
  expect(other.stateDict()).toEqual(scaler.stateDict())
  expect([other.getScale(), other.getGrowthFactor(), other.getBackoffFactor(), other.getGrowthInterval()]).toEqual([
    8, 3, 0.25, 5,
  ])
  other.setGrowthFactor(4)
  other.setBackoffFactor(0.125)
  other.setGrowthInterval(6)
  expect(other.stateDict()).toMatchObject({ growth_factor: 4, backoff_factor: 0.125, growth_interval: 6 })
  expect(() => other.loadStateDict({})).toThrow(KindlingError)
  const [a, [b]] = other.scale([torch.ones(2), [torch.tensor(2)]] as const)
  expect([a.tolist(), b.tolist()]).toEqual([[8, 8], [16]])
  expect(() => other.scale(3 as unknown as Tensor)).toThrow(ValueError)
})

test('in float16, gradients that were zero come back by scaling', () => {
  const train = (scaler: torch.amp.GradScaler): number => {
    torch.manualSeed(0)
    const net = new nn.Sequential(new nn.Linear(8, 16), new nn.Tanh(), new nn.Linear(16, 1))
    const optimizer = new optim.SGD(net.parameters(), { lr: 1 })
    const x = torch.randn(32, 8)
    const before = net.parameters().next().value?.clone() as Tensor
    const loss = torch.amp.autocast({ dtype: 'float16' }, () =>
      F.mseLoss(net(x), x.sum(1, { keepdim: true })).mul(2 ** -22),
    )
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return (net.parameters().next().value as Tensor).sub(before).abs().max().item()
  }
  expect(train(new torch.amp.GradScaler({ enabled: false }))).toBe(0)
  expect(train(new torch.amp.GradScaler())).toBeGreaterThan(0)
})
