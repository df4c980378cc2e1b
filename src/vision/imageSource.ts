// Pictures that a browser has decoded (from files, a canvas, a camera) as tensors, and tensors as pixels for a canvas. Image files themselves: `image.ts`.
import { DataError, DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { scope } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type DecodeOptions, toTensor } from './image.ts'

/** Pixels as a canvas has them: red, green, blue and alpha of each pixel, row after row. `ImageData` is one. */
export interface PixelData {
  /** Pixels in a row. */
  readonly width: number
  /** Rows. */
  readonly height: number
  /** Four bytes a pixel. */
  readonly data: Uint8ClampedArray | Uint8Array
}

/** What a browser can draw: of these, all but the elements also in a worker. */
export type ImageSource =
  | PixelData
  | ImageBitmap
  | VideoFrame
  | OffscreenCanvas
  | HTMLCanvasElement
  | HTMLImageElement
  | HTMLVideoElement

const modes = ['RGB', 'L', 'unchanged']

/**
 * A picture as a tensor: uint8 [C, H, W], with three channels, one ('L', by Pillow's formula) or four ('unchanged': RGB and alpha). For files of any format
 * that the browser knows: `imageToTensor(await createImageBitmap(file))`. Throws DataError for a picture of no size, and in Node for all but pixels.
 * Source: `torchvision.transforms.functional.pil_to_tensor`.
 */
export function imageToTensor(source: ImageSource, { mode = 'RGB' }: DecodeOptions = {}): Tensor {
  if (!modes.includes(mode))
    throw new ValueError(`imageToTensor: mode must be one of ${modes.join(', ')}, got '${mode}'`)
  const { width, height, data } = pixelsOf(source)
  if (data.length !== 4 * width * height)
    throw new DataError(
      `imageToTensor: ${width} x ${height} pixels have ${4 * width * height} bytes, got ${data.length}`,
    )
  return scope(() => toTensor({ width, height, channels: 4, data }, mode))
}

function pixelsOf(source: ImageSource): PixelData {
  if ('data' in source) return source
  const [width, height] = sizeOf(source)
  if (!(width > 0 && height > 0)) throw new DataError(`imageToTensor: the picture has no pixels: ${width} x ${height}`)
  if (typeof OffscreenCanvas === 'undefined')
    throw new DataError('imageToTensor: there is no canvas here', 'for image files in Node: decodeImage(bytes).')
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (context === null) throw new DataError('imageToTensor: this browser gives no 2d canvas here')
  context.drawImage(source, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}

function sizeOf(source: Exclude<ImageSource, PixelData>): [width: number, height: number] {
  if ('displayWidth' in source) return [source.displayWidth, source.displayHeight]
  if ('videoWidth' in source) return [source.videoWidth, source.videoHeight]
  if ('naturalWidth' in source) return [source.naturalWidth, source.naturalHeight]
  return [source.width, source.height]
}

/**
 * uint8 [C, H, W] with 1, 3 or 4 channels (or [H, W]) as pixels for `context.putImageData`. Throws DataError where there is no `ImageData`, as in Node.
 * Source: `torchvision.transforms.functional.to_pil_image`.
 */
export function tensorToImage(image: Tensor): ImageData {
  const shape = image.ndim === 2 ? [1, ...image.shape] : image.shape
  const [channels, height, width] = shape
  if (shape.length !== 3 || ![1, 3, 4].includes(channels))
    throw new ShapeError(
      `tensorToImage: an image [C, H, W] with 1, 3 or 4 channels is needed, got [${image.shape.join(', ')}]`,
    )
  if (image.dtype !== 'uint8')
    throw new DTypeError(
      `tensorToImage: an image of uint8 is needed, got ${image.dtype}`,
      'for numbers from 0 to 1: x.mul(255).round().to("uint8").',
    )
  if (typeof ImageData === 'undefined')
    throw new DataError('tensorToImage: there is no ImageData here', 'in Node, encodePng(image) makes a file.')
  const planes = image.data() as Uint8Array
  const plane = width * height
  const pixels = new Uint8ClampedArray(4 * plane).fill(255)
  for (let c = 0; c < (channels === 4 ? 4 : 3); c++) {
    const from = channels === 1 ? 0 : c * plane
    for (let i = 0; i < plane; i++) pixels[4 * i + c] = planes[from + i]
  }
  return new ImageData(pixels, width, height)
}
