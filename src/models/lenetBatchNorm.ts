// LeNet with batch normalisation in front of every sigmoid, and without padding. Ioffe and Szegedy 2015; book section 7.5.
import { AvgPool2d, BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Linear, Sequential, Sigmoid } from '../nn/index.ts'
import { pixelsAfter, type SidedOptions } from './images.ts'

/** [N, channels, side, side] -> scores [N, classes]; 44,878 parameters by default. Throws ShapeError below 16 pixels a side. */
export function lenetBatchNorm({ channels = 1, classes = 10, side = 28 }: SidedOptions = {}): Sequential {
  const convolutions = [
    new Conv2d(channels, 6, 5),
    new BatchNorm2d(6),
    new Sigmoid(),
    new AvgPool2d(2, { stride: 2 }),
    new Conv2d(6, 16, 5),
    new BatchNorm2d(16),
    new Sigmoid(),
    new AvgPool2d(2, { stride: 2 }),
  ]
  return new Sequential(
    ...convolutions,
    new Flatten(),
    new Linear(16 * pixelsAfter('lenetBatchNorm', convolutions, side), 120),
    new BatchNorm1d(120),
    new Sigmoid(),
    new Linear(120, 84),
    new BatchNorm1d(84),
    new Sigmoid(),
    new Linear(84, classes),
  )
}
