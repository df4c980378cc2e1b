import { expect, test } from 'vitest'
import { ones, ShapeError, tensor, ValueError } from 'kindling'
import * as metrics from 'kindling/metrics'
import { selection } from '../support/selection.ts'

const { accuracyScore, balancedAccuracyScore, confusionMatrix, f1Score, precisionScore, recallScore } = metrics

test('every score is the one of scikit-learn', () => {
  const far: unknown[] = []
  for (const { name, truth, predicted, options, value } of selection.metrics) {
    const score = metrics[name as 'f1Score'] as (a: number[], b: number[], o: object) => number | number[]
    const [got, wanted] = [score(truth, predicted, options), value].map((one) => [one].flat(2) as number[])
    const close = got.length === wanted.length && got.every((one, i) => Math.abs(one - wanted[i]) < 1e-12)
    if (!close) far.push({ name, truth, predicted, options, got, wanted })
  }
  expect(far).toEqual([])
  expect(new Set(selection.metrics.map(({ name }) => name)).size).toBe(6)
})

test('the rows of a confusion matrix are the true classes, its columns the predicted ones', () => {
  expect(confusionMatrix([0, 0, 0, 1], [1, 1, 0, 1])).toEqual([
    [1, 2],
    [0, 1],
  ])
})

test('labels may be tensors of any dtype, typed arrays and lists', () => {
  const truth = tensor([0, 1, 2, 2])
  expect(accuracyScore(truth, tensor([0, 1, 1, 2], { dtype: 'uint8' }))).toBe(0.75)
  expect(accuracyScore(truth, Int32Array.from([0, 1, 1, 1]))).toBe(0.5)
  expect(recallScore(tensor([true, true, false]), [1, 0, 0])).toBe(0.5)
  expect(confusionMatrix(truth.to('float32'), [2, 1, 2, 2])[0]).toEqual([0, 0, 1])
})

test('a rare class moves balanced accuracy as much as a frequent one', () => {
  const truth = [...new Array(98).fill(0), 1, 1]
  const never = new Array(100).fill(0)
  expect(accuracyScore(truth, never)).toBe(0.98)
  expect(balancedAccuracyScore(truth, never)).toBe(0.5)
  expect(balancedAccuracyScore(truth, never, { adjusted: true })).toBe(0)
})

test('what cannot be scored is refused with both values', () => {
  const errors: readonly (readonly [() => unknown, typeof ValueError | typeof ShapeError, RegExp])[] = [
    [() => accuracyScore([], []), ValueError, /^accuracyScore: yTrue is empty: 0 labels/],
    [() => accuracyScore([1, 2], [1]), ShapeError, /^accuracyScore: yTrue has 2 labels, yPred 1/],
    [() => f1Score(tensor([0, 1]), ones(2, 3)), ShapeError, /yPred .*got shape \[2, 3\]\n {2}help: .*argmax\(1\)/],
    [() => confusionMatrix([0, 1], [0, 0.5]), ValueError, /whole numbers, got 0\.5 at yPred\[1\]/],
    [() => confusionMatrix([0, 1], [0, 1], { labels: [7] }), ValueError, /a true label: \[7\] and \[0, 1\]/],
    [() => precisionScore([0, 1, 2], [0, 1, 2]), ValueError, /average is 'binary', and there are 3 classes: 0, 1, 2/],
    [() => recallScore([0, 2], [0, 2]), ValueError, /posLabel must be one of the classes: 1 and 0, 2/],
  ]
  for (const [act, type, message] of errors) {
    expect(act).toThrow(type)
    expect(act).toThrow(message)
  }
})
