// Classes of unequal size: a validation set that weighs them alike, and a loss that does.
import { ValueError } from '../base/errors.ts'
import type { Generator } from '../base/random.ts'
import { type Labels, labelList, uniqueLabels } from '../metrics/labels.ts'
import { defaultGenerator } from '../ops/random.ts'
import { classMembers, shuffled } from './stratify.ts'

/**
 * Indices to learn from, and to validate with: `perClass` samples of every class. Both ascending. Throws ValueError for a class that has no more than that.
 */
export function balancedSplit(
  labels: Labels,
  perClass: number,
  { shuffle = true, generator = defaultGenerator }: { shuffle?: boolean; generator?: Generator } = {},
): [train: number[], valid: number[]] {
  const list = labelList('balancedSplit', 'labels', labels)
  if (!Number.isInteger(perClass) || perClass < 1)
    throw new ValueError(`balancedSplit: perClass must be a whole number of at least 1, got ${perClass}`)
  const held = new Set<number>()
  for (const [label, group] of classMembers(list)) {
    if (group.length <= perClass) {
      throw new ValueError(
        `balancedSplit: class ${label} has ${group.length} samples: with ${perClass} to validate, none is left to learn from`,
      )
    }
    const order = shuffle ? shuffled(group, generator) : group
    for (const sample of order.slice(0, perClass)) held.add(sample)
  }
  const parts: [number[], number[]] = [[], []]
  list.forEach((_, i) => parts[held.has(i) ? 1 : 0].push(i))
  return parts
}

/**
 * A weight for each class, for the `weight` of a loss. 'balanced': samples / (classes * samples of the class), so that all classes weigh alike.
 * A record gives the weights by label, 1 where it says nothing; null gives ones. `classes` decides the order (default: those that occur, ascending).
 * Throws ValueError where `classes` lacks a label, or names one that does not occur. Source: `sklearn.utils.class_weight.compute_class_weight`.
 */
export function computeClassWeight(
  classWeight: 'balanced' | Readonly<Record<number, number>> | null,
  labels: Labels,
  { classes }: { classes?: readonly number[] } = {},
): number[] {
  const list = labelList('computeClassWeight', 'labels', labels)
  const present = uniqueLabels(list)
  const order = classes ?? present
  const missing = present.find((label) => !order.includes(label))
  if (missing !== undefined)
    throw new ValueError(`computeClassWeight: classes lacks a label: ${missing} is not in [${order.join(', ')}]`)
  if (classWeight !== 'balanced') return order.map((label) => classWeight?.[label] ?? 1)
  const members = classMembers(list)
  return order.map((label) => {
    const count = members.get(label)?.length
    if (count === undefined) throw new ValueError(`computeClassWeight: class ${label} has no samples to balance`)
    return list.length / (order.length * count)
  })
}
