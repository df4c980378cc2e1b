// Choosing hyper-parameters: a grid against random points, with the same number of trials.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import * as d2l from 'kindling/d2l'
import { DataLoader } from 'kindling/data'
import {
  gridSearch,
  logUniform,
  randomSearch,
  trainTestSplit,
} from 'kindling/model-selection'
import { cell, preset, progress, show } from 'kindling/notebook'
import { plot, scatter, sideBySide } from 'kindling/plot'

cell('data')
torch.manualSeed(0)
const trainSize = preset({ quick: 4000, full: 21000 })
const [trainIter, testIter] = await d2l.loadDataFashionMnist(250, { trainSize })
const { labels, name } = trainIter.dataset
const [learn, choose] = trainTestSplit(trainIter.dataset, {
  testSize: 1000,
  stratify: labels,
})
console.log(name)
console.log(`${learn.length} images to learn from, ${choose.length} to choose by`)

cell('trial')
const epochs = preset({ quick: 5, full: 10 })
const [learnIter, chooseIter] = [
  new DataLoader(learn, { batchSize: 50, shuffle: true }),
  new DataLoader(choose, { batchSize: 250 }),
]
type Params = { lr: number; weightDecay: number; width: number }

function train({ lr, weightDecay, width }: Params, seed: number): nn.Module {
  torch.manualSeed(seed)
  const first = new nn.Linear(784, Math.round(width))
  const last = new nn.Linear(Math.round(width), 10)
  const net = new nn.Sequential(new nn.Flatten(), first, new nn.ReLU(), last)
  const optimizer = new optim.SGD(net.parameters(), { lr, weightDecay })
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [X, y] of learnIter) {
      optimizer.zeroGrad()
      F.crossEntropy(net(X), y).backward()
      optimizer.step()
    }
  }
  return net
}
function accuracy(params: Params, { seed }: { seed: number }): Promise<number> {
  return d2l.evaluateAccuracy(train(params, seed), chooseIter)
}

cell('spaces')
const lists = {
  lr: [0.003, 0.03, 0.3],
  weightDecay: [1e-5, 1e-3, 1e-1],
  width: [16, 64, 256],
}
const ranges = {
  lr: logUniform(0.001, 1),
  weightDecay: logUniform(1e-6, 1),
  width: logUniform(8, 512),
}
const n = lists.lr.length * lists.weightDecay.length * lists.width.length
console.log('combinations of the grid:', n)

cell('grid')
const bar = progress('trials', 2 * n)
const options = { direction: 'maximize', seed: 0 } as const
const grid = await gridSearch(lists, accuracy, {
  ...options,
  onTrial: ({ number }) => bar.update(number + 1),
})
console.log(grid.trials.length, 'trials; best:', grid.best!.params)
console.log('accuracy', grid.best!.value)

cell('random')
const random = await randomSearch(ranges, accuracy, {
  ...options,
  n,
  onTrial: ({ number }) => bar.update(n + number + 1),
})
bar.done()
console.log(random.trials.length, 'trials; best:', random.best!.params)
console.log('accuracy', random.best!.value)

cell('curves')
const count = torch.arange(1, n + 1)
show(
  plot(count, [grid.bestSoFar, random.bestSoFar], {
    xlabel: 'trials',
    ylabel: 'best accuracy so far',
    legend: ['grid', 'random'],
  }),
  'What would be in hand if the search stopped there.',
)

cell('points')
const trials = [...grid.trials, ...random.trials]
const kinds = trials.map((_, i) => (i < n ? 0 : 1))
const views = (['lr', 'weightDecay', 'width'] as const).map((xlabel) =>
  scatter(
    trials.map(({ params }) => params[xlabel]),
    trials.map(({ value }) => value),
    {
      ...{ xlabel, ylabel: 'accuracy', xscale: 'log', width: 260 },
      ...{ labels: kinds, classNames: ['grid', 'random'] },
    },
  ),
)
show(sideBySide(views), 'All trials, seen from each hyper-parameter.')
const different = [grid, random].map(
  (search) => new Set(search.trials.map(({ params }) => params.lr)).size,
)
console.log('different learning rates: grid', different[0], 'random', different[1])

cell('chance')
const budgets = [5, 14, 27, 59]
const chances = budgets.map((trials) => 1 - 0.95 ** trials)
for (const [i, trials] of budgets.entries())
  console.log(`${trials} trials: ${(100 * chances[i]).toFixed(0)} %`)

cell('repeat')
const again = await randomSearch(ranges, accuracy, { ...options, n: 3 })
console.log(again.trials.map(({ value }) => value))
console.log(random.trials.slice(0, 3).map(({ value }) => value))

cell('test')
const tested: number[] = []
for (const { best } of [grid, random])
  tested.push(await d2l.evaluateAccuracy(train(best!.params, best!.seed), testIter))
console.log('test images: grid', tested[0], 'random', tested[1])

export { again, chances, different, grid, random, tested, trainIter }
