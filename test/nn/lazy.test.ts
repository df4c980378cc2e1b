// Lazy layers: before and after the first call against PyTorch, state dicts, conversions, errors. Fixture: scripts/oracle/volumes.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, optim, ShapeError, type Tensor, ValueError } from '../../src/index.ts'

type Numbers = number | Numbers[]
interface LazyCase {
  readonly source: string
  readonly before: string
  readonly keys: readonly string[]
  readonly input: Numbers
  readonly after: string
  readonly state: Readonly<Record<string, Numbers>>
  readonly output: Numbers
}
const path = join(import.meta.dirname, '../fixtures/volumes.json.gz')
const { lazy: cases }: { lazy: LazyCase[] } = JSON.parse(gunzipSync(readFileSync(path)).toString())
const tensorOf = (numbers: Numbers): Tensor => torch.tensor(numbers as number[], { dtype: 'float32' })

test.each(cases)('$source starts with the values of PyTorch at its first call', (c) => {
  const input = tensorOf(c.input)
  torch.manualSeed(7)
  const layer = new Function('nn', `return ${c.source}`)(nn) as nn.Layer
  expect(String(layer)).toBe(c.before)
  expect(Object.keys(layer.stateDict())).toEqual(c.keys)
  const parameters = [...layer.parameters()]
  const output = layer(input)
  expect(String(layer)).toBe(c.after)
  expect(layer.constructor).toBe((nn as unknown as Record<string, unknown>)[c.after.split('(')[0]])
  expect([...layer.parameters()].every((x, i) => x === parameters[i])).toBe(true)
  expect(parameters.every((x) => x instanceof nn.Parameter && !nn.isLazy(x) && x.requiresGrad)).toBe(true)
  const state = layer.stateDict()
  expect(Object.keys(state)).toEqual(Object.keys(c.state))
  for (const [key, numbers] of Object.entries(c.state)) {
    expect(state[key].shape).toEqual(tensorOf(numbers).shape)
    expect(torch.allclose(state[key].float(), tensorOf(numbers), { rtol: 1e-6 }), key).toBe(true)
  }
  expect(torch.allclose(output, tensorOf(c.output), { rtol: 1e-4, atol: 1e-5 })).toBe(true)
})

describe('a lazy layer', () => {
  test('is an instance of its class before and after the first call, and of the lazy one before', () => {
    const layer: nn.Linear = new nn.LazyLinear(3)
    expect([layer instanceof nn.Linear, layer instanceof nn.LazyLinear]).toEqual([true, true])
    layer(torch.rand(2, 5))
    expect([layer instanceof nn.Linear, layer instanceof nn.LazyLinear]).toEqual([true, false])
    expect(layer.inFeatures).toBe(5)
    expect(() => layer(torch.rand(2, 4))).toThrow(ShapeError)
  })

  test('learns inside a network, also when the optimizer was there first', () => {
    torch.manualSeed(1)
    const net = new nn.Sequential(
      new nn.LazyConv2d(3, 3),
      new nn.LazyBatchNorm2d(),
      new nn.Flatten(),
      new nn.LazyLinear(2),
    )
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 })
    const x = torch.rand(4, 1, 5, 5)
    const loss = (): number => {
      optimizer.zeroGrad()
      const value = net(x).square().mean()
      value.backward()
      optimizer.step()
      return value.item()
    }
    const first = loss()
    for (let i = 0; i < 5; i++) loss()
    expect(loss()).toBeLessThan(first / 2)
    expect([...net].map((layer) => layer.constructor.name)).toEqual(['Conv2d', 'BatchNorm2d', 'Flatten', 'Linear'])
  })

  test('refuses every use of its parameters before', () => {
    const layer = new nn.LazyLinear(3)
    expect(String(layer.weight)).toBe('<UninitializedParameter>')
    expect(() => layer.weight.shape).toThrow('UninitializedParameter: used before its shape is known')
    for (const use of [() => layer.weight.numel(), () => layer.weight.add(1), () => layer.weight.tolist()])
      expect(use).toThrow(ValueError)
    expect(() => nn.init.zeros_(layer.weight)).toThrow(/call the network with a batch first/)
    const norm = new nn.LazyBatchNorm1d()
    expect(() => norm.runningMean?.add(1)).toThrow('UninitializedBuffer: used before its shape is known')
  })

  test('keeps what is lazy through resetParameters, and converts its dtype', () => {
    const net = new nn.Sequential(new nn.LazyLinear(3), new nn.LazyBatchNorm1d(), new nn.LazyConv1d(2, 1)).double()
    for (const layer of net) (layer as nn.Linear).resetParameters()
    expect([...net.parameters()].every(nn.isLazy)).toBe(true)
    expect(net.get(0)(torch.rand([2, 4], { dtype: 'float64' })).dtype).toBe('float64')
    const norm = net.get<nn.BatchNorm1d>(1)
    expect(norm(torch.rand([4, 2], { dtype: 'float64' })).dtype).toBe('float64')
    expect(norm.runningMean?.dtype).toBe('float64')
  })

  test('takes its shapes from a state dict, and the values stay at the first call', () => {
    const source = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3))
    source(torch.rand(6, 4))
    const target = new nn.Sequential(new nn.LazyLinear(3), new nn.LazyBatchNorm1d())
    expect(target.loadStateDict(source.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] })
    const x = torch.rand(2, 4)
    expect(target.eval()(x).tolist()).toEqual(source.eval()(x).tolist())
    expect(String(target)).toBe(String(source))
  })

  test('has a state of itself: it loads into a lazy layer, not into another', () => {
    const state = new nn.LazyLinear(3).stateDict()
    expect(Object.values(state).every(nn.isLazy)).toBe(true)
    const other = new nn.LazyLinear(3)
    other.loadStateDict(state)
    expect(nn.isLazy(other.weight)).toBe(true)
    expect(() => new nn.Linear(4, 3).loadStateDict(state)).toThrow('used before its shape is known')
  })

  test('wants all of a state or none', () => {
    const layer = new nn.LazyLinear(3)
    layer.loadStateDict({ weight: torch.rand(3, 4) }, { strict: false })
    expect(() => layer(torch.rand(2, 4))).toThrow('nn.LazyLinear: a state was loaded for 1 of its 2 tensors')
  })

  test('names what does not fit, and stays lazy', () => {
    const layer = new nn.LazyConv2d(4, 3, { groups: 2 })
    expect(() => layer(torch.rand(5, 5))).toThrow('nn.LazyConv2d: expected 3 dimensions, or 4 with a batch, got [5, 5]')
    expect(() => layer(torch.rand(3, 5, 5))).toThrow('groups must divide the channels of the input: 3 by 2')
    expect(() => new nn.LazyLinear(2)(torch.tensor(1.5))).toThrow('nn.LazyLinear: expected an input [..., features]')
    expect(() => new nn.LazyBatchNorm1d()(torch.rand(3))).toThrow('nn.LazyBatchNorm1d: expected an input [N, C, ...]')
    expect(nn.isLazy(layer.weight)).toBe(true)
    expect(layer(torch.rand(2, 5, 5)).shape).toEqual([4, 3, 3])
  })
})
