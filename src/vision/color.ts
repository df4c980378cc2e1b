// Brightness, contrast, saturation, hue and greys. uint8 images by the arithmetic of Pillow (ImageEnhance and Convert.c of Pillow 9.4), floats by that of
// torchvision for tensors. Images are [..., C, H, W] with 1 or 3 channels.
import { isFloating } from '../base/dtype.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { fillFromHost, fromHost } from '../ops/host.ts'
import { cat } from '../ops/join.ts'
import { Tensor } from '../tensor/tensor.ts'
import { shiftHue, shiftHueOfBytes } from './hue.ts'
import type { Transform } from './transforms.ts'

const { fround } = Math

/** Whether there are three channels. Throws ShapeError where there are neither one nor three, DTypeError for integers besides uint8. */
function hasColors(op: string, image: Tensor): boolean {
  const channels = image.shape[image.ndim - 3]
  if (channels !== 1 && channels !== 3)
    throw new ShapeError(`${op}: images have 1 or 3 channels [..., C, H, W], got [${image.shape.join(', ')}]`)
  if (image.dtype !== 'uint8' && !isFloating(image.dtype))
    throw new DTypeError(`${op}: images are uint8 or floats, got ${image.dtype}`)
  return channels === 3
}

function checkFactor(op: string, factor: number): void {
  if (!(factor >= 0)) throw new ValueError(`${op}: the factor must be >= 0, got ${factor}`)
}

/** A new uint8 tensor: `make` gets the bytes of each image, plane after plane. */
function eachImage(image: Tensor, channels: number, make: (from: Uint8Array, to: Uint8Array) => void): Tensor {
  const [given, height, width] = image.shape.slice(-3)
  const [read, written] = [given * height * width, channels * height * width]
  const source = image.data() as Uint8Array
  const made = Tensor.empty([...image.shape.slice(0, -3), channels, height, width], 'uint8', image.device)
  return fillFromHost(made, (out) => {
    for (let from = 0, to = 0; to < out.length; from += read, to += written)
      make(source.subarray(from, from + read), (out as Uint8Array).subarray(to, to + written))
  })
}

/** `a` at factor 0, `b` at factor 1, and beyond; Pillow's factor is a float32. */
function blendBytes(a: number, b: number, factor: number): number {
  const mixed = fround(a + fround(fround(factor) * (b - a)))
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : Math.trunc(mixed)
}
const blend = (a: Tensor, b: Tensor, factor: number): Tensor =>
  b
    .mul(factor)
    .add(a.mul(1 - factor))
    .clamp(0, 1)

/** The grey of pixel `i`, by ITU-R 601-2. */
function greyAt(bytes: Uint8Array, i: number): number {
  const plane = bytes.length / 3
  return (bytes[i] * 19595 + bytes[i + plane] * 38470 + bytes[i + 2 * plane] * 7471 + 0x8000) >> 16
}
function greyOf(image: Tensor): Tensor {
  const [red, green, blue] = [0, 1, 2].map((c) => image.narrow(-3, c, 1))
  return red.mul(0.2989).add(green.mul(0.587)).add(blue.mul(0.114))
}

/** Between black (factor 0) and the image (1), and brighter. Source: `torchvision.transforms.functional.adjust_brightness`. */
export function adjustBrightness(image: Tensor, factor: number): Tensor {
  const channels = hasColors('adjustBrightness', image) ? 3 : 1
  checkFactor('adjustBrightness', factor)
  if (image.dtype !== 'uint8') return image.mul(factor).clamp(0, 1)
  return eachImage(image, channels, (from, to) => {
    for (let i = 0; i < to.length; i++) to[i] = blendBytes(0, from[i], factor)
  })
}

/** Between the mean grey (factor 0) and the image (1), and beyond. Source: `torchvision.transforms.functional.adjust_contrast`. */
export function adjustContrast(image: Tensor, factor: number): Tensor {
  const colored = hasColors('adjustContrast', image)
  checkFactor('adjustContrast', factor)
  if (image.dtype !== 'uint8')
    return blend((colored ? greyOf(image) : image).mean([-3, -2, -1], { keepdim: true }), image, factor)
  return eachImage(image, colored ? 3 : 1, (from, to) => {
    const count = colored ? from.length / 3 : from.length
    let sum = 0
    for (let i = 0; i < count; i++) sum += colored ? greyAt(from, i) : from[i]
    const mean = Math.trunc(sum / count + 0.5)
    for (let i = 0; i < to.length; i++) to[i] = blendBytes(mean, from[i], factor)
  })
}

/** Between grey (factor 0) and the image (1), and beyond. Source: `torchvision.transforms.functional.adjust_saturation`. */
export function adjustSaturation(image: Tensor, factor: number): Tensor {
  const colored = hasColors('adjustSaturation', image)
  checkFactor('adjustSaturation', factor)
  if (!colored) return image
  if (image.dtype !== 'uint8') return blend(greyOf(image), image, factor)
  return eachImage(image, 3, (from, to) => {
    const count = from.length / 3
    for (let i = 0; i < count; i++) {
      const grey = greyAt(from, i)
      for (let at = i; at < to.length; at += count) to[at] = blendBytes(grey, from[at], factor)
    }
  })
}

/** All hues shifted by a part of the circle, -0.5 to 0.5. Source: `torchvision.transforms.functional.adjust_hue`. */
export function adjustHue(image: Tensor, shift: number): Tensor {
  const colored = hasColors('adjustHue', image)
  if (!(Math.abs(shift) <= 0.5)) throw new ValueError(`adjustHue: the shift must be within -0.5 and 0.5, got ${shift}`)
  if (!colored) return image
  if (image.dtype === 'uint8') {
    const steps = Math.trunc(shift * 255)
    return eachImage(image, 3, (from, to) => eachPixel(from, to, (pixel) => shiftHueOfBytes(pixel, steps)))
  }
  const source = image.to('float64').data() as Float64Array
  const size = 3 * image.shape[image.ndim - 2] * image.shape[image.ndim - 1]
  for (let from = 0; from < source.length; from += size) {
    const one = source.subarray(from, from + size)
    eachPixel(one, one, (pixel) => shiftHue(pixel, shift))
  }
  return fromHost(source, image.shape, 'float64', image.device).to(image.dtype)
}

function eachPixel<Values extends Uint8Array | Float64Array>(
  from: Values,
  to: Values,
  change: (pixel: Float64Array) => void,
): void {
  const count = from.length / 3
  const pixel = new Float64Array(3)
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) pixel[c] = from[i + c * count]
    change(pixel)
    for (let c = 0; c < 3; c++) to[i + c * count] = pixel[c]
  }
}

/** Images as grey, in one channel or three equal ones. Source: `torchvision.transforms.Grayscale`. */
export function Grayscale(numOutputChannels: 1 | 3 = 1): Transform {
  if (numOutputChannels !== 1 && numOutputChannels !== 3)
    throw new ValueError(`Grayscale: numOutputChannels must be 1 or 3, got ${numOutputChannels as number}`)
  return (image) => {
    const grey = hasColors('Grayscale', image) ? toGrey(image) : image
    return numOutputChannels === 1 ? grey : cat([grey, grey, grey], image.ndim - 3)
  }
}

/** [..., 3, H, W] to [..., 1, H, W]. */
export function toGrey(image: Tensor): Tensor {
  if (image.dtype !== 'uint8') return greyOf(image)
  return eachImage(image, 1, (from, to) => {
    for (let i = 0; i < to.length; i++) to[i] = greyAt(from, i)
  })
}
