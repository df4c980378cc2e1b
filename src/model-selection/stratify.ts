// Splits that keep the shares of the classes.
import { ShapeError, ValueError } from '../base/errors.ts'
import { type Generator, permutation } from '../base/random.ts'
import { type Labels, labelList } from '../metrics/labels.ts'

/** The samples of each class, classes in ascending order. */
export function classMembers(labels: readonly number[]): Map<number, number[]> {
  const members = new Map<number, number[]>()
  for (const label of [...new Set(labels)].sort((a, b) => a - b)) members.set(label, [])
  labels.forEach((label, i) => members.get(label)?.push(i))
  return members
}

/** One label for each of `n` samples. Throws ShapeError where there are more or fewer. */
export function labelsFor(op: string, name: string, labels: Labels, n: number): number[] {
  const list = labelList(op, name, labels)
  if (list.length !== n) throw new ShapeError(`${op}: ${name} has ${list.length} labels, there are ${n} samples`)
  return list
}

/** The values in a random order. */
export const shuffled = (values: readonly number[], generator: Generator): number[] =>
  Array.from(permutation(generator, values.length), (i) => values[i])

/**
 * Indices for parts of the given sizes, with every class in each as near to its share as whole numbers allow.
 * Throws ValueError for a class with fewer samples than there are parts, and for a part with fewer samples than there are classes.
 */
export function stratifiedIndices(
  op: string,
  labels: readonly number[],
  sizes: readonly number[],
  generator: Generator,
): number[][] {
  const members = classMembers(labels)
  for (const [label, { length }] of members) {
    if (length < sizes.length) {
      throw new ValueError(
        `${op}: class ${label} has ${length} of the ${labels.length} samples; a stratified split needs at least ${sizes.length} of each`,
        'leave the class out, or split without stratify.',
      )
    }
  }
  const least = Math.min(...sizes)
  if (least < members.size)
    throw new ValueError(`${op}: a part of ${least} samples cannot hold all ${members.size} classes`)
  const groups = [...members.values()].map((group) => shuffled(group, generator))
  const taken = groups.map(() => 0)
  return sizes.map((size) => {
    const left = groups.map(({ length }, c) => length - taken[c])
    const shares = shareOut(left, size, generator)
    const part = groups.flatMap((group, c) => group.slice(taken[c], (taken[c] += shares[c])))
    return shuffled(part, generator)
  })
}

/** `count` shared out in proportion to `sizes`: rounded down, and the rest to the largest remainders, ties by chance. */
function shareOut(sizes: readonly number[], count: number, generator: Generator): number[] {
  const total = sizes.reduce((a, b) => a + b, 0)
  const exact = sizes.map((size) => (size / total) * count)
  const shares = exact.map(Math.floor)
  const rest = count - shares.reduce((a, b) => a + b, 0)
  const remainder = (c: number): number => exact[c] - shares[c]
  const order = Array.from(permutation(generator, sizes.length)).sort((a, b) => remainder(b) - remainder(a))
  for (const c of order.slice(0, rest)) shares[c]++
  return shares
}
