// Transforms of images: functions on tensors [..., C, H, W], so that most of them take a whole batch at once.
import { ShapeError, ValueError } from '../base/errors.ts'
import { interpolate } from '../ops/interpolate.ts'
import { tensor } from '../ops/tensorOf.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A function of an image [C, H, W] that also takes a batch [N, C, H, W], unless `perSample` says that it must see one image at a time. */
export interface Transform {
  (image: Tensor): Tensor
  /** Set on transforms with random choices: every image gets its own. */
  perSample?: boolean
}

/** Pixels 0..255 (uint8) to float32 0..1; other dtypes stay as they are. Source: `torchvision.transforms.ToTensor`. */
export function ToTensor(): Transform {
  return (image) => (image.dtype === 'uint8' ? image.float().div(255) : image)
}

/** (image - mean) / std per channel. Source: `torchvision.transforms.Normalize`. */
export function Normalize(mean: readonly number[] | number, std: readonly number[] | number): Transform {
  const means = [mean].flat()
  const stds = [std].flat()
  if (stds.includes(0)) throw new ValueError('Normalize: std must not be 0')
  const column = (values: readonly number[]): Tensor => tensor(values, { dtype: 'float32' }).reshape(-1, 1, 1)
  return (image) => {
    const channels = image.shape[image.ndim - 3]
    for (const [name, values] of [
      ['mean', means],
      ['std', stds],
    ] as const) {
      if (values.length !== 1 && values.length !== channels) {
        throw new ShapeError(`Normalize: ${name} has ${values.length} values, the image ${channels} channels`)
      }
    }
    return image.sub(column(means)).div(column(stds))
  }
}

export interface ResizeOptions {
  /** Default 'bilinear'. */
  interpolation?: 'nearest' | 'bilinear' | 'bicubic'
}
/**
 * Images [..., C, H, W] of another size: [height, width], or the shorter side, with the longer one in proportion. uint8 images stay uint8, rounded.
 * Source: `torchvision.transforms.Resize` for tensors, without antialiasing.
 */
export function Resize(
  size: number | readonly [height: number, width: number],
  { interpolation = 'bilinear' }: ResizeOptions = {},
): Transform {
  const wanted = [size].flat()
  if (wanted.length > 2 || wanted.some((n) => !Number.isInteger(n) || n < 1))
    throw new ValueError(
      `Resize: size must be a whole number of pixels or [height, width], got ${JSON.stringify(size)}`,
    )
  return (image) => {
    const now = image.shape.slice(-2)
    const shorter = Math.min(...now)
    const target = wanted.length === 2 ? wanted : now.map((n) => Math.floor((wanted[0] * n) / shorter))
    if (now.every((n, d) => n === target[d])) return image
    const bytes = image.dtype === 'uint8'
    const resized = interpolate((bytes ? image.float() : image).reshape(-1, ...image.shape.slice(-3)), {
      size: target,
      mode: interpolation,
    }).reshape(...image.shape.slice(0, -2), ...target)
    return bytes ? resized.round().clamp(0, 255).to('uint8') : resized
  }
}

/** Any function as a transform. Source: `torchvision.transforms.Lambda`. */
export function Lambda(
  transform: (image: Tensor) => Tensor,
  { perSample = false }: { perSample?: boolean } = {},
): Transform {
  return Object.assign((image: Tensor) => transform(image), { perSample })
}

/** One transform after another. Source: `torchvision.transforms.Compose`. */
export function Compose(transforms: readonly Transform[]): Transform {
  const perSample = transforms.some((transform) => transform.perSample === true)
  return Object.assign((image: Tensor) => transforms.reduce((value, transform) => transform(value), image), {
    perSample,
  })
}
