// The choices of random transforms: single numbers of the default generator, each by the recipe of the call that torchvision 0.14 makes.
import { ValueError } from '../base/errors.ts'
import { uniform } from '../base/random.ts'
import { defaultGenerator } from '../ops/random.ts'

/** The smallest and the largest value. */
export type Range = readonly [from: number, to: number]

/** `torch.rand(1)`. */
export const drawUnit = (): number => defaultGenerator.uniform24()

/** `torch.rand(1) < p`: PyTorch compares in float32. */
export const happens = (p: number): boolean => drawUnit() < Math.fround(p)

/** `torch.randint(0, count, (1,))`. */
export const drawBelow = (count: number): number => defaultGenerator.random32() % count

/** `torch.empty(1).uniform_(from, to)`. */
export function drawBetween([from, to]: Range): number {
  const one = new Float32Array(1)
  uniform(defaultGenerator, one, from, to)
  return one[0]
}

/**
 * The sides of a rectangle with a random part `scale` of an area and a random proportion, which is drawn on a logarithmic scale: first the side
 * that grows with it.
 */
export function drawSides(area: number, scale: Range, ratio: Range): [side: number, other: number] {
  const part = area * drawBetween(scale)
  const [from, to] = ratio.map((bound) => Math.fround(Math.log(Math.fround(bound))))
  const proportion = Math.fround(Math.exp(drawBetween([from, to])))
  return [roundHalfEven(Math.sqrt(part * proportion)), roundHalfEven(Math.sqrt(part / proportion))]
}

/** Python's `round`: halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const rounded = Math.round(x)
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

export function checkProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`${op}: p is a probability between 0 and 1, got ${p}`)
}

export function checkRange(op: string, name: string, [from, to]: Range, lowest: number, highest: number): void {
  if (!(lowest <= from && from <= to && to <= highest))
    throw new ValueError(`${op}: ${name} must be [from, to] from ${lowest} to ${highest}, got [${from}, ${to}]`)
}
