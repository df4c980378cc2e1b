// What the networks for images share: their options, and the size that convolutions and poolings leave of an image.
import { ShapeError, ValueError } from '../base/errors.ts'
import { AvgPool2d, Conv2d, MaxPool2d, type Module, type Size } from '../nn/index.ts'

export interface ImageOptions {
  /** Of the images: 1 for grey, 3 for colours. Default 1. */
  channels?: number
  /** Scores per image. Default 10. */
  classes?: number
}
/** Of the networks that are too large for a quick try. */
export interface WideOptions {
  /** Multiplies the channels of all convolutions and the units of all hidden layers, rounded. Default 1. */
  width?: number
}
/** Of networks whose linear layers fit images of one size only. */
export interface SidedOptions extends ImageOptions {
  /** Pixels of the images: one number, or [height, width]. */
  side?: Size
}

interface Window {
  kernelSize: Size
  stride: Size
  padding: Size
}
const windowsOf = (layers: readonly Module[]): Window[] =>
  layers
    .flatMap((layer) => [...layer.modules()])
    .filter((layer) => layer instanceof Conv2d || layer instanceof MaxPool2d || layer instanceof AvgPool2d) as Window[]

const along = (size: Size, d: number): number => (typeof size === 'number' ? size : size[d])

/** What the windows leave of `size` pixels in dimension `d`: less than 1 where they do not fit. */
const sizeAfter = (windows: readonly Window[], size: number, d: number): number =>
  windows.reduce((n, { kernelSize, stride, padding }) => {
    const room = n + 2 * along(padding, d) - along(kernelSize, d)
    return n < 1 || room < 0 ? 0 : Math.floor(room / along(stride, d)) + 1
  }, size)

/**
 * Pixels per channel that `layers`, run one after another, leave of images of `side`. Throws ValueError for what is no size, ShapeError with the
 * smallest side that works where nothing is left.
 */
export function pixelsAfter(model: string, layers: readonly Module[], side: Size): number {
  const sides = typeof side === 'number' ? [side, side] : side
  if (sides.length !== 2 || sides.some((n) => !Number.isInteger(n) || n < 1))
    throw new ValueError(`${model}: side must be a number of pixels or [height, width], got ${JSON.stringify(side)}`)
  const windows = windowsOf(layers)
  const left = sides.map((n, d) => sizeAfter(windows, n, d))
  if (left.every((n) => n > 0)) return left[0] * left[1]
  let least = 1
  while (sizeAfter(windows, least, 0) < 1) least++
  throw new ShapeError(
    `${model}: the images are too small: ${sides.join(' x ')} pixels, at least ${least} x ${least} are needed`,
    'resize the images, and pass their size as side.',
  )
}

/** Numbers of channels times `width`, at least 1. Throws ValueError unless it is a positive number. */
export function widener(model: string, width: number): (channels: number) => number {
  if (!(width > 0 && width < Number.POSITIVE_INFINITY))
    throw new ValueError(`${model}: width must be a positive number, got ${width}`)
  return (channels) => Math.max(1, Math.round(channels * width))
}
