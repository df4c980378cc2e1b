// Linear regression from scratch: a line through noisy points by stochastic gradient descent, with tensors and gradients only.
import * as torch from 'kindling'

torch.manualSeed(0)
const trueW = torch.tensor([2, -3.4])
const trueB = 4.2
const X = torch.normal(0, 1, [1000, 2])
const y = X.matmul(trueW)
  .add(trueB)
  .add(torch.normal(0, 0.01, [1000]))

const w = torch.normal(0, 0.01, [2], { requiresGrad: true })
const b = torch.zeros(1, { requiresGrad: true })
const lossOf = (xs: torch.Tensor, ys: torch.Tensor) => xs.matmul(w).add(b).sub(ys).square().div(2).mean()

function* batches(size: number) {
  const order = torch.randperm(1000)
  for (let i = 0; i < 1000; i += size) {
    const rows = order.at(`${i}:${i + size}`)
    yield [X.at(rows), y.at(rows)] as const
  }
}

for (let epoch = 1; epoch <= 3; epoch++) {
  for (const [xs, ys] of batches(10)) {
    lossOf(xs, ys).backward()
    torch.noGrad(() => {
      for (const p of [w, b]) {
        p.sub_(p.grad!.mul(0.03))
        p.grad!.zero_()
      }
    })
  }
  console.log(
    `epoch ${epoch}, loss ${torch
      .noGrad(() => lossOf(X, y))
      .item()
      .toFixed(6)}`,
  )
}
console.log('w is off by', trueW.sub(w.detach()), 'b by', (trueB - b.item()).toFixed(4))
