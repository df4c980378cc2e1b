// Pictures in rows and columns: `showImages`.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { image } from './chart.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { describe } from './lines.ts'
import { extent } from './numbers.ts'
import { figureOf } from './picture.ts'
import { type Pixels, pngUrl } from './pixels.ts'
import { shadeLines, tileLines } from './shade.ts'
import { fontSize } from './style.ts'
import { svg, textWidth } from './svg.ts'

export interface ShowImagesOptions extends FigureOptions {
  /** Texts over the pictures; `\n` begins a second line. */
  titles?: readonly string[]
  /** Size of the pictures. Default 1.5. */
  scale?: number
  /**
   * `'image'` makes the least value of each picture black and the greatest white (what pictures of one channel get by default), `'all'` those
   * of all pictures. `false` shows values as they are, floats from 0 to 1 and integers from 0 to 255 (what pictures of three channels get).
   */
  normalize?: 'image' | 'all' | false
}

/** Values of one picture, channel by channel. */
interface Raster {
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
  readonly values: readonly number[]
  readonly isFloat: boolean
}

/**
 * The first `rows` times `columns` pictures of [N, H, W], [N, 1, H, W] or [N, 3, H, W], or of a list of [H, W] and [C, H, W]. Throws ShapeError for other
 * shapes. Source: `d2l.show_images`, section 3.5.
 */
export function showImages(
  images: Tensor | readonly Tensor[],
  rows: number,
  columns: number,
  options: ShowImagesOptions = {},
): Figure {
  for (const [name, value] of Object.entries({ rows, columns }))
    if (!Number.isInteger(value) || value < 1)
      throw new ValueError(`showImages: ${name} must be 1 or more, got ${value}`)
  const rasters = read(images, rows * columns)
  const { title, titles = [], scale = 1.5, normalize } = options
  const pixels = rasters.map((raster) =>
    toPixels(raster, limitsOf(raster, rasters, normalize ?? (raster.channels === 1 ? 'image' : false))),
  )
  const heads = pixels.map((_, i) => (titles[i] ?? '').split('\n'))
  const headLines = titles.length === 0 ? 0 : Math.max(...heads.map((head) => head.length))
  const used = Math.min(columns, pixels.length)
  return figureOf({
    title,
    description:
      options.description ??
      `${describe('Images', { title })}${titles.length > 0 ? `: ${heads.map((head) => head.join(' ')).join('; ')}` : ''}`,
    draw(document) {
      const side = 64 * scale
      const widest = Math.max(...heads.flat().map((line) => textWidth(line, fontSize)))
      const cell = Math.max(side, Math.min(widest, 2 * side)) + 10
      const lineHeight = fontSize + 4
      const group = svg(document, 'g', { 'text-anchor': 'middle' })
      const tallest = Math.max(...pixels.map((one) => size(one, side).height))
      const step = headLines * lineHeight + tallest + 12
      for (const [i, one] of pixels.entries()) {
        const [centre, top] = [6 + cell * (i % columns) + cell / 2, step * Math.floor(i / columns)]
        for (const [k, line] of heads[i].entries())
          if (line !== '') group.append(svg(document, 'text', { x: centre, y: top + fontSize + k * lineHeight }, line))
        const { width, height } = size(one, side)
        const box = { x: centre - width / 2, y: top + headLines * lineHeight + 4, width, height }
        group.append(image(document, pngUrl(one), box))
      }
      return { element: group, width: used * cell + 12, height: step * Math.ceil(pixels.length / columns) }
    },
    text(most) {
      const tiles = pixels.map((one, i) => ({
        head: titles.length === 0 ? [] : heads[i],
        lines: (width: number) =>
          shadeLines(greyRows(one), [0, 255], Math.min(width, one.width < 16 ? 2 * one.width : one.width)),
      }))
      return tileLines(tiles, most, Math.min(14, Math.max(...pixels.map(({ width }) => width))), columns)
    },
  })
}

function read(images: Tensor | readonly Tensor[], most: number): Raster[] {
  const list = images instanceof Tensor ? split(images) : [...images]
  if (list.length === 0) throw new ValueError('showImages: there are no images')
  return list.slice(0, most).map((one) => {
    const channels = one.ndim === 2 ? 1 : one.shape[0]
    const [height, width] = one.shape.slice(-2)
    if (one.ndim < 2 || one.ndim > 3 || (channels !== 1 && channels !== 3) || height * width === 0)
      throw new ShapeError(`showImages: an image must be [H, W], [1, H, W] or [3, H, W], got ${formatShape(one.shape)}`)
    const isFloat = one.isFloatingPoint() || one.dtype === 'bool'
    return { channels, height, width, values: one.numbers(), isFloat }
  })
}

function split(images: Tensor): Tensor[] {
  if (images.ndim !== 3 && images.ndim !== 4)
    throw new ShapeError(
      `showImages: the images must be [N, H, W], [N, 1, H, W] or [N, 3, H, W], got ${formatShape(images.shape)}`,
    )
  return Array.from({ length: images.shape[0] }, (_, i) => images.detach().select(0, i))
}

/** What is black and what is white. */
function limitsOf(raster: Raster, all: readonly Raster[], normalize: 'image' | 'all' | false): [number, number] {
  if (normalize === 'all') return extent(all.map(({ values }) => values))
  if (normalize === 'image') return extent([raster.values])
  return [0, raster.isFloat ? 1 : 255]
}

/** Where black and white are the same, everything is black. NaN is black. */
function toPixels({ channels, height, width, values }: Raster, [low, high]: readonly [number, number]): Pixels {
  const data = new Uint8Array(values.length)
  const area = width * height
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) {
      const share = high > low ? (values[c * area + i] - low) / (high - low) : 0
      data[i * channels + c] = Math.round(255 * Math.min(1, Math.max(0, share)))
    }
  }
  return { width, height, channels, data }
}

const size = ({ width, height }: Pixels, side: number): { width: number; height: number } => {
  const pixel = side / Math.max(width, height)
  return { width: width * pixel, height: height * pixel }
}

function greyRows({ width, height, channels, data }: Pixels): number[][] {
  const grey = (at: number): number =>
    channels === 1 ? data[at] : 0.2126 * data[at * 3] + 0.7152 * data[at * 3 + 1] + 0.0722 * data[at * 3 + 2]
  return Array.from({ length: height }, (_, r) => Array.from({ length: width }, (_, c) => grey(r * width + c)))
}
