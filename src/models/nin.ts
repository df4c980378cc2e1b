// Network in network: 1x1 convolutions mix the channels of each pixel, and the mean of a channel is the score of a class, so that no linear layer
// is needed. Lin et al. 2013; book section 7.3.
import { AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, MaxPool2d, ReLU, Sequential } from '../nn/index.ts'
import type { ImageOptions } from './images.ts'

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

/** [N, channels, H, W] of at least 67 pixels a side -> scores [N, classes]; 1,992,166 parameters by default. */
export function nin({ channels = 1, classes = 10 }: ImageOptions = {}): Sequential {
  return new Sequential(
    ninBlock(channels, 96, 11, 4, 0),
    new MaxPool2d(3, { stride: 2 }),
    ninBlock(96, 256, 5, 1, 2),
    new MaxPool2d(3, { stride: 2 }),
    ninBlock(256, 384, 3, 1, 1),
    new MaxPool2d(3, { stride: 2 }),
    new Dropout(0.5),
    ninBlock(384, classes, 3, 1, 1),
    new AdaptiveAvgPool2d([1, 1]),
    new Flatten(),
  )
}
