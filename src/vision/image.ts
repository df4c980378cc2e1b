// Image files as tensors of bytes: PNG and JPEG to uint8 [C, H, W], and such a tensor to PNG. The decoders are loaded when the first image comes.
import { readFile } from '#platform'
import { DataError, DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { fromHost } from '../ops/host.ts'
import { scope } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { toGrey } from './color.ts'
import { formatOf, headerOfJpeg, sizeOfPng } from './imageHeader.ts'
import type { Pixels } from './png.ts'

export interface DecodeOptions {
  /** 'RGB': three channels; 'L': grey; neither with alpha, which is dropped, as by Pillow's `convert`. Default 'unchanged': as the file has them. */
  mode?: 'RGB' | 'L' | 'unchanged'
}

const modes = ['RGB', 'L', 'unchanged']

/** Beyond this an image is more likely a mistake, or an attack on memory. */
const maxPixels = 128e6

const formats = {
  PNG: { sizeOf: sizeOfPng, decode: async (bytes: Uint8Array) => (await import('./png.ts')).decodePng(bytes) },
  JPEG: { sizeOf: headerOfJpeg, decode: async (bytes: Uint8Array) => (await import('./jpeg.ts')).decodeJpeg(bytes) },
}
const isReadable = (format: string | undefined): format is keyof typeof formats =>
  format !== undefined && format in formats

/**
 * The image in the bytes of a PNG or JPEG file: uint8 [C, H, W], where the channels are grey; grey and alpha; RGB; RGB and alpha. The values are
 * those that Pillow gets.
 * Rejects with DataError for other formats, and for files that are damaged or cut off. Source: `torchvision.io.decode_image`.
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Tensor> {
  return decodeNamed('decodeImage', bytes, options)
}

/** The image in a PNG or JPEG file, like `decodeImage`; errors name the file. Source: `torchvision.io.read_image`. */
export async function readImage(path: string, options: DecodeOptions = {}): Promise<Tensor> {
  return decodeNamed(path, await readFile(path), options)
}

async function decodeNamed(what: string, bytes: Uint8Array, { mode = 'unchanged' }: DecodeOptions): Promise<Tensor> {
  if (!modes.includes(mode)) throw new ValueError(`${what}: mode must be one of ${modes.join(', ')}, got '${mode}'`)
  const format = formatOf(bytes)
  if (!isReadable(format)) {
    const found =
      bytes.length === 0 ? 'it is empty' : `it is ${format === undefined ? 'in no known format' : `a ${format} file`}`
    throw new DataError(`${what}: no PNG or JPEG image: ${found}`)
  }
  const { sizeOf, decode } = formats[format]
  const size = sizeOf(bytes)
  if (size === null) throw new DataError(`${what}: the ${format} file is cut off: it has ${bytes.length} bytes`)
  if (size.width * size.height > maxPixels)
    throw new DataError(
      `${what}: too many pixels: ${size.width} x ${size.height}, at most ${maxPixels / 1e6} million`,
      'crop the image, or make it smaller.',
    )
  let pixels: Pixels
  try {
    pixels = await decode(bytes)
  } catch (error) {
    throw new DataError(`${what}: cannot decode the ${format} file: ${(error as Error).message}`)
  }
  return scope(() => toTensor(pixels, mode))
}

/** Channel after channel. */
export function toTensor({ width, height, channels, data }: Pixels, mode: DecodeOptions['mode']): Tensor {
  const colored = channels >= 3
  const count = mode === 'unchanged' ? channels : mode === 'RGB' || colored ? 3 : 1
  const plane = width * height
  const planes = new Uint8Array(count * plane)
  for (let c = 0, i = 0; c < count; c++) {
    for (let at = colored || mode === 'unchanged' ? c : 0; i < (c + 1) * plane; i++, at += channels)
      planes[i] = data[at]
  }
  const image = fromHost(planes, [count, height, width], 'uint8')
  return mode === 'L' && colored ? toGrey(image) : image
}

/** uint8 [C, H, W] (1 to 4 channels, as `decodeImage` gives them) as a PNG file, without loss. Source: `torchvision.io.encode_png`. */
export async function encodePng(image: Tensor): Promise<Uint8Array> {
  const [channels, height, width] = image.shape
  if (image.ndim !== 3 || channels < 1 || channels > 4)
    throw new ShapeError(
      `encodePng: an image [C, H, W] with 1 to 4 channels is needed, got [${image.shape.join(', ')}]`,
    )
  if (image.dtype !== 'uint8')
    throw new DTypeError(
      `encodePng: an image of uint8 is needed, got ${image.dtype}`,
      'for numbers from 0 to 1: x.mul(255).round().to("uint8").',
    )
  const data = image.movedim(0, -1).data() as Uint8Array
  return (await import('./png.ts')).encodePixels({ width, height, channels: channels as Pixels['channels'], data })
}
