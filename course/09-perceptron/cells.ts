// The perceptron: a linear function behind a threshold, what it learns, and what it cannot.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import { DataLoader, TensorDataset } from 'kindling/data'
import { cell, show } from 'kindling/notebook'
import { decisionBoundary, sideBySide } from 'kindling/plot'

cell('threshold')
const step = (score: Tensor) => score.gt(0).to('float32')
const examples = torch.tensor([
  [2, 1],
  [1, 3],
  [-1, -4],
])
const scores = examples.matmul(torch.tensor([1, -1])).add(0.5)
const outputs = step(scores)
console.log(scores)
console.log(outputs)

cell('points')
torch.manualSeed(0)
const cloud = torch.randn(200, 2)
const side = cloud.matmul(torch.tensor([1, 2], { dtype: 'float32' })).sub(1)
const clear = side.abs().gt(0.2)
const X = cloud.at(clear)
const y = step(side.at(clear))
console.log(X.shape[0], 'points,', y.sum().item(), 'of them in class 1')

cell('rule')
function perceptron(X: Tensor, y: Tensor, passes: number) {
  const w = torch.zeros(2)
  const b = torch.zeros(1)
  const mistakes: number[] = []
  while (mistakes.length < passes && mistakes.at(-1) !== 0) {
    let wrong = 0
    for (const [x, label] of new DataLoader(new TensorDataset(X, y))) {
      const error = label.sub(step(x.matmul(w).add(b)))
      w.add_(error.mul(x.at(0)))
      b.add_(error)
      wrong += error.abs().item()
    }
    mistakes.push(wrong)
  }
  return { w, b, mistakes }
}
const { w, b, mistakes } = perceptron(X, y, 100)
console.log('mistakes in each pass:', mistakes.join(' '))
console.log('w =', w)
console.log('b =', b)

cell('line')
const predict = (points: Tensor) => step(points.matmul(w).add(b))
show(
  decisionBoundary(predict, X, y, { xlabel: 'x1', ylabel: 'x2' }),
  'The learned line: every point is on its side.',
)

cell('bound')
const radius = Math.sqrt(X.square().sum(1).add(1).max().item())
const margin = side.at(clear).abs().min().item() / Math.hypot(1, 2, 1)
const total = mistakes.reduce((sum, n) => sum + n)
const bound = Math.floor((radius / margin) ** 2)
console.log(total, 'mistakes; never more than', bound)

cell('xor')
const cornerList = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]
const corners = torch.tensor(cornerList, { dtype: 'float32' })
const xor = torch.tensor([0, 1, 1, 0], { dtype: 'float32' })
const attempt = perceptron(corners, xor, 30).mistakes
console.log('mistakes in each pass:', attempt.join(' '))

cell('all-lines')
const [lines, offsets] = [torch.randn(2, 100_000), torch.randn(100_000)]
const answers = step(corners.matmul(lines).add(offsets))
const best = answers.eq(xor.unsqueeze(1)).sum(0).max().item()
console.log(`the best of 100,000 lines has ${best} of 4 corners right`)

cell('networks')
function train(net: nn.Module) {
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 })
  for (let i = 0; i < 500; i++) {
    using _ = torch.scope()
    optimizer.zeroGrad()
    F.binaryCrossEntropyWithLogits(net(corners).squeeze(1), xor).backward()
    optimizer.step()
  }
  return torch.noGrad(() => net(corners).sigmoid().squeeze(1))
}
torch.manualSeed(0)
const linear = new nn.Linear(2, 1)
const mlp = new nn.Sequential(
  new nn.Linear(2, 4),
  new nn.Tanh(),
  new nn.Linear(4, 1),
)
const [fromLinear, fromMlp] = [train(linear), train(mlp)]
console.log('labels', xor)
console.log('linear', fromLinear)
console.log('2-4-1 ', fromMlp)

cell('boundaries')
const regions = (net: nn.Module, title: string) =>
  decisionBoundary((points) => net(points).gt(0).squeeze(1), corners, xor, {
    title,
    xlabel: 'x1',
    ylabel: 'x2',
    width: 330,
    height: 300,
  })
show(
  sideBySide([regions(linear, 'linear'), regions(mlp, '2-4-1 network')]),
  'XOR: no line is right at all four corners; four hidden units suffice.',
)

export { attempt, best, bound, fromLinear, fromMlp, mistakes }
export { outputs, predict, scores, total, X, xor, y }
