// VGG: blocks of 3x3 convolutions, each block with half the side of the one before. Simonyan and Zisserman 2014; book section 7.2.
import { ValueError } from '../base/errors.ts'
import { Conv2d, Dropout, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from '../nn/index.ts'
import { pixelsAfter, type SidedOptions, type WideOptions, widener } from './images.ts'

/** Convolutions and channels of each block. */
export type VggArch = readonly (readonly [convs: number, channels: number])[]

/** Eight convolutions; with the three linear layers, VGG-11. */
export const vgg11: VggArch = [
  [1, 64],
  [1, 128],
  [2, 256],
  [2, 512],
  [2, 512],
]

export interface VggOptions extends SidedOptions, WideOptions {
  /** Default: VGG-11. */
  arch?: VggArch
  /** Divides the channels of every block; the book trains with 4. Default 1. */
  ratio?: number
  /** Units of the two hidden linear layers. Default 4096. */
  hidden?: number
  /** Probability to drop a unit of these. Default 0.5. */
  dropout?: number
}

function vggBlock(convs: number, inChannels: number, outChannels: number): Sequential {
  const layers: Module[] = []
  for (let i = 0; i < convs; i++)
    layers.push(new Conv2d(i === 0 ? inChannels : outChannels, outChannels, 3, { padding: 1 }), new ReLU())
  return new Sequential(...layers, new MaxPool2d(2, { stride: 2 }))
}

/**
 * [N, channels, side, side] -> scores [N, classes]; 43,093,322 parameters with ratio 4. Throws ShapeError below 2^blocks pixels a side (32 for
 * VGG-11), ValueError where `ratio` does not divide the channels.
 */
export function vgg(options: VggOptions = {}): Sequential {
  const { channels = 1, classes = 10, side = 224, arch = vgg11, ratio = 1, hidden = 4096, dropout = 0.5 } = options
  const wide = widener('vgg', options.width ?? 1)
  const divided = arch.map(([, width]) => width / ratio)
  if (divided.length === 0 || divided.some((width) => !Number.isInteger(width) || width < 1)) {
    const list = arch.map(([, width]) => width).join(', ')
    throw new ValueError(`vgg: ratio must divide the channels of every block: ${ratio} and [${list}]`)
  }
  const widths = divided.map(wide)
  const units = wide(hidden)
  const blocks = arch.map(([convs], i) => vggBlock(convs, i === 0 ? channels : widths[i - 1], widths[i]))
  return new Sequential(
    ...blocks,
    new Flatten(),
    new Linear(widths[widths.length - 1] * pixelsAfter('vgg', blocks, side), units),
    new ReLU(),
    new Dropout(dropout),
    new Linear(units, units),
    new ReLU(),
    new Dropout(dropout),
    new Linear(units, classes),
  )
}
