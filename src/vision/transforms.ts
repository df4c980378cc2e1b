// Transforms of images: functions on tensors [..., C, H, W], so that most of them take a whole batch at once.
import { ShapeError, ValueError } from '../base/errors.ts'
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
