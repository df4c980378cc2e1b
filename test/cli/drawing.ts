// Digits drawn as strokes, and the PNG files of every kind that `predict` must read.
import { encode, type ImageData } from 'fast-png'

/** Points of strokes in a square from 0 to 1, as a person would draw them. */
export const strokes: Readonly<Record<number, readonly (readonly (readonly [number, number])[])[]>> = {
  0: [circle(0.5, 0.5, 0.3, 0.42, 0, 360)],
  1: [
    [
      [0.52, 0.08],
      [0.48, 0.92],
    ],
  ],
  2: [[...circle(0.5, 0.3, 0.27, 0.22, 190, 390), [0.24, 0.88], [0.78, 0.88]]],
  3: [[...circle(0.45, 0.29, 0.27, 0.21, 210, 430), [0.45, 0.5], ...circle(0.45, 0.71, 0.29, 0.22, 280, 510)]],
  4: [
    [
      [0.35, 0.1],
      [0.25, 0.52],
      [0.75, 0.52],
    ],
    [
      [0.68, 0.15],
      [0.62, 0.92],
    ],
  ],
  5: [[[0.75, 0.1], [0.36, 0.12], [0.33, 0.45], ...circle(0.47, 0.66, 0.27, 0.24, 250, 500)]],
  7: [
    [
      [0.22, 0.14],
      [0.76, 0.13],
      [0.42, 0.92],
    ],
  ],
}

function circle(x: number, y: number, rx: number, ry: number, from: number, to: number): (readonly [number, number])[] {
  return Array.from({ length: 25 }, (_, k) => {
    const angle = ((from + ((to - from) * k) / 24) * Math.PI) / 180
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const
  })
}

export interface Drawing {
  width: number
  height: number
  /** Ink 0 .. 1 by pixel. */
  ink: Float32Array
}

/** The digit in a square of `size` pixels at (left, top) of a larger sheet, with a pen of `pen` pixels. */
export function drawDigit(
  digit: number,
  { size = 200, pen = 22, width = 320, height = 260, left = 70, top = 20 } = {},
): Drawing {
  const ink = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let nearest = Number.POSITIVE_INFINITY
      for (const stroke of strokes[digit]) {
        for (let k = 1; k < stroke.length; k++) {
          const [a, b] = [stroke[k - 1], stroke[k]].map(([px, py]) => [left + px * size, top + py * size])
          nearest = Math.min(nearest, distance([x + 0.5, y + 0.5], a, b))
        }
      }
      ink[y * width + x] = Math.min(1, Math.max(0, pen / 2 + 0.5 - nearest))
    }
  }
  return { width, height, ink }
}

function distance([x, y]: number[], [ax, ay]: number[], [bx, by]: number[]): number {
  const [dx, dy] = [bx - ax, by - ay]
  const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(x - ax - t * dx, y - ay - t * dy)
}

type Channels = (ink: number) => readonly number[]

const png = ({ width, height, ink }: Drawing, depth: 8 | 16, of: Channels): Uint8Array => {
  const values = Array.from(ink).flatMap((v) => [...of(v)])
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values)
  return encode({ width, height, data, depth, channels: of(0).length } as ImageData)
}

/** Files of one drawing; each must be read as the same digit. */
export const kinds: Readonly<Record<string, (drawing: Drawing) => Uint8Array>> = {
  'dark on light grey': (d) => png(d, 8, (v) => [240 - 200 * v]),
  'light on dark grey, 16 bit': (d) => png(d, 16, (v) => [2000 + 60000 * v]),
  'blue on white RGB': (d) => png(d, 8, (v) => [255 - 225 * v, 255 - 195 * v, 255 - 75 * v]),
  'black on transparent RGBA': (d) => png(d, 8, (v) => [0, 0, 0, 255 * v]),
  'grey with alpha': (d) => png(d, 8, (v) => [20, 255 * v]),
  palette: ({ width, height, ink }) =>
    encode({
      width,
      height,
      depth: 8,
      channels: 1,
      data: Uint8Array.from(ink, (v) => (v > 0.5 ? 1 : 0)),
      palette: [
        [255, 250, 220],
        [30, 20, 90],
      ],
    }),
}
