// Gradients: how they are stored, read and cleared, what backward does, and what it costs.
import * as torch from 'kindling'
import { F, nn, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { lenet, mlp, resnet18 } from 'kindling/models'
import { cell } from 'kindling/notebook'

cell('first')
const x = torch.arange(4, { dtype: 'float32' })
x.requiresGrad_(true)
const before = x.grad
console.log(before)
const y = x.dot(x).mul(2)
console.log(y)
y.backward()
console.log(x.grad)

cell('clear')
x.sum().backward()
console.log(x.grad)
x.grad?.zero_()
x.sum().backward()
console.log(x.grad)

cell('vector')
x.grad?.zero_()
x.mul(x).sum().backward()
console.log(x.grad)

cell('detach')
x.grad?.zero_()
const square = x.mul(x)
const fixed = square.detach()
fixed.mul(x).sum().backward()
console.log(x.grad?.eq(fixed))
x.grad?.zero_()
square.sum().backward()
console.log(x.grad?.eq(x.mul(2)))

cell('control')
function f(a: Tensor): Tensor {
  let b = a.mul(2)
  while (b.norm().item() < 1000) b = b.mul(2)
  return b.sum().item() > 0 ? b : b.mul(100)
}
torch.manualSeed(0)
const a = torch.randn([], { requiresGrad: true })
const d = f(a)
d.backward()
console.log(a.item(), a.grad?.item(), d.div(a).item())

cell('by-hand')
const [input, target] = [torch.randn(5, 1), torch.randn(3, 1)]
const W1 = torch.randn(4, 5, { requiresGrad: true })
const W2 = torch.randn(3, 4, { requiresGrad: true })
const z = W1.matmul(input)
const h = z.relu()
const o = W2.matmul(h)
o.sub(target).square().sum().div(2).backward()

const dO = o.sub(target).detach()
const dW2 = dO.matmul(h.t())
const dH = W2.t().matmul(dO)
const dZ = dH.mul(z.gt(0))
const dW1 = dZ.matmul(input.t())
console.log(
  torch.allclose(W1.grad as Tensor, dW1),
  torch.allclose(W2.grad as Tensor, dW2),
)

cell('count')
function multiplyAdds(work: () => void): number {
  return torch.profiler
    .profile(work)
    .rows.reduce((sum, { flops }) => sum + flops / 2, 0)
}
function count(
  net: nn.Module,
  images: Tensor,
): { forward: number; backward: number } {
  const labels = torch.zeros(images.shape[0], { dtype: 'int64' })
  let loss: Tensor
  const forward = multiplyAdds(() => {
    loss = F.crossEntropy(net(images), labels)
  })
  const backward = multiplyAdds(() => loss.backward())
  return { forward, backward }
}
const layer = new nn.Linear(256, 256)
const points = torch.rand(64, 256)
console.log('a layer, the input without gradient:', count(layer, points))
console.log(
  'a layer, the input with gradient:   ',
  count(layer, points.clone().requiresGrad_()),
)

cell('networks')
const digits = torch.rand(64, 1, 28, 28)
const networks: Record<string, [nn.Module, Tensor]> = {
  'MLP 784-256-10': [mlp(), digits],
  'MLP, 8 layers of 256': [
    mlp({ inputs: 256, hidden: new Array(7).fill(256), classes: 256 }),
    points,
  ],
  LeNet: [lenet(), digits],
  'ResNet-18': [resnet18(), torch.rand(2, 1, 96, 96)],
}
const counts: Record<string, { forward: number; backward: number }> = {}
for (const [name, [net, images]] of Object.entries(networks)) {
  counts[name] = count(net, images)
  const { forward, backward } = counts[name]
  const [ahead, back] = [forward, backward].map((n) => `${(n / 1e6).toFixed(2)} M`)
  const ratio = (backward / forward).toFixed(3)
  console.log(`${name}: ${ahead} forward, ${back} backward, ratio ${ratio}`)
}

cell('times')
for (const [name, [net, images]] of Object.entries(networks)) {
  const labels = torch.zeros(images.shape[0], { dtype: 'int64' })
  const [forward, backward] = [new d2l.Timer(), new d2l.Timer()]
  for (let i = 0; i < 10; i++) {
    forward.start()
    const loss = F.crossEntropy(net(images), labels)
    forward.stop()
    backward.start()
    loss.backward()
    backward.stop()
  }
  const [ahead, back] = [
    Math.min(...forward.times) * 1000,
    Math.min(...backward.times) * 1000,
  ]
  const ratio = (back / ahead).toFixed(2)
  console.log(
    `${name}: ${ahead.toFixed(2)} ms, ${back.toFixed(2)} ms, ratio ${ratio}`,
  )
}

export { a, before, counts, d, dW1, dW2, layer, points, count, W1, W2 }
