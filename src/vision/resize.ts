// Images of another size: bytes as Pillow resizes pictures, floats as PyTorch resizes tensors.
import { ValueError } from '../base/errors.ts'
import { fillFromHost, fromHost } from '../ops/host.ts'
import { interpolate } from '../ops/interpolate.ts'
import { tensor } from '../ops/tensorOf.ts'
import { Tensor } from '../tensor/tensor.ts'
import * as resample from './resample.ts'
import type { Transform } from './transforms.ts'

export type Interpolation = 'nearest' | 'bilinear' | 'bicubic'
/** One number, or [height, width]. */
export type Size = number | readonly number[]
export type Sides = readonly [height: number, width: number]

export interface InterpolationOptions {
  /** Default 'bilinear'. */
  interpolation?: Interpolation
  /** Smoothes floats that shrink, as uint8 always is; not for 'nearest'. Default false. */
  antialias?: boolean
}
export interface ResizeOptions extends InterpolationOptions {
  /** The most that the longer side may become, where one number is given as the size. Default: no limit. */
  maxSize?: number
}

export const planeOf = (image: Tensor): Sides => image.shape.slice(-2) as unknown as Sides

/** One or two numbers of pixels. Throws ValueError for anything else. */
export function checkSize(op: string, size: Size): readonly [height: number, width?: number] {
  const sides = [size].flat()
  if (sides.length < 1 || sides.length > 2 || sides.some((n) => !Number.isInteger(n) || n < 1))
    throw new ValueError(`${op}: size must be a whole number of pixels or [height, width], got ${JSON.stringify(size)}`)
  return sides as [number, number?]
}

/**
 * Images [..., C, H, W] of another size: [height, width], or the shorter side, with the longer one in proportion.
 * uint8 is resized as Pillow does, bit for bit, smoothed where it shrinks; floats as `F.interpolate` does. Source: `torchvision.transforms.Resize`.
 */
export function Resize(size: Size, { maxSize, ...options }: ResizeOptions = {}): Transform {
  const [first, second] = checkSize('Resize', size)
  if (maxSize !== undefined && (second !== undefined || !(maxSize > first)))
    throw new ValueError(
      `Resize: maxSize goes with one smaller number as the size, got ${maxSize} and ${JSON.stringify(size)}`,
    )
  checkOptions('Resize', options)
  return (image) => {
    const now = planeOf(image)
    return resizeImage(image, second === undefined ? inProportion(now, first, maxSize) : [first, second], options)
  }
}

function inProportion(now: Sides, shorter: number, maxSize = Infinity): Sides {
  const [short, long] = [Math.min(...now), Math.max(...now)]
  let [newShort, newLong] = [shorter, Math.trunc((shorter * long) / short)]
  if (newLong > maxSize) [newShort, newLong] = [Math.trunc((maxSize * newShort) / newLong), maxSize]
  return now[0] <= now[1] ? [newShort, newLong] : [newLong, newShort]
}

export function checkOptions(
  op: string,
  { interpolation = 'bilinear', antialias = false }: InterpolationOptions,
): void {
  const modes = ['nearest', 'bilinear', 'bicubic']
  if (!modes.includes(interpolation))
    throw new ValueError(`${op}: interpolation must be one of ${modes.join(', ')}, got '${interpolation}'`)
  if (antialias && interpolation === 'nearest') throw new ValueError(`${op}: 'nearest' has no antialias`)
}

/** Source: `torchvision.transforms.functional.resize`. */
export function resizeImage(
  image: Tensor,
  target: Sides,
  { interpolation = 'bilinear', antialias = false }: InterpolationOptions = {},
): Tensor {
  const now = planeOf(image)
  if (now[0] === target[0] && now[1] === target[1]) return image
  if (image.dtype === 'uint8') return resizeBytes(image, now, target, interpolation)
  const planes = image.reshape(-1, ...image.shape.slice(-3))
  const resized = antialias
    ? smoothed(planes, now, target, interpolation)
    : interpolate(planes, { size: target, mode: interpolation })
  return resized.reshape(...image.shape.slice(0, -2), ...target)
}

function resizeBytes(image: Tensor, now: Sides, target: Sides, interpolation: Interpolation): Tensor {
  if (interpolation === 'nearest') {
    return target.reduce((x, to, d) => {
      const positions = resample.nearestPositions(now[d], to)
      return x.indexSelect(image.ndim - 2 + d, tensor(positions))
    }, image)
  }
  const source = image.data() as Uint8Array
  return fillFromHost(Tensor.empty([...image.shape.slice(0, -2), ...target], 'uint8', image.device), (out) =>
    resample.resampleBytes(source, now, out as Uint8Array, target, resample[interpolation]),
  )
}

/** Both passes as matrix products. Source: `torch.nn.functional.interpolate` with `antialias=True`. */
function smoothed(planes: Tensor, now: Sides, target: Sides, interpolation: Interpolation): Tensor {
  const filter = resample[interpolation as 'bilinear' | 'bicubic']
  const [rows, columns] = target.map((to, d) =>
    fromHost(resample.weightMatrix(now[d], to, filter), [to, now[d]], 'float64', planes.device).to(planes.dtype),
  )
  return rows.matmul(planes.matmul(columns.t()))
}
