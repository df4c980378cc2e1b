// LeNet as the study notes build it: sigmoids, average pooling, raw scores at the end. LeCun et al. 1998; book section 6.6.
import { AvgPool2d, Conv2d, Flatten, Linear, Sequential, Sigmoid } from '../nn/index.ts'

/** [N, 1, 28, 28] -> [N, classes]; 61,706 parameters for ten classes. */
export function lenet({ classes = 10 }: { classes?: number } = {}): Sequential {
  return new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }),
    new Sigmoid(),
    new AvgPool2d(2, { stride: 2 }),
    new Conv2d(6, 16, 5),
    new Sigmoid(),
    new AvgPool2d(2, { stride: 2 }),
    new Flatten(),
    new Linear(16 * 5 * 5, 120),
    new Sigmoid(),
    new Linear(120, 84),
    new Sigmoid(),
    new Linear(84, classes),
  )
}
