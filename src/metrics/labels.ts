// Class labels as plain numbers: what metrics and stratified splits begin with.
import { ShapeError, ValueError } from '../base/errors.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Whole numbers, one per sample: a tensor [N] of any dtype, or a list. */
export type Labels = Tensor | ArrayLike<number>

/** Throws ShapeError for a tensor of other than one dimension, ValueError for no labels at all or one that is no whole number. */
export function labelList(op: string, name: string, labels: Labels): number[] {
  if (labels instanceof Tensor && labels.ndim !== 1) {
    throw new ShapeError(
      `${op}: ${name} must hold one label per sample, got shape [${labels.shape.join(', ')}]`,
      labels.ndim === 2 ? 'the labels that scores speak for are scores.argmax(1).' : undefined,
    )
  }
  const list = labels instanceof Tensor ? labels.numbers() : Array.from(labels)
  if (list.length === 0) throw new ValueError(`${op}: ${name} is empty: 0 labels`)
  const odd = list.findIndex((label) => !Number.isInteger(label))
  if (odd >= 0) throw new ValueError(`${op}: labels must be whole numbers, got ${list[odd]} at ${name}[${odd}]`)
  return list
}

/** Both lists; throws ShapeError where they differ in length. */
export function labelPair(op: string, yTrue: Labels, yPred: Labels): [yTrue: number[], yPred: number[]] {
  const pair: [number[], number[]] = [labelList(op, 'yTrue', yTrue), labelList(op, 'yPred', yPred)]
  if (pair[0].length !== pair[1].length) {
    throw new ShapeError(`${op}: yTrue has ${pair[0].length} labels, yPred ${pair[1].length}`)
  }
  return pair
}

/** Each label once, in ascending order. */
export const uniqueLabels = (...lists: readonly (readonly number[])[]): number[] =>
  [...new Set(lists.flat())].sort((a, b) => a - b)
