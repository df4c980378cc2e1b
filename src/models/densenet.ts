// DenseNet: every convolution of a block sees the outputs of all before it. Huang et al. 2017; book section 7.7.
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Flatten,
  Layer,
  Linear,
  MaxPool2d,
  type Module,
  ReLU,
  Sequential,
} from '../nn/index.ts'
import { cat } from '../ops/index.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type ImageOptions, type WideOptions, widener } from './images.ts'

const convBlock = (inChannels: number, outChannels: number): Sequential =>
  new Sequential(new BatchNorm2d(inChannels), new ReLU(), new Conv2d(inChannels, outChannels, 3, { padding: 1 }))

/** Each of `convs` convolutions adds `growth` channels: [N, inChannels, H, W] -> [N, inChannels + convs * growth, H, W]. */
export class DenseBlock extends Layer {
  readonly net: Sequential
  constructor(convs: number, inChannels: number, growth: number) {
    super()
    const blocks = Array.from({ length: convs }, (_, i) => convBlock(inChannels + i * growth, growth))
    this.net = new Sequential(...blocks)
  }
  forward(x: Tensor): Tensor {
    for (const block of this.net) x = cat([x, block(x)], 1)
    return x
  }
}

/** Fewer channels by a 1x1 convolution, and half the side. */
const transition = (inChannels: number, outChannels: number): Sequential =>
  new Sequential(
    new BatchNorm2d(inChannels),
    new ReLU(),
    new Conv2d(inChannels, outChannels, 1),
    new AvgPool2d(2, { stride: 2 }),
  )

export interface DenseNetOptions extends ImageOptions, WideOptions {
  /** Convolutions of each block. Default [4, 4, 4, 4]. */
  convs?: readonly number[]
  /** Channels that a convolution adds. Default 32. */
  growth?: number
}

/** [N, channels, H, W] of at least 29 pixels a side -> scores [N, classes]; 758,226 parameters by default. The book trains with 96 pixels. */
export function densenet(options: DenseNetOptions = {}): Sequential {
  const { channels = 1, classes = 10, convs = [4, 4, 4, 4], growth = 32 } = options
  const wide = widener('densenet', options.width ?? 1)
  let width = wide(64)
  const first = new Sequential(
    new Conv2d(channels, width, 7, { stride: 2, padding: 3 }),
    new BatchNorm2d(width),
    new ReLU(),
    new MaxPool2d(3, { stride: 2, padding: 1 }),
  )
  const blocks: Module[] = []
  convs.forEach((count, i) => {
    blocks.push(new DenseBlock(count, width, wide(growth)))
    width += count * wide(growth)
    if (i === convs.length - 1) return
    const half = Math.floor(width / 2)
    blocks.push(transition(width, half))
    width = half
  })
  return new Sequential(
    first,
    ...blocks,
    new BatchNorm2d(width),
    new ReLU(),
    new AdaptiveAvgPool2d([1, 1]),
    new Flatten(),
    new Linear(width, classes),
  )
}
