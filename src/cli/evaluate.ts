// What a trained model says about images it has not learned from.
import { type nn, noGrad, scope, type Tensor } from '../index.ts'
import { DataLoader } from '../data/index.ts'
import type { ImageDataset } from '../vision/index.ts'

export interface Predictions {
  readonly truth: Int32Array
  readonly predicted: Int32Array
  /** Probabilities [N x classes], row by row. */
  readonly probabilities: Float32Array
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

/** Fraction of the images whose class is right. */
export async function accuracyOn(net: nn.Module, data: ImageDataset): Promise<number> {
  let correct = 0
  await eachBatch(net, data, (scores, labels) => {
    correct += countRight(scores, labels)
  })
  return correct / data.length
}

/** Probabilities of every image. */
export async function predictAll(net: nn.Module, data: ImageDataset): Promise<Predictions> {
  const { classes, length } = data
  const probabilities = new Float32Array(length * classes.length)
  let filled = 0
  await eachBatch(net, data, (scores) => {
    const rows = scores.softmax(1).data() as Float32Array
    probabilities.set(rows, filled)
    filled += rows.length
  })
  const predicted = Int32Array.from({ length }, (_, i) => largest(probabilities, i * classes.length, classes.length))
  return { truth: Int32Array.from(data.labels.numbers()), predicted, probabilities, classes }
}

/** Where the largest of `count` values from `start` on is, counted from `start`. */
export function largest(values: ArrayLike<number>, start = 0, count = values.length): number {
  let best = 0
  for (let k = 1; k < count; k++) if (values[start + k] > values[start + best]) best = k
  return best
}
