// Activation functions: why a network needs them, what they look like, what they cost.
import * as torch from 'kindling'
import { nn, type Tensor } from 'kindling'
import { cell, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('two-are-one')
torch.manualSeed(0)
const X = torch.randn(100, 6)
const first = new nn.Linear(6, 32)
const second = new nn.Linear(32, 4)
const W = second.weight.matmul(first.weight)
const b = second.weight.matmul(first.bias!).add(second.bias!)
const stacked = second(first(X))
const single = X.matmul(W.t()).add(b)
console.log('one layer:', W.shape, b.shape)
const difference = stacked.sub(single).abs().max().item()
console.log('largest difference:', difference.toExponential(1))

cell('bend')
function bend(f: (x: Tensor) => Tensor) {
  const middle = f(torch.zeros(1, 6))
  return f(X).add(f(X.neg())).sub(middle.mul(2)).abs().max().item()
}
const flat = bend((x) => second(first(x)))
const bent = bend((x) => second(first(x).relu()))
console.log('without ReLU:', flat.toExponential(1))
console.log('with ReLU:   ', bent.toFixed(2))

cell('functions')
const functions = { relu: torch.relu, sigmoid: torch.sigmoid, tanh: torch.tanh }
const names = ['relu', 'sigmoid', 'tanh'] as const
const x = torch.arange(-8, 8, 0.1, { requiresGrad: true })
const curves = names.map((name) => functions[name](x))
show(
  plot(x, curves, { xlabel: 'x', ylabel: 'f(x)', legend: names, ylim: [-1.2, 4] }),
  'Three activation functions; ReLU goes on rising to the right.',
)

cell('gradients')
const gradients = curves.map((y) => {
  x.grad?.zero_()
  y.backward(torch.onesLike(x))
  return x.grad!.clone()
})
show(
  plot(x, gradients, { xlabel: 'x', ylabel: 'slope of f at x', legend: names }),
  'Their gradients.',
)
for (const [i, name] of names.entries()) {
  const steepest = gradients[i].max().item().toFixed(2)
  const last = gradients[i].at(-1).item().toExponential(1)
  console.log(`${name.padEnd(8)} steepest ${steepest}, at 7.9: ${last}`)
}

cell('cost')
const million = torch.randn(1_000_000)
function milliseconds(work: () => Tensor) {
  const times = Array.from({ length: 31 }, () => {
    using _ = torch.scope()
    const start = performance.now()
    work()
    return performance.now() - start
  })
  return times.sort((a, b) => a - b)[15]
}
const costs = [
  { name: 'copy', time: milliseconds(() => million.clone()) },
  ...names.map((name) => ({
    name,
    time: milliseconds(() => functions[name](million)),
  })),
]
console.log('function   ms for 1,000,000 numbers')
for (const { name, time } of costs) console.log(name.padEnd(8), time.toFixed(3))

export { bent, costs, curves, difference, flat, functions, gradients, x }
