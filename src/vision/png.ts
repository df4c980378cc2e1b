// PNG: every kind of file to bytes, and bytes to a file.
import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png'

/** Bytes pixel after pixel: grey, grey and alpha, RGB, or RGB and alpha. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
  readonly data: Uint8Array | Uint8ClampedArray
}

const depthAt = 24
const interlaceAt = 28

/**
 * Fewer than 8 bits are spread over 0 to 255, of 16 bits the upper 8 stay; a transparent colour becomes an alpha channel.
 * Throws Error for damaged files, and interlaced ones of less than 8 bits.
 */
export function decodePng(bytes: Uint8Array): Pixels {
  // The decoder takes pixels of interlaced files by whole bytes.
  if (bytes[depthAt] < 8 && bytes[interlaceAt] === 1) throw new Error('it is interlaced and has less than 8 bits')
  const png = decode(bytes, { checkCrc: true })
  const { width, height, depth, palette, transparency } = png
  if (palette) return { width, height, channels: palette[0].length as 3 | 4, data: convertIndexedToRgb(png) }
  const channels = png.channels as Pixels['channels']
  const samples = depth < 8 ? unpack(png) : png.data
  const toByte = depth === 16 ? (v: number): number => v >> 8 : (v: number): number => (v * 255) / (2 ** depth - 1)
  const data = depth === 8 ? (samples as Uint8Array) : Uint8Array.from(samples, toByte)
  if (transparency === undefined) return { width, height, channels, data }
  return { width, height, channels: (channels + 1) as 2 | 4, data: withAlpha(data, samples, transparency) }
}

/** Grey of 1, 2 or 4 bits comes packed: every row begins with a new byte. */
function unpack({ data, width, height, depth }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8)
  const out = new Uint8Array(width * height)
  for (let y = 0, i = 0; y < height; y++) {
    for (let bit = 0; bit < width * depth; bit += depth, i++) {
      const byte = data[y * rowBytes + (bit >> 3)]
      out[i] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
    }
  }
  return out
}

/** Pixels whose samples are the transparent colour get the alpha 0, others 255. */
function withAlpha(data: ArrayLike<number>, samples: ArrayLike<number>, transparent: Uint16Array): Uint8Array {
  const channels = transparent.length
  const pixels = data.length / channels
  const out = new Uint8Array(pixels * (channels + 1))
  for (let i = 0; i < pixels; i++) {
    let same = true
    for (let c = 0; c < channels; c++) {
      out[i * (channels + 1) + c] = data[i * channels + c]
      same &&= samples[i * channels + c] === transparent[c]
    }
    out[i * (channels + 1) + channels] = same ? 0 : 255
  }
  return out
}

export function encodePixels({ width, height, channels, data }: Pixels): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 })
}
