// Transforms that choose among others, and one that wipes out a part of the image.
import { ShapeError, ValueError } from '../base/errors.ts'
import { tensor } from '../ops/tensorOf.ts'
import { Tensor } from '../tensor/tensor.ts'
import { checkProbability, checkRange, drawBelow, drawSides, drawUnit, happens, type Range } from './draws.ts'
import { planeOf } from './resize.ts'
import { choosing, Compose, type Transform } from './transforms.ts'

/** All of the transforms with probability p, or none. Source: `torchvision.transforms.RandomApply`. */
export function RandomApply(transforms: readonly Transform[], { p = 0.5 }: { p?: number } = {}): Transform {
  checkProbability('RandomApply', p)
  const all = Compose(transforms)
  return choosing((image) => (drawUnit() <= Math.fround(p) ? all(image) : image))
}

/**
 * One of the transforms; `p` holds their weights, default: equal ones. Source: `torchvision.transforms.RandomChoice`, which draws from the
 * random numbers of Python; here they are PyTorch's too.
 */
export function RandomChoice(transforms: readonly Transform[], { p }: { p?: readonly number[] } = {}): Transform {
  const weights = p ?? transforms.map(() => 1)
  let total = 0
  const bounds = weights.map((weight) => (total += weight))
  if (weights.length !== transforms.length || weights.some((weight) => !(weight >= 0)) || !(total > 0)) {
    throw new ValueError(
      `RandomChoice: ${transforms.length} transforms need as many weights >= 0, got [${weights.join(', ')}]`,
    )
  }
  return choosing((image) => {
    const drawn = drawUnit() * total
    return transforms[bounds.findIndex((bound) => drawn < bound)](image)
  })
}

export interface RandomErasingOptions {
  /** Probability that anything is erased. Default 0.5. */
  p?: number
  /** Part of the area. Default [0.02, 0.33]. */
  scale?: Range
  /** Height over width. Default [0.3, 3.3]. */
  ratio?: Range
  /** What is put there: a number, one for each channel, or 'random' for numbers of the standard normal distribution. Default 0. */
  value?: number | readonly number[] | 'random'
}
/** A rectangle of random size and place is overwritten. Zhong et al. 2017; `torchvision.transforms.RandomErasing`. */
export function RandomErasing({
  p = 0.5,
  scale = [0.02, 0.33],
  ratio = [0.3, 3.3],
  value = 0,
}: RandomErasingOptions = {}): Transform {
  checkProbability('RandomErasing', p)
  checkRange('RandomErasing', 'scale', scale, 0, 1)
  checkRange('RandomErasing', 'ratio', ratio, Number.MIN_VALUE, Infinity)
  return choosing((image) => {
    if (!happens(p)) return image
    const channels = image.shape[image.ndim - 3]
    const [height, width] = planeOf(image)
    for (let tries = 0; tries < 10; tries++) {
      const [h, w] = drawSides(height * width, scale, ratio)
      if (h >= height || w >= width) continue
      const content = value === 'random' ? Tensor.empty([channels, h, w], 'float32').normal_() : column(value, channels)
      const top = drawBelow(height - h + 1)
      const left = drawBelow(width - w + 1)
      const out = image.clone()
      out.narrow(-2, top, h).narrow(-1, left, w).copy_(content)
      return out
    }
    return image
  })
}

function column(value: number | readonly number[], channels: number): Tensor {
  const values = [value].flat()
  if (values.length !== 1 && values.length !== channels)
    throw new ShapeError(`RandomErasing: value has ${values.length} numbers, the image ${channels} channels`)
  return tensor(values).reshape(-1, 1, 1)
}
