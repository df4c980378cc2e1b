// Recurrent layers and cells against PyTorch, their gradients of any order, memory, packed sequences, errors. Fixture: scripts/oracle/recurrent.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DTypeError, nn, optim, ShapeError, Tensor, ValueError } from '../../src/index.ts'
import { setDefaultDevice } from '../../src/runtime/device.ts'
import { memory, settledStorages } from '../support/memory.ts'

const { packPaddedSequence, padPackedSequence } = nn.utils.rnn

type Numbers = number | Numbers[]
interface Case {
  readonly source: string
  readonly seed: number
  readonly text: string
  readonly state: Readonly<Record<string, readonly [shape: number[], start: number[]]>>
  readonly input: Numbers
  readonly states: readonly Numbers[]
  readonly lengths: number[] | null
  readonly callSeed: number
  readonly outputs: readonly Numbers[]
  readonly cotangents: readonly Numbers[]
  readonly inputGrad: Numbers
  readonly stateGrads: readonly Numbers[]
  readonly grads: Readonly<Record<string, Numbers>>
}
const path = join(import.meta.dirname, '../fixtures/recurrent.json.gz')
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(path)).toString())

const build = (source: string): nn.LSTM => new Function('nn', `return ${source}`)(nn) as nn.LSTM
const tensorOf = (numbers: Numbers): Tensor => torch.tensor(numbers as number[], { dtype: 'float32' })
const flat = (value: unknown): number[] => [value].flat(9) as number[]
function expectClose(actual: Tensor | null, expected: Numbers, what: string): void {
  const got = flat((actual as Tensor).tolist())
  const wanted = flat(expected)
  expect(got.length, what).toBe(wanted.length)
  const far = got.map((value, i) => Math.abs(value - wanted[i]) / Math.max(1, Math.abs(wanted[i])))
  expect(Math.max(...far), what).toBeLessThan(2e-6)
}
/** The tensors of a result, in order; of a packed sequence its rows. */
function tensorsOf(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result]
  if (Array.isArray(result)) return result.flatMap(tensorsOf)
  return [(result as nn.PackedSequence).data]
}

describe.each(['wasm', 'reference'] as const)('on the device %s PyTorch gives the same', (device) => {
  afterAll(() => setDefaultDevice('wasm'))
  test.each(cases)('for $source, lengths $lengths', (one) => {
    setDefaultDevice(device)
    torch.manualSeed(one.seed)
    const layer = build(one.source)
    expect(String(layer)).toBe(one.text)
    const own = Object.entries(layer.stateDict())
    expect(own.map(([key, value]) => [key, value.shape])).toEqual(
      Object.entries(one.state).map(([key, [shape]]) => [key, shape]),
    )
    for (const [key, value] of own) {
      const [, start] = one.state[key]
      expect((value.flatten().tolist() as number[]).slice(0, 4), key).toEqual(start.map(Math.fround))
    }

    const x = tensorOf(one.input).requiresGrad_()
    const states = one.states.map((state) => tensorOf(state).requiresGrad_())
    const { batchFirst } = layer
    const input = one.lengths ? packPaddedSequence(x, one.lengths, { batchFirst, enforceSorted: false }) : x
    torch.manualSeed(one.callSeed)
    const call = layer as unknown as (...args: unknown[]) => unknown
    const outputs = tensorsOf(call(input, ...(states.length === 0 ? [] : states.length === 1 ? states : [states])))
    expect(outputs.length).toBe(one.outputs.length)
    outputs.forEach((output, i) => expectClose(output, one.outputs[i], `output ${i}`))

    outputs.forEach((output, i) =>
      output.backward(tensorOf(one.cotangents[i]), { retainGraph: i < outputs.length - 1 }),
    )
    expectClose(x.grad, one.inputGrad, 'gradient of the input')
    states.forEach((state, i) => expectClose(state.grad, one.stateGrads[i], `gradient of state ${i}`))
    for (const [key, parameter] of layer.namedParameters())
      expectClose(parameter.grad, one.grads[key], `gradient of ${key}`)
  })
})

beforeEach(() => void torch.manualSeed(5))
const double = (...shape: number[]): Tensor => torch.randn(shape, { dtype: 'float64', requiresGrad: true })

describe('gradients agree with finite differences, first and second', () => {
  const check = (f: (...inputs: Tensor[]) => Tensor[], inputs: Tensor[]): void => {
    torch.gradcheck(f, inputs)
    torch.gradgradcheck(f, inputs, { atol: 1e-4 })
  }
  test.each<[string, () => nn.RNN | nn.GRU]>([
    ['RNN', () => new nn.RNN(2, 3)],
    ['RNN without bias', () => new nn.RNN(2, 3, { bias: false })],
    ['RNN in both directions', () => new nn.RNN(2, 2, { bidirectional: true })],
    ['GRU', () => new nn.GRU(2, 3)],
    ['GRU of two layers', () => new nn.GRU(2, 2, { numLayers: 2 })],
  ])('of %s', (_, make) => {
    const net = make().double()
    const count = net.numLayers * (net.bidirectional ? 2 : 1)
    check((x, h) => net(x, h), [double(3, 2, 2), double(count, 2, net.hiddenSize)])
    const fixed = torch.randn(3, 2, 2, { dtype: 'float64' })
    check(() => net(fixed), [...net.parameters()])
  })
  test.each<[string, () => nn.LSTM]>([
    ['LSTM', () => new nn.LSTM(2, 3)],
    ['LSTM with a projection', () => new nn.LSTM(2, 3, { projSize: 2 })],
    ['LSTM in both directions without bias', () => new nn.LSTM(2, 2, { bidirectional: true, bias: false })],
  ])('of %s', (_, make) => {
    const net = make().double()
    const count = net.bidirectional ? 2 : 1
    const columns = net.projSize || net.hiddenSize
    check(
      (x, h, c) => net(x, [h, c]).flat(),
      [double(3, 2, 2), double(count, 2, columns), double(count, 2, net.hiddenSize)],
    )
    const fixed = torch.randn(3, 2, 2, { dtype: 'float64' })
    check(() => net(fixed).flat(), [...net.parameters()])
  })
  test('through sequences of different lengths', () => {
    const net = new nn.LSTM(2, 3, { bidirectional: true }).double()
    check(
      (x) => {
        const [output, last] = net(packPaddedSequence(x, [1, 3, 2], { enforceSorted: false }))
        return [padPackedSequence(output)[0], ...last]
      },
      [double(3, 3, 2)],
    )
  })
  test('of cells, and where an initial state was made from the input', () => {
    const cell = new nn.LSTMCell(2, 2).double()
    check((x, h, c) => cell(x, [h, c]), [double(3, 2), double(3, 2), double(3, 2)])
    const unit = new nn.GRUCell(2, 2).double()
    check((x) => [unit(x, x.mul(x))], [double(3, 2)])
  })
  test('where only the last state is used', () => {
    const net = new nn.GRU(2, 3).double()
    check((x) => [net(x)[1]], [double(4, 2, 2)])
  })
})

describe('a layer', () => {
  test('names its parameters as PyTorch does, in its order', () => {
    const net = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, projSize: 2 })
    const half = (suffix: string) =>
      ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh', 'weight_hr'].map((part) => `${part}_${suffix}`)
    const names = ['l0', 'l0_reverse', 'l1', 'l1_reverse'].flatMap(half)
    expect(Object.keys(net.stateDict())).toEqual(names)
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(names)
    expect(net.weightIhL1Reverse.shape).toEqual([20, 4])
    expect(net.weightHrL0.shape).toEqual([2, 5])
    expect(net.allWeights.map((list) => list.length)).toEqual([5, 5, 5, 5])
    expect(net.allWeights[3][0]).toBe(net.weightIhL1Reverse)
    expect(new nn.GRU(3, 5, { bias: false }).allWeights.map((list) => list.length)).toEqual([2])
  })
  test('takes a state dict of its twin and gives the same', () => {
    const options = { numLayers: 2, bidirectional: true } as const
    const [a, b] = [new nn.GRU(3, 5, options), new nn.GRU(3, 5, options)]
    b.loadStateDict(a.stateDict())
    const x = torch.randn(4, 2, 3)
    expect(b(x)[0].tolist()).toEqual(a(x)[0].tolist())
  })
  test('gives the same one step at a time, with the states handed on', () => {
    const net = new nn.LSTM(3, 16, { numLayers: 2 })
    const x = torch.randn(6, 2, 3)
    const [whole, [h, c]] = net(x)
    let states: [Tensor, Tensor] | null = null
    const parts: Tensor[] = []
    for (let t = 0; t < 6; t++) {
      const step: [Tensor, [Tensor, Tensor]] = net(x.narrow(0, t, 1), states)
      parts.push(step[0])
      states = step[1]
    }
    const close = (a: Tensor, b: Tensor): void => expect(torch.allclose(a, b, { rtol: 0, atol: 1e-6 })).toBe(true)
    close(torch.cat(parts), whole)
    close(states?.[0] as Tensor, h)
    close(states?.[1] as Tensor, c)
  })
  test('gives what its cell gives', () => {
    const [net, cell] = [new nn.GRU(3, 4), new nn.GRUCell(3, 4)]
    const state = net.stateDict()
    cell.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, value]) => [key.slice(0, -3), value])))
    const x = torch.randn(2, 5, 3)
    const h = cell(x.at(1), cell(x.at(0)))
    expect(torch.allclose(net(x)[0].at(1), h, { rtol: 0, atol: 1e-6 })).toBe(true)
  })
  test('gives the same without a graph', () => {
    const net = new nn.LSTM(3, 4, { projSize: 2, bidirectional: true })
    const x = torch.randn(3, 2, 3)
    const [output, [h, c]] = net(x)
    const [bare, [bareH, bareC]] = torch.noGrad(() => net(x))
    expect(bare.requiresGrad).toBe(false)
    expect([bare, bareH, bareC].map((y) => y.tolist())).toEqual([output, h, c].map((y) => y.tolist()))
  })
  test('takes inputs that lie otherwise in memory', () => {
    const net = new nn.RNN(3, 4)
    const x = torch.randn(3, 2, 5).permute(2, 1, 0)
    expect(x.isContiguous()).toBe(false)
    expect(net(x)[0].tolist()).toEqual(net(x.contiguous())[0].tolist())
  })
  test('gives an empty batch for an empty batch, and gradients of zero', () => {
    const net = new nn.GRU(3, 4)
    const [output, h] = net(torch.zeros(2, 0, 3))
    expect([output.shape, h.shape]).toEqual([
      [2, 0, 4],
      [1, 0, 4],
    ])
    output.sum().backward()
    expect(net.weightHhL0.grad?.abs().sum().item()).toBe(0)
  })
  test('drops out between its layers only, and only while training', () => {
    const net = new nn.RNN(3, 4, { numLayers: 2, dropout: 1 })
    const x = torch.randn(3, 2, 3)
    const dropped = net(x)[0]
    expect(dropped.tolist()).not.toEqual(net.eval()(x)[0].tolist())
    net.train()
    torch.noGrad(() => net.weightIhL0.zero_())
    expect(net(x)[0].tolist()).toEqual(dropped.tolist())
  })
  test('works in half precision, rounding after each operation', () => {
    const net = new nn.LSTM(3, 4)
    const x = torch.randn(3, 2, 3)
    const full = net(x)[0]
    const half = net.half()(x.half())[0]
    expect(half.dtype).toBe('float16')
    expect(torch.allclose(half.float(), full, { rtol: 0, atol: 2e-3 })).toBe(true)
    half.sum().backward()
    expect(net.weightHhL0.grad?.dtype).toBe('float16')
  })
  test('lets its output be written to before backward', () => {
    const net = new nn.LSTM(3, 4)
    const x = torch.randn(3, 2, 3)
    net(x)[0].mul(2).sum().backward()
    const expected = net.weightHhL0.grad?.tolist()
    net.zeroGrad()
    net(x)[0].mul_(2).sum().backward()
    expect(net.weightHhL0.grad?.tolist()).toEqual(expected)
  })
  test('can be gone through twice where the graph is retained, not otherwise', () => {
    const net = new nn.GRU(3, 4)
    const loss = net(torch.randn(3, 2, 3))[0].sum()
    loss.backward({ retainGraph: true })
    const once = net.weightIhL0.grad?.clone() as Tensor
    loss.backward()
    expect(net.weightIhL0.grad?.tolist()).toEqual(once.mul(2).tolist())
    expect(() => loss.backward()).toThrow(/a second time/)
  })
  test('is one node of the graph for each layer and direction', () => {
    const net = new nn.LSTM(3, 4)
    const [output, [h]] = net(torch.randn(3, 2, 3))
    expect(output.gradFn?.name).toBe('ReshapeAliasBackward0')
    expect(h.gradFn?.name).toBe('StackBackward0')
  })
  test('takes no memory after the second step of training', async () => {
    const net = new nn.LSTM(3, 16, { numLayers: 2, bidirectional: true, dropout: 0.5 })
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 })
    const x = torch.randn(5, 3, 3)
    await settledStorages()
    const seen: ReturnType<typeof memory>[] = []
    for (let step = 0; step < 6; step++) {
      torch.scope(() => {
        optimizer.zeroGrad()
        net(x)[0].square().sum().backward()
        optimizer.step()
      })
      seen.push(memory())
    }
    for (const after of seen.slice(2)) expect(after).toEqual(seen[1])
  })
  test('learns to add numbers up', () => {
    const net = new nn.GRU(1, 16, { batchFirst: true })
    const head = new nn.Linear(16, 1)
    const optimizer = new optim.Adam([...net.parameters(), ...head.parameters()], { lr: 0.01 })
    const x = torch.rand(64, 5, 1)
    const total = x.sum(1)
    let last = 0
    for (let step = 0; step < 150; step++) {
      torch.scope(() => {
        optimizer.zeroGrad()
        const loss = head(net(x)[1].at(0)).sub(total).square().mean()
        loss.backward()
        optimizer.step()
        last = loss.item()
      })
    }
    expect(last).toBeLessThan(0.01)
  })
})

describe('what does not fit is refused', () => {
  const net = new nn.LSTM(3, 5)
  const [x, h, c] = [torch.zeros(4, 2, 3), torch.zeros(1, 2, 5), torch.zeros(1, 2, 5)]
  test.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'rank',
      () => net(torch.zeros(3)),
      ShapeError,
      'nn.LSTM: expected an input of 2 dimensions, or 3 with a batch, got [3]',
    ],
    [
      'features',
      () => net(torch.zeros(4, 2, 4)),
      ShapeError,
      'nn.LSTM: the last dimension of the input must have inputSize 3, got [4, 2, 4]',
    ],
    [
      'no steps',
      () => net(torch.zeros(0, 2, 3)),
      ShapeError,
      'nn.LSTM: the sequence has no steps: the input has shape [0, 2, 3]',
    ],
    [
      'rank of states',
      () => net(x, [h.squeeze(0), c]),
      ShapeError,
      'nn.LSTM: an input of 3 dimensions needs states of 3 dimensions, got [2, 5]',
    ],
    [
      'size of h',
      () => net(x, [torch.zeros(1, 3, 5), c]),
      ShapeError,
      'nn.LSTM: expected a hidden state of shape [1, 2, 5], got [1, 3, 5]',
    ],
    [
      'size of c',
      () => net(x, [h, torch.zeros(2, 2, 5)]),
      ShapeError,
      'nn.LSTM: expected a cell state of shape [1, 2, 5], got [2, 2, 5]',
    ],
    [
      'one state of two',
      () => net(x, h as unknown as [Tensor, Tensor]),
      ValueError,
      'nn.LSTM: expected initial states as a list of 2 tensors',
    ],
    ['dtype', () => net(x.double()), DTypeError, 'lstm: expected one dtype, got float64 and float32'],
    ['integers', () => net(x.long()), DTypeError, 'lstm: needs a floating-point dtype, got int64'],
    [
      'packed rank',
      () => net(packPaddedSequence(torch.zeros(4, 2), [4, 2])),
      ShapeError,
      'nn.LSTM: expected packed rows of 2 dimensions, got [6]',
    ],
    [
      'nonlinearity',
      () => new nn.RNN(3, 4, { nonlinearity: 'sigmoid' as 'tanh' }),
      ValueError,
      "nn.RNN: nonlinearity must be 'tanh' or 'relu', got 'sigmoid'",
    ],
    [
      'dropout',
      () => new nn.GRU(3, 4, { dropout: 2 }),
      ValueError,
      'nn.GRU: dropout is a probability between 0 and 1, got 2',
    ],
    [
      'layers',
      () => new nn.GRU(3, 4, { numLayers: 0 }),
      ValueError,
      'nn.GRU: numLayers must be a whole number of at least 1, got 0',
    ],
    [
      'projection',
      () => new nn.LSTM(3, 4, { projSize: 4 }),
      ValueError,
      'nn.LSTM: projSize must be at least 0 and smaller than hiddenSize, got 4 and 4',
    ],
    [
      'rank of a cell',
      () => new nn.GRUCell(3, 4)(x),
      ShapeError,
      'nn.GRUCell: expected an input of 1 dimension, or 2 with a batch, got [4, 2, 3]',
    ],
    [
      'features of a cell',
      () => new nn.GRUCell(3, 4)(torch.zeros(2, 4)),
      ShapeError,
      'nn.GRUCell: the last dimension of the input must have inputSize 3, got [2, 4]',
    ],
    [
      'state of a cell',
      () => new nn.RNNCell(3, 4)(torch.zeros(3), torch.zeros(1, 4)),
      ShapeError,
      'nn.RNNCell: an input of shape [3] needs states of shape [4], got [1, 4]',
    ],
  ])('%s', (_, body, kind, message) => {
    expect(body).toThrow(kind)
    expect(body).toThrow(message)
  })
})
