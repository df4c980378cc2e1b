// Pictures from files as grey values, and grey values as PNG for the report.
import { encode } from 'fast-png'
import { readImage } from '../vision/index.ts'

/** Grey values 0 (black) to 1 (white), row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly values: Float32Array
}

/** Reads a PNG or JPEG file of any kind. Throws DataError where it is missing, another format, or damaged. */
export async function readPicture(path: string): Promise<Picture> {
  const image = await readImage(path)
  const [channels, height, width] = image.shape
  const bytes = image.data() as Uint8Array
  const pixels = width * height
  const at = (i: number, channel: number): number => bytes[i + channel * pixels] / 255
  const values = new Float32Array(pixels)
  for (let i = 0; i < pixels; i++) {
    // Rec. 709 weights, on the values as they are stored.
    const grey = channels < 3 ? at(i, 0) : 0.2126 * at(i, 0) + 0.7152 * at(i, 1) + 0.0722 * at(i, 2)
    const alpha = channels % 2 === 0 ? at(i, channels - 1) : 1
    // Over white, as a page is.
    values[i] = grey * alpha + (1 - alpha)
  }
  image.dispose()
  return { width, height, values }
}

/** Grey bytes as a PNG in a `data:` address. */
export function pngDataUri(width: number, height: number, grey: Uint8Array): string {
  const bytes = encode({ width, height, data: grey, channels: 1, depth: 8 })
  return `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`
}
