// Softmax regression: one linear layer; the softmax is in the loss. Book section 3.7.
import { Flatten, Linear, Sequential } from '../nn/index.ts'

/** [N, ...] of `inputs` numbers each -> scores [N, classes]. */
export function softmaxRegression({
  inputs = 784,
  classes = 10,
}: {
  inputs?: number
  classes?: number
} = {}): Sequential {
  return new Sequential(new Flatten(), new Linear(inputs, classes))
}
