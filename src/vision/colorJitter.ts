// Random changes of colour, in a random order.
import { ValueError } from '../base/errors.ts'
import { permutation } from '../base/random.ts'
import { defaultGenerator } from '../ops/random.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './color.ts'
import { checkRange, drawBetween, type Range } from './draws.ts'
import { choosing, type Transform } from './transforms.ts'

export interface ColorJitterOptions {
  /** The factor lies within [1 - brightness, 1 + brightness] (at least 0), or in the given range. Default 0. */
  brightness?: number | Range
  /** Likewise. Default 0. */
  contrast?: number | Range
  /** Likewise. Default 0. */
  saturation?: number | Range
  /** The shift lies within [-hue, hue], or in the given range; at most half of the circle. Default 0. */
  hue?: number | Range
}

/** Brightness, contrast, saturation and hue changed at random, in a random order. Source: `torchvision.transforms.ColorJitter`. */
export function ColorJitter({
  brightness = 0,
  contrast = 0,
  saturation = 0,
  hue = 0,
}: ColorJitterOptions = {}): Transform {
  const changes: readonly [change: (image: Tensor, factor: number) => Tensor, range: Range | null][] = [
    [adjustBrightness, factors('brightness', brightness)],
    [adjustContrast, factors('contrast', contrast)],
    [adjustSaturation, factors('saturation', saturation)],
    [adjustHue, rangeOf('hue', hue, 0, [-0.5, 0.5])],
  ]
  return choosing((image) => {
    const order = permutation(defaultGenerator, changes.length)
    const amounts = changes.map(([, range]) => (range === null ? null : drawBetween(range)))
    return order.reduce<Tensor>((value, k) => {
      const amount = amounts[k]
      return amount === null ? value : changes[k][0](value, amount)
    }, image)
  })
}

const factors = (name: string, value: number | Range): Range | null => rangeOf(name, value, 1, [0, Infinity])

/** Null where nothing is to change. */
function rangeOf(name: string, value: number | Range, center: number, [lowest, highest]: Range): Range | null {
  if (typeof value === 'number' && !(value >= 0))
    throw new ValueError(`ColorJitter: ${name} must be a number >= 0 or [from, to], got ${value}`)
  const [from, to]: Range = typeof value === 'number' ? [Math.max(center - value, lowest), center + value] : value
  checkRange('ColorJitter', name, [from, to], lowest, highest)
  return from === center && to === center ? null : [from, to]
}
