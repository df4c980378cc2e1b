// An epoch as a learner writes it, in Kindling; epoch.py is the same in PyTorch: LeNet on MNIST, transforms, a shuffling loader, Adam.
// A worker of the bench; each step is an epoch and returns the loss of its last batch. `--images N` takes the first N; with `--prepared` they
// are transformed once, before, into one tensor.
import { parseArgs } from 'node:util'
import * as torch from 'kindling'
import { F, optim } from 'kindling'
import { DataLoader, Subset, TensorDataset } from 'kindling/data'
import { lenet } from 'kindling/models'
import { Compose, MNIST, Normalize, ToTensor } from 'kindling/vision'
import { readyOf } from './about.ts'
import { resetPeak, rss } from './memory.ts'
import { serve } from './worker.ts'

const { values } = parseArgs({
  options: { images: { type: 'string', default: '60000' }, prepared: { type: 'boolean', default: false } },
})
const count = Number(values.images)
const imported = rss()
resetPeak()

const transform = Compose([ToTensor(), Normalize(0.1307, 0.3081)])
const all = await MNIST({ train: true, transform })
const first = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const images = values.prepared ? new TensorDataset(...all.batch(first(count))) : new Subset(all, first(count))
torch.manualSeed(0)
const net = lenet()
const loader = new DataLoader(images, { batchSize: 256, shuffle: true })
const optimizer = new optim.Adam(net.parameters(), { lr: 0.002 })

function epoch(): number {
  let last = Number.NaN
  for (const [x, y] of loader) {
    const loss = F.crossEntropy(net(x), y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    last = loss.item()
  }
  return last
}

await serve(readyOf(imported), epoch)
