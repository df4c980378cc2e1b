// The training loops of chapters 3 and 6, with live curves.
import type { DataLoader } from '../data/index.ts'
import { F, nn, optim, type Tensor } from '../index.ts'
import { Animator } from '../plot/index.ts'
import { Accumulator } from './accumulator.ts'
import { accuracy, type Batches, evaluateAccuracy, type Net } from './evaluate.ts'
import { Timer } from './timer.ts'

/** An optimizer, or a function of the batch size that changes the parameters and clears their gradients (`d2l.sgd`). */
export type Updater = optim.Optimizer<{ lr: number }> | ((batchSize: number) => void)

/** What a training loop gives back. */
export interface Curves {
  /** The live curves. */
  readonly animator: Animator
  /** Mean loss of the last epoch of training. */
  readonly trainLoss: number
  /** Accuracy of the last epoch of training. */
  readonly trainAcc: number
  /** Accuracy of the test data after the last epoch. */
  readonly testAcc: number
  /** Examples per second of training, without the evaluation. */
  readonly examplesPerSecond: number
}

/**
 * One pass: mean loss and accuracy of training. `loss` gives one value per example. With an optimizer the step is on their mean, with a
 * function on their sum. Source: `d2l.train_epoch_ch3`, section 3.6.
 */
export async function trainEpochCh3(
  net: Net,
  trainIter: Batches,
  loss: (yHat: Tensor, y: Tensor) => Tensor,
  updater: Updater,
): Promise<[loss: number, accuracy: number]> {
  if (net instanceof nn.Module) net.train()
  const metric = new Accumulator(3)
  for await (const [X, y] of trainIter) {
    const yHat = net(X) as Tensor
    const values = loss(yHat, y)
    if (updater instanceof optim.Optimizer) {
      updater.zeroGrad()
      values.mean().backward()
      updater.step()
    } else {
      values.sum().backward()
      updater(X.shape[0])
    }
    metric.add(values.sum().item() as number, accuracy(yHat, y), y.numel())
  }
  return [metric.get(0) / metric.get(2), metric.get(1) / metric.get(2)]
}

/** The axis of curves with a point after each epoch. One epoch makes one, too. */
export const epochAxis = (numEpochs: number): [number, number] => [Math.min(1, numEpochs - 1), numEpochs]

/** Trains and shows loss and accuracies after each epoch. Source: `d2l.train_ch3`, section 3.6. */
export async function trainCh3(
  net: Net,
  trainIter: Batches & { readonly dataset: { readonly length: number } },
  testIter: Batches,
  loss: (yHat: Tensor, y: Tensor) => Tensor,
  numEpochs: number,
  updater: Updater,
): Promise<Curves> {
  const animator = new Animator({
    xlabel: 'epoch',
    xlim: epochAxis(numEpochs),
    ylim: [0, 1],
    legend: ['train loss', 'train acc', 'test acc'],
  })
  const timer = new Timer()
  let [trainLoss, trainAcc, testAcc] = [Number.NaN, Number.NaN, Number.NaN]
  for (let epoch = 1; epoch <= numEpochs; epoch++) {
    timer.start()
    ;[trainLoss, trainAcc] = await trainEpochCh3(net, trainIter, loss, updater)
    timer.stop()
    testAcc = await evaluateAccuracy(net, testIter)
    animator.add(epoch, [trainLoss, trainAcc, testAcc])
  }
  animator.done()
  const examplesPerSecond = (trainIter.dataset.length * numEpochs) / timer.sum()
  return { animator, trainLoss, trainAcc, testAcc, examplesPerSecond }
}

/**
 * Xavier weights, SGD with learning rate `lr` (or another optimizer of the net's parameters), cross-entropy; prints the final figures. Source:
 * `d2l.train_ch6`, section 6.6.
 */
export async function trainCh6(
  net: nn.Module,
  trainIter: DataLoader<readonly [Tensor, Tensor]>,
  testIter: Batches,
  numEpochs: number,
  lr: number,
  { optimizer = new optim.SGD(net.parameters(), { lr }) }: { optimizer?: optim.Optimizer<{ lr: number }> } = {},
): Promise<Curves> {
  net.apply((m) => {
    if (m instanceof nn.Linear || m instanceof nn.Conv2d) nn.init.xavierUniform_(m.weight)
  })
  const animator = new Animator({
    xlabel: 'epoch',
    xlim: [0, numEpochs],
    legend: ['train loss', 'train acc', 'test acc'],
  })
  const timer = new Timer()
  const numBatches = trainIter.length
  const report = Math.max(1, Math.floor(numBatches / 5))
  let [trainLoss, trainAcc, testAcc] = [Number.NaN, Number.NaN, Number.NaN]
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    const metric = new Accumulator(3)
    net.train()
    let i = 0
    timer.start()
    for await (const [X, y] of trainIter) {
      optimizer.zeroGrad()
      const yHat = net(X) as Tensor
      const l = F.crossEntropy(yHat, y)
      l.backward()
      optimizer.step()
      metric.add((l.item() as number) * X.shape[0], accuracy(yHat, y), X.shape[0])
      trainLoss = metric.get(0) / metric.get(2)
      trainAcc = metric.get(1) / metric.get(2)
      i++
      if (i % report === 0 || i === numBatches) animator.add(epoch + i / numBatches, [trainLoss, trainAcc, null])
    }
    timer.stop()
    testAcc = await evaluateAccuracy(net, testIter)
    animator.add(epoch + 1, [null, null, testAcc])
  }
  animator.done()
  console.log(`loss ${trainLoss.toFixed(3)}, train acc ${trainAcc.toFixed(3)}, test acc ${testAcc.toFixed(3)}`)
  return {
    animator,
    trainLoss,
    trainAcc,
    testAcc,
    examplesPerSecond: (trainIter.dataset.length * numEpochs) / timer.sum(),
  }
}
