// A multilayer perceptron with one hidden layer. Book section 4.3.
import { Flatten, Linear, ReLU, Sequential } from '../nn/index.ts'

/** [N, ...] of `inputs` numbers each -> [N, classes]. */
export function mlp({
  inputs = 784,
  hidden = 256,
  classes = 10,
}: {
  inputs?: number
  hidden?: number
  classes?: number
} = {}): Sequential {
  return new Sequential(new Flatten(), new Linear(inputs, hidden), new ReLU(), new Linear(hidden, classes))
}
