// AlexNet: five convolutions and three wide linear layers, with ReLU and dropout. Krizhevsky et al. 2012; book section 7.1.
import { Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '../nn/index.ts'
import { pixelsAfter, type SidedOptions, type WideOptions, widener } from './images.ts'

export interface AlexNetOptions extends SidedOptions, WideOptions {
  /** Units of the two hidden linear layers. Default 4096. */
  hidden?: number
  /** Probability to drop a unit of these. Default 0.5. */
  dropout?: number
}

/** [N, channels, side, side] -> scores [N, classes]; 46,764,746 parameters by default. Throws ShapeError below 65 pixels a side. */
export function alexnet(options: AlexNetOptions = {}): Sequential {
  const { channels = 1, classes = 10, side = 224, hidden = 4096, dropout = 0.5, width = 1 } = options
  const wide = widener('alexnet', width)
  const [c1, c2, c3, units] = [wide(96), wide(256), wide(384), wide(hidden)]
  const convolutions = [
    new Conv2d(channels, c1, 11, { stride: 4, padding: 1 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
    new Conv2d(c1, c2, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
    new Conv2d(c2, c3, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(c3, c3, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(c3, c2, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
  ]
  return new Sequential(
    ...convolutions,
    new Flatten(),
    new Linear(c2 * pixelsAfter('alexnet', convolutions, side), units),
    new ReLU(),
    new Dropout(dropout),
    new Linear(units, units),
    new ReLU(),
    new Dropout(dropout),
    new Linear(units, classes),
  )
}
