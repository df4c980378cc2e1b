// AlexNet: five convolutions and three wide linear layers, with ReLU and dropout. Krizhevsky et al. 2012; book section 7.1.
import { Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '../nn/index.ts'
import { pixelsAfter, type SidedOptions } from './images.ts'

export interface AlexNetOptions extends SidedOptions {
  /** Units of the two hidden linear layers. Default 4096. */
  hidden?: number
}

/** [N, channels, side, side] -> scores [N, classes]; 46,764,746 parameters by default. Throws ShapeError below 65 pixels a side. */
export function alexnet({ channels = 1, classes = 10, side = 224, hidden = 4096 }: AlexNetOptions = {}): Sequential {
  const convolutions = [
    new Conv2d(channels, 96, 11, { stride: 4, padding: 1 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
    new Conv2d(96, 256, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
    new Conv2d(256, 384, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(384, 384, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(384, 256, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
  ]
  return new Sequential(
    ...convolutions,
    new Flatten(),
    new Linear(256 * pixelsAfter('alexnet', convolutions, side), hidden),
    new ReLU(),
    new Dropout(0.5),
    new Linear(hidden, hidden),
    new ReLU(),
    new Dropout(0.5),
    new Linear(hidden, classes),
  )
}
