import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { IndexError, ShapeError, ValueError } from '../../src/base/errors.ts'
import { blockDiag, cat, columnStack, dstack, hstack, stack, vstack } from '../../src/ops/join.ts'
import { cartesianProd, combinations, kron, meshgrid } from '../../src/ops/mesh.ts'
import { fold, pad, pixelShuffle, pixelUnshuffle, unfold } from '../../src/ops/pad.ts'
import { tensor } from '../../src/ops/tensorOf.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { counting, index, leaf, nameOf, onEachDevice } from '../support/ops.ts'

onEachDevice(() => {
  const ops: [string, readonly number[][], (...x: Tensor[]) => Tensor, string][] = [
    [
      'cat',
      [
        [2, 3],
        [1, 3],
      ],
      (a, b) => cat([a, b, a]),
      'CatBackward0',
    ],
    [
      'cat along the last',
      [
        [2, 3],
        [2, 1],
      ],
      (a, b) => cat([a, b], -1),
      'CatBackward0',
    ],
    [
      'stack',
      [
        [2, 3],
        [2, 3],
      ],
      (a, b) => stack([a, b], 1),
      'StackBackward0',
    ],
    ['blockDiag', [[2, 3], [2], []], (a, b, c) => blockDiag(a, b, c), 'BlockDiagBackward0'],
    ['repeat', [[2, 3]], (x) => x.repeat(2, 1, 3), 'RepeatBackward0'],
    ['repeatInterleave', [[2, 3]], (x) => x.repeatInterleave([2, 0, 1], 1), 'IndexSelectBackward0'],
    ['flip', [[2, 3, 2]], (x) => x.flip([0, -1]), 'FlipBackward0'],
    ['roll', [[3, 4]], (x) => x.roll([1, -1], [0, 1]), 'RollBackward0'],
    ['roll of the flattened', [[3, 4]], (x) => x.t().roll(5), 'RollBackward0'],
    ['rot90', [[3, 4]], (x) => x.rot90(), 'Rot90Backward0'],
    ['tril', [[2, 3, 4]], (x) => x.tril(1), 'TrilBackward0'],
    ['triu', [[3, 5]], (x) => x.triu(-1), 'TriuBackward0'],
    ['diag of a list', [[3]], (x) => x.diag(-1), 'DiagBackward0'],
    ['diag of a matrix', [[3, 4]], (x) => x.diag(1), 'DiagBackward0'],
    ['diagEmbed', [[2, 3]], (x) => x.diagEmbed({ offset: 1, dim1: 0, dim2: 2 }), 'DiagEmbedBackward0'],
    ['trace', [[3, 4]], (x) => x.trace(), 'TraceBackward0'],
    ['meshgrid', [[2], [3]], (a, b) => meshgrid([a, b])[1], 'ExpandBackward0'],
    ['cartesianProd', [[2], [3]], (a, b) => cartesianProd(a, b), 'StackBackward0'],
    ['combinations', [[4]], (x) => combinations(x, { r: 3 }), 'IndexBackward0'],
    ['kron', [[2, 1], [3]], (a, b) => kron(a, b), 'ReshapeAliasBackward0'],
    [
      'constant padding and cutting',
      [[2, 3, 4]],
      (x) => pad(x, [1, -2, -1, 3], { value: 5 }),
      'ConstantPadNdBackward0',
    ],
    ['reflect padding', [[2, 3, 4]], (x) => pad(x, [3, 1, 2, 0], { mode: 'reflect' }), 'ReflectionPad2DBackward0'],
    ['replicate padding', [[2, 3]], (x) => pad(x, [2, 4], { mode: 'replicate' }), 'ReplicationPad1DBackward0'],
    ['circular padding', [[1, 2, 3]], (x) => pad(x, [2, 3], { mode: 'circular' }), 'CircularPadBackward0'],
    ['pixelShuffle', [[1, 8, 1, 3]], (x) => pixelShuffle(x, 2), 'PixelShuffleBackward0'],
    ['pixelUnshuffle', [[2, 4, 6]], (x) => pixelUnshuffle(x, 2), 'PixelUnshuffleBackward0'],
    ['unfold', [[1, 2, 4, 3]], (x) => unfold(x, [2, 3], { padding: 1, stride: [1, 2] }), 'ReshapeAliasBackward0'],
    ['fold', [[1, 4, 6]], (x) => fold(x, [4, 3], 2), 'IndexPutBackward0'],
    ['fold with padding', [[4, 12]], (x) => fold(x, [3, 2], 2, { padding: 1 }), 'ReshapeAliasBackward0'],
  ]

  test.each(ops)('%s carries its node name and has right gradients twice', (_, shapes, f, name) => {
    const inputs = shapes.map((shape, i) => leaf(shape, i + 1))
    expect(nameOf(f(...inputs))).toBe(name)
    expect(gradcheck(f, inputs)).toBe(true)
    expect(gradgradcheck((...x) => f(...x.map((a) => a.mul(a))), inputs)).toBe(true)
  })

  const x = () => counting([3, 4])

  test('values are those of PyTorch', () => {
    expect(x().rot90().tolist()).toEqual([
      [3, 7, 11],
      [2, 6, 10],
      [1, 5, 9],
      [0, 4, 8],
    ])
    expect(x().roll(1).tolist()).toEqual([
      [11, 0, 1, 2],
      [3, 4, 5, 6],
      [7, 8, 9, 10],
    ])
    expect(x().roll([1, -1], [0, 1]).tolist()).toEqual([
      [9, 10, 11, 8],
      [1, 2, 3, 0],
      [5, 6, 7, 4],
    ])
    expect(x().t().flip(1).at(0).tolist()).toEqual([8, 4, 0])
    expect(counting([3, 3]).add(1).tril(-1).tolist()).toEqual([
      [0, 0, 0],
      [4, 0, 0],
      [7, 8, 0],
    ])
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ])
        .diagEmbed({ offset: 1 })
        .at(1)
        .tolist(),
    ).toEqual([
      [0, 3, 0],
      [0, 0, 4],
      [0, 0, 0],
    ])
    expect(x().trace().item()).toBe(15)
    const grid = meshgrid([tensor([1, 2]), tensor([3, 4, 5])], { indexing: 'xy' })
    expect(grid.map((a) => a.tolist())).toEqual([
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [
        [3, 3],
        [4, 4],
        [5, 5],
      ],
    ])
    expect(combinations(counting([3]), { withReplacement: true }).tolist()).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 1],
      [1, 2],
      [2, 2],
    ])
    expect(
      tensor([1, 2])
        .repeatInterleave(index([2, 1]))
        .tolist(),
    ).toEqual([1, 1, 2])
    expect(tensor([1, 2]).tile(2, 2).tolist()).toEqual([
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ])
  })

  test('padding modes fill as in PyTorch', () => {
    const row = (mode: 'reflect' | 'replicate' | 'circular', by: number[]) =>
      pad(counting([1, 1, 4]), by, { mode }).numbers()
    expect(row('reflect', [2, 1])).toEqual([2, 1, 0, 1, 2, 3, 2])
    expect(row('replicate', [2, 1])).toEqual([0, 0, 0, 1, 2, 3, 3])
    expect(row('circular', [2, 1])).toEqual([2, 3, 0, 1, 2, 3, 0])
    expect(row('circular', [-1, 2])).toEqual([1, 2, 3, 1, 2])
    expect(row('reflect', [-1, 2])).toEqual([1, 2, 3, 2, 1])
    expect(() => row('reflect', [4, 0])).toThrow(
      'pad: padding [4, 0] must be less than the size at dimension 2 of [1, 1, 4]',
    )
    expect(() => row('circular', [5, 0])).toThrow(ShapeError)
    expect(() => pad(counting([4]), [1, 1], { mode: 'replicate' })).toThrow(ShapeError)
    expect(() => pad(counting([4]), [-3, -3])).toThrow(ShapeError)
  })

  test('fold sums the windows that unfold shows', () => {
    const image = counting([1, 1, 3, 3])
    expect(fold(unfold(image, 2), [3, 3], 2).numbers()).toEqual([0, 2, 2, 6, 16, 10, 6, 14, 8])
    expect(unfold(image.reshape(1, 3, 3), 2).shape).toEqual([4, 4])
  })

  test("joining follows dtypes, dimensions and PyTorch's rule for empty lists", () => {
    expect(cat([tensor([1.5]), tensor([2])]).dtype).toBe('float32')
    expect(cat([x(), tensor([], { dtype: 'float32' })]).shape).toEqual([3, 4])
    expect(cat([tensor([true]), tensor([3], { dtype: 'uint8' })]).tolist()).toEqual([1, 3])
    const list = counting([2])
    expect(
      [hstack([list, list]), vstack([list, list]), dstack([list, list]), columnStack([list, list])].map((y) => y.shape),
    ).toEqual([[4], [2, 2], [1, 2, 2], [2, 2]])
    expect(stack([counting([]), counting([])]).shape).toEqual([2])
    // torch.block_diag: a 0-d tensor does not lift the dtype.
    expect(blockDiag(tensor([1.5]), tensor(2, { dtype: 'float64' })).dtype).toBe('float32')
    expect(() => cat([])).toThrow(ValueError)
    expect(() => cat([counting([])])).toThrow('cat: the tensor at position 0 has no dimension')
    expect(() => cat([x(), counting([3, 3])])).toThrow(
      'cat: sizes must be equal except in dimension 0: [3, 4] and [3, 3]',
    )
    expect(() => stack([x(), list])).toThrow(ShapeError)
  })

  test('0-d and empty tensors keep to the rules', () => {
    expect(counting([]).flip(0).shape).toEqual([])
    expect(counting([]).roll(1).shape).toEqual([])
    expect(counting([]).repeat(2, 2).shape).toEqual([2, 2])
    expect(counting([0, 3]).flip([0, 1]).shape).toEqual([0, 3])
    expect(counting([0, 3]).tril().shape).toEqual([0, 3])
    expect(counting([0]).diag().shape).toEqual([0, 0])
    expect(combinations(counting([2]), { r: 4 }).shape).toEqual([0, 4])
    expect(combinations(counting([2]), { r: 0 }).shape).toEqual([0])
    expect(pad(counting([0, 2]), [1, 1]).shape).toEqual([0, 4])
    expect(() => x().flip([0, 0])).toThrow(IndexError)
    expect(() => x().roll([1, 1])).toThrow(ValueError)
    expect(() => counting([3]).tril()).toThrow(ShapeError)
  })
})
