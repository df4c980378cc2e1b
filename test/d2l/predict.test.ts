// d2l.predictCh3: pictures with their true and predicted labels.
import { expect, test } from 'vitest'
import * as torch from 'kindling'
import { DataLoader } from 'kindling/data'
import { type ImageLoader, predictCh3 } from 'kindling/d2l'
import { ImageDataset } from 'kindling/vision'

const images = torch.zeros(3, 1, 28, 28, { dtype: 'uint8' })
const dataset = new ImageDataset(images, torch.tensor([0, 1, 0]), { classes: ['cat', 'dog'] })
const loader = new DataLoader(dataset, { batchSize: 2 }) as ImageLoader
const alwaysDog = (X: torch.Tensor): torch.Tensor => torch.tensor([[0, 1]]).repeat(X.length, 1)

test('predictCh3 shows the true label above the predicted one, also beyond the first batch', () => {
  const svg = predictCh3(alwaysDog, loader, 3).toSvg()
  expect([...svg.matchAll(/cat|dog/g)].map(([name]) => name).slice(-6)).toEqual([
    'cat',
    'dog',
    'dog',
    'dog',
    'cat',
    'dog',
  ])
})

test('what is made after predictCh3 belongs to no batch', () => {
  predictCh3(alwaysDog, loader, 2)
  expect(torch.ones(1).owner).toBeNull()
})

test('a module predicts in eval mode and is in training afterwards', () => {
  const modes: boolean[] = []
  class Net extends torch.nn.Module {
    override forward(X: torch.Tensor): torch.Tensor {
      modes.push(this.training)
      return alwaysDog(X)
    }
  }
  const net = new Net()
  predictCh3(net, loader, 2)
  expect([...modes, net.training]).toEqual([false, true])
})
