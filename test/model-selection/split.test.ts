import { describe, expect, test } from 'vitest'
import { arange, Generator, manualSeed, ShapeError, tensor, ValueError } from 'kindling'
import { TensorDataset } from 'kindling/data'
import {
  balancedSplit,
  computeClassWeight,
  KFold,
  kFold,
  StratifiedKFold,
  trainTestSplit,
  trainValidTestSplit,
} from 'kindling/model-selection'
import { selection } from '../support/selection.ts'

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const sorted = (indices: readonly number[]): number[] => [...indices].sort((a, b) => a - b)
const generator = (seed = 5): Generator => new Generator(seed)
/** How many of `indices` have each label, labels ascending. */
const countsOf = (labels: readonly number[], indices: readonly number[]): number[] =>
  [...new Set(labels)].sort((a, b) => a - b).map((label) => indices.filter((i) => labels[i] === label).length)

describe('trainTestSplit', () => {
  test('makes parts of the sizes of scikit-learn, and refuses what it refuses', () => {
    const wrong: unknown[] = []
    for (const { n, testSize, trainSize, parts } of selection.splits) {
      const options = { testSize: testSize ?? undefined, trainSize: trainSize ?? undefined }
      let got: number[] | null = null
      try {
        got = trainTestSplit(n, options).map(({ length }) => length)
      } catch (error) {
        expect(error).toBeInstanceOf(ValueError)
      }
      if (String(got) !== String(parts)) wrong.push({ n, ...options, got, parts })
    }
    expect(wrong).toEqual([])
    expect(selection.splits.filter(({ parts }) => parts === null).length).toBeGreaterThan(50)
  })

  test('puts every sample into one part, in an order that the generator decides', () => {
    const [train, held] = trainTestSplit(33, { testSize: 0.3, generator: generator() })
    expect(sorted([...train, ...held])).toEqual(range(33))
    expect(trainTestSplit(33, { testSize: 0.3, generator: generator() })).toEqual([train, held])
    expect(trainTestSplit(33, { testSize: 0.3, generator: generator(6) })).not.toEqual([train, held])
    manualSeed(9)
    const first = trainTestSplit(33)
    manualSeed(9)
    expect(trainTestSplit(33)).toEqual(first)
  })

  test('keeps the order without shuffling', () => {
    expect(trainTestSplit(5, { testSize: 2, shuffle: false })).toEqual([
      [0, 1, 2],
      [3, 4],
    ])
  })

  test('splits tensors alike, and data sets into subsets', () => {
    const x = arange(20).reshape(10, 2)
    const [xTrain, xTest, yTrain, yTest] = trainTestSplit(x, arange(10), { testSize: 3, generator: generator() })
    expect(xTrain.shape).toEqual([7, 2])
    expect(xTest.select(1, 0).tolist()).toEqual(yTest.mul(2).tolist())
    expect(xTrain.select(1, 0).tolist()).toEqual(yTrain.mul(2).tolist())
    xTest.fill_(-1)
    expect(x.min().item()).toBe(0)

    const [train, held] = trainTestSplit(new TensorDataset(arange(10)), { testSize: 3, generator: generator() })
    expect([train.length, held.length]).toEqual([7, 3])
    expect(held.indices.map((_, i) => (held.get(i) as readonly [typeof x])[0].item())).toEqual(yTest.tolist())
  })

  test('with stratify, parts hold the class counts of scikit-learn', () => {
    for (const { labels, testSize, trainSize, counts } of selection.stratifiedSplits) {
      const options = { testSize, trainSize: trainSize ?? undefined, stratify: labels, generator: generator() }
      const parts = trainTestSplit(labels.length, options)
      expect(parts.map((part) => countsOf(labels, part))).toEqual(counts)
      expect(new Set(parts.flat()).size).toBe(parts.flat().length)
    }
  })

  test('with stratify, ties between the remainders are decided by chance', () => {
    const labels = [0, 0, 0, 1, 1, 1]
    const seen = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const [, held] = trainTestSplit(6, { testSize: 3, stratify: labels, generator: generator(seed) })
      seen.add(String(countsOf(labels, held)))
    }
    expect([...seen].sort()).toEqual(['1,2', '2,1'])
  })

  test('says what does not fit, with the numbers', () => {
    const errors: readonly (readonly [() => unknown, typeof ValueError | typeof ShapeError, RegExp])[] = [
      [() => trainTestSplit(0), ValueError, /expected at least one sample, got 0/],
      [() => trainTestSplit(10, { testSize: 1.5 }), ValueError, /testSize .*from 1 to 9 \(of 10 samples\), got 1\.5/],
      [() => trainTestSplit(10, { testSize: 10 }), ValueError, /got 10/],
      [() => trainTestSplit(10, { testSize: -0.1 }), ValueError, /got -0\.1/],
      [() => trainTestSplit(10, { testSize: Number.NaN }), ValueError, /got NaN/],
      [() => trainTestSplit(5, { trainSize: 0.1 }), ValueError, /trainSize 0\.1 of 5 samples is 0: no split/],
      [() => trainTestSplit(10, { trainSize: 0.8, testSize: 4 }), ValueError, /make 8 \+ 4 samples, there are 10/],
      [() => trainTestSplit(3, { stratify: [0, 0] }), ShapeError, /stratify has 2 labels, there are 3 samples/],
      [() => trainTestSplit(4, { stratify: [0, 0, 0, 7] }), ValueError, /class 7 has 1 of the 4 samples.* at least 2/],
      [
        () => trainTestSplit(9, { testSize: 2, stratify: [0, 0, 0, 1, 1, 1, 2, 2, 2] }),
        ValueError,
        /a part of 2 samples cannot hold all 3 classes/,
      ],
      [() => trainTestSplit(4, { stratify: [0, 0, 1, 1], shuffle: false }), ValueError, /stratify needs shuffle: true/],
      [() => trainTestSplit(arange(3), arange(4)), ShapeError, /the tensors have 3 and 4 samples/],
    ]
    for (const [act, type, message] of errors) {
      expect(act).toThrow(type)
      expect(act).toThrow(message)
    }
  })
})

describe('trainValidTestSplit', () => {
  test('makes three parts without a common sample', () => {
    const parts = trainValidTestSplit(33, { generator: generator() })
    expect(parts.map(({ length }) => length)).toEqual([19, 7, 7])
    expect(sorted(parts.flat())).toEqual(range(33))
    expect(trainValidTestSplit(5, { validSize: 1, testSize: 2, shuffle: false })).toEqual([[0, 1], [2], [3, 4]])
  })

  test('holds the same test set back while the validation set grows', () => {
    const heldWith = (validSize: number): number[] => trainValidTestSplit(50, { validSize, generator: generator() })[2]
    expect(heldWith(20)).toEqual(heldWith(5))
  })

  test('keeps the shares of the classes in all three', () => {
    const labels = range(60).map((i) => (i % 3 === 0 ? 4 : 1))
    const parts = trainValidTestSplit(60, { validSize: 0.25, testSize: 0.25, stratify: labels, generator: generator() })
    expect(parts.map((part) => countsOf(labels, part))).toEqual([
      [20, 10],
      [10, 5],
      [10, 5],
    ])
    expect(sorted(parts.flat())).toEqual(range(60))
  })

  test('refuses sizes that leave nothing, and classes of fewer than three', () => {
    expect(() => trainValidTestSplit(10, { validSize: 0.5, testSize: 5 })).toThrow(/make 5 \+ 5 of 10 samples: none/)
    const labels = [...new Array(18).fill(0), 1, 1]
    expect(() => trainValidTestSplit(20, { stratify: labels })).toThrow(/class 1 has 2 of the 20 .* at least 3 of each/)
    expect(() => trainValidTestSplit(0)).toThrow(ValueError)
  })
})

describe('folds', () => {
  test('KFold makes the folds of scikit-learn', () => {
    for (const { n, k, valid } of selection.folds) {
      const folds = [...new KFold(k).split(n)]
      expect(folds.map(([, held]) => held)).toEqual(valid)
      for (const [train, held] of folds) expect(sorted([...train, ...held])).toEqual(range(n))
    }
  })

  test('StratifiedKFold makes the folds of scikit-learn', () => {
    for (const { labels, k, valid } of selection.stratifiedFolds) {
      expect([...new StratifiedKFold(k).split(labels, tensor(labels))].map(([, held]) => held)).toEqual(valid)
    }
  })

  test('shuffled folds hold every sample out once, in sizes and class counts of the unshuffled ones', () => {
    const sizes = [...new KFold(4, { shuffle: true, generator: generator() }).split(18)].map(([, held]) => held)
    expect(sizes.map(({ length }) => length)).toEqual([5, 5, 4, 4])
    expect(sorted(sizes.flat())).toEqual(range(18))
    expect(sizes[0]).not.toEqual(range(5))
    for (const { labels, k, valid } of selection.stratifiedFolds) {
      const folds = [...new StratifiedKFold(k, { shuffle: true, generator: generator() }).split(labels, labels)]
      expect(folds.map(([, held]) => countsOf(labels, held))).toEqual(valid.map((held) => countsOf(labels, held)))
      expect(sorted(folds.flatMap(([, held]) => held))).toEqual(range(labels.length))
    }
  })

  test('kFold gives subsets of neighbours, as the book cuts them', () => {
    const folds = kFold(new TensorDataset(arange(10)), 5)
    expect(folds.map(([, valid]) => valid.indices)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ])
    expect(folds[1][0].indices).toEqual([0, 1, 4, 5, 6, 7, 8, 9])
  })

  test('folds that cannot be are refused before the first one', () => {
    const errors: readonly (readonly [() => unknown, RegExp])[] = [
      [() => new KFold(1), /KFold: nSplits must be a whole number of at least 2, got 1/],
      [() => new KFold(2.5), /got 2\.5/],
      [() => new KFold(3, { generator: generator() }), /a generator has no effect without shuffle/],
      [() => new KFold(5).split(4), /KFold: 5 folds need as many samples, got 4/],
      [() => new KFold(5).split([]), /expected at least one sample, got 0/],
      [() => kFold(new TensorDataset(arange(3)), 4), /4 folds need as many samples, got 3/],
      [() => new StratifiedKFold(3).split(5, [0, 0, 0, 1, 1]), /class 1 has 2 samples, fewer than the 3 folds/],
    ]
    for (const [act, message] of errors) {
      expect(act).toThrow(ValueError)
      expect(act).toThrow(message)
    }
    expect(() => new StratifiedKFold(2).split(5, [0, 0, 1, 1])).toThrow(ShapeError)
  })
})

describe('classes of unequal size', () => {
  const labels = [...new Array(20).fill(0), ...new Array(6).fill(3), ...new Array(4).fill(1)]

  test('balancedSplit holds out as many of each class', () => {
    const [train, valid] = balancedSplit(tensor(labels), 3, { generator: generator() })
    expect(countsOf(labels, valid)).toEqual([3, 3, 3])
    expect(sorted([...train, ...valid])).toEqual(range(30))
    expect(balancedSplit(labels, 3, { generator: generator(6) })[1]).not.toEqual(valid)
    expect(balancedSplit(labels, 1, { shuffle: false })[1]).toEqual([0, 20, 26])
  })

  test('balancedSplit refuses to take all of a class', () => {
    expect(() => balancedSplit(labels, 4)).toThrow(/class 1 has 4 samples: with 4 to validate, none is left/)
    expect(() => balancedSplit(labels, 0)).toThrow(ValueError)
    expect(() => balancedSplit([], 1)).toThrow(/labels is empty/)
  })

  test('computeClassWeight gives the weights of scikit-learn', () => {
    for (const { labels, balanced } of selection.weights)
      expect(computeClassWeight('balanced', labels)).toEqual(balanced)
    expect(computeClassWeight('balanced', [0, 1, 1], { classes: [1, 0] })).toEqual([0.75, 1.5])
    expect(computeClassWeight({ 1: 5 }, [0, 1, 2])).toEqual([1, 5, 1])
    expect(computeClassWeight(null, [0, 1])).toEqual([1, 1])
    expect(() => computeClassWeight('balanced', [0, 1], { classes: [0] })).toThrow(/1 is not in \[0\]/)
    expect(() => computeClassWeight('balanced', [0, 1], { classes: [0, 1, 2] })).toThrow(/class 2 has no samples/)
  })
})
