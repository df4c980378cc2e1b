// Training loops of chapters 3 and 6, at their edges.
import { expect, test } from 'vitest'
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'

test('one epoch is enough for a curve', async () => {
  torch.manualSeed(0)
  const data = d2l.loadArray<readonly [Tensor, Tensor]>([torch.rand(6, 3), torch.tensor([0, 1, 0, 1, 0, 1])], 3)
  const net = new nn.Linear(3, 2)
  const loss = (yHat: Tensor, y: Tensor): Tensor => F.crossEntropy(yHat, y, { reduction: 'none' })
  const { animator } = await d2l.trainCh3(net, data, data, loss, 1, new optim.SGD(net.parameters(), { lr: 0.1 }))
  expect(animator.points['train loss'].map(([epoch]) => epoch)).toEqual([1])
})
