// Network in network: 1x1 convolutions mix the channels of each pixel, and the mean of a channel is the score of a class, so that no linear layer
// is needed. Lin et al. 2013; book section 7.3.
import { AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, MaxPool2d, ReLU, Sequential } from '../nn/index.ts'
import { type ImageOptions, type WideOptions, widener } from './images.ts'

function ninBlock(inChannels: number, outChannels: number, size: number, stride: number, padding: number): Sequential {
  return new Sequential(
    new Conv2d(inChannels, outChannels, size, { stride, padding }),
    new ReLU(),
    new Conv2d(outChannels, outChannels, 1),
    new ReLU(),
    new Conv2d(outChannels, outChannels, 1),
    new ReLU(),
  )
}

export interface NinOptions extends ImageOptions, WideOptions {
  /** Probability to drop a number of what the last block reads. Default 0.5. */
  dropout?: number
}

/** [N, channels, H, W] of at least 67 pixels a side -> scores [N, classes]; 1,992,166 parameters by default. */
export function nin({ channels = 1, classes = 10, dropout = 0.5, width = 1 }: NinOptions = {}): Sequential {
  const [c1, c2, c3] = [96, 256, 384].map(widener('nin', width))
  return new Sequential(
    ninBlock(channels, c1, 11, 4, 0),
    new MaxPool2d(3, { stride: 2 }),
    ninBlock(c1, c2, 5, 1, 2),
    new MaxPool2d(3, { stride: 2 }),
    ninBlock(c2, c3, 3, 1, 1),
    new MaxPool2d(3, { stride: 2 }),
    new Dropout(dropout),
    ninBlock(c3, classes, 3, 1, 1),
    new AdaptiveAvgPool2d([1, 1]),
    new Flatten(),
  )
}
