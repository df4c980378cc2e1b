// Images turned by a random angle. The arithmetic is Pillow's: a matrix from the place in the result to the place in the image, in fixed point.
import { ShapeError, ValueError } from '../base/errors.ts'
import { encoderOf, fromHost, hostArray } from '../ops/host.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { drawBetween, type Range } from './draws.ts'
import { planeOf, type Sides } from './resize.ts'
import { choosing, type Transform } from './transforms.ts'

export interface RandomRotationOptions {
  /** The result holds the whole turned image. Default false: it is as large as the image. */
  expand?: boolean
  /** [x, y] of the point that stays. Default: the middle. */
  center?: readonly [x: number, y: number]
  /** Colour of the corners, or one for each channel. Default 0. */
  fill?: number | readonly number[]
}

/**
 * Turned counterclockwise by an angle of [-degrees, degrees] or of the given range; each pixel shows the nearest of the image, as in Pillow.
 * Source: `torchvision.transforms.RandomRotation`.
 */
export function RandomRotation(degrees: number | Range, options: RandomRotationOptions = {}): Transform {
  const range: Range = typeof degrees === 'number' ? [-degrees, degrees] : degrees
  if (!(range[0] <= range[1]))
    throw new ValueError(`RandomRotation: degrees must be a number >= 0 or [from, to], got ${JSON.stringify(degrees)}`)
  return choosing((image) => rotate(image, drawBetween(range), options))
}

function rotate(image: Tensor, angle: number, { expand = false, center, fill = 0 }: RandomRotationOptions): Tensor {
  const [height, width] = planeOf(image)
  const channels = image.shape[image.ndim - 3]
  const encode = encoderOf('RandomRotation', image.dtype)
  const fills = [fill].flat().map(encode) as number[]
  if (fills.length !== 1 && fills.length !== channels)
    throw new ShapeError(`RandomRotation: fill has ${fills.length} values, the image ${channels} channels`)
  const { size, places } = turned([height, width], angle, expand, center)
  const source = image.data() as Uint8Array
  const out = hostArray(image.dtype, (source.length / (height * width)) * places.length) as Uint8Array
  for (let plane = 0; plane * places.length < out.length; plane++) {
    const [from, to] = [plane * height * width, plane * places.length]
    const border = fills[(plane % channels) % fills.length]
    for (let i = 0; i < places.length; i++) out[to + i] = places[i] < 0 ? border : source[from + places[i]]
  }
  return fromHost(out, [...image.shape.slice(0, -2), ...size], image.dtype, image.device)
}

/** The size of the result, and the pixel that each of its pixels shows; -1: none. In 16 bits behind the point, as Pillow computes it. */
function turned(
  [height, width]: Sides,
  angle: number,
  expand: boolean,
  center?: readonly [x: number, y: number],
): { size: Sides; places: Int32Array } {
  const radians = -(((angle % 360) + 360) % 360) * (Math.PI / 180)
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)].map((x) => Number(x.toFixed(15)))
  const sourceX = (x: number, y: number, shift: number): number => cos * x + sin * y + shift
  const sourceY = (x: number, y: number, shift: number): number => -sin * x + cos * y + shift
  const [cx, cy] = center ?? [width / 2, height / 2]
  let [shiftX, shiftY] = [sourceX(-cx, -cy, 0) + cx, sourceY(-cx, -cy, 0) + cy]
  let size: Sides = [height, width]
  if (expand) {
    const corners = [0, width].flatMap((x) => [0, height].map((y) => [sourceX(x, y, shiftX), sourceY(x, y, shiftY)]))
    const extent = (d: number): number =>
      Math.ceil(Math.max(...corners.map((at) => at[d]))) - Math.floor(Math.min(...corners.map((at) => at[d])))
    // Corners between pixels would make a quarter turn of even by odd pixels too large.
    size = cos === 0 && center === undefined ? [width, height] : [extent(1), extent(0)]
    const [x, y] = [-(size[1] - width) / 2, -(size[0] - height) / 2]
    ;[shiftX, shiftY] = [sourceX(x, y, shiftX), sourceY(x, y, shiftY)]
  }
  const fixed = (x: number): number => Math.floor(x * 65536 + 0.5)
  const [c, s] = [fixed(cos), fixed(sin)]
  // Not -s: halves are rounded up.
  const minusS = fixed(-sin)
  const startX = fixed(shiftX + cos * 0.5 + sin * 0.5)
  const startY = fixed(shiftY - sin * 0.5 + cos * 0.5)
  const places = new Int32Array(size[0] * size[1])
  for (let y = 0, i = 0; y < size[0]; y++) {
    for (let x = 0; x < size[1]; x++, i++) {
      const column = Math.floor((startX + x * c + y * s) / 65536)
      const row = Math.floor((startY + x * minusS + y * c) / 65536)
      const isInside = column >= 0 && column < width && row >= 0 && row < height
      places[i] = isInside ? row * width + column : -1
    }
  }
  return { size, places }
}
