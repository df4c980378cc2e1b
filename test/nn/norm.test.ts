// Normalisation layers against PyTorch over several batches, in training and after eval(); state, errors. Fixture: scripts/oracle/norms.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, ShapeError, type Tensor, ValueError } from '../../src/index.ts'
import { setDefaultDevice } from '../../src/runtime/device.ts'

type Numbers = number | Numbers[]
type State = Readonly<Record<string, Numbers>>
interface Call {
  readonly training: boolean
  readonly input: Numbers
  readonly cotangent: Numbers
  readonly output: Numbers
  readonly inputGrad: Numbers
  readonly grads: State
  readonly state: State
}
interface Case {
  readonly source: string
  readonly text: string
  readonly state: State
  readonly calls: readonly Call[]
}
const path = join(import.meta.dirname, '../fixtures/norms.json.gz')
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(path)).toString())

const build = (source: string): nn.Layer => new Function('nn', `return ${source}`)(nn) as nn.Layer
const tensorOf = (numbers: Numbers): Tensor => torch.tensor(numbers as number[], { dtype: 'float32' })
function expectClose(actual: Tensor | null, expected: Numbers, what: string): void {
  const got = (actual as Tensor).tolist()
  const flat = (value: unknown): number[] => [value].flat(9) as number[]
  const far = flat(got).map(
    (value, i) => Math.abs(value - flat(expected)[i]) / Math.max(1, Math.abs(flat(expected)[i])),
  )
  expect(Math.max(...far), what).toBeLessThan(1e-5)
  expect(flat(got).length, what).toBe(flat(expected).length)
}
function expectState(layer: nn.Module, state: State, when: string): void {
  const own = layer.stateDict()
  expect(Object.keys(own)).toEqual(Object.keys(state))
  for (const [key, numbers] of Object.entries(state)) expectClose(own[key], numbers, `${key} ${when}`)
}

describe.each(['wasm', 'reference'] as const)(
  'on the device %s, over four batches, PyTorch gives the same',
  (device) => {
    afterAll(() => setDefaultDevice('wasm'))
    test.each(cases)('$source', ({ source, text, state, calls }) => {
      setDefaultDevice(device)
      const layer = build(source)
      expect(String(layer)).toBe(text)
      layer.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, numbers]) => [key, tensorOf(numbers)])))
      expectState(layer, state, 'before')
      for (const [i, call] of calls.entries()) {
        const when = `of call ${i + 1}`
        layer.train(call.training).zeroGrad()
        const x = tensorOf(call.input).requiresGrad_()
        const output = layer(x)
        output.backward(tensorOf(call.cotangent))
        expectClose(output, call.output, `output ${when}`)
        expectClose(x.grad, call.inputGrad, `gradient of the input ${when}`)
        const parameters = [...layer.namedParameters()]
        expect(parameters.map(([key]) => key)).toEqual(Object.keys(call.grads))
        for (const [key, parameter] of parameters)
          expectClose(parameter.grad, call.grads[key], `gradient of ${key} ${when}`)
        expectState(layer, call.state, `after call ${i + 1}`)
      }
    })
  },
)

describe('batch normalisation', () => {
  const batch = () =>
    torch.tensor(
      [
        [1, 2],
        [3, 6],
      ],
      { dtype: 'float32' },
    )

  test('brings each channel to mean 0 and variance 1, layer normalisation each row', () => {
    const x = torch.tensor(
      [
        [1, 2],
        [2, 3],
      ],
      { dtype: 'float32' },
    )
    const rounded = (y: Tensor) => (y.tolist() as number[][]).map((row) => row.map((value) => Math.round(value * 1000)))
    expect(rounded(new nn.BatchNorm1d(2)(x))).toEqual([
      [-1000, -1000],
      [1000, 1000],
    ])
    expect(rounded(new nn.LayerNorm(2)(x))).toEqual([
      [-1000, 1000],
      [-1000, 1000],
    ])
  })
  test('has its state under the names of PyTorch, the count as int64 without dimensions', () => {
    const state = new nn.Sequential(new nn.BatchNorm2d(4)).stateDict()
    expect(Object.entries(state).map(([key, value]) => [key, value.dtype, value.shape])).toEqual([
      ['0.weight', 'float32', [4]],
      ['0.bias', 'float32', [4]],
      ['0.running_mean', 'float32', [4]],
      ['0.running_var', 'float32', [4]],
      ['0.num_batches_tracked', 'int64', []],
    ])
    expect(Object.keys(new nn.BatchNorm1d(4, { affine: false }).stateDict())[0]).toBe('running_mean')
    expect(Object.keys(new nn.BatchNorm1d(4, { trackRunningStats: false }).stateDict())).toEqual(['weight', 'bias'])
  })
  test('counts batches in training only, and takes the plain average of them without a momentum', () => {
    const layer = new nn.BatchNorm1d(2, { momentum: null })
    layer(batch())
    layer(batch().add(4))
    layer.eval()(batch().mul(100))
    expect(layer.numBatchesTracked?.item()).toBe(2)
    expect(layer.runningMean?.tolist()).toEqual([4, 6])
    expect(layer.runningVar?.tolist()).toEqual([2, 8])
  })
  test('gives the same for an image alone and in a batch after eval(), not while training', () => {
    torch.manualSeed(3)
    const layer = new nn.BatchNorm2d(2)
    for (let i = 0; i < 3; i++) layer(torch.randn(4, 2, 3, 3))
    const [one, x] = [torch.randn(1, 2, 3, 3), torch.randn(3, 2, 3, 3)]
    const together = () => layer(torch.cat([one, x])).narrow(0, 0, 1)
    expect(torch.allclose(together(), layer(one))).toBe(false)
    layer.eval()
    expect(together().tolist()).toEqual(layer(one).tolist())
  })
  test('without running statistics uses those of the batch after eval() too', () => {
    const layer = new nn.BatchNorm1d(2, { trackRunningStats: false, affine: false })
    expect(layer.eval()(batch()).tolist()).toEqual(layer.train()(batch()).tolist())
  })
  test('starts again with resetRunningStats and resetParameters', () => {
    const layer = new nn.BatchNorm1d(2)
    const fresh = JSON.stringify(Object.values(layer.stateDict()).map((x) => x.tolist()))
    layer(batch())
    torch.noGrad(() => layer.weight?.fill_(3))
    layer.resetRunningStats()
    expect([layer.numBatchesTracked?.item(), layer.runningVar?.tolist(), layer.weight?.tolist()]).toEqual([
      0,
      [1, 1],
      [3, 3],
    ])
    layer.resetParameters()
    expect(JSON.stringify(Object.values(layer.stateDict()).map((x) => x.tolist()))).toBe(fresh)
  })
  test('keeps its buffers through scopes, conversions and loading', () => {
    const layer = torch.scope(() => ({ layer: new nn.BatchNorm1d(2) })).layer
    torch.scope(() => void layer(batch()))
    layer.double()
    expect([layer.runningMean?.dtype, layer.numBatchesTracked?.dtype]).toEqual(['float64', 'int64'])
    expect(layer(batch().double()).dtype).toBe('float64')
    const copy = new nn.BatchNorm1d(2)
    copy.loadStateDict(layer.stateDict())
    expect(copy.numBatchesTracked?.item()).toBe(2)
    expect(copy.eval()(batch()).tolist()).toEqual(layer.float().eval()(batch()).tolist())
  })
  test('is a part of graphs of any order', () => {
    const layer = new nn.BatchNorm1d(2).double()
    const x = torch.tensor(
      [
        [0.3, -1],
        [1.1, 0.4],
        [-0.7, 2],
      ],
      { dtype: 'float64', requiresGrad: true },
    )
    torch.gradcheck((input) => layer(input), [x])
    torch.gradgradcheck((input) => layer(input), [x], { atol: 1e-4 })
    layer.eval()
    torch.gradcheck((input) => layer(input), [x])
  })
})

describe('inputs that do not fit are refused', () => {
  test.each<[string, nn.Layer, number[], typeof ShapeError, string]>([
    ['rank', new nn.BatchNorm1d(3), [3], ShapeError, 'nn.BatchNorm1d: expected 2 or 3 dimensions, got 1: [3]'],
    [
      'rank',
      new nn.BatchNorm1d(3),
      [2, 3, 4, 5],
      ShapeError,
      'nn.BatchNorm1d: expected 2 or 3 dimensions, got 4: [2, 3, 4, 5]',
    ],
    ['rank', new nn.BatchNorm2d(3), [2, 3], ShapeError, 'nn.BatchNorm2d: expected 4 dimensions, got 2: [2, 3]'],
    [
      'rank',
      new nn.BatchNorm3d(3),
      [2, 3, 4, 5],
      ShapeError,
      'nn.BatchNorm3d: expected 5 dimensions, got 4: [2, 3, 4, 5]',
    ],
    [
      'rank',
      new nn.InstanceNorm2d(3),
      [2, 3],
      ShapeError,
      'nn.InstanceNorm2d: expected 3 or 4 dimensions, got 2: [2, 3]',
    ],
    [
      'channels',
      new nn.BatchNorm2d(3),
      [2, 4, 5, 5],
      ShapeError,
      'must have one value for each of 4 channels, got [3]',
    ],
    [
      'one value',
      new nn.BatchNorm1d(3),
      [1, 3],
      ValueError,
      'expected more than 1 value per channel when training, got [1, 3]',
    ],
    ['one value', new nn.InstanceNorm1d(3), [2, 3, 1], ValueError, 'expected more than 1 spatial element'],
    [
      'ending',
      new nn.LayerNorm([3, 4]),
      [3, 4, 3],
      ShapeError,
      'the input [3, 4, 3] must end with the normalized shape [3, 4]',
    ],
    [
      'channels',
      new nn.GroupNorm(2, 4),
      [2, 6, 3],
      ShapeError,
      'weight must have one value for each of 6 channels, got [4]',
    ],
  ])('%s: %s', (_, layer, shape, kind, message) => {
    const before = JSON.stringify(Object.values(layer.stateDict()).map((x) => x.tolist()))
    expect(() => layer(torch.ones(shape))).toThrow(kind)
    expect(() => layer(torch.ones(shape))).toThrow(message)
    expect(JSON.stringify(Object.values(layer.stateDict()).map((x) => x.tolist()))).toBe(before)
  })
  test('groups that do not divide the channels are refused by the constructor', () => {
    expect(() => new nn.GroupNorm(2, 3)).toThrow('nn.GroupNorm: groups must divide the channels: 2 and 3')
  })
})
