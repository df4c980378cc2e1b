// Borders around images [..., C, H, W], added and cut.
import { ShapeError, ValueError } from '../base/errors.ts'
import { cat } from '../ops/join.ts'
import { pad } from '../ops/pad.ts'
import { tensor } from '../ops/tensorOf.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Transform } from './transforms.ts'

/** All sides; [left and right, top and bottom]; or [left, top, right, bottom]. Negative numbers cut. */
export type Padding = number | readonly number[]
/** `edge` repeats the last pixel, `reflect` mirrors without it, `symmetric` with it; both go back and forth where the border is wide. */
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric'
export interface PadOptions {
  /** The constant, or one for each channel; cut to whole numbers for uint8. Default 0. */
  fill?: number | readonly number[]
  /** Default 'constant'. */
  paddingMode?: PaddingMode
}

const modulo = (i: number, period: number): number => ((i % period) + period) % period

/** The pixel of a line of `size` that shows at position `i`, before, in or behind it. */
const sources: Record<Exclude<PaddingMode, 'constant'>, (i: number, size: number) => number> = {
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => {
    const period = Math.max(2 * size - 2, 1)
    const at = modulo(i, period)
    return Math.min(at, period - at)
  },
  symmetric: (i, size) => {
    const at = modulo(i, 2 * size)
    return Math.min(at, 2 * size - 1 - at)
  },
}

/** [left, top, right, bottom]. */
function sidesOf(op: string, padding: Padding): readonly number[] {
  const sides = [padding].flat()
  if (![1, 2, 4].includes(sides.length) || sides.some((n) => !Number.isInteger(n))) {
    throw new ValueError(
      `${op}: padding must be a whole number, [left and right, top and bottom] or [left, top, right, bottom], got ${JSON.stringify(padding)}`,
    )
  }
  return Array.from({ length: 4 }, (_, i) => sides[i % sides.length])
}

/** Throws ValueError for what `padImage` cannot do with any image. */
export function checkPadding(op: string, padding: Padding, { paddingMode = 'constant' }: PadOptions): void {
  sidesOf(op, padding)
  if (paddingMode !== 'constant' && sources[paddingMode] === undefined)
    throw new ValueError(
      `${op}: paddingMode must be constant, ${Object.keys(sources).join(', ')}, got '${paddingMode as string}'`,
    )
}

/** Sources: `torchvision.transforms.functional.pad`, `numpy.pad` for the borders that mirror. */
export function padImage(
  op: string,
  image: Tensor,
  padding: Padding,
  { fill = 0, paddingMode = 'constant' }: PadOptions = {},
): Tensor {
  const [left, top, right, bottom] = sidesOf(op, padding)
  if (paddingMode !== 'constant') {
    const tall = extend(image, image.ndim - 2, top, bottom, paddingMode)
    return extend(tall, image.ndim - 1, left, right, paddingMode)
  }
  const border = (part: Tensor, value: number): Tensor =>
    pad(part, [left, right, top, bottom], { value: image.dtype === 'uint8' ? Math.trunc(value) : value })
  if (typeof fill === 'number') return border(image, fill)
  const channels = image.shape[image.ndim - 3]
  if (fill.length !== channels)
    throw new ShapeError(`${op}: fill has ${fill.length} values, the image ${channels} channels`)
  return cat(
    fill.map((value, c) => border(image.narrow(image.ndim - 3, c, 1), value)),
    image.ndim - 3,
  )
}

function extend(image: Tensor, dim: number, before: number, after: number, mode: keyof typeof sources): Tensor {
  if (before === 0 && after === 0) return image
  const first = Math.max(-before, 0)
  const size = image.shape[dim] - first - Math.max(-after, 0)
  const length = image.shape[dim] + before + after
  const at = Array.from({ length }, (_, i) => first + sources[mode](i - Math.max(before, 0), size))
  return image.indexSelect(dim, tensor(at))
}

/** A border around images. Source: `torchvision.transforms.Pad`. */
export function Pad(padding: Padding, options: PadOptions = {}): Transform {
  checkPadding('Pad', padding, options)
  return (image) => padImage('Pad', image, padding, options)
}
