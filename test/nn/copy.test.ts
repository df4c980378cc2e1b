// Copies of networks, and all parameters as one vector.
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, ShapeError, type Tensor, ValueError } from '../../src/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

const { deepcopy, parametersToVector, vectorToParameters } = nn.utils

describe('deepcopy', () => {
  class Tied extends nn.Module {
    readonly first = new nn.Linear(3, 3)
    readonly again = this.first
    readonly sizes = [1, { two: 2 }]
    readonly extra = new Map<string, Tensor>([['ones', torch.ones(2)]])
    readonly norm = new nn.BatchNorm1d(3)
    constructor() {
      super()
      this.registerBuffer('table', torch.zeros(2), { persistent: false })
      this.first.bias?.requiresGrad_(false)
    }
    override forward(x: Tensor): Tensor {
      return this.norm(this.again(this.first(x)))
    }
  }
  test('gives a network that computes and prints the same, with values of its own', () => {
    const net = new Tied()
    net(torch.randn(4, 3)).sum().backward()
    const copy = deepcopy(net.eval())
    const x = torch.randn(5, 3)
    expect(copy).toBeInstanceOf(Tied)
    expect(copy(x).tolist()).toEqual(net(x).tolist())
    expect(String(copy)).toBe(String(net))
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(net.stateDict()))
    expect([...copy.namedBuffers()].map(([name]) => name)).toEqual([...net.namedBuffers()].map(([name]) => name))
    const before = net(x).tolist()
    torch.noGrad(() => {
      for (const value of [...copy.parameters(), ...copy.buffers()]) value.zero_()
    })
    expect(net(x).tolist()).toEqual(before)
  })
  test('keeps what is shared shared, modes and flags, and leaves gradients out', () => {
    const net = new Tied()
    net(torch.randn(4, 3)).sum().backward()
    net.norm.eval()
    const copy = deepcopy(net)
    expect(copy.again).toBe(copy.first)
    expect(copy.first).not.toBe(net.first)
    expect([copy.training, copy.norm.training]).toEqual([true, false])
    expect([...copy.parameters()].map((p) => [p.requiresGrad, p.grad])).toEqual(
      [...net.parameters()].map((p) => [p.requiresGrad, null]),
    )
    expect(copy.sizes).toEqual(net.sizes)
    expect(copy.sizes).not.toBe(net.sizes)
    expect(copy.extra.get('ones')?.tolist()).toEqual([1, 1])
    expect(copy.extra.get('ones') === net.extra.get('ones')).toBe(false)
  })
  test('copies lazy layers once they have been called', () => {
    const net = new nn.LazyLinear(2)
    expect(() => deepcopy(net)).toThrow('used before its shape is known')
    const x = torch.randn(3, 5)
    const y = net(x).tolist()
    expect(deepcopy(net)(x).tolist()).toEqual(y)
  })
  test('copies recurrent layers, hooks and their removal', () => {
    const net = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true })
    const seen: string[] = []
    const hook = net.registerForwardHook(() => void seen.push('hook'))
    const copy = deepcopy(net)
    hook.remove()
    const x = torch.randn(2, 1, 3)
    expect(copy(x)[0].tolist()).toEqual(net(x)[0].tolist())
    expect(seen).toEqual(['hook'])
  })
  test('lives as long as a network that was made, in a scope, too', async () => {
    const net = new Tied()
    const before = await settledStorages()
    const copy = torch.scope(() => ({ copy: deepcopy(net) })).copy
    // Two parameters of each layer, three buffers of the norm, the table, and the tensor in the map.
    expect(memory().storages).toBe(before + 9)
    expect(copy(torch.randn(2, 3)).shape).toEqual([2, 3])
  })
})

describe('parametersToVector and vectorToParameters', () => {
  test('are each other’s inverse, in the order of the parameters', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1))
    const vector = parametersToVector(net.parameters())
    expect(vector.tolist()).toEqual([...net.parameters()].flatMap((p) => p.numbers()))
    vectorToParameters(torch.arange(13, { dtype: 'float32' }), net.parameters())
    expect([...net.parameters()].map((p) => p.tolist())).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [6, 7, 8],
      [[9, 10, 11]],
      [12],
    ])
    expect(net(torch.ones(1, 2)).item()).toBe(9 * 7 + 10 * 12 + 11 * 17 + 12)
  })
  test('gradients flow back from the vector, and the parameters stay what an optimizer knows', () => {
    const net = new nn.Linear(2, 1)
    const optimizer = new torch.optim.SGD(net.parameters(), { lr: 1 })
    vectorToParameters(torch.tensor([1, 2, 3], { dtype: 'float32' }), net.parameters())
    parametersToVector(net.parameters()).square().sum().backward()
    optimizer.step()
    expect(parametersToVector(net.parameters()).tolist()).toEqual([-1, -2, -3])
  })
  test('a vector of another length is refused, as are no parameters', () => {
    const net = new nn.Linear(2, 1)
    const before = net.weight.tolist()
    expect(() => vectorToParameters(torch.ones(4), net.parameters())).toThrow(ShapeError)
    expect(net.weight.tolist()).toEqual(before)
    expect(() => parametersToVector([])).toThrow(ValueError)
  })
})
