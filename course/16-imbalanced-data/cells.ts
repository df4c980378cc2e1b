// Classes of very unequal size: splits, accuracy that misleads, and a loss that weighs the classes alike.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { DataLoader, type Dataset, Subset } from 'kindling/data'
import {
  accuracyScore,
  balancedAccuracyScore,
  confusionMatrix,
  recallScore,
} from 'kindling/metrics'
import {
  balancedSplit,
  computeClassWeight,
  trainTestSplit,
} from 'kindling/model-selection'
import { cell, show } from 'kindling/notebook'
import { bar, heatmap, sideBySide } from 'kindling/plot'

cell('counts')
torch.manualSeed(0)
const [trainIter, testIter] = await d2l.loadDataFashionMnist(250)
const { dataset } = trainIter
const { name, classes } = dataset
console.log(name)
const labels = dataset.labels.tolist() as number[]
const kept = classes.flatMap((_, label) => {
  const all = labels.flatMap((l, i) => (l === label ? [i] : []))
  return all.slice(0, Math.round(3000 * 0.65 ** label))
})

const labelsOf = (indices: number[]) => indices.map((i) => labels[i])
const countsOf = (indices: number[]) =>
  classes.map((_, label) => labelsOf(indices).filter((l) => l === label).length)
show(bar(classes, countsOf(kept), { ylabel: 'images' }), 'Images of each class.')

cell('splits')
const pick = (parts: number[][], from: number[]) =>
  parts.map((part) => part.map((i) => from[i]))
const [rest, natural] = pick(
  trainTestSplit(kept.length, { testSize: 500, stratify: labelsOf(kept) }),
  kept,
)
const [learn, balanced] = pick(balancedSplit(labelsOf(rest), 30), rest)
console.log('to learn from', ...countsOf(learn))
console.log('natural      ', ...countsOf(natural))
console.log('balanced     ', ...countsOf(balanced))

cell('guess')
function measure(truth: number[], predicted: number[]) {
  const scores = [accuracyScore, balancedAccuracyScore].map((f) =>
    f(truth, predicted),
  )
  return scores.map((score) => Number(score.toFixed(3)))
}
const guesses = natural.map(() => 0)
const guessed = measure(labelsOf(natural), guesses)
console.log('accuracy', guessed[0], 'balanced accuracy', guessed[1])

cell('weights')
const weight = torch.tensor(computeClassWeight('balanced', labelsOf(learn)))
console.log(weight)
console.log(weight.mul(torch.tensor(countsOf(learn))))

cell('train')
function train(weight: Tensor | null): nn.Module {
  torch.manualSeed(1)
  const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10))
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.03 })
  const data = new Subset(dataset, learn)
  for (let epoch = 0; epoch < 10; epoch++) {
    for (const [X, y] of new DataLoader(data, { batchSize: 64, shuffle: true })) {
      optimizer.zeroGrad()
      F.crossEntropy(net(X), y, { weight }).backward()
      optimizer.step()
    }
  }
  return net
}
const nets = { plain: train(null), weighted: train(weight) }

cell('compare')
function predict(
  net: nn.Module,
  data: Dataset<readonly [Tensor, Tensor]>,
): number[] {
  const batches = new DataLoader(data, { batchSize: 500 })
  return Array.from(batches, ([X]) => net(X).argmax(1).tolist() as number[]).flat()
}
const scores = Object.entries(nets).map(([loss, net]) => {
  const [onNatural, onBalanced] = [natural, balanced].map((part) =>
    measure(labelsOf(part), predict(net, new Subset(dataset, part))),
  )
  console.log(loss, 'loss, natural set: ', ...onNatural)
  console.log(loss, 'loss, balanced set:', ...onBalanced)
  return { onNatural, onBalanced }
})

cell('recall')
const truth = testIter.dataset.labels.tolist() as number[]
const found = Object.values(nets).map((net) => predict(net, testIter.dataset))
const tested = found.map((predicted) => balancedAccuracyScore(truth, predicted))
console.log('test images:', ...tested.map((score) => score.toFixed(3)))
const recalls = found.map((predicted) =>
  recallScore(truth, predicted, { average: null }),
)
show(
  bar(classes, recalls, { ylabel: 'share found', legend: ['plain', 'weighted'] }),
  'Test images of each class that were found.',
)

cell('confusion')
const maps = found.map((predicted, i) =>
  heatmap(confusionMatrix(truth, predicted, { normalize: 'true' }), {
    ...{ title: Object.keys(nets)[i], rowNames: classes, columnNames: classes },
    ...{ xlabel: 'predicted', ylabel: 'true', vmin: 0, vmax: 1 },
  }),
)
show(sideBySide(maps), 'What each class was taken for, as a share of its images.')

export {
  balanced,
  countsOf,
  guessed,
  kept,
  labelsOf,
  learn,
  name,
  natural,
  recalls,
  scores,
  tested,
  weight,
}
