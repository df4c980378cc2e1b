// Parts of images: in the middle, at random, and at random to one size.
import { ShapeError } from '../base/errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkRange, drawBelow, drawSides, type Range, roundHalfEven } from './draws.ts'
import { checkPadding, type Padding, type PadOptions, padImage } from './pad.ts'
import {
  checkOptions,
  checkSize,
  type InterpolationOptions,
  planeOf,
  resizeImage,
  type Sides,
  type Size,
} from './resize.ts'
import { choosing, type Transform } from './transforms.ts'

function crop(image: Tensor, top: number, left: number, height: number, width: number): Tensor {
  return image.narrow(image.ndim - 2, top, height).narrow(image.ndim - 1, left, width)
}

/** Both sides: one number stands for a square. */
function sidesOf(op: string, size: Size): Sides {
  const sides = checkSize(op, size)
  return [sides[0], sides[1] ?? sides[0]]
}

/** The middle of images, with zeros around those that are smaller. Source: `torchvision.transforms.CenterCrop`. */
export function CenterCrop(size: Size): Transform {
  const [height, width] = sidesOf('CenterCrop', size)
  return (image) => {
    const [h, w] = planeOf(image)
    const [down, across] = [Math.max(height - h, 0), Math.max(width - w, 0)]
    const half = Math.floor
    const border = [half(across / 2), half(down / 2), half((across + 1) / 2), half((down + 1) / 2)]
    const whole = down > 0 || across > 0 ? padImage('CenterCrop', image, border) : image
    const top = roundHalfEven((h + down - height) / 2)
    const left = roundHalfEven((w + across - width) / 2)
    return crop(whole, top, left, height, width)
  }
}

export interface RandomCropOptions extends PadOptions {
  /** A border that is added first. Default: none. */
  padding?: Padding
  /** Adds what a smaller image lacks on both sides. Default false. */
  padIfNeeded?: boolean
}
/** A part of the given size, anywhere. Throws ShapeError where the image is smaller. Source: `torchvision.transforms.RandomCrop`. */
export function RandomCrop(
  size: Size,
  { padding, padIfNeeded = false, ...options }: RandomCropOptions = {},
): Transform {
  const [height, width] = sidesOf('RandomCrop', size)
  checkPadding('RandomCrop', padding ?? 0, options)
  return choosing((image) => {
    let whole = padding === undefined ? image : padImage('RandomCrop', image, padding, options)
    if (padIfNeeded) {
      const [lacksDown, lacksAcross] = [height - planeOf(whole)[0], width - planeOf(whole)[1]]
      if (lacksAcross > 0) whole = padImage('RandomCrop', whole, [lacksAcross, 0], options)
      if (lacksDown > 0) whole = padImage('RandomCrop', whole, [0, lacksDown], options)
    }
    const [h, w] = planeOf(whole)
    if (h < height || w < width) {
      throw new ShapeError(
        `RandomCrop: the crop is larger than the image: ${height} x ${width} and ${h} x ${w}`,
        'pass { padIfNeeded: true }, or resize first.',
      )
    }
    if (h === height && w === width) return whole
    const top = drawBelow(h - height + 1)
    return crop(whole, top, drawBelow(w - width + 1), height, width)
  })
}

export interface RandomResizedCropOptions extends InterpolationOptions {
  /** The part of the area that is kept. Default [0.08, 1]. */
  scale?: Range
  /** Width over height of the part. Default [3 / 4, 4 / 3]. */
  ratio?: Range
}
/**
 * A part of random area and proportion, anywhere, resized to `size`. After ten draws that do not fit: the largest middle part.
 * Source: `torchvision.transforms.RandomResizedCrop`.
 */
export function RandomResizedCrop(
  size: Size,
  { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], ...options }: RandomResizedCropOptions = {},
): Transform {
  const target = sidesOf('RandomResizedCrop', size)
  checkRange('RandomResizedCrop', 'scale', scale, 0, Infinity)
  checkRange('RandomResizedCrop', 'ratio', ratio, Number.MIN_VALUE, Infinity)
  checkOptions('RandomResizedCrop', options)
  return choosing((image) => resizeImage(crop(image, ...drawPart(planeOf(image), scale, ratio)), target, options))
}

type Part = [top: number, left: number, height: number, width: number]

function drawPart([height, width]: Sides, scale: Range, ratio: Range): Part {
  for (let tries = 0; tries < 10; tries++) {
    const [w, h] = drawSides(height * width, scale, ratio)
    if (0 < w && w <= width && 0 < h && h <= height) {
      const top = drawBelow(height - h + 1)
      return [top, drawBelow(width - w + 1), h, w]
    }
  }
  const whole = width / height
  const h = whole < ratio[0] ? roundHalfEven(width / ratio[0]) : height
  const w = whole > ratio[1] ? roundHalfEven(height * ratio[1]) : width
  return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w]
}
