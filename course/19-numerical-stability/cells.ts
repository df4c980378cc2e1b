// Numerical stability: products of many factors, floats of 16 bits, learning rates of deep networks, and layers that do not learn.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import { lenet } from 'kindling/models'
import { cell, progress, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('product')
torch.manualSeed(0)
let M = torch.normal(0, 1, [4, 4])
console.log(M)
for (let i = 0; i < 100; i++) M = M.matmul(torch.normal(0, 1, [4, 4]))
console.log(M)

cell('three-scales')
const stds = [1, 0.57, 0.25]
const largest = stds.map((std) => {
  let product = torch.normal(0, std, [4, 4])
  const sizes = [product.abs().max().item()]
  for (let i = 0; i < 100; i++) {
    product = product.matmul(torch.normal(0, std, [4, 4]))
    sizes.push(product.abs().max().item())
  }
  return sizes
})
show(
  plot(largest, {
    xlabel: 'matrices multiplied',
    ylabel: 'largest entry',
    yscale: 'log',
    legend: stds.map((std) => `deviation ${std}`),
  }),
  'Each factor is harmless, a hundred of them are not.',
)

cell('sigmoid')
const x = torch.arange(-8, 8.1, 0.1, { requiresGrad: true })
const y = x.sigmoid()
y.backward(torch.onesLike(x))
const slope = x.grad!
show(
  plot(x.detach(), [y.detach(), slope], {
    xlabel: 'x',
    legend: ['sigmoid', 'its gradient'],
  }),
  'The gradient is never above a quarter.',
)
console.log('largest:', slope.max().item())
console.log('at x = 5:', slope.at(130).item().toFixed(4))
console.log('twenty factors of a quarter:', (0.25 ** 20).toExponential(1))

cell('float16')
const half = (values: number[]) => torch.tensor(values, { dtype: 'float16' })
const high = half([65504, 65519, 65520, -1e6])
const low = half([2 ** -14, 2 ** -24, 2 ** -25])
console.log(high.tolist(), low.tolist())
const square = half([300]).square()
const gap = half([2048]).add(half([1]))
console.log(square.item(), square.sub(square).item(), gap.item())

cell('overflow')
const scores = half([12, 11, 10])
const powers = scores.exp()
const shares = powers.div(powers.sum())
const softmax = F.softmax(scores, 0)
console.log('exp:', powers.tolist())
console.log('divided by their sum:', shares.tolist())
console.log('softmax:', softmax.tolist())
const many = torch.full([700], 100, { dtype: 'float16' })
console.log('sum of 700 hundreds:', many.sum().item())
console.log('their mean:', many.mean().item())

cell('bfloat16')
const brain = (values: number[]) => torch.tensor(values, { dtype: 'bfloat16' })
const wide = brain([65520, 1e38, 2 ** -25])
const coarse = brain([256]).add(brain([1]))
console.log(wide.tolist())
console.log(brain([12]).exp().item(), coarse.item())

cell('learning-rates')
const X = torch.randn(256, 20)
const labels = X.at(':', '0:10').argmax(1)
function train(depth: number, lr: number): number {
  torch.manualSeed(1)
  const net = new nn.Sequential(new nn.Linear(20, 32), new nn.ReLU())
  for (let i = 1; i < depth; i++) {
    net.append(new nn.Linear(32, 32)).append(new nn.ReLU())
  }
  net.append(new nn.Linear(32, 10))
  net.apply((m) => {
    if (m instanceof nn.Linear)
      nn.init.kaimingNormal_(m.weight, { nonlinearity: 'relu' })
  })
  const optimizer = new optim.SGD(net.parameters(), { lr })
  for (let step = 0; step < 100; step++) {
    optimizer.zeroGrad()
    F.crossEntropy(net(X), labels).backward()
    optimizer.step()
  }
  return F.crossEntropy(net(X), labels).item()
}

cell('sweep')
const rates = [0.001, 0.01, 0.03, 0.1, 0.3, 1, 3]
const bar = progress('training', 2 * rates.length)
const losses = [1, 10].map((depth, d) =>
  rates.map((lr, i) => {
    bar.update(d * rates.length + i)
    return torch.scope(() => train(depth, lr))
  }),
)
bar.done()
console.log('learning rate', rates.join('  '))
for (const [i, depth] of [1, 10].entries())
  console.log(`${depth} hidden:`, losses[i].map((l) => l.toFixed(2)).join('  '))
show(
  plot(rates, losses, {
    xlabel: 'learning rate',
    ylabel: 'loss',
    xscale: 'log',
    legend: ['1 hidden layer', '10'],
    markers: true,
  }),
  'One hidden layer learns over a wide range of rates, ten over a narrow one.',
)

cell('gradients')
torch.manualSeed(2)
const deep = new nn.Sequential(new nn.Linear(20, 32), new nn.Sigmoid())
for (let i = 1; i < 20; i++) {
  deep.append(new nn.Linear(32, 32)).append(new nn.Sigmoid())
}
deep.append(new nn.Linear(32, 10))
const layers = [...deep].filter((m) => m instanceof nn.Linear)
F.crossEntropy(deep(X), labels).backward()
const norms = layers.map((layer) => layer.weight.grad!.norm().item())
const number = layers.map((_, i) => i + 1)
show(
  plot(number, [norms], {
    xlabel: 'layer',
    ylabel: 'norm of the gradient',
    yscale: 'log',
    markers: true,
  }),
  'Layer 1 is next to the input, layer 21 next to the loss.',
)
const [bottom, middle, top] = [norms[0], norms[10], norms[20]].map((norm) =>
  norm.toExponential(1),
)
console.log(`layer 1: ${bottom}, layer 11: ${middle}, layer 21: ${top}`)

cell('changes')
const start = layers.map((layer) => layer.weight.detach().clone())
const optimizer = new optim.SGD(deep.parameters(), { lr: 0.5 })
for (let step = 0; step < 200; step++) {
  torch.scope(() => {
    optimizer.zeroGrad()
    F.crossEntropy(deep(X), labels).backward()
    optimizer.step()
  })
}
const changes = layers.map((layer, i) => {
  const change = layer.weight.detach().sub(start[i])
  return change.norm().div(start[i].norm()).item()
})
const loss = F.crossEntropy(deep(X), labels).item()
console.log('loss', loss.toFixed(3), 'guessing:', Math.log(10).toFixed(3))
const still = changes.filter((change) => change === 0)
console.log('layers that did not change:', still.length)
const lastThree = changes.slice(-3).map((change) => change.toPrecision(2))
console.log('change of the last three:', lastThree.join(', '))

cell('mixed-precision')
const pictures = torch.rand(512, 1, 28, 28)
const classes = torch.randint(10, [512])
function run(dtype: 'float16' | 'bfloat16' | null, scaler: torch.amp.GradScaler) {
  torch.manualSeed(0)
  const net = lenet()
  const first = net.get(0) as nn.Conv2d
  const start = first.weight.detach().clone()
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.9 })
  const factors: number[] = []
  let zeros = 0
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad()
    const loss = torch.autocast(
      { enabled: dtype !== null, dtype: dtype ?? 'bfloat16' },
      () => F.crossEntropy(net(pictures), classes),
    )
    scaler.scale(loss).backward()
    zeros = first.weight.grad!.eq(0).sum().item()
    scaler.step(optimizer)
    scaler.update()
    factors.push(scaler.getScale())
  }
  const change = first.weight.detach().sub(start).norm().item()
  return { zeros, change, factors }
}

cell('four-ways')
const off = new torch.amp.GradScaler({ enabled: false })
const ways = {
  float32: torch.scope(() => run(null, off)),
  float16: torch.scope(() => run('float16', off)),
  scaled: torch.scope(() => run('float16', new torch.amp.GradScaler())),
  bfloat16: torch.scope(() => run('bfloat16', off)),
}
for (const [name, { zeros, change }] of Object.entries(ways))
  console.log(name.padEnd(8), `${zeros} zeros, change`, change.toExponential(2))

cell('too-large')
const large = new torch.amp.GradScaler({ initScale: 2 ** 24 })
const { factors } = torch.scope(() => run('float16', large))
console.log('factors: 2 to the', factors.map(Math.log2).join(', '))

export { changes, coarse, factors, gap, high, largest, losses, low, M, many }
export { norms, shares, slope, softmax, square, ways, wide }
