// Modules: Sequential, classes of one's own, any code in forward, nesting, and one layer in two places.
import * as torch from 'kindling'
import { F, nn, type Tensor } from 'kindling'
import { cell } from 'kindling/notebook'

cell('sequential')
torch.manualSeed(0)
const X = torch.rand(2, 20)
const net = new nn.Sequential(
  new nn.Linear(20, 256),
  new nn.ReLU(),
  new nn.Linear(256, 10),
)
console.log(net)
const output = net(X)
console.log(output.shape, output.gradFn!.name)

cell('mlp')
class MLP extends nn.Module {
  readonly hidden = new nn.Linear(20, 256)
  readonly out = new nn.Linear(256, 10)

  override forward(x: Tensor): Tensor {
    return this.out(F.relu(this.hidden(x)))
  }
}
const mlp = new MLP()
console.log(mlp)
console.log(mlp(X).shape)
for (const [name, parameter] of mlp.namedParameters()) {
  console.log(name, parameter.shape)
}

cell('my-sequential')
class MySequential extends nn.Module {
  constructor(...modules: nn.Module[]) {
    super()
    for (const [i, module] of modules.entries()) this.addModule(String(i), module)
  }
  override forward(x: Tensor): Tensor {
    for (const module of this.children()) x = module(x)
    return x
  }
}
const mine = new MySequential(
  new nn.Linear(20, 256),
  new nn.ReLU(),
  new nn.Linear(256, 10),
)
mine.loadStateDict(net.stateDict())
console.log(mine)
console.log('the same as Sequential:', mine(X).equal(output))

cell('fixed-hidden')
class FixedHiddenMLP extends nn.Module {
  readonly constant = torch.rand(20, 20)
  readonly linear = new nn.Linear(20, 20)

  override forward(x: Tensor): Tensor {
    x = this.linear(x)
    x = F.relu(x.matmul(this.constant).add(1))
    x = this.linear(x)
    while (x.abs().sum().item() > 1) x = x.div(2)
    return x.sum()
  }
}
const fixed = new FixedHiddenMLP()
const total = fixed(X) as Tensor
console.log(fixed)
console.log(total)
console.log(Object.keys(fixed.stateDict()))

cell('nested')
class NestMLP extends nn.Module {
  readonly net = new nn.Sequential(
    new nn.Linear(20, 64),
    new nn.ReLU(),
    new nn.Linear(64, 32),
    new nn.ReLU(),
  )
  readonly linear = new nn.Linear(32, 16)

  override forward(x: Tensor): Tensor {
    return this.linear(this.net(x))
  }
}
const chimera = new nn.Sequential(
  new NestMLP(),
  new nn.Linear(16, 20),
  new FixedHiddenMLP(),
)
console.log(chimera)
const last = chimera(X)
console.log(last)

cell('shared')
const shared = new nn.Linear(8, 8)
const twice = new nn.Sequential(new nn.Linear(20, 8), shared, new nn.ReLU(), shared)
const count = [...twice.parameters()].reduce((sum, p) => sum + p.numel(), 0)
console.log([...twice.namedParameters()].map(([name]) => name))
console.log(Object.keys(twice.stateDict()))
console.log(count, '=', 20 * 8 + 8, '+', 8 * 8 + 8)

export { chimera, count, fixed, last, mine, mlp, net, output, total, twice, X }
