// What a trained model says about images it has not learned from.
import { F, type nn, noGrad, scope, type Tensor } from '../index.ts'
import { DataLoader } from '../data/index.ts'
import type { ImageDataset } from '../vision/index.ts'

export interface Predictions {
  readonly truth: Int32Array
  readonly predicted: Int32Array
  /** Probabilities [N x classes], row by row. */
  readonly probabilities: Float32Array
  /** Of each image: minus the logarithm of the probability of its class. */
  readonly losses: Float32Array
  readonly classes: readonly string[]
}

/** Numbers in a batch: a thousand images of MNIST, and as much memory for larger ones. */
const batchNumbers = 1000 * 28 * 28

async function eachBatch(net: nn.Module, data: ImageDataset, use: (scores: Tensor, labels: Tensor) => void) {
  const batchSize = Math.max(1, Math.floor(batchNumbers / scope(() => data.get(0)[0].numel())))
  net.eval()
  await noGrad(async () => {
    for await (const [images, labels] of new DataLoader(data, { batchSize })) use(net(images), labels)
  })
}

/** How many rows of scores [N, classes] are largest at their label. */
export const countRight = (scores: Tensor, labels: Tensor): number => scores.argmax(1).eq(labels).sum().item()

/** The mean loss, and the fraction of the images whose class is right. */
export async function measure(net: nn.Module, data: ImageDataset): Promise<{ loss: number; accuracy: number }> {
  let [lossSum, correct] = [0, 0]
  await eachBatch(net, data, (scores, labels) => {
    lossSum += F.crossEntropy(scores, labels).item() * labels.length
    correct += countRight(scores, labels)
  })
  return { loss: lossSum / data.length, accuracy: correct / data.length }
}

/** Probabilities and loss of every image. */
export async function predictAll(net: nn.Module, data: ImageDataset): Promise<Predictions> {
  const { classes, length } = data
  const probabilities = new Float32Array(length * classes.length)
  const losses = new Float32Array(length)
  let filled = 0
  await eachBatch(net, data, (scores, labels) => {
    probabilities.set(scores.softmax(1).data() as Float32Array, filled * classes.length)
    losses.set(F.crossEntropy(scores, labels, { reduction: 'none' }).data() as Float32Array, filled)
    filled += labels.length
  })
  const predicted = Int32Array.from({ length }, (_, i) => largest(probabilities, i * classes.length, classes.length))
  return { truth: Int32Array.from(data.labels.numbers()), predicted, probabilities, losses, classes }
}

/** What `measure` gives, from predictions. */
export function summarize({ truth, predicted, losses }: Predictions): { loss: number; accuracy: number } {
  const mean = (values: (i: number) => number): number => truth.reduce((sum, _, i) => sum + values(i), 0) / truth.length
  return { loss: mean((i) => losses[i]), accuracy: mean((i) => Number(truth[i] === predicted[i])) }
}

/** Where the largest of `count` values from `start` on is, counted from `start`. */
export function largest(values: ArrayLike<number>, start = 0, count = values.length): number {
  let best = 0
  for (let k = 1; k < count; k++) if (values[start + k] > values[start + best]) best = k
  return best
}
