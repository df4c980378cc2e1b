// Pictures from PNG files as grey values, and grey values as PNG for the report.
import { readFile } from 'node:fs/promises'
import { convertIndexedToRgb, type DecodedPng, decode, encode, hasPngSignature } from 'fast-png'
import { fileWork } from './files.ts'
import { UserError } from './userError.ts'

/** Grey values 0 (black) to 1 (white), row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly values: Float32Array
}

/** Beyond this a picture is more likely a mistake, or an attack on memory, than a drawing. */
const maxPixels = 64e6

/** Reads a PNG file of any kind. Throws UserError where it is missing, another format, or damaged. */
export async function readPicture(path: string): Promise<Picture> {
  const bytes = await fileWork(`cannot read ${path}`, () => readFile(path))
  if (!hasPngSignature(bytes)) {
    throw new UserError(`${path} is no PNG file${formatHint(bytes)}\n  help: give a picture in PNG format.`)
  }
  if (bytes.length < 24) throw new UserError(`${path}: the PNG file is truncated: it has only ${bytes.length} bytes`)
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  if (width * height > maxPixels) {
    throw new UserError(`${path}: ${width} x ${height} pixels are too many\n  help: crop it, or make it smaller.`)
  }
  try {
    return toGrey(decode(bytes))
  } catch (error) {
    throw new UserError(`${path}: the PNG file is damaged: ${(error as Error).message}`)
  }
}

const formats: readonly (readonly [string, readonly number[]])[] = [
  ['a JPEG', [0xff, 0xd8, 0xff]],
  ['a GIF', [0x47, 0x49, 0x46]],
  ['a WebP', [0x52, 0x49, 0x46, 0x46]],
  ['a BMP', [0x42, 0x4d]],
  ['a PDF', [0x25, 0x50, 0x44, 0x46]],
]

function formatHint(bytes: Uint8Array): string {
  if (bytes.length === 0) return ': it is empty'
  const found = formats.find(([, start]) => start.every((byte, i) => bytes[i] === byte))
  return found === undefined ? '' : `: it looks like ${found[0]}`
}

function toGrey(png: DecodedPng): Picture {
  const { width, height } = png
  const { data, channels, scale } = samplesOf(png)
  const pixels = width * height
  const hasAlpha = channels === 2 || channels === 4
  const values = new Float32Array(pixels)
  const { transparency } = png
  for (let i = 0; i < pixels; i++) {
    const at = i * channels
    // Rec. 709 weights, on the values as they are stored.
    const grey = channels < 3 ? data[at] : 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2]
    let alpha = hasAlpha ? data[at + channels - 1] * scale : 1
    if (transparency && !png.palette && isTransparent(data, at, channels, transparency)) alpha = 0
    // Over white, as a page is.
    values[i] = grey * scale * alpha + (1 - alpha)
  }
  return { width, height, values }
}

/** The one colour of a tRNS chunk that counts as transparent. */
function isTransparent(data: ArrayLike<number>, at: number, channels: number, colour: Uint16Array): boolean {
  for (let c = 0; c < channels; c++) if (data[at + c] !== colour[c]) return false
  return true
}

/** One number per channel and pixel; `scale` brings them to 0..1. */
function samplesOf(png: DecodedPng): { data: ArrayLike<number>; channels: number; scale: number } {
  if (png.palette) {
    return { data: convertIndexedToRgb(png), channels: png.palette[0].length, scale: 1 / 255 }
  }
  const scale = 1 / (2 ** png.depth - 1)
  if (png.depth >= 8) return { data: png.data, channels: png.channels, scale }
  return { data: unpackBits(png), channels: 1, scale }
}

/** Grey of 1, 2 or 4 bits comes packed: every row begins with a new byte. */
function unpackBits({ data, width, height, depth }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8)
  const out = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      const byte = data[y * rowBytes + (bit >> 3)]
      out[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
    }
  }
  return out
}

/** Grey bytes as a PNG in a `data:` address. */
export function pngDataUri(width: number, height: number, grey: Uint8Array): string {
  const bytes = encode({ width, height, data: grey, channels: 1, depth: 8 })
  return `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`
}
