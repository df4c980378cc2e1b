// Parameters: finding them, setting them, sharing them, layers of one's own, and saving.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from 'kindling'
import { F, nn, type Tensor } from 'kindling'
import { cell } from 'kindling/notebook'

cell('one-layer')
torch.manualSeed(0)
const net = new nn.Sequential(
  new nn.Linear(4, 8),
  new nn.ReLU(),
  new nn.Linear(8, 1),
)
const X = torch.rand(2, 4)
console.log(net(X))
const last = net.get<nn.Linear>(2)
console.log(last.stateDict())
console.log(last.bias)
console.log(last.weight.grad)

cell('whole-net')
console.log('net has a bias:', 'bias' in net)
console.log('its last layer has:', 'bias' in last)
for (const [name, parameter] of net.namedParameters()) {
  console.log(name, parameter.shape)
}
console.log(net.stateDict()['2.bias'])

cell('blocks')
const block1 = () =>
  new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.ReLU(),
    new nn.Linear(8, 4),
    new nn.ReLU(),
  )
function block2(): nn.Sequential {
  const block = new nn.Sequential()
  for (let i = 0; i < 4; i++) block.addModule(`block ${i}`, block1())
  return block
}
const deep = new nn.Sequential(block2(), new nn.Linear(4, 1))
console.log(deep)
const inside = deep.get<nn.Sequential>(0).get<nn.Sequential>(1).get<nn.Linear>(0)
console.log(inside.bias!.shape)

cell('initial')
net.apply((m) => {
  if (!(m instanceof nn.Linear)) return
  nn.init.normal_(m.weight, 0, 0.01)
  nn.init.zeros_(m.bias!)
})
const first = net.get<nn.Linear>(0)
console.log(first.weight.at(0))
console.log(first.bias!.at(0))
nn.init.xavierUniform_(first.weight)
nn.init.constant_(last.weight, 42)
console.log(first.weight.at(0))
console.log(last.weight)

cell('own-initial')
nn.init.uniform_(first.weight, -10, 10)
torch.noGrad(() => first.weight.mul_(first.weight.abs().ge(5)))
console.log(first.weight.at('0:2'))
torch.noGrad(() => {
  first.weight.add_(1)
  first.weight.set([0, 0], 42)
})
console.log(first.weight.at(0))

cell('tied')
const shared = new nn.Linear(8, 8)
const tied = new nn.Sequential(
  new nn.Linear(4, 8),
  new nn.ReLU(),
  shared,
  new nn.ReLU(),
  shared,
)
const copy = (): nn.Linear => {
  const layer = new nn.Linear(8, 8)
  layer.loadStateDict(shared.stateDict())
  return layer
}
const apart = new nn.Sequential(
  tied.get(0),
  new nn.ReLU(),
  copy(),
  new nn.ReLU(),
  copy(),
)
tied(X).sum().backward()
apart(X).sum().backward()
const [one, two] = [2, 4].map((i) => apart.get<nn.Linear>(i).weight.grad!)
console.log('one object:', tied.get(2) === tied.get(4))
console.log('gradients add up:', shared.weight.grad!.allclose(one.add(two)))

cell('own-layers')
class CenteredLayer extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.sub(x.mean())
  }
}
class MyLinear extends nn.Module {
  readonly weight: nn.Parameter
  readonly bias: nn.Parameter

  constructor(inUnits: number, units: number) {
    super()
    this.weight = new nn.Parameter(torch.randn(inUnits, units))
    this.bias = new nn.Parameter(torch.randn(units))
  }
  override forward(x: Tensor): Tensor {
    return F.relu(x.matmul(this.weight).add(this.bias))
  }
}
const numbers = torch.tensor([1, 2, 3, 4, 5], { dtype: 'float32' })
const centered = new CenteredLayer()(numbers) as Tensor
console.log(centered)
const mine = new nn.Sequential(new MyLinear(64, 8), new MyLinear(8, 1))
console.log(mine(torch.rand(2, 64)).shape, Object.keys(mine.stateDict()))

cell('save')
const folder = await mkdtemp(join(tmpdir(), 'kindling-'))
const pairFile = join(folder, 'pair.safetensors')
await torch.save({ x: torch.arange(4), y: torch.zeros(4) }, pairFile)
const pair = await torch.load(pairFile)
console.log(pair.x, pair.y)
const netFile = join(folder, 'net.safetensors')
await torch.save(net.stateDict(), netFile)
const clone = new nn.Sequential(
  new nn.Linear(4, 8),
  new nn.ReLU(),
  new nn.Linear(8, 1),
)
clone.loadStateDict(await torch.load(netFile))
clone.eval()
console.log('equal:', clone(X).equal(net(X)))
await rm(folder, { recursive: true })

export {
  centered,
  clone,
  deep,
  first,
  inside,
  last,
  mine,
  net,
  one,
  pair,
  shared,
  tied,
  two,
  X,
}
