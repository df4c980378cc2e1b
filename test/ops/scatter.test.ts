import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { DTypeError, IndexError, ShapeError, ValueError } from '../../src/base/errors.ts'
import { zeros } from '../../src/ops/creation.ts'
import { embedding } from '../../src/ops/embedding.ts'
import { gather, oneHot } from '../../src/ops/gather.ts'
import type { Reduce } from '../../src/ops/scatterReduce.ts'
import { tensor } from '../../src/ops/tensorOf.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { counting, expectIndexError, index, leaf, nameOf, onEachDevice } from '../support/ops.ts'

const at = () =>
  index([
    [0, 1, 2, 0],
    [0, 0, 0, 2],
  ])
// Without two values for one place, for which the gradient of a plain write is not defined.
const once = () =>
  index([
    [0, 1, 2, 0],
    [1, 0, 0, 2],
  ])
const mask = () =>
  tensor([
    [true, false, false, true],
    [false, true, false, false],
    [false, false, false, true],
  ])

onEachDevice(() => {
  const ops: [string, readonly number[][], (...x: Tensor[]) => Tensor, string][] = [
    ['gather', [[3, 4]], (x) => x.gather(0, at()), 'GatherBackward0'],
    ['indexSelect', [[3, 4]], (x) => x.indexSelect(1, index([3, 0, 3])), 'IndexSelectBackward0'],
    [
      'take',
      [[3, 4]],
      (x) =>
        x.take(
          index([
            [5, -1],
            [5, 0],
          ]),
        ),
      'TakeBackward0',
    ],
    ['takeAlongDim', [[3, 4]], (x) => x.takeAlongDim(index([[1, 1]]), 1), 'GatherBackward0'],
    ['maskedSelect', [[3, 4]], (x) => x.maskedSelect(mask()), 'MaskedSelectBackward0'],
    [
      'embedding',
      [[5, 3]],
      (w) =>
        embedding(
          index([
            [1, 4],
            [1, 0],
          ]),
          w,
        ),
      'EmbeddingBackward0',
    ],
    [
      'scatter',
      [
        [3, 4],
        [2, 4],
      ],
      (x, v) => x.scatter(0, once(), v),
      'ScatterBackward0',
    ],
    [
      'scatter of a corner',
      [
        [3, 4],
        [3, 5],
      ],
      (x, v) => x.scatter(0, once(), v),
      'ScatterBackward0',
    ],
    [
      'scatterAdd',
      [
        [3, 4],
        [2, 4],
      ],
      (x, v) => x.scatterAdd(0, at(), v),
      'ScatterAddBackward0',
    ],
    [
      'indexAdd',
      [
        [3, 4],
        [3, 2],
      ],
      (x, v) => x.indexAdd(1, index([3, 0]), v, { alpha: 2 }),
      'IndexAddBackward0',
    ],
    [
      'indexCopy',
      [
        [3, 4],
        [2, 4],
      ],
      (x, v) => x.indexCopy(0, index([2, 0]), v),
      'IndexCopyBackward0',
    ],
    ['indexFill', [[3, 4], []], (x, v) => x.indexFill(0, index([2, 0]), v), 'IndexFillBackward0'],
    ['indexPut', [[3, 4], [4]], (x, v) => x.indexPut([index([2, 0])], v, { accumulate: true }), 'IndexPutBackward0'],
    ['indexPut by a mask', [[3, 4], [4]], (x, v) => x.indexPut([mask()], v), 'IndexPutBackward0'],
    ['put', [[3, 4], [2]], (x, v) => x.put(index([3, -1]), v), 'ReshapeAliasBackward0'],
    ['maskedScatter', [[3, 4], [6]], (x, v) => x.maskedScatter(mask(), v), 'MaskedScatterBackward0'],
    ['selectScatter', [[3, 4], [3]], (x, v) => x.selectScatter(v, 1, 2), 'SelectScatterBackward0'],
    [
      'sliceScatter',
      [
        [3, 4],
        [3, 2],
      ],
      (x, v) => x.sliceScatter(v, 1, 0, null, 2),
      'SliceScatterBackward0',
    ],
    ['diagonalScatter', [[3, 4], [3]], (x, v) => x.diagonalScatter(v, { offset: 1 }), 'DiagonalScatterBackward0'],
  ]
  for (const reduce of ['sum', 'mean', 'amax', 'amin', 'prod'] as Reduce[]) {
    for (const includeSelf of [true, false]) {
      ops.push([
        `scatterReduce by ${reduce} ${includeSelf ? 'with' : 'without'} itself`,
        [
          [3, 4],
          [2, 4],
        ],
        (x, v) => x.scatterReduce(0, at(), v, reduce, { includeSelf }),
        'ScatterReduceBackward0',
      ])
    }
  }

  test.each(ops)('%s carries its node name and has right gradients twice', (_, shapes, f, name) => {
    const inputs = shapes.map((shape, i) => leaf(shape, i + 1))
    expect(nameOf(f(...inputs))).toBe(name)
    expect(gradcheck(f, inputs)).toBe(true)
    expect(gradgradcheck((...x) => f(...x.map((a) => a.mul(a))), inputs)).toBe(true)
  })

  const inPlace: [string, (x: Tensor, v: Tensor) => Tensor, (x: Tensor, v: Tensor) => Tensor][] = [
    ['scatter_', (x, v) => x.scatter_(0, once(), v), (x, v) => x.scatter(0, once(), v)],
    ['scatterAdd_', (x, v) => x.scatterAdd_(0, at(), v), (x, v) => x.scatterAdd(0, at(), v)],
    ['scatterReduce_', (x, v) => x.scatterReduce_(0, at(), v, 'mean'), (x, v) => x.scatterReduce(0, at(), v, 'mean')],
    ['indexAdd_', (x, v) => x.indexAdd_(0, index([2, 2]), v), (x, v) => x.indexAdd(0, index([2, 2]), v)],
    ['indexCopy_', (x, v) => x.indexCopy_(0, index([2, 0]), v), (x, v) => x.indexCopy(0, index([2, 0]), v)],
    ['indexFill_', (x) => x.indexFill_(1, index([1]), 7), (x) => x.indexFill(1, index([1]), 7)],
    ['indexPut_', (x, v) => x.indexPut_([index([2, 0])], v), (x, v) => x.indexPut([index([2, 0])], v)],
    [
      'put_',
      (x, v) =>
        x.put_(
          index([
            [0, 5, 3, 1],
            [2, 4, 6, 11],
          ]),
          v,
        ),
      (x, v) =>
        x.put(
          index([
            [0, 5, 3, 1],
            [2, 4, 6, 11],
          ]),
          v,
        ),
    ],
    ['maskedScatter_', (x, v) => x.maskedScatter_(mask(), v), (x, v) => x.maskedScatter(mask(), v)],
  ]
  test.each(inPlace)(
    '%s writes what its sibling returns, also through a transposed view, and has right gradients',
    (_, f, plain) => {
      const v = counting([2, 4]).add(100)
      const expected = plain(counting([3, 4]), v).tolist()
      const x = counting([3, 4])
      expect(f(x, v)).toBe(x)
      expect(x.tolist()).toEqual(expected)
      const base = counting([3, 4]).t().clone()
      f(base.t(), v)
      expect(base.t().tolist()).toEqual(expected)
      expect(gradcheck((a, b) => f(a.mul(2), b.mul(b)), [leaf([3, 4]), leaf([2, 4], 2)])).toBe(true)
    },
  )

  test('values are those of PyTorch', () => {
    const v = counting([2, 4])
    const zeros = () => counting([3, 4]).mul(0)
    expect(zeros().scatterReduce(0, at(), v, 'mean', { includeSelf: false }).tolist()).toEqual([
      [2, 5, 6, 3],
      [0, 1, 0, 0],
      [0, 0, 2, 7],
    ])
    expect(zeros().scatterAdd(0, at(), v).tolist()).toEqual([
      [4, 5, 6, 3],
      [0, 1, 0, 0],
      [0, 0, 2, 7],
    ])
    expect(zeros().scatter(0, at(), 9).at(2).tolist()).toEqual([0, 0, 9, 9])
    expect(zeros().add(2).scatter(0, at(), 3, { reduce: 'multiply' }).at(0).tolist()).toEqual([18, 6, 6, 6])
    expect(
      tensor([-3, 5])
        .scatterReduce(0, index([0]), tensor([-4]), 'mean')
        .tolist(),
    ).toEqual([-4, 5])
    expect(
      counting([])
        .scatter(0, index([0]), tensor([5], { dtype: 'float32' }))
        .item(),
    ).toBe(5)
  })

  test('embedding leaves the padding row without gradient, and refuses what is no row', () => {
    const weight = counting([4, 2]).requiresGrad_()
    embedding(index([1, 3, 1]), weight, { paddingIdx: -1 })
      .sum()
      .backward()
    expect(weight.grad?.tolist()).toEqual([
      [0, 0],
      [2, 2],
      [0, 0],
      [0, 0],
    ])
    expectIndexError(
      () => embedding(index([4]), weight),
      'embedding: index 4 is out of range for dimension 0 with size 4',
    )
    if (weight.device !== 'webgpu') expect(() => embedding(index([-1]), weight)).toThrow(IndexError)
    expect(() => embedding(tensor([1.5]), weight)).toThrow(DTypeError)
    expect(embedding(index([]).reshape(0, 3), weight).shape).toEqual([0, 3, 2])
  })

  test('oneHot marks the class', () => {
    expect(oneHot(index([[0], [2]])).tolist()).toEqual([[[1, 0, 0]], [[0, 0, 1]]])
    expect(oneHot(index(1), 2).tolist()).toEqual([0, 1])
    expect(oneHot(index([]), 3).shape).toEqual([0, 3])
    expect(() => oneHot(index([2]), 2)).toThrow('oneHot: class 2 is not below the number of classes 2')
    expect(() => oneHot(index([]))).toThrow(ValueError)
  })

  test('errors name the op and both values', () => {
    const x = counting([3, 4])
    expectIndexError(() => x.scatter(0, index([[3]]), 1))
    expect(() => x.scatter(0, index([[0, 0]]), counting([1, 1]))).toThrow(ShapeError)
    expect(() => x.scatterAdd(0, at(), counting([2, 4], 'int64'))).toThrow(
      'scatterAdd: input and values must have one dtype: float32 and int64',
    )
    expect(() => x.indexAdd(0, index([0]), counting([2, 4]))).toThrow(ShapeError)
    expect(() => x.maskedScatter(mask(), counting([3]))).toThrow(
      'maskedScatter: source holds 3 elements, the mask is true at 4',
    )
    expect(() => x.maskedSelect(x)).toThrow(DTypeError)
    expect(() => x.put(index([0, 1]), counting([3]))).toThrow(ShapeError)
    expect(() => x.scatterReduce(0, at(), counting([2, 4]), 'median' as Reduce)).toThrow(ValueError)
  })

  test('alpha does not lift the dtype of what is added', () => {
    const yes = tensor([true, true])
    const sum = zeros([3], { dtype: 'bool' }).indexAdd(0, index([0, 0]), yes, { alpha: 2 })
    expect([...sum.data()]).toEqual([1, 0, 0])
    // torch.ones(2, dtype=torch.int64).index_add(0, torch.tensor([0]), torch.tensor([1]), alpha=0.5)
    expect(
      tensor([1, 1])
        .indexAdd(0, index([0]), tensor([1]), { alpha: 0.5 })
        .tolist(),
    ).toEqual([1, 1])
  })

  test('an element that is shown twice is filled where either mask holds', () => {
    const whole = zeros([3])
    whole.expand(2, 3).maskedFill_(
      tensor([
        [true, false, false],
        [false, false, true],
      ]),
      1,
    )
    expect(whole.tolist()).toEqual([1, 0, 1])
    const base = zeros([3]).requiresGrad_()
    const copy = base.mul(2)
    copy.expand(2, 3).maskedFill_(mask().narrow(0, 0, 2).narrow(1, 0, 3), 1)
    copy.backward(tensor([1, 1, 1], { dtype: 'float32' }))
    expect(base.grad?.tolist()).toEqual([0, 0, 2])
  })

  test('nothing is written into an expanded tensor of no elements', () => {
    const none = zeros([1, 0]).expand(3, 0)
    expect(none.add_(1)).toBe(none)
  })

  test('of a dimension without elements nothing can be selected', () => {
    expect(() => zeros([0, 0, 5]).indexSelect(0, index([0]))).toThrow(
      'indexSelect: dimension 0 of [0, 0, 5] has nothing to select',
    )
  })

  test('an empty index may be of any dtype', () => {
    expect(gather(tensor([1, 2, 3]), 0, tensor([], { dtype: 'uint8' })).shape).toEqual([0])
  })
})
