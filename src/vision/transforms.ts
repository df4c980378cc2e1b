// What a transform is, how several make one, and the transforms that only change numbers. Those that change shapes and colours are in the files beside.
import { ShapeError, ValueError } from '../base/errors.ts'
import { stack } from '../ops/join.ts'
import { tensor } from '../ops/tensorOf.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * A function of an image [C, H, W] that also takes a batch [N, C, H, W], unless `perSample` says that it must see one image at a time.
 * uint8 images are treated as torchvision treats PIL images, floats as it treats tensors.
 */
export interface Transform {
  (image: Tensor): Tensor
  /** Set on transforms with random choices: every image gets its own. */
  perSample?: boolean
  /** A batch [N, C, H, W], every image with choices of its own, in order: where that is cheaper than one image after the other. */
  batch?: (images: Tensor) => Tensor
}

/** A batch [N, C, H, W] through a transform of any kind. */
export function transformBatch(transform: Transform, images: Tensor): Tensor {
  if (!transform.perSample) return transform(images)
  return transform.batch?.(images) ?? eachImage(transform, images)
}
const eachImage = (transform: Transform, images: Tensor): Tensor =>
  stack(Array.from({ length: images.shape[0] }, (_, i) => transform(images.select(0, i))))

/** Marks a transform that chooses: it must see one image at a time. */
export const choosing = (transform: (image: Tensor) => Tensor): Transform =>
  Object.assign(transform, { perSample: true })

const chain =
  (transforms: readonly Transform[]): Transform =>
  (image) =>
    transforms.reduce((value, transform) => transform(value), image)

/** One transform after another. Source: `torchvision.transforms.Compose`. */
export function Compose(transforms: readonly Transform[]): Transform {
  const split = transforms.findLastIndex((transform) => transform.perSample === true) + 1
  if (split === 0) return chain(transforms)
  // The choices are made image by image, as a loop in Python makes them; what follows the last of them takes the batch at once.
  const [choices, rest] = [chain(transforms.slice(0, split)), chain(transforms.slice(split))]
  return Object.assign(choosing(chain(transforms)), { batch: (images: Tensor) => rest(eachImage(choices, images)) })
}

/** Any function as a transform. Source: `torchvision.transforms.Lambda`. */
export function Lambda(
  transform: (image: Tensor) => Tensor,
  { perSample = false }: { perSample?: boolean } = {},
): Transform {
  return Object.assign((image: Tensor) => transform(image), { perSample })
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
