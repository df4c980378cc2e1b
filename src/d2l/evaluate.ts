// Accuracy and loss over batches.
import { getFashionMnistLabels, type ImageLoader } from './data.ts'
import { type Figure, showImages } from '../plot/index.ts'
import { nn, noGrad, type Tensor } from '../index.ts'

/** A module, or a plain function. */
export type Net = nn.Module | ((X: Tensor) => Tensor)
export type Batches = Iterable<readonly Tensor[]> | AsyncIterable<readonly Tensor[]>

/** How many predictions are right: scores [N, classes] or classes [N] against y [N]. Source: `d2l.accuracy`, section 3.6. */
export function accuracy(yHat: Tensor, y: Tensor): number {
  const classes = yHat.ndim > 1 && yHat.shape[1] > 1 ? yHat.argmax(1) : yHat
  return classes.to(y.dtype).eq(y).sum().item() as number
}

/** The share of right predictions; a module is in eval mode meanwhile. Source: `d2l.evaluate_accuracy`. */
export async function evaluateAccuracy(net: Net, batches: Batches): Promise<number> {
  const [right, seen] = await overBatches(net, batches, (yHat, y) => [accuracy(yHat, y), y.numel()])
  return right / seen
}

/** The mean loss per element of what `loss` returns. Source: `d2l.evaluate_loss`, section 4.4. */
export async function evaluateLoss(
  net: Net,
  batches: Batches,
  loss: (yHat: Tensor, y: Tensor) => Tensor,
): Promise<number> {
  const [sum, count] = await overBatches(net, batches, (yHat, y) => {
    const values = loss(yHat, y.reshape(yHat.shape))
    return [values.sum().item() as number, values.numel()]
  })
  return sum / count
}

async function overBatches(
  net: Net,
  batches: Batches,
  measure: (yHat: Tensor, y: Tensor) => [number, number],
): Promise<[number, number]> {
  const back = toEval(net)
  const sums: [number, number] = [0, 0]
  for await (const [X, y] of batches) {
    const [a, b] = noGrad(() => measure(net(X), y))
    sums[0] += a
    sums[1] += b
  }
  back()
  return sums
}

/** Puts a module into eval mode, and gives what puts it back. */
function toEval(net: Net): () => void {
  if (!(net instanceof nn.Module)) return () => {}
  const { training } = net
  net.eval()
  return () => void net.train(training)
}

/** The first `n` test images with their true and predicted labels; a module is in eval mode meanwhile. Source: `d2l.predict_ch3`, section 3.6. */
export function predictCh3(net: Net, testIter: ImageLoader, n = 6): Figure {
  const [X, y] = testIter.dataset.batch(Array.from({ length: n }, (_, i) => i))
  const { classes } = testIter.dataset
  const name = (labels: Tensor): string[] =>
    classes.length > 0 ? (labels.tolist() as number[]).map((label) => classes[label]) : getFashionMnistLabels(labels)
  const back = toEval(net)
  const guesses = name(noGrad(() => net(X).argmax(1)))
  back()
  const titles = name(y).map((label, i) => `${label}\n${guesses[i]}`)
  return showImages(X.squeeze(1), 1, n, { titles })
}
