// Linear regression: vector arithmetic, normal noise, training by hand and with layers, and what a small batch costs.
import * as torch from 'kindling'
import { nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { DataLoader, TensorDataset } from 'kindling/data'
import { cell, show } from 'kindling/notebook'
import { plot, scatter } from 'kindling/plot'

cell('vectors')
const [u, v] = [torch.ones(10000), torch.ones(10000)]
const timer = new d2l.Timer()
const byLoop = torch.zeros(10000)
for (let i = 0; i < byLoop.length; i++) byLoop.set(i, u.at(i).add(v.at(i)))
console.log(`element by element: ${timer.stop().toFixed(5)} s`)
timer.start()
const atOnce = u.add(v)
console.log(`at once: ${timer.stop().toFixed(5)} s`)

cell('normal')
function normal(x: Tensor, mean: number, std: number): Tensor {
  const z = x.sub(mean).div(std)
  const peak = 1 / (std * Math.sqrt(2 * Math.PI))
  return z.square().mul(-0.5).exp().mul(peak)
}
const x = torch.arange(-7, 7, 0.01)
const densities = [normal(x, 0, 1), normal(x, 0, 2), normal(x, 3, 1)]
const names = ['mean 0, std 1', 'mean 0, std 2', 'mean 3, std 1']
show(
  plot(x, densities, { xlabel: 'x', ylabel: 'density', legend: names }),
  'Another mean moves the curve, a larger std widens it.',
)

cell('data')
torch.manualSeed(0)
const trueW = torch.tensor([2, -3.4])
const trueB = 4.2
const features = torch.normal(0, 1, [1000, 2])
const exact = features.matmul(trueW).add(trueB)
const labels = exact.add(torch.normal(0, 0.01, [1000])).reshape(-1, 1)
console.log(features.at(0), labels.at(0))
const second = features.at(':', 1)
show(
  scatter(second, labels.flatten(), { xlabel: 'second feature', ylabel: 'label' }),
  'The label falls along a line; what spreads it is the first feature.',
)

cell('batches')
function* batches(batchSize: number, X: Tensor, y: Tensor) {
  for (const indices of torch.randperm(X.length).split(batchSize))
    yield [X.at(indices), y.at(indices)]
}
const [first] = batches(10, features, labels)
console.log(first[0].shape, first[1].shape)

cell('model')
const w = torch.normal(0, 0.01, [2, 1], { requiresGrad: true })
const b = torch.zeros(1, { requiresGrad: true })
const linreg = (X: Tensor): Tensor => X.matmul(w).add(b)
const squaredLoss = (yHat: Tensor, y: Tensor): Tensor => yHat.sub(y).square().div(2)
function sgd(params: Tensor[], lr: number, batchSize: number): void {
  torch.noGrad(() => {
    for (const param of params) {
      param.sub_((param.grad as Tensor).mul(lr / batchSize))
      param.grad = null
    }
  })
}

cell('scratch')
const scratchLosses: number[] = []
for (let epoch = 1; epoch <= 3; epoch++) {
  for (const [X, y] of batches(10, features, labels)) {
    squaredLoss(linreg(X), y).sum().backward()
    sgd([w, b], 0.03, 10)
  }
  const loss = torch.noGrad(() =>
    squaredLoss(linreg(features), labels).mean().item(),
  )
  scratchLosses.push(loss)
  console.log(`epoch ${epoch}, loss ${loss.toFixed(6)}`)
}
const wError = w.detach().flatten().sub(trueW)
const bError = b.item() - trueB
console.log('errors of w:', wError, 'of b:', bError.toFixed(4))

cell('layer')
const net = new nn.Sequential(new nn.Linear(2, 1))
console.log(net)
const { weight, bias } = net.get(0) as nn.Linear
const byHand = features.matmul(weight.t()).add(bias as Tensor)
const difference = net(features).sub(byHand).abs().max().item()
console.log('largest difference:', difference)
nn.init.normal_(weight, 0, 0.01)
nn.init.zeros_(bias as Tensor)

cell('concise')
const loader = new DataLoader(new TensorDataset(features, labels), {
  batchSize: 10,
  shuffle: true,
})
const loss = new nn.MSELoss()
const trainer = new optim.SGD(net.parameters(), { lr: 0.03 })
const conciseLosses: number[] = []
for (let epoch = 1; epoch <= 3; epoch++) {
  for (const [X, y] of loader) {
    trainer.zeroGrad()
    loss(net(X), y).backward()
    trainer.step()
  }
  const value = torch.noGrad(() => loss(net(features), labels).item())
  conciseLosses.push(value)
  console.log(`epoch ${epoch}, loss ${value.toFixed(6)}`)
}

cell('gradient')
function gradient(X: Tensor, y: Tensor): number[] {
  const at = torch.zeros(2, 1, { requiresGrad: true })
  squaredLoss(X.matmul(at), y).mean().backward()
  return (at.grad as Tensor).numbers()
}
const full = torch.tensor(gradient(features, labels))
console.log(full)
const sizes = [1, 10, 100, 1000]
const work = sizes.map((size) => {
  const profile = torch.profiler.profile(() =>
    gradient(features.at(`0:${size}`), labels.at(`0:${size}`)),
  )
  return profile.rows.reduce((sum, { flops }) => sum + flops / 2, 0)
})
console.log('multiply-adds:', work)

cell('noise')
const noise = sizes.map((size) => {
  const drawn = Array.from({ length: 500 }, () => {
    const indices = torch.randint(features.length, [size])
    return gradient(features.at(indices), labels.at(indices))
  })
  const gradients = torch.tensor(drawn)
  return {
    off: gradients.mean(0).sub(full).norm().item(),
    spread: gradients.var(0).sum().sqrt().item(),
  }
})
for (const [i, { off, spread }] of noise.entries()) {
  const [mean, single] = [off.toFixed(3), spread.toFixed(3)]
  console.log(
    `batches of ${sizes[i]}: mean off by ${mean}, a single one by ${single}`,
  )
}

cell('noise-plot')
const spreads = noise.map(({ spread }) => spread)
const law = sizes.map((size) => spreads[0] / Math.sqrt(size))
const axes = {
  xlabel: 'batch size',
  ylabel: 'std of the gradient',
  xscale: 'log',
  yscale: 'log',
} as const
show(
  plot(sizes, [spreads, law], {
    ...axes,
    legend: ['measured', '1 / sqrt(batch size)'],
    markers: true,
  }),
  'Ten times the batch, a third of the noise. Both axes are logarithmic.',
)

cell('budget')
const afterwards = sizes.map((size) => {
  const [at, offset] = [
    torch.zeros(2, 1, { requiresGrad: true }),
    torch.zeros(1, { requiresGrad: true }),
  ]
  for (let epoch = 1; epoch <= 3; epoch++) {
    for (const [X, y] of batches(size, features, labels)) {
      squaredLoss(X.matmul(at).add(offset), y).sum().backward()
      sgd([at, offset], 0.03, size)
    }
  }
  return torch.noGrad(() =>
    squaredLoss(features.matmul(at).add(offset), labels).mean().item(),
  )
})
for (const [i, value] of afterwards.entries())
  console.log(
    `batch ${sizes[i]}: ${3000 / sizes[i]} steps, loss ${value.toFixed(6)}`,
  )

export {
  afterwards,
  atOnce,
  bError,
  byLoop,
  conciseLosses,
  densities,
  difference,
  features,
  first,
  full,
  labels,
}
export { noise, scratchLosses, sizes, wError, work }
