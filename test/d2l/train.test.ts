// The training loop of chapter 3.
import { expect, test } from 'vitest'
import { loadArray, trainCh3 } from '../../src/d2l/index.ts'
import { manualSeed, nn, optim, randn, zeros } from '../../src/index.ts'

test('all accuracies lie inside the picture, also those of an easy problem, and the last ones are returned', async () => {
  manualSeed(0)
  const X = randn(64, 2)
  const batches = loadArray([X, X.select(1, 0).gt(0).to('int64')], 16)
  const net = new nn.Linear(2, 2)
  const loss = new nn.CrossEntropyLoss({ reduction: 'none' })
  const curves = await trainCh3(net, batches, batches, loss, 30, new optim.SGD(net.parameters(), { lr: 1 }))
  const { points, options } = curves.animator
  const [low, high] = options.ylim!
  const accuracies = [...points['train acc'], ...points['test acc']].map(([, accuracy]) => accuracy)
  expect(accuracies.length).toBe(60)
  expect(Math.max(...accuracies)).toBeGreaterThan(0.95)
  for (const accuracy of accuracies) expect(accuracy >= low && accuracy <= high).toBe(true)
  expect(curves.testAcc).toBe(points['test acc'].at(-1)![1])
  expect(curves.trainLoss).toBe(points['train loss'].at(-1)![1])
})

test('one epoch is enough', async () => {
  const batches = loadArray([randn(8, 2), zeros(8, { dtype: 'int64' })], 4)
  const net = new nn.Linear(2, 2)
  const loss = new nn.CrossEntropyLoss({ reduction: 'none' })
  const { animator } = await trainCh3(net, batches, batches, loss, 1, new optim.SGD(net.parameters(), { lr: 1 }))
  expect(animator.points['test acc'].length).toBe(1)
  expect(animator.figure().toText()).toContain('epoch')
})
