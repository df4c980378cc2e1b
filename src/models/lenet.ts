// LeNet as the study notes build it: sigmoids, average pooling, raw scores at the end. LeCun et al. 1998; book section 6.6.
import { AvgPool2d, Conv2d, Flatten, Linear, Sequential, Sigmoid } from '../nn/index.ts'
import { pixelsAfter, type SidedOptions } from './images.ts'

/** [N, channels, side, side] -> scores [N, classes]; 61,706 parameters by default. Throws ShapeError below 12 pixels a side. */
export function lenet({ channels = 1, classes = 10, side = 28 }: SidedOptions = {}): Sequential {
  const convolutions = [
    new Conv2d(channels, 6, 5, { padding: 2 }),
    new Sigmoid(),
    new AvgPool2d(2, { stride: 2 }),
    new Conv2d(6, 16, 5),
    new Sigmoid(),
    new AvgPool2d(2, { stride: 2 }),
  ]
  return new Sequential(
    ...convolutions,
    new Flatten(),
    new Linear(16 * pixelsAfter('lenet', convolutions, side), 120),
    new Sigmoid(),
    new Linear(120, 84),
    new Sigmoid(),
    new Linear(84, classes),
  )
}
