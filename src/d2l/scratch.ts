// The parts of linear regression and convolution that the book writes by hand.
import { noGrad, normal, type Tensor, zeros } from '../index.ts'

/** Features [n, len(w)] ~ N(0, 1) and labels [n, 1] = X w + b + N(0, 0.01). Source: `d2l.synthetic_data`, section 3.2. */
export function syntheticData(w: Tensor, b: number | Tensor, n: number): [features: Tensor, labels: Tensor] {
  const features = normal(0, 1, [n, w.length])
  const exact = features.matmul(w).add(b)
  return [features, exact.add(normal(0, 0.01, exact.shape)).reshape(-1, 1)]
}

/** X w + b. Source: `d2l.linreg`. */
export const linreg = (X: Tensor, w: Tensor, b: Tensor): Tensor => X.matmul(w).add(b)

/** (prediction - y)^2 / 2 for each example. Source: `d2l.squared_loss`. */
export const squaredLoss = (prediction: Tensor, y: Tensor): Tensor =>
  prediction.sub(y.reshape(prediction.shape)).square().div(2)

/** One step of minibatch SGD on gradients that were summed over the batch; clears them. Source: `d2l.sgd`. */
export function sgd(params: Iterable<Tensor>, lr: number, batchSize: number): void {
  noGrad(() => {
    for (const param of params) {
      if (param.grad === null) continue
      param.sub_(param.grad.mul(lr / batchSize))
      param.grad.zero_()
    }
  })
}

/** Cross-correlation of a picture [H, W] with a kernel [h, w], by loops. Source: `d2l.corr2d`, section 6.2. */
export function corr2d(X: Tensor, K: Tensor): Tensor {
  const [h, w] = K.shape
  const Y = zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
  for (let i = 0; i < Y.shape[0]; i++) {
    for (let j = 0; j < Y.shape[1]; j++) {
      Y.set(
        [i, j],
        X.at(`${i}:${i + h}`, `${j}:${j + w}`)
          .mul(K)
          .sum(),
      )
    }
  }
  return Y
}
