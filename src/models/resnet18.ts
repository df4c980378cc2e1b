// ResNet-18: blocks that learn what to add to their input. He et al. 2016; book section 7.6.
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Flatten,
  Layer,
  Linear,
  MaxPool2d,
  ReLU,
  Sequential,
} from '../nn/index.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type ImageOptions, type WideOptions, widener } from './images.ts'

export interface ResidualOptions {
  /** Give the input the shape of the output by a 1x1 convolution: needed where channels or stride change it. Default false. */
  project?: boolean
  /** Of the first convolution. Default 1. */
  stride?: number
}

/** Two 3x3 convolutions, and their input added to what they give: [N, inChannels, H, W] -> [N, outChannels, H / stride, W / stride]. */
export class Residual extends Layer {
  readonly conv1: Conv2d
  readonly conv2: Conv2d
  readonly conv3: Conv2d | null
  readonly bn1: BatchNorm2d
  readonly bn2: BatchNorm2d

  constructor(inChannels: number, outChannels: number, { project = false, stride = 1 }: ResidualOptions = {}) {
    super()
    this.conv1 = new Conv2d(inChannels, outChannels, 3, { padding: 1, stride })
    this.conv2 = new Conv2d(outChannels, outChannels, 3, { padding: 1 })
    this.conv3 = project ? new Conv2d(inChannels, outChannels, 1, { stride }) : null
    this.bn1 = new BatchNorm2d(outChannels)
    this.bn2 = new BatchNorm2d(outChannels)
  }
  forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(this.bn1(this.conv1(x)).relu()))
    return y.add(this.conv3 ? this.conv3(x) : x).relu()
  }
}

/** Two blocks; the first one halves the image. */
const stage = (inChannels: number, outChannels: number): Sequential =>
  new Sequential(
    new Residual(inChannels, outChannels, { project: true, stride: 2 }),
    new Residual(outChannels, outChannels),
  )

/** [N, channels, H, W] of any size -> scores [N, classes]; 11,178,378 parameters by default. The book trains with 96 pixels a side. */
export function resnet18({ channels = 1, classes = 10, width = 1 }: ImageOptions & WideOptions = {}): Sequential {
  const [c1, c2, c3, c4] = [64, 128, 256, 512].map(widener('resnet18', width))
  return new Sequential(
    new Sequential(
      new Conv2d(channels, c1, 7, { stride: 2, padding: 3 }),
      new BatchNorm2d(c1),
      new ReLU(),
      new MaxPool2d(3, { stride: 2, padding: 1 }),
    ),
    new Sequential(new Residual(c1, c1), new Residual(c1, c1)),
    stage(c1, c2),
    stage(c2, c3),
    stage(c3, c4),
    new AdaptiveAvgPool2d([1, 1]),
    new Flatten(),
    new Linear(c4, classes),
  )
}
