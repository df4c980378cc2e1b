// Images mirrored at random.
import { checkProbability, happens } from './draws.ts'
import { choosing, type Transform } from './transforms.ts'

/** Left and right change places with probability p. Source: `torchvision.transforms.RandomHorizontalFlip`. */
export function RandomHorizontalFlip(p = 0.5): Transform {
  return flipper('RandomHorizontalFlip', p, -1)
}
/** Top and bottom change places with probability p. Source: `torchvision.transforms.RandomVerticalFlip`. */
export function RandomVerticalFlip(p = 0.5): Transform {
  return flipper('RandomVerticalFlip', p, -2)
}
function flipper(op: string, p: number, dim: number): Transform {
  checkProbability(op, p)
  return choosing((image) => (happens(p) ? image.flip(dim) : image))
}
