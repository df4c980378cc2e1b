import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { AutogradError, DTypeError, IndexError, ShapeError, ValueError } from '../../src/base/errors.ts'
import type { Index } from '../../src/ops/indexing.ts'
import { tensor } from '../../src/ops/tensorOf.ts'
import { counting, expectIndexError, index, leaf, nameOf, onEachDevice } from '../support/ops.ts'

// x[...] of arange(24).reshape(2, 3, 4): shape and elements as PyTorch 1.13.1 gives them.
const mask = () =>
  tensor([
    [true, false, true],
    [false, true, false],
  ])
const reads: [string, () => Index[], number[], number[]][] = [
  ['a number and a slice', () => [1, '0:2'], [2, 4], [12, 13, 14, 15, 16, 17, 18, 19]],
  [
    'a slice with a step, out of range bounds clamped',
    () => ['...', '-9:9:3'],
    [2, 3, 2],
    [0, 3, 4, 7, 8, 11, 12, 15, 16, 19, 20, 23],
  ],
  ['an empty slice', () => ['1:1'], [0, 3, 4], []],
  ['a new axis in the middle', () => [0, null, 1], [1, 4], [4, 5, 6, 7]],
  ['an index next to another stays in its place', () => [':', index([0, 1]), index([0, 1])], [2, 2], [0, 5, 12, 17]],
  ['indices apart come first', () => [index([0, 1]), ':', index([0, 1])], [2, 3], [0, 4, 8, 13, 17, 21]],
  ['a number is taken before index tensors are placed', () => [0, ':', index([0, 1])], [3, 2], [0, 1, 4, 5, 8, 9]],
  ['a new axis separates indices', () => [index([0, 1]), null, index([0, 1])], [2, 1, 4], [0, 1, 2, 3, 16, 17, 18, 19]],
  ['a mask of two dimensions', () => [mask()], [3, 4], [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19]],
  ['a mask with an index beside it', () => [mask(), index([0, 1, 2])], [3], [0, 9, 18]],
  [
    'a mask, then all others, then a new axis',
    () => [mask(), '...', null],
    [3, 4, 1],
    [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19],
  ],
  ['a mask inside', () => [0, [true, false, true], 0], [2], [0, 8]],
  [
    'arrays of numbers',
    () => [
      [1, 0],
      [0, -1],
    ],
    [2, 4],
    [12, 13, 14, 15, 8, 9, 10, 11],
  ],
  ['an empty array', () => [[]], [0, 3, 4], []],
  ['true', () => [true, 0, 0, 0], [1], [0]],
  ['false', () => [false], [0, 2, 3, 4], []],
  ['a 0-d integer tensor counts as a number', () => [index(1), 0, '::2'], [2], [12, 14]],
]

onEachDevice(() => {
  test.each(reads)('at reads %s', (_, make, shape, values) => {
    const x = counting([2, 3, 4])
    const y = x.at(...make())
    expect(y.shape).toEqual(shape)
    expect(y.numbers()).toEqual(values)
  })

  test.each(reads)('set writes what at reads: %s', (_, make, shape, values) => {
    const x = counting([2, 3, 4])
    x.set(make(), counting(shape).add(100))
    const expected = counting([2, 3, 4]).numbers()
    values.forEach((place, i) => {
      expected[place] = 100 + i
    })
    expect(x.numbers()).toEqual(expected)
  })

  test.each(reads)('at has right gradients twice: %s', (_, make) => {
    const x = leaf([2, 3, 4])
    expect(gradcheck((a) => a.at(...make()), [x])).toBe(true)
    expect(gradgradcheck((a) => a.mul(a).at(...make()), [x])).toBe(true)
  })

  test.each(reads)('set has right gradients for both tensors: %s', (_, make, shape) => {
    const f = (x: ReturnType<typeof leaf>, v: ReturnType<typeof leaf>) => x.mul(2).set(make(), v.mul(v))
    expect(gradcheck(f, [leaf([2, 3, 4]), leaf(shape, 3)])).toBe(true)
  })

  test('an element that is read twice gets both gradients', () => {
    const x = counting([3]).requiresGrad_()
    x.at([0, 2, 0, 0]).sum().backward()
    expect(x.grad?.tolist()).toEqual([3, 0, 1])
  })

  test('basic indices give views that write through, index tensors give copies', () => {
    const x = counting([3, 4])
    x.at('1:').add_(100)
    x.at(0, 0).add_(7)
    expect(x.at(0, 0).item()).toBe(7)
    expect(x.at(1).tolist()).toEqual([104, 105, 106, 107])
    x.at([0]).add_(1000)
    expect(x.at(0).tolist()).toEqual([7, 1, 2, 3])
  })

  test('nodes are named as in PyTorch', () => {
    const x = counting([3, 4]).requiresGrad_()
    expect(nameOf(x.at(1))).toBe('SelectBackward0')
    expect(nameOf(x.at(':'))).toBe('SliceBackward0')
    expect(nameOf(x.at('...'))).toBe('AliasBackward0')
    expect(nameOf(x.at(null))).toBe('UnsqueezeBackward0')
    expect(nameOf(x.at([0, 1]))).toBe('IndexBackward0')
    expect(nameOf(x.mul(1).set(x.gt(3), 0))).toBe('IndexPutBackward0')
    expect(nameOf(x.mul(1).set(1, 0))).toBe('CopySlices')
  })

  test('set takes numbers, broadcasts, lets leading sizes of 1 go, and converts', () => {
    const x = counting([2, 3])
    x.set([':', 1], 9)
    x.set(0, tensor([[5, 6, 7]]))
    x.set(x.eq(9), -1)
    expect(x.tolist()).toEqual([
      [5, 6, 7],
      [3, -1, 5],
    ])
    x.set('...', tensor(2))
    expect(x.tolist()).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ])
    const zero = counting([])
    expect(zero.set('...', 4).item()).toBe(4)
    expect(zero.at(null).shape).toEqual([1])
    const whole = counting([3], 'int64')
    expect(whole.set([[0, 2]], tensor([7, 8])).tolist()).toEqual([7, 1, 8])
  })

  test('set may read the tensor that it writes', () => {
    const x = counting([5])
    x.set([[0, 1, 2, 3, 4]], x.flip(0))
    expect(x.tolist()).toEqual([4, 3, 2, 1, 0])
    x.set([[1, 2, 3]], x.at('0:3'))
    expect(x.tolist()).toEqual([4, 4, 3, 2, 0])
  })

  test('dtypes are kept', () => {
    for (const dtype of ['float64', 'int64', 'int32', 'uint8', 'bool'] as const) {
      const x = tensor([0, 1, 1], { dtype })
      expect(x.at([2, 0]).dtype).toBe(dtype)
      expect(x.at([2, 0]).numbers()).toEqual([1, 0])
    }
    expect(
      counting([3])
        .at(tensor([2, 0], { dtype: 'int32' }))
        .tolist(),
    ).toEqual([2, 0])
    expect(
      counting([3])
        .at(tensor([1, 0, 1], { dtype: 'uint8' }))
        .tolist(),
    ).toEqual([0, 2])
  })

  test('a bad index is an IndexError that names index, dimension and size', () => {
    const x = counting([3, 4])
    expect(() => x.at(0, 5)).toThrow('at: index 5 is out of range for dimension 0 with size 4')
    expect(() => x.at(5)).toThrow('at: index 5 is out of range for dimension 0 with size 3')
    expectIndexError(() => x.at(':', [0, 7]), 'at: index 7 is out of range for dimension 1 with size 4')
    expectIndexError(() => x.clone().set([[0, -4]], 1), 'index -4 is out of range for dimension 0 with size 3')
    expect(() => x.at(0, 0, 0)).toThrow('at: too many indices: 3 for a tensor of 2 dimensions, shape [3, 4]')
    expect(() => x.at(tensor([true, false]))).toThrow(
      "at: the mask's shape [2] does not match [3, 4] at dimension 0: 2 and 3",
    )
    expect(() => x.at([0, 1], [0, 1, 2])).toThrow('at: index tensors do not broadcast: [2] and [3]')
    expect(() => x.at(tensor([1.5]))).toThrow(IndexError)
    expect(() => x.at(1.5)).toThrow(IndexError)
    expect(() => x.at('::-1')).toThrow(ValueError)
    expect(() => x.at('::0')).toThrow(ValueError)
    expect(() => x.at('1.5:' as never)).toThrow(IndexError)
    expect(() => x.set([[0, 1]], counting([3]))).toThrow(ShapeError)
    expect(() => counting([]).at(0)).toThrow(IndexError)
  })

  test('indices of an empty result are not checked, as in PyTorch', () => {
    expect(counting([5, 1, 2]).at(':', [-2, 2], '2:').shape).toEqual([5, 2, 0])
  })

  test('a leaf that requires grad is not written, as in PyTorch', () => {
    const x = counting([3]).requiresGrad_()
    expect(() => x.set(0, 1)).toThrow(AutogradError)
    expect(() => x.set([[0]], 1)).toThrow(AutogradError)
  })

  test('gather, indexSelect, take and their kin read where PyTorch reads', () => {
    const x = counting([3, 4])
    expect(
      x
        .gather(
          1,
          index([
            [0, 3],
            [1, 1],
          ]),
        )
        .tolist(),
    ).toEqual([
      [0, 3],
      [5, 5],
    ])
    expect(x.indexSelect(0, index([2, 0])).tolist()).toEqual([
      [8, 9, 10, 11],
      [0, 1, 2, 3],
    ])
    expect(x.t().indexSelect(0, index(1)).tolist()).toEqual([[1, 5, 9]])
    expect(x.take(index([[5, -1]])).tolist()).toEqual([[5, 11]])
    expect(x.takeAlongDim(index([[3], [0], [1]]), 1).tolist()).toEqual([[3], [4], [9]])
    expect(x.maskedSelect(x.gt(8)).tolist()).toEqual([9, 10, 11])
    expect(
      counting([])
        .gather(0, index([0, 0]))
        .tolist(),
    ).toEqual([0, 0])
    expect(x.gather(0, index([]).reshape(0, 2)).shape).toEqual([0, 2])
    expectIndexError(() => x.gather(1, index([[4]])), 'gather: index 4 is out of range for dimension 1 with size 4')
    if (x.device !== 'webgpu') expect(() => x.gather(1, index([[-1]]))).toThrow(IndexError)
    expectIndexError(
      () => x.indexSelect(0, index([3])),
      'indexSelect: index 3 is out of range for dimension 0 with size 3',
    )
    expect(() => x.gather(0, tensor([[1.5]]))).toThrow(DTypeError)
    expect(() => x.gather(0, index([0]))).toThrow(ShapeError)
  })

  test('nonzero finds places in row-major order', () => {
    const x = tensor([
      [0, 2.5, 0],
      [Number.NaN, 0, -0],
    ])
    expect(x.nonzero().tolist()).toEqual([
      [0, 1],
      [1, 0],
    ])
    expect(
      x
        .t()
        .nonzero({ asTuple: true })
        .map((column) => column.tolist()),
    ).toEqual([
      [0, 1],
      [1, 0],
    ])
    expect(counting([]).add(3).nonzero().shape).toEqual([1, 0])
    expect(counting([0, 3]).argwhere().shape).toEqual([0, 2])
  })
})
