// Layers that move channels into space and back.
import { pixelShuffle, pixelUnshuffle } from '../ops/pad.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Layer } from './layer.ts'

/** [N, C * r^2, H, W] -> [N, C, H * r, W * r]. Source: `torch.nn.PixelShuffle`; Shi et al. 2016. */
export class PixelShuffle extends Layer {
  readonly upscaleFactor: number
  constructor(upscaleFactor: number) {
    super()
    this.upscaleFactor = upscaleFactor
  }
  forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor)
  }
  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`
  }
}
/** [N, C, H * r, W * r] -> [N, C * r^2, H, W]. Source: `torch.nn.PixelUnshuffle`. */
export class PixelUnshuffle extends Layer {
  readonly downscaleFactor: number
  constructor(downscaleFactor: number) {
    super()
    this.downscaleFactor = downscaleFactor
  }
  forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor)
  }
  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`
  }
}
