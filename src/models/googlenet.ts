// GoogLeNet: nine blocks that look at their input through windows of several sizes at once. Szegedy et al. 2015; book section 7.4.
import { AdaptiveAvgPool2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential } from '../nn/index.ts'
import { cat } from '../ops/index.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type ImageOptions, type WideOptions, widener } from './images.ts'

/**
 * Four paths side by side, joined along the channels: 1x1; 1x1 and 3x3; 1x1 and 5x5; maximum and 1x1. Each number is the channels of one
 * convolution: [N, inChannels, H, W] -> [N, c1 + c2[1] + c3[1] + c4, H, W].
 */
export class Inception extends Layer {
  readonly p1_1: Conv2d
  readonly p2_1: Conv2d
  readonly p2_2: Conv2d
  readonly p3_1: Conv2d
  readonly p3_2: Conv2d
  readonly p4_1: MaxPool2d
  readonly p4_2: Conv2d

  constructor(
    inChannels: number,
    c1: number,
    c2: readonly [number, number],
    c3: readonly [number, number],
    c4: number,
  ) {
    super()
    this.p1_1 = new Conv2d(inChannels, c1, 1)
    this.p2_1 = new Conv2d(inChannels, c2[0], 1)
    this.p2_2 = new Conv2d(c2[0], c2[1], 3, { padding: 1 })
    this.p3_1 = new Conv2d(inChannels, c3[0], 1)
    this.p3_2 = new Conv2d(c3[0], c3[1], 5, { padding: 2 })
    this.p4_1 = new MaxPool2d(3, { stride: 1, padding: 1 })
    this.p4_2 = new Conv2d(inChannels, c4, 1)
  }
  forward(x: Tensor): Tensor {
    const p1 = this.p1_1(x).relu()
    const p2 = this.p2_2(this.p2_1(x).relu()).relu()
    const p3 = this.p3_2(this.p3_1(x).relu()).relu()
    const p4 = this.p4_2(this.p4_1(x)).relu()
    return cat([p1, p2, p3, p4], 1)
  }
}

const halve = (): MaxPool2d => new MaxPool2d(3, { stride: 2, padding: 1 })

type Block = readonly [c1: number, c2: readonly [number, number], c3: readonly [number, number], c4: number]
/** The channels of the nine blocks, stage by stage. */
const stages: readonly (readonly Block[])[] = [
  [
    [64, [96, 128], [16, 32], 32],
    [128, [128, 192], [32, 96], 64],
  ],
  [
    [192, [96, 208], [16, 48], 64],
    [160, [112, 224], [24, 64], 64],
    [128, [128, 256], [24, 64], 64],
    [112, [144, 288], [32, 64], 64],
    [256, [160, 320], [32, 128], 128],
  ],
  [
    [256, [160, 320], [32, 128], 128],
    [384, [192, 384], [48, 128], 128],
  ],
]

/** [N, channels, H, W] of any size -> scores [N, classes]; 5,977,530 parameters by default. The book trains with 96 pixels a side. */
export function googlenet({ channels = 1, classes = 10, width = 1 }: ImageOptions & WideOptions = {}): Sequential {
  const wide = widener('googlenet', width)
  let inside = wide(192)
  const inception = ([c1, c2, c3, c4]: Block): Inception => {
    const [one, a2, b2, a3, b3, four] = [c1, ...c2, ...c3, c4].map(wide)
    const block = new Inception(inside, one, [a2, b2], [a3, b3], four)
    inside = one + b2 + b3 + four
    return block
  }
  return new Sequential(
    new Sequential(new Conv2d(channels, wide(64), 7, { stride: 2, padding: 3 }), new ReLU(), halve()),
    new Sequential(
      new Conv2d(wide(64), wide(64), 1),
      new ReLU(),
      new Conv2d(wide(64), wide(192), 3, { padding: 1 }),
      new ReLU(),
      halve(),
    ),
    new Sequential(...stages[0].map(inception), halve()),
    new Sequential(...stages[1].map(inception), halve()),
    new Sequential(...stages[2].map(inception), new AdaptiveAvgPool2d([1, 1]), new Flatten()),
    new Linear(inside, classes),
  )
}
