// What every module is and does: a function with named parts, a mode, a state, hooks, and a name in errors.
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, ShapeError, type Tensor, ValueError } from '../../src/index.ts'
import { contextFollowsAsync } from '../../src/runtime/context.ts'

beforeEach(() => void torch.manualSeed(0))

class Net extends nn.Module {
  first = new nn.Linear(3, 4)
  second = new nn.Linear(4, 2, { bias: false })
  override forward(x: Tensor): Tensor {
    return this.second(this.first(x).relu())
  }
}
const names = (entries: Iterable<readonly [string, unknown]>): string[] => [...entries].map(([name]) => name)

describe('a module is a function', () => {
  test('that runs forward when it is called', () => {
    const net = new Net()
    expect(typeof net).toBe('function')
    expect(net(torch.zeros(5, 3)).shape).toEqual([5, 2])
  })
  test('and an instance of its class and of Module', () => {
    const net = new Net()
    expect(net).toBeInstanceOf(Net)
    expect(net).toBeInstanceOf(nn.Module)
    expect(new nn.ReLU()).toBeInstanceOf(nn.Layer)
    expect(net.constructor.name).toBe('Net')
  })
  test('whose fields may be called name and length', () => {
    class Odd extends nn.Module {
      override name = 'odd'
      override length = new nn.Linear(1, 1)
    }
    const odd = new Odd()
    expect(odd.name).toBe('odd')
    expect(names(odd.namedParameters())).toEqual(['length.weight', 'length.bias'])
  })
  test.skipIf(!contextFollowsAsync)(
    'whose forward may be async, and frees what it makes behind an await too',
    async () => {
      const made: Tensor[] = []
      class Slow extends nn.Module {
        override async forward(x: Tensor): Promise<Tensor> {
          made.push(x.add(1))
          await new Promise((resolve) => setTimeout(resolve, 1))
          made.push(x.add(2))
          return x.add(3)
        }
      }
      class Outer extends nn.Module {
        inner = new Slow()
        override forward(x: Tensor): Promise<Tensor> {
          return this.inner(x)
        }
      }
      const out: Tensor = await new Outer()(torch.zeros(2))
      expect(made.map((x) => x.disposed)).toEqual([true, true])
      expect(out.tolist()).toEqual([3, 3])
    },
  )
  test('without forward says what to add', () => {
    expect(() => new nn.Module()(1)).toThrow(/Module: forward is not defined[^]*help: add a method forward/)
  })
})

describe('parameters and modules', () => {
  test('are found in the order of registration', () => {
    const net = new Net()
    expect(names(net.namedParameters())).toEqual(['first.weight', 'first.bias', 'second.weight'])
    expect(names(net.namedChildren())).toEqual(['first', 'second'])
    expect(names(net.namedModules())).toEqual(['', 'first', 'second'])
    expect([...net.parameters()].map((p) => p.shape)).toEqual([[4, 3], [4], [2, 4]])
    expect(names(net.namedParameters({ recurse: false }))).toEqual([])
  })
  test('are visited by apply with children first', () => {
    const seen: string[] = []
    new nn.Sequential(new Net(), new nn.ReLU()).apply((m) => void seen.push(m.constructor.name))
    expect(seen).toEqual(['Linear', 'Linear', 'Net', 'ReLU', 'Sequential'])
  })
  test('that are shared are given once, under the first name, and stand twice in the state', () => {
    const net = new Net()
    const tied = new nn.Linear(4, 4)
    const both = new nn.Sequential(tied, new nn.ReLU(), tied)
    expect(names(both.namedParameters())).toEqual(['0.weight', '0.bias'])
    expect(names(both.namedModules())).toEqual(['', '0', '1'])
    expect(Object.keys(both.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias'])
    net.second.weight = net.first.weight
    expect(names(net.namedParameters())).toEqual(['first.weight', 'first.bias'])
  })
  test('that are tied get the gradients of both uses', () => {
    const tied = new nn.Linear(2, 2, { bias: false })
    const net = new nn.Sequential(tied, tied)
    nn.init.eye_(tied.weight)
    net(torch.ones(1, 2)).sum().backward()
    // d/dW sum(W W x) = W^T 1 x^T + 1 (W x)^T.
    expect(tied.weight.grad?.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ])
  })
  test('are found by path', () => {
    const net = new nn.Sequential(new Net())
    expect(net.getSubmodule('0.second')).toBe(net.get<Net>(0).second)
    expect(net.getSubmodule('')).toBe(net)
    expect(() => net.getSubmodule('0.third')).toThrow("getSubmodule: Net has no submodule 'third' (path '0.third')")
  })
  test('cannot take names that hide what a module has', () => {
    const net = new nn.Module()
    expect(() => net.addModule('forward', new nn.ReLU())).toThrow(ValueError)
    expect(() => net.addModule('a.b', new nn.ReLU())).toThrow(/must not be empty or contain a dot/)
    expect(() => net.registerBuffer('', null)).toThrow(ValueError)
    expect(() => new nn.ModuleDict({ keys: new nn.ReLU() })).toThrow(/ModuleDict has an attribute 'keys' of its own/)
  })
})

describe('buffers', () => {
  class Counter extends nn.Module {
    static override readonly stateKeys = { runningMean: 'running_mean' }
    declare runningMean: Tensor
    declare scratch: Tensor
    constructor() {
      super()
      this.registerBuffer('runningMean', torch.ones(2))
      this.registerBuffer('scratch', torch.zeros(3), { persistent: false })
      this.registerBuffer('nothing', null)
    }
  }
  test('belong to the state under the names of PyTorch', () => {
    const net = new nn.Sequential(new Counter())
    expect(Object.keys(net.stateDict())).toEqual(['0.running_mean'])
    expect(names(net.namedBuffers())).toEqual(['0.running_mean', '0.scratch'])
    expect([...net.parameters()]).toEqual([])
  })
  test('survive the scope they are made in', () => {
    const net = torch.scope(() => ({ net: new Counter() })).net
    expect(net.runningMean.tolist()).toEqual([1, 1])
  })
  test('are loaded in place', () => {
    const net = new Counter()
    const buffer = net.runningMean
    net.loadStateDict({ running_mean: torch.tensor([5, 6]) })
    expect(buffer.tolist()).toEqual([5, 6])
    expect(buffer.dtype).toBe('float32')
  })
})

describe('containers', () => {
  test('Sequential iterates, counts and is indexed from both ends', () => {
    const net = new nn.Sequential(new nn.Linear(1, 2), new nn.ReLU())
    expect([...net].map((m) => m.constructor.name)).toEqual(['Linear', 'ReLU'])
    expect(net.size).toBe(2)
    expect(net.get(-1)).toBeInstanceOf(nn.ReLU)
    expect(() => net.get(2)).toThrow('Sequential: index out of range: 2 of 2 modules')
    expect(() => net.get(0.5)).toThrow(torch.IndexError)
  })
  test('Sequential runs a module as often as it was added', () => {
    class Double extends nn.Layer {
      forward(x: Tensor): Tensor {
        return x.mul(2)
      }
    }
    const double = new Double()
    const net = new nn.Sequential(double, double).append(double)
    expect(net(torch.ones(1)).item()).toBe(8)
    expect(net.size).toBe(3)
  })
  test('Sequential takes named modules', () => {
    const net = new nn.Sequential({ hidden: new nn.Linear(2, 3), act: new nn.Tanh() })
    expect(Object.keys(net.stateDict())).toEqual(['hidden.weight', 'hidden.bias'])
    expect(net(torch.zeros(1, 2)).shape).toEqual([1, 3])
  })
  test('an empty Sequential gives its input back', () => {
    const x = torch.ones(2)
    expect(new nn.Sequential()(x)).toBe(x)
  })
  test('ModuleList holds modules under their numbers', () => {
    const list = new nn.ModuleList([new nn.Linear(1, 1)]).extend([new nn.ReLU(), new nn.Linear(1, 1, { bias: false })])
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '0.bias', '2.weight'])
    expect([...list].length).toBe(3)
    expect(list.get(-1)).toBeInstanceOf(nn.Linear)
    expect(() => list(1)).toThrow(/ModuleList: forward is not defined/)
  })
  test('ModuleDict holds modules under their names', () => {
    const dict = new nn.ModuleDict({ a: new nn.Linear(1, 1), b: new nn.ReLU() })
    expect([...dict]).toEqual(['a', 'b'])
    expect([...dict.values()][1]).toBe(dict.get('b'))
    expect([dict.has('a'), dict.has('c')]).toEqual([true, false])
    expect(() => dict.get('c')).toThrow("ModuleDict: no module named 'c', there are: a, b")
  })
})

describe('the mode', () => {
  test('reaches every module below', () => {
    const net = new nn.Sequential(new nn.Sequential(new nn.Dropout()))
    expect(net.eval()).toBe(net)
    expect([...net.modules()].map((m) => m.training)).toEqual([false, false, false])
    net.train()
    expect([...net.modules()].every((m) => m.training)).toBe(true)
  })
  test('decides whether dropout drops', () => {
    const drop = new nn.Dropout(0.5)
    const x = torch.ones(1000)
    expect(drop.eval()(x).tolist()).toEqual(x.tolist())
    drop.train()
    expect(new Set(drop(x).tolist() as number[])).toEqual(new Set([0, 2]))
  })
  test('requiresGrad_ freezes parameters', () => {
    const net = new Net().requiresGrad_(false)
    expect([...net.parameters()].some((p) => p.requiresGrad)).toBe(false)
    expect(net(torch.ones(1, 3)).requiresGrad).toBe(false)
  })
})

describe('hooks', () => {
  test('see and replace arguments and outputs, until they are removed', () => {
    const layer = new nn.Identity()
    const before = layer.registerForwardPreHook((_, [x]) => [(x as Tensor).add(1)])
    const after = layer.registerForwardHook((module, args, output) => {
      expect(module).toBe(layer)
      expect((args[0] as Tensor).item()).toBe(2)
      return (output as Tensor).mul(10)
    })
    expect(layer(torch.ones(1)).item()).toBe(20)
    before.remove()
    after.remove()
    expect(layer(torch.ones(1)).item()).toBe(1)
  })
})

describe('state', () => {
  test('shares memory with the module and carries no gradient', () => {
    const net = new Net()
    const state = net.stateDict()
    expect(Object.keys(net.stateDict('net.'))[0]).toBe('net.first.weight')
    expect(state['first.weight'].requiresGrad).toBe(false)
    state['first.weight'].fill_(7)
    expect(net.first.weight.tolist()).toEqual(Array(4).fill([7, 7, 7]))
  })
  test('loads into a network of the same form, converting dtypes, and keeps the parameters', () => {
    const [from, to] = [new Net(), new Net()]
    const weight = to.first.weight
    from.double()
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] })
    expect(to.first.weight).toBe(weight)
    expect(weight.dtype).toBe('float32')
    expect(weight.requiresGrad).toBe(true)
    expect(weight.isLeaf).toBe(true)
    const x = torch.rand(2, 3)
    expect(to(x).tolist()).toEqual(from.float()(x).tolist())
  })
  test('to() converts in place: parameters, gradients and optimizers stay theirs', () => {
    const net = new Net()
    net(torch.ones(1, 3)).sum().backward()
    const { weight } = net.first
    const values = weight.tolist()
    expect(net.to('float64')).toBe(net)
    expect(net.first.weight).toBe(weight)
    expect([weight.dtype, weight.grad?.dtype]).toEqual(['float64', 'float64'])
    expect(weight.tolist()).toEqual(values)
    net.zeroGrad()
    net(torch.ones(1, 3, { dtype: 'float64' }))
      .sum()
      .backward()
    expect(weight.grad?.dtype).toBe('float64')
    expect(() => net.to('int64')).toThrow('Net.to: a module converts to floating-point dtypes only, got int64')
  })
  test('zeroGrad frees gradients, or fills them with zeros', () => {
    const net = new Net()
    net(torch.ones(1, 3)).sum().backward()
    net.zeroGrad({ setToNone: false })
    expect(net.second.weight.grad?.tolist()).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ])
    net.zeroGrad()
    expect(net.second.weight.grad).toBeNull()
  })
})

describe('a copy', () => {
  test('computes the same with parameters of its own', () => {
    const net = new Net()
    const x = torch.rand(2, 3)
    net(x).sum().backward()
    const copy = nn.utils.deepcopy(net)
    expect(copy).toBeInstanceOf(Net)
    expect(copy(x).tolist()).toEqual(net(x).tolist())
    expect(names(copy.namedParameters())).toEqual(names(net.namedParameters()))
    expect([...copy.parameters()].map((p) => [p.requiresGrad, p.isLeaf, p.grad])).toEqual(
      Array(3).fill([true, true, null]),
    )
    torch.noGrad(() => copy.first.weight.zero_())
    expect(net.first.weight.abs().sum().item()).toBeGreaterThan(0)
  })
  test('keeps mode, frozen parameters, buffers and hooks', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3)).requiresGrad_(false).eval()
    net.registerForwardHook((_, __, output) => (output as Tensor).mul(0).add(1))
    const copy = nn.utils.deepcopy(net)
    expect([...copy.modules()].map((module) => module.training)).toEqual([false, false, false])
    expect([...copy.parameters()].some((p) => p.requiresGrad)).toBe(false)
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(net.stateDict()))
    expect(copy(torch.ones(1, 2)).tolist()).toEqual([[1, 1, 1]])
    copy.get<nn.BatchNorm1d>(1).runningMean?.fill_(5)
    expect(net.get<nn.BatchNorm1d>(1).runningMean?.tolist()).toEqual([0, 0, 0])
  })
  test('has once what is there twice', () => {
    const layer = new nn.Linear(2, 2)
    const other = new nn.Linear(2, 2)
    other.weight = layer.weight
    const copy = nn.utils.deepcopy(new nn.Sequential(layer, new nn.ReLU(), layer, other))
    expect(copy.get(2)).toBe(copy.get(0))
    expect(copy.get<nn.Linear>(3).weight).toBe(copy.get<nn.Linear>(0).weight)
    expect([...copy.parameters()].length).toBe(3)
  })
  test('survives the scope it is made in', () => {
    const net = new nn.BatchNorm1d(2)
    const copy = torch.scope(() => ({ net: nn.utils.deepcopy(net) })).net
    expect(copy.eval()(torch.ones(1, 2)).shape).toEqual([1, 2])
  })
})

describe('an error inside a network names the layer', () => {
  const message = (run: () => unknown): string => {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError)
      return (error as Error).message
    }
    throw new Error('nothing was thrown')
  }
  test('by its path from the network', () => {
    const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(400, 120))
    expect(
      message(() => net(torch.zeros(64, 16, 4, 4)))
        .split('\n')
        .slice(0, 2),
    ).toEqual([
      'linear: input has 256 features, weight expects 400: [64, 256] @ [120, 400]ᵀ',
      '  in net.1 (Linear), called from net (Sequential)',
    ])
  })
  test('through networks in networks', () => {
    const net = new nn.Sequential(new Net(), new nn.Sequential({ head: new nn.Linear(3, 1) }))
    expect(message(() => net(torch.zeros(1, 3)))).toContain(
      '\n  in net.1.head (Linear), called from net.1 (Sequential), called from net (Sequential)',
    )
  })
  test('through a list of modules, which is never called itself', () => {
    class Tower extends nn.Module {
      layers = new nn.ModuleList([new nn.Linear(2, 3), new nn.Linear(2, 3)])
      override forward(x: Tensor): Tensor {
        for (const layer of this.layers) x = layer(x)
        return x
      }
    }
    expect(message(() => new Tower()(torch.zeros(1, 2)))).toContain(
      '\n  in net.layers.1 (Linear), called from net (Tower)',
    )
  })
  test('of the network itself', () => {
    expect(message(() => new nn.Linear(2, 3)(torch.zeros(1, 1)))).toContain('\n  in net (Linear)')
  })
})
