// Numbers as colours, and colours as PNG in a `data:` address.
import * as Plot from '@observablehq/plot'
import { encode } from 'fast-png'
import { ValueError } from '../base/errors.ts'

/** 8-bit samples, row by row: grey, RGB, or RGB with opacity. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3 | 4
  readonly data: Uint8Array
}

export function pngUrl({ width, height, channels, data }: Pixels): string {
  const bytes = encode({ width, height, channels, depth: 8, data })
  return `data:image/png;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`
}

export type Colour = readonly [red: number, green: number, blue: number]

/** `#2f7fd6` or `rgb(47, 127, 214)` as numbers. */
export function parseColour(text: string): Colour {
  const hex = /^#(..)(..)(..)$/.exec(text)
  const parts = hex ? hex.slice(1).map((part) => Number.parseInt(part, 16)) : (text.match(/\d+/g) ?? []).map(Number)
  return [parts[0], parts[1], parts[2]]
}

/** Names of colour schemes; the pictures are in the documentation of Observable Plot. */
export type Scheme = Plot.ColorScheme

/** Values between two limits as colours of a scheme. */
export interface ColourMap {
  readonly low: number
  readonly high: number
  colour(value: number): Colour
}

/** Limits that are equal or missing are widened, so that every value has a colour. */
export function colourMap(op: string, scheme: Scheme, low: number, high: number): ColourMap {
  if (!(low <= high)) throw new ValueError(`${op}: nothing to show: no value is finite`)
  const [from, to] = low === high ? [low - 0.5, high + 0.5] : [low, high]
  const scale = Plot.scale({ color: { type: 'linear', scheme, domain: [0, 255] } })
  const table = Array.from({ length: 256 }, (_, i) => parseColour(scale.apply(i) as string))
  const index = (value: number): number => Math.round((255 * (value - from)) / (to - from))
  return { low: from, high: to, colour: (value) => table[Math.min(255, Math.max(0, index(value)))] }
}

/** A matrix as pixels; cells of NaN are transparent. */
export function matrixPixels(rows: readonly (readonly number[])[], map: ColourMap): Pixels {
  const [height, width] = [rows.length, rows[0].length]
  const data = new Uint8Array(width * height * 4)
  for (const [r, row] of rows.entries()) {
    for (const [c, value] of row.entries()) {
      if (!Number.isNaN(value)) data.set([...map.colour(value), 255], 4 * (r * width + c))
    }
  }
  return { width, height, channels: 4, data }
}

/** Whether black reads better on a colour than white. */
export function isLight([red, green, blue]: Colour): boolean {
  const linear = (part: number): number => (part / 255) ** 2.2
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) > 0.18
}
